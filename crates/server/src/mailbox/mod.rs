//! Mailboxes: the queue of envelopes a device has not yet acknowledged, and their delivery.
//!
//! Invariant: this slice never looks inside an envelope, and a row names neither sender, slot, kind nor time.

pub mod api;
mod live;
mod parcel;
mod queue;
pub mod sql;

pub use api::Mailboxes;
