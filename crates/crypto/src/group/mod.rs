//! A group: the MLS state behind a conversation, its epochs, commits and messages.
//!
//! Invariant: a [`Group`] is loaded per input and lives no longer than its session's transaction; after a failed step
//! it is dropped and loaded again. Every change of membership passes the validator before it is merged.

mod commit;
mod enter;
mod message;
mod propose;
mod record;
mod tree;

use openmls::prelude::{GroupId as MlsGroupId, MlsGroup};
use openmls_traits::OpenMlsProvider as _;
use rand_core::CryptoRngCore;
use tls_codec::Serialize as _;
use vocab::SlotId;
use zeroize::{Zeroize, ZeroizeOnDrop};

pub(crate) use commit::WelcomeMessage;
pub use commit::{Changes, Pending};
pub use enter::Joined;
pub use message::{Incoming, StagedChange};
pub use tree::{TREE_INLINE_LEAVES, TreePieces, TreePlan};

use crate::charter::Charter;
use crate::device::{DeviceKeys, Identity};
use crate::error::Error;
use crate::leaf::Member;
use crate::session::Session;
use crate::validator::trusted_leaf;
use record::Record;

/// Names a group. Bound to the slot it was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub [u8; 16]);

impl GroupId {
    /// A new one.
    pub fn random(rng: &mut dyn CryptoRngCore) -> Self {
        let mut id = [0; 16];
        rng.fill_bytes(&mut id);
        Self(id)
    }

    fn mls(self) -> MlsGroupId {
        MlsGroupId::from_slice(&self.0)
    }
}

impl From<SlotId> for GroupId {
    fn from(slot: SlotId) -> Self {
        Self(slot.0)
    }
}

/// The secrets an epoch gives to delivery.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct EpochSecrets {
    /// Shown to the service: the right to post.
    pub k: [u8; 32],
    /// Never shown: seals every MLS message of the epoch from the outside.
    pub e: [u8; 32],
}

const LABEL_K: &str = "valise k";
const LABEL_E: &str = "valise e";
const LABEL_R: &str = "valise r";

/// The state of one group on this device.
pub struct Group {
    id: GroupId,
    pub(crate) mls: MlsGroup,
    record: Record,
    says_whole_tree: bool,
}

impl Group {
    fn new(id: GroupId, mls: MlsGroup, record: Record) -> Self {
        Self { id, mls, record, says_whole_tree: false }
    }

    /// The next commit says every piece of the tree, and not the changed ones alone: the service has lost some.
    pub fn say_whole_tree(&mut self) {
        self.says_whole_tree = true;
    }

    /// Loads a group as the last flushed step left it (or as this session has changed it since).
    ///
    /// # Errors
    /// [`Error::NoSuchGroup`], [`Error::Store`].
    pub fn load(session: &Session<'_>, id: GroupId) -> Result<Self, Error> {
        let mls = MlsGroup::load(&session.cache, &id.mls())
            .map_err(|error| Error::library(session, "load", &error))?
            .ok_or(Error::NoSuchGroup)?;
        Ok(Self::new(id, mls, Record::load(session, id)?))
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> GroupId {
        self.id
    }

    /// The epoch it is in.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.mls.epoch().as_u64()
    }

    /// This device is a member; not so after it was removed.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.mls.is_active()
    }

    /// The ciphersuite's number.
    #[must_use]
    pub fn suite(&self) -> u16 {
        self.mls.ciphersuite().into()
    }

    /// A commit of ours waits for its answer.
    #[must_use]
    pub fn has_pending(&self) -> bool {
        self.record.pending.is_some()
    }

    /// This device's leaf.
    #[must_use]
    pub fn own_leaf(&self) -> u32 {
        self.mls.own_leaf_index().u32()
    }

    /// All members, by leaf.
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        self.mls.members().filter_map(|member| self.member(member.index.u32())).collect()
    }

    /// What the members agreed on; none where people are fixed.
    #[must_use]
    pub fn charter(&self) -> Option<Charter> {
        // It was checked when it came in.
        Charter::of(self.mls.public_group().group_context().extensions()).ok().flatten()
    }

    /// The member on a leaf.
    #[must_use]
    pub fn member(&self, leaf: u32) -> Option<Member> {
        let node = self.mls.public_group().leaf(openmls::prelude::LeafNodeIndex::new(leaf))?;
        trusted_leaf(leaf, node)
    }

    /// `K` and `E` of this epoch.
    ///
    /// # Errors
    /// [`Error::Removed`].
    pub fn secrets(&self, session: &Session<'_>) -> Result<EpochSecrets, Error> {
        Ok(EpochSecrets { k: self.export(session, LABEL_K)?, e: self.export(session, LABEL_E)? })
    }

    /// `R`: the exporter secret of the epoch that last removed a leaf, or of the first. Opens the rejoin blob.
    ///
    /// # Errors
    /// [`Error::RejoinSecretUnknown`] for a member that joined without learning it.
    pub fn r(&self) -> Result<[u8; 32], Error> {
        self.record.r.ok_or(Error::RejoinSecretUnknown)
    }

    /// Takes `R` as another device told it.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn set_r(&mut self, session: &Session<'_>, r: [u8; 32]) -> Result<(), Error> {
        self.record.r = Some(r);
        self.record.save(session, self.id)
    }

    /// The signed description of this epoch from which a device can rejoin, tree included.
    ///
    /// # Errors
    /// [`Error::Removed`].
    pub fn group_info(&self, session: &Session<'_>, keys: &DeviceKeys) -> Result<Vec<u8>, Error> {
        if !self.is_active() {
            return Err(Error::Removed);
        }
        let info = self
            .mls
            .export_group_info(session.crypto(), keys, true)
            .map_err(|error| Error::library(session, "group info", &error))?;
        Ok(info.tls_serialize_detached()?)
    }

    /// Deletes every key and trace of the group from the store.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn delete(mut self, session: &Session<'_>) -> Result<(), Error> {
        self.proposed_keys()?.into_iter().for_each(|key| session.cache.delete(key));
        Record::delete(session, self.id)?;
        self.mls.delete(&session.cache).map_err(|error| Error::library(session, "delete", &error))
    }

    fn export(&self, session: &Session<'_>, label: &str) -> Result<[u8; 32], Error> {
        if !self.is_active() {
            return Err(Error::Removed);
        }
        let secret = zeroize::Zeroizing::new(
            self.mls
                .export_secret(session.crypto(), label, &[], 32)
                .map_err(|error| Error::library(session, "export", &error))?,
        );
        <[u8; 32]>::try_from(secret.as_slice()).map_err(|_| Error::Bug("export length".into()))
    }

    /// After a merge: `R` moves on when a leaf was removed, or at the first epoch.
    fn renew_r(&mut self, session: &Session<'_>, removed: bool) -> Result<(), Error> {
        if removed || self.epoch() == 1 {
            self.record.r = Some(self.export(session, LABEL_R)?);
        }
        Ok(())
    }

    /// The own leaf must be the acting device's: a mix-up would sign with a key the leaf does not name.
    fn check_identity(&self, identity: &Identity<'_>) -> Result<(), Error> {
        if !self.is_active() {
            return Err(Error::Removed);
        }
        let own = self.mls.own_leaf_node().ok_or(Error::Removed)?;
        if own.signature_key().as_slice() == identity.keys.public() {
            Ok(())
        } else {
            Err(Error::Bug("another device's keys".into()))
        }
    }
}
