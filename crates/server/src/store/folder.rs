//! A store in a folder, by default beside the database: a file for each blob, in 256 folders by the first two characters.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{BlobStore, Listing, Name, StoreError};

/// A folder of sealed blobs.
pub struct FolderStore {
    root: PathBuf,
}

impl FolderStore {
    /// Opens the folder, or makes it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let store = Self { root: root.to_owned() };
        let made = DirBuilder::new().recursive(true).mode(0o700).create(root);
        made.map_err(|error| store.trouble("make", root, &error))?;
        Ok(store)
    }

    fn path(&self, name: &Name) -> PathBuf {
        self.root.join(name.fan()).join(name.to_string())
    }

    /// The folder a name goes to, made when it is the first.
    fn fan(&self, name: &Name) -> std::io::Result<File> {
        let folder = self.root.join(name.fan());
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => File::open(&self.root)?.sync_all()?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        File::open(folder)
    }

    fn trouble(&self, act: &str, path: &Path, error: &std::io::Error) -> StoreError {
        StoreError(format!(
            "cannot {act} {}: {error}. Is the disk of the blob folder {} there, writable for this user and not full?",
            path.display(),
            self.root.display()
        ))
    }
}

impl BlobStore for FolderStore {
    /// Straight under its last name: whether it is whole is in its row, which is written after it is on disk.
    fn write(&self, name: &Name, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.path(name);
        let write = || {
            let folder = self.fan(name)?;
            let mut file =
                OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&path)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            folder.sync_all()
        };
        write().map_err(|error| self.trouble("write", &path, &error))
    }

    fn read(&self, name: &Name) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.path(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.trouble("read", &path, &error)),
        }
    }

    fn delete(&self, name: &Name) -> Result<(), StoreError> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(self.trouble("delete", &path, &error)),
        }
    }

    fn list(&self, after: Option<&Name>, count: usize) -> Result<Listing, StoreError> {
        let mut names = Vec::new();
        let mut fans = self.entries(&self.root)?;
        fans.retain(|fan| fan.len() == 2 && after.is_none_or(|after| *fan >= after.fan()));
        fans.sort_unstable();
        for fan in fans {
            let found = self.entries(&self.root.join(&fan))?;
            let known = found.iter().filter_map(|text| Name::parse(text)).filter(|name| name.fan() == fan);
            let mut known: Vec<Name> = known.filter(|name| after.is_none_or(|after| name > after)).collect();
            known.sort_unstable();
            names.extend(known);
            if names.len() > count {
                break;
            }
        }
        let more = names.len() > count;
        names.truncate(count);
        Ok(Listing { names, more })
    }
}

impl FolderStore {
    /// Names in a folder; what is no text is none of ours.
    fn entries(&self, folder: &Path) -> Result<Vec<String>, StoreError> {
        let read = || {
            let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
            entries.filter_map(std::io::Result::transpose).collect()
        };
        read().map_err(|error: std::io::Error| self.trouble("list", folder, &error))
    }
}
