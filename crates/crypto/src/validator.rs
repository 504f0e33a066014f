//! The one function every leaf passes: on add, on update, on join (warning: the library checks no credential).
//!
//! A leaf is believed when its credential decodes, its extension decodes, its account's chain of device lists is
//! signed link by link from the list whose hash is the account's id, and the latest list **that the group knows for the
//! account** names the device with the leaf's signature key. Everything is decided from the group's own state, so that
//! all members decide alike; what only this client knows (blocked people, the transparency log) goes into the
//! [`Policy`].

use std::collections::BTreeMap;

use openmls::prelude::{
    BasicCredential, LeafNode, MlsGroup, Proposal, PublicGroup, QueuedProposal, Sender, StagedCommit,
};
use seal::{DeviceList, VerifiedChain};
use tls_codec::DeserializeBytes as _;
use vocab::{AccountId, DeviceId};

use crate::charter::Charter;
use crate::leaf::{Credential, LeafData, Member};
use crate::suite::SUITE;

/// Why a leaf, a commit, a Welcome or a key package is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The credential is none of ours.
    #[error("the credential does not decode")]
    Credential,
    /// The leaf does not carry our data.
    #[error("the leaf's data does not decode")]
    LeafData,
    /// The chain of device lists is broken, forged, or another account's.
    #[error("the chain of device lists does not hold")]
    Chain,
    /// Two leaves of one account carry chains that contradict each other.
    #[error("two chains of one account contradict each other")]
    ForkedChain,
    /// The latest list does not name this device with this key.
    #[error("the device list does not name this device")]
    DeviceNotListed,
    /// The device has a leaf already.
    #[error("the device has a leaf already")]
    DeviceTwice,
    /// The leaf to be removed is empty or somebody else's by now: look at the members again.
    #[error("no such member")]
    NoSuchMember,
    /// An update changed who sits on the leaf.
    #[error("an update must not change the device")]
    IdentityChanged,
    /// A device joined from outside and removed a leaf that is not its own.
    #[error("a rejoining device may only replace its own leaf")]
    ForeignReplacement,
    /// A kind of change that nothing of ours makes.
    #[error("this kind of change is not allowed")]
    ChangeNotAllowed,
    /// The rules of RFC 9420 forbid it.
    #[error("not a valid commit")]
    Invalid,
    /// Another ciphersuite.
    #[error("another ciphersuite")]
    Suite,
    /// Outside the key package's time window.
    #[error("the key package is not valid at this time")]
    Expired,
    /// The group's charter does not decode, or breaks its own rules.
    #[error("the group's charter does not hold")]
    Charter,
    /// The client's policy forbids it.
    #[error("the policy forbids it: {0}")]
    Policy(&'static str),
}

/// A commit, as the policy sees it: all leaves in it are verified.
#[derive(Debug, Clone)]
pub struct Change {
    /// The epoch the commit leads to.
    pub epoch: u64,
    /// Who made it: the member's leaf before the commit, or the newcomer's leaf after it.
    pub by: Member,
    /// Made from outside: a new device, or one that fell out and replaces its leaf.
    pub external: bool,
    /// Leaves the commit adds (a newcomer from outside included).
    pub added: Vec<Member>,
    /// Leaves the commit removes, as they were.
    pub removed: Vec<Member>,
    /// Whose wish each of these removals is: the committer's, or of somebody who proposed it.
    pub removed_by: Vec<AccountId>,
    /// The committer's new leaf, when it renewed it.
    pub updated: Option<Member>,
    /// New leaves that others had proposed for themselves.
    pub renewed: Vec<Member>,
    /// All leaves before the commit, by leaf.
    pub before: Vec<Member>,
    /// All leaves after the commit, by leaf: the roster is computed from these.
    pub after: Vec<Member>,
    /// The charter before the commit; none where people are fixed.
    pub charter_before: Option<Charter>,
    /// The charter after it.
    pub charter: Option<Charter>,
    /// This device is removed.
    pub self_removed: bool,
}

impl Change {
    /// A leaf was removed, so `R` changes.
    #[must_use]
    pub fn removes(&self) -> bool {
        !self.removed.is_empty()
    }

    /// Each removed leaf with the account that wishes it removed.
    pub fn removals(&self) -> impl Iterator<Item = (&Member, AccountId)> {
        self.removed.iter().zip(self.removed_by.iter().copied())
    }

