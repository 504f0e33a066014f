//! What goes over the wire: requests and answers of the four doors, their codec, and the content inside an envelope.
//!
//! Specification: `docs/protocol/`. The two change together (a test compares them), and so do the vectors in
//! `crates/wire/vectors/`.
//!
//! Frames are written in the presentation language of RFC 8446 section 3 with the variable-length vectors of RFC 9420
//! section 2.1.2, as MLS is. A decoder takes exactly what an encoder could have written and never trusts a length.

pub mod account;
pub mod address;
pub mod blob;
pub mod bytes;
pub mod content;
pub mod device_link;
pub mod directory;
pub mod door;
pub mod envelope;
pub mod frame;
pub mod group_link;
pub mod key_package;
pub mod link;
pub mod mailbox;
pub mod refusal;
pub mod slot;
pub mod token;

pub use bytes::Bytes;
pub use device_link::DeviceLink;
pub use door::{
    AccountAnswer, AccountRequest, BlobAnswer, BlobRequest, Door, MailboxFromDevice, MailboxFromService,
    UnnamedAnswer, UnnamedRequest,
};
pub use envelope::{Delivery, DeliveryKind};
pub use frame::{Decode, Encode, Extension, Extensions, FrameError, Reply, Request, RequestId, Secret32};
pub use group_link::{GROUP_DOORS_MAX, GroupDoor, GroupInvitationLink};
pub use link::{InvitationLink, LinkError, ServiceAddress};
pub use refusal::Refusal;

#[cfg(test)]
mod tests;
