//! The introduction key of an account: whoever has it may knock. It travels in links, in directory rows and between
//! people who share a conversation.

use rand_core::{CryptoRng, RngCore};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::SealError;
use crate::aead::{Key, derive, sha256};
use crate::padding::{open_padded, seal_padded};

/// Thirty-two random bytes. No `Debug`.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct IntroductionKey(pub [u8; 32]);

impl IntroductionKey {
    /// A fresh one.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// What is shown to the service to draw key packages.
    pub fn fetch_proof(&self) -> [u8; 32] {
        derive(&self.0, "valise fetch v1")
    }

    /// What the service keeps of it.
    pub fn fetch_proof_hash(&self) -> [u8; 32] {
        fetch_proof_hash(&self.fetch_proof())
    }

    /// Seals a key package for the stock.
    pub fn seal_key_package(&self, package: &[u8], rng: &mut (impl RngCore + CryptoRng)) -> Vec<u8> {
        Key::derive(&self.0, "valise key package v1").seal(b"", package, rng)
    }

    /// Opens one.
    ///
    /// # Errors
    /// [`SealError::DoesNotOpen`].
    pub fn open_key_package(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        Key::derive(&self.0, "valise key package v1").open(b"", sealed)
    }

    /// Seals what goes to somebody as a Welcome: the envelope's outside shows nothing of MLS.
    ///
    /// # Errors
    /// [`SealError::TooLarge`].
    pub fn seal_welcome(
        &self,
        plain: &[u8],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Vec<u8>, SealError> {
        seal_padded(&Key::derive(&self.0, "valise welcome v1"), b"", plain, rng)
    }

    /// Opens it.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open_welcome(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        open_padded(&Key::derive(&self.0, "valise welcome v1"), b"", sealed)
    }
}

/// What the service compares a shown proof with.
pub fn fetch_proof_hash(proof: &[u8; 32]) -> [u8; 32] {
    sha256(&[b"valise fetch hash v1", proof])
}
