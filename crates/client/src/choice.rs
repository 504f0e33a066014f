//! What a person chose for a chat or a message, for themselves: muted, archived, a draft, a star. It follows on all their
//! devices.
//!
//! Each choice has a version; the highest counts, of equal ones that with the larger value, so that devices which choose at once
//! end alike. A key of a later build is kept and passed on.

use client_db::{Reader, params};
use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::limits::TEXT_BYTES_MAX;
use vocab::{MessageId, Timestamp};
use wire::content::{Disposition, MimiContent, NestedPart};
use wire::{Bytes, Decode, Encode};

use crate::api::{ChatChoice, ChatChoices, CommandId, ConversationId, Event, Refused, Reply};
use crate::intent::{self, Kind};
use crate::step::{Halting, Step, number, sql_number};

/// Tables of this room.
pub(crate) const TABLES: &str = "
create table choice (
    -- A conversation, a message, a folder, or a conversation in a folder.
    subject blob not null,
    key integer not null,
    version integer not null,
    value blob not null,
    primary key (subject, key)
) strict, without rowid;
create index choice_key on choice (key, subject);
";

/// Several choices, as one's devices tell each other (`docs/protocol/device.md`).
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct Choices {
    choices: Vec<Choice>,
}

/// One choice.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct Choice {
    subject: Bytes,
    key: u16,
    version: u64,
    value: Bytes,
}

/// Tells nobody's drafts.
impl std::fmt::Debug for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Choice")
    }
}

/// What is chosen. The numbers are stored and sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Archived = 1,
    MutedUntil = 2,
    Unread = 3,
    Draft = 4,
    Starred = 5,
    PutAway = 6,
    MutedMentions = 16,
    /// Of a folder: its place and its name; nothing when there is no such folder any more. See `crate::folder`.
    Folder = 17,
    /// Of a chat and a folder.
    InFolder = 18,
    // Of the account: the subject is the own devices' conversation.
    TellsTyping = 19,
    TellsDelivered = 20,
    TellsRead = 21,
    TellsPresence = 22,
    // Of the account, too; see `crate::profile`.
    ProfileName = 40,
    ProfileAbout = 41,
    ProfilePicture = 42,
    /// Of a card, see `crate::card`.
    KeptCard = 43,
    /// Of a chat: texts said there from a device of the account bring previews of their links, see `crate::preview`.
    Previews = 44,
}

