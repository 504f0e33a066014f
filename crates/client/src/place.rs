//! Places: where somebody or something is, told once, or live for some time.
//!
//! Precision is applied before anything is stored or sent: this store never holds more of a place than the others are told. What
//! begins a live place is a message without a position; positions follow by themselves, not numbered and not kept but for the
//! newest, which goes when the live place ends. A live place has a row for as long as it lasts, so one that has ended cannot go on.

use client_db::{Reader, params};
use crypto::Member;
use vocab::time::{HOUR_MS, MINUTE_MS, SECOND_MS};
use vocab::{AccountId, Fix, MessageId, Precision, Timestamp};
use wire::content::{
    Disposition, MimiContent, NestedPart, PlacePart, TYPE_PLACE, TYPE_PLACE_END, TYPE_PLACE_FIX, Told,
    decode_fix, encode_fix,
};

use crate::api::{CommandId, ConversationId, Event, LivePlace, LiveStart, PlaceView, Refused, Reply};
use crate::conversation::Slot;
use crate::machine::{Client, Fault};
use crate::step::{Halt, Halting, Step, number, sql_number, sql_time};

/// Columns and tables of this room.
pub(crate) const TABLES: &str = "
-- The place as it came, when it is one; empty without.
alter table message add column place blob not null default x'';

-- Live places that have not ended, one's own and those of others.
create table live_place (
    message blob primary key not null,
    conversation blob not null,
    sender blob not null,
    own integer not null,
    until integer not null,
    -- The newest position, encoded; empty before the first. No earlier one is kept.
    fix blob not null default x'',
    version integer not null default 0
) strict, without rowid;
create index live_place_until on live_place (until);

-- Those that this device feeds.
create table live_share (
    message blob primary key not null,
    conversation blob not null,
    precision integer not null,
    interval integer not null,
    -- What is told next; empty before the first.
    fix blob not null default x'',
    version integer not null default 0,
    -- When it is told; 0 while there is nothing to tell.
    due integer not null default 0
) strict, without rowid;
";

/// The place, when a content is one by the rules.
pub(crate) fn place_of(content: &MimiContent) -> Option<PlacePart> {
    PlacePart::decode(content.nested_part.content_of(TYPE_PLACE)?).ok()
}

/// The live place that a content ends.
pub(crate) fn end_of(content: &MimiContent) -> Option<MessageId> {
    content.nested_part.content_of(TYPE_PLACE_END).filter(|bytes| bytes.is_empty())?;
    content.in_reply_to
}

