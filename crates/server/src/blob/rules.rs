//! What a blob may be, and what it counts, without database.

use vocab::limits::{BLOB_DAYS_MAX, BLOB_FREE_BYTES_MAX, BLOB_FREE_DAYS, PAYLOAD_BYTES_MAX, PAYLOAD_SIZES};
use wire::Refusal;
use wire::blob::PutBlob;

/// It has one of twelve sizes and is kept for a bounded time.
///
/// # Errors
/// `TooLarge`, `Malformed`.
pub fn check_put(request: &PutBlob) -> Result<(), Refusal> {
    let bytes = request.sealed.len();
    if bytes > PAYLOAD_BYTES_MAX || request.days > BLOB_DAYS_MAX {
        Err(Refusal::TooLarge)
    } else if request.days == 0 || !PAYLOAD_SIZES.contains(&bytes) {
        Err(Refusal::Malformed)
    } else {
        Ok(())
    }
}

/// Bytes it takes from a token: none for what links a device, which has no account to earn from yet.
pub fn cost(request: &PutBlob) -> u64 {
    let bytes = request.sealed.len();
    let free = bytes <= BLOB_FREE_BYTES_MAX && request.days <= BLOB_FREE_DAYS;
    if free { 0 } else { bytes as u64 }
}

/// What so many bytes count in a network's hour: small things one, large ones by size.
pub fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX).max(1)
}

/// What asking about so many counts.
pub fn units_of_asking(capabilities: usize) -> u32 {
    u32::try_from(capabilities.div_ceil(ASKED_PER_UNIT)).unwrap_or(u32::MAX).max(1)
}

/// Bytes of a unit.
pub const UNIT_BYTES: usize = 64 * 1024;
/// Capabilities asked about that count as one unit: each is one look at an index.
pub const ASKED_PER_UNIT: usize = 16;
/// Units one network puts within an hour: 1 GiB, several long histories.
pub const PUT_UNITS_PER_HOUR: u32 = 16 * 1024;
/// Units one network fetches, asks for in vain or deletes within an hour: a device that is being linked asks every second.
pub const FETCH_UNITS_PER_HOUR: u32 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn put(bytes: usize, days: u32) -> PutBlob {
        PutBlob {
            capability: wire::Secret32([1; 32]),
            days,
            sealed: vec![0; bytes].into(),
            token: None,
            extensions: vec![],
        }
    }

    #[test]
    fn a_blob_has_a_padded_size_and_a_bounded_life() {
        for (bytes, days, expected) in [
            (512, 1, Ok(())),
            (4_194_304, 30, Ok(())),
            (511, 1, Err(Refusal::Malformed)),
            (0, 1, Err(Refusal::Malformed)),
            (512, 0, Err(Refusal::Malformed)),
            (512, 31, Err(Refusal::TooLarge)),
            (4_194_305, 1, Err(Refusal::TooLarge)),
        ] {
            assert_eq!(check_put(&put(bytes, days)), expected, "{bytes} bytes, {days} days");
        }
    }

    #[test]
    fn only_what_is_small_and_short_lived_is_free() {
        let costs =
            [(16_384, 1), (16_384, 2), (32_768, 1), (512, 30)].map(|(bytes, days)| cost(&put(bytes, days)));
        assert_eq!(costs, [0, 16_384, 32_768, 512]);
    }

    #[test]
    fn large_ones_count_by_size() {
        assert_eq!([0, 512, UNIT_BYTES, UNIT_BYTES + 1, 4_194_304].map(units), [1, 1, 1, 2, 64]);
        assert_eq!([1, 16, 17, 256].map(units_of_asking), [1, 1, 2, 16]);
    }
}
