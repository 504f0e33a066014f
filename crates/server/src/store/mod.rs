//! Where large blobs lie: bytes under random names, and nothing that tells more. What they are is in the rows of the slice
//! `blob`, which says what is to be done here and hears what came of it: the service itself waits for no disk.
//!
//! Invariant: a name is drawn at random for each blob and never used again; what is written is there, on disk, once
//! [`BlobStore::write`] has said so.

mod folder;
mod memory;
mod name;
#[cfg(test)]
mod tests;

pub use folder::FolderStore;
pub use memory::MemoryStore;
pub use name::Name;

/// A place for bytes. Its calls wait for it: a host makes them where nobody else waits.
pub trait BlobStore: Send + Sync {
    /// Writes bytes under a name, all of them and durably, or says why not. Again under the same name replaces what is there.
    ///
    /// # Errors
    /// [`StoreError`].
    fn write(&self, name: &Name, bytes: &[u8]) -> Result<(), StoreError>;

    /// Reads them; none when there is nothing of this name.
    ///
    /// # Errors
    /// [`StoreError`].
    fn read(&self, name: &Name) -> Result<Option<Vec<u8>>, StoreError>;

    /// Removes them; nothing to remove is as good.
    ///
    /// # Errors
    /// [`StoreError`].
    fn delete(&self, name: &Name) -> Result<(), StoreError>;

    /// Up to `count` names after this one, in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list(&self, after: Option<&Name>, count: usize) -> Result<Listing, StoreError>;
}

/// A piece of the list of all names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// In order.
    pub names: Vec<Name>,
    /// Whether there are more after the last.
    pub more: bool,
}

/// The store could not do it, in words for who runs the service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// What the service wants of its store.
pub enum Work {
    /// Write.
    Write {
        /// Under which name.
        name: Name,
        /// What.
        bytes: Vec<u8>,
    },
    /// Read.
    Read {
        /// To be said with what came of it.
        ticket: Ticket,
        /// Which name.
        name: Name,
        /// How many bytes it will be.
        size: usize,
    },
    /// Delete. What comes of it is not awaited: what stays is found by the janitor.
    Delete {
        /// Which name.
        name: Name,
    },
    /// List.
    List {
        /// The names after this one.
        after: Option<Name>,
        /// How many.
        count: usize,
    },
}

/// A read that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What came of it.
pub enum Done {
    /// Of a write.
    Written {
        /// The name.
        name: Name,
        /// Whether it is there now.
        result: Result<(), StoreError>,
    },
    /// Of a read.
    Read {
        /// The ticket.
        ticket: Ticket,
        /// The bytes, if there are any.
        result: Result<Option<Vec<u8>>, StoreError>,
    },
    /// Of a deletion.
    Deleted {
        /// Whether nothing is there now.
        result: Result<(), StoreError>,
    },
    /// Of a list.
    Listed {
        /// What was asked.
        after: Option<Name>,
        /// The names.
        result: Result<Listing, StoreError>,
    },
}

impl Done {
    /// Why it did not work, if it did not.
    pub fn error(&self) -> Option<&StoreError> {
        match self {
            Self::Written { result, .. } | Self::Deleted { result } => result.as_ref().err(),
            Self::Read { result, .. } => result.as_ref().err(),
            Self::Listed { result, .. } => result.as_ref().err(),
        }
    }
}

/// Does it, and waits until it is done.
pub fn perform(store: &dyn BlobStore, work: Work) -> Done {
    match work {
        Work::Write { name, bytes } => Done::Written { name, result: store.write(&name, &bytes) },
        Work::Read { ticket, name, .. } => Done::Read { ticket, result: store.read(&name) },
        Work::Delete { name } => Done::Deleted { result: store.delete(&name) },
        Work::List { after, count } => Done::Listed { after, result: store.list(after.as_ref(), count) },
    }
}
