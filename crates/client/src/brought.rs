//! Whoever was brought into a group and gives no sign of life there is told the way in the chat with them: the service may have
//! thrown their Welcome away (`docs/protocol/slot.md`). Of an account with several devices one sign of life says nothing of the others, so
//! a device that came in by a letter tells them.

use client_db::params;
use crypto::{Group, GroupId};
use vocab::time::MINUTE_MS;
use vocab::{AccountId, Timestamp};

use crate::api::{ContactState, ConversationId};
use crate::charter::PROFILE_DEVICES_MAX;
use crate::contact::conversation_with;
use crate::conversation::SlotState;
use crate::machine::Weakness;
use crate::step::{Halting, Step, sql_time};

/// What this room keeps.
pub(crate) const TABLES: &str = "
-- Whom this device has brought into a group, until they are heard there; when they are told the way.
create table brought (
    conversation blob not null, account blob not null, due integer not null, tries integer not null default 0,
    primary key (conversation, account)
) strict, without rowid;
";

impl Step<'_> {
    /// This device lets people in. Not in large groups, where newcomers say nothing of themselves.
    pub fn brings(&self, conversation: ConversationId, newcomers: &[AccountId]) -> Halting<()> {
        if !self.is_group(conversation)? || self.people(conversation)?.len() > PROFILE_DEVICES_MAX {
            return Ok(());
        }
        let own = self.me()?.account;
        for account in newcomers.iter().filter(|account| **account != own) {
            self.tx.execute(
                "insert or replace into brought (conversation, account, due) values (?1, ?2, ?3)",
                params![conversation.0, account.as_bytes(), sql_time(self.now.plus_ms(BROUGHT_MS))],
            )?;
        }
        Ok(())
    }

    /// A letter let this device in; those to other devices of the account may have been lost.
    pub fn comes_with_others(&self, conversation: ConversationId) -> Halting<()> {
        let me = self.me()?;
        if me.chain.devices.len() > 1 {
            self.tx.execute(
                "insert or replace into brought (conversation, account, due) values (?1, ?2, ?3)",
                params![conversation.0, me.account.as_bytes(), sql_time(self.now.plus_ms(BROUGHT_MS))],
            )?;
        }
        Ok(())
    }

    /// Somebody is heard in a group. One's own account says nothing by it: which of its devices are there is not seen so.
    pub fn is_heard(&self, conversation: ConversationId, account: AccountId) -> Halting<()> {
        if account == self.me()?.account { Ok(()) } else { self.has_come(conversation, account) }
    }

    /// Nobody waits for them any more.
    fn has_come(&self, conversation: ConversationId, account: AccountId) -> Halting<()> {
        self.tx.execute(
            "delete from brought where conversation = ?1 and account = ?2",
            params![conversation.0, account.as_bytes()],
        )?;
        Ok(())
    }

    /// Tells the way to those who are late, more and more rarely. Who gets it twice passes it over.
    pub fn mind_brought(&mut self) -> Halting<()> {
        let late: Vec<([u8; 16], [u8; 32], u32)> = self.tx.rows(
            "select conversation, account, tries from brought where due <= ?1 order by due limit ?2",
            params![sql_time(self.now), AT_ONCE_MAX],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        for (conversation, account, tries) in late {
            let (conversation, account) = (ConversationId(conversation), AccountId(account));
            let most = if account == self.me()?.account { OWN_TRIES_MAX } else { TRIES_MAX };
            if tries >= most || !self.tell_brought(conversation, account)? {
                self.has_come(conversation, account)?;
                continue;
            }
            let due: Timestamp = self.now.plus_ms(BROUGHT_MS << (SLOWER * (tries + 1)));
            self.tx.execute(
                "update brought set tries = tries + 1, due = ?3 where conversation = ?1 and account = ?2",
                params![conversation.0, account.as_bytes(), sql_time(due)],
            )?;
        }
        Ok(())
    }

    /// False when there is nobody to tell, or no way.
    fn tell_brought(&mut self, conversation: ConversationId, account: AccountId) -> Halting<bool> {
        let own = account == self.me()?.account;
        let accepted = own || self.contact(account)?.is_some_and(|it| it.state == ContactState::Accepted);
        if !accepted || !self.is_inside(conversation)? || !self.people(conversation)?.contains(&account) {
            return Ok(false);
        }
        let Some(slot) = self.current_slot(conversation)? else { return Ok(false) };
        if slot.state != SlotState::Open {
            // On the way back oneself: next time.
            return Ok(true);
        }
        let r = Group::load(self.session, GroupId::from(slot.id))?.r()?;
        let mut way = self.way_into(&slot, r)?;
        if self.config.has(Weakness::NamesAnotherGroup) {
            let other = self.tx.row(
                "select conversation from room where conversation != ?1 order by conversation limit 1",
                params![conversation.0],
                |row| row.get(0),
            )?;
            way.conversation = other.unwrap_or(way.conversation);
            way.generation += 1;
        }
        if own {
            self.begin_among_ourselves()?;
        }
        self.tell_ways(conversation_with(self.me()?.account, account), vec![way])?;
        Ok(true)
    }
}

/// Whoever was brought in is told the way after so long, and again after eight times as long, and so on.
const BROUGHT_MS: u64 = 2 * MINUTE_MS;
/// By so many powers of two more each time.
const SLOWER: u32 = 3;
/// So often.
const TRIES_MAX: u32 = 4;
/// So often one's own devices are told.
const OWN_TRIES_MAX: u32 = 2;
/// People told in one step.
const AT_ONCE_MAX: u32 = 32;
