//! Where many want to commit at once: one wins, the rest propose, and whoever commits next carries it all.
//!
//! A device whose renewed leaf lost a race sends it as a proposal, an ordinary message of the slot; so does one that wanted to
//! take a member or a device out. Whoever sees proposals waits for a moment drawn at random, so that few commit at once, and then
//! commits them with its own renewed leaf; the others find nothing left to do. Other changes to a group that a person wants are
//! commits always, and carry what was proposed: a Welcome needs its maker's letters, and a commit has room for one new charter
//! only (decision 0013).
//!
//! A removal changes between the two: what lost is proposed, what was proposed and not carried is committed, and so on. By
//! proposals alone whoever is to be taken out could outrun everybody with commits of their own.

use std::collections::BTreeMap;

use client_db::params;
use crypto::seal::aead::sha256;
use crypto::{Charter, Error as CryptoError, Group, GroupId, LeafData, Member, by_charter};
use vocab::time::{HOUR_MS, SECOND_MS};
use vocab::{AccountId, IdempotencyId, SlotId, Timestamp};
use wire::slot::Send;
use wire::{Decode, Encode, Secret32, UnnamedRequest};

use crate::Weakness;
use crate::api::ConversationId;
use crate::charter::Wish;
use crate::conversation::{Slot, SlotState};
use crate::intent::{self, Intent, Kind};
use crate::lines::Purpose;
use crate::own_device::EXPELS;
use crate::step::{Halting, Step, sql_time};

/// What this room keeps.
pub(crate) const TABLES: &str = "
-- How often another commit came before this one.
alter table intent add column lost integer not null default 0;
";

