//! What a group keeps beside the library's state.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::GroupId;
use crate::error::Error;
use crate::mls_storage::Label;
use crate::session::Session;

/// Stored with the group, in the same transaction.
#[derive(Default, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Record {
    /// `R`, once known.
    pub(crate) r: Option<[u8; 32]>,
    /// A commit of ours that waits for its answer.
    pub(crate) pending: Option<Waiting>,
}

/// A commit of ours, sent or about to be.
#[derive(Serialize, Deserialize, Zeroize)]
pub(crate) struct Waiting {
    /// SHA-256 of the commit, by which its echo is known.
    pub(crate) hash: [u8; 32],
    /// It removes a leaf.
    pub(crate) removes: bool,
    /// It brings this device in from outside: the library has merged it already, and clearing it means starting over.
    pub(crate) entering: bool,
}

impl Record {
    pub(crate) fn load(session: &Session<'_>, id: GroupId) -> Result<Self, Error> {
        let record = session.cache.read(Label::Record, &id.0);
        Ok(record.map_err(|error| Error::library(session, "record", &error))?.unwrap_or_default())
    }

    pub(crate) fn save(&self, session: &Session<'_>, id: GroupId) -> Result<(), Error> {
        session
            .cache
            .write(Label::Record, &id.0, self)
            .map_err(|error| Error::library(session, "record", &error))
    }

    pub(crate) fn delete(session: &Session<'_>, id: GroupId) -> Result<(), Error> {
        session.cache.remove(Label::Record, &id.0).map_err(|error| Error::library(session, "record", &error))
    }
}
