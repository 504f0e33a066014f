//! The library's storage over our key-value store: a label, an id, a compact value.
//!
//! Keys are `label ‖ id`; a label is one byte and never changes its meaning. Values begin with the number of their
//! encoding, so that a later build can tell what it reads. Lists are one value each: they are short (proposals of an
//! epoch, own leaves of an epoch) and always read whole.

use std::fmt;

use openmls_traits::storage::{CURRENT_VERSION, StorageProvider, traits};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::session::Cache;
use crate::store::StoreError;

/// What a key names. One byte, never reused for something else.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Label {
    JoinConfig = 1,
    OwnLeafNodes = 2,
    ProposalRefs = 3,
    Proposal = 4,
    Tree = 5,
    InterimTranscriptHash = 6,
    Context = 7,
    ConfirmationTag = 8,
    GroupState = 9,
    MessageSecrets = 10,
    OwnLeafIndex = 12,
    EpochSecrets = 13,
    SignatureKeyPair = 14,
    EncryptionKeyPair = 15,
    EpochKeyPairs = 16,
    KeyPackage = 17,
    Psk = 18,
    /// Ours: what a group keeps beside the library's state.
    Record = 64,
}

/// Binary and compact; not self-describing.
const POSTCARD: u8 = 1;
/// Self-describing, for the one entity whose decoder looks ahead (the join configuration).
const CBOR: u8 = 2;

/// The library's resumption store with room for none and nothing in it: no room, no entries, no cursor.
const EMPTY_RESUMPTION_STORE: [u8; 4] = [POSTCARD, 0, 0, 0];

/// A failure of the storage, as the library is told of it. The store's own failure is kept beside, in the cache.
#[derive(Debug)]
pub struct MlsStorageError(&'static str);

impl fmt::Display for MlsStorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for MlsStorageError {}

type Result<T> = std::result::Result<T, MlsStorageError>;

/// A key: the label, then the parts of the id.
pub(crate) fn key(label: Label, id: &impl Serialize) -> Result<Vec<u8>> {
    postcard::to_extend(id, vec![label as u8]).map_err(|_| MlsStorageError("a key does not encode"))
}

pub(crate) fn encode(label: Label, value: &impl Serialize) -> Result<Vec<u8>> {
    const FAILED: MlsStorageError = MlsStorageError("a value does not encode");
    if matches!(label, Label::JoinConfig) {
        let mut bytes = vec![CBOR];
        ciborium::into_writer(value, &mut bytes).map_err(|_| FAILED)?;
        return Ok(bytes);
    }
    postcard::to_extend(value, vec![POSTCARD]).map_err(|_| FAILED)
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    const FAILED: MlsStorageError = MlsStorageError("a stored value does not decode");
    match bytes.split_first() {
        Some((&POSTCARD, rest)) => postcard::from_bytes(rest).map_err(|_| FAILED),
        Some((&CBOR, rest)) => ciborium::from_reader(rest).map_err(|_| FAILED),
        _ => Err(FAILED),
    }
}

impl Cache<'_> {
    fn noted(&self, fault: StoreError) -> MlsStorageError {
        self.note_fault(fault);
        MlsStorageError("the store failed")
    }

    pub(crate) fn read<T: DeserializeOwned>(&self, label: Label, id: &impl Serialize) -> Result<Option<T>> {
        let value = self.get(&key(label, id)?).map_err(|fault| self.noted(fault))?;
        value.map(|bytes| decode(&bytes)).transpose()
    }

    pub(crate) fn write(&self, label: Label, id: &impl Serialize, value: &impl Serialize) -> Result<()> {
        self.put(key(label, id)?, encode(label, value)?);
        Ok(())
    }

    pub(crate) fn remove(&self, label: Label, id: &impl Serialize) -> Result<()> {
        self.delete(key(label, id)?);
        Ok(())
    }

    fn read_list<T: DeserializeOwned>(&self, label: Label, id: &impl Serialize) -> Result<Vec<T>> {
        Ok(self.read(label, id)?.unwrap_or_default())
    }
}

const V: u16 = CURRENT_VERSION;