impl Step<'_> {
    /// The slot is in its next epoch by somebody else's commit: of ours that were on their way, each has lost.
    pub fn note_lost_commits(&self, slot: SlotId) -> Halting<()> {
        self.tx.execute(
            "update intent set lost = lost + 1 where slot = ?1 and kind in (13, 16) and state in (1, 2)",
            params![slot.as_bytes()],
        )?;
        Ok(())
    }

    /// A leaf that is to be renewed has lost a race: it is proposed from here on. A removal that has lost is proposed this time.
    pub fn proposes(&self, intent: &Intent) -> Halting<bool> {
        let lost: Option<i64> =
            self.tx.row("select lost from intent where id = ?1", params![intent.id], |row| row.get(0))?;
        let lost = lost.unwrap_or(0);
        Ok(match intent.kind {
            Kind::SelfUpdate if intent.payload == BUNDLES => false,
            Kind::SelfUpdate if intent.payload == EXPELS => lost % 2 == 1,
            Kind::SelfUpdate => lost > 0,
            Kind::ChangeGroup => matches!(Wish::decode(&intent.payload)?, Wish::Remove(_)) && lost % 2 == 1,
            _ => false,
        })
    }

    /// Turns a renewal into a proposal and sends it.
    pub fn propose_instead(
        &mut self,
        intent: &Intent,
        slot: &Slot,
        group: &mut Group,
        leaf: &LeafData,
    ) -> Halting<()> {
        self.tx.execute(
            "update intent set kind = ?2, payload = x'' where id = ?1",
            params![intent.id, Kind::Propose as i64],
        )?;
        self.send_proposal(intent, slot, group, leaf)
    }

    /// The same again, in an epoch whose commit did not carry it; or the next leaf of a removal.
    pub fn seal_proposal(&mut self, intent: &Intent) -> Halting<()> {
        if !intent.payload.is_empty() {
            return self.seal_removal(intent);
        }
        let conversation = intent.conversation()?;
        let Some(slot) = self.current_slot(conversation)?.filter(|slot| slot.state == SlotState::Open) else {
            return intent::finish(self, intent.id);
        };
        let session = self.session;
        let mut group = Group::load(session, GroupId::from(slot.id))?;
        if group.has_pending() {
            // A commit of ours is on its way, and renews the leaf as well.
            return intent::finish(self, intent.id);
        }
        let leaf = self.leaf(slot.own_address()?)?;
        self.send_proposal(intent, &slot, &mut group, &leaf)
    }

    fn send_proposal(
        &mut self,
        intent: &Intent,
        slot: &Slot,
        group: &mut Group,
        leaf: &LeafData,
    ) -> Halting<()> {
        let session = self.session;
        let secrets = group.secrets(session)?;
        let Some(proposal) = group.propose_update(session, &self.me()?.identity(), Some(leaf))? else {
            // It was made before: whether it arrived will be seen.
            return intent::stored(self, intent.id);
        };
        self.post_proposal(intent, slot, (secrets.k, secrets.e), &proposal)
    }

    fn post_proposal(
        &mut self,
        intent: &Intent,
        slot: &Slot,
        (k, e): ([u8; 32], [u8; 32]),
        proposal: &[u8],
    ) -> Halting<()> {
        let payload = self.seal_outside(&e, slot.id, proposal)?;
        let operation = UnnamedRequest::Send(Send {
            slot: slot.id,
            posting_key: Secret32(k),
            payload: payload.as_slice().into(),
            idempotency: IdempotencyId(self.random()),
            extensions: vec![],
        })
        .encode()?;
        intent::seal(self, intent.id, slot.id, &sha256(&[&payload]), slot.epoch, &operation)?;
        self.request_unnamed(Purpose::Intent(intent.id), &operation);
        Ok(())
    }

    // ---- removals ----

    /// Turns a removal that lost a race into proposals, one a leaf, and sends the first. The row keeps what it was.
    pub fn propose_removal_instead(&mut self, intent: &Intent) -> Halting<()> {
        let was = [&[intent.kind as u8], intent.payload.as_slice()].concat();
        // Messages may overtake the removal of a device as they may before it is proposed.
        let passes = if intent.kind == Kind::SelfUpdate { vec![1] } else { intent.message.clone() };
        self.tx.execute(
            "update intent set kind = ?2, payload = ?3, message = ?4, attempts = 0 where id = ?1",
            params![intent.id, Kind::Propose as i64, was, passes],
        )?;
        match intent::load(self, intent.id)? {
            Some(proposal) => self.seal_removal(&proposal),
            None => Ok(()),
        }
    }

    /// The next leaf that is to go and that nobody has proposed yet. When there is none, a commit is waited for, for a moment.
    fn seal_removal(&mut self, intent: &Intent) -> Halting<()> {
        let conversation = intent.conversation()?;
        let Some(slot) = self.current_slot(conversation)?.filter(|slot| slot.state == SlotState::Open) else {
            return self.take_proposal_back(intent.id);
        };
        let session = self.session;
        let mut group = Group::load(session, GroupId::from(slot.id))?;
        if group.has_pending() {
            return self.take_proposal_back(intent.id);
        }
        let secrets = group.secrets(session)?;
        let secrets = (secrets.k, secrets.e);
        let expels = removed_account(intent)?.is_none();
        let gone = self.leaves_to_propose(intent, &group)?;
        if gone.is_empty() {
            return self.take_proposal_back(intent.id);
        }
        let leaf = self.leaf(slot.own_address()?)?;
        if expels && !group.tells_chain(&leaf.device_chain) {
            // That the device was struck off must be known in the group before its leaf is gone: it could come back otherwise.
            return match group.propose_update(session, &self.me()?.identity(), Some(&leaf))? {
                Some(proposal) => self.post_proposal(intent, &slot, secrets, &proposal),
                None => self.take_proposal_back(intent.id),
            };
        }
        for member in gone {
            match group.propose_removal(session, &self.me()?.identity(), &member, &by_charter) {
                Ok(None) => {}
                Ok(Some(proposal)) => return self.post_proposal(intent, &slot, secrets, &proposal),
                Err(CryptoError::Refused(_)) => return self.take_proposal_back(intent.id),
                Err(error) => return Err(error.into()),
            }
        }
        if intent.attempts > 0 {
            return self.take_proposal_back(intent.id);
        }
        intent::postpone(self, intent.id, CARRIED_MS_MAX)
    }

    fn leaves_to_propose(&self, intent: &Intent, group: &Group) -> Halting<Vec<Member>> {
        let Some(account) = removed_account(intent)? else { return self.leaves_to_expel(group) };
        Ok(group.members().into_iter().filter(|member| member.account == account).collect())
    }

    /// What was proposed is a commit's matter again, as it was before; whether there is anything left to do is seen then.
    fn take_proposal_back(&mut self, id: i64) -> Halting<()> {
        intent::unseal(self, id)?;
        self.tx.execute(
            "update intent set kind = ?2, payload = substr(payload, 2), message = case when ?2 = 13 then x''
             else message end, lost = lost + 1, attempts = 0 where id = ?1",
            params![id, self.kind_before(id)?],
        )?;
        Ok(())
    }

    fn kind_before(&self, id: i64) -> Halting<i64> {
        let payload: Option<Vec<u8>> =
            self.tx.row("select payload from intent where id = ?1", params![id], |row| row.get(0))?;
        Ok(payload.unwrap_or_default().first().map_or(0, |kind| i64::from(*kind)))
    }

    /// All removals that are proposed in a conversation are commits' matter again.
    pub fn take_proposals_back(&mut self, conversation: ConversationId) -> Halting<()> {
        let ids: Vec<i64> = self.tx.rows(
            "select id from intent where subject = ?1 and kind = ?2 and length(payload) > 0 order by id",
            params![conversation.0, Kind::Propose as i64],
            |row| row.get(0),
        )?;
        ids.into_iter().try_for_each(|id| self.take_proposal_back(id))
    }

    /// What this device has proposed to remove and may remove, for a commit of its own: the leaves, and the charter without
    /// whoever goes, where that is another one.
    pub fn removals_proposed(
        &self,
        conversation: ConversationId,
        group: &Group,
    ) -> Halting<(Vec<Member>, Option<Charter>)> {
        let Some(known) = group.charter() else { return Ok((vec![], None)) };
        let own = self.me()?.account;
        let payloads: Vec<Vec<u8>> = self.tx.rows(
            "select payload from intent where subject = ?1 and kind = ?2 and length(payload) > 0 order by id",
            params![conversation.0, Kind::Propose as i64],
            |row| row.get(0),
        )?;
        let (mut leaves, mut charter) = (Vec::new(), known.clone());
        for payload in payloads {
            let Some(account) = account_in(&payload)? else { continue };
            let here = group.members().into_iter().filter(|member| member.account == account);
            if known.may_remove(own, account) && !leaves.iter().any(|gone: &Member| gone.account == account) {
                leaves.extend(here);
                charter = charter.without(account);
            }
        }
        Ok((leaves, (charter != known).then_some(charter)))
    }

    /// The service has a proposal, or it came back in its place.
    pub fn proposal_stored(&mut self, intent: &Intent) -> Halting<()> {
        if intent.payload.is_empty() {
            return intent::stored(self, intent.id);
        }
        // The next leaf follows.
        intent::unseal(self, intent.id)?;
        self.bundle_later(intent.conversation()?)
    }

    /// The service will not take it.
    pub fn proposal_refused(&mut self, intent: &Intent) -> Halting<()> {
        if intent.payload.is_empty() {
            return intent::finish(self, intent.id);
        }
        self.take_proposal_back(intent.id)
    }

    /// A member proposes something. What members with a used-up quota propose is carried by whoever commits next; nobody commits
    /// for its sake.
    pub fn note_proposal(&mut self, slot: &Slot, author: AccountId) -> Halting<()> {
        let now = self.now;
        if self.lines.proposers.admits(slot.id, author, now) {
            self.bundle_later(slot.conversation)?;
        }
        Ok(())
    }

    /// Proposals wait in a slot: they are committed a moment later, unless somebody is quicker.
    pub fn bundle_later(&mut self, conversation: ConversationId) -> Halting<()> {
        let queued: Option<i64> = self.tx.row(
            "select 1 from intent where kind = ?1 and subject = ?2 and payload = ?3",
            params![Kind::SelfUpdate as i64, conversation.0, BUNDLES],
            |row| row.get(0),
        )?;
        if queued.is_some() {
            return Ok(());
        }
        let id = intent::queue(self, Kind::SelfUpdate, &conversation.0, &[], BUNDLES)?;
        let wait = BUNDLE_MS_MIN + self.random_ms(BUNDLE_MS_MAX - BUNDLE_MS_MIN);
        intent::put_off(self, id, wait)
    }

    /// In the new epoch this device's leaf is a new one, or not: then what it proposed is proposed again.
    pub fn after_commit(&mut self, slot: SlotId, conversation: ConversationId, renewed: bool) -> Halting<()> {
        self.take_proposals_back(conversation)?;
        let proposed: Vec<i64> = self.tx.rows(
            "select id from intent where subject = ?1 and kind = ?2 order by id",
            params![conversation.0, Kind::Propose as i64],
            |row| row.get(0),
        )?;
        for id in proposed {
            if renewed { intent::finish(self, id)? } else { intent::unseal(self, id)? }
        }
        if self.config.has(Weakness::ProposesAlways) {
            intent::queue_once(self, Kind::Propose, &conversation.0, &[])?;
        }
        if renewed {
            self.tx.execute(
                "update slot set healed_at = ?2, sent_since_heal = 0 where slot = ?1",
                params![slot.as_bytes(), sql_time(self.now)],
            )?;
        }
        Ok(())
    }
}

