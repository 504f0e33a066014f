//! Attachments: files cut into chunks, each sealed by itself under one secret (decision 0015, `docs/protocol/attachment.md`).
//!
//! A chunk is a commitment to the key, 32 bytes, and what STREAM makes of its part of the file: XChaCha20-Poly1305 with the number of
//! the chunk, and whether it is the last, in the nonce (Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-Encryption and its
//! Nonce-Reuse Misuse-Resistance", CRYPTO 2015). So any chunk opens alone, none can stand elsewhere, none can be left out at the end, and
//! none opens under a second key. The key is used for one file only, and each of its nonces for one chunk.

use chacha20poly1305::aead::Payload;
use chacha20poly1305::aead::stream::{NewStream, StreamBE32, StreamPrimitive};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use rand_core::{CryptoRng, RngCore};
use seal::SealError;
use seal::aead::{derive, same, sha256};
use vocab::limits::PAYLOAD_SIZES;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// What opens an attachment and leads to its chunks: fresh for each. Wiped on drop; no `Debug`.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct AttachmentSecret(pub [u8; 32]);

impl AttachmentSecret {
    /// A fresh one.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut secret = [0; 32];
        rng.fill_bytes(&mut secret);
        Self(secret)
    }

    /// The capability of the blob that a chunk is. Without the secret no two can be told to belong together.
    pub fn capability(&self, number: u32) -> [u8; 32] {
        derive(&derive(&self.0, "valise attachment place v1"), &format!("chunk {number}"))
    }

    /// Seals a chunk: `plain` is what [`Layout::part`] says, the rest is zeros.
    ///
    /// # Errors
    /// [`SealError::Malformed`] when the file has no such chunk, or `plain` another length.
    pub fn seal_chunk(&self, layout: &Layout, number: u32, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let (_, bytes) = layout.part(number)?;
        if plain.len() != bytes {
            return Err(SealError::Malformed);
        }
        let mut padded = Vec::with_capacity(layout.plain_bytes());
        padded.extend_from_slice(plain);
        padded.resize(layout.plain_bytes(), 0);
        let commitment = self.commitment();
        let payload = Payload { msg: &padded, aad: &commitment };
        let sealed = self
            .stream()
            .encrypt(number, layout.is_last(number), payload)
            .map_err(|_| SealError::TooLarge)?;
        Ok([&commitment[..], &sealed].concat())
    }

    /// Opens a chunk: the part of the file in it, without what pads it.
    ///
    /// # Errors
    /// [`SealError::Malformed`] for another length or padding, [`SealError::DoesNotOpen`] for another key, place or content.
    pub fn open_chunk(&self, layout: &Layout, number: u32, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (_, bytes) = layout.part(number)?;
        if sealed.len() != layout.sealed_bytes {
            return Err(SealError::Malformed);
        }
        let (commitment, body) = sealed.split_at_checked(COMMITMENT_BYTES).ok_or(SealError::Malformed)?;
        if !same(commitment, &self.commitment()) {
            return Err(SealError::DoesNotOpen);
        }
        let payload = Payload { msg: body, aad: commitment };
        let mut plain = self
            .stream()
            .decrypt(number, layout.is_last(number), payload)
            .map_err(|_| SealError::DoesNotOpen)?;
        if plain.get(bytes..).is_none_or(|rest| rest.iter().any(|byte| *byte != 0)) {
            return Err(SealError::Malformed);
        }
        plain.truncate(bytes);
        Ok(plain)
    }

    fn commitment(&self) -> [u8; COMMITMENT_BYTES] {
        derive(&self.0, "valise attachment commitment v1")
    }

    fn stream(&self) -> StreamBE32<XChaCha20Poly1305> {
        let mut key = derive(&self.0, "valise attachment v1");
        let cipher = XChaCha20Poly1305::new((&key).into());
        key.zeroize();
        // The key is never used for another file, so that the nonce has nothing to tell but the chunk.
        StreamBE32::from_aead(cipher, &[0; NONCE_PREFIX_BYTES].into())
    }
}

/// How a file is cut: follows from its size alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    size: u64,
    sealed_bytes: usize,
    chunks: u32,
}