impl StorageProvider<V> for Cache<'_> {
    type Error = MlsStorageError;

    fn write_mls_join_config<G: traits::GroupId<V>, C: traits::MlsGroupJoinConfig<V>>(
        &self,
        group: &G,
        config: &C,
    ) -> Result<()> {
        self.write(Label::JoinConfig, group, config)
    }

    fn append_own_leaf_node<G: traits::GroupId<V>, L: traits::LeafNode<V>>(
        &self,
        group: &G,
        leaf: &L,
    ) -> Result<()> {
        // Appending encodes the old entries again only as bytes: entities are decoded by the library alone.
        let mut leaves: Vec<Vec<u8>> = self.read_list(Label::OwnLeafNodes, group)?;
        leaves.push(encode(Label::OwnLeafNodes, leaf)?);
        self.write(Label::OwnLeafNodes, group, &leaves)
    }

    fn queue_proposal<G: traits::GroupId<V>, R: traits::ProposalRef<V>, P: traits::QueuedProposal<V>>(
        &self,
        group: &G,
        reference: &R,
        proposal: &P,
    ) -> Result<()> {
        self.write(Label::Proposal, &(group, reference), proposal)?;
        let mut references: Vec<Vec<u8>> = self.read_list(Label::ProposalRefs, group)?;
        let reference = encode(Label::ProposalRefs, reference)?;
        if !references.contains(&reference) {
            references.push(reference);
        }
        self.write(Label::ProposalRefs, group, &references)
    }

    fn write_tree<G: traits::GroupId<V>, T: traits::TreeSync<V>>(&self, group: &G, tree: &T) -> Result<()> {
        self.write(Label::Tree, group, tree)
    }

    fn write_interim_transcript_hash<G: traits::GroupId<V>, H: traits::InterimTranscriptHash<V>>(
        &self,
        group: &G,
        hash: &H,
    ) -> Result<()> {
        self.write(Label::InterimTranscriptHash, group, hash)
    }

    fn write_context<G: traits::GroupId<V>, C: traits::GroupContext<V>>(
        &self,
        group: &G,
        context: &C,
    ) -> Result<()> {
        self.write(Label::Context, group, context)
    }

    fn write_confirmation_tag<G: traits::GroupId<V>, T: traits::ConfirmationTag<V>>(
        &self,
        group: &G,
        tag: &T,
    ) -> Result<()> {
        self.write(Label::ConfirmationTag, group, tag)
    }

    fn write_group_state<S: traits::GroupState<V>, G: traits::GroupId<V>>(
        &self,
        group: &G,
        state: &S,
    ) -> Result<()> {
        self.write(Label::GroupState, group, state)
    }

    fn write_message_secrets<G: traits::GroupId<V>, S: traits::MessageSecrets<V>>(
        &self,
        group: &G,
        secrets: &S,
    ) -> Result<()> {
        self.write(Label::MessageSecrets, group, secrets)
    }

    // We use no resumption keys, but for whoever makes a group or comes in from outside the library keeps the last 32,
    // whatever the configuration says: secrets of epochs long left. They are not stored at all.
    fn write_resumption_psk_store<G: traits::GroupId<V>, S: traits::ResumptionPskStore<V>>(
        &self,
        _: &G,
        _: &S,
    ) -> Result<()> {
        Ok(())
    }

    fn write_own_leaf_index<G: traits::GroupId<V>, I: traits::LeafNodeIndex<V>>(
        &self,
        group: &G,
        index: &I,
    ) -> Result<()> {
        self.write(Label::OwnLeafIndex, group, index)
    }

    fn write_group_epoch_secrets<G: traits::GroupId<V>, S: traits::GroupEpochSecrets<V>>(
        &self,
        group: &G,
        secrets: &S,
    ) -> Result<()> {
        self.write(Label::EpochSecrets, group, secrets)
    }

    fn write_signature_key_pair<P: traits::SignaturePublicKey<V>, K: traits::SignatureKeyPair<V>>(
        &self,
        public: &P,
        pair: &K,
    ) -> Result<()> {
        self.write(Label::SignatureKeyPair, public, pair)
    }

    fn write_encryption_key_pair<P: traits::EncryptionKey<V>, K: traits::HpkeKeyPair<V>>(
        &self,
        public: &P,
        pair: &K,
    ) -> Result<()> {
        self.write(Label::EncryptionKeyPair, public, pair)
    }

    fn write_encryption_epoch_key_pairs<
        G: traits::GroupId<V>,
        E: traits::EpochKey<V>,
        K: traits::HpkeKeyPair<V>,
    >(
        &self,
        group: &G,
        epoch: &E,
        leaf: u32,
        pairs: &[K],
    ) -> Result<()> {
        self.write(Label::EpochKeyPairs, &(group, epoch, leaf), &pairs)
    }

    fn write_key_package<R: traits::HashReference<V>, K: traits::KeyPackage<V>>(
        &self,
        reference: &R,
        package: &K,
    ) -> Result<()> {
        self.write(Label::KeyPackage, reference, package)
    }

    fn write_psk<I: traits::PskId<V>, P: traits::PskBundle<V>>(&self, id: &I, psk: &P) -> Result<()> {
        self.write(Label::Psk, id, psk)
    }

    fn mls_group_join_config<G: traits::GroupId<V>, C: traits::MlsGroupJoinConfig<V>>(
        &self,
        group: &G,
    ) -> Result<Option<C>> {
        self.read(Label::JoinConfig, group)
    }

    fn own_leaf_nodes<G: traits::GroupId<V>, L: traits::LeafNode<V>>(&self, group: &G) -> Result<Vec<L>> {
        let leaves: Vec<Vec<u8>> = self.read_list(Label::OwnLeafNodes, group)?;
        leaves.iter().map(|bytes| decode(bytes)).collect()
    }

    fn queued_proposal_refs<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(
        &self,
        group: &G,
    ) -> Result<Vec<R>> {
        let references: Vec<Vec<u8>> = self.read_list(Label::ProposalRefs, group)?;
        references.iter().map(|bytes| decode(bytes)).collect()
    }

    fn queued_proposals<G: traits::GroupId<V>, R: traits::ProposalRef<V>, P: traits::QueuedProposal<V>>(
        &self,
        group: &G,
    ) -> Result<Vec<(R, P)>> {
        let references: Vec<R> = self.queued_proposal_refs(group)?;
        let mut proposals = Vec::with_capacity(references.len());
        for reference in references {
            let proposal = self
                .read(Label::Proposal, &(group, &reference))?
                .ok_or(MlsStorageError("a queued proposal is missing"))?;
            proposals.push((reference, proposal));
        }
        Ok(proposals)
    }

    fn tree<G: traits::GroupId<V>, T: traits::TreeSync<V>>(&self, group: &G) -> Result<Option<T>> {
        self.read(Label::Tree, group)
    }

    fn group_context<G: traits::GroupId<V>, C: traits::GroupContext<V>>(
        &self,
        group: &G,
    ) -> Result<Option<C>> {
        self.read(Label::Context, group)
    }

    fn interim_transcript_hash<G: traits::GroupId<V>, H: traits::InterimTranscriptHash<V>>(
        &self,
        group: &G,
    ) -> Result<Option<H>> {
        self.read(Label::InterimTranscriptHash, group)
    }

    fn confirmation_tag<G: traits::GroupId<V>, T: traits::ConfirmationTag<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>> {
        self.read(Label::ConfirmationTag, group)
    }

    fn group_state<S: traits::GroupState<V>, G: traits::GroupId<V>>(&self, group: &G) -> Result<Option<S>> {
        self.read(Label::GroupState, group)
    }

    fn message_secrets<G: traits::GroupId<V>, S: traits::MessageSecrets<V>>(
        &self,
        group: &G,
    ) -> Result<Option<S>> {
        self.read(Label::MessageSecrets, group)
    }

    fn resumption_psk_store<G: traits::GroupId<V>, S: traits::ResumptionPskStore<V>>(
        &self,
        _: &G,
    ) -> Result<Option<S>> {
        decode(&EMPTY_RESUMPTION_STORE).map(Some)
    }

    fn own_leaf_index<G: traits::GroupId<V>, I: traits::LeafNodeIndex<V>>(
        &self,
        group: &G,
    ) -> Result<Option<I>> {
        self.read(Label::OwnLeafIndex, group)
    }

    fn group_epoch_secrets<G: traits::GroupId<V>, S: traits::GroupEpochSecrets<V>>(
        &self,
        group: &G,
    ) -> Result<Option<S>> {
        self.read(Label::EpochSecrets, group)
    }

    fn signature_key_pair<P: traits::SignaturePublicKey<V>, K: traits::SignatureKeyPair<V>>(
        &self,
        public: &P,
    ) -> Result<Option<K>> {
        self.read(Label::SignatureKeyPair, public)
    }

    fn encryption_key_pair<K: traits::HpkeKeyPair<V>, P: traits::EncryptionKey<V>>(
        &self,
        public: &P,
    ) -> Result<Option<K>> {
        self.read(Label::EncryptionKeyPair, public)
    }

    fn encryption_epoch_key_pairs<
        G: traits::GroupId<V>,
        E: traits::EpochKey<V>,
        K: traits::HpkeKeyPair<V>,
    >(
        &self,
        group: &G,
        epoch: &E,
        leaf: u32,
    ) -> Result<Vec<K>> {
        self.read_list(Label::EpochKeyPairs, &(group, epoch, leaf))
    }

    fn key_package<R: traits::HashReference<V>, K: traits::KeyPackage<V>>(
        &self,
        reference: &R,
    ) -> Result<Option<K>> {
        self.read(Label::KeyPackage, reference)
    }

    fn psk<P: traits::PskBundle<V>, I: traits::PskId<V>>(&self, id: &I) -> Result<Option<P>> {
        self.read(Label::Psk, id)
    }

    fn remove_proposal<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(
        &self,
        group: &G,
        reference: &R,
    ) -> Result<()> {
        self.remove(Label::Proposal, &(group, reference))?;
        let mut references: Vec<Vec<u8>> = self.read_list(Label::ProposalRefs, group)?;
        let reference = encode(Label::ProposalRefs, reference)?;
        references.retain(|known| *known != reference);
        self.write(Label::ProposalRefs, group, &references)
    }

    fn delete_own_leaf_nodes<G: traits::GroupId<V>>(&self, group: &G) -> Result<()> {
        self.remove(Label::OwnLeafNodes, group)
    }

    fn delete_group_config<G: traits::GroupId<V>>(&self, group: &G) -> Result<()> {
        self.remove(Label::JoinConfig, group)
    }

    fn delete_tree<G: traits::GroupId<V>>(&self, group: &G) -> Result<()> {
        self.remove(Label::Tree, group)
    }

    fn delete_confirmation_tag<G: traits::GroupId<V>>(&self, group: &G) -> Result<()> {
        self.remove(Label::ConfirmationTag, group)
    }

    fn delete_group_state<G: traits::GroupId<V>>(&self, group: &G) -> Result<()> {
        self.remove(Label::GroupState, group)
    }

    fn delete_context<G: traits::GroupId<V>>(&self, group: &G) -> Result<()> {
        self.remove(Label::Context, group)
    }

    fn delete_interim_transcript_hash<G: traits::GroupId<V>>(&self, group: &G) -> Result<()> {
        self.remove(Label::InterimTranscriptHash, group)
    }

    fn delete_message_secrets<G: traits::GroupId<V>>(&self, group: &G) -> Result<()> {
        self.remove(Label::MessageSecrets, group)
    }

    fn delete_all_resumption_psk_secrets<G: traits::GroupId<V>>(&self, _: &G) -> Result<()> {
        Ok(())
    }

    fn delete_own_leaf_index<G: traits::GroupId<V>>(&self, group: &G) -> Result<()> {
        self.remove(Label::OwnLeafIndex, group)
    }

    fn delete_group_epoch_secrets<G: traits::GroupId<V>>(&self, group: &G) -> Result<()> {
        self.remove(Label::EpochSecrets, group)
    }

    fn clear_proposal_queue<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(
        &self,
        group: &G,
    ) -> Result<()> {
        let references: Vec<R> = self.queued_proposal_refs(group)?;
        for reference in references {
            self.remove(Label::Proposal, &(group, &reference))?;
        }
        self.remove(Label::ProposalRefs, group)
    }

    fn delete_signature_key_pair<P: traits::SignaturePublicKey<V>>(&self, public: &P) -> Result<()> {
        self.remove(Label::SignatureKeyPair, public)
    }

    fn delete_encryption_key_pair<P: traits::EncryptionKey<V>>(&self, public: &P) -> Result<()> {
        self.remove(Label::EncryptionKeyPair, public)
    }

    fn delete_encryption_epoch_key_pairs<G: traits::GroupId<V>, E: traits::EpochKey<V>>(
        &self,
        group: &G,
        epoch: &E,
        leaf: u32,
    ) -> Result<()> {
        self.remove(Label::EpochKeyPairs, &(group, epoch, leaf))
    }

    fn delete_key_package<R: traits::HashReference<V>>(&self, reference: &R) -> Result<()> {
        self.remove(Label::KeyPackage, reference)
    }

    fn delete_psk<I: traits::PskId<V>>(&self, id: &I) -> Result<()> {
        self.remove(Label::Psk, id)
    }
}
