//! Presence: when somebody was last there, in steps of five minutes. Off unless both want it (T-24).
//!
//! Who shares it says so to each contact; the times follow only to those who say the same, and only as the person uses a
//! device. What several contacts are told leaves at moments chosen for each apart, so that nobody reads from one burst whom
//! somebody knows. Nothing is asked for, so nobody can be polled.

use client_db::params;
use crypto::Member;
use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::time::{DAY_MS, MINUTE_MS};
use vocab::{AccountId, Timestamp};
use wire::content::{Disposition, MimiContent, NestedPart};
use wire::{Decode, Encode};

use crate::api::{CommandId, ContactState, Event, Reply};
use crate::conversation::Slot;
use crate::machine::{Client, Fault};
use crate::step::{Halting, Step, number, sql_time};

/// Told in a conversation of two (`docs/protocol/message.md`).
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct Presence {
    shares: u8,
    step: u32,
}

/// Tables of this room.
pub(crate) const TABLES: &str = "
create table presence (
    account blob primary key not null,
    -- What this device, or another of ours, told them last: 0 nothing, 1 that we share, 2 that we do not; when; which step.
    told integer not null default 0,
    told_at integer not null default 0,
    told_step integer not null default 0,
    -- When something is to be told; 0 for nothing.
    due integer not null default 0,
    -- Whether they share, when they said so last, and when they were last there: a step, 0 for unknown.
    theirs integer not null default 0,
    theirs_at integer not null default 0,
    seen integer not null default 0
) strict, without rowid;
create index presence_due on presence (due) where due > 0;
";

/// What is to be told to somebody.
type Due = ([u8; 32], i64, i64, i64);

