//! Content and its keys: MLS groups behind a small synchronous interface.
//!
//! A [`Session`] lends an input's transaction and its randomness to everything here; nothing reads a clock, opens a
//! socket or keeps state between inputs. All state lives in a [`KeyStore`] the caller implements over the same SQLite
//! transaction that holds messages and outbox, so that a step is stored whole or not at all.
//!
//! Invariant: every leaf of every group has passed [`validator`]: no credential is believed because the library or the
//! service delivered it. This crate knows neither the protocol's frames (`wire`) nor any database.

pub mod attachment;
pub mod charter;
pub mod device;
mod error;
pub mod group;
pub mod handover;
pub mod key_package;
pub mod leaf;
mod mls_storage;
mod session;
pub mod store;
mod suite;
pub mod validator;

#[cfg(test)]
mod tests;

/// What a client needs of the outer sealing, through the one crate of cryptography it may know.
pub use seal;

pub use charter::{Charter, GroupLink, Permissions, Role, Who, by_charter};
pub use device::{DeviceKeys, Identity};
pub use error::{Error, Unreadable};
pub use group::{
    Changes, EpochSecrets, Group, GroupId, Incoming, Joined, Pending, StagedChange, TREE_INLINE_LEAVES,
    TreePieces, TreePlan,
};
pub use key_package::{KeyPackage, NewKeyPackage, forget_key_package, generate_key_package, packages_of};
pub use leaf::{LeafData, Member};
pub use session::Session;
pub use store::{KeyStore, StoreError};
pub use validator::{Change, Policy, Refusal, Verdict, known_accounts_only};