/// Commands.
impl Step<'_> {
    /// Tells a place once.
    pub fn share_place(
        &mut self,
        command: CommandId,
        conversation: ConversationId,
        fix: Fix,
        precision: Precision,
        label: &str,
    ) -> Halting<()> {
        if let Some(refused) = self.may_write(conversation)? {
            return self.refuse(command, refused);
        }
        let told = Told::Once(fix.told(precision));
        let Ok(bytes) = (PlacePart { precision, label: label.to_owned(), told }).encode() else {
            return self.refuse(command, Refused::BadPlace);
        };
        let id = self.say_place(conversation, bytes)?;
        self.reply(command, Ok(Reply::Queued(id)));
        Ok(())
    }

    /// Begins to tell where one is. One that runs in the same conversation ends.
    pub fn start_live(
        &mut self,
        command: CommandId,
        conversation: ConversationId,
        start: LiveStart,
    ) -> Halting<()> {
        if let Some(refused) = self.may_write(conversation)? {
            return self.refuse(command, refused);
        }
        let fits = (1..=LIVE_MS_MAX).contains(&start.lasts_ms)
            && (LIVE_INTERVAL_MS_MIN..=LIVE_INTERVAL_MS_MAX).contains(&start.interval_ms);
        let until = self.now.plus_ms(start.lasts_ms);
        let told = Told::Live { until, interval_ms: start.interval_ms };
        let part = PlacePart { precision: start.precision, label: start.label, told };
        let (true, Ok(bytes)) = (fits, part.encode()) else { return self.refuse(command, Refused::BadPlace) };
        for (message, place, _) in self.own_live()?.into_iter().filter(|(_, place, _)| *place == conversation)
        {
            self.stop_live_place(place, message)?;
        }
        let count = self.tx.row("select count(*) from live_share", [], |row| row.get::<_, i64>(0))?;
        if count.unwrap_or(0) >= LIVE_SHARES_MAX {
            return self.refuse(command, Refused::BadPlace);
        }
        let id = self.say_place(conversation, bytes)?;
        self.tx.execute(
            "insert into live_share (message, conversation, precision, interval) values (?1, ?2, ?3, ?4)",
            params![id.as_bytes(), conversation.0, start.precision as i64, sql_number(start.interval_ms)],
        )?;
        self.reply(command, Ok(Reply::Queued(id)));
        Ok(())
    }

    /// Where one is, for all live places that this device feeds. Each tells it when its interval is over.
    pub fn take_fix(&mut self, command: CommandId, fix: Fix) -> Halting<()> {
        let shares: Vec<([u8; 32], i64)> =
            self.tx.rows("select message, precision from live_share", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        for (message, precision) in shares {
            let precision = Precision::of(number(precision)).unwrap_or(Precision::Town);
            self.tx.execute(
                "update live_share set fix = ?2, due = case due when 0 then ?3 else due end where message = ?1",
                params![message, encode_fix(&fix.told(precision)), sql_time(self.now)],
            )?;
        }
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    /// Ends live places of one's own: one, or all.
    pub fn stop_live(&mut self, command: CommandId, message: Option<MessageId>) -> Halting<()> {
        let all = self.own_live()?;
        let chosen: Vec<_> =
            all.into_iter().filter(|(id, ..)| message.is_none_or(|wanted| wanted == *id)).collect();
        if chosen.is_empty() && message.is_some() {
            return self.refuse(command, Refused::Unknown);
        }
        let mut last = None;
        for (message, conversation, _) in chosen {
            last = self.stop_live_place(conversation, message)?.or(last);
        }
        self.reply(command, Ok(last.map_or(Reply::Done, Reply::Queued)));
        Ok(())
    }

    fn say_place(&mut self, conversation: ConversationId, bytes: Vec<u8>) -> Halting<MessageId> {
        self.note_activity()?;
        let expires = self.expiration(conversation)?;
        let part = NestedPart::single(Disposition::RENDER, TYPE_PLACE, bytes);
        let content = MimiContent { expires, ..MimiContent::new(self.random(), part) };
        self.say(conversation, content)
    }

    fn own_live(&self) -> Halting<Vec<(MessageId, ConversationId, Timestamp)>> {
        Ok(self.tx.rows(
            "select message, conversation, until from live_place where own = 1 order by until, message",
            [],
            |row| Ok((MessageId(row.get(0)?), ConversationId(row.get(1)?), Timestamp(number(row.get(2)?)))),
        )?)
    }

    /// Nothing more is told from this moment on; the others hear it as soon as there is a line.
    fn stop_live_place(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
    ) -> Halting<Option<MessageId>> {
        self.end_live_place(message)?;
        if self.may_write(conversation)?.is_some() {
            return Ok(None);
        }
        let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_PLACE_END, Vec::new());
        let content = MimiContent { in_reply_to: Some(message), ..MimiContent::new(self.random(), part) };
        self.say(conversation, content).map(Some)
    }

    /// A live place of one's own is put away or deleted: whoever does not see it any more does not tell it any more.
    pub fn stop_before_erasing(&mut self, message: MessageId) -> Halting<()> {
        let own = self.own_live()?.into_iter().find(|(id, ..)| *id == message);
        let Some((message, conversation, _)) = own else { return Ok(()) };
        self.stop_live_place(conversation, message).map(|_| ())
    }
}