    /// The account had a leaf before the commit.
    #[must_use]
    pub fn knows(&self, account: AccountId) -> bool {
        self.before.iter().any(|member| member.account == account)
    }
}

/// A policy's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Allow,
    /// Refuse the commit, for this reason.
    Refuse(&'static str),
}

/// What the client decides on top: who may be added and removed. All members must decide alike from the group's state,
/// or they part ways.
pub type Policy<'a> = &'a dyn Fn(&Change) -> Verdict;

/// The policy of a conversation whose people are fixed (a 1:1 chat, a note to self, one's own devices): devices come
/// and go, accounts do not.
///
/// Adds, from inside or outside, only for accounts that have a leaf; removals only of the committer's own account, which
/// includes a device replacing its own leaf.
#[must_use]
pub fn known_accounts_only(change: &Change) -> Verdict {
    if change.added.iter().any(|member| !change.knows(member.account)) {
        return Verdict::Refuse("a new account");
    }
    if change.removals().any(|(member, by)| member.account != by) {
        return Verdict::Refuse("somebody else's device removed");
    }
    Verdict::Allow
}

/// The longest verified chain of each account that was looked at.
#[derive(Default)]
struct Chains(BTreeMap<AccountId, Known>);

struct Known {
    bytes: Vec<u8>,
    chain: VerifiedChain,
}

impl Chains {
    /// Verifies the chain a leaf carries and keeps the longest of its account.
    fn learn(&mut self, member: &Member) -> Result<(), Refusal> {
        let known = self.0.get(&member.account);
        if known.is_some_and(|known| known.bytes == member.device_chain) {
            return Ok(());
        }
        let chain = VerifiedChain::verify(&member.device_chain).map_err(|_| Refusal::Chain)?;
        if chain.account != member.account || chain.version != member.chain_version {
            return Err(Refusal::Chain);
        }
        match known {
            Some(known) if chain.leads_to(&known.chain) => Ok(()),
            Some(known) if !known.chain.leads_to(&chain) => Err(Refusal::ForkedChain),
            _ => {
                self.0.insert(member.account, Known { bytes: member.device_chain.clone(), chain });
                Ok(())
            }
        }
    }

    /// The longest chain names the device with its leaf's key.
    fn names(&self, member: &Member) -> bool {
        self.0
            .get(&member.account)
            .is_some_and(|known| known.chain.names(member.device, &member.signature_key))
    }
}

/// Decodes a leaf; whether its chain holds is another question.
fn read_leaf(index: u32, leaf: &LeafNode) -> Result<Member, Refusal> {
    let basic = BasicCredential::try_from(leaf.credential().clone()).map_err(|_| Refusal::Credential)?;
    let credential =
        Credential::tls_deserialize_exact_bytes(basic.identity()).map_err(|_| Refusal::Credential)?;
    let signature_key = leaf.signature_key().as_slice().try_into().map_err(|_| Refusal::Credential)?;
    let data = LeafData::of(leaf).ok_or(Refusal::LeafData)?;
    let lists =
        Vec::<DeviceList>::tls_deserialize_exact_bytes(&data.device_chain).map_err(|_| Refusal::Chain)?;
    Ok(Member {
        leaf: index,
        account: credential.account,
        device: credential.device,
        signature_key,
        address: data.address,
        chain_version: lists.last().ok_or(Refusal::Chain)?.body.version,
        device_chain: data.device_chain,
    })
}

/// Reads a leaf of a group this device is in: it was verified when it came in. `None` for an empty leaf's remains.
pub(crate) fn trusted_leaf(index: u32, leaf: &LeafNode) -> Option<Member> {
    read_leaf(index, leaf).ok()
}

/// Checks a leaf on its own: that of a key package, or one's own before it leaves.
pub(crate) fn check_leaf(index: u32, leaf: &LeafNode) -> Result<Member, Refusal> {
    let mut chains = Chains::default();
    let member = read_leaf(index, leaf)?;
    chains.learn(&member)?;
    if chains.names(&member) { Ok(member) } else { Err(Refusal::DeviceNotListed) }
}

/// Checks all leaves of a group that is being joined.
pub(crate) fn check_group(group: &PublicGroup) -> Result<Vec<Member>, Refusal> {
    check_group_with(group, &mut Chains::default())
}

