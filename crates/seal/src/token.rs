//! Tokens: earned by an account, shown by nobody. VOPRF (RFC 9497, ristretto255-SHA512), a key pair for each day.

use rand_core::{CryptoRng, RngCore};
use vocab::Day;
use vocab::limits::TOKEN_DAYS;
use voprf::{BlindedElement, EvaluationElement, Group, Proof, Ristretto255, VoprfClient, VoprfServer};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::SealError;
use crate::aead::{same, sha256};
use crate::directory::{ELEMENT_BYTES, PROOF_BYTES, exactly};

/// A token. Whoever shows it may use it: no `Debug`, wiped on drop.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Token {
    /// The day of the key it was made with.
    #[zeroize(skip)]
    pub day: Day,
    /// Random.
    pub nonce: [u8; 32],
    /// What the key makes of it.
    pub value: [u8; 32],
}

/// Whether a token of that day is good today. One of tomorrow is, for a clock that was set back over midnight.
pub fn is_good(day: Day, today: Day) -> bool {
    day <= today.plus(1) && today <= day.plus(TOKEN_DAYS)
}

/// What is noted of a token that was shown: nothing that could be shown again.
pub fn spent_key(nonce: &[u8; 32]) -> [u8; 32] {
    sha256(&[b"valise token spent v1", nonce])
}

/// The service's key of one day.
pub struct Issuer {
    day: Day,
    key: VoprfServer<Ristretto255>,
}

/// What an issuer made of a batch.
pub struct Batch {
    /// In the order of the blinded elements, 32 bytes each.
    pub evaluated: Vec<Vec<u8>>,
    /// One proof for all, 64 bytes.
    pub proof: Vec<u8>,
}

impl Issuer {
    /// Derives the key pair of a day from a secret seed (RFC 9497, `DeriveKeyPair`).
    ///
    /// # Errors
    /// [`SealError::Malformed`], which no 32-byte seed is known to cause.
    pub fn of_day(seed: &[u8; 32], day: Day) -> Result<Self, SealError> {
        let info = [&b"valise token v1"[..], &day.0.to_be_bytes()].concat();
        let key = VoprfServer::new_from_seed(seed, &info).map_err(|_| SealError::Malformed)?;
        Ok(Self { day, key })
    }

    /// Its day.
    pub fn day(&self) -> Day {
        self.day
    }

    /// The public key, 32 bytes, that clients check proofs against.
    pub fn public_key(&self) -> Vec<u8> {
        Ristretto255::serialize_elem(self.key.get_public_key()).to_vec()
    }

    /// Evaluates blinded elements, all or none.
    ///
    /// # Errors
    /// [`SealError::Malformed`] when there are none, or one is no group element.
    pub fn evaluate<'a>(
        &self,
        blinded: impl Iterator<Item = &'a [u8]>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Batch, SealError> {
        let blinded = blinded
            .map(|element| BlindedElement::deserialize(exactly(element, ELEMENT_BYTES)?).map_err(malformed))
            .collect::<Result<Vec<BlindedElement<Ristretto255>>, _>>()?;
        if blinded.is_empty() {
            return Err(SealError::Malformed);
        }
        let result = self.key.batch_blind_evaluate(rng, &blinded).map_err(malformed)?;
        Ok(Batch {
            evaluated: result.messages.iter().map(|element| element.serialize().to_vec()).collect(),
            proof: result.proof.serialize().to_vec(),
        })
    }

    /// Whether this key made the token.
    pub fn made(&self, token: &Token) -> bool {
        let output = self.key.evaluate(&token.nonce);
        token.day == self.day && output.is_ok_and(|output| same(&value_of(&output), &token.value))
    }
}

/// Tokens being earned: what was blinded, to be finished with the service's answer. It follows from a seed alone, so that it
/// can be made again after a restart.
pub struct Earning {
    nonces: Vec<[u8; 32]>,
    states: Vec<VoprfClient<Ristretto255>>,
    /// The blinded elements to send, 32 bytes each.
    pub blinded: Vec<Vec<u8>>,
}

impl Earning {
    /// Draws and blinds so many nonces.
    ///
    /// # Errors
    /// [`SealError::Malformed`], which no nonce causes.
    pub fn begin(count: usize, rng: &mut (impl RngCore + CryptoRng)) -> Result<Self, SealError> {
        let mut earning = Self { nonces: Vec::new(), states: Vec::new(), blinded: Vec::new() };
        for _ in 0..count {
            let mut nonce = [0; 32];
            rng.fill_bytes(&mut nonce);
            let blind = VoprfClient::blind(&nonce, rng).map_err(malformed)?;
            earning.nonces.push(nonce);
            earning.states.push(blind.state);
            earning.blinded.push(blind.message.serialize().to_vec());
        }
        Ok(earning)
    }

