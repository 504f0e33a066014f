//! The edge: sockets, TLS, HTTP, the web app's files, limits of connections. All that is about the network lives here once.
//!
//! Invariant: nothing here opens a frame, and no address of a peer is logged or kept.

mod engine;
mod http;
mod moving;
mod server;
mod socket;
mod source;
mod storage;
mod store;
mod tls;
mod web;

pub use server::{BlobsAt, Options, Running, StartError, start};
pub use storage::StorageError;
pub use tls::TlsError;

#[cfg(test)]
mod tests;
