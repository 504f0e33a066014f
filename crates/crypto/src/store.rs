//! The one thing this crate asks of a database: bytes under keys, inside the caller's transaction.

use std::error::Error as StdError;
use std::fmt;

/// Bytes under keys, inside the transaction of the current input.
///
/// The caller commits or rolls back; this crate never does. Keys and values are opaque. Values are secrets: whatever
/// holds them overwrites what it deletes.
pub trait KeyStore {
    /// The value under `key`, if there is one.
    ///
    /// # Errors
    /// When the store cannot be read; the input must then be rolled back.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Puts `value` under `key`, replacing what was there.
    ///
    /// # Errors
    /// When the store cannot be written; the input must then be rolled back.
    fn put(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError>;

    /// Removes `key`; nothing happens when it is not there.
    ///
    /// # Errors
    /// When the store cannot be written; the input must then be rolled back.
    fn delete(&self, key: &[u8]) -> Result<(), StoreError>;
}

/// The store failed. Carries the database's own error, for the caller to sort (full, damaged, locked).
pub struct StoreError(Box<dyn StdError + Send + Sync>);

impl StoreError {
    /// Wraps the database's own error.
    pub fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(error.into())
    }

    /// The database's own error, to be downcast.
    #[must_use]
    pub fn into_inner(self) -> Box<dyn StdError + Send + Sync> {
        self.0
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreError({})", self.0)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store failed: {}", self.0)
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.0.as_ref())
    }
}