impl Step<'_> {
    /// Chooses something for a chat.
    pub fn choose_for_chat(
        &mut self,
        command: CommandId,
        conversation: ConversationId,
        choice: &ChatChoice,
    ) -> Halting<()> {
        let known =
            self.tx.row("select 1 from conversation where id = ?1", params![conversation.0], |row| {
                row.get::<_, i64>(0)
            })?;
        if known.is_none() || conversation == self.among_ourselves()? {
            return self.refuse(command, Refused::Unknown);
        }
        let flag = |on: bool| vec![u8::from(on)];
        let (key, value) = match choice {
            ChatChoice::Archived(on) => (Key::Archived, flag(*on)),
            ChatChoice::MutedUntil(until) => {
                (Key::MutedUntil, until.map_or(0, |at| at.0).to_be_bytes().to_vec())
            }
            ChatChoice::MutedMentions(on) => (Key::MutedMentions, flag(*on)),
            ChatChoice::Unread(on) => (Key::Unread, flag(*on)),
            ChatChoice::Previews(on) => (Key::Previews, flag(*on)),
            ChatChoice::Draft(text) if text.len() > TEXT_BYTES_MAX => {
                return self.refuse(command, Refused::BadText);
            }
            ChatChoice::Draft(text) => (Key::Draft, text.as_bytes().to_vec()),
        };
        self.choose(&conversation.0, key, value)?;
        self.event(Event::Conversation(conversation));
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    /// Puts a star on a message, or takes it off.
    pub fn star(&mut self, command: CommandId, message: MessageId, on: bool) -> Halting<()> {
        let Some(conversation) = self.shown_in(message)? else {
            return self.refuse(command, Refused::Unknown);
        };
        self.choose(message.as_bytes(), Key::Starred, vec![u8::from(on)])?;
        self.event(Event::Edited(conversation, message));
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    /// The conversation of a message that stands in a timeline.
    pub fn shown_in(&self, message: MessageId) -> Halting<Option<ConversationId>> {
        Ok(self.tx.row(
            "select conversation from message where id = ?1 and role = 0",
            params![message.as_bytes()],
            |row| row.get(0).map(ConversationId),
        )?)
    }

    /// Chooses, and tells the other devices. Choosing what is chosen already changes nothing.
    pub fn choose(&mut self, subject: &[u8], key: Key, value: Vec<u8>) -> Halting<()> {
        self.choose_all(key, vec![(subject.to_vec(), value)])
    }

    /// The same for several subjects, told together.
    pub fn choose_all(&mut self, key: Key, wished: Vec<(Vec<u8>, Vec<u8>)>) -> Halting<()> {
        let mut new = Vec::new();
        for (subject, value) in wished {
            if let Some(choice) = self.next_choice(&subject, key, value)? {
                self.adopt_choice(&choice)?;
                new.push(choice);
            }
        }
        if new.is_empty() || self.me()?.chain.devices.len() < 2 {
            return Ok(());
        }
        let conversation = self.begin_among_ourselves()?;
        self.say_choices(conversation, new)
    }

    /// The choice with its version; nothing where that is chosen already.
    fn next_choice(&self, subject: &[u8], key: Key, value: Vec<u8>) -> Halting<Option<Choice>> {
        let known: Option<(i64, Vec<u8>)> = self.tx.row(
            "select version, value from choice where subject = ?1 and key = ?2",
            params![subject, key as u16],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        if known.as_ref().is_some_and(|(_, there)| *there == value) {
            return Ok(None);
        }
        let version = known.map_or(0, |(version, _)| number(version)).saturating_add(1);
        Ok(Some(Choice { subject: subject.to_vec().into(), key: key as u16, version, value: value.into() }))
    }

    /// Whether a flag is chosen.
    pub fn has_chosen(&self, subject: &[u8], key: Key) -> Halting<bool> {
        Ok(chosen(self.tx, subject, key)?.is_some_and(|value| value.iter().any(|byte| *byte != 0)))
    }

    /// Another device of ours chose something. False when the content is something else.
    pub fn take_choices(&mut self, content: &MimiContent) -> Halting<bool> {
        let Some(bytes) = content.nested_part.content_of(TYPE_CHOICES) else { return Ok(false) };
        for choice in &Choices::decode(bytes)?.choices {
            self.adopt_choice(choice)?;
        }
        Ok(true)
    }

    /// Tells another device of ours everything that is chosen, the newest choices of each chat and message.
    pub fn tell_choices(&mut self) -> Halting<()> {
        let choices = self.tx.rows(
            "select subject, key, version, value from choice order by key, subject limit ?1",
            params![CHOICES_TOLD_MAX],
            |row| {
                Ok(Choice {
                    subject: row.get::<_, Vec<u8>>(0)?.into(),
                    key: row.get(1)?,
                    version: number(row.get(2)?),
                    value: row.get::<_, Vec<u8>>(3)?.into(),
                })
            },
        )?;
        let conversation = self.among_ourselves()?;
        self.say_choices(conversation, choices)
    }

    /// Tells them in as few contents as they fit in.
    fn say_choices(&mut self, conversation: ConversationId, mut choices: Vec<Choice>) -> Halting<()> {
        while !choices.is_empty() {
            let mut bytes = 0;
            let fits = choices.iter().take_while(|choice| {
                bytes += choice.value.as_slice().len() + choice.subject.as_slice().len() + 16;
                bytes <= CHOICES_BYTES_MAX
            });
            let rest = choices.split_off(fits.count().max(1));
            let content = content_of(self.random(), choices)?;
            self.queue_content(conversation, content)?;
            choices = rest;
        }
        Ok(())
    }

    fn adopt_choice(&mut self, choice: &Choice) -> Halting<()> {
        let subject = choice.subject.as_slice();
        if subject.len() > SUBJECT_BYTES_MAX || choice.value.as_slice().len() > TEXT_BYTES_MAX {
            return Ok(());
        }
        let changed = self.tx.execute(
            "insert into choice (subject, key, version, value) values (?1, ?2, ?3, ?4)
             on conflict (subject, key) do update set version = excluded.version, value = excluded.value
             where excluded.version > version or (excluded.version = version and excluded.value > value)",
            params![subject, choice.key, sql_number(choice.version), choice.value.as_slice()],
        )?;
        if changed == 0 {
            return Ok(());
        }
        if choice.key == Key::Folder as u16 || choice.key == Key::InFolder as u16 {
            self.event(Event::Folders);
            return Ok(());
        }
        if let Ok(conversation) = subject.try_into().map(ConversationId) {
            self.event(Event::Conversation(conversation));
            if conversation == self.among_ourselves()? {
                if (Key::ProfileName as u16..=Key::ProfilePicture as u16).contains(&choice.key) {
                    return self.own_profile_changed(choice.key, choice.value.as_slice());
                }
                self.privacy_changed()?;
            }
        }
        if let Ok(message) = MessageId::from_slice(subject)
            && let Some(conversation) = self.shown_in(message)?
        {
            if self.has_chosen(subject, Key::PutAway)? {
                self.put_away(message)?;
                self.event(Event::Deleted(conversation, message));
            } else {
                self.event(Event::Edited(conversation, message));
            }
            self.event(Event::Conversation(conversation));
        }
        Ok(())
    }

    /// Everything that is chosen, after a device of ours missed something.
    pub fn ask_for_choices(&mut self) -> Halting<()> {
        let conversation = self.among_ourselves()?;
        if !intent::is_queued(self, Kind::AskAgain, &conversation.0)? {
            self.ask_again(conversation)?;
        }
        Ok(())
    }
}

/// What is chosen for a chat.
pub(crate) fn of_chat(
    reader: &Reader<'_>,
    conversation: ConversationId,
) -> Result<ChatChoices, client_db::Error> {
    let chosen: Vec<(u16, Vec<u8>)> =
        reader.rows("select key, value from choice where subject = ?1", params![conversation.0], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let folders = crate::folder::of_chat(reader, conversation)?;
    let mut choices = ChatChoices { folders, ..ChatChoices::default() };
    for (key, value) in chosen {
        let on = value == [1];
        match key {
            key if key == Key::Archived as u16 => choices.archived = on,
            key if key == Key::Unread as u16 => choices.unread = on,
            key if key == Key::MutedMentions as u16 => choices.muted_mentions = on,
            key if key == Key::Previews as u16 => choices.previews = on,
            key if key == Key::Draft as u16 => choices.draft = String::from_utf8(value).unwrap_or_default(),
            key if key == Key::MutedUntil as u16 => {
                let until = value.try_into().map_or(0, u64::from_be_bytes);
                choices.muted_until = (until > 0).then_some(Timestamp(until));
            }
            _ => {}
        }
    }
    Ok(choices)
}

/// A flag, where it was chosen.
pub(crate) fn flag(reader: &Reader<'_>, subject: &[u8], key: Key) -> Result<Option<bool>, client_db::Error> {
    Ok(chosen(reader, subject, key)?.map(|value| value.iter().any(|byte| *byte != 0)))
}

pub(crate) fn chosen(
    reader: &Reader<'_>,
    subject: &[u8],
    key: Key,
) -> Result<Option<Vec<u8>>, client_db::Error> {
    reader.row(
        "select value from choice where subject = ?1 and key = ?2",
        params![subject, key as u16],
        |row| row.get(0),
    )
}

fn content_of(salt: [u8; 16], choices: Vec<Choice>) -> Halting<MimiContent> {
    let bytes = Choices { choices }.encode()?;
    Ok(MimiContent::new(salt, NestedPart::single(Disposition::UNSPECIFIED, TYPE_CHOICES, bytes)))
}

/// Media type of [`Choices`].
const TYPE_CHOICES: &str = "application/vnd.valise.choices";
/// Longest name of what is chosen for: ids of messages are the longest.
const SUBJECT_BYTES_MAX: usize = 64;
/// Choices told to a device that asks.
const CHOICES_TOLD_MAX: u32 = 20_000;
/// Choices in one content, bytes.
const CHOICES_BYTES_MAX: usize = 256 * 1024;
