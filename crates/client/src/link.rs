//! What two devices say to each other when one is linked, and how it is sealed (`docs/protocol/linking.md`). The machine that
//! says it is in `linking`.
//!
//! Four messages lie one after the other at places that follow from the link's secret. The new device is bound to what it
//! says first by the link, and to its random part by a commitment; only when the old device's random part is fixed, the new
//! one reveals its own. The number both compute depends on all of it, so that whoever stands between the two would have to
//! guess it (T-07).

use crypto::handover::{HandoverKey, seal_to};
use crypto::seal::aead::{Key, derive, sha256};
use crypto::seal::padding::{open_padded, seal_padded};
use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::{AccountId, DeviceId, SlotId};
use wire::{Bytes, Decode, Encode};

use crate::shared::Shared;
use crate::step::{Halting, Step};

/// What a device link carries besides the server's address. No `Debug` of its contents.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkSecrets {
    /// Where the two devices meet.
    pub secret: [u8; 32],
    /// SHA-256 of the new device's [`Hello`].
    pub hello: [u8; 32],
}

impl std::fmt::Debug for LinkSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkSecrets")
    }
}

/// From the new device: who it is, and the key that everything for it is sealed to.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct Hello {
    pub handover_key: Bytes,
    pub device: DeviceId,
    pub key: [u8; 32],
    pub signature: Bytes,
    pub commitment: [u8; 32],
    pub name: Bytes,
}

/// From the old device, sealed to the new one's key.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct Knock {
    pub account: AccountId,
    pub device: DeviceId,
    pub key: [u8; 32],
    pub nonce: [u8; 32],
    pub name: Bytes,
}

/// From the new device: what its commitment holds, and whose knock it heard.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct Reveal {
    pub nonce: [u8; 32],
    pub knock: [u8; 32],
}

/// From the old device: the account, sealed to the new one's key; nothing for a refusal.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct Granted {
    pub sealed: Bytes,
}

/// What a new device needs: as secret as the account itself.
#[derive(Clone, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct Grant {
    pub device_chain: Bytes,
    pub introduction: [u8; 32],
    pub name: Bytes,
    pub handle: Bytes,
    pub history: [u8; 32],
    pub shared: Shared,
    pub slots: Vec<GrantedSlot>,
    pub devices: Vec<DeviceName>,
}

/// A conversation that a new device comes into.
#[derive(Clone, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct GrantedSlot {
    pub slot: SlotId,
    pub generation: u32,
    pub conversation: [u8; 16],
    pub with: Bytes,
    pub r: [u8; 32],
    pub position: u64,
}

/// What a person calls one of their devices; told among their own devices only (T-09).
#[derive(Clone, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct DeviceName {
    pub device: DeviceId,
    pub name: Bytes,
}

/// Told in the own devices' conversation.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct DeviceNames {
    pub devices: Vec<DeviceName>,
}

/// Tells nothing of it.
impl std::fmt::Debug for GrantedSlot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GrantedSlot")
    }
}

/// Tells nothing of it.
impl std::fmt::Debug for DeviceName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceName")
    }
}

/// Where each message lies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Hello,
    Knock,
    Reveal,
    Grant,
}

impl Place {
    pub const ALL: [Self; 4] = [Self::Hello, Self::Knock, Self::Reveal, Self::Grant];

    /// Names it in an intent.
    pub fn subject(self) -> &'static [u8] {
        match self {
            Self::Hello => b"link: hello",
            Self::Knock => b"link: knock",
            Self::Reveal => b"link: reveal",
            Self::Grant => b"link: grant",
        }
    }

    pub fn of_subject(subject: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.subject() == subject)
    }

    fn seed(self, secret: &[u8; 32]) -> [u8; 32] {
        derive(
            secret,
            match self {
                Self::Hello => "valise link hello v1",
                Self::Knock => "valise link knock v1",
                Self::Reveal => "valise link reveal v1",
                Self::Grant => "valise link grant v1",
            },
        )
    }

    pub fn capability(self, secret: &[u8; 32]) -> [u8; 32] {
        derive(&self.seed(secret), "valise link capability v1")
    }

    fn key(self, secret: &[u8; 32]) -> Key {
        Key::derive(&self.seed(secret), "valise link key v1")
    }

    pub fn open<T: Decode>(self, secret: &[u8; 32], sealed: &[u8]) -> Halting<(T, Vec<u8>)> {
        let plain = open_padded(&self.key(secret), b"", sealed)?;
        Ok((T::decode(&plain)?, plain))
    }
}

impl Step<'_> {
    /// Leaves a message at its place.
    pub fn say_at(&mut self, place: Place, secret: &[u8; 32], message: &impl Encode) -> Halting<()> {
        let sealed = seal_padded(&place.key(secret), b"", &message.encode()?, self.rng)?;
        self.put_blob(place.subject(), place.capability(secret), LINK_BLOB_DAYS, sealed)
    }

    /// Waits for the one at a place.
    pub fn listen_at(&mut self, place: Place, secret: &[u8; 32]) -> Halting<()> {
        self.await_blob(place.subject(), place.capability(secret))
    }
}

/// What the old device says, for the new one's eyes.
pub(crate) fn seal_knock(hello: &[u8; 32], handover_key: &[u8], knock: &[u8]) -> Halting<Granted> {
    Ok(Granted { sealed: seal_to(handover_key, &knock_info(hello), knock)?.into() })
}

pub(crate) fn open_knock(hello: &[u8; 32], key: &HandoverKey, granted: &Granted) -> Halting<Vec<u8>> {
    Ok(key.open(&knock_info(hello), granted.sealed.as_slice())?)
}

/// Everything both have said: the grant opens for these two and no others.
pub(crate) fn transcript(hello: &[u8; 32], knock: &[u8; 32], reveal: &[u8; 32]) -> Vec<u8> {
    [b"valise link transcript v1".as_slice(), hello, knock, reveal].concat()
}

/// The number the new device shows and the old one asks for.
pub(crate) fn number(hello: &[u8; 32], knock: &[u8; 32], reveal: &[u8; 32]) -> String {
    let hash = sha256(&[b"valise link number v1", hello, knock, reveal]);
    let [a, b, c, d, e, f, g, h, ..] = hash;
    let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % 10_u64.pow(LINK_DIGITS);
    format!("{number:0width$}", width = LINK_DIGITS as usize)
}

/// Binds the new device to a random part before it hears the other's.
pub(crate) fn commitment(nonce: &[u8; 32]) -> [u8; 32] {
    sha256(&[b"valise link commitment v1", nonce])
}

fn knock_info(hello: &[u8; 32]) -> Vec<u8> {
    [b"valise link knock sealed v1".as_slice(), hello].concat()
}

/// Digits of the number: one guess in a million, three guesses.
pub const LINK_DIGITS: u32 = 6;
/// The messages are taken away when they are read; what is left of an attempt that ended badly goes by itself.
const LINK_BLOB_DAYS: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_depends_on_everything_that_was_said() {
        let said = |a, b, c| number(&[a; 32], &[b; 32], &[c; 32]);
        assert_eq!(said(1, 2, 3).len(), 6);
        assert_eq!(said(1, 2, 3), said(1, 2, 3));
        let others = [said(0, 2, 3), said(1, 0, 3), said(1, 2, 0)];
        assert!(others.iter().all(|other| *other != said(1, 2, 3)), "{others:?}");
    }

    #[test]
    fn every_place_is_another_one() {
        let all: std::collections::BTreeSet<_> =
            Place::ALL.into_iter().map(|place| place.capability(&[1; 32])).collect();
        assert_eq!(all.len(), 4);
    }
}
