//! Ways into a group: making it, being welcomed, coming in from outside.

use openmls::prelude::group_info::VerifiableGroupInfo;
use openmls::prelude::{
    ExternalCommitBuilderError, JoinBuilder, LeafNodeParameters, MlsGroup, MlsMessageBodyIn, MlsMessageIn,
    ProposalStore, PublicGroup, RatchetTreeIn, StagedWelcome, UnknownExtension, WelcomeError,
};
use openmls_traits::OpenMlsProvider as _;
use seal::piece::PieceKey;
use tls_codec::DeserializeBytes as _;

use super::commit::{Counts, Judged};
use super::record::Record;
use super::tree::{TreePieces, pieces_of, read_tree, tree_extension};
use super::{EpochSecrets, Group, GroupId, LABEL_E, LABEL_K, LABEL_R, Pending};
use crate::charter::Charter;
use crate::device::Identity;
use crate::error::{Error, Unreadable};
use crate::key_package::KeyPackage;
use crate::leaf::{LeafData, Member};
use crate::mls_storage::MlsStorageError;
use crate::session::{Cache, Session};
use crate::store::{KeyStore, StoreError};
use crate::suite::{REJOIN_SECRET, SUITE, TREE_KEY, capabilities, config, open_lifetime};
use crate::validator::{Change, Policy, Refusal, Verdict, check_entry, check_group, check_leaf};

/// A group this device was welcomed into.
pub struct Joined {
    /// The group, at the epoch of the Welcome.
    pub group: Group,
    /// Who sent the Welcome.
    pub inviter: Member,
    /// All members, verified.
    pub members: Vec<Member>,
    /// What they agreed on; none where people are fixed.
    pub charter: Option<Charter>,
}

impl Group {
    /// Makes a group of this device and the given ones, at epoch 1 and merged: nobody else can be at epoch 0, so there is
    /// no race to lose. The returned Welcome goes to those added; the commit goes to nobody.
    ///
    /// The policy is not asked: the caller chose the members.
    ///
    /// # Errors
    /// [`Error::GroupExists`], [`Error::Refused`], [`Error::Store`].
    pub fn create(
        session: &Session<'_>,
        identity: &Identity<'_>,
        leaf: &LeafData,
        id: GroupId,
        packages: &[KeyPackage],
        charter: Option<&Charter>,
    ) -> Result<(Self, Pending), Error> {
        let failed = |error: &dyn std::fmt::Debug| Error::library(session, "create", error);
        if MlsGroup::load(&session.cache, &id.mls()).map_err(|error| failed(&error))?.is_some() {
            return Err(Error::GroupExists);
        }
        let config = config();
        let context = charter.map(Charter::extensions).transpose()?;
        let mls = MlsGroup::builder()
            .with_group_id(id.mls())
            .ciphersuite(SUITE)
            .lifetime(open_lifetime())
            .with_wire_format_policy(config.wire_format_policy())
            .max_past_epochs(0)
            .number_of_resumption_psks(0)
            .use_ratchet_tree_extension(true)
            .sender_ratchet_configuration(*config.sender_ratchet_configuration())
            .with_capabilities(capabilities())
            .with_group_context_extensions(context.unwrap_or_default())
            .with_leaf_node_extensions(leaf.extensions()?)
            .map_err(|error| failed(&error))?
            .build(session, identity.keys, identity.credential()?)
            .map_err(|error| failed(&error))?;
        check_leaf(0, mls.own_leaf_node().ok_or(Refusal::LeafData)?)?;
        let mut group = Self::new(id, mls, Record::default());
        let counts = Counts { removed: &[], added: packages.len() };
        let pending = group.build(session, identity, &|_: &Change| Verdict::Allow, counts, |builder| {
            // Epoch 0 is a fresh secret of ours alone: only an empty first commit needs a path to be one at all.
            Ok(builder
                .force_self_update(packages.is_empty())
                .propose_adds(packages.iter().map(|package| package.inner.clone())))
        })?;
        group.merge_pending(session)?;
        Ok((group, pending))
    }

    /// Joins by Welcome. Every leaf of the tree is verified. The key package's private keys are deleted, unless it is
    /// the last resort. `tree` is asked for by [`Error::TreeApart`].
    ///
    /// Whether this inviter may invite is the caller's to judge from [`Joined`], rolling back if not.
    ///
    /// # Errors
    /// [`Error::TreeApart`], [`Error::NoSuchKeyPackage`], [`Error::GroupExists`], [`Error::Refused`],
    /// [`Error::Unreadable`], [`Error::Malformed`], [`Error::Store`]. Nothing is changed then.
    pub fn join(session: &Session<'_>, welcome: &[u8], tree: Option<&[u8]>) -> Result<Joined, Error> {
        session.attempt(|session| Self::join_inner(session, welcome, tree))
    }