/// What arrives, and what time does.
impl Step<'_> {
    /// A new message is a place.
    pub fn note_place(
        &mut self,
        conversation: ConversationId,
        sender: AccountId,
        message: MessageId,
        place: &PlacePart,
    ) -> Halting<()> {
        let bytes = place.encode().map_err(|_| Halt::Unusable("a place that was read breaks a rule"))?;
        self.tx.execute("update message set place = ?2 where id = ?1", params![message.as_bytes(), bytes])?;
        let Told::Live { until, .. } = place.told else { return Ok(()) };
        let ended = self.tx.row(
            "select 1 from amendment where target = ?1 and kind = ?2 and conversation = ?3 and sender = ?4 limit 1",
            params![message.as_bytes(), END, conversation.0, sender.as_bytes()],
            |row| row.get::<_, i64>(0),
        )?;
        // A clock that is far ahead makes nothing last longer than it may.
        let until = until.min(self.now.plus_ms(LIVE_MS_MAX));
        if ended.is_some() || until <= self.now {
            return Ok(());
        }
        let own = sender == self.me()?.account;
        self.tx.execute(
            "insert or ignore into live_place (message, conversation, sender, own, until) values (?1, ?2, ?3, ?4, ?5)",
            params![message.as_bytes(), conversation.0, sender.as_bytes(), own, sql_time(until)],
        )?;
        Ok(())
    }

    /// Whoever tells a live place ended it.
    pub fn take_place_end(
        &mut self,
        conversation: ConversationId,
        sender: AccountId,
        message: MessageId,
    ) -> Halting<()> {
        let theirs = self.tx.row(
            "select 1 from live_place where message = ?1 and conversation = ?2 and sender = ?3",
            params![message.as_bytes(), conversation.0, sender.as_bytes()],
            |row| row.get::<_, i64>(0),
        )?;
        if theirs.is_some() { self.end_live_place(message) } else { Ok(()) }
    }

    /// Forgets the position with the row.
    pub fn end_live_place(&mut self, message: MessageId) -> Halting<()> {
        self.tx.execute("delete from live_share where message = ?1", params![message.as_bytes()])?;
        let conversation = self.tx.row(
            "select conversation from live_place where message = ?1",
            params![message.as_bytes()],
            |row| row.get(0).map(ConversationId),
        )?;
        let Some(conversation) = conversation else { return Ok(()) };
        self.tx.execute("delete from live_place where message = ?1", params![message.as_bytes()])?;
        self.event(Event::Edited(conversation, message));
        self.event(Event::Conversation(conversation));
        Ok(())
    }

    /// A position of a live place, when a content is one. One that is not newer, of somebody else or of none that is here
    /// has no effect.
    pub fn take_place_fix(&mut self, slot: &Slot, sender: &Member, content: &MimiContent) -> Halting<bool> {
        let Some(bytes) = content.nested_part.content_of(TYPE_PLACE_FIX) else { return Ok(false) };
        let (Some(message), Ok(fix)) = (content.in_reply_to, decode_fix(bytes)) else { return Ok(true) };
        let moved = self.tx.execute(
            "update live_place set fix = ?4, version = ?5
             where message = ?1 and conversation = ?2 and sender = ?3 and version < ?5 and until > ?6",
            params![
                message.as_bytes(),
                slot.conversation.0,
                sender.account.as_bytes(),
                encode_fix(&fix),
                sql_number(content.version()),
                sql_time(self.now)
            ],
        )?;
        if moved > 0 && !self.is_silenced(slot.conversation, sender.account)? {
            self.event(Event::Edited(slot.conversation, message));
        }
        Ok(true)
    }

    /// Tells what is due, and ends what is over.
    pub fn mind_places(&mut self) -> Halting<()> {
        let over: Vec<[u8; 32]> = self.tx.rows(
            "select message from live_place where until <= ?1 order by until limit ?2",
            params![sql_time(self.now), ENDED_AT_ONCE_MAX],
            |row| row.get(0),
        )?;
        over.into_iter().try_for_each(|message| self.end_live_place(MessageId(message)))?;
        let due: Vec<Telling> = self.tx.rows(
            "select message, conversation, fix, version from live_share where due > 0 and due <= ?1",
            params![sql_time(self.now)],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        for (message, conversation, fix, version) in due {
            self.tell_fix(MessageId(message), ConversationId(conversation), fix, number(version) + 1)?;
        }
        Ok(())
    }

    /// It is told at every interval, also when it did not change: what was lost on the way comes with the next.
    fn tell_fix(
        &mut self,
        message: MessageId,
        conversation: ConversationId,
        fix: Vec<u8>,
        version: u64,
    ) -> Halting<()> {
        if self.may_write(conversation)?.is_some() {
            return self.end_live_place(message);
        }
        self.tx.execute(
            "update live_share set version = ?2, due = ?3 + interval where message = ?1",
            params![message.as_bytes(), sql_number(version), sql_time(self.now)],
        )?;
        self.tx
            .execute("update live_place set fix = ?2 where message = ?1", params![message.as_bytes(), fix])?;
        self.event(Event::Edited(conversation, message));
        let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_PLACE_FIX, fix);
        let content = MimiContent { in_reply_to: Some(message), ..MimiContent::new(self.random(), part) };
        let content =
            content.with_version(version).map_err(|_| Halt::Unusable("no room for an extension"))?;
        self.queue_fleeting(conversation, Some(message), content)
    }

    /// The clock went back: nothing lasts or waits longer than it may.
    pub fn places_after_clock(&mut self) -> Halting<()> {
        let now = sql_time(self.now);
        self.tx.execute("update live_share set due = min(due, ?1 + interval) where due > 0", [now])?;
        self.tx.execute(
            "update live_place set until = min(until, ?1 + ?2)",
            params![now, sql_number(LIVE_MS_MAX)],
        )?;
        Ok(())
    }
}

