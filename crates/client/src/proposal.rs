//! Where many want to commit at once: one wins, the rest propose, and whoever commits next carries it all.
//!
//! A device whose renewed leaf lost a race sends it as a proposal, an ordinary message of the slot. Whoever sees proposals
//! waits for a moment drawn at random, so that few commit at once, and then commits them with its own renewed leaf; the others
//! find nothing left to do. Changes to a group that a person wants are commits always: they carry what was proposed.

use client_db::params;
use crypto::seal::aead::sha256;
use crypto::{Group, GroupId, LeafData};
use vocab::{IdempotencyId, SlotId};
use wire::slot::Send;
use wire::{Encode, Secret32, UnnamedRequest};

use crate::api::ConversationId;
use crate::conversation::{Slot, SlotState};
use crate::intent::{self, Intent, Kind};
use crate::lines::Purpose;
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

    /// A leaf that is to be renewed has lost a race: it is proposed from here on.
    pub fn proposes(&self, intent: &Intent) -> Halting<bool> {
        let lost: Option<i64> =
            self.tx.row("select lost from intent where id = ?1", params![intent.id], |row| row.get(0))?;
        let renews = intent.payload != crate::own_device::EXPELS && intent.payload != BUNDLES;
        Ok(renews && lost.is_some_and(|lost| lost > 0))
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

    /// The same again, in an epoch whose commit did not carry it.
    pub fn seal_proposal(&mut self, intent: &Intent) -> Halting<()> {
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
        let payload = self.seal_outside(&secrets.e, slot.id, &proposal)?;
        let operation = UnnamedRequest::Send(Send {
            slot: slot.id,
            posting_key: Secret32(secrets.k),
            payload: payload.as_slice().into(),
            idempotency: IdempotencyId(self.random()),
            extensions: vec![],
        })
        .encode()?;
        intent::seal(self, intent.id, slot.id, &sha256(&[&payload]), slot.epoch, &operation)?;
        self.request_unnamed(Purpose::Intent(intent.id), &operation);
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
        let proposed: Vec<i64> = self.tx.rows(
            "select id from intent where subject = ?1 and kind = ?2 order by id",
            params![conversation.0, Kind::Propose as i64],
            |row| row.get(0),
        )?;
        for id in proposed {
            if renewed { intent::finish(self, id)? } else { intent::unseal(self, id)? }
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

/// Payload of a renewed leaf whose commit is made for the sake of what others proposed.
pub(crate) const BUNDLES: &[u8] = &[3];
/// Proposals are committed no sooner: more may come.
const BUNDLE_MS_MIN: u64 = 1_000;
/// And no later.
const BUNDLE_MS_MAX: u64 = 4_000;
