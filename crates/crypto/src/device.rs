//! A device's signature key and who it belongs to.

use ed25519_dalek::{Signer as _, SigningKey};
use openmls::prelude::{BasicCredential, CredentialWithKey};
use openmls_traits::signatures::{Signer, SignerError};
use openmls_traits::types::SignatureScheme;
use rand_core::CryptoRngCore;
use tls_codec::Serialize as _;
use vocab::{AccountId, DeviceId};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::leaf::Credential;

/// The Ed25519 key pair of one device; wiped when dropped.
pub struct DeviceKeys(SigningKey);

impl DeviceKeys {
    /// Makes a new pair.
    pub fn generate(rng: &mut dyn CryptoRngCore) -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        rng.fill_bytes(secret.as_mut());
        Self::from_secret(&secret)
    }

    /// The pair that belongs to a stored secret.
    #[must_use]
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// The secret, for the device's own store.
    #[must_use]
    pub fn secret(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half, as device lists name it.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs `message` as it is; the caller prefixes what separates one use from another.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl Signer for DeviceKeys {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(DeviceKeys::sign(self, payload).to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

/// Who acts: a device of an account, with its keys.
#[derive(Clone, Copy)]
pub struct Identity<'a> {
    /// The account.
    pub account: AccountId,
    /// The device.
    pub device: DeviceId,
    /// Its signature keys.
    pub keys: &'a DeviceKeys,
}

impl Identity<'_> {
    pub(crate) fn credential(&self) -> Result<CredentialWithKey, Error> {
        let identity = Credential { account: self.account, device: self.device }.tls_serialize_detached()?;
        Ok(CredentialWithKey {
            credential: BasicCredential::new(identity).into(),
            signature_key: self.keys.public().to_vec().into(),
        })
    }
}
