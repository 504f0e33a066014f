//! Finding people by handle without telling whom: VOPRF (RFC 9497, ristretto255-SHA512) and sealed rows.

use rand_core::{CryptoRng, RngCore};
use vocab::{AccountId, Handle};
use voprf::{BlindedElement, EvaluationElement, Group, Proof, Ristretto255, VoprfClient, VoprfServer};

use crate::SealError;
use crate::aead::{Key, derive, sha256};
use crate::introduction::IntroductionKey;

/// The service's evaluation key, kept in the key file, outside the database.
pub struct Evaluator(VoprfServer<Ristretto255>);

impl Evaluator {
    /// Derives the key pair from a secret seed (RFC 9497, `DeriveKeyPair`).
    ///
    /// # Errors
    /// [`SealError::Malformed`], which no 32-byte seed is known to cause.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, SealError> {
        VoprfServer::new_from_seed(seed, b"valise directory v1").map(Self).map_err(|_| SealError::Malformed)
    }

    /// The public key, 32 bytes, that clients check proofs against.
    pub fn public_key(&self) -> Vec<u8> {
        Ristretto255::serialize_elem(self.0.get_public_key()).to_vec()
    }

    /// Evaluates one blinded element: (element, proof).
    ///
    /// # Errors
    /// [`SealError::Malformed`] when it is no group element.
    pub fn evaluate(
        &self,
        blinded: &[u8],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(Vec<u8>, Vec<u8>), SealError> {
        let blinded = BlindedElement::<Ristretto255>::deserialize(exactly(blinded, ELEMENT_BYTES)?)
            .map_err(|_| SealError::Malformed)?;
        let result = self.0.blind_evaluate(rng, &blinded);
        Ok((result.message.serialize().to_vec(), result.proof.serialize().to_vec()))
    }

    /// The place of a handle that was verified in clear (registration): what its permit is for.
    ///
    /// # Errors
    /// [`SealError::Malformed`] for an empty handle, which cannot exist.
    pub fn place_of(&self, handle: &Handle) -> Result<[u8; 32], SealError> {
        let output = self.0.evaluate(handle.lookup_form().as_bytes()).map_err(|_| SealError::Malformed)?;
        Ok(Place::from_output(&output).tag)
    }
}

/// A look-up under way: what was blinded, to be finished with the service's answer.
pub struct Lookup {
    state: VoprfClient<Ristretto255>,
    input: String,
    /// The blinded element to send, 32 bytes.
    pub blinded: Vec<u8>,
}

impl Lookup {
    /// Blinds a handle.
    ///
    /// # Errors
    /// [`SealError::Malformed`], which no handle causes.
    pub fn begin(handle: &Handle, rng: &mut (impl RngCore + CryptoRng)) -> Result<Self, SealError> {
        let input = handle.lookup_form();
        let blind = VoprfClient::blind(input.as_bytes(), rng).map_err(|_| SealError::Malformed)?;
        Ok(Self { state: blind.state, input, blinded: blind.message.serialize().to_vec() })
    }

    /// Unblinds and checks that the service used the key it published.
    ///
    /// # Errors
    /// [`SealError::Malformed`], [`SealError::NotGenuine`].
    pub fn finish(self, element: &[u8], proof: &[u8], service_key: &[u8]) -> Result<Place, SealError> {
        let element = EvaluationElement::deserialize(exactly(element, ELEMENT_BYTES)?);
        let proof = Proof::deserialize(exactly(proof, PROOF_BYTES)?);
        let key = Ristretto255::deserialize_elem(exactly(service_key, ELEMENT_BYTES)?);
        let (Ok(element), Ok(proof), Ok(key)) = (element, proof, key) else {
            return Err(SealError::Malformed);
        };
        let output = self
            .state
            .finalize(self.input.as_bytes(), &element, &proof, key)
            .map_err(|_| SealError::NotGenuine)?;
        Ok(Place::from_output(&output))
    }
}

/// Where a handle's row is and what opens it. Only an evaluation leads here.
pub struct Place {
    /// The row is filed under it.
    pub tag: [u8; 32],
    key: Key,
}

impl Place {
    fn from_output(output: &[u8]) -> Self {
        let secret = sha256(&[b"valise directory output v1", output]);
        Self { tag: derive(&secret, "tag"), key: Key::derive(&secret, "key") }
    }

    /// Seals a row.
    pub fn seal_row(
        &self,
        account: AccountId,
        introduction: &IntroductionKey,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Vec<u8> {
        self.key.seal(&self.tag, &[account.0, introduction.0].concat(), rng)
    }

    /// Opens a row; random bytes (nobody there) do not open.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open_row(&self, row: &[u8]) -> Result<(AccountId, IntroductionKey), SealError> {
        let plain = self.key.open(&self.tag, row)?;
        let (account, introduction) = plain.split_first_chunk::<32>().ok_or(SealError::Malformed)?;
        let introduction = introduction.try_into().map_err(|_| SealError::Malformed)?;
        Ok((AccountId(*account), IntroductionKey(introduction)))
    }
}

pub(crate) fn exactly(bytes: &[u8], length: usize) -> Result<&[u8], SealError> {
    if bytes.len() == length { Ok(bytes) } else { Err(SealError::Malformed) }
}

/// Bytes of a row: sealed account id and introduction key.
pub const ROW_BYTES: usize = 64 + crate::aead::OVERHEAD_BYTES;
/// Bytes of a serialised group element.
pub const ELEMENT_BYTES: usize = 32;
/// Bytes of a serialised proof.
pub const PROOF_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    #[test]
    fn a_handle_is_found_through_the_blind_evaluation_and_only_there() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(5);
        let service = Evaluator::from_seed(&[1; 32]).unwrap();
        let handle = Handle::parse("+32470123456").unwrap();
        let ask = |rng: &mut rand_chacha::ChaCha20Rng, service: &Evaluator, key: &[u8]| {
            let lookup = Lookup::begin(&handle, rng).unwrap();
            let (element, proof) = service.evaluate(&lookup.blinded, rng).unwrap();
            lookup.finish(&element, &proof, key)
        };
        let place = ask(&mut rng, &service, &service.public_key()).ok().unwrap();
        assert_eq!(place.tag, service.place_of(&handle).unwrap());
        let introduction = IntroductionKey([3; 32]);
        let row = place.seal_row(AccountId([2; 32]), &introduction, &mut rng);
        assert_eq!(row.len(), ROW_BYTES);
        let (account, opened) = place.open_row(&row).ok().unwrap();
        assert!(account == AccountId([2; 32]) && opened == introduction);

        let other = Evaluator::from_seed(&[2; 32]).unwrap();
        assert!(matches!(ask(&mut rng, &other, &service.public_key()), Err(SealError::NotGenuine)));
        assert!(service.evaluate(&[255; 32], &mut rng).is_err());
    }
}