fn check_group_with(group: &PublicGroup, chains: &mut Chains) -> Result<Vec<Member>, Refusal> {
    if group.ciphersuite() != SUITE {
        return Err(Refusal::Suite);
    }
    Charter::of(group.group_context().extensions())?;
    let members = read_group(group)?;
    members.iter().try_for_each(|member| chains.learn(member))?;
    // A device struck off its account's list may still sit on its leaf: that is for the members to mend, and no reason
    // for a newcomer to stay out. Its own chain must have named it, with this key.
    for member in members.iter().filter(|member| !chains.names(member)) {
        let mut own = Chains::default();
        own.learn(member)?;
        if !own.names(member) {
            return Err(Refusal::DeviceNotListed);
        }
    }
    no_device_twice(&members)?;
    Ok(members)
}

/// Checks our own way in from outside, by the rules the members will apply.
pub(crate) fn check_entry(
    before: &PublicGroup,
    after: &PublicGroup,
    own_leaf: u32,
    policy: Policy<'_>,
) -> Result<Change, Refusal> {
    let mut chains = Chains::default();
    let charter_before = Charter::of(before.group_context().extensions())?;
    let before = check_group_with(before, &mut chains)?;
    let epoch = after.group_context().epoch().as_u64();
    let charter = Charter::of(after.group_context().extensions())?;
    let after = check_group_with(after, &mut chains)?;
    let by = after.iter().find(|member| member.leaf == own_leaf).ok_or(Refusal::LeafData)?.clone();
    if !chains.names(&by) {
        return Err(Refusal::DeviceNotListed);
    }
    let removed: Vec<Member> = before.iter().filter(|member| same_device(member, &by)).cloned().collect();
    let removed_by = vec![by.account; removed.len()];
    let added = vec![by.clone()];
    decide(
        Change {
            epoch,
            by,
            external: true,
            added,
            removed,
            removed_by,
            updated: None,
            renewed: vec![],
            before,
            after,
            charter_before,
            charter,
            self_removed: false,
        },
        policy,
    )
}

fn decide(change: Change, policy: Policy<'_>) -> Result<Change, Refusal> {
    match policy(&change) {
        Verdict::Allow => Ok(change),
        Verdict::Refuse(why) => Err(Refusal::Policy(why)),
    }
}

fn read_group(group: &PublicGroup) -> Result<Vec<Member>, Refusal> {
    group
        .members()
        .map(|member| read_leaf(member.index.u32(), group.leaf(member.index).ok_or(Refusal::LeafData)?))
        .collect()
}

fn no_device_twice(members: &[Member]) -> Result<(), Refusal> {
    let mut seen: Vec<(AccountId, DeviceId)> = members.iter().map(|m| (m.account, m.device)).collect();
    seen.sort_unstable();
    if seen.windows(2).any(|pair| pair[0] == pair[1]) { Err(Refusal::DeviceTwice) } else { Ok(()) }
}

/// Checks a proposal that is to wait for a commit, by the rights of its author; gives the author.
pub(crate) fn check_proposal(
    group: &MlsGroup,
    sender: &Sender,
    proposal: &Proposal,
    policy: Policy<'_>,
) -> Result<Member, Refusal> {
    let Sender::Member(author) = sender else { return Err(Refusal::ChangeNotAllowed) };
    match proposal {
        Proposal::Update(update) => {
            let before = read_group(group.public_group())?;
            let by = before.iter().find(|it| it.leaf == author.u32()).ok_or(Refusal::ChangeNotAllowed)?;
            let new = read_leaf(by.leaf, update.leaf_node())?;
            check_renewed(&before, &[(by.clone(), new)])?;
            Ok(by.clone())
        }
        Proposal::Remove(remove) => check_removal(group, author.u32(), remove.removed().u32(), policy),
        _ => Err(Refusal::ChangeNotAllowed),
    }
}

