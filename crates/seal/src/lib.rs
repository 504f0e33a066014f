//! Sealing that the service may compute too: addresses, rosters, envelopes, directory, signatures of device lists.
//!
//! Only symmetric ciphers and hashes stand on the service's hot path (`docs/protocol/`). Nothing here can open content.
//!
//! Invariant: this crate knows neither frames nor MLS. Randomness is an argument; keys have no `Debug`.

pub mod address;
pub mod aead;
pub mod blob;
pub mod challenge;
pub mod device_list;
pub mod directory;
pub mod introduction;
pub mod padding;
pub mod piece;
pub mod roster;
pub mod token;

pub use aead::{Key, SealError, sha256};
pub use device_list::{DeviceEntry, DeviceList, VerifiedChain};
