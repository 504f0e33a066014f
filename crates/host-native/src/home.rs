//! The folder in which an account lives.
//!
//! ```text
//! valise.db     chats and keys, encrypted (SQLCipher)
//! key           its key, or the key locked with a passphrase
//! server.json   the server's address, and a private authority's certificate
//! lock          held by the process that owns the core
//! core.sock     where the other processes reach it
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::address::ServerAddress;
use crate::trouble::OpenTrouble;

/// How a core is opened.
#[derive(Clone, Default)]
pub struct Options {
    /// The folder.
    pub home: PathBuf,
    /// The server, when an account is to be made; makes the folder too. Otherwise the one on file is used.
    pub server: Option<ServerAddress>,
    /// A file with the certificate of a private authority, trusted beside the public ones and kept in the folder.
    pub authority: Option<PathBuf>,
    /// Locks the key when the account is made, opens it later.
    pub passphrase: Option<Zeroizing<String>>,
    /// The network costs by its bytes, so that less is loaded by itself.
    pub metered: bool,
    /// Pages of this machine may be asked for previews, too, without a seal: for tests that serve some.
    pub previews_of_this_machine: bool,
}

impl Options {
    /// Of an account that exists.
    #[must_use]
    pub fn at(home: impl Into<PathBuf>) -> Self {
        Self { home: home.into(), ..Self::default() }
    }

    /// Of an account that is to be made, or to be finished.
    #[must_use]
    pub fn new(home: impl Into<PathBuf>, server: ServerAddress) -> Self {
        Self { server: Some(server), ..Self::at(home) }
    }
}

/// A home folder that may be used.
pub(crate) struct Home {
    path: PathBuf,
}

impl Home {
    /// Checks the folder, or makes it when a server was given.
    pub fn find(options: &Options) -> Result<Self, OpenTrouble> {
        let path = std::path::absolute(&options.home).map_err(folder(&options.home))?;
        match fs::metadata(&path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound && options.server.is_some() => {
                DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&path).map_err(folder(&path))?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(OpenTrouble::NoHome(path)),
            Err(why) => return Err(OpenTrouble::Folder { path, why }),
        }
        let home = Self { path };
        home.check(options.server.is_some())?;
        Ok(home)
    }

    fn check(&self, to_be_made: bool) -> Result<(), OpenTrouble> {
        let found = fs::metadata(&self.path).map_err(folder(&self.path))?;
        if !found.is_dir() {
            let why = io::Error::from(io::ErrorKind::NotADirectory);
            return Err(OpenTrouble::Folder { path: self.path.clone(), why });
        }
        if found.uid() != rustix::process::geteuid().as_raw() {
            return Err(OpenTrouble::SomebodyElses(self.path.clone()));
        }
        if !to_be_made && !self.server_file().exists() {
            return Err(OpenTrouble::NoHome(self.path.clone()));
        }
        let empty = fs::read_dir(&self.path).map_err(folder(&self.path))?.next().is_none();
        if empty {
            // Made by hand for us: ours alone from now on.
            return fs::set_permissions(&self.path, Permissions::from_mode(FOLDER_MODE))
                .map_err(folder(&self.path));
        }
        if found.mode() & OTHERS_WRITE != 0 {
            return Err(OpenTrouble::OthersWrite(self.path.clone()));
        }
        Ok(())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn database(&self) -> PathBuf {
        self.path.join("valise.db")
    }

    pub fn key_file(&self) -> PathBuf {
        self.path.join("key")
    }

    pub fn socket(&self) -> PathBuf {
        self.path.join("core.sock")
    }

    fn server_file(&self) -> PathBuf {
        self.path.join("server.json")
    }

    /// Becomes the owner, or learns that there is one.
    pub fn try_own(&self) -> Result<Option<Ownership>, OpenTrouble> {
        let path = self.path.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(FILE_MODE)
            .open(&path)
            .map_err(folder(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Ownership { _file: file })),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(why)) => Err(OpenTrouble::Folder { path, why }),
        }
    }

    /// Makes the files of the database, so that nobody else can ever read it, not even for a moment.
    pub fn make_database(&self) -> Result<(), OpenTrouble> {
        let database = self.database();
        let mut media = database.clone().into_os_string();
        media.push("-media");
        for path in [database, media.into()] {
            match OpenOptions::new().create_new(true).write(true).mode(FILE_MODE).open(&path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(folder(&path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The server on file.
    pub fn server(&self) -> Result<Option<ServerFile>, OpenTrouble> {
        let path = self.server_file();
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|_| OpenTrouble::FileDamaged(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(OpenTrouble::Folder { path, why }),
        }
    }

    pub fn keep_server(&self, server: &ServerFile) -> Result<(), OpenTrouble> {
        let path = self.server_file();
        let bytes = serde_json::to_vec(server).map_err(|_| OpenTrouble::FileDamaged(path.clone()))?;
        write_whole(&path, &bytes).map_err(folder(&path))
    }
}

/// Held as long as this process owns the core; the system lets go of it when the process ends in whatever way.
pub(crate) struct Ownership {
    _file: File,
}

/// `server.json`
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServerFile {
    /// See [`ServerAddress`].
    pub server: String,
    /// The private authority's certificate, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
}

/// Writes a file so that it is there whole or not at all, readable by its owner only.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("new");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(FILE_MODE).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn folder(path: &Path) -> impl Fn(io::Error) -> OpenTrouble {
    move |why| OpenTrouble::Folder { path: path.to_owned(), why }
}

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
const OTHERS_WRITE: u32 = 0o022;
