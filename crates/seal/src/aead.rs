//! One cipher and one derivation for everything sealed from the outside: XChaCha20-Poly1305 with random nonces (24 bytes
//! make them safe to draw at random for any number of messages) and HKDF-SHA256.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use rand_core::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A 256-bit key. Wiped on drop; no `Debug`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 32]);

impl Key {
    /// From raw bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A fresh one.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// HKDF-SHA256 without salt: `secret` is uniform already. `label` keeps uses apart.
    pub fn derive(secret: &[u8; 32], label: &str) -> Self {
        Self(derive(secret, label))
    }

    /// The raw bytes, to be stored or shown where the protocol says so.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals: nonce (24) ‖ ciphertext ‖ tag (16). `context` is bound and not stored.
    pub fn seal(&self, context: &[u8], plain: &[u8], rng: &mut (impl RngCore + CryptoRng)) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        rng.fill_bytes(&mut nonce);
        let mut sealed = nonce.to_vec();
        let body = XChaCha20Poly1305::new((&self.0).into())
            .encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad: context })
            .expect("only a plaintext of 256 GiB is refused by the cipher");
        sealed.extend_from_slice(&body);
        sealed
    }

    /// Opens what [`Key::seal`] made under the same context.
    ///
    /// # Errors
    /// [`SealError::DoesNotOpen`]: another key or context, or changed on the way.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, body) = sealed.split_at_checked(NONCE_BYTES).ok_or(SealError::DoesNotOpen)?;
        XChaCha20Poly1305::new((&self.0).into())
            .decrypt(XNonce::from_slice(nonce), Payload { msg: body, aad: context })
            .map_err(|_| SealError::DoesNotOpen)
    }
}

/// HKDF-SHA256 of a uniform secret, 32 bytes out.
pub fn derive(secret: &[u8; 32], label: &str) -> [u8; 32] {
    let mut out = [0; 32];
    Hkdf::<Sha256>::new(None, secret)
        .expand(label.as_bytes(), &mut out)
        .expect("32 bytes are within HKDF's 255 blocks");
    out
}

/// SHA-256 over the parts, one after the other; give parts of fixed length, or one only.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// Equal in constant time.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    subtle::ConstantTimeEq::ct_eq(a, b).into()
}

/// Bytes a seal adds: nonce and tag.
pub const OVERHEAD_BYTES: usize = NONCE_BYTES + 16;
const NONCE_BYTES: usize = 24;

/// Something sealed or signed that is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Wrong key, wrong context, or changed bytes.
    #[error("it does not open under this key")]
    DoesNotOpen,
    /// It opened and is not of the expected shape.
    #[error("what was sealed is not of the expected shape")]
    Malformed,
    /// A signature, proof or chain does not hold.
    #[error("the signature or proof does not hold")]
    NotGenuine,
    /// Longer than the largest size allowed.
    #[error("it is longer than the largest size allowed")]
    TooLarge,
}
