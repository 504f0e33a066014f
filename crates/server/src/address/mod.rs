//! Addresses: where envelopes for one device in one conversation go, sealed under a secret that requests bring along.
//!
//! Invariant: without the secret of a request, no row leads to a mailbox.

pub mod api;
pub mod sql;
