//! Mailboxes: the queue of one device (`docs/protocol/mailbox.md`).

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::{MailboxId, Timestamp};

use crate::{Bytes, Extensions};

/// Makes a mailbox (unnamed door). Repeating it with the same key renews it.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct CreateMailbox {
    /// Random, chosen by the device.
    pub mailbox: MailboxId,
    /// Ed25519 public key of the mailbox, used nowhere else.
    pub public_key: [u8; 32],
    /// A blind token; may be empty until tokens are checked.
    pub token: Bytes,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// First frame of the service at the mailbox and account doors.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Challenge {
    /// To be signed.
    pub nonce: [u8; 32],
    /// The service's clock: a hint, never trusted (T-43).
    pub now: Timestamp,
    /// The key of the directory's VOPRF, 32 bytes; a client that saw another one before says so.
    pub directory_key: Bytes,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// Answers the challenge at the mailbox door.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct OpenMailbox {
    /// Which.
    pub mailbox: MailboxId,
    /// Ed25519 over `"valise mailbox v1" ‖ nonce` (`seal::challenge`).
    pub signature: Bytes,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// The mailbox is open; envelopes follow by themselves, in sequence, at most
/// [`vocab::limits::DELIVERY_WINDOW`] unacknowledged.
#[derive(Debug, Clone, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Opened {
    /// Envelopes waiting now.
    pub waiting: u32,
    /// Envelopes dropped since the mailbox was made, because it was full.
    pub dropped: u32,
}

/// Envelopes of the mailbox, in sequence.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Envelopes {
    /// Sequence of the last envelope this connection was given before these, 0 for none. When something else came last,
    /// a frame was lost or changed places: the device opens its mailbox anew.
    pub after: u64,
    /// At least one.
    pub envelopes: Vec<Envelope>,
}

/// One envelope as it lay in the mailbox.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Envelope {
    /// Place in the mailbox, ascending, without reuse; numbers may be left out.
    pub sequence: u64,
    /// `AEAD(wrap key, Delivery)`, from `seal::envelope`.
    pub sealed: Bytes,
}

crate::frame::opaque_debug!(Envelope, Envelopes);
