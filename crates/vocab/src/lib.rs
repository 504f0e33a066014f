//! The words of Valise: ids, handles, limits and time, each with one meaning.
//!
//! Invariant: this crate knows nothing of ours; everything else may know it. A value of one of these types is valid.

pub mod handle;
pub mod ids;
pub mod limits;
pub mod place;
pub mod time;

pub use handle::{Handle, HandleError};
pub use ids::{
    AccountId, AddressKey, AddressSecret, DeviceId, IdempotencyId, IdentifierError, MailboxId, MessageId,
    PieceId, SlotId,
};
pub use place::{Fix, Position, Precision};
pub use time::{Day, Timestamp};