    /// What a Welcome says of the way back in: the group, and `R` where the Welcome tells it (it does unless its own commit made
    /// a new one). For whoever cannot get the tree of the Welcome's epoch any more and comes in from outside. Nothing is
    /// changed.
    ///
    /// # Errors
    /// [`Error::NoSuchKeyPackage`], [`Error::Unreadable`], [`Error::Malformed`], [`Error::Store`].
    pub fn way_in(session: &Session<'_>, welcome: &[u8]) -> Result<(GroupId, Option<[u8; 32]>), Error> {
        let mut found = None;
        // What opening the Welcome has used up is put back.
        let _undone: Result<(), Error> = session.attempt(|session| {
            let message =
                MlsMessageIn::tls_deserialize_exact_bytes(welcome).map_err(|_| Error::Malformed("Welcome"));
            let opened = message.and_then(|message| match message.extract() {
                MlsMessageBodyIn::Welcome(welcome) => {
                    StagedWelcome::build_from_welcome(session, &config(), welcome)
                        .map_err(|error| unwelcome(session, error))
                }
                _ => Err(Error::Malformed("Welcome")),
            });
            found = Some(opened.and_then(|builder| described(&builder)));
            Err(Error::NoSuchGroup)
        });
        found.unwrap_or(Err(Error::NoSuchGroup))
    }

    fn join_inner(session: &Session<'_>, welcome: &[u8], tree: Option<&[u8]>) -> Result<Joined, Error> {
        let message =
            MlsMessageIn::tls_deserialize_exact_bytes(welcome).map_err(|_| Error::Malformed("Welcome"))?;
        let MlsMessageBodyIn::Welcome(welcome) = message.extract() else {
            return Err(Error::Malformed("Welcome"));
        };
        let failed = |error: WelcomeError<_>| unwelcome(session, error);
        let config = config();
        let mut builder = StagedWelcome::build_from_welcome(session, &config, welcome).map_err(failed)?;
        let (id, told_r) = described(&builder)?;
        let info = builder.processed_welcome().unverified_group_info();
        if info.extensions().ratchet_tree().is_none() {
            let tree = match tree {
                Some(tree) => read_tree(tree)?,
                None => return Err(Error::TreeApart(apart(info.extensions().unknown(TREE_KEY))?)),
            };
            builder = builder.with_ratchet_tree(tree);
        }
        // A Welcome must not replace a living group; a group this device was removed from gives way.
        if let Some(old) = MlsGroup::load(&session.cache, &id.mls())
            .map_err(|error| Error::library(session, "join", &error))?
        {
            if old.is_active() {
                return Err(Error::GroupExists);
            }
            Self::new(id, old, Record::default()).delete(session)?;
        }
        let staged = builder.skip_lifetime_validation().build().map_err(failed)?;
        let inviter = staged.welcome_sender_index().u32();
        let mls = staged.into_group(session).map_err(failed)?;
        let members = check_group(mls.public_group())?;
        let charter = Charter::of(mls.public_group().group_context().extensions())?;
        let inviter = members.iter().find(|member| member.leaf == inviter).ok_or(Refusal::LeafData)?.clone();
        let mut group = Self::new(id, mls, Record::default());
        group.record.r = Some(match told_r {
            Some(r) => r,
            None => group.export(session, LABEL_R)?,
        });
        group.record.save(session, id)?;
        Ok(Joined { group, inviter, members, charter })
    }

    /// Comes in from outside: a device that fell out replaces its old leaf, a new device of a known account takes a new
    /// one. `group_info` comes from the rejoin blob, `r` is what opened it; `tree` is asked for by [`Error::TreeApart`].
    ///
    /// The returned group is already at the new epoch, **unconfirmed**: [`merge_pending`](Self::merge_pending) when the
    /// service accepted the commit, [`clear_pending`](Self::clear_pending) when it did not. What this device still had of
    /// the group is deleted: it could not follow any more.
    ///
    /// # Errors
    /// [`Error::TreeApart`]; [`Error::Refused`] when the description does not hold or others would refuse the commit;
    /// [`Error::Unreadable`], [`Error::Malformed`], [`Error::Store`]. Nothing is changed then.
    pub fn rejoin(
        session: &Session<'_>,
        identity: &Identity<'_>,
        leaf: &LeafData,
        (group_info, tree): (&[u8], Option<&[u8]>),
        r: [u8; 32],
        policy: Policy<'_>,
    ) -> Result<(Self, Pending), Error> {
        session.attempt(|session| Self::rejoin_inner(session, identity, leaf, (group_info, tree), r, policy))
    }