/// Whether a member may propose that a leaf be removed.
pub(crate) fn check_removal(
    group: &MlsGroup,
    author: u32,
    leaf: u32,
    policy: Policy<'_>,
) -> Result<Member, Refusal> {
    let before = read_group(group.public_group())?;
    let by = before.iter().find(|member| member.leaf == author).ok_or(Refusal::ChangeNotAllowed)?.clone();
    let gone = before.iter().find(|member| member.leaf == leaf).ok_or(Refusal::NoSuchMember)?.clone();
    if author == leaf {
        return Err(Refusal::ChangeNotAllowed);
    }
    let charter = Charter::of(group.public_group().group_context().extensions())?;
    let after = before.iter().filter(|member| member.leaf != leaf).cloned().collect();
    let change = Change {
        epoch: group.epoch().as_u64() + 1,
        by: by.clone(),
        external: false,
        added: vec![],
        removed: vec![gone],
        removed_by: vec![by.account],
        updated: None,
        renewed: vec![],
        before,
        after,
        charter_before: charter.clone(),
        charter,
        self_removed: leaf == group.own_leaf_index().u32(),
    };
    decide(change, policy).map(|_| by)
}

/// New leaves must be of the same devices, each named by its account's longest list.
fn check_renewed(before: &[Member], renewed: &[(Member, Member)]) -> Result<(), Refusal> {
    let mut chains = Chains::default();
    for (old, new) in renewed {
        if !same_device(new, old) {
            return Err(Refusal::IdentityChanged);
        }
        let theirs = before.iter().filter(|member| member.account == old.account);
        theirs.chain([new]).try_for_each(|member| chains.learn(member))?;
    }
    let named = renewed.iter().all(|(_, new)| chains.names(new));
    if named { Ok(()) } else { Err(Refusal::DeviceNotListed) }
}

/// Checks a commit, received or our own, before it is merged. The group must still be at the epoch before it.
pub(crate) fn check_commit(
    group: &MlsGroup,
    sender: &Sender,
    commit: &StagedCommit,
    policy: Policy<'_>,
) -> Result<Change, Refusal> {
    let before = read_group(group.public_group())?;
    let Wishes { removals, renewals } = wishes(commit.queued_proposals(), sender)?;
    let gone = |leaf: u32| removals.iter().any(|(removed, _)| *removed == leaf);
    let removed: Vec<Member> = before.iter().filter(|m| gone(m.leaf)).cloned().collect();
    let mut after: Vec<Member> = before.iter().filter(|m| !gone(m.leaf)).cloned().collect();

    let mut renewed = Vec::new();
    for (leaf, node) in &renewals {
        let old = before.iter().find(|member| member.leaf == *leaf).ok_or(Refusal::ChangeNotAllowed)?;
        renewed.push((old.clone(), read_leaf(*leaf, node)?));
    }
    check_renewed(&before, &renewed)?;
    let renewed: Vec<Member> = renewed.into_iter().map(|(_, new)| new).collect();
    for new in &renewed {
        after.iter_mut().filter(|member| member.leaf == new.leaf).for_each(|member| *member = new.clone());
    }

    let mut added = Vec::new();
    for proposal in commit.add_proposals() {
        let package = proposal.add_proposal().key_package();
        if package.ciphersuite() != SUITE {
            return Err(Refusal::Suite);
        }
        added.push(read_leaf(free_leaf(&after), package.leaf_node())?);
        insert(&mut after, added.last().cloned());
    }

    let (by, external, updated) = match sender {
        Sender::Member(index) => {
            let by = before.iter().find(|m| m.leaf == index.u32()).ok_or(Refusal::ChangeNotAllowed)?.clone();
            let updated = commit.update_path_leaf_node().map(|leaf| read_leaf(by.leaf, leaf)).transpose()?;
            if updated.as_ref().is_some_and(|new| !same_device(new, &by)) {
                return Err(Refusal::IdentityChanged);
            }
            (by, false, updated)
        }
        Sender::NewMemberCommit => {
            let leaf = commit.update_path_leaf_node().ok_or(Refusal::ChangeNotAllowed)?;
            let by = read_leaf(free_leaf(&after), leaf)?;
            if !added.is_empty() || removed.iter().any(|old| !same_device(old, &by)) {
                return Err(Refusal::ForeignReplacement);
            }
            added.push(by.clone());
            (by, true, None)
        }
        Sender::External(_) | Sender::NewMemberProposal => return Err(Refusal::ChangeNotAllowed),
    };
    match &updated {
        Some(new) => after.iter_mut().filter(|m| m.leaf == new.leaf).for_each(|m| *m = new.clone()),
        None if external => insert(&mut after, Some(by.clone())),
        None => {}
    }

    let removed_by = removed.iter().map(|member| {
        let author = removals.iter().find(|(leaf, _)| *leaf == member.leaf).and_then(|(_, author)| *author);
        // From outside a device takes out its own old leaf.
        author.map_or(Some(by.account), |author| {
            before.iter().find(|member| member.leaf == author).map(|member| member.account)
        })
    });
    let removed_by = removed_by.collect::<Option<Vec<AccountId>>>().ok_or(Refusal::ChangeNotAllowed)?;

    // Only the accounts the commit touches are verified again: the rest was when it came in.
    let mut chains = Chains::default();
    let touched = |account| account == by.account || added.iter().any(|member| member.account == account);
    before
        .iter()
        .chain(&after)
        .filter(|member| touched(member.account))
        .try_for_each(|member| chains.learn(member))?;
    if !added.iter().chain(&updated).chain([&by]).all(|member| chains.names(member)) {
        return Err(Refusal::DeviceNotListed);
    }
    no_device_twice(&after)?;
    let self_removed = gone(group.own_leaf_index().u32()) && group.is_active();
    let epoch = commit.epoch().as_u64();
    let charter_before = Charter::of(group.public_group().group_context().extensions())?;
    let charter = match new_charter(commit.queued_proposals())? {
        Some(charter) => Some(charter),
        None => charter_before.clone(),
    };
    let change = Change {
        epoch,
        by,
        external,
        added,
        removed,
        removed_by,
        updated,
        renewed,
        before,
        after,
        charter_before,
        charter,
        self_removed,
    };
    decide(change, policy)
}

