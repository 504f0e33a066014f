//! Proposals: what a device wants of a group and leaves to whoever commits next.
//!
//! Where many want to commit at once, one wins and the rest propose; the next commit carries all of it by reference. Only two
//! things are proposed: a device's own new leaf, and the removal of a leaf. Who may propose what is judged when a proposal
//! comes, by its author's rights, and again in the commit that carries it.

use openmls::prelude::{LeafNodeParameters, Proposal, ProposalOrRefType, QueuedProposal, Sender};
use tls_codec::Serialize as _;

use super::Group;
use crate::device::Identity;
use crate::error::Error;
use crate::leaf::{LeafData, Member};
use crate::mls_storage::{Label, key};
use crate::session::Session;
use crate::suite::capabilities;
use crate::validator::{Policy, Refusal, check_proposal, check_removal, same_device};

impl Group {
    /// A new own leaf, to be committed by somebody else; with `leaf`, with new leaf data. The message for the slot, or none
    /// when one of this epoch is on its way already.
    ///
    /// # Errors
    /// [`Error::CommitPending`], [`Error::Removed`], [`Error::Store`].
    pub fn propose_update(
        &mut self,
        session: &Session<'_>,
        identity: &Identity<'_>,
        leaf: Option<&LeafData>,
    ) -> Result<Option<Vec<u8>>, Error> {
        self.may_propose(identity)?;
        if self.proposes(|proposal| matches!(proposal, Proposal::Update(_))) {
            return Ok(None);
        }
        let parameters = match leaf {
            Some(leaf) => LeafNodeParameters::builder()
                .with_capabilities(capabilities())
                .with_extensions(leaf.extensions()?)
                .build(),
            None => LeafNodeParameters::default(),
        };
        let (message, _) = self
            .mls
            .propose_self_update(session, identity.keys, parameters)
            .map_err(|error| Error::library(session, "propose", &error))?;
        Ok(Some(message.tls_serialize_detached()?))
    }

    /// The removal of a leaf, to be committed by somebody else. None when it is proposed already.
    ///
    /// # Errors
    /// [`Error::CommitPending`], [`Error::Removed`], [`Error::Refused`] when the policy would refuse it, [`Error::Store`].
    pub fn propose_removal(
        &mut self,
        session: &Session<'_>,
        identity: &Identity<'_>,
        gone: &Member,
        policy: Policy<'_>,
    ) -> Result<Option<Vec<u8>>, Error> {
        self.may_propose(identity)?;
        let here = self.member(gone.leaf).is_some_and(|member| same_device(&member, gone));
        if !here || gone.leaf == self.own_leaf() {
            return Err(Refusal::NoSuchMember.into());
        }
        let removes =
            |known: &Proposal| matches!(known, Proposal::Remove(it) if it.removed() == gone.index());
        if self.mls.pending_proposals().any(|queued| removes(queued.proposal())) {
            return Ok(None);
        }
        check_removal(&self.mls, self.own_leaf(), gone.leaf, policy)?;
        let (message, _) = self
            .mls
            .propose_remove_member(session, identity.keys, gone.index())
            .map_err(|error| Error::library(session, "propose", &error))?;
        Ok(Some(message.tls_serialize_detached()?))
    }

    /// How many proposals of others wait for a commit.
    #[must_use]
    pub fn waiting_proposals(&self) -> usize {
        let own = Sender::Member(self.mls.own_leaf_index());
        self.mls.pending_proposals().filter(|queued| *queued.sender() != own).count()
    }

    /// This device's new leaf is proposed and waits for somebody's commit.
    #[must_use]
    pub fn proposes_update(&self) -> bool {
        self.proposes(|proposal| matches!(proposal, Proposal::Update(_)))
    }

    /// Keeps a proposal of a member for the next commit. Of each member and for each leaf only the first counts, so that what
    /// waits is bounded by the leaves.
    pub(super) fn keep_proposal(
        &mut self,
        session: &Session<'_>,
        queued: QueuedProposal,
        policy: Policy<'_>,
    ) -> Result<Member, Error> {
        let sender = check_proposal(&self.mls, queued.sender(), queued.proposal(), policy)?;
        let same = |known: &QueuedProposal| match (known.proposal(), queued.proposal()) {
            (Proposal::Update(_), Proposal::Update(_)) => known.sender() == queued.sender(),
            (Proposal::Remove(a), Proposal::Remove(b)) => a.removed() == b.removed(),
            _ => false,
        };
        if self.mls.pending_proposals().any(same) {
            return Ok(sender);
        }
        self.mls
            .store_pending_proposal(&session.cache, queued)
            .map_err(|error| Error::library(session, "keep proposal", &error))?;
        Ok(sender)
    }

    /// Which proposals a commit of ours carries: what others proposed, and what it says itself. What this device proposed it
    /// says itself, or leaves to somebody else: its own proposal may not have arrived yet. Above
    /// [`PROPOSALS_CARRIED_MAX`] the later ones are left to the next epoch.
    pub(super) fn carries(&self) -> impl Fn(&QueuedProposal) -> bool + use<> {
        let own = self.mls.own_leaf_index();
        let of_others = self.mls.pending_proposals().filter(|queued| {
            let of_ours = *queued.sender() == Sender::Member(own);
            let against_us = matches!(queued.proposal(), Proposal::Remove(it) if it.removed() == own);
            !(of_ours || against_us)
        });
        let carried: Vec<_> = of_others
            .take(PROPOSALS_CARRIED_MAX)
            .map(|queued| queued.proposal_reference_ref().clone())
            .collect();
        move |queued| {
            let by_value = matches!(queued.proposal_or_ref_type(), ProposalOrRefType::Proposal);
            by_value || carried.contains(queued.proposal_reference_ref())
        }
    }

    /// Where the keys of the own leaves that are proposed are stored: to be deleted when the group has moved on. Whichever was
    /// committed is among the epoch's keys then, the others are never used.
    pub(super) fn proposed_keys(&self) -> Result<Vec<Vec<u8>>, Error> {
        let own = Sender::Member(self.mls.own_leaf_index());
        let updates = self.mls.pending_proposals().filter(|queued| *queued.sender() == own);
        let keys = updates.filter_map(|queued| match queued.proposal() {
            Proposal::Update(update) => {
                Some(key(Label::EncryptionKeyPair, update.leaf_node().encryption_key()))
            }
            _ => None,
        });
        keys.collect::<Result<_, _>>().map_err(|error| Error::Bug(format!("a key: {error}")))
    }

    fn may_propose(&self, identity: &Identity<'_>) -> Result<(), Error> {
        self.check_identity(identity)?;
        if self.has_pending() { Err(Error::CommitPending) } else { Ok(()) }
    }

    fn proposes(&self, what: impl Fn(&Proposal) -> bool) -> bool {
        let own = Sender::Member(self.mls.own_leaf_index());
        self.mls.pending_proposals().any(|queued| *queued.sender() == own && what(queued.proposal()))
    }
}

/// Proposals in one commit: each changes pieces of the tree, and all of them go into one request.
const PROPOSALS_CARRIED_MAX: usize = 96;
