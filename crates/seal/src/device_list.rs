//! Device lists: the chain that says which devices an account has (`docs/protocol/device.md`).
//!
//! Each version is signed by a device, or the recovery key, of the version before; the first by its only device. The
//! account's id is the hash of the first. A removed device can therefore certify nothing later (T-08).

use tls_codec::{DeserializeBytes, Serialize, TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::limits::DEVICES_MAX;
use vocab::{AccountId, DeviceId};

use crate::aead::{SealError, sha256};
use crate::challenge::{sign_bytes, verify_bytes};

/// One device of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct DeviceEntry {
    /// Random, never reused.
    pub device: DeviceId,
    /// Ed25519 key: signs in MLS, at the account door and in device lists, each under its own label.
    pub key: [u8; 32],
}

/// One version, with its signature.
#[derive(Debug, Clone, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct DeviceList {
    /// What is signed.
    pub body: DeviceListBody,
    /// The key that signed: of a device of the version before (or of the first's only device).
    pub signer: [u8; 32],
    /// Ed25519 over `"valise device list v1" ‖ body`, 64 bytes.
    pub signature: [u8; 64],
}

/// What a version says.
#[derive(Debug, Clone, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct DeviceListBody {
    /// 1, 2, 3 …
    pub version: u32,
    /// SHA-256 of the encoded version before; in the first, 32 random bytes.
    pub previous: [u8; 32],
    /// The devices, at most [`DEVICES_MAX`], none twice.
    pub devices: Vec<DeviceEntry>,
    /// A key kept offline that may sign the next version; zeros without one.
    pub recovery: [u8; 32],
}

/// A chain that was checked: what it says can be relied on, as far as it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedChain {
    /// Whose.
    pub account: AccountId,
    /// Of the newest list.
    pub version: u32,
    /// Of the newest list.
    pub devices: Vec<DeviceEntry>,
    lists: Vec<DeviceList>,
}

impl VerifiedChain {
    /// Begins a chain with one device. `random` makes the account id unguessable.
    pub fn begin(secret: &[u8; 32], device: DeviceEntry, random: [u8; 32]) -> Self {
        let body = DeviceListBody { version: 1, previous: random, devices: vec![device], recovery: [0; 32] };
        let list = sign_list(secret, body);
        Self { account: AccountId(hash_of(&list)), version: 1, devices: vec![device], lists: vec![list] }
    }

    /// Reads and checks a chain.
    ///
    /// # Errors
    /// [`SealError::Malformed`] when it is no chain, [`SealError::NotGenuine`] when a link does not hold.
    pub fn verify(bytes: &[u8]) -> Result<Self, SealError> {
        if bytes.len() > CHAIN_BYTES_MAX {
            return Err(SealError::TooLarge);
        }
        let lists =
            Vec::<DeviceList>::tls_deserialize_exact_bytes(bytes).map_err(|_| SealError::Malformed)?;
        let mut lists = lists.into_iter();
        let mut chain = Self::first(lists.next().ok_or(SealError::Malformed)?)?;
        for list in lists {
            chain = chain.append(list)?;
        }
        Ok(chain)
    }

    /// Reads and checks the first version alone, as [`Self::newest_bytes`] of a fresh chain wrote it.
    ///
    /// # Errors
    /// [`SealError::Malformed`] when it is no list of one device, [`SealError::NotGenuine`] when its signature does not hold.
    pub fn from_first(list: &[u8]) -> Result<Self, SealError> {
        let list = DeviceList::tls_deserialize_exact_bytes(list).map_err(|_| SealError::Malformed)?;
        Self::first(list)
    }

    /// Adds the next version, signed with the key of a device (or the recovery key) of the newest.
    ///
    /// # Errors
    /// [`SealError`] when the secret is not of such a key or the list breaks a rule.
    pub fn next(&self, secret: &[u8; 32], devices: Vec<DeviceEntry>) -> Result<Self, SealError> {
        let newest = self.newest();
        let body = DeviceListBody {
            version: self.version.saturating_add(1),
            previous: hash_of(newest),
            devices,
            recovery: newest.body.recovery,
        };
        self.clone().append(sign_list(secret, body))
    }

