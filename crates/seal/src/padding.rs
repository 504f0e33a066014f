//! Padding to few sizes, so that a length tells little (T-30).
//!
//! Padded form: length (4 bytes, big-endian) ‖ bytes ‖ zeros.

use vocab::limits::PAYLOAD_SIZES;

use crate::SealError;
use crate::aead::{Key, OVERHEAD_BYTES};

/// Pads `plain` so that the sealed result has one of [`PAYLOAD_SIZES`], then seals it.
///
/// # Errors
/// [`SealError::TooLarge`] above the largest size.
pub fn seal_padded(
    key: &Key,
    context: &[u8],
    plain: &[u8],
    rng: &mut (impl rand_core::RngCore + rand_core::CryptoRng),
) -> Result<Vec<u8>, SealError> {
    let needed = LENGTH_BYTES + plain.len() + OVERHEAD_BYTES;
    let size = PAYLOAD_SIZES.into_iter().find(|size| *size >= needed).ok_or(SealError::TooLarge)?;
    Ok(key.seal(context, &pad(plain, size - OVERHEAD_BYTES)?, rng))
}

/// Opens what [`seal_padded`] made.
///
/// # Errors
/// [`SealError::DoesNotOpen`], [`SealError::Malformed`].
pub fn open_padded(key: &Key, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    if !PAYLOAD_SIZES.contains(&sealed.len()) {
        return Err(SealError::Malformed);
    }
    unpad(&key.open(context, sealed)?)
}

/// Pads to exactly `size` bytes.
///
/// # Errors
/// [`SealError::TooLarge`] when it does not fit.
pub fn pad(plain: &[u8], size: usize) -> Result<Vec<u8>, SealError> {
    let length = u32::try_from(plain.len()).map_err(|_| SealError::TooLarge)?;
    if plain.len() + LENGTH_BYTES > size {
        return Err(SealError::TooLarge);
    }
    let mut padded = Vec::with_capacity(size);
    padded.extend_from_slice(&length.to_be_bytes());
    padded.extend_from_slice(plain);
    padded.resize(size, 0);
    Ok(padded)
}

/// Takes the padding off again; anything but zeros in it is refused.
///
/// # Errors
/// [`SealError::Malformed`].
pub fn unpad(padded: &[u8]) -> Result<Vec<u8>, SealError> {
    let (length, rest) = padded.split_first_chunk::<LENGTH_BYTES>().ok_or(SealError::Malformed)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| SealError::Malformed)?;
    let (plain, zeros) = rest.split_at_checked(length).ok_or(SealError::Malformed)?;
    if zeros.iter().any(|byte| *byte != 0) { Err(SealError::Malformed) } else { Ok(plain.to_vec()) }
}

const LENGTH_BYTES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::{RngCore, SeedableRng};

    #[test]
    fn ten_thousand_texts_make_at_most_twelve_sizes() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let key = Key::random(&mut rng);
        let mut sizes = std::collections::BTreeSet::new();
        for round in 0..10_000u32 {
            let plain = vec![7; (rng.next_u32() % (1 << (round % 17))) as usize];
            let sealed = seal_padded(&key, b"t", &plain, &mut rng).unwrap();
            sizes.insert(sealed.len());
            assert_eq!(open_padded(&key, b"t", &sealed).unwrap(), plain);
        }
        assert!(sizes.len() <= 12, "{sizes:?}");
    }

    #[test]
    fn a_changed_byte_another_context_or_a_false_length_does_not_open() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(2);
        let key = Key::random(&mut rng);
        let mut sealed = seal_padded(&key, b"t", b"hello", &mut rng).unwrap();
        assert_eq!(open_padded(&key, b"u", &sealed), Err(SealError::DoesNotOpen));
        assert_eq!(open_padded(&key, b"t", &sealed[1..]), Err(SealError::Malformed));
        sealed[100] ^= 1;
        assert_eq!(open_padded(&key, b"t", &sealed), Err(SealError::DoesNotOpen));
        assert_eq!(unpad(&[0, 0, 0, 9, 1]), Err(SealError::Malformed));
        assert_eq!(unpad(&[0, 0, 0, 1, 1, 2]), Err(SealError::Malformed));
    }
}