impl Step<'_> {
    /// The person uses this device, by what only front ends know.
    pub fn active(&mut self, command: CommandId) -> Halting<()> {
        self.note_activity()?;
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    /// The person does something: within this step, each contact who is to know is told at a moment of their own.
    pub fn note_activity(&mut self) -> Halting<()> {
        let step = step_of(self.now);
        if self.lines.fleeting.active_step == step || !self.privacy()?.presence {
            return Ok(());
        }
        self.lines.fleeting.active_step = step;
        let since = |ms| sql_time(Timestamp(self.now.0.saturating_sub(ms)));
        let (offered, shared, used) = (since(OFFER_AGAIN_MS), since(SHARED_MS_MAX), since(USED_MS_MAX));
        let to_tell: Vec<[u8; 32]> = self.tx.rows(
            "select contact.account from contact join conversation on conversation.id = contact.conversation
             left join presence on presence.account = contact.account
             where contact.state = 1 and conversation.changed_at > ?1 and coalesce(due, 0) = 0
             and (coalesce(told, 0) != 1 or told_at < ?2 or (theirs = 1 and theirs_at > ?3 and told_step < ?4))
             order by conversation.changed_at desc limit ?5",
            params![used, offered, shared, step, CONTACTS_MAX],
            |row| row.get(0),
        )?;
        for account in to_tell {
            self.tell_presence_later(AccountId(account))?;
        }
        Ok(())
    }

    fn tell_presence_later(&mut self, account: AccountId) -> Halting<()> {
        let due = self.now.plus_ms(1 + self.random_ms(STEP_MS));
        self.tx.execute(
            "insert into presence (account, due) values (?1, ?2)
             on conflict (account) do update set due = excluded.due",
            params![account.as_bytes(), sql_time(due)],
        )?;
        Ok(())
    }

    /// Tells those whose moment has come.
    pub fn mind_presence(&mut self) -> Halting<()> {
        let due: Vec<Due> = self.tx.rows(
            "select account, theirs, theirs_at, told_at from presence where due > 0 and due <= ?1
             order by due, account limit ?2",
            params![sql_time(self.now), TOLD_AT_ONCE_MAX],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        for (account, theirs, theirs_at, told_at) in due {
            let account = AccountId(account);
            self.tx.execute("update presence set due = 0 where account = ?1", params![account.as_bytes()])?;
            let Some(contact) = self.contact(account)?.filter(|it| it.state == ContactState::Accepted) else {
                continue;
            };
            let shares = self.privacy()?.presence;
            let mutual =
                shares && theirs == 1 && self.now.0.saturating_sub(number(theirs_at)) < SHARED_MS_MAX;
            let step = if mutual { self.lines.fleeting.active_step } else { 0 };
            let said = i64::from(if shares { SHARES } else { SHARES_NOT });
            self.tx.execute(
                "update presence set told = ?2, told_step = max(told_step, ?3), told_at = ?4 where account = ?1",
                params![account.as_bytes(), said, step, sql_time(self.now)],
            )?;
            let content = self.presence_content(shares, step)?;
            let lately = self.now.0.saturating_sub(number(told_at)) < OFFER_AGAIN_MS;
            if mutual && step > 0 && lately {
                // The next one tells more.
                self.queue_fleeting(contact.conversation, None, content)?;
            } else {
                self.queue_content(contact.conversation, content)?;
            }
        }
        Ok(())
    }

    fn presence_content(&mut self, shares: bool, step: u32) -> Halting<MimiContent> {
        let bytes = Presence { shares: u8::from(shares), step }.encode()?;
        let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_PRESENCE, bytes);
        Ok(MimiContent::new(self.random(), part))
    }

    /// Nothing waits for a time that a wrong clock named.
    pub fn presence_after_clock(&self) -> Halting<()> {
        let latest = sql_time(self.now.plus_ms(STEP_MS));
        self.tx.execute("update presence set due = ?1 where due > ?1", params![latest])?;
        Ok(())
    }

    /// Switched off on this device: it says so to everybody who was told otherwise.
    pub fn withdraw_presence(&mut self) -> Halting<()> {
        let told: Vec<[u8; 32]> =
            self.tx
                .rows("select account from presence where told = 1 order by account", [], |row| row.get(0))?;
        told.into_iter().try_for_each(|account| self.tell_presence_later(AccountId(account)))
    }

    /// Switched off: nothing of theirs is kept either.
    pub fn forget_presence(&mut self) -> Halting<()> {
        self.lines.fleeting.active_step = 0;
        self.tx.execute("update presence set seen = 0", [])?;
        Ok(())
    }

    /// Somebody tells that they share it, or when they were there. False when the content is something else.
    pub fn take_presence(&mut self, slot: &Slot, sender: &Member, content: &MimiContent) -> Halting<bool> {
        let Some(bytes) = content.nested_part.content_of(TYPE_PRESENCE) else { return Ok(false) };
        let Presence { shares, step } = Presence::decode(bytes)?;
        let (conversation, own) = (slot.conversation, self.me()?.account);
        if conversation == self.among_ourselves()? || self.is_group(conversation)? || shares > 1 {
            return Ok(true);
        }
        let peer = self.peer(conversation)?;
        if sender.account == own {
            return self.told_elsewhere(peer, shares == 1, step).map(|()| true);
        }
        if self.contact(peer)?.is_none_or(|it| it.state != ContactState::Accepted) {
            return Ok(true);
        }
        // Mutual: who does not share keeps no times of others. A step to come is of a wrong clock.
        let kept = if self.privacy()?.presence && shares == 1 { step.min(step_of(self.now)) } else { 0 };
        self.tx.execute(
            "insert into presence (account, theirs, theirs_at, seen) values (?1, ?2, ?3, ?4)
             on conflict (account) do update set theirs = excluded.theirs, theirs_at = excluded.theirs_at,
             seen = case when excluded.theirs = 1 then max(seen, excluded.seen) else 0 end",
            params![peer.as_bytes(), shares, sql_time(self.now), kept],
        )?;
        self.event(Event::Contact(peer));
        self.event(Event::Conversation(conversation));
        Ok(true)
    }

    /// Another device of ours told them.
    fn told_elsewhere(&mut self, peer: AccountId, shares: bool, step: u32) -> Halting<()> {
        let said = i64::from(if shares { SHARES } else { SHARES_NOT });
        self.tx.execute(
            "insert into presence (account, told, told_at, told_step) values (?1, ?2, ?3, ?4)
             on conflict (account) do update set told = excluded.told, told_at = excluded.told_at,
             told_step = max(told_step, excluded.told_step)",
            params![peer.as_bytes(), said, sql_time(self.now), step],
        )?;
        Ok(())
    }

    /// Nothing is known or told of somebody any more.
    pub fn forget_presence_of(&self, account: AccountId) -> Halting<()> {
        self.tx.execute("delete from presence where account = ?1", params![account.as_bytes()])?;
        Ok(())
    }
}

impl Client {
    /// When somebody was last there, to five minutes; nothing unless both share it.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn last_seen(&self, account: AccountId) -> Result<Option<Timestamp>, Fault> {
        if !self.privacy()?.presence {
            return Ok(None);
        }
        let seen: Option<i64> = self.db.reader().row(
            "select seen from presence where account = ?1 and theirs = 1 and seen > 0",
            params![account.as_bytes()],
            |row| row.get(0),
        )?;
        Ok(seen.map(|step| Timestamp(number(step).saturating_mul(STEP_MS))))
    }
}

/// Which step a time is in.
fn step_of(time: Timestamp) -> u32 {
    u32::try_from(time.0 / STEP_MS).unwrap_or(u32::MAX)
}

/// What was told, as it is stored.
const SHARES: u8 = 1;
const SHARES_NOT: u8 = 2;
/// Media type of [`Presence`].
const TYPE_PRESENCE: &str = "application/vnd.valise.presence";
/// Times are known to so much, and told once in it.
pub const STEP_MS: u64 = 5 * MINUTE_MS;
/// Sharing is said again after so long.
const OFFER_AGAIN_MS: u64 = 5 * DAY_MS;
/// Who has not said for so long that they share is told no times: they may have said otherwise, and it was lost.
const SHARED_MS_MAX: u64 = 8 * DAY_MS;
/// Contacts whose conversation was not used for so long are told nothing.
const USED_MS_MAX: u64 = 30 * DAY_MS;
/// Contacts who are told: those one writes with.
const CONTACTS_MAX: u32 = 32;
/// In one step of the machine.
const TOLD_AT_ONCE_MAX: u32 = 4;
