//! The service: sealed envelopes in, sealed envelopes out, and as little knowledge as that takes.
//!
//! [`Service`] is a synchronous machine: time, randomness and frames go in; once a batch is on disk, frames come out.
//! `edge` gives it sockets; the simulator runs it without.
//!
//! Invariant: no arrow leads to `crypto`: there is no code here that could open content.

mod account;
mod address;
mod app;
mod blob;
mod call;
pub mod codes;
mod directory;
pub mod edge;
mod key_package;
mod keys;
mod limits;
mod mailbox;
mod slot;
pub mod store;
mod sweep;
mod token;

pub use app::{FlushError, OpenError, Out, Service, SessionId, schema};
pub use blob::BLOB_BYTES_MAX;
pub use call::Source;
pub use keys::Keys;
