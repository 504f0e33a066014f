//! Blobs: sealed bytes kept for some days under a capability that only clients know. Small ones lie in the database, larger ones in
//! the store (`crate::store`), under names that tell nothing.
//!
//! Invariant: a row tells neither whose it is nor what belongs to it; nothing on disk can be fetched with what the disk says.

pub mod api;
pub mod ports;
mod rules;
pub mod sql;
mod stored;

pub use api::{Blobs, Said};
pub use stored::{BLOB_BYTES_MAX, Waiting};
