//! What can go wrong, sorted by what the caller does about it.

use seal::piece::PieceKey;

use crate::session::Session;
use crate::store::StoreError;
use crate::validator::Refusal;

/// Why a step failed. After any of these, roll back the step's savepoint and load the group again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed: roll back, sort the inner error.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bytes are no message of this kind: drop them.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// The message belongs to another group: drop it.
    #[error("a message of another group")]
    WrongGroup,
    /// The message cannot be opened or is not authentic: see [`Unreadable`].
    #[error("unreadable: {0}")]
    Unreadable(#[from] Unreadable),
    /// The rules forbid it. A refused commit has not changed the group; the device rejoins if others accepted it.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// This device is no longer in the group: rejoin, or leave it be.
    #[error("this device was removed from the group")]
    Removed,
    /// A commit of ours waits for its answer: merge or clear it first.
    #[error("a commit is pending")]
    CommitPending,
    /// There is no commit of ours to merge or clear.
    #[error("no commit is pending")]
    NoCommitPending,
    /// No such group in the store.
    #[error("no such group")]
    NoSuchGroup,
    /// The group is already in the store and active; a Welcome must not replace it.
    #[error("the group exists already")]
    GroupExists,
    /// The Welcome names no key package of ours: it was used, forgotten, or never ours.
    #[error("no such key package")]
    NoSuchKeyPackage,
    /// The rejoin secret has not been learned yet: ask another device.
    #[error("the rejoin secret is unknown")]
    RejoinSecretUnknown,
    /// The tree is not in the description: fetch it under this key, then try again with it.
    #[error("the tree lies apart")]
    TreeApart(PieceKey),
    /// A defect of ours or of the library: report it.
    #[error("defect: {0}")]
    Bug(String),
}

/// Why a message could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Its key was used already: a copy of a message that was read. Acknowledge and forget.
    #[error("its key was used already")]
    Duplicate,
    /// Too far behind or ahead of its sender's last message.
    #[error("too far from the sender's last message")]
    OutOfReach,
    /// Not authentic, or damaged.
    #[error("not authentic")]
    Forged,
}

impl Error {
    /// Sorts a failure of the library, preferring the store's own failure when there was one.
    pub(crate) fn library(session: &Session<'_>, what: &'static str, error: &dyn std::fmt::Debug) -> Self {
        match session.cache.take_fault() {
            Some(fault) => Self::Store(fault),
            None => Self::Bug(format!("{what}: {error:?}")),
        }
    }
}

impl From<tls_codec::Error> for Error {
    fn from(_: tls_codec::Error) -> Self {
        Self::Malformed("encoding")
    }
}
