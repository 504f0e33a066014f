//! Messages: encrypting, and reading what the slot delivers.

use openmls::framing::errors::MessageDecryptionError;
use openmls::group::ValidationError;
use openmls::prelude::{
    MlsMessageIn, ProcessMessageError, ProcessedMessageContent, ProtocolMessage, Sender, StagedCommit,
};
use tls_codec::{DeserializeBytes as _, Serialize as _};

use super::commit::{export_staged, hash};
use super::{EpochSecrets, Group, LABEL_E, LABEL_K, LABEL_R};
use crate::device::Identity;
use crate::error::{Error, Unreadable};
use crate::leaf::Member;
use crate::session::Session;
use crate::validator::{Change, Policy, Refusal, check_commit};

/// A message of the slot, read.
pub enum Incoming {
    /// Content from a member.
    Application {
        /// Who sent it: authentic.
        sender: Member,
        /// What they sent.
        content: Vec<u8>,
    },
    /// Our own content coming back: it is in the message table since it was sent.
    OwnEcho,
    /// Our own commit coming back: [`Group::merge_pending`].
    OwnCommit,
    /// Somebody's commit, verified and not yet merged: [`Group::merge`].
    Commit(Box<StagedChange>),
    /// A proposal of a member, which may propose it: it waits for the next commit.
    Proposal {
        /// Who sent it.
        sender: Member,
    },
    /// From an epoch this device has left: processed before, or never to be read.
    Old {
        /// Its epoch.
        epoch: u64,
    },
    /// From an epoch this device has not reached: commits were missed, and it must rejoin.
    Ahead {
        /// Its epoch.
        epoch: u64,
    },
}

/// A verified commit, ready to be merged.
pub struct StagedChange {
    /// What it changes.
    pub change: Change,
    /// `K` and `E` of the epoch it leads to; none when it removes this device.
    pub next: Option<EpochSecrets>,
    /// `R` from then on, if known; none when it removes this device.
    pub next_r: Option<[u8; 32]>,
    staged: StagedCommit,
}

impl Group {
    /// Encrypts content for the members of this epoch. Flush the session before the transaction is committed, and let
    /// nothing leave before.
    ///
    /// # Errors
    /// [`Error::Removed`], [`Error::Store`].
    pub fn encrypt(
        &mut self,
        session: &Session<'_>,
        identity: &Identity<'_>,
        content: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.check_identity(identity)?;
        // The library writes nothing while proposals wait. Ours are new leaves and removals, which somebody commits within
        // seconds; who may read is decided by the epoch alone, and nobody is kept from writing by what others propose.
        let waiting: Vec<_> = self.mls.pending_proposals().cloned().collect();
        if !waiting.is_empty() {
            self.mls
                .clear_pending_proposals(&session.cache)
                .map_err(|error| Error::library(session, "set aside", &error))?;
        }
        let message = self
            .mls
            .create_message(session, identity.keys, content)
            .map_err(|error| Error::library(session, "encrypt", &error))?;
        for proposal in waiting {
            self.mls
                .store_pending_proposal(&session.cache, proposal)
                .map_err(|error| Error::library(session, "put back", &error))?;
        }
        Ok(message.tls_serialize_detached()?)
    }

