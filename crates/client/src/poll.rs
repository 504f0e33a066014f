//! Polls: a question with options, votes, and an end that says which votes count.
//!
//! The newest vote of each person counts. Whoever asked may end the poll; the end names the votes that it found, so that
//! all devices count the same ones, in whatever order things arrive. A vote that is not among them came too late.

use std::collections::BTreeMap;

use client_db::{Reader, params};
use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::{AccountId, MessageId};
use wire::content::{Disposition, MimiContent, NestedPart};
use wire::{Bytes, Decode, Encode};

use crate::api::{CommandId, ConversationId, PollOption, PollView, Refused, Reply};
use crate::step::{Halt, Halting, Step, number};

/// Columns of this room.
pub(crate) const TABLES: &str = "
-- Question and options, when it is a poll; empty without.
alter table message add column poll blob not null default x'';
";

/// A question, as it is sent and stored (`docs/protocol/message.md`).
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct Poll {
    question: Bytes,
    options: Vec<Bytes>,
    /// 1 when one may choose several.
    multiple: u8,
}

impl Poll {
    /// The question, when a content asks one by the rules.
    pub fn of(content: &MimiContent) -> Option<Self> {
        Self::read(content.nested_part.content_of(TYPE_POLL)?)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let poll = Self::decode(bytes).ok()?;
        let fits = |text: &Bytes, most: usize| {
            let text = std::str::from_utf8(text.as_slice()).ok();
            text.is_some_and(|text| !text.trim().is_empty() && text.len() <= most)
        };
        let sound = fits(&poll.question, POLL_QUESTION_BYTES_MAX)
            && (2..=POLL_OPTIONS_MAX).contains(&poll.options.len())
            && poll.options.iter().all(|option| fits(option, POLL_OPTION_BYTES_MAX))
            && poll.multiple <= 1;
        sound.then_some(poll)
    }

    /// What is shown where there is room for a text, and what search finds it by.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.question.as_slice()).into_owned()
    }

    /// Question and options.
    pub fn words(&self) -> String {
        let options = self.options.iter().map(|it| String::from_utf8_lossy(it.as_slice()).into_owned());
        options.fold(self.text(), |words, option| words + "\n" + &option)
    }

    /// Whether these options may be chosen together.
    fn allows(&self, chosen: &[u8]) -> bool {
        let known = chosen.iter().all(|option| usize::from(*option) < self.options.len());
        let ascend = chosen.windows(2).all(|two| two[0] < two[1]);
        known && ascend && (chosen.len() <= 1 || self.multiple == 1)
    }
}

/// The options of a vote and the poll it is for.
pub(crate) fn vote_of(content: &MimiContent) -> Option<(MessageId, Vec<u8>)> {
    let chosen = content.nested_part.content_of(TYPE_VOTE)?;
    let to = content.in_reply_to?;
    (chosen.len() <= POLL_OPTIONS_MAX).then(|| (to, chosen.to_vec()))
}

/// The votes that count and the poll that ended with them.
pub(crate) fn end_of(content: &MimiContent) -> Option<(MessageId, Vec<MessageId>)> {
    let bytes = content.nested_part.content_of(TYPE_END)?;
    let to = content.in_reply_to?;
    let (ids, rest) = bytes.as_chunks::<{ MessageId::BYTES }>();
    (rest.is_empty() && ids.len() <= VOTES_MAX as usize)
        .then(|| (to, ids.iter().copied().map(MessageId).collect()))
}