impl Layout {
    /// For a file of so many bytes.
    ///
    /// # Errors
    /// [`SealError::TooLarge`] above [`ATTACHMENT_BYTES_MAX`].
    pub fn of(size: u64) -> Result<Self, SealError> {
        if size > ATTACHMENT_BYTES_MAX {
            return Err(SealError::TooLarge);
        }
        let alone = PAYLOAD_SIZES
            .into_iter()
            .filter(|sealed| *sealed <= CHUNK_BYTES_SMALL)
            .find(|sealed| (*sealed - OVERHEAD_BYTES) as u64 >= size);
        if let Some(sealed_bytes) = alone {
            return Ok(Self { size, sealed_bytes, chunks: 1 });
        }
        let sealed_bytes = if size <= SMALL_UP_TO { CHUNK_BYTES_SMALL } else { CHUNK_BYTES_LARGE };
        let needed = size.div_ceil((sealed_bytes - OVERHEAD_BYTES) as u64);
        let chunks = u32::try_from(rounded_up(needed)).map_err(|_| SealError::TooLarge)?;
        Ok(Self { size, sealed_bytes, chunks })
    }

    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Chunks, those that only pad it included.
    pub fn chunks(&self) -> u32 {
        self.chunks
    }

    /// Bytes of each, sealed.
    pub fn sealed_bytes(&self) -> usize {
        self.sealed_bytes
    }

    /// Bytes of the file in a full one.
    pub fn plain_bytes(&self) -> usize {
        self.sealed_bytes - OVERHEAD_BYTES
    }

    /// Where the part in a chunk begins in the file, and its length: less than full in the last that holds any, 0 behind it.
    ///
    /// # Errors
    /// [`SealError::Malformed`] when there is no such chunk.
    pub fn part(&self, number: u32) -> Result<(u64, usize), SealError> {
        if number >= self.chunks {
            return Err(SealError::Malformed);
        }
        let full = self.plain_bytes() as u64;
        let begin = u64::from(number) * full;
        let bytes = self.size.saturating_sub(begin).min(full);
        Ok((begin.min(self.size), usize::try_from(bytes).map_err(|_| SealError::Malformed)?))
    }

    /// The chunk that holds this byte of the file.
    pub fn chunk_at(&self, offset: u64) -> u32 {
        u32::try_from(offset / self.plain_bytes() as u64).unwrap_or(u32::MAX).min(self.chunks - 1)
    }

    fn is_last(&self, number: u32) -> bool {
        number + 1 == self.chunks
    }
}

/// Rounds a number of chunks up so that few different ones exist: Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files
/// and Communication with PURBs", 2019), at most 12 % more.
fn rounded_up(chunks: u64) -> u64 {
    let Some(exponent) = chunks.checked_ilog2() else { return chunks };
    let Some(bits) = exponent.checked_ilog2() else { return chunks };
    let mask = (1_u64 << (exponent - (bits + 1).min(exponent))) - 1;
    (chunks + mask) & !mask
}

/// Of one sealed chunk.
pub fn chunk_hash(sealed: &[u8]) -> [u8; 32] {
    sha256(&[sealed])
}

/// Of the whole, from the hashes of all chunks in their order: what the message names.
pub fn whole_hash<'a>(chunks: impl IntoIterator<Item = &'a [u8; 32]>) -> [u8; 32] {
    let all: Vec<u8> = chunks.into_iter().flatten().copied().collect();
    sha256(&[&all])
}