    fn rejoin_inner(
        session: &Session<'_>,
        identity: &Identity<'_>,
        leaf: &LeafData,
        (group_info, tree): (&[u8], Option<&[u8]>),
        r: [u8; 32],
        policy: Policy<'_>,
    ) -> Result<(Self, Pending), Error> {
        let message = MlsMessageIn::tls_deserialize_exact_bytes(group_info)
            .map_err(|_| Error::Malformed("group info"))?;
        let MlsMessageBodyIn::GroupInfo(info) = message.extract() else {
            return Err(Error::Malformed("group info"));
        };
        let id = GroupId(info.group_id().as_slice().try_into().map_err(|_| Error::Malformed("group id"))?);
        let failed = |error: &dyn std::fmt::Debug| Error::library(session, "rejoin", error);
        if let Some(mls) = MlsGroup::load(&session.cache, &id.mls()).map_err(|error| failed(&error))? {
            Self::new(id, mls, Record::default()).delete(session)?;
        }
        let unreadable = |_: ExternalCommitBuilderError<_>| match session.cache.take_fault() {
            Some(fault) => Error::Store(fault),
            None => Error::Unreadable(Unreadable::Forged),
        };
        let parameters = LeafNodeParameters::builder()
            .with_capabilities(capabilities())
            .with_extensions(leaf.extensions()?)
            .build();
        let tree = match info.extensions().ratchet_tree() {
            Some(inside) => inside.ratchet_tree().clone(),
            None => match tree {
                Some(tree) => read_tree(tree)?,
                None => return Err(Error::TreeApart(apart(info.extensions().unknown(TREE_KEY))?)),
            },
        };
        let before = public_view(session, &info, tree.clone())?;
        let replaces = before.members().any(|member| member.signature_key == identity.keys.public());
        let counted = before.members().count();
        let was_apart = session.keeps_tree_apart(counted);
        let key = session
            .keeps_tree_apart(counted + usize::from(!replaces))
            .then(|| session.with_rng(|rng| PieceKey::random(rng)));
        let (mls, bundle) = MlsGroup::external_commit_builder()
            .with_config(config())
            .with_ratchet_tree(tree)
            .skip_lifetime_validation()
            .build_group(session, info, identity.credential()?)
            .map_err(unreadable)?
            .leaf_node_parameters(parameters)
            .load_psks(&session.cache)
            .map_err(|error| failed(&error))?
            .create_group_info_with_extensions(key.as_ref().map(tree_extension))
            .map_err(|error| failed(&error))?
            .use_ratchet_tree_extension(key.is_none())
            .build(session.rand(), session.crypto(), identity.keys, |_| true)
            .map_err(|error| failed(&error))?
            .finalize(session)
            .map_err(|error| failed(&error))?;
        let change = check_entry(&before, mls.public_group(), mls.own_leaf_index().u32(), policy)?;
        let mut group = Self::new(id, mls, Record::default());
        let next = EpochSecrets { k: group.export(session, LABEL_K)?, e: group.export(session, LABEL_E)? };
        let next_r = if change.removes() { group.export(session, LABEL_R)? } else { r };
        group.record.r = Some(next_r);
        let tree = match &key {
            None => TreePieces::default(),
            Some(key) => {
                let old = was_apart.then(|| before.export_ratchet_tree());
                pieces_of(session, id, key, &group.mls.export_ratchet_tree(), old.as_ref())?
            }
        };
        let pending = group.wait(session, &bundle, Judged { change, next, next_r }, tree, true)?;
        Ok((group, pending))
    }
}

/// What a Welcome that opens says of the group and of `R`.
fn described(builder: &JoinBuilder<'_, Session<'_>>) -> Result<(GroupId, Option<[u8; 32]>), Error> {
    let info = builder.processed_welcome().unverified_group_info();
    let id = GroupId(info.group_id().as_slice().try_into().map_err(|_| Error::Malformed("group id"))?);
    let told_r = match info.extensions().unknown(REJOIN_SECRET) {
        Some(r) => Some(<[u8; 32]>::try_from(r.0.as_slice()).map_err(|_| Error::Malformed("R"))?),
        None => None,
    };
    Ok((id, told_r))
}

/// Sorts the library's ways of not taking a Welcome.
fn unwelcome(session: &Session<'_>, error: WelcomeError<MlsStorageError>) -> Error {
    match (session.cache.take_fault(), error) {
        (Some(fault), _) => Error::Store(fault),
        (None, WelcomeError::NoMatchingKeyPackage) => Error::NoSuchKeyPackage,
        (None, WelcomeError::GroupAlreadyExists) => Error::GroupExists,
        (None, _) => Error::Unreadable(Unreadable::Forged),
    }
}

/// Where the tree lies that a description does not hold.
fn apart(said: Option<&UnknownExtension>) -> Result<PieceKey, Error> {
    let key = said.and_then(|said| <[u8; 32]>::try_from(said.0.as_slice()).ok());
    key.map(PieceKey).ok_or(Error::Malformed("tree"))
}

/// The group as its description shows it, verified, without touching the store.
fn public_view(
    session: &Session<'_>,
    info: &VerifiableGroupInfo,
    tree: RatchetTreeIn,
) -> Result<PublicGroup, Error> {
    let forged = Error::Unreadable(Unreadable::Forged);
    let scratch = Cache::new(&Nothing);
    match PublicGroup::from_external(session.crypto(), &scratch, tree, info.clone(), ProposalStore::new()) {
        Ok((group, _)) => Ok(group),
        Err(_) => Err(forged),
    }
}

/// A store that holds nothing, for looking at a group without keeping it.
struct Nothing;

impl KeyStore for Nothing {
    fn get(&self, _key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }

    fn put(&self, _key: &[u8], _value: &[u8]) -> Result<(), StoreError> {
        Ok(())
    }

    fn delete(&self, _key: &[u8]) -> Result<(), StoreError> {
        Ok(())
    }
}
