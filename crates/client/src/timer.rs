//! Messages that disappear: a timer of the chat, counted from reading.
//!
//! One's own count from when they left, those of others from when they were seen on any device of this account. A clock that goes
//! back puts nothing off: no message has longer left than it was given.

use client_db::{Reader, params};
use vocab::MessageId;
use vocab::time::SECOND_MS;
use wire::content::{Disposition, Expiration, MimiContent, NestedPart};

use crate::api::{CommandId, ConversationId, Event, Refused, Reply};
use crate::step::{Halt, Halting, Step, number, sql_number, sql_time};

/// Columns and tables of this room.
pub(crate) const TABLES: &str = "
-- Seconds after reading; 0 for ever.
alter table message add column expires_after integer not null default 0;
-- When it disappears; 0 while that does not run.
alter table message add column expires_at integer not null default 0;
create index message_expiry on message (expires_at) where expires_at > 0;

-- The timer that counts in a conversation: of the highest version, of equal ones that of the highest message.
create table timer (
    conversation blob primary key not null, version integer not null, message blob not null, seconds integer not null
) strict, without rowid;
";

impl Step<'_> {
    /// Sets the timer of a chat, for everybody in it; 0 for none.
    pub fn set_timer(
        &mut self,
        command: CommandId,
        conversation: ConversationId,
        seconds: u32,
    ) -> Halting<()> {
        if let Some(refused) = self.may_arrange(conversation)? {
            return self.refuse(command, refused);
        }
        if seconds > TIMER_SECONDS_MAX {
            return self.refuse(command, Refused::BadTimer);
        }
        let version: Option<i64> = self.tx.row(
            "select version from timer where conversation = ?1",
            params![conversation.0],
            |row| row.get(0),
        )?;
        let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_TIMER, seconds.to_be_bytes());
        let content = MimiContent::new(self.random(), part)
            .with_version(number(version.unwrap_or(0)).saturating_add(1))
            .map_err(|_| Halt::Unusable("no room for an extension"))?;
        let id = self.say(conversation, content)?;
        self.reply(command, Ok(Reply::Queued(id)));
        Ok(())
    }

    /// Somebody set the timer.
    pub fn take_timer(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
        version: u64,
        seconds: u32,
    ) -> Halting<()> {
        let changed = self.tx.execute(
            "insert into timer (conversation, version, message, seconds) values (?1, ?2, ?3, ?4)
             on conflict (conversation) do update set version = excluded.version, message = excluded.message,
             seconds = excluded.seconds where excluded.version > version
             or (excluded.version = version and excluded.message > message)",
            params![conversation.0, sql_number(version), message.as_bytes(), seconds],
        )?;
        if changed > 0 {
            self.event(Event::Conversation(conversation));
        }
        Ok(())
    }

    /// A timer of one's own could not leave: the one before it counts again.
    pub fn forget_timer(&mut self, conversation: ConversationId, message: MessageId) -> Halting<()> {
        let forgotten = self.tx.execute(
            "delete from timer where conversation = ?1 and message = ?2",
            params![conversation.0, message.as_bytes()],
        )?;
        if forgotten == 0 {
            return Ok(());
        }
        let about: Vec<([u8; 32], Vec<u8>)> = self.tx.rows(
            "select id, content from message where conversation = ?1 and role = 1 and failed = 0 and content != x''
             order by position desc limit ?2",
            params![conversation.0, LOOKED_BACK_MAX],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for (id, bytes) in about {
            let Ok(content) = MimiContent::decode(&bytes) else { continue };
            if let Some(seconds) = timer_of(&content) {
                self.take_timer(conversation, MessageId(id), content.version(), seconds)?;
            }
        }
        self.event(Event::Conversation(conversation));
        Ok(())
    }

    /// What a new message of ours says about its end.
    pub fn expiration(&self, conversation: ConversationId) -> Halting<Option<Expiration>> {
        let seconds = of_chat(self.tx, conversation)?;
        Ok((seconds > 0).then_some(Expiration::AfterReading(seconds)))
    }

    /// Notes when a new message is to disappear.
    pub fn note_expiration(&mut self, message: MessageId, expires: Option<Expiration>) -> Halting<()> {
        match expires {
            None | Some(Expiration::AfterReading(0)) => {}
            Some(Expiration::AfterReading(seconds)) => {
                self.tx.execute(
                    "update message set expires_after = ?2 where id = ?1",
                    params![message.as_bytes(), seconds],
                )?;
            }
            Some(Expiration::At(second)) => {
                self.tx.execute(
                    "update message set expires_at = max(1, ?2) where id = ?1",
                    params![message.as_bytes(), i64::from(second) * 1_000],
                )?;
            }
        }
        Ok(())
    }

    /// Messages of others that were seen, and one's own that left, begin to count.
    pub fn start_timers(&mut self) -> Halting<()> {
        self.tx.execute(
            "update message set expires_at = ?1 + expires_after * 1000
             where expires_after > 0 and expires_at = 0 and role = 0 and ((own = 0 and mark = 3) or (own = 1 and mark > 0))",
            params![sql_time(self.now)],
        )?;
        Ok(())
    }

    /// What has come to its end disappears.
    pub fn expire(&mut self) -> Halting<()> {
        self.start_timers()?;
        let over: Vec<([u8; 32], [u8; 16])> = self.tx.rows(
            "select id, conversation from message where expires_at > 0 and expires_at <= ?1 order by expires_at limit ?2",
            params![sql_time(self.now), EXPIRED_AT_ONCE_MAX],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for (id, conversation) in over {
            let message = MessageId(id);
            self.stop_before_erasing(message)?;
            self.tx.execute("update message set expires_at = 0 where id = ?1", params![id])?;
            self.put_away(message)?;
            self.event(Event::Deleted(ConversationId(conversation), message));
            self.event(Event::Conversation(ConversationId(conversation)));
        }
        Ok(())
    }

    /// The clock went back, or may have: nothing has longer left than it was given.
    pub fn timers_after_clock(&mut self) -> Halting<()> {
        self.tx.execute(
            "update message set expires_at = min(expires_at, ?1 + expires_after * 1000)
             where expires_at > 0 and expires_after > 0",
            params![sql_time(self.now)],
        )?;
        Ok(())
    }
}

/// The timer of a chat, seconds; 0 for none.
pub(crate) fn of_chat(reader: &Reader<'_>, conversation: ConversationId) -> Result<u32, client_db::Error> {
    let seconds =
        reader.row("select seconds from timer where conversation = ?1", params![conversation.0], |row| {
            row.get::<_, u32>(0)
        })?;
    Ok(seconds.unwrap_or(0))
}

/// The seconds, when a content sets the timer.
pub(crate) fn timer_of(content: &MimiContent) -> Option<u32> {
    let bytes = content.nested_part.content_of(TYPE_TIMER)?;
    let seconds = u32::from_be_bytes(bytes.try_into().ok()?);
    (seconds <= TIMER_SECONDS_MAX).then_some(seconds)
}

/// Media type of a content that sets the timer: so many seconds, a big-endian uint32.
const TYPE_TIMER: &str = "application/vnd.valise.timer";
/// Longest timer, seconds: a year. What is to be kept for longer is to be kept.
pub const TIMER_SECONDS_MAX: u32 = 366 * 24 * 60 * 60;
/// Messages among which an earlier timer is looked for.
const LOOKED_BACK_MAX: u32 = 5_000;
/// Messages that disappear in one step; the rest follow in the next.
const EXPIRED_AT_ONCE_MAX: u32 = 256;
const _: () = assert!(SECOND_MS == 1_000, "as the statements count");
