//! Receipts: telling others what arrived and was seen, bundled; and taking what they tell.

use client_db::params;
use vocab::{AccountId, MessageId};
use wire::content::{MessageStatus, MimiContent, STATUS_ENTRIES_MAX, StatusReport};

use crate::api::{CommandId, ConversationId, Event, Mark, Refused, Reply};
use crate::choice::Key;
use crate::step::{Halt, Halting, Step, sql_time};

impl Step<'_> {
    /// Notes a mark to be told with others, after a random wait (T-22). Nothing is told to people who were not accepted.
    pub fn owe_receipt(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
        status: MessageStatus,
    ) -> Halting<()> {
        let half = self.config.receipt_delay_ms / 2;
        let due = self.now.plus_ms(half + self.random_ms(half + 1));
        self.tx.execute(
            "insert or ignore into receipt_due (message, status, conversation, due) values (?1, ?2, ?3, ?4)",
            params![message.as_bytes(), status_number(status), conversation.0, sql_time(due)],
        )?;
        self.lines.settled = false;
        Ok(())
    }

    /// Sends what is due, one report a conversation; what is not quite due in it goes along.
    pub fn bundle_receipts(&mut self) -> Halting<()> {
        let conversations: Vec<[u8; 16]> = self.tx.rows(
            "select distinct conversation from receipt_due where due <= ?1 order by conversation limit 64",
            params![sql_time(self.now)],
            |row| row.get(0),
        )?;
        for conversation in conversations {
            let due: Vec<([u8; 32], i64)> = self.tx.rows(
                "select message, status from receipt_due where conversation = ?1 order by due, message, status
                 limit ?2",
                params![conversation, STATUS_ENTRIES_MAX as i64],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let mut entries = Vec::new();
            for (message, status) in due {
                self.tx.execute(
                    "delete from receipt_due where message = ?1 and status = ?2",
                    params![message, status],
                )?;
                let status = if status == READ { MessageStatus::Read } else { MessageStatus::Delivered };
                entries.push((MessageId(message), status));
            }
            let conversation = ConversationId(conversation);
            let privacy = self.privacy()?;
            let (mut entries, mut kept): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(_, status)| {
                if *status == MessageStatus::Read { privacy.read } else { privacy.delivered }
            });
            kept.retain(|(_, status)| *status == MessageStatus::Read);
            self.tell_reads_to_ourselves(&StatusReport { entries: kept })?;
            if !self.tells_marks(conversation)? {
                entries.clear();
            }
            if !entries.is_empty() {
                let report = StatusReport { entries };
                let content = MimiContent::status(self.random(), &report)
                    .map_err(|_| Halt::Unusable("a report above its limit"))?;
                self.queue_content(conversation, content)?;
            }
        }
        Ok(())
    }

    /// What somebody tells about our messages. Unknown targets and other people's messages are ignored.
    pub fn take_marks(
        &mut self,
        conversation: ConversationId,
        from: AccountId,
        report: &StatusReport,
    ) -> Halting<()> {
        let own_device = from == self.me()?.account;
        let group = self.is_group(conversation)?;
        let told_read = own_device || self.privacy()?.read;
        for (message, status) in &report.entries {
            match status {
                // Who does not tell is not told.
                MessageStatus::Read if !told_read => {
                    self.told_delivered(conversation, *message, from, group)?;
                }
                // One of our other devices read it: it is read here too.
                MessageStatus::Read if own_device => self.seen_elsewhere(conversation, *message)?,
                MessageStatus::Delivered if !own_device && group => {
                    self.told(conversation, *message, from, Mark::Delivered)?;
                }
                MessageStatus::Read if !own_device && group => {
                    self.told(conversation, *message, from, Mark::Delivered)?;
                    self.told(conversation, *message, from, Mark::Read)?;
                }
                MessageStatus::Delivered if !own_device => {
                    self.raise_mark(conversation, *message, Mark::Delivered)?;
                }
                MessageStatus::Read if !own_device => {
                    self.raise_mark(conversation, *message, Mark::Read)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn told_delivered(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
        from: AccountId,
        group: bool,
    ) -> Halting<()> {
        if group {
            self.told(conversation, message, from, Mark::Delivered)
        } else {
            self.raise_mark(conversation, message, Mark::Delivered)
        }
    }

    /// It was read on another device of ours.
    pub fn seen_elsewhere(&mut self, conversation: ConversationId, message: MessageId) -> Halting<()> {
        let changed = self.tx.execute(
            "update message set mark = 3 where id = ?1 and conversation = ?2 and own = 0 and mark < 3",
            params![message.as_bytes(), conversation.0],
        )?;
        self.tx.execute(
            "delete from receipt_due where message = ?1 and status = ?2",
            params![message.as_bytes(), READ],
        )?;
        if changed > 0 {
            self.event(Event::Conversation(conversation));
        }
        Ok(())
    }

    /// The person saw everything up to a message.
    pub fn mark_read(
        &mut self,
        command: CommandId,
        conversation: ConversationId,
        through: MessageId,
    ) -> Halting<()> {
        let position: Option<i64> = self.tx.row(
            "select position from message where id = ?1 and conversation = ?2",
            params![through.as_bytes(), conversation.0],
            |row| row.get(0),
        )?;
        let Some(position) = position else {
            self.reply(command, Err(Refused::Unknown));
            return Ok(());
        };
        self.note_activity()?;
        let seen: Vec<[u8; 32]> = self.tx.rows(
            "select id from message where conversation = ?1 and own = 0 and mark < 3 and position <= ?2
             order by position",
            params![conversation.0, position],
            |row| row.get(0),
        )?;
        for id in &seen {
            self.tx.execute("update message set mark = 3 where id = ?1", params![id])?;
            self.owe_receipt(conversation, MessageId(*id), MessageStatus::Read)?;
        }
        if self.has_chosen(&conversation.0, Key::Unread)? {
            self.choose(&conversation.0, Key::Unread, vec![0])?;
            self.event(Event::Conversation(conversation));
        }
        if !seen.is_empty() {
            self.event(Event::Conversation(conversation));
        }
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }
}

fn status_number(status: MessageStatus) -> i64 {
    if status == MessageStatus::Read { READ } else { 1 }
}

/// As the status is stored (and numbered in the report).
const READ: i64 = 2;
