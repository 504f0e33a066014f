//! Sealing to a key that lives for one handover, between two devices that have no group in common yet: HPKE (RFC 9180) with
//! the groups' own suite, hybrid like everything else.

use openmls_rust_crypto::RustCrypto;
use openmls_traits::crypto::OpenMlsCrypto as _;
use openmls_traits::types::HpkeCiphertext;
use tls_codec::{DeserializeBytes as _, Serialize as _};
use zeroize::Zeroizing;

use crate::error::{Error, Unreadable};
use crate::suite::SUITE;

/// The key pair of whoever receives; follows from 32 random bytes.
pub struct HandoverKey(Zeroizing<[u8; 32]>);

impl HandoverKey {
    /// The pair that belongs to a seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*seed))
    }

    /// The public half, to be shown.
    ///
    /// # Errors
    /// [`Error::Bug`].
    pub fn public(&self) -> Result<Vec<u8>, Error> {
        Ok(self.pair()?.public)
    }

    /// Opens what [`seal_to`] made for this key under the same `info`.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Unreadable`].
    pub fn open(&self, info: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let sealed =
            HpkeCiphertext::tls_deserialize_exact_bytes(sealed).map_err(|_| Error::Malformed("handover"))?;
        let pair = self.pair()?;
        RustCrypto::default()
            .hpke_open(SUITE.hpke_config(), &sealed, &pair.private, info, &[])
            .map_err(|_| Error::Unreadable(Unreadable::Forged))
    }

    fn pair(&self) -> Result<openmls_traits::types::HpkeKeyPair, Error> {
        RustCrypto::default()
            .derive_hpke_keypair(SUITE.hpke_config(), self.0.as_slice())
            .map_err(|error| Error::Bug(format!("handover key: {error:?}")))
    }
}

/// Seals to the public half of a [`HandoverKey`]. The encapsulation draws from the operating system, see
/// [`Session`](crate::Session).
///
/// # Errors
/// [`Error::Malformed`] when that is no such key.
pub fn seal_to(public: &[u8], info: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
    let sealed = RustCrypto::default()
        .hpke_seal(SUITE.hpke_config(), public, info, &[], plain)
        .map_err(|_| Error::Malformed("handover key"))?;
    Ok(sealed.tls_serialize_detached()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_it_was_sealed_to_opens_it_and_only_for_the_same_purpose() {
        let (key, other) = (HandoverKey::from_seed(&[1; 32]), HandoverKey::from_seed(&[2; 32]));
        let sealed = seal_to(&key.public().unwrap(), b"one", b"hello").unwrap();
        assert_eq!(key.open(b"one", &sealed).unwrap(), b"hello");
        assert!(key.open(b"two", &sealed).is_err());
        assert!(other.open(b"one", &sealed).is_err());
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(key.open(b"one", &changed).is_err());
        assert!(key.open(b"one", &sealed[1..]).is_err());
        assert!(seal_to(b"no key", b"one", b"hello").is_err());
    }

    #[test]
    fn one_seed_makes_one_key() {
        let public = |seed| HandoverKey::from_seed(&[seed; 32]).public().unwrap();
        assert!(public(1) == public(1) && public(1) != public(2));
        assert_eq!(public(1).len(), 1_216, "X-Wing");
    }
}
