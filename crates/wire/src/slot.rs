//! Slots: the place of a conversation on the service (`docs/protocol/slot.md`).

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::{AddressSecret, IdempotencyId, PieceId, SlotId};

use crate::{Bytes, Extensions, Secret32};

/// A Welcome for one device: delivered to its address, which it binds to the slot.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct WelcomeFor {
    /// The address secret from the device's key package.
    pub address: AddressSecret,
    /// A blind token; may be empty until tokens are checked.
    pub token: Bytes,
    /// The sealed, padded Welcome.
    pub payload: Bytes,
}

/// What every epoch of a slot has, whoever made it.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct EpochState {
    /// `seal::roster::posting_key_hash` of the posting key `K_n` of the epoch.
    pub posting_key_hash: [u8; 32],
    /// `AEAD(K_n, addresses)`, from `seal::roster`.
    pub roster: Bytes,
    /// `AEAD(R, GroupInfo ‖ K_n ‖ E_n ‖ roster)`: opaque to the service.
    pub rejoin: Bytes,
    /// The pieces that make up the ratchet tree of the epoch, where it is not in the rejoin blob; at most
    /// [`vocab::limits::SLOT_PIECES_MAX`], none twice.
    pub tree: Vec<PieceId>,
    /// Pieces that the slot has not got yet: of the tree, and of a commit that is too large to be sent to everybody.
    pub pieces: Vec<Piece>,
}

/// A piece, as the slot keeps it.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Piece {
    /// A hash of the key that opens it.
    pub id: PieceId,
    /// Of one of the sizes [`vocab::limits::PAYLOAD_SIZES`].
    pub sealed: Bytes,
}

/// Makes a slot at its first epoch and delivers the Welcomes, in one transaction.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct CreateSlot {
    /// Random, chosen by the creator.
    pub slot: SlotId,
    /// `K_n` itself: the roster is opened at once to send `message`.
    pub posting_key: Secret32,
    /// Its state.
    pub state: EpochState,
    /// The Welcomes, at most [`vocab::limits::WELCOMES_MAX`].
    pub welcomes: Vec<WelcomeFor>,
    /// A first message to the roster; empty for none.
    pub message: Bytes,
    /// Repeating the request under the same id changes nothing more.
    pub idempotency: IdempotencyId,
    /// A blind token; may be empty until tokens are checked.
    pub token: Bytes,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// Sends one padded envelope to everybody in the roster, the sender included.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Send {
    /// Where.
    pub slot: SlotId,
    /// `K_n`: showing it is the permission to send.
    pub posting_key: Secret32,
    /// `AEAD(E_n, MLS message)`, padded to one of [`vocab::limits::PAYLOAD_SIZES`].
    pub payload: Bytes,
    /// Repeating the request under the same id changes nothing more.
    pub idempotency: IdempotencyId,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// Moves a slot from epoch n to n+1: compare-and-swap, one transaction. The commit goes to the roster of n, the message to
/// that of n+1, the Welcomes to their addresses.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Commit {
    /// Where.
    pub slot: SlotId,
    /// `K_n`.
    pub posting_key: Secret32,
    /// `K_(n+1)` is shown with the commit, so that the new roster can be checked and `message` delivered.
    pub next_posting_key: Secret32,
    /// The state at n+1.
    pub next: EpochState,
    /// `AEAD(E_n, MLS commit)`, padded.
    pub commit: Bytes,
    /// Welcomes for who was added.
    pub welcomes: Vec<WelcomeFor>,
    /// A message under n+1; empty for none.
    pub message: Bytes,
    /// Repeating the request under the same id changes nothing more.
    pub idempotency: IdempotencyId,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// Fetches the rejoin blob of a slot. It opens only with `R`.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct FetchRejoin {
    /// Which.
    pub slot: SlotId,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// Fetches pieces of a slot. Whoever knows their names may.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct FetchPieces {
    /// Which.
    pub slot: SlotId,
    /// At most [`vocab::limits::SLOT_PIECES_MAX`].
    pub ids: Vec<PieceId>,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// The first of the pieces that were asked for, as many as fit: at least one.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Pieces {
    /// In the order asked; empty for one that the slot has not got.
    pub sealed: Vec<Bytes>,
}

/// Where in the slot's one order something was stored.
#[derive(Clone, Debug, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Stored {
    /// Sequence within the slot (of the commit, when there was one).
    pub sequence: u64,
    /// Epoch number after it.
    pub epoch: u64,
}

/// The rejoin blob as it stands.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Rejoin {
    /// Opaque to the service.
    pub blob: Bytes,
    /// Epoch number on the service.
    pub epoch: u64,
}

crate::frame::opaque_debug!(WelcomeFor);
crate::frame::opaque_debug!(Piece);