impl Step<'_> {
    /// Asks a question.
    pub fn create_poll(
        &mut self,
        command: CommandId,
        conversation: ConversationId,
        question: &str,
        options: &[String],
        multiple: bool,
    ) -> Halting<()> {
        if let Some(refused) = self.may_write(conversation)? {
            return self.refuse(command, refused);
        }
        let poll = Poll {
            question: question.as_bytes().to_vec().into(),
            options: options.iter().map(|option| option.as_bytes().to_vec().into()).collect(),
            multiple: u8::from(multiple),
        };
        let bytes = poll.encode()?;
        if Poll::read(&bytes).is_none() {
            return self.refuse(command, Refused::BadPoll);
        }
        let expires = self.expiration(conversation)?;
        let part = NestedPart::single(Disposition::RENDER, TYPE_POLL, bytes);
        let content = MimiContent { expires, ..MimiContent::new(self.random(), part) };
        let id = self.say(conversation, content)?;
        self.reply(command, Ok(Reply::Queued(id)));
        Ok(())
    }

    /// Votes, in the place of an earlier vote; for nothing, to take it back.
    pub fn vote(&mut self, command: CommandId, poll: MessageId, chosen: &[u32]) -> Halting<()> {
        let Some(asked) = self.asked(poll)? else { return self.refuse(command, Refused::Unknown) };
        if let Some(refused) = self.may_write(asked.conversation)? {
            return self.refuse(command, refused);
        }
        let chosen: Vec<u8> = chosen.iter().map(|option| u8::try_from(*option).unwrap_or(u8::MAX)).collect();
        if !asked.poll.allows(&chosen) {
            return self.refuse(command, Refused::BadPoll);
        }
        let ended = ending(self.tx, asked.conversation, poll, asked.author)?.is_some();
        if ended && !self.config.has(crate::Weakness::VotesLate) {
            return self.refuse(command, Refused::PollEnded);
        }
        let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_VOTE, chosen);
        self.say_about_poll(command, &asked, poll, part)
    }

    /// Ends a poll of one's own.
    pub fn end_poll(&mut self, command: CommandId, poll: MessageId) -> Halting<()> {
        let Some(asked) = self.asked(poll)? else { return self.refuse(command, Refused::Unknown) };
        if asked.author != self.me()?.account {
            return self.refuse(command, Refused::NotYours);
        }
        if let Some(refused) = self.may_write(asked.conversation)? {
            return self.refuse(command, refused);
        }
        if ending(self.tx, asked.conversation, poll, asked.author)?.is_some() {
            return self.refuse(command, Refused::PollEnded);
        }
        let votes = votes(self.tx, asked.conversation, poll, &asked.poll, None)?;
        let ids: Vec<u8> = votes.values().flat_map(|(id, _)| id.0).collect();
        let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_END, ids);
        self.say_about_poll(command, &asked, poll, part)
    }

    fn say_about_poll(
        &mut self,
        command: CommandId,
        asked: &Asked,
        poll: MessageId,
        part: NestedPart,
    ) -> Halting<()> {
        let version = self.tx.row(
            "select coalesce(max(version), 0) from amendment where target = ?1 and kind = ?2",
            params![poll.as_bytes(), VOTE],
            |row| row.get(0).map(number),
        )?;
        let content = MimiContent { in_reply_to: Some(poll), ..MimiContent::new(self.random(), part) }
            .with_version(version.unwrap_or(0).saturating_add(1))
            .map_err(|_| Halt::Unusable("no room for an extension"))?;
        let id = self.say(asked.conversation, content)?;
        self.reply(command, Ok(Reply::Queued(id)));
        Ok(())
    }

    fn asked(&self, poll: MessageId) -> Halting<Option<Asked>> {
        let row: Option<([u8; 16], [u8; 32], Vec<u8>)> = self.tx.row(
            "select conversation, sender, poll from message where id = ?1 and role = 0 and deleted = 0 and poll != x''",
            params![poll.as_bytes()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        Ok(row.and_then(|(conversation, author, bytes)| {
            let poll = Poll::read(&bytes)?;
            Some(Asked { conversation: ConversationId(conversation), author: AccountId(author), poll })
        }))
    }

    /// Notes that a new message asks a question.
    pub fn note_poll(&mut self, message: MessageId, poll: &Poll) -> Halting<()> {
        self.tx.execute(
            "update message set poll = ?2 where id = ?1",
            params![message.as_bytes(), poll.encode()?],
        )?;
        Ok(())
    }
}

struct Asked {
    conversation: ConversationId,
    author: AccountId,
    poll: Poll,
}

/// How a poll stands.
pub(crate) fn view(
    reader: &Reader<'_>,
    conversation: ConversationId,
    message: MessageId,
    author: AccountId,
    bytes: &[u8],
) -> Result<Option<PollView>, client_db::Error> {
    let Some(poll) = Poll::read(bytes) else { return Ok(None) };
    let ending = ending(reader, conversation, message, author)?;
    let votes = votes(reader, conversation, message, &poll, ending.as_deref())?;
    let option = |(index, text): (usize, &Bytes)| PollOption {
        text: String::from_utf8_lossy(text.as_slice()).into_owned(),
        votes: votes
            .iter()
            .filter(|(_, (_, chosen))| chosen.iter().any(|it| usize::from(*it) == index))
            .map(|(account, _)| *account)
            .collect(),
    };
    Ok(Some(PollView {
        options: poll.options.iter().enumerate().map(option).collect(),
        voters: votes.values().filter(|(_, chosen)| !chosen.is_empty()).count(),
        multiple: poll.multiple == 1,
        ended: ending.is_some(),
    }))
}

/// The votes that the end names; none while the poll is open.
fn ending(
    reader: &Reader<'_>,
    conversation: ConversationId,
    poll: MessageId,
    author: AccountId,
) -> Result<Option<Vec<MessageId>>, client_db::Error> {
    // Two devices of whoever asked may end it at once.
    let named: Option<String> = reader.row(
        "select value from amendment where target = ?1 and kind = ?2 and conversation = ?3 and sender = ?4
         order by message limit 1",
        params![poll.as_bytes(), END, conversation.0, author.as_bytes()],
        |row| row.get(0),
    )?;
    Ok(named.map(|named| named.split(' ').filter_map(|id| id.parse().ok()).collect()))
}

/// The vote of each person that counts.
fn votes(
    reader: &Reader<'_>,
    conversation: ConversationId,
    message: MessageId,
    poll: &Poll,
    counted: Option<&[MessageId]>,
) -> Result<BTreeMap<AccountId, (MessageId, Vec<u8>)>, client_db::Error> {
    let all: Vec<([u8; 32], [u8; 32], String)> = reader.rows(
        "select message, sender, value from amendment where target = ?1 and kind = ?2 and conversation = ?3
         order by version, message limit ?4",
        params![message.as_bytes(), VOTE, conversation.0, VOTES_LOOKED_AT_MAX],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let mut votes = BTreeMap::new();
    for (id, sender, chosen) in all {
        let id = MessageId(id);
        let chosen: Vec<u8> = chosen.split(' ').filter_map(|option| option.parse().ok()).collect();
        if poll.allows(&chosen) && counted.is_none_or(|counted| counted.contains(&id)) {
            votes.insert(AccountId(sender), (id, chosen));
        }
    }
    Ok(votes)
}

/// As amendments are stored, see `crate::amendment`.
pub(crate) const VOTE: i64 = 5;
/// See [`VOTE`].
pub(crate) const END: i64 = 6;
const TYPE_POLL: &str = "application/vnd.valise.poll";
const TYPE_VOTE: &str = "application/vnd.valise.vote";
const TYPE_END: &str = "application/vnd.valise.poll-end";
/// Longest question, bytes.
pub const POLL_QUESTION_BYTES_MAX: usize = 1_024;
/// Longest option, bytes.
pub const POLL_OPTION_BYTES_MAX: usize = 256;
/// Options of a poll: as many as one reads before one chooses.
pub const POLL_OPTIONS_MAX: usize = 12;
/// Votes that count: one of each person of the largest group.
const VOTES_MAX: u32 = 1_024;
/// Votes that are looked at, with those that were changed.
const VOTES_LOOKED_AT_MAX: u32 = 16 * VOTES_MAX;
