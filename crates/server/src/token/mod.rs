//! Tokens: earned by a known account, shown by nobody. They bound what is put without telling who put it (T-40).
//!
//! Invariant: a row that counts what an account earned says nothing of what was earned, and what is noted of a shown token
//! nothing of who earned it.

pub mod api;
pub mod sql;

pub use api::Tokens;
