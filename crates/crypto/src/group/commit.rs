//! Commits of our own: made, waiting, merged or cleared.

use std::collections::BTreeSet;

use openmls::group::CommitBuilder;
use openmls::prelude::{
    CommitMessageBundle, CreateCommitError, EncryptedGroupSecrets, Extension, HashType, Initial,
    LeafNodeParameters, MlsGroup, MlsMessageOut, Proposal, QueuedProposal, Sender, StagedCommit,
    UnknownExtension,
};
use openmls_traits::OpenMlsProvider as _;
use openmls_traits::crypto::OpenMlsCrypto as _;
use seal::piece::PieceKey;
use tls_codec::{DeserializeBytes as _, Serialize as _, TlsDeserializeBytes, TlsSerialize, TlsSize, VLBytes};
use zeroize::Zeroizing;

use super::record::Waiting;
use super::tree::{TreePieces, pieces_of, tree_extension};
use super::{EpochSecrets, Group, LABEL_E, LABEL_K, LABEL_R};
use crate::charter::Charter;
use crate::device::Identity;
use crate::error::Error;
use crate::key_package::KeyPackage;
use crate::leaf::{LeafData, Member};
use crate::session::Session;
use crate::suite::{REJOIN_SECRET, capabilities};
use crate::validator::{Change, Policy, Refusal, check_commit, same_device};

/// A commit of ours on its way: everything the service and the other members need. The group stays in its epoch until
/// [`Group::merge_pending`]; the commit survives a restart in the store.
pub struct Pending {
    /// The commit, for the members of the epoch before.
    pub commit: Vec<u8>,
    /// The Welcome, for those it adds; see [`Pending::welcomes`].
    pub welcome: Option<Vec<u8>>,
    /// The description of the new epoch, for the rejoin blob; with its tree, unless that lies apart.
    pub group_info: Vec<u8>,
    /// The tree that lies apart.
    pub tree: TreePieces,
    /// The epoch it leads to.
    pub epoch: u64,
    /// `K` and `E` of that epoch.
    pub next: EpochSecrets,
    /// `R` from that epoch on.
    pub next_r: [u8; 32],
    /// What it changes; [`Change::after`] is the roster to come.
    pub change: Change,
}

impl Pending {
    /// A Welcome for each of the packages, with its secrets and no others': a letter stays as small as it is, however many
    /// come in together.
    ///
    /// # Errors
    /// [`Error::NoSuchKeyPackage`] for one that the commit does not add; [`Error::Bug`].
    pub fn welcomes(&self, session: &Session<'_>, packages: &[KeyPackage]) -> Result<Vec<Vec<u8>>, Error> {
        let whole = self.welcome.as_deref().ok_or(Error::NoSuchKeyPackage)?;
        let mut whole = WelcomeMessage::tls_deserialize_exact_bytes(whole)?;
        let mut secrets = std::mem::take(&mut whole.secrets);
        let mut welcomes = Vec::with_capacity(packages.len());
        for package in packages {
            let reference = package
                .inner
                .hash_ref(session.crypto())
                .map_err(|error| Error::library(session, "key package reference", &error))?;
            let place = secrets.iter().position(|secret| secret.new_member() == reference);
            whole.secrets = vec![secrets.swap_remove(place.ok_or(Error::NoSuchKeyPackage)?)];
            welcomes.push(whole.tls_serialize_detached()?);
        }
        Ok(welcomes)
    }
}

/// An `MLSMessage` that is a Welcome (RFC 9420 sections 6 and 12.4.3.1), as far as it is taken apart here.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct WelcomeMessage {
    version: u16,
    wire_format: u16,
    ciphersuite: u16,
    pub(crate) secrets: Vec<EncryptedGroupSecrets>,
    group_info: VLBytes,
}

/// How many leaves a commit takes out and brings in, beside what others have proposed.
#[derive(Clone, Copy)]
pub(super) struct Counts<'a> {
    pub(super) removed: &'a [Member],
    pub(super) added: usize,
}

