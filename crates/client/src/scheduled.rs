//! Texts that leave at a time: rows of the device that was told to, sent when its own clock says so.
//!
//! A row becomes a message in the transaction that takes the row away, so it leaves once, whatever stops in between. What was
//! due while the device was off or without a line leaves when it is back. The other devices of the account know nothing of it
//! before it is a message.

use client_db::{Row, RowError, params};
use vocab::Timestamp;
use vocab::limits::TEXT_BYTES_MAX;
use vocab::time::{DAY_MS, MINUTE_MS};
use wire::content::MimiContent;

use crate::api::{
    CommandId, ConversationId, Event, Refused, Reply, ScheduledId, ScheduledNews, ScheduledView,
};
use crate::machine::{Client, Fault};
use crate::step::{Halting, Step, number, sql_time};

/// Tables of this room.
pub(crate) const TABLES: &str = "
create table scheduled (
    id blob primary key not null,
    conversation blob not null,
    text text not null,
    -- Sent as it is, whatever signs of Markdown it has.
    plain integer not null,
    due integer not null,
    -- It could not leave when it was due.
    held integer not null default 0
) strict, without rowid;
create index scheduled_due on scheduled (due) where held = 0;
";

impl Step<'_> {
    /// Keeps a text until a time.
    pub fn schedule(
        &mut self,
        command: CommandId,
        conversation: ConversationId,
        text: &str,
        plain: bool,
        due: Timestamp,
    ) -> Halting<()> {
        if let Some(refused) = self.may_write(conversation)? {
            return self.refuse(command, refused);
        }
        if let Some(refused) = self.unfit(Some(text), Some(due)) {
            return self.refuse(command, refused);
        }
        // Said twice, because the answer was lost.
        let known: Option<[u8; 8]> = self.tx.row(
            "select id from scheduled where conversation = ?1 and text = ?2 and plain = ?3 and due = ?4",
            params![conversation.0, text, plain, sql_time(due)],
            |row| row.get(0),
        )?;
        if let Some(known) = known {
            self.reply(command, Ok(Reply::Scheduled(ScheduledId(known))));
            return Ok(());
        }
        let count = self.tx.row("select count(*) from scheduled", [], |row| row.get::<_, i64>(0))?;
        if count.unwrap_or(0) >= SCHEDULED_MAX {
            return self.refuse(command, Refused::TooManyScheduled);
        }
        let id = ScheduledId(self.random());
        self.tx.execute(
            "insert into scheduled (id, conversation, text, plain, due) values (?1, ?2, ?3, ?4, ?5)",
            params![id.0, conversation.0, text, plain, sql_time(due)],
        )?;
        self.event(Event::Scheduled(conversation, ScheduledNews::Changed));
        self.reply(command, Ok(Reply::Scheduled(id)));
        Ok(())
    }

    /// Another text, another time, or both. What could not leave waits again.
    pub fn reschedule(
        &mut self,
        command: CommandId,
        id: ScheduledId,
        text: Option<&str>,
        due: Option<Timestamp>,
    ) -> Halting<()> {
        let Some(conversation) = self.scheduled_in(id)? else {
            return self.refuse(command, Refused::Unknown);
        };
        if let Some(refused) = self.unfit(text, due) {
            return self.refuse(command, refused);
        }
        self.tx.execute(
            "update scheduled set text = coalesce(?2, text), due = coalesce(?3, due),
             held = case when ?3 is null then held else 0 end where id = ?1",
            params![id.0, text, due.map(sql_time)],
        )?;
        self.event(Event::Scheduled(conversation, ScheduledNews::Changed));
        self.reply(command, Ok(Reply::Scheduled(id)));
        Ok(())
    }

    /// It does not leave.
    pub fn unschedule(&mut self, command: CommandId, id: ScheduledId) -> Halting<()> {
        let Some(conversation) = self.scheduled_in(id)? else {
            return self.refuse(command, Refused::Unknown);
        };
        self.tx.execute("delete from scheduled where id = ?1", params![id.0])?;
        self.event(Event::Scheduled(conversation, ScheduledNews::Changed));
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    fn unfit(&self, text: Option<&str>, due: Option<Timestamp>) -> Option<Refused> {
        if text.is_some_and(|text| text.is_empty() || text.len() > TEXT_BYTES_MAX) {
            return Some(Refused::BadText);
        }
        let latest = self.now.plus_ms(SCHEDULE_MS_MAX);
        due.filter(|due| *due <= self.now || *due > latest).map(|_| Refused::BadTime)
    }

    fn scheduled_in(&self, id: ScheduledId) -> Halting<Option<ConversationId>> {
        Ok(self.tx.row("select conversation from scheduled where id = ?1", params![id.0], |row| {
            row.get(0).map(ConversationId)
        })?)
    }

    /// Everything that is due becomes a message. What may not be sent any more is kept, to be looked at.
    pub fn send_scheduled(&mut self) -> Halting<()> {
        let due: Vec<Due> = self.tx.rows(
            "select id, conversation, text, plain from scheduled where held = 0 and due <= ?1 order by due, id",
            params![sql_time(self.now)],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        for (id, conversation, text, plain) in due {
            let conversation = ConversationId(conversation);
            let left = self.attempt(|step| step.send_one(conversation, id, &text, plain))?;
            let news = match left {
                Some(true) => ScheduledNews::Left,
                _ => {
                    self.tx.execute("update scheduled set held = 1 where id = ?1", params![id])?;
                    ScheduledNews::Held
                }
            };
            self.event(Event::Scheduled(conversation, news));
        }
        Ok(())
    }

    fn send_one(
        &mut self,
        conversation: ConversationId,
        id: [u8; 8],
        text: &str,
        plain: bool,
    ) -> Halting<bool> {
        if self.may_write(conversation)?.is_some() {
            return Ok(false);
        }
        let content = if plain { MimiContent::text(self.random(), text) } else { self.text_content(text) };
        let expires = self.expiration(conversation)?;
        self.say(conversation, MimiContent { expires, ..content })?;
        self.tx.execute("delete from scheduled where id = ?1", params![id])?;
        Ok(true)
    }
}

impl Client {
    /// Texts that wait for their time on this device, the first to leave first.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn scheduled(&self) -> Result<Vec<ScheduledView>, Fault> {
        Ok(self.db.reader().rows(
            "select id, conversation, text, plain, due, held from scheduled order by due, id",
            [],
            read_scheduled,
        )?)
    }

    /// How many of them go to a conversation.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn scheduled_count(&self, conversation: ConversationId) -> Result<u32, Fault> {
        let count = self.db.reader().row(
            "select count(*) from scheduled where conversation = ?1",
            params![conversation.0],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or(0))
    }
}

/// Id, conversation, text, and whether it is sent as it is.
type Due = ([u8; 8], [u8; 16], String, bool);

fn read_scheduled(row: &Row<'_>) -> Result<ScheduledView, RowError> {
    Ok(ScheduledView {
        id: ScheduledId(row.get(0)?),
        conversation: ConversationId(row.get(1)?),
        text: row.get(2)?,
        plain: row.get(3)?,
        at: Timestamp(number(row.get(4)?)),
        held: row.get(5)?,
    })
}

/// Texts that wait for their time.
pub const SCHEDULED_MAX: i64 = 256;
/// How far ahead: what is to be said in more than a year is for a calendar.
pub const SCHEDULE_MS_MAX: u64 = 366 * DAY_MS;
/// While something waits, the clock is looked at so often.
pub(crate) const LOOK_MS: u64 = MINUTE_MS;