/// Largest attachment, bytes: 2 GiB.
pub const ATTACHMENT_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// Files of up to so many bytes are cut into small chunks: on a bad line little is sent twice.
const SMALL_UP_TO: u64 = 16 * 1024 * 1024;
/// Sealed bytes of a chunk of those.
const CHUNK_BYTES_SMALL: usize = PAYLOAD_SIZES[9];
/// And of larger files.
const CHUNK_BYTES_LARGE: usize = PAYLOAD_SIZES[10];
/// Commitment and tag.
const OVERHEAD_BYTES: usize = COMMITMENT_BYTES + 16;
const COMMITMENT_BYTES: usize = 32;
const NONCE_PREFIX_BYTES: usize = 19;

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    fn secret(seed: u64) -> AttachmentSecret {
        AttachmentSecret::random(&mut ChaCha20Rng::seed_from_u64(seed))
    }

    #[test]
    fn files_of_all_sizes_are_cut_into_few_shapes() {
        let mib = 1024 * 1024;
        for (size, sealed, chunks) in [
            (0, 512, 1),
            (464, 512, 1),
            (465, 1_024, 1),
            (200_000, 262_144, 1),
            (262_096, 262_144, 1),
            (262_097, 262_144, 2),
            (mib, 262_144, 5),
            (10 * mib, 262_144, 44),
            (17 * mib, mib, 18),
            (2_048 * mib, mib, 2_176),
        ] {
            let layout = Layout::of(size).unwrap();
            assert_eq!((layout.sealed_bytes() as u64, layout.chunks()), (sealed, chunks), "{size} bytes");
            let all: u64 = (0..chunks).map(|number| layout.part(number).unwrap().1 as u64).sum();
            assert_eq!(all, size);
        }
        assert_eq!(Layout::of(ATTACHMENT_BYTES_MAX + 1), Err(SealError::TooLarge));
        let shapes: std::collections::BTreeSet<_> = (0..=8_192_u64)
            .map(|step| Layout::of(step * 262_144).unwrap())
            .map(|layout| (layout.sealed_bytes(), layout.chunks()))
            .collect();
        assert!(shapes.len() < 140, "{}", shapes.len());
        for needed in 1..100_000_u64 {
            let chunks = rounded_up(needed);
            assert!(chunks >= needed && chunks * 100 <= needed * 112, "{needed} became {chunks}");
        }
    }

    #[test]
    fn every_chunk_opens_alone_in_its_place_and_under_its_key_only() {
        let file: Vec<u8> = (0..600_000_u32).map(|byte| (byte % 251) as u8).collect();
        let layout = Layout::of(file.len() as u64).unwrap();
        let ours = secret(1);
        let chunks: Vec<Vec<u8>> = (0..layout.chunks())
            .map(|number| {
                let (begin, bytes) = layout.part(number).unwrap();
                ours.seal_chunk(&layout, number, &file[begin as usize..][..bytes]).unwrap()
            })
            .collect();
        for number in (0..layout.chunks()).rev() {
            let (begin, bytes) = layout.part(number).unwrap();
            let opened = ours.open_chunk(&layout, number, &chunks[number as usize]).unwrap();
            assert!(opened == file[begin as usize..][..bytes]);
        }
        let refused = |secret: &AttachmentSecret, layout: &Layout, number: u32, sealed: &[u8]| {
            secret.open_chunk(layout, number, sealed).unwrap_err()
        };
        assert_eq!(refused(&ours, &layout, 1, &chunks[0]), SealError::DoesNotOpen, "moved");
        assert_eq!(refused(&secret(2), &layout, 0, &chunks[0]), SealError::DoesNotOpen, "another key");
        for place in [0, 31, 32, 5_000, chunks[0].len() - 1] {
            let mut changed = chunks[0].clone();
            changed[place] ^= 1;
            assert_eq!(refused(&ours, &layout, 0, &changed), SealError::DoesNotOpen, "byte {place} changed");
        }
        assert_eq!(refused(&ours, &layout, 0, &chunks[0][1..]), SealError::Malformed);
        assert_eq!(refused(&ours, &layout, 9, &chunks[0]), SealError::Malformed);
        // Cut at a chunk: what would then be the last was not sealed as that.
        let shorter = Layout::of(400_000).unwrap();
        assert_eq!(shorter.chunks(), 2);
        assert_eq!(refused(&ours, &shorter, 1, &chunks[1]), SealError::DoesNotOpen, "the end cut off");
        // Said to be longer than it is, or shorter within the last chunk: what pads it is not zeros, or is counted as content.
        let lying = Layout::of(599_999).unwrap();
        assert_eq!(refused(&ours, &lying, 2, &chunks[2]), SealError::Malformed);
    }

    #[test]
    fn every_chunk_has_a_place_of_its_own() {
        let (one, two) = (secret(3), secret(4));
        let all = [one.capability(0), one.capability(1), two.capability(0)];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn the_hash_of_the_whole_depends_on_every_chunk_and_their_order() {
        let (a, b) = (chunk_hash(b"a"), chunk_hash(b"b"));
        assert_ne!(whole_hash([&a, &b]), whole_hash([&b, &a]));
        assert_ne!(whole_hash([&a]), whole_hash([&a, &b]));
    }
}
