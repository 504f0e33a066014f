//! Envelopes: what waits in a mailbox (`docs/protocol/envelope.md`).

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::SlotId;

use crate::Bytes;

/// What an envelope holds once its device has opened the mailbox's wrapping: all of it is sealed per mailbox.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Delivery {
    /// The conversation's slot.
    pub slot: SlotId,
    /// Place in the slot's one order. Without holes for whoever is in the roster: a hole is something missing.
    pub sequence: u64,
    /// Epoch number in which it was sent; a commit carries the epoch it ends.
    pub epoch: u64,
    /// What the payload is.
    pub kind: DeliveryKind,
    /// As the sender gave it.
    pub payload: Bytes,
}

/// The operation an envelope came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
#[repr(u8)]
pub enum DeliveryKind {
    /// A sealed Welcome. Its `sequence` is that of the commit (or creation) that made it.
    Welcome = 1,
    /// A sealed MLS commit.
    Commit = 2,
    /// A sealed MLS message (application or proposal).
    Message = 3,
}
