//! What is said about a message that exists: edits, deletions, reactions.
//!
//! Each is a message of its own, numbered and kept, that stands in no timeline. How a message looks is worked out anew from
//! all that is known about it, whenever something of that comes: in whatever order things arrive, and however often, the
//! outcome is the same. What somebody says who may not is kept for its number, and has no effect.

use std::collections::{BTreeMap, BTreeSet};

use client_db::{Reader, params};
use vocab::limits::TEXT_BYTES_MAX;
use vocab::{AccountId, MessageId, Timestamp};
use wire::content::{Disposition, LinkPreview, MimiContent, NestedPart, chain_hash};

use crate::api::{CommandId, ConversationId, Edition, Event, Reaction, Refused, Reply};
use crate::choice::Key;
use crate::machine::{Client, Fault, Weakness};
use crate::matter::Matter;
use crate::place;
use crate::poll;
use crate::step::{Halt, Halting, Step, number, sql_number};
use crate::timer::timer_of;

/// Columns and tables of this room.
pub(crate) const TABLES: &str = "
-- See crate::amendment::Role.
alter table message add column role integer not null default 0;
-- The version it answers; empty without.
alter table message add column in_reply_to blob not null default x'';
-- Of a content that was erased, as the next message of its row names it.
alter table message add column content_hash blob not null default x'';
-- The version shown when it is not the first, and when that was made.
alter table message add column latest blob not null default x'';
alter table message add column edited_at integer not null default 0;
alter table message add column deleted integer not null default 0;
alter table message add column forwarded integer not null default 0;
create index message_shown on message (conversation, role, position, queued);

-- What messages say about others, whether or not those are here.
create table amendment (
    message blob primary key not null,
    conversation blob not null,
    sender blob not null,
    target blob not null,
    -- See crate::amendment::Meaning.
    kind integer not null,
    version integer not null default 0,
    value text not null default ''
) strict, without rowid;
create index amendment_target on amendment (target, kind);
";

/// Where a message stands. The numbers are stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// In the timeline.
    Shown = 0,
    /// About another message.
    About = 1,
    /// Put away on this account's devices.
    PutAway = 2,
    /// Erased by its sender before it came.
    Gone = 3,
}

/// What a content means for its conversation.
pub(crate) enum Meaning {
    /// It stands in the timeline.
    Said,
    /// It takes the place of a message.
    Edit { of: MessageId, text: String },
    /// It takes a message or a reaction back.
    Retraction { of: MessageId },
    /// It is a reaction.
    Reaction { to: MessageId, emoji: String },
    /// It pins a message, or takes the pin off.
    Pin { to: MessageId, on: bool },
    /// It votes in a poll.
    Vote { poll: MessageId, chosen: Vec<u8> },
    /// It ends a poll with the votes that count.
    End { poll: MessageId, votes: Vec<MessageId> },
    /// It ends a live place.
    PlaceEnd { of: MessageId },
    /// It sets the timer of the conversation.
    Timer { seconds: u32 },
    /// It is about the group itself.
    OfGroup(Matter),
    /// It follows no rule of this build.
    Nothing,
}

impl Meaning {
    /// What a content means.
    pub fn of(content: &MimiContent) -> Self {
        let part = &content.nested_part;
        match (content.replaces, content.as_text()) {
            (Some(of), _) if content.is_retraction() => Self::Retraction { of },
            (Some(of), Some(text)) if (1..=TEXT_BYTES_MAX).contains(&text.len()) => {
                Self::Edit { of, text: text.to_owned() }
            }
            (Some(_), _) => Self::Nothing,
            (None, _) if part.disposition == Disposition::REACTION => match content.as_reaction() {
                Some((to, emoji)) => Self::Reaction { to, emoji: emoji.to_owned() },
                None => Self::Nothing,
            },
            (None, _) if place::end_of(content).is_some() => {
                place::end_of(content).map_or(Self::Nothing, |of| Self::PlaceEnd { of })
            }
            (None, _) if poll::vote_of(content).is_some() || poll::end_of(content).is_some() => {
                let vote = poll::vote_of(content).map(|(poll, chosen)| Self::Vote { poll, chosen });
                let end = poll::end_of(content).map(|(poll, votes)| Self::End { poll, votes });
                vote.or(end).unwrap_or(Self::Nothing)
            }
            (None, _) => match (timer_of(content), content.nested_part.content_of(TYPE_PIN)) {
                (Some(seconds), _) => Self::Timer { seconds },
                (None, Some(&[on @ (0 | 1)])) => {
                    content.in_reply_to.map_or(Self::Nothing, |to| Self::Pin { to, on: on == 1 })
                }
                (None, Some(_)) => Self::Nothing,
                (None, None) => Matter::of(content).map_or(Self::Said, Self::OfGroup),
            },
        }
    }