/// What a commit of ours is to do. It renews the own leaf in any case, and so heals the group; and it carries what others have
/// proposed.
#[derive(Clone, Copy, Default)]
pub struct Changes<'a> {
    /// Devices to add.
    pub add: &'a [KeyPackage],
    /// Members to remove, as the group has them now.
    pub remove: &'a [Member],
    /// New contents of the own leaf.
    pub leaf: Option<&'a LeafData>,
    /// The group's new charter.
    pub charter: Option<&'a Charter>,
}

impl Group {
    /// Makes a commit and leaves it waiting for the service's answer.
    ///
    /// # Errors
    /// [`Error::CommitPending`], [`Error::Removed`], [`Error::Refused`], [`Error::RejoinSecretUnknown`],
    /// [`Error::Store`]. The group is as before then.
    pub fn commit(
        &mut self,
        session: &Session<'_>,
        identity: &Identity<'_>,
        changes: Changes<'_>,
        policy: Policy<'_>,
    ) -> Result<Pending, Error> {
        self.check_changes(&changes)?;
        let parameters = match changes.leaf {
            Some(leaf) => LeafNodeParameters::builder()
                .with_capabilities(capabilities())
                .with_extensions(leaf.extensions()?)
                .build(),
            None => LeafNodeParameters::default(),
        };
        let charter = changes.charter.map(Charter::extensions).transpose()?;
        let counts = Counts { removed: changes.remove, added: changes.add.len() };
        self.build(session, identity, policy, counts, |builder| {
            let builder = builder
                .force_self_update(true)
                .leaf_node_parameters(parameters)
                .propose_removals(changes.remove.iter().map(Member::index))
                .propose_adds(changes.add.iter().map(|package| package.inner.clone()));
            match charter {
                Some(context) => builder.propose_group_context_extensions(context),
                None => Ok(builder),
            }
        })
    }

