//! Proposals: what a device wants of a group and leaves to whoever commits next.
//!
//! Where many want to commit at once, one wins and the rest propose; the next commit carries all of it by reference. Only two
//! things are proposed: a device's own new leaf, and the removal of a leaf. Who may propose what is judged when a proposal
//! comes, by its author's rights, and again in the commit that carries it. Of new charters a commit has room for one (RFC 9420,
//! 12.2): nobody proposes any.

use std::collections::{BTreeMap, BTreeSet};

use openmls::prelude::{LeafNode, LeafNodeParameters, Proposal, ProposalOrRefType, QueuedProposal, Sender};
use tls_codec::Serialize as _;
use vocab::AccountId;

use super::{Changes, Group};
use crate::charter::Charter;
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

    /// How many proposals of others a commit of ours would carry.
    #[must_use]
    pub fn waiting_proposals(&self) -> usize {
        self.mls.pending_proposals().filter(|queued| self.carries(Carry::All)(queued)).count()
    }

    /// Whether the members know this chain of device lists from the own leaf, or will as soon as what this device proposed is
    /// committed.
    #[must_use]
    pub fn tells_chain(&self, chain: &[u8]) -> bool {
        let tells = |leaf: &LeafNode| LeafData::of(leaf).is_some_and(|data| data.device_chain == chain);
        self.mls.own_leaf_node().is_some_and(tells)
            || self.proposes(|proposal| matches!(proposal, Proposal::Update(it) if tells(it.leaf_node())))
    }

    /// Of the accounts that the waiting commit of ours takes a leaf from: whose wish it is.
    #[must_use]
    pub fn pending_removals(&self) -> BTreeMap<AccountId, AccountId> {
        let Some(commit) = self.mls.pending_commit() else { return BTreeMap::new() };
        let account = |leaf| self.member(leaf).map(|member| member.account);
        let removals = commit.remove_proposals().filter_map(|queued| {
            let Sender::Member(author) = queued.sender() else { return None };
            Some((account(queued.remove_proposal().removed().u32())?, account(author.u32())?))
        });
        removals.collect()
    }

    /// This device's new leaf is proposed and waits for somebody's commit.
    #[must_use]
    pub fn proposes_update(&self) -> bool {
        self.proposes(|proposal| matches!(proposal, Proposal::Update(_)))
    }

    /// Keeps a proposal of a member for the next commit. Of each member and for each leaf only the first counts, so that what
    /// waits is bounded by the leaves. What this device proposed does not count here: where it stands in the slot's order is not
    /// known yet, and the others may have heard somebody else first.
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
        let own = Sender::Member(self.mls.own_leaf_index());
        if self.mls.pending_proposals().filter(|known| *known.sender() != own).any(same) {
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
    pub(super) fn carries(&self, carry: Carry) -> impl Fn(&QueuedProposal) -> bool + use<> {
        let own = self.mls.own_leaf_index();
        let of_others = self.mls.pending_proposals().filter(|queued| {
            let of_ours = *queued.sender() == Sender::Member(own);
            let against_us = matches!(queued.proposal(), Proposal::Remove(it) if it.removed() == own);
            let of_kind = match carry {
                Carry::All => true,
                Carry::Renewals => matches!(queued.proposal(), Proposal::Update(_)),
                Carry::Nothing => false,
            };
            of_kind && !of_ours && !against_us
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

    /// The charter of a commit of ours. Whom the last carried removal takes out of the group loses role and links with it: the
    /// charter names nobody who is not here.
    pub(super) fn charter_with(&self, changes: &Changes<'_>, carry: Carry) -> Option<Charter> {
        let carries = self.carries(carry);
        let carried = self.mls.pending_proposals().filter(|queued| carries(queued));
        let carried: BTreeSet<u32> = carried
            .filter_map(|queued| match queued.proposal() {
                Proposal::Remove(remove) => Some(remove.removed().u32()),
                _ => None,
            })
            .collect();
        let known = self.charter().filter(|_| !carried.is_empty());
        let Some(known) = known else { return changes.charter.cloned() };
        let members = self.members();
        let removed = |member: &Member| changes.remove.iter().any(|gone| gone.leaf == member.leaf);
        let staying = members.iter().filter(|member| !carried.contains(&member.leaf) && !removed(member));
        let added = changes.add.iter().map(|package| package.member.account);
        let here: BTreeSet<AccountId> = staying.map(|member| member.account).chain(added).collect();
        let lost = members.iter().filter(|member| carried.contains(&member.leaf));
        let before = changes.charter.unwrap_or(&known).clone();
        let after = lost
            .map(|member| member.account)
            .filter(|account| !here.contains(account))
            .fold(before, |charter, gone| charter.without(gone));
        (after != known || changes.charter.is_some()).then_some(after)
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

/// How much of what others propose a commit of ours carries. Each proposal is allowed by itself; what they come to together, the
/// rules or the library may refuse, and then less of it is carried: nobody is kept from committing by what others propose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carry {
    All,
    Renewals,
    Nothing,
}

/// Proposals in one commit: each changes pieces of the tree, and all of them go into one request.
const PROPOSALS_CARRIED_MAX: usize = 96;
