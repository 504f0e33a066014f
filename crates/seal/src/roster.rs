//! Rosters: the addresses of everybody in a slot, opened by the posting key that a request shows.

use rand_core::{CryptoRng, RngCore};
use vocab::AddressSecret;
use vocab::limits::SLOT_LEAVES_MAX;

use crate::aead::{Key, SealError, sha256};

/// SHA-256 of a posting key: what the service keeps of it.
pub fn posting_key_hash(posting_key: &[u8; 32]) -> [u8; 32] {
    sha256(&[b"valise posting key v1", posting_key])
}

/// Seals a roster under the epoch's posting key. Small ones are padded with dummies to 4, 8 or 16 entries.
///
/// # Errors
/// [`SealError::TooLarge`] above [`SLOT_LEAVES_MAX`].
pub fn seal(
    posting_key: &[u8; 32],
    addresses: &[AddressSecret],
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Vec<u8>, SealError> {
    if addresses.len() > SLOT_LEAVES_MAX {
        return Err(SealError::TooLarge);
    }
    let entries = PADDED_ENTRIES.into_iter().find(|n| *n >= addresses.len()).unwrap_or(addresses.len());
    let mut plain = vec![0; entries * ENTRY_BYTES];
    for (entry, address) in plain.chunks_exact_mut(ENTRY_BYTES).zip(addresses) {
        entry[0] = REAL;
        entry[1..].copy_from_slice(&address.0);
    }
    Ok(key(posting_key).seal(b"", &plain, rng))
}

/// Opens a roster; dummies are left out.
///
/// # Errors
/// [`SealError`].
pub fn open(posting_key: &[u8; 32], sealed: &[u8]) -> Result<Vec<AddressSecret>, SealError> {
    let plain = key(posting_key).open(b"", sealed)?;
    if plain.len() % ENTRY_BYTES != 0 || plain.len() / ENTRY_BYTES > SLOT_LEAVES_MAX {
        return Err(SealError::Malformed);
    }
    plain
        .chunks_exact(ENTRY_BYTES)
        .filter(|entry| entry[0] == REAL)
        .map(|entry| entry[1..].try_into().map(AddressSecret).map_err(|_| SealError::Malformed))
        .collect()
}

fn key(posting_key: &[u8; 32]) -> Key {
    Key::derive(posting_key, "valise roster v1")
}

const PADDED_ENTRIES: [usize; 3] = [4, 8, 16];
/// Bytes of one entry: whether it is one, and the address.
pub const ENTRY_BYTES: usize = 33;
const REAL: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    #[test]
    fn a_roster_of_two_and_one_of_four_have_one_length_and_hold_what_was_put_in() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(4);
        let addresses: Vec<_> = (0..4).map(|n| AddressSecret([n; 32])).collect();
        let two = seal(&[1; 32], &addresses[..2], &mut rng).unwrap();
        let four = seal(&[1; 32], &addresses, &mut rng).unwrap();
        assert_eq!(two.len(), four.len());
        assert!(open(&[1; 32], &two).unwrap() == addresses[..2]);
        assert!(open(&[2; 32], &two).is_err());
    }
}