    /// Reads a message of the slot: decrypts, verifies, and lets commits pass the validator and the policy. A commit is
    /// not merged yet.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::WrongGroup`], [`Error::Unreadable`], [`Error::Refused`], [`Error::Removed`],
    /// [`Error::Store`].
    pub fn process(
        &mut self,
        session: &Session<'_>,
        bytes: &[u8],
        policy: Policy<'_>,
    ) -> Result<Incoming, Error> {
        if !self.is_active() {
            return Err(Error::Removed);
        }
        let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes)
            .map_err(|_| Error::Malformed("message"))?
            .try_into_protocol_message()
            .map_err(|_| Error::Malformed("message"))?;
        if message.group_id() != self.mls.group_id() {
            return Err(Error::WrongGroup);
        }
        if let Some(waiting) = &self.record.pending
            && message.content_type() == openmls::prelude::ContentType::Commit
            && waiting.hash == hash(session, bytes)?
        {
            return Ok(Incoming::OwnCommit);
        }
        let epoch = message.epoch().as_u64();
        match epoch.cmp(&self.epoch()) {
            std::cmp::Ordering::Less => Ok(Incoming::Old { epoch }),
            std::cmp::Ordering::Greater => Ok(Incoming::Ahead { epoch }),
            std::cmp::Ordering::Equal => self.process_current(session, message, policy),
        }
    }

    fn process_current(
        &mut self,
        session: &Session<'_>,
        message: ProtocolMessage,
        policy: Policy<'_>,
    ) -> Result<Incoming, Error> {
        let processed = self.mls.process_message(session, message).map_err(|error| sort(session, &error))?;
        let sender = processed.sender().clone();
        match processed.into_content() {
            ProcessedMessageContent::ApplicationMessage(content) => {
                Ok(Incoming::Application { sender: self.sender(&sender)?, content: content.into_bytes() })
            }
            ProcessedMessageContent::OwnPrivateMessage => Ok(Incoming::OwnEcho),
            ProcessedMessageContent::OwnPendingCommit => Ok(Incoming::OwnCommit),
            ProcessedMessageContent::StagedCommitMessage(staged) => {
                self.stage(session, &sender, *staged, policy)
            }
            ProcessedMessageContent::ProposalMessage(queued) => {
                Ok(Incoming::Proposal { sender: self.keep_proposal(session, *queued, policy)? })
            }
            ProcessedMessageContent::ExternalJoinProposalMessage(_) => Err(Refusal::ChangeNotAllowed.into()),
        }
    }

    fn stage(
        &self,
        session: &Session<'_>,
        sender: &Sender,
        staged: StagedCommit,
        policy: Policy<'_>,
    ) -> Result<Incoming, Error> {
        let change = check_commit(&self.mls, sender, &staged, policy)?;
        let (next, next_r) = if change.self_removed {
            (None, None)
        } else {
            let next_r = if change.removes() {
                Some(export_staged(session, &staged, LABEL_R)?)
            } else {
                self.record.r
            };
            let k = export_staged(session, &staged, LABEL_K)?;
            (Some(EpochSecrets { k, e: export_staged(session, &staged, LABEL_E)? }), next_r)
        };
        Ok(Incoming::Commit(Box::new(StagedChange { change, next, next_r, staged })))
    }

    /// Moves to the epoch a verified commit leads to. A waiting commit of our own has lost and is forgotten.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn merge(&mut self, session: &Session<'_>, change: StagedChange) -> Result<Change, Error> {
        let StagedChange { change, staged, .. } = change;
        let proposed = self.proposed_keys()?;
        self.mls
            .merge_staged_commit(session, staged)
            .map_err(|error| Error::library(session, "merge", &error))?;
        proposed.into_iter().for_each(|key| session.cache.delete(key));
        self.record.pending = None;
        if change.self_removed {
            self.record.r = None;
        } else {
            self.renew_r(session, change.removes())?;
        }
        self.record.save(session, self.id)?;
        Ok(change)
    }

    fn sender(&self, sender: &Sender) -> Result<Member, Error> {
        match sender {
            Sender::Member(index) => self.member(index.u32()).ok_or(Error::Refused(Refusal::LeafData)),
            _ => Err(Refusal::ChangeNotAllowed.into()),
        }
    }
}

/// Sorts the library's many ways of saying no by what the caller does.
fn sort<E: std::fmt::Debug>(session: &Session<'_>, error: &ProcessMessageError<E>) -> Error {
    if let Some(fault) = session.cache.take_fault() {
        return Error::Store(fault);
    }
    match error {
        ProcessMessageError::GroupStateError(_) => Error::Removed,
        ProcessMessageError::InvalidCommit(_) => Refusal::Invalid.into(),
        ProcessMessageError::UnauthorizedExternalApplicationMessage
        | ProcessMessageError::UnauthorizedExternalCommitMessage
        | ProcessMessageError::UnsupportedProposalType => Refusal::ChangeNotAllowed.into(),
        ProcessMessageError::ValidationError(ValidationError::UnableToDecrypt(
            MessageDecryptionError::SecretTreeError(error),
        )) => unreachable_key(&format!("{error:?}")).into(),
        _ => Unreadable::Forged.into(),
    }
}

/// The library keeps this error's type to itself; its variants are told apart by name, and a test holds the names.
fn unreachable_key(variant: &str) -> Unreadable {
    match variant {
        "SecretReuseError" => Unreadable::Duplicate,
        "TooDistantInThePast" | "TooDistantInTheFuture" => Unreadable::OutOfReach,
        _ => Unreadable::Forged,
    }
}
