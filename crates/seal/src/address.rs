//! Addresses: where envelopes for one device in one conversation go (`docs/protocol/address.md`).

use rand_core::{CryptoRng, RngCore};
use tls_codec::{DeserializeBytes, Serialize, TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::limits::LAST_RESORT_SLOTS_MAX;
use vocab::{AddressKey, AddressSecret, MailboxId, SlotId};

use crate::aead::{Key, SealError, sha256};

/// What an address leads to. The service sees it only while a request shows `a`.
#[derive(Clone, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct AddressValue {
    /// The device's mailbox.
    pub mailbox: MailboxId,
    /// Every envelope is sealed again under this key ([`wrap`]): equal payloads would link mailboxes.
    pub wrap_key: [u8; 32],
    /// Opens the mailbox's push endpoint; zeros without one.
    pub push_key: [u8; 32],
    /// The slots that may deliver by this address.
    pub bound: Bound,
}

/// Which slots an address belongs to. Both forms have one length whatever they hold.
#[derive(Clone, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
#[repr(u8)]
pub enum Bound {
    /// To the first slot whose Welcome uses it; zeros until then.
    #[tls_codec(discriminant = 1)]
    Once([u8; 16]),
    /// A last-resort address: to up to [`LAST_RESORT_SLOTS_MAX`] slots, padded with zeros.
    #[tls_codec(discriminant = 2)]
    LastResort(Vec<SlotId>),
}

impl Bound {
    /// Free, for one slot.
    pub fn free() -> Self {
        Self::Once([0; 16])
    }

    /// Bound to one slot from the start (one's own address in a conversation one makes).
    pub fn to(slot: SlotId) -> Self {
        Self::Once(slot.0)
    }

    /// Free, for many.
    pub fn last_resort() -> Self {
        Self::LastResort(vec![SlotId([0; 16]); LAST_RESORT_SLOTS_MAX])
    }

    /// Whether the slot may deliver by it.
    pub fn allows(&self, slot: SlotId) -> bool {
        match self {
            Self::Once(bound) => *bound == slot.0,
            Self::LastResort(slots) => slots.contains(&slot),
        }
    }

    /// Binds the slot; false when it is bound elsewhere or full.
    #[must_use]
    pub fn bind(&mut self, slot: SlotId) -> bool {
        if self.allows(slot) {
            return true;
        }
        let place = match self {
            Self::Once(bound) => (*bound == [0; 16]).then_some(bound),
            Self::LastResort(slots) => slots.iter_mut().map(|s| &mut s.0).find(|s| **s == [0; 16]),
        };
        place.map(|place| *place = slot.0).is_some()
    }
}

/// What the service files the address under.
pub fn key_of(a: &AddressSecret) -> AddressKey {
    let hash = sha256(&[b"id", &a.0]);
    let mut key = [0; 16];
    key.copy_from_slice(&hash[..16]);
    AddressKey(key)
}

/// Seals an address's value under its secret.
pub fn seal(a: &AddressSecret, value: &AddressValue, rng: &mut (impl RngCore + CryptoRng)) -> Vec<u8> {
    let plain = value.tls_serialize_detached().expect("the value has a fixed, small length");
    Key::derive(&a.0, "valise address v1").seal(b"", &plain, rng)
}

/// Opens it.
///
/// # Errors
/// [`SealError::DoesNotOpen`], [`SealError::Malformed`].
pub fn open(a: &AddressSecret, sealed: &[u8]) -> Result<AddressValue, SealError> {
    let plain = Key::derive(&a.0, "valise address v1").open(b"", sealed)?;
    let value = AddressValue::tls_deserialize_exact_bytes(&plain).map_err(|_| SealError::Malformed)?;
    match &value.bound {
        Bound::LastResort(slots) if slots.len() != LAST_RESORT_SLOTS_MAX => Err(SealError::Malformed),
        _ => Ok(value),
    }
}

/// Seals an encoded delivery for one mailbox.
pub fn wrap(wrap_key: &[u8; 32], delivery: &[u8], rng: &mut (impl RngCore + CryptoRng)) -> Vec<u8> {
    Key::from_bytes(*wrap_key).seal(b"valise envelope v1", delivery, rng)
}

/// Opens what [`wrap`] sealed.
///
/// # Errors
/// [`SealError::DoesNotOpen`].
pub fn unwrap(wrap_key: &[u8; 32], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    Key::from_bytes(*wrap_key).open(b"valise envelope v1", sealed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    fn value(bound: Bound) -> AddressValue {
        AddressValue { mailbox: MailboxId([1; 16]), wrap_key: [2; 32], push_key: [0; 32], bound }
    }

    #[test]
    fn an_address_opens_with_its_secret_only_and_its_length_tells_nothing() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(3);
        let (a, b) = (AddressSecret([5; 32]), AddressSecret([6; 32]));
        let free = seal(&a, &value(Bound::free()), &mut rng);
        let bound = seal(&a, &value(Bound::to(SlotId([9; 16]))), &mut rng);
        assert_eq!(free.len(), bound.len());
        assert!(open(&a, &free).unwrap() == value(Bound::free()));
        assert!(matches!(open(&b, &free), Err(SealError::DoesNotOpen)));
    }

    #[test]
    fn an_address_is_bound_once_and_a_last_resort_one_to_sixty_four_slots() {
        let mut once = Bound::free();
        assert!(once.bind(SlotId([1; 16])) && once.bind(SlotId([1; 16])) && !once.bind(SlotId([2; 16])));
        let mut last = Bound::last_resort();
        for slot in 1..=64 {
            assert!(last.bind(SlotId([slot; 16])));
        }
        assert!(!last.bind(SlotId([65; 16])));
    }
}