    pub fn role(&self) -> Role {
        if matches!(self, Self::Said) { Role::Shown } else { Role::About }
    }

    /// Kind, target and value as they are stored.
    fn row(&self) -> Option<(i64, MessageId, String)> {
        match self {
            Self::Edit { of, text } => Some((EDIT, *of, text.clone())),
            Self::Retraction { of } => Some((RETRACTION, *of, String::new())),
            Self::Reaction { to, emoji } => Some((REACTION, *to, emoji.clone())),
            Self::Vote { poll, chosen } => Some((poll::VOTE, *poll, joined(chosen))),
            Self::End { poll, votes } => Some((poll::END, *poll, joined(votes))),
            Self::PlaceEnd { of } => Some((place::END, *of, String::new())),
            Self::Pin { to, on } => Some((PIN, *to, if *on { "1".to_owned() } else { String::new() })),
            Self::Said | Self::Timer { .. } | Self::OfGroup(_) | Self::Nothing => None,
        }
    }
}

/// Several values as one text.
fn joined(values: &[impl ToString]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Kinds of amendments as they are stored. Those of polls are in their room.
const EDIT: i64 = 1;
const RETRACTION: i64 = 2;
const REACTION: i64 = 3;
const PIN: i64 = 4;
/// Media type of a content that pins the message it names in `inReplyTo`: one byte, 1 or 0.
const TYPE_PIN: &str = "application/vnd.valise.pin";

/// Commands.
impl Step<'_> {
    /// Reacts to a message. Reacting so again changes nothing.
    pub fn react(&mut self, command: CommandId, message: MessageId, emoji: &str) -> Halting<()> {
        let Some(target) = self.target(message)? else { return self.refuse(command, Refused::Unknown) };
        if let Some(refused) = self.may_write(target.conversation)? {
            return self.refuse(command, refused);
        }
        let content = MimiContent::reaction(self.random(), message, emoji);
        if content.as_reaction().is_none() {
            return self.refuse(command, Refused::BadReaction);
        }
        let own = self.me()?.account;
        let there = reactions_of(self.tx, target.conversation, message, Some(own))?;
        if there.iter().any(|(_, _, known)| known == emoji) {
            self.reply(command, Ok(Reply::Done));
            return Ok(());
        }
        if there.len() >= REACTIONS_EACH_MAX {
            return self.refuse(command, Refused::BadReaction);
        }
        let id = self.say(target.conversation, content)?;
        self.reply(command, Ok(Reply::Queued(id)));
        Ok(())
    }

    /// Takes one's own reaction back.
    pub fn take_reaction_back(&mut self, command: CommandId, message: MessageId, emoji: &str) -> Halting<()> {
        let Some(target) = self.target(message)? else { return self.refuse(command, Refused::Unknown) };
        if let Some(refused) = self.may_write(target.conversation)? {
            return self.refuse(command, refused);
        }
        let whose = (!self.config.has(Weakness::EditsOthers)).then_some(self.me()?.account);
        let there = reactions_of(self.tx, target.conversation, message, whose)?;
        let mut last = None;
        // Two devices may have reacted alike at once.
        for (reaction, _, _) in there.into_iter().filter(|(_, _, known)| known == emoji) {
            let content = MimiContent::retraction(self.random(), reaction);
            last = Some(self.say(target.conversation, content)?);
        }
        self.reply(command, last.map_or(Err(Refused::Unknown), |id| Ok(Reply::Queued(id))));
        Ok(())
    }

    /// Puts another text in the place of one's own.
    pub fn edit(
        &mut self,
        command: CommandId,
        message: MessageId,
        text: &str,
        preview: Option<&LinkPreview>,
    ) -> Halting<()> {
        if text.is_empty() || text.len() > TEXT_BYTES_MAX {
            return self.refuse(command, Refused::BadText);
        }
        let Some(target) = self.target(message)? else { return self.refuse(command, Refused::Unknown) };
        if (!target.own || !target.is_text) && !self.config.has(Weakness::EditsOthers) {
            return self.refuse(command, Refused::NotYours);
        }
        if let Some(refused) = self.may_write(target.conversation)? {
            return self.refuse(command, refused);
        }
        let version = self.next_version(message, EDIT)?;
        let content = self.text_content(text);
        let Some(mut content) = self.previewed(content, preview) else {
            return self.refuse(command, Refused::BadPreview);
        };
        content.replaces = Some(message);
        content.in_reply_to = target.in_reply_to;
        let content =
            content.with_version(version).map_err(|_| Halt::Unusable("no room for an extension"))?;
        let id = self.say(target.conversation, content)?;
        self.reply(command, Ok(Reply::Queued(id)));
        Ok(())
    }

    fn next_version(&self, target: MessageId, kind: i64) -> Halting<u64> {
        let highest: Option<Option<i64>> = self.tx.row(
            "select max(version) from amendment where target = ?1 and kind = ?2",
            params![target.as_bytes(), kind],
            |row| row.get(0),
        )?;
        Ok(number(highest.flatten().unwrap_or(0)).saturating_add(1))
    }

    /// Pins a message for everybody, or takes the pin off.
    pub fn pin(&mut self, command: CommandId, message: MessageId, on: bool) -> Halting<()> {
        let Some(target) = self.target(message)? else { return self.refuse(command, Refused::Unknown) };
        if let Some(refused) = self.may_arrange(target.conversation)? {
            return self.refuse(command, refused);
        }
        let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_PIN, [u8::from(on)]);
        let content = MimiContent { in_reply_to: Some(message), ..MimiContent::new(self.random(), part) };
        let version = self.next_version(message, PIN)?;
        let content =
            content.with_version(version).map_err(|_| Halt::Unusable("no room for an extension"))?;
        let id = self.say(target.conversation, content)?;
        self.reply(command, Ok(Reply::Queued(id)));
        Ok(())
    }

    /// A pin or a timer of one's own could not leave: it holds on no device, so not here either.
    pub fn undo_arrangement(&mut self, conversation: ConversationId, message: MessageId) -> Halting<()> {
        let pinned: Option<[u8; 32]> = self.tx.row(
            "select target from amendment where message = ?1 and kind = ?2",
            params![message.as_bytes(), PIN],
            |row| row.get(0),
        )?;
        if let Some(target) = pinned {
            self.tx.execute("delete from amendment where message = ?1", params![message.as_bytes()])?;
            self.event(Event::Edited(conversation, MessageId(target)));
        }
        self.forget_timer(conversation, message)
    }

    /// Takes one's own message back from everybody.
    pub fn delete_for_everyone(&mut self, command: CommandId, message: MessageId) -> Halting<()> {
        let Some(target) = self.target(message)? else { return self.refuse(command, Refused::Unknown) };
        if !target.own && !self.config.has(Weakness::EditsOthers) {
            return self.refuse(command, Refused::NotYours);
        }
        if let Some(refused) = self.may_write(target.conversation)? {
            return self.refuse(command, refused);
        }
        let content = MimiContent::retraction(self.random(), message);
        let id = self.say(target.conversation, content)?;
        self.reply(command, Ok(Reply::Queued(id)));
        Ok(())
    }

    /// Puts a message away on this account's devices.
    pub fn delete_for_me(&mut self, command: CommandId, message: MessageId) -> Halting<()> {
        let Some(conversation) = self.shown_in(message)? else {
            return self.refuse(command, Refused::Unknown);
        };
        self.stop_before_erasing(message)?;
        self.choose(message.as_bytes(), Key::PutAway, vec![1])?;
        self.put_away(message)?;
        self.event(Event::Deleted(conversation, message));
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    /// A message that stands in a timeline and was not deleted.
    fn target(&self, message: MessageId) -> Halting<Option<Target>> {
        let any = self.config.has(Weakness::EditsOthers);
        Ok(self.tx.row(
            "select conversation, own, unknown != '' or poll != x'' or place != x'' or cards != x'', in_reply_to from message
             where id = ?1 and notice = x'' and ((role = 0 and deleted = 0) or ?2)",
            params![message.as_bytes(), any],
            |row| {
                Ok(Target {
                    conversation: ConversationId(row.get(0)?),
                    own: row.get(1)?,
                    is_text: !row.get::<_, bool>(2)?,
                    in_reply_to: id_from(&row.get::<_, Vec<u8>>(3)?),
                })
            },
        )?)
    }

    pub fn refuse(&mut self, command: CommandId, refused: Refused) -> Halting<()> {
        self.reply(command, Err(refused));
        Ok(())
    }
}