pub(crate) fn same_device(a: &Member, b: &Member) -> bool {
    a.account == b.account && a.device == b.device && a.signature_key == b.signature_key
}

/// What the proposals in a commit ask for.
struct Wishes<'a> {
    /// Leaves to be removed, and the leaf of whoever wishes it; none for a device from outside.
    removals: Vec<(u32, Option<u32>)>,
    /// New leaves that members other than the committer proposed for themselves.
    renewals: Vec<(u32, &'a LeafNode)>,
}

/// Sorts the proposals in a commit; refuses every kind that nothing of ours makes. Adding and a new charter are the committer's
/// own; new leaves and removals may have been proposed by others.
fn wishes<'a>(
    proposals: impl Iterator<Item = &'a QueuedProposal>,
    committer: &Sender,
) -> Result<Wishes<'a>, Refusal> {
    let mut wishes = Wishes { removals: vec![], renewals: vec![] };
    for queued in proposals {
        let by_committer = queued.sender() == committer;
        match (queued.proposal(), queued.sender()) {
            (Proposal::Add(_), Sender::Member(_)) if by_committer => {}
            (Proposal::ExternalInit(_), Sender::NewMemberCommit) => {}
            // What it says is looked at by `new_charter`.
            (Proposal::GroupContextExtensions(_), Sender::Member(_)) if by_committer => {}
            (Proposal::Remove(remove), Sender::Member(author)) => {
                wishes.removals.push((remove.removed().u32(), Some(author.u32())));
            }
            (Proposal::Remove(remove), Sender::NewMemberCommit) => {
                wishes.removals.push((remove.removed().u32(), None));
            }
            (Proposal::Update(update), Sender::Member(author)) if !by_committer => {
                wishes.renewals.push((author.u32(), update.leaf_node()));
            }
            _ => return Err(Refusal::ChangeNotAllowed),
        }
    }
    Ok(wishes)
}

/// The charter a commit brings, if it brings one.
fn new_charter<'a>(proposals: impl Iterator<Item = &'a QueuedProposal>) -> Result<Option<Charter>, Refusal> {
    let mut charter = None;
    for proposal in proposals {
        if let Proposal::GroupContextExtensions(context) = proposal.proposal() {
            charter = Some(Charter::of(context.extensions())?.ok_or(Refusal::Charter)?);
        }
    }
    Ok(charter)
}

/// The leftmost free leaf: where RFC 9420, 12.1.1 puts the next member.
fn free_leaf(members: &[Member]) -> u32 {
    (0..)
        .zip(members)
        .find(|(index, member)| *index != member.leaf)
        .map_or(members.len() as u32, |(index, _)| index)
}

/// Keeps the list sorted by leaf.
fn insert(members: &mut Vec<Member>, member: Option<Member>) {
    let Some(member) = member else { return };
    let at = members.partition_point(|known| known.leaf < member.leaf);
    members.insert(at, member);
}