    /// Unblinds, and checks that the service used the key it names for all of them.
    ///
    /// # Errors
    /// [`SealError::Malformed`], [`SealError::NotGenuine`].
    pub fn finish<'a>(
        &self,
        day: Day,
        evaluated: impl Iterator<Item = &'a [u8]>,
        proof: &[u8],
        service_key: &[u8],
    ) -> Result<Vec<Token>, SealError> {
        let evaluated = evaluated
            .map(|element| {
                EvaluationElement::deserialize(exactly(element, ELEMENT_BYTES)?).map_err(malformed)
            })
            .collect::<Result<Vec<EvaluationElement<Ristretto255>>, _>>()?;
        if evaluated.len() != self.states.len() {
            return Err(SealError::Malformed);
        }
        let proof = Proof::deserialize(exactly(proof, PROOF_BYTES)?).map_err(malformed)?;
        let key = Ristretto255::deserialize_elem(exactly(service_key, ELEMENT_BYTES)?).map_err(malformed)?;
        let outputs = VoprfClient::batch_finalize(&self.nonces, &self.states, &evaluated, &proof, key)
            .map_err(|_| SealError::NotGenuine)?;
        let tokens = self.nonces.iter().zip(outputs).map(|(nonce, output)| {
            let output = output.map_err(|_| SealError::NotGenuine)?;
            Ok(Token { day, nonce: *nonce, value: value_of(&output) })
        });
        tokens.collect()
    }
}

fn value_of(output: &[u8]) -> [u8; 32] {
    sha256(&[b"valise token output v1", output])
}

fn malformed(_: voprf::Error) -> SealError {
    SealError::Malformed
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    const DAY: Day = Day(20_000);

    fn issuer(seed: u8, day: Day) -> Issuer {
        Issuer::of_day(&[seed; 32], day).ok().unwrap()
    }

    fn earn(
        by: &Issuer,
        as_key: &[u8],
        count: usize,
        rng: &mut ChaCha20Rng,
    ) -> Result<Vec<Token>, SealError> {
        let earning = Earning::begin(count, rng)?;
        let batch = by.evaluate(earning.blinded.iter().map(Vec::as_slice), rng)?;
        earning.finish(by.day(), batch.evaluated.iter().map(Vec::as_slice), &batch.proof, as_key)
    }

    #[test]
    fn a_batch_is_earned_with_one_proof_and_each_token_is_good_with_its_key_only() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let service = issuer(1, DAY);
        let tokens = earn(&service, &service.public_key(), 16, &mut rng).ok().unwrap();
        assert_eq!(tokens.len(), 16);
        assert!(tokens.iter().all(|token| service.made(token)));
        let (another_day, another) = (issuer(1, DAY.plus(1)), issuer(2, DAY));
        assert!(tokens.iter().all(|token| !another_day.made(token) && !another.made(token)));
        assert!(
            !another_day.made(&Token { day: DAY.plus(1), ..tokens[0].clone() }),
            "another day is written on it"
        );
        assert!(!service.made(&Token { nonce: [7; 32], ..tokens[0].clone() }));
        assert!(!service.made(&Token { value: tokens[1].value, ..tokens[0].clone() }));
    }

    #[test]
    fn a_service_that_uses_another_key_for_somebody_than_it_says_is_not_believed() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let (said, used) = (issuer(1, DAY), issuer(2, DAY));
        assert!(matches!(earn(&used, &said.public_key(), 4, &mut rng), Err(SealError::NotGenuine)));
        // One of a batch made with another key spoils the proof.
        let earning = Earning::begin(2, &mut rng).ok().unwrap();
        let blinded = || earning.blinded.iter().map(Vec::as_slice);
        let mut batch = said.evaluate(blinded(), &mut rng).ok().unwrap();
        batch.evaluated[1] = used.evaluate(blinded(), &mut rng).ok().unwrap().evaluated[1].clone();
        let evaluated = batch.evaluated.iter().map(Vec::as_slice);
        let finished = earning.finish(DAY, evaluated, &batch.proof, &said.public_key());
        assert!(matches!(finished, Err(SealError::NotGenuine)));
    }

    #[test]
    fn a_batch_follows_from_its_seed_and_garbage_is_refused() {
        let begin = || Earning::begin(3, &mut ChaCha20Rng::seed_from_u64(3)).ok().unwrap();
        assert_eq!(begin().blinded, begin().blinded);
        let (service, mut rng) = (issuer(1, DAY), ChaCha20Rng::seed_from_u64(4));
        for bad in [&[255; 32][..], &[0; 32], &[1; 31], &[]] {
            assert!(service.evaluate([bad].into_iter(), &mut rng).is_err(), "{bad:?}");
        }
        assert!(service.evaluate([].into_iter(), &mut rng).is_err());
        let key = service.public_key();
        for evaluated in [vec![], vec![&[255; 32][..]; 3], vec![&[1; 31][..]; 3]] {
            assert!(begin().finish(DAY, evaluated.into_iter(), &[0; 64], &key).is_err());
        }
    }

    #[test]
    fn a_token_is_good_on_its_day_and_the_next() {
        let good = [-2_i64, -1, 0, 1, 2].map(|days| is_good(DAY, Day(u32::try_from(20_000 + days).unwrap())));
        assert_eq!(good, [false, true, true, true, false]);
    }
}