    /// Renews the own leaf and heals the group; with `leaf`, writes new leaf data as well.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn commit_update(
        &mut self,
        session: &Session<'_>,
        identity: &Identity<'_>,
        leaf: Option<&LeafData>,
        policy: Policy<'_>,
    ) -> Result<Pending, Error> {
        self.commit(session, identity, Changes { leaf, ..Changes::default() }, policy)
    }

    /// Adds devices, and renews the own leaf.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn commit_add(
        &mut self,
        session: &Session<'_>,
        identity: &Identity<'_>,
        add: &[KeyPackage],
        policy: Policy<'_>,
    ) -> Result<Pending, Error> {
        self.commit(session, identity, Changes { add, ..Changes::default() }, policy)
    }

    /// Removes leaves, and renews the own leaf.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn commit_remove(
        &mut self,
        session: &Session<'_>,
        identity: &Identity<'_>,
        remove: &[Member],
        policy: Policy<'_>,
    ) -> Result<Pending, Error> {
        self.commit(session, identity, Changes { remove, ..Changes::default() }, policy)
    }

    /// What the library would report as defects is the caller's to mend: an intent that the winner of a race overtook.
    fn check_changes(&self, changes: &Changes<'_>) -> Result<(), Refusal> {
        let mut staying = self.members();
        for gone in changes.remove {
            if gone.leaf == self.own_leaf() {
                return Err(Refusal::ChangeNotAllowed);
            }
            let place =
                staying.iter().position(|member| member.leaf == gone.leaf && same_device(member, gone));
            staying.remove(place.ok_or(Refusal::NoSuchMember)?);
        }
        for package in changes.add {
            if staying.iter().any(|member| {
                (member.account, member.device) == (package.member.account, package.member.device)
                    || member.signature_key == package.member.signature_key
            }) {
                return Err(Refusal::DeviceTwice);
            }
            staying.push(package.member.clone());
        }
        Ok(())
    }

    /// The service accepted our commit, or its echo arrived: moves to the next epoch.
    ///
    /// # Errors
    /// [`Error::NoCommitPending`], [`Error::Store`].
    pub fn merge_pending(&mut self, session: &Session<'_>) -> Result<(), Error> {
        let waiting = self.record.pending.take().ok_or(Error::NoCommitPending)?;
        if !waiting.entering {
            let proposed = self.proposed_keys()?;
            self.mls
                .merge_pending_commit(session)
                .map_err(|error| Error::library(session, "merge pending commit", &error))?;
            proposed.into_iter().for_each(|key| session.cache.delete(key));
            self.renew_r(session, waiting.removes)?;
        }
        self.record.save(session, self.id)
    }

    /// Our commit lost: forgets it. The group is as before, ready to process the winner and commit again.
    ///
    /// `None` when the commit was to bring this device in from outside: nothing of the group is left, and
    /// [`Group::rejoin`] starts over from a newer description.
    ///
    /// # Errors
    /// [`Error::NoCommitPending`], [`Error::Store`].
    pub fn clear_pending(mut self, session: &Session<'_>) -> Result<Option<Self>, Error> {
        let waiting = self.record.pending.take().ok_or(Error::NoCommitPending)?;
        if waiting.entering {
            self.delete(session)?;
            return Ok(None);
        }
        self.mls
            .clear_pending_commit(&session.cache)
            .map_err(|error| Error::library(session, "clear pending commit", &error))?;
        self.record.save(session, self.id)?;
        Ok(Some(self))
    }

    pub(super) fn build(
        &mut self,
        session: &Session<'_>,
        identity: &Identity<'_>,
        policy: Policy<'_>,
        counts: Counts<'_>,
        fill: impl for<'b> FnOnce(
            CommitBuilder<'b, Initial, &'b mut MlsGroup>,
        )
            -> Result<CommitBuilder<'b, Initial, &'b mut MlsGroup>, CreateCommitError>,
    ) -> Result<Pending, Error> {
        self.check_identity(identity)?;
        if self.has_pending() {
            return Err(Error::CommitPending);
        }
        let carries = self.carries();
        let removed = self.leaves_removed(&counts, &carries);
        let members = self.mls.members().count();
        let leaves = members.saturating_sub(removed.len()) + counts.added;
        let key = session.keeps_tree_apart(leaves).then(|| session.with_rng(|rng| PieceKey::random(rng)));
        let mut said = Vec::from_iter(self.rejoin_extension(!removed.is_empty())?);
        said.extend(key.as_ref().map(tree_extension));
        let failed = |error: &dyn std::fmt::Debug| Error::library(session, "commit", error);
        let bundle = fill(self.mls.commit_builder().consume_proposal_store(true))
            .map_err(|error| failed(&error))?
            .load_psks(&session.cache)
            .map_err(|error| failed(&error))?
            .create_group_info_with_extensions(said)
            .map_err(|error| failed(&error))?
            .use_ratchet_tree_extension(key.is_none())
            .build(session.rand(), session.crypto(), identity.keys, carries)
            .map_err(|error| failed(&error))?
            .stage_commit(session)
            .map_err(|error| failed(&error))?;
        let judged = self.judge(session, policy).and_then(|judged| {
            if judged.change.after.len() != leaves {
                return Err(Error::Bug("leaves were counted otherwise".into()));
            }
            let tree = key.map(|key| self.staged_tree(session, &key, members)).transpose()?;
            Ok((judged, tree.unwrap_or_default()))
        });
        match judged {
            Ok((judged, tree)) => self.wait(session, &bundle, judged, tree, false),
            Err(error) => {
                self.mls
                    .clear_pending_commit(&session.cache)
                    .map_err(|error| Error::library(session, "clear pending commit", &error))?;
                Err(error)
            }
        }
    }

    /// Lets the commit just made pass the rules every member will apply, and derives what the next epoch gives.
    fn judge(&self, session: &Session<'_>, policy: Policy<'_>) -> Result<Judged, Error> {
        let staged = self.mls.pending_commit().ok_or_else(|| Error::Bug("no staged commit".into()))?;
        let change = check_commit(&self.mls, &Sender::Member(self.mls.own_leaf_index()), staged, policy)?;
        let next = EpochSecrets {
            k: export_staged(session, staged, LABEL_K)?,
            e: export_staged(session, staged, LABEL_E)?,
        };
        let renewed = change.removes() || change.epoch == 1;
        let next_r = if renewed { export_staged(session, staged, LABEL_R)? } else { self.r()? };
        Ok(Judged { change, next, next_r })
    }

    /// Notes the commit as waiting and puts it into bytes.
    pub(super) fn wait(
        &mut self,
        session: &Session<'_>,
        bundle: &CommitMessageBundle,
        Judged { change, next, next_r }: Judged,
        tree: TreePieces,
        entering: bool,
    ) -> Result<Pending, Error> {
        let commit = bundle.commit().tls_serialize_detached()?;
        let group_info = bundle.group_info().ok_or_else(|| Error::Bug("no group info".into()))?;
        let pending = Pending {
            welcome: bundle.to_welcome_msg().map(|welcome| welcome.tls_serialize_detached()).transpose()?,
            group_info: MlsMessageOut::from(group_info.clone()).tls_serialize_detached()?,
            tree,
            epoch: change.epoch,
            next,
            next_r,
            change,
            commit,
        };
        let hash = hash(session, &pending.commit)?;
        self.record.pending = Some(Waiting { hash, removes: pending.change.removes(), entering });
        self.record.save(session, self.id)?;
        Ok(pending)
    }

    /// The pieces of the tree that the commit just made leads to.
    fn staged_tree(
        &self,
        session: &Session<'_>,
        key: &PieceKey,
        members: usize,
    ) -> Result<TreePieces, Error> {
        let staged = self.mls.pending_commit().ok_or_else(|| Error::Bug("no staged commit".into()))?;
        let before = self.mls.export_ratchet_tree();
        let after = staged
            .export_ratchet_tree(session.crypto(), before.clone())
            .map_err(|error| Error::library(session, "export tree", &error))?
            .ok_or_else(|| Error::Bug("a commit without its tree".into()))?;
        let known = session.keeps_tree_apart(members) && !self.says_whole_tree;
        pieces_of(session, self.id, key, &after, known.then_some(&before))
    }

    /// The leaves that a commit takes out, also by what others have proposed.
    fn leaves_removed(
        &self,
        counts: &Counts<'_>,
        carries: &impl Fn(&QueuedProposal) -> bool,
    ) -> BTreeSet<u32> {
        let carried = self.mls.pending_proposals().filter(|queued| carries(queued));
        let proposed = carried.filter_map(|queued| match queued.proposal() {
            Proposal::Remove(removed) => Some(removed.removed().u32()),
            _ => None,
        });
        proposed.chain(counts.removed.iter().map(|member| member.leaf)).collect()
    }

    /// `R` for those who join by Welcome. Absent when the commit itself makes a new one: then it is the exporter secret
    /// of the epoch they join.
    fn rejoin_extension(&self, removes: bool) -> Result<Option<Extension>, Error> {
        if removes || self.epoch() == 0 {
            return Ok(None);
        }
        Ok(Some(Extension::Unknown(REJOIN_SECRET, UnknownExtension(self.r()?.to_vec()))))
    }
}

/// A commit of ours that may go.
pub(super) struct Judged {
    pub(super) change: Change,
    pub(super) next: EpochSecrets,
    pub(super) next_r: [u8; 32],
}

/// A secret of the epoch a commit leads to, before it is merged.
pub(super) fn export_staged(
    session: &Session<'_>,
    staged: &StagedCommit,
    label: &str,
) -> Result<[u8; 32], Error> {
    let secret = staged
        .export_secret(session.crypto(), label, &[], 32)
        .map_err(|error| Error::library(session, "export", &error))?;
    <[u8; 32]>::try_from(Zeroizing::new(secret).as_slice()).map_err(|_| Error::Bug("export length".into()))
}

pub(super) fn hash(session: &Session<'_>, bytes: &[u8]) -> Result<[u8; 32], Error> {
    let hash = session
        .crypto()
        .hash(HashType::Sha2_256, bytes)
        .map_err(|error| Error::Bug(format!("hash: {error:?}")))?;
    hash.try_into().map_err(|_| Error::Bug("hash length".into()))
}
