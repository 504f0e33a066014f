//! Blobs: sealed bytes kept for some days under a capability that only clients know.
//!
//! Invariant: a row tells neither whose it is nor what belongs to it; nothing on disk can be fetched with what the disk says.

pub mod api;
pub mod ports;
mod rules;
pub mod sql;

pub use api::Blobs;
