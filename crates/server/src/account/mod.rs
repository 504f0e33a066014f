//! Accounts: registration, codes, device lists, and which handle leads to which account.
//!
//! Invariant: a handle is stored as a keyed hash only, and no row of this slice names a mailbox, address or slot.

pub mod api;
pub mod ports;
mod rules;
pub mod sql;
