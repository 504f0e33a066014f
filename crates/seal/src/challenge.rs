//! Signed challenges at the mailbox and account doors, and plain Ed25519 (RFC 8032).

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use crate::SealError;

/// Which door a challenge belongs to: a signature for one opens no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// By the mailbox key.
    Mailbox,
    /// By the device key.
    Account,
}

impl Purpose {
    fn message(self, nonce: &[u8; 32]) -> Vec<u8> {
        let label: &[u8] = match self {
            Self::Mailbox => b"valise mailbox v1",
            Self::Account => b"valise account v1",
        };
        [label, nonce].concat()
    }
}

/// Answers a challenge with the secret key (32 bytes, RFC 8032).
pub fn sign(secret: &[u8; 32], purpose: Purpose, nonce: &[u8; 32]) -> Vec<u8> {
    sign_bytes(secret, &purpose.message(nonce))
}

/// Checks an answer.
///
/// # Errors
/// [`SealError::NotGenuine`].
pub fn verify(
    public: &[u8; 32],
    purpose: Purpose,
    nonce: &[u8; 32],
    signature: &[u8],
) -> Result<(), SealError> {
    verify_bytes(public, &purpose.message(nonce), signature)
}

/// The public key of a secret one.
pub fn public_key(secret: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(secret).verifying_key().to_bytes()
}

/// A fresh secret key.
pub fn generate(rng: &mut (impl rand_core::RngCore + rand_core::CryptoRng)) -> Zeroizing<[u8; 32]> {
    let mut secret = Zeroizing::new([0; 32]);
    rng.fill_bytes(secret.as_mut());
    secret
}

/// Ed25519 over bytes that begin with a label of their own.
pub fn sign_bytes(secret: &[u8; 32], message: &[u8]) -> Vec<u8> {
    SigningKey::from_bytes(secret).sign(message).to_bytes().to_vec()
}

/// Strict verification: small-order keys and malleable signatures are refused.
///
/// # Errors
/// [`SealError::NotGenuine`].
pub fn verify_bytes(public: &[u8; 32], message: &[u8], signature: &[u8]) -> Result<(), SealError> {
    let key = VerifyingKey::from_bytes(public).map_err(|_| SealError::NotGenuine)?;
    let signature = Signature::from_slice(signature).map_err(|_| SealError::NotGenuine)?;
    key.verify_strict(message, &signature).map_err(|_| SealError::NotGenuine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_for_its_door_its_nonce_and_its_key_only() {
        let (secret, nonce) = ([1; 32], [2; 32]);
        let public = public_key(&secret);
        let signature = sign(&secret, Purpose::Mailbox, &nonce);
        assert!(verify(&public, Purpose::Mailbox, &nonce, &signature).is_ok());
        assert!(verify(&public, Purpose::Account, &nonce, &signature).is_err());
        assert!(verify(&public, Purpose::Mailbox, &[3; 32], &signature).is_err());
        assert!(verify(&public_key(&[9; 32]), Purpose::Mailbox, &nonce, &signature).is_err());
        assert!(verify(&public, Purpose::Mailbox, &nonce, &signature[..63]).is_err());
    }
}
