//! What can go wrong, sorted by what the caller does about it.

use rusqlite::ErrorCode;

/// Why the database did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key does not open it, or it is no database at all: ask for the right one.
    #[error("wrong key, or not a database")]
    WrongKey,
    /// What was written is not what is read: restore from a backup, or begin anew.
    #[error("the database is damaged")]
    Damaged,
    /// No room left: the transaction was rolled back; make room and try again.
    #[error("no room left on the device")]
    Full,
    /// Another process or tab has it: hand over to that one.
    #[error("the database is in use elsewhere")]
    InUse,
    /// Written by a newer build: update, and touch nothing.
    #[error("the database is of version {found}, this build knows {known}")]
    NewerThanThis {
        /// Its version.
        found: u32,
        /// The newest this build knows.
        known: u32,
    },
    /// Anything else: a defect. Carries no data of the user's, only SQLite's own words.
    #[error("database: {0}")]
    Other(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let Some(failure) = error.sqlite_error() else { return Self::Other(error) };
        match failure.code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Damaged,
            ErrorCode::DiskFull => Self::Full,
            // In the browser the only thing that stops a write is the quota of the page's storage.
            ErrorCode::SystemIoFailure if cfg!(target_arch = "wasm32") && is_write(failure.extended_code) => {
                Self::Full
            }
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::InUse,
            _ => Self::Other(error),
        }
    }
}

impl Error {
    /// While opening: a file whose first page cannot be read has another key or is something else altogether.
    pub(crate) fn on_opening(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::WrongKey,
            _ => error.into(),
        }
    }
}

fn is_write(extended_code: i32) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE};
    [SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE].contains(&extended_code)
}
