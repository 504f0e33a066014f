//! Pieces: what belongs to a slot and is too large to be said again with every commit (`docs/protocol/slot.md`).
//!
//! A piece is named and sealed by what it holds: equal bytes of one slot are one piece, whoever makes them, so that only what
//! has changed is ever sent. The key is a hash over bytes that nobody outside the conversation can guess.

use rand_core::{CryptoRng, RngCore};
use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::{PieceId, SlotId};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::SealError;
use crate::aead::{Key, derive, same, sha256};
use crate::padding::{open_padded, seal_padded};

/// Opens one piece, and finds it. Tells nothing of it when shown.
#[derive(
    Clone, PartialEq, Eq, PartialOrd, Ord, Zeroize, ZeroizeOnDrop, TlsSerialize, TlsDeserializeBytes, TlsSize,
)]
pub struct PieceKey(pub [u8; 32]);

impl std::fmt::Debug for PieceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PieceKey")
    }
}

/// A piece, sealed and padded, as the service keeps it.
#[derive(Clone)]
pub struct SealedPiece {
    /// Its name within the slot.
    pub id: PieceId,
    /// Of one of the sizes [`vocab::limits::PAYLOAD_SIZES`].
    pub bytes: Vec<u8>,
}

impl PieceKey {
    /// The key of a piece of a slot that holds `plain`.
    pub fn of(slot: SlotId, plain: &[u8]) -> Self {
        Self(sha256(&[b"valise piece v1", slot.as_bytes(), plain]))
    }

    /// A key of its own, for a piece that is to be found before what it holds is known.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// What the service knows it by.
    pub fn id(&self) -> PieceId {
        PieceId(derive(&self.0, "valise piece id v1"))
    }

    /// Seals a piece.
    ///
    /// # Errors
    /// [`SealError::TooLarge`] above the largest size.
    pub fn seal(
        &self,
        slot: SlotId,
        plain: &[u8],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<SealedPiece, SealError> {
        let bytes = seal_padded(&self.cipher(), slot.as_bytes(), plain, rng)?;
        Ok(SealedPiece { id: self.id(), bytes })
    }

    /// Opens a piece under a random key.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open(&self, slot: SlotId, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        open_padded(&self.cipher(), slot.as_bytes(), sealed)
    }

    /// Opens a piece whose key is of what it holds, and holds it to that.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open_own(&self, slot: SlotId, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let plain = self.open(slot, sealed)?;
        if same(&Self::of(slot, &plain).0, &self.0) { Ok(plain) } else { Err(SealError::NotGenuine) }
    }

    fn cipher(&self) -> Key {
        Key::derive(&self.0, "valise piece key v1")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    const SLOT: SlotId = SlotId([7; 16]);

    #[test]
    fn equal_bytes_of_a_slot_are_one_piece_and_of_another_slot_another() {
        let one = PieceKey::of(SLOT, b"eight leaves");
        assert!(one == PieceKey::of(SLOT, b"eight leaves"));
        assert!(one.id() != PieceKey::of(SlotId([8; 16]), b"eight leaves").id());
        assert!(one.id() != PieceKey::of(SLOT, b"other leaves").id());
        assert!(one.id().0 != one.0, "the name does not tell the key");
    }

    #[test]
    fn a_piece_opens_in_its_slot_as_what_it_was_and_as_nothing_else() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let key = PieceKey::of(SLOT, b"eight leaves");
        let mut sealed = key.seal(SLOT, b"eight leaves", &mut rng).unwrap();
        assert!(vocab::limits::PAYLOAD_SIZES.contains(&sealed.bytes.len()));
        assert_eq!(key.open_own(SLOT, &sealed.bytes).unwrap(), b"eight leaves");
        assert!(key.open_own(SlotId([8; 16]), &sealed.bytes).is_err());
        // Whoever knows the key has put something else in its place.
        let forged = key.seal(SLOT, b"other leaves", &mut rng).unwrap();
        assert_eq!(key.open_own(SLOT, &forged.bytes), Err(SealError::NotGenuine));
        sealed.bytes.truncate(300);
        assert!(key.open_own(SLOT, &sealed.bytes).is_err());
    }
}
