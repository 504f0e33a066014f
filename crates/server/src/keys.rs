//! The service's keys, all derived from the 32 random bytes of the key file.

use hmac::{Hmac, KeyInit, Mac};
use seal::aead::derive;
use seal::directory::Evaluator;
use seal::token::Issuer;
use server_db::DbKey;
use sha2::Sha256;
use vocab::Day;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Everything that the key file leads to. No `Debug`; wiped on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Keys {
    database: [u8; 32],
    handle: [u8; 32],
    code: [u8; 32],
    permit: [u8; 32],
    unknown_row: [u8; 32],
    directory_seed: [u8; 32],
    token_seed: [u8; 32],
}

/// What a keyed hash is for: one key each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// The form in which a handle is stored.
    Handle,
    /// Verification codes and who asked for them.
    Code,
    /// Permission to file a directory row.
    Permit,
    /// What is answered for a tag nobody filed.
    UnknownRow,
}

impl Keys {
    /// Derives all keys from the root.
    pub fn derive(root: &[u8; 32]) -> Self {
        Self {
            database: derive(root, "valise service database v1"),
            handle: derive(root, "valise service handle v1"),
            code: derive(root, "valise service code v1"),
            permit: derive(root, "valise service permit v1"),
            unknown_row: derive(root, "valise service unknown row v1"),
            directory_seed: derive(root, "valise service directory v1"),
            token_seed: derive(root, "valise service token v1"),
        }
    }

    /// The key of the database file.
    pub fn database(&self) -> DbKey {
        DbKey(self.database)
    }

    /// The directory's evaluator; none if no key pair comes of the seed, which no seed is known to cause.
    pub fn evaluator(&self) -> Option<Evaluator> {
        Evaluator::from_seed(&self.directory_seed).ok()
    }

    /// The key that makes the tokens of a day; none as for [`Self::evaluator`].
    pub fn token_issuer(&self, day: Day) -> Option<Issuer> {
        Issuer::of_day(&self.token_seed, day).ok()
    }

    /// HMAC-SHA256 over the parts, each preceded by its length.
    pub fn mac(&self, purpose: Use, parts: &[&[u8]]) -> [u8; 32] {
        let key = match purpose {
            Use::Handle => &self.handle,
            Use::Code => &self.code,
            Use::Permit => &self.permit,
            Use::UnknownRow => &self.unknown_row,
        };
        mac(key, parts)
    }
}

/// HMAC-SHA256 under any key, over the parts, each preceded by its length.
pub fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
