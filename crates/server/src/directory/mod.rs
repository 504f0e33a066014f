//! The directory: from a handle to an account, asked blindly.
//!
//! Invariant: a row names no account; who asked for which handle is never known here, and every answer costs quota (T-01).

pub mod api;
mod rules;
pub mod sql;

pub use api::Directory;