/// Who has lately made others commit. Nothing of it is stored.
#[derive(Default)]
pub(crate) struct Proposers(BTreeMap<(SlotId, AccountId), Spent>);

/// What somebody has had of the quota, and since when.
struct Spent {
    since: Timestamp,
    proposals: u32,
}

impl Proposers {
    /// Counts a proposal. False when its author has used the quota up.
    fn admits(&mut self, slot: SlotId, author: AccountId, now: Timestamp) -> bool {
        if self.0.len() >= PROPOSERS_MAX && !self.0.contains_key(&(slot, author)) {
            self.0.pop_first();
        }
        let spent = self.0.entry((slot, author)).or_insert(Spent { since: now, proposals: 0 });
        // A clock that went back begins the hour anew.
        if now < spent.since || now.ms_since(spent.since) >= HOUR_MS {
            *spent = Spent { since: now, proposals: 0 };
        }
        spent.proposals = spent.proposals.saturating_add(1);
        spent.proposals <= PROPOSALS_PER_HOUR_MAX
    }
}

/// Whom the person wanted to be taken out; none where it is a device of the own account.
fn removed_account(intent: &Intent) -> Halting<Option<AccountId>> {
    account_in(&intent.payload)
}

/// The same, of the payload of a proposal: the kind it was, and its payload then.
fn account_in(payload: &[u8]) -> Halting<Option<AccountId>> {
    match payload.split_first() {
        Some((kind, wish)) if i64::from(*kind) == Kind::ChangeGroup as i64 => match Wish::decode(wish)? {
            Wish::Remove(account) => Ok(Some(account)),
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

/// Proposals of one member in one slot for whose sake this device commits within an hour. Beyond them a member's proposals wait
/// for a commit that is made anyway: whoever proposes without end does not keep everybody committing.
pub const PROPOSALS_PER_HOUR_MAX: u32 = 32;
/// Members that this is remembered of.
const PROPOSERS_MAX: usize = 1_024;
/// A removal that was proposed and that nobody has carried within so long is committed by its author.
const CARRIED_MS_MAX: u64 = 5 * SECOND_MS;
/// Payload of a renewed leaf whose commit is made for the sake of what others proposed.
pub(crate) const BUNDLES: &[u8] = &[3];
/// Proposals are committed no sooner: more may come.
const BUNDLE_MS_MIN: u64 = 1_000;
/// And no later.
const BUNDLE_MS_MAX: u64 = 4_000;
