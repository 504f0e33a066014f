//! The data folder, its lock, the key file and the database.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use server_db::{Db, DbError, Location, Options};
use zeroize::Zeroizing;

use crate::Keys;

/// An open data folder. The lock is held as long as it lives.
pub struct Storage {
    /// The keys of the key file.
    pub keys: Keys,
    /// The database.
    pub db: Db,
    /// Whether the key file was made just now.
    pub key_is_new: bool,
    /// Held, not used.
    pub lock: File,
}

/// Why a data folder cannot be used, in words for who runs the service.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// A second server.
    #[error("another valise-server is running on {}: stop it first, or give this one another --data folder", .0.display())]
    InUse(PathBuf),
    /// The folder cannot be made or written.
    #[error("cannot use the data folder {}: {error}. Give --data a folder this user may write", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The key file cannot be read or made.
    #[error("cannot use the key file {}: {error}. Give --key-file a file this user may read", path.display())]
    KeyFile {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It has another length.
    #[error("{} is not a key file: it must hold exactly 32 bytes. Bring back the one this data folder was made with", .0.display())]
    NotAKey(PathBuf),
    /// Data without its key.
    #[error("the data folder has a database but the key file {} is missing: bring it back, nothing else opens the data", .0.display())]
    KeyMissing(PathBuf),
    /// The database.
    #[error("{0}")]
    Database(#[from] DbError),
}

/// Opens or makes everything.
///
/// # Errors
/// [`StorageError`].
pub fn open(data: &Path, key_file: Option<&Path>) -> Result<Storage, StorageError> {
    let folder = |error| StorageError::Folder { path: data.to_owned(), error };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(folder)?;
    let lock = lock(data)?;
    let database = data.join("valise.db");
    let key_path = key_file.map_or_else(|| data.join("key"), Path::to_owned);
    let (root, key_is_new) = read_or_make_key(&key_path, database.exists())?;
    let keys = Keys::derive(&root);
    let location = Location::File(database, keys.database());
    let db = Db::open(location, &Options::default(), &crate::schema())?;
    Ok(Storage { keys, db, key_is_new, lock })
}

fn lock(data: &Path) -> Result<File, StorageError> {
    let folder = |error| StorageError::Folder { path: data.to_owned(), error };
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(data.join("lock"))
        .map_err(folder)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageError::InUse(data.to_owned())),
        Err(TryLockError::Error(error)) => Err(folder(error)),
    }
}

fn read_or_make_key(path: &Path, database_exists: bool) -> Result<(Zeroizing<[u8; 32]>, bool), StorageError> {
    let failed = |error| StorageError::KeyFile { path: path.to_owned(), error };
    match File::open(path) {
        Ok(file) => {
            // One byte more than a key has tells a longer file.
            let mut bytes = Zeroizing::new(Vec::with_capacity(64));
            file.take(33).read_to_end(&mut bytes).map_err(failed)?;
            let root =
                <[u8; 32]>::try_from(&bytes[..]).map_err(|_| StorageError::NotAKey(path.to_owned()))?;
            Ok((Zeroizing::new(root), false))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && database_exists => {
            Err(StorageError::KeyMissing(path.to_owned()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok((make_key(path).map_err(failed)?, true))
        }
        Err(error) => Err(failed(error)),
    }
}

/// Written beside its place and renamed, so that a crash leaves no half of a key.
fn make_key(path: &Path) -> std::io::Result<Zeroizing<[u8; 32]>> {
    let mut root = Zeroizing::new([0; 32]);
    getrandom::fill(root.as_mut()).map_err(std::io::Error::other)?;
    let fresh = path.with_extension("new");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&fresh)?;
    file.write_all(root.as_ref())?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder)?.sync_all()?;
    }
    Ok(root)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn sentence(result: Result<Storage, StorageError>) -> String {
        result.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_data_folder_opens_again_and_a_second_server_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let first = open(&data, None).unwrap();
        assert!(first.key_is_new);
        assert_eq!(fs::metadata(data.join("key")).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(sentence(open(&data, None)).contains("another valise-server is running"));
        drop(first);
        assert!(!open(&data, None).unwrap().key_is_new);
    }

    #[test]
    fn a_missing_a_wrong_and_a_cut_key_file_each_say_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let (data, key) = (folder.path().join("data"), folder.path().join("service.key"));
        drop(open(&data, Some(&key)).unwrap());
        fs::rename(&key, folder.path().join("away")).unwrap();
        assert!(sentence(open(&data, Some(&key))).contains("is missing: bring it back"));
        assert!(!key.exists(), "no new key is made over data that it cannot open");
        fs::write(&key, [1; 32]).unwrap();
        assert!(sentence(open(&data, Some(&key))).contains("does not belong to this database"));
        fs::write(&key, [1; 31]).unwrap();
        assert!(sentence(open(&data, Some(&key))).contains("exactly 32 bytes"));
        fs::rename(folder.path().join("away"), &key).unwrap();
        assert!(open(&data, Some(&key)).is_ok());
    }
}
