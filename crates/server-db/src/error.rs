//! Errors, sorted by what the caller does next.

use rusqlite::ErrorCode;

/// What kind of trouble the database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// No room left: nothing was written. Make room, then the same again.
    Full,
    /// What is stored is not what was written: bring back a copy.
    Damaged,
    /// The key does not open this database, or it is no database.
    WrongKey,
    /// Another program has it open.
    InUse,
    /// It was written by a newer version of this program.
    Newer,
    /// Anything else: the file is gone, the disk fails, or a bug.
    Other,
}

/// A failed operation. The text names tables at most, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", sentence(*.kind))]
pub struct DbError {
    /// See [`ErrorKind`].
    pub kind: ErrorKind,
    detail: String,
}

impl DbError {
    /// The database ended the transaction by itself, as it does when the disk is full.
    pub fn transaction_ended() -> Self {
        Self::new(ErrorKind::Full, "the transaction was ended")
    }

    pub(crate) fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}

fn sentence(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Full => "the disk is full, make room and it goes on by itself",
        ErrorKind::Damaged => "the database is damaged, bring back a copy of the data folder",
        ErrorKind::WrongKey => "the key file does not belong to this database, give the one it was made with",
        ErrorKind::InUse => "another program has the database open, stop that one first",
        ErrorKind::Newer => "the database was written by a newer version, use that version or a later one",
        ErrorKind::Other => "the database does not answer",
    }
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => ErrorKind::Full,
            Some(ErrorCode::DatabaseCorrupt) => ErrorKind::Damaged,
            Some(ErrorCode::NotADatabase) => ErrorKind::WrongKey,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => ErrorKind::InUse,
            _ => ErrorKind::Other,
        };
        Self { kind, detail: error.to_string() }
    }
}