impl Client {
    /// Live places of this account that have not ended, the first to end first: who sees one now.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn live_places(&self) -> Result<Vec<LivePlace>, Fault> {
        Ok(self.db.reader().rows(
            "select message, conversation, until, exists (select 1 from live_share s where s.message = live_place.message)
             from live_place where own = 1 order by until, message",
            [],
            |row| {
                Ok(LivePlace {
                    message: MessageId(row.get(0)?),
                    conversation: ConversationId(row.get(1)?),
                    until: Timestamp(number(row.get(2)?)),
                    here: row.get(3)?,
                })
            },
        )?)
    }
}

/// Message, conversation, encoded position, and the version told before.
type Telling = ([u8; 32], [u8; 16], Vec<u8>, i64);

/// How a place stands.
pub(crate) fn view(
    reader: &Reader<'_>,
    message: MessageId,
    bytes: &[u8],
) -> Result<Option<PlaceView>, client_db::Error> {
    let Ok(place) = PlacePart::decode(bytes) else { return Ok(None) };
    let PlacePart { precision, label, told } = place;
    let (fix, live, ended) = match told {
        Told::Once(fix) => (Some(fix), None, false),
        Told::Live { .. } => {
            let row: Option<(Vec<u8>, i64)> = reader.row(
                "select fix, until from live_place where message = ?1",
                params![message.as_bytes()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let fix = row.as_ref().and_then(|(fix, _)| decode_fix(fix).ok());
            (fix, row.as_ref().map(|(_, until)| Timestamp(number(*until))), row.is_none())
        }
    };
    Ok(Some(PlaceView { precision, label, fix, live, ended }))
}

/// As amendments are stored, see `crate::amendment`.
pub(crate) const END: i64 = 7;
/// Longest live place: a working day. Who wants to be seen for longer says so again.
pub const LIVE_MS_MAX: u64 = 8 * HOUR_MS;
/// Positions come no more often.
pub const LIVE_INTERVAL_MS_MIN: u64 = 15 * SECOND_MS;
/// Positions come no less often: an end is seen within an interval.
pub const LIVE_INTERVAL_MS_MAX: u64 = 15 * MINUTE_MS;
/// Live places that one device feeds at once.
pub const LIVE_SHARES_MAX: i64 = 32;
/// Live places of one conversation that are shown at once: more than can be told apart on a map.
pub(crate) const LIVE_SHOWN_MAX: u32 = 256;
/// Live places that end in one step; the rest follow in the next.
const ENDED_AT_ONCE_MAX: u32 = 256;
