//! What a leaf says about the device that sits on it.

use openmls::prelude::{Extension, Extensions, LeafNode, LeafNodeIndex, UnknownExtension};
use tls_codec::{DeserializeBytes as _, Serialize as _, TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::{AccountId, AddressSecret, DeviceId};

use crate::error::Error;
use crate::suite::LEAF_DATA;

/// The identity inside an MLS basic credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct Credential {
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
}

/// What a device writes into its leaf, for the members only.
#[derive(Clone, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct LeafData {
    /// The secret of the address at which the device receives this conversation.
    pub address: AddressSecret,
    /// The account's signed chain of device lists, from the first to the latest the device knows.
    pub device_chain: Vec<u8>,
}

impl LeafData {
    pub(crate) fn extensions(&self) -> Result<Extensions<LeafNode>, Error> {
        let extension = Extension::Unknown(LEAF_DATA, UnknownExtension(self.tls_serialize_detached()?));
        Extensions::single(extension).map_err(|error| Error::Bug(format!("leaf extension: {error:?}")))
    }

    pub(crate) fn of(leaf: &LeafNode) -> Option<Self> {
        let extension = leaf.extensions().unknown(LEAF_DATA)?;
        Self::tls_deserialize_exact_bytes(&extension.0).ok()
    }
}

/// A member of a group: one device on one leaf, verified against its account's chain.
#[derive(Clone, PartialEq, Eq)]
pub struct Member {
    /// The leaf it sits on; its name within this group and epoch.
    pub leaf: u32,
    /// Its account.
    pub account: AccountId,
    /// The device.
    pub device: DeviceId,
    /// The device's signature key.
    pub signature_key: [u8; 32],
    /// The secret of the address at which it receives this conversation.
    pub address: AddressSecret,
    /// The version of the device list its leaf carries.
    pub chain_version: u32,
    /// The chain its leaf carries, as sent.
    pub device_chain: Vec<u8>,
}

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Member")
            .field("leaf", &self.leaf)
            .field("account", &self.account)
            .field("device", &self.device)
            .field("chain_version", &self.chain_version)
            .finish_non_exhaustive()
    }
}

impl Member {
    pub(crate) fn index(&self) -> LeafNodeIndex {
        LeafNodeIndex::new(self.leaf)
    }
}