struct Target {
    conversation: ConversationId,
    own: bool,
    is_text: bool,
    in_reply_to: Option<MessageId>,
}

/// What arrives.
impl Step<'_> {
    /// Files what a new message says about another, and lets both take effect.
    pub fn file(
        &mut self,
        conversation: ConversationId,
        sender: AccountId,
        id: MessageId,
        version: u64,
        meaning: &Meaning,
    ) -> Halting<()> {
        match meaning {
            Meaning::Said => return self.refresh(conversation, id).map(|_| ()),
            Meaning::Timer { seconds } => return self.take_timer(conversation, id, version, *seconds),
            Meaning::OfGroup(matter) => return self.take_matter(conversation, sender, id, matter),
            _ => {}
        }
        let Some((kind, target, value)) = meaning.row() else { return Ok(()) };
        self.tx.execute(
            "insert or ignore into amendment (message, conversation, sender, target, kind, version, value)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                id.as_bytes(),
                conversation.0,
                sender.as_bytes(),
                target.as_bytes(),
                kind,
                sql_number(version),
                value
            ],
        )?;
        match meaning {
            Meaning::Edit { of, .. } => {
                if self.refresh(conversation, *of)? == Change::Edited {
                    self.event(Event::Edited(conversation, *of));
                    self.event(Event::Conversation(conversation));
                }
            }
            Meaning::PlaceEnd { of } => self.take_place_end(conversation, sender, *of)?,
            Meaning::Retraction { of } => self.retracted(conversation, sender, *of)?,
            Meaning::Reaction { to, emoji } => self.reacted(conversation, sender, *to, emoji, false)?,
            Meaning::Pin { to, .. } | Meaning::Vote { poll: to, .. } | Meaning::End { poll: to, .. } => {
                if let Some(message) = root(self.tx, conversation, *to)? {
                    self.event(Event::Edited(conversation, message));
                }
            }
            Meaning::Said | Meaning::Timer { .. } | Meaning::OfGroup(_) | Meaning::Nothing => {}
        }
        Ok(())
    }

    fn retracted(&mut self, conversation: ConversationId, sender: AccountId, of: MessageId) -> Halting<()> {
        let reaction = self.tx.row(
            "select target, value from amendment where message = ?1 and conversation = ?2 and sender = ?3 and kind = ?4",
            params![of.as_bytes(), conversation.0, sender.as_bytes(), REACTION],
            |row| Ok((MessageId(row.get(0)?), row.get::<_, String>(1)?)),
        )?;
        if let Some((target, emoji)) = reaction {
            return self.reacted(conversation, sender, target, &emoji, true);
        }
        if self.refresh(conversation, of)? == Change::Deleted {
            self.event(Event::Deleted(conversation, of));
            self.event(Event::Conversation(conversation));
        }
        Ok(())
    }

    /// Tells of a reaction to a message that is shown.
    fn reacted(
        &mut self,
        conversation: ConversationId,
        from: AccountId,
        to: MessageId,
        emoji: &str,
        taken_back: bool,
    ) -> Halting<()> {
        if let Some(message) = root(self.tx, conversation, to)?
            && self.target(message)?.is_some()
        {
            let emoji = emoji.to_owned();
            self.event(Event::Reacted { conversation, message, from, emoji, taken_back });
        }
        Ok(())
    }

    /// Works out anew how a message looks, from all that is known about it.
    fn refresh(&mut self, conversation: ConversationId, message: MessageId) -> Halting<Change> {
        let known = self.tx.row(
            "select sender, role, deleted, latest, poll != x'' or place != x'' or cards != x'' from message
             where id = ?1 and conversation = ?2 and role != 1",
            params![message.as_bytes(), conversation.0],
            |row| {
                Ok((
                    AccountId(row.get(0)?),
                    row.get::<_, i64>(1)?,
                    row.get::<_, bool>(2)?,
                    row.get::<_, Vec<u8>>(3)?,
                    row.get::<_, bool>(4)?,
                ))
            },
        )?;
        let Some((author, role, deleted, shown, asks)) = known else { return Ok(Change::None) };
        let retracted = self.tx.row(
            "select 1 from amendment where target = ?1 and kind = ?2 and conversation = ?3 and sender = ?4 limit 1",
            params![message.as_bytes(), RETRACTION, conversation.0, author.as_bytes()],
            |row| row.get::<_, i64>(0),
        )?;
        if retracted.is_some() {
            if author == self.me()?.account {
                self.take_back_attachments(message.as_bytes())?;
            }
            self.erase(message)?;
            self.tx.execute(
                "update message set deleted = 1, latest = x'', edited_at = 0, role = case role when 3 then 0 else role end,
                 mark = case own when 0 then 3 else mark end where id = ?1",
                params![message.as_bytes()],
            )?;
            return Ok(if deleted || role == Role::PutAway as i64 { Change::None } else { Change::Deleted });
        }
        if role != Role::Shown as i64 {
            // What comes later about a message that was put away is put away with it.
            self.erase(message)?;
            return Ok(Change::None);
        }
        if asks {
            // A question that was voted on stays as it was.
            return Ok(Change::None);
        }
        let latest: Option<([u8; 32], String, i64, bool, i64)> = self.tx.row(
            "select amendment.message, value, sent_at, markdown, mentions from amendment join message on message.id = amendment.message
             where target = ?1 and kind = ?2 and amendment.conversation = ?3 and amendment.sender = ?4
             order by version desc, amendment.message desc limit 1",
            params![message.as_bytes(), EDIT, conversation.0, author.as_bytes()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
        )?;
        let Some((latest, text, edited_at, markdown, mentions)) =
            latest.filter(|(latest, ..)| shown != latest)
        else {
            return Ok(Change::None);
        };
        self.tx.execute(
            "update message set text = ?2, unknown = '', latest = ?3, edited_at = ?4, markdown = ?5, mentions = ?6,
             (preview, preview_picture) = (select preview, preview_picture from message edit where edit.id = ?3)
             where id = ?1",
            params![message.as_bytes(), text, latest, edited_at, markdown, mentions],
        )?;
        self.index_text(message, &text, markdown)?;
        Ok(Change::Edited)
    }

    /// Lets what was heard live take effect on the messages that a history brought after it.
    pub fn amend_history(&mut self) -> Halting<()> {
        let targets: Vec<([u8; 16], [u8; 32])> = self.tx.rows(
            "select distinct amendment.conversation, target from amendment
             join message on message.id = amendment.message where message.history != 1 order by 2",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for (conversation, target) in targets {
            self.refresh(ConversationId(conversation), MessageId(target))?;
        }
        Ok(())
    }

    /// Puts a message out of sight, for good.
    pub fn put_away(&mut self, message: MessageId) -> Halting<()> {
        self.tx.execute(
            "update message set role = 2, mark = case own when 0 then 3 else mark end where id = ?1 and role = 0",
            params![message.as_bytes()],
        )?;
        self.tx.execute(
            "delete from receipt_due where message = ?1 and status = 2",
            params![message.as_bytes()],
        )?;
        self.erase(message)
    }

    /// A message that was put away before it arrived has: nobody lacks it any more.
    pub fn erase_what_was_put_away(&mut self, message: MessageId) -> Halting<()> {
        let put_away = self.tx.row(
            "select 1 from message where id = ?1 and role = 2",
            params![message.as_bytes()],
            |row| row.get::<_, i64>(0),
        )?;
        put_away.map_or(Ok(()), |_| self.erase(message))
    }

    /// Erases the text of a message and of its edits. Number and hash stay: they hold the row of its device together. What
    /// others may still lack of one's own stays too, until it has arrived or is taken back.
    pub fn erase(&mut self, message: MessageId) -> Halting<()> {
        self.tx.execute(
            "update message set text = '', unknown = '', poll = x'', place = x'', cards = x'', preview = x'', preview_picture = x''
             where id = ?1",
            params![message.as_bytes()],
        )?;
        self.tx.execute(
            "update message set preview = x'', preview_picture = x'' where preview != x''
             and id in (select message from amendment where target = ?1 and kind = ?2)",
            params![message.as_bytes(), EDIT],
        )?;
        self.end_live_place(message)?;
        self.index(message, "")?;
        self.detach(message.as_bytes())?;
        let contents: Vec<(Vec<u8>, Vec<u8>)> = self.tx.rows(
            "select id, content from message where length(content) > 0
             and (id = ?1 or id in (select message from amendment where target = ?1 and kind = ?2))
             and not (exists (select 1 from message m where m.id = ?1 and m.role = 2 and m.own = 1 and m.mark < 2)
                 and not exists (select 1 from amendment r
                     where r.target = ?1 and r.kind = ?3 and r.sender = message.sender))",
            params![message.as_bytes(), EDIT, RETRACTION],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for (id, content) in contents {
            self.tx.execute(
                "update message set content = x'', content_hash = ?2 where id = ?1",
                params![id, chain_hash(&content)],
            )?;
        }
        self.tx.execute(
            "update amendment set value = '' where target = ?1 and kind = ?2",
            params![message.as_bytes(), EDIT],
        )?;
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    None,
    Edited,
    Deleted,
}

impl Client {
    /// Messages that are shown and whose id begins with these hexadecimal digits: up to two, the second telling that it is not
    /// the only one.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn messages_named(&self, digits: &str) -> Result<Vec<MessageId>, Fault> {
        let bound = |filler: char| -> Option<MessageId> {
            let padded: String = digits.chars().chain(std::iter::repeat(filler)).take(64).collect();
            padded.parse().ok()
        };
        let (Some(least), Some(most)) = (bound('0'), bound('f')) else { return Ok(Vec::new()) };
        Ok(self.db.reader().rows(
            "select id from message where id >= ?1 and id <= ?2 and role = 0 order by id limit 2",
            params![least.as_bytes(), most.as_bytes()],
            |row| row.get(0).map(MessageId),
        )?)
    }

    /// All versions of a message, the first first; none of one that was deleted.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn editions(&self, message: MessageId) -> Result<Vec<Edition>, Fault> {
        let contents: Vec<(Vec<u8>, i64)> = self.db.reader().rows(
            "select content, sent_at from message where id = ?1 and role = 0 and deleted = 0
             union all select * from (select edit.content, edit.sent_at from amendment
                 join message edit on edit.id = amendment.message
                 join message first on first.id = ?1 and first.role = 0 and first.deleted = 0
                 where target = ?1 and kind = ?2 and amendment.sender = first.sender
                 and amendment.conversation = first.conversation order by version, amendment.message limit ?3)",
            params![message.as_bytes(), EDIT, EDITIONS_MAX],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let edition = |(content, sent_at): (Vec<u8>, i64)| {
            let content = MimiContent::decode(&content).ok()?;
            Some(Edition { text: content.as_text()?.to_owned(), sent_at: Timestamp(number(sent_at)) })
        };
        Ok(contents.into_iter().filter_map(edition).collect())
    }
}

/// The message that an id names: itself, or one of its versions.
pub(crate) fn root(
    reader: &Reader<'_>,
    conversation: ConversationId,
    id: MessageId,
) -> Result<Option<MessageId>, client_db::Error> {
    reader.row(
        "select id from message where id = ?1 and conversation = ?2 and role != 1
         union all select target from amendment where message = ?1 and conversation = ?2 and kind = ?3
             and exists (select 1 from message where id = target and sender = amendment.sender) limit 1",
        params![id.as_bytes(), conversation.0, EDIT],
        |row| row.get(0).map(MessageId),
    )
}

/// Reactions to a message, each by its own id: of one person, or of all.
fn reactions_of(
    reader: &Reader<'_>,
    conversation: ConversationId,
    message: MessageId,
    by: Option<AccountId>,
) -> Result<Vec<(MessageId, AccountId, String)>, client_db::Error> {
    reader.rows(
        "select message, sender, value from amendment where kind = ?3 and conversation = ?2
         and (target = ?1 or target in (select message from amendment where target = ?1 and kind = ?4))
         and (?5 = x'' or sender = ?5)
         and not exists (select 1 from amendment back where back.target = amendment.message and back.kind = ?6
             and back.sender = amendment.sender and back.conversation = amendment.conversation)
         order by message limit ?7",
        params![
            message.as_bytes(),
            conversation.0,
            REACTION,
            EDIT,
            by.map_or(Vec::new(), |by| by.as_bytes().to_vec()),
            RETRACTION,
            REACTIONS_MAX
        ],
        |row| Ok((MessageId(row.get(0)?), AccountId(row.get(1)?), row.get(2)?)),
    )
}

/// Whether a message is pinned: the pin of the highest version says.
pub(crate) fn is_pinned(
    reader: &Reader<'_>,
    conversation: ConversationId,
    message: MessageId,
) -> Result<bool, client_db::Error> {
    let pin: Option<String> = reader.row(
        "select value from amendment where target = ?1 and kind = ?2 and conversation = ?3
         order by version desc, message desc limit 1",
        params![message.as_bytes(), PIN, conversation.0],
        |row| row.get(0),
    )?;
    Ok(pin.is_some_and(|pin| !pin.is_empty()))
}

/// Reactions joined: those of most people first.
pub(crate) fn reactions(
    reader: &Reader<'_>,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Vec<Reaction>, client_db::Error> {
    let mut joined: BTreeMap<String, BTreeSet<AccountId>> = BTreeMap::new();
    let mut each: BTreeMap<AccountId, usize> = BTreeMap::new();
    for (_, by, emoji) in reactions_of(reader, conversation, message, None)? {
        let new = joined.get(&emoji).is_none_or(|people| !people.contains(&by));
        let count = each.entry(by).or_default();
        if new && *count < REACTIONS_EACH_MAX {
            *count += 1;
            joined.entry(emoji).or_default().insert(by);
        }
    }
    let mut reactions: Vec<Reaction> = joined
        .into_iter()
        .map(|(emoji, from)| Reaction { emoji, from: from.into_iter().collect() })
        .collect();
    reactions.sort_by_key(|reaction| std::cmp::Reverse(reaction.from.len()));
    Ok(reactions)
}

/// An id as it is stored; empty for none.
pub(crate) fn id_from(bytes: &[u8]) -> Option<MessageId> {
    MessageId::from_slice(bytes).ok()
}

/// Different reactions of one person to one message: more would be a text.
pub const REACTIONS_EACH_MAX: usize = 8;
/// Reactions to one message that are looked at: every person of the largest group with all of theirs.
const REACTIONS_MAX: u32 = 8 * 1_024;
/// Versions of one message that are shown.
const EDITIONS_MAX: u32 = 500;