    /// The encoded chain.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.lists.tls_serialize_detached().expect("a checked chain is within its limit")
    }

    /// The newest list alone, encoded: what [`Self::extend`] takes.
    pub fn newest_bytes(&self) -> Vec<u8> {
        self.newest().tls_serialize_detached().expect("a checked list is within its limit")
    }

    /// Checks one further version against this chain.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn extend(&self, list: &[u8]) -> Result<Self, SealError> {
        let list = DeviceList::tls_deserialize_exact_bytes(list).map_err(|_| SealError::Malformed)?;
        self.clone().append(list)
    }

    /// Whether the newest list names the device with that key.
    pub fn names(&self, device: DeviceId, key: &[u8]) -> bool {
        self.devices.iter().any(|entry| entry.device == device && entry.key == key)
    }

    /// The key of a device that any of the lists names: ids are never used again.
    pub fn key_of(&self, device: DeviceId) -> Option<[u8; 32]> {
        let mut entries = self.lists.iter().flat_map(|list| &list.body.devices);
        entries.find(|entry| entry.device == device).map(|entry| entry.key)
    }

    /// Whether `other` is this chain or goes on from it. Two chains of one account that fork are a stolen key at work.
    pub fn leads_to(&self, other: &Self) -> bool {
        other.lists.len() >= self.lists.len() && other.lists[..self.lists.len()] == self.lists
    }

    fn first(list: DeviceList) -> Result<Self, SealError> {
        let [only] = list.body.devices[..] else { return Err(SealError::Malformed) };
        if list.body.version != 1 || list.signer != only.key {
            return Err(SealError::NotGenuine);
        }
        check_signature(&list)?;
        Ok(Self { account: AccountId(hash_of(&list)), version: 1, devices: vec![only], lists: vec![list] })
    }

    fn append(mut self, list: DeviceList) -> Result<Self, SealError> {
        let newest = self.newest();
        let by_device = newest.body.devices.iter().any(|entry| entry.key == list.signer);
        let by_recovery = newest.body.recovery != [0; 32] && newest.body.recovery == list.signer;
        let follows =
            Some(list.body.version) == self.version.checked_add(1) && list.body.previous == hash_of(newest);
        if !follows || !(by_device || by_recovery) {
            return Err(SealError::NotGenuine);
        }
        if self.lists.len() >= CHAIN_VERSIONS_MAX || !devices_valid(&list.body.devices) {
            return Err(SealError::Malformed);
        }
        check_signature(&list)?;
        self.version = list.body.version;
        self.devices.clone_from(&list.body.devices);
        self.lists.push(list);
        Ok(self)
    }

    fn newest(&self) -> &DeviceList {
        self.lists.last().expect("a chain is made with its first list and only grows")
    }
}

fn devices_valid(devices: &[DeviceEntry]) -> bool {
    let distinct = devices.iter().enumerate().all(|(place, entry)| {
        !devices[..place].iter().any(|other| other.device == entry.device || other.key == entry.key)
    });
    (1..=DEVICES_MAX).contains(&devices.len()) && distinct
}

fn sign_list(secret: &[u8; 32], body: DeviceListBody) -> DeviceList {
    let signature = sign_bytes(secret, &signed_bytes(&body));
    DeviceList {
        body,
        signer: crate::challenge::public_key(secret),
        signature: signature.try_into().expect("an Ed25519 signature has 64 bytes"),
    }
}

fn check_signature(list: &DeviceList) -> Result<(), SealError> {
    verify_bytes(&list.signer, &signed_bytes(&list.body), &list.signature)
}

fn signed_bytes(body: &DeviceListBody) -> Vec<u8> {
    let mut bytes = b"valise device list v1".to_vec();
    bytes.extend(body.tls_serialize_detached().expect("a list within its limits encodes"));
    bytes
}

fn hash_of(list: &DeviceList) -> [u8; 32] {
    sha256(&[&list.tls_serialize_detached().expect("a list within its limits encodes")])
}

/// Versions in one chain: a device added or removed a week for ten years.
pub const CHAIN_VERSIONS_MAX: usize = 512;
/// Bytes of a chain: as many versions of full lists would be 340 KiB; a chain in a leaf stays far below.
pub const CHAIN_BYTES_MAX: usize = 384 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::public_key;

    fn entry(n: u8) -> DeviceEntry {
        DeviceEntry { device: DeviceId([n; 16]), key: public_key(&[n; 32]) }
    }

    #[test]
    fn a_chain_grows_by_its_own_devices_and_reads_back() {
        let chain = VerifiedChain::begin(&[1; 32], entry(1), [9; 32]);
        let two = chain.next(&[1; 32], vec![entry(1), entry(2)]).unwrap();
        let three = two.next(&[2; 32], vec![entry(2)]).unwrap();
        let read = VerifiedChain::verify(&three.to_bytes()).unwrap();
        assert_eq!(read, three);
        assert_eq!((read.account, read.version), (chain.account, 3));
        assert!(
            read.names(DeviceId([2; 16]), &entry(2).key) && !read.names(DeviceId([1; 16]), &entry(1).key)
        );
        assert!(chain.leads_to(&three) && !three.leads_to(&chain));
    }

    #[test]
    fn t08_a_stranger_or_a_removed_device_certifies_nothing() {
        let chain = VerifiedChain::begin(&[1; 32], entry(1), [9; 32]);
        assert!(chain.next(&[7; 32], vec![entry(1), entry(7)]).is_err());
        let removed =
            chain.next(&[1; 32], vec![entry(1), entry(2)]).unwrap().next(&[2; 32], vec![entry(2)]).unwrap();
        assert!(removed.next(&[1; 32], vec![entry(1), entry(2)]).is_err());
    }

    #[test]
    fn a_forged_or_cut_chain_is_refused() {
        let two = VerifiedChain::begin(&[1; 32], entry(1), [9; 32])
            .next(&[1; 32], vec![entry(1), entry(2)])
            .unwrap();
        let bytes = two.to_bytes();
        for cut in 0..bytes.len() {
            assert!(VerifiedChain::verify(&bytes[..cut]).is_err());
        }
        for place in 0..bytes.len() {
            let mut forged = bytes.clone();
            forged[place] ^= 1;
            // A changed first list makes another account, if it is still signed; that one cannot be.
            assert!(VerifiedChain::verify(&forged).is_err(), "byte {place}");
        }
    }
}
