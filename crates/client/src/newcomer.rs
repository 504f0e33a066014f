//! What newcomers of a group are given of what was said before (`docs/protocol/newcomer.md`), as far as the group's setting says.
//!
//! The device that added them puts it into blobs and tells the group where. It is that person's word: a newcomer cannot know
//! whether somebody really said so, and what came this way is marked with who told it. What comes otherwise, too, is the
//! sender's own word from then on.

use client_db::params;
use crypto::seal::aead::{Key, sha256};
use crypto::seal::padding::{open_padded, seal_padded};
use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::limits::BLOB_DAYS_MAX;
use vocab::time::DAY_MS;
use vocab::{AccountId, DeviceId, Timestamp};
use wire::content::{Disposition, MimiContent, NestedPart};
use wire::{Bytes, Decode, Encode};

use crate::amendment::Meaning;
use crate::api::{ConversationId, Event};
use crate::charter::Standing;
use crate::message::{POSITION_PENDING, Told};
use crate::step::{Halt, Halting, Step, number, sql_time};

/// The tables of this room.
pub(crate) const TABLES: &str = "
-- How this device came into a group that gives newcomers something.
create table entrance (
    conversation blob primary key not null,
    -- Who let us in: only they give us anything.
    inviter blob not null,
    entered_at integer not null,
    -- As the group's setting was then.
    days integer not null,
    -- What was said before stands from here on, before everything that is heard.
    first_place integer not null,
    -- 0 nothing was told yet, 1 under way, 2 all here, 3 given up
    state integer not null default 0,
    secret blob not null default x'',
    -- Of each part, one after the other.
    hashes blob not null default x'',
    part integer not null default 0,
    count integer not null default 0
) strict, without rowid;

-- Who told this message, where it was not heard itself; empty else.
alter table message add column told_by blob not null default x'';
";

/// Tells the group where a history for newcomers is.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct NewcomerHistory {
    secret: [u8; 32],
    newcomers: Vec<AccountId>,
    parts: Vec<PartHash>,
}

/// SHA-256 of a part.
#[derive(Debug, Clone, Copy, TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct PartHash {
    hash: [u8; 32],
}

/// A part of it.
#[derive(Default, TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct NewcomerPart {
    messages: Vec<ToldMessage>,
    names: Vec<ToldName>,
}

/// A message as somebody tells it.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct ToldMessage {
    sender: AccountId,
    device: DeviceId,
    received_at: u64,
    until: u64,
    content: Bytes,
}

/// What somebody who wrote is called.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct ToldName {
    account: AccountId,
    name: Bytes,
}

/// Tells nothing of it.
impl std::fmt::Debug for ToldMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ToldMessage")
    }
}

/// Tells nobody's name.
impl std::fmt::Debug for ToldName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ToldName")
    }
}

impl NewcomerHistory {
    pub fn of(content: &MimiContent) -> Option<Self> {
        Self::decode(content.nested_part.content_of(TYPE_HISTORY)?).ok()
    }
}

/// A row of the timeline, to be told.
type Row = (i64, [u8; 32], Vec<u8>, i64, i64, i64, Vec<u8>);

// Giving.
impl Step<'_> {
    /// People whom this device added are given what the group's setting says.
    pub fn give_to_newcomers(
        &mut self,
        conversation: ConversationId,
        newcomers: &[AccountId],
    ) -> Halting<()> {
        let Some((charter, Standing::In)) = self.room(conversation)? else { return Ok(()) };
        let days = charter.permissions.history_days;
        if days == 0 || newcomers.is_empty() {
            return Ok(());
        }
        let messages = self.messages_to_tell(conversation, since(days, self.now))?;
        if messages.is_empty() {
            return Ok(());
        }
        let names = self.names_to_tell(&messages)?;
        let secret = self.random::<32>();
        let mut parts = Vec::new();
        for (index, part) in (0_u32..).zip(parts_of(messages, names)) {
            let plain = part.encode()?;
            let sealed = seal_padded(&part_key(&secret), &index.to_be_bytes(), &plain, self.rng)?;
            let subject = [GIVEN, &secret[..8], &index.to_be_bytes()].concat();
            self.put_blob(&subject, place(&secret, index), BLOB_DAYS_MAX, sealed)?;
            parts.push(PartHash { hash: sha256(&[&plain]) });
        }
        let told = NewcomerHistory { secret, newcomers: newcomers.to_vec(), parts };
        let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_HISTORY, told.encode()?);
        let content = MimiContent::new(self.random(), part);
        self.say(conversation, content).map(drop)
    }

    /// The newest within the bounds, oldest first.
    fn messages_to_tell(&self, conversation: ConversationId, since: i64) -> Halting<Vec<ToldMessage>> {
        let (mut told, mut bytes, mut before) = (Vec::new(), 0, POSITION_PENDING);
        loop {
            let rows: Vec<Row> = self.tx.rows(
                "select position, sender, device, received_at, expires_after, expires_at, content from message
                 where conversation = ?1 and position < ?2 and received_at >= ?3 and role in (0, 1) and deleted = 0
                 and failed = 0 and notice = x'' and length(content) > 0 and length(device) = 16
                 order by position desc limit ?4",
                params![conversation.0, before, since, PAGE_ROWS],
                |row| {
                    let head = (row.get(0)?, row.get(1)?, row.get(2)?);
                    Ok((head.0, head.1, head.2, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
                },
            )?;
            let Some(last) = rows.last() else { break };
            before = last.0;
            for (_, sender, device, received_at, expires_after, expires_at, content) in rows {
                bytes += content.len() + MESSAGE_OVERHEAD_BYTES;
                if bytes > BYTES_MAX || told.len() >= MESSAGES_MAX {
                    told.reverse();
                    return Ok(told);
                }
                if !is_for_newcomers(&content) {
                    continue;
                }
                // What disappears does so no later than here, and if nobody here has read it, as if one had now.
                let until = match (expires_at, expires_after) {
                    (0, 0) => 0,
                    (0, after) => self.now.plus_ms(number(after) * 1_000).0,
                    (at, _) => number(at),
                };
                let device = DeviceId::from_slice(&device).map_err(|_| Halt::Unusable("not a device"))?;
                told.push(ToldMessage {
                    sender: AccountId(sender),
                    device,
                    received_at: number(received_at),
                    until,
                    content: content.into(),
                });
            }
        }
        told.reverse();
        Ok(told)
    }

    /// Of those who wrote: some are not in the group any more, and others tell their names when they are awake.
    fn names_to_tell(&self, messages: &[ToldMessage]) -> Halting<Vec<ToldName>> {
        let mut senders: Vec<AccountId> = messages.iter().map(|message| message.sender).collect();
        senders.sort_unstable();
        senders.dedup();
        let mut names = Vec::new();
        for account in senders.into_iter().take(NAMES_MAX) {
            if account == self.me()?.account {
                let name = self.me()?.name.clone();
                names.push(ToldName { account, name: name.into_bytes().into() });
                continue;
            }
            let name: Option<String> = self.tx.row(
                "select name from contact where account = ?1 and state = 1 and name != ''
                 union all select name from person where account = ?1 and name != '' limit 1",
                params![account.as_bytes()],
                |row| row.get(0),
            )?;
            names.extend(name.map(|name| ToldName { account, name: name.into_bytes().into() }));
        }
        Ok(names)
    }
}

// Being given.
impl Step<'_> {
    /// This device comes into a group where newcomers are given something: room is left for it in the timeline.
    pub fn note_entrance(
        &mut self,
        conversation: ConversationId,
        inviter: AccountId,
        days: u16,
    ) -> Halting<()> {
        self.drop_blobs(&subject(conversation))?;
        self.tx.execute("delete from entrance where conversation = ?1", params![conversation.0])?;
        if days == 0 {
            return Ok(());
        }
        let first_place = self.next_position(conversation)?;
        self.tx.execute(
            "update conversation set next_position = ?2 where id = ?1",
            params![conversation.0, first_place + MESSAGES_MAX as i64],
        )?;
        self.tx.execute(
            "insert into entrance (conversation, inviter, entered_at, days, first_place)
             values (?1, ?2, ?3, ?4, ?5)",
            params![conversation.0, inviter.as_bytes(), sql_time(self.now), days, first_place],
        )?;
        Ok(())
    }

    /// Whoever let us in tells where it is.
    pub fn take_newcomer_history(
        &mut self,
        conversation: ConversationId,
        sender: AccountId,
        told: &NewcomerHistory,
    ) -> Halting<()> {
        if !told.newcomers.contains(&self.me()?.account) || told.parts.len() > PARTS_MAX {
            return Ok(());
        }
        let hashes: Vec<u8> = told.parts.iter().flat_map(|part| part.hash).collect();
        let begun = self.tx.execute(
            "update entrance set state = 1, secret = ?3, hashes = ?4
             where conversation = ?1 and inviter = ?2 and state = 0",
            params![conversation.0, sender.as_bytes(), told.secret, hashes],
        )?;
        if begun > 0 { self.await_newcomer_part(conversation, &told.secret, 0) } else { Ok(()) }
    }

    fn await_newcomer_part(
        &mut self,
        conversation: ConversationId,
        secret: &[u8; 32],
        part: u32,
    ) -> Halting<()> {
        self.await_blob(&subject(conversation), place(secret, part))
    }

    /// A part is here. One that is not what was told ends it; what came before stays.
    pub fn newcomer_part_fetched(&mut self, subject: &[u8], sealed: &[u8]) -> Halting<()> {
        let Some(id) = subject.strip_prefix(SUBJECT).and_then(|id| id.try_into().ok()) else {
            return Ok(());
        };
        let conversation = ConversationId(id);
        if self.attempt(|step| step.take_newcomer_part(conversation, sealed))?.is_none() {
            self.tx.execute(
                "update entrance set state = 3, secret = x'', hashes = x'' where conversation = ?1",
                params![conversation.0],
            )?;
        }
        Ok(())
    }

    fn take_newcomer_part(&mut self, conversation: ConversationId, sealed: &[u8]) -> Halting<()> {
        let Some(entrance) = self.entrance(conversation)? else { return Ok(()) };
        let Entrance { inviter, days, entered_at, first_place, secret, hashes, part, count } = entrance;
        let plain = open_padded(&part_key(&secret), &part.to_be_bytes(), sealed)?;
        let (hashes, _) = hashes.as_chunks::<32>();
        let expected = usize::try_from(part).ok().and_then(|part| hashes.get(part));
        if expected != Some(&sha256(&[&plain])) {
            return Err(Halt::Unusable("not the part that was told"));
        }
        let NewcomerPart { messages, names } = NewcomerPart::decode(&plain)?;
        let since = since(days, entered_at);
        let mut place = count;
        for told in messages {
            if place >= MESSAGES_MAX as i64 {
                break;
            }
            // Not what the setting leaves out, and nothing whose time is over.
            let over = told.until > 0 && told.until <= self.now.0;
            if i64::try_from(told.received_at).unwrap_or(i64::MAX) < since || over {
                continue;
            }
            let position = first_place + place;
            self.attempt(|step| step.take_told(conversation, inviter, &told, position))?;
            place += 1;
        }
        for told in names.into_iter().take(NAMES_MAX) {
            let name = String::from_utf8_lossy(told.name.as_slice()).into_owned();
            if crate::account::name_fits(&name) {
                self.tx.execute(
                    "insert or ignore into person (account, name) values (?1, ?2)",
                    params![told.account.as_bytes(), name],
                )?;
            }
        }
        let next = part + 1;
        let all = usize::try_from(next).is_ok_and(|next| next >= hashes.len());
        self.tx.execute(
            "update entrance set part = ?2, count = ?3, state = case when ?4 then 2 else 1 end,
             secret = case when ?4 then x'' else secret end where conversation = ?1",
            params![conversation.0, next, place, all],
        )?;
        self.event(Event::Conversation(conversation));
        if all { Ok(()) } else { self.await_newcomer_part(conversation, &secret, next) }
    }

    fn take_told(
        &mut self,
        conversation: ConversationId,
        by: AccountId,
        told: &ToldMessage,
        position: i64,
    ) -> Halting<()> {
        let content = told.content.as_slice();
        if !is_for_newcomers(content) {
            return Err(Halt::Unusable("not for newcomers"));
        }
        let how = Told {
            by,
            received_at: Timestamp(told.received_at.min(self.now.0)),
            until: (told.until > 0).then_some(Timestamp(told.until)),
        };
        self.keep_told(conversation, (told.sender, told.device), content, position, how)
    }

    fn entrance(&self, conversation: ConversationId) -> Halting<Option<Entrance>> {
        Ok(self.tx.row(
            "select inviter, days, entered_at, first_place, secret, hashes, part, count from entrance
             where conversation = ?1 and state = 1",
            params![conversation.0],
            |row| {
                Ok(Entrance {
                    inviter: AccountId(row.get(0)?),
                    days: row.get(1)?,
                    entered_at: Timestamp(number(row.get(2)?)),
                    first_place: row.get(3)?,
                    secret: row.get(4)?,
                    hashes: row.get(5)?,
                    part: row.get(6)?,
                    count: row.get(7)?,
                })
            },
        )?)
    }

    /// What has not come until the blobs are gone does not come any more.
    pub fn expire_entrances(&mut self) -> Halting<()> {
        let oldest = Timestamp(self.now.0.saturating_sub(ENTRANCE_MS_MAX));
        let over: Vec<[u8; 16]> = self.tx.rows(
            "select conversation from entrance where state < 2 and entered_at < ?1 order by conversation",
            params![sql_time(oldest)],
            |row| row.get(0),
        )?;
        for conversation in over.into_iter().map(ConversationId) {
            self.drop_blobs(&subject(conversation))?;
            self.tx.execute(
                "update entrance set state = 3, secret = x'', hashes = x'' where conversation = ?1",
                params![conversation.0],
            )?;
        }
        Ok(())
    }
}

struct Entrance {
    inviter: AccountId,
    days: u16,
    entered_at: Timestamp,
    first_place: i64,
    secret: [u8; 32],
    hashes: Vec<u8>,
    part: u32,
    count: i64,
}

/// Messages, and what is said about messages; nothing about the group itself.
fn is_for_newcomers(content: &[u8]) -> bool {
    let meaning = MimiContent::decode(content).map(|content| Meaning::of(&content));
    meaning.is_ok_and(|meaning| !matches!(meaning, Meaning::OfGroup(_) | Meaning::Nothing))
}

/// Since when, as the setting says.
fn since(days: u16, until: Timestamp) -> i64 {
    if days == crypto::charter::HISTORY_ALL {
        return 0;
    }
    sql_time(Timestamp(until.0.saturating_sub(u64::from(days) * DAY_MS)))
}

/// Filled one after the other; the names stand in the first.
fn parts_of(messages: Vec<ToldMessage>, names: Vec<ToldName>) -> Vec<NewcomerPart> {
    let mut parts = vec![NewcomerPart { messages: Vec::new(), names }];
    let mut bytes = 0;
    for message in messages {
        let size = message.content.as_slice().len() + MESSAGE_OVERHEAD_BYTES;
        if bytes > 0 && bytes + size > PART_BYTES {
            parts.push(NewcomerPart::default());
            bytes = 0;
        }
        bytes += size;
        if let Some(part) = parts.last_mut() {
            part.messages.push(message);
        }
    }
    parts
}

fn place(secret: &[u8; 32], part: u32) -> [u8; 32] {
    sha256(&[b"valise newcomer part v1", secret, &part.to_be_bytes()])
}

fn part_key(secret: &[u8; 32]) -> Key {
    Key::derive(secret, "valise newcomer v1")
}

fn subject(conversation: ConversationId) -> Vec<u8> {
    [SUBJECT, &conversation.0].concat()
}

/// Media type of [`NewcomerHistory`].
const TYPE_HISTORY: &str = "application/vnd.valise.newcomer-history";
/// What the intents that await parts begin with.
pub(crate) const SUBJECT: &[u8] = b"newcomer: ";
/// And those that leave them.
const GIVEN: &[u8] = b"for newcomers: ";
/// Messages that newcomers are given, with what is said about them, and bytes of all: the newest within both.
const MESSAGES_MAX: usize = 10_000;
/// See [`MESSAGES_MAX`].
const BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of a part, below one of the padded sizes; a content that is larger stands alone in its part.
const PART_BYTES: usize = 200 * 1024;
/// What stands around a content.
const MESSAGE_OVERHEAD_BYTES: usize = 80;
/// Parts of one history: each but the last is more than half full.
const PARTS_MAX: usize = 2 * BYTES_MAX / PART_BYTES + 2;
/// Names of those who wrote.
const NAMES_MAX: usize = 256;
/// Rows read at one time.
const PAGE_ROWS: i64 = 64;
/// A part waits for so long, and a day more for whoever was asleep.
pub(crate) const ENTRANCE_MS_MAX: u64 = (BLOB_DAYS_MAX as u64 + 1) * DAY_MS;

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: usize) -> ToldMessage {
        ToldMessage {
            sender: AccountId([1; 32]),
            device: DeviceId([2; 16]),
            received_at: 3,
            until: 0,
            content: vec![0; bytes].into(),
        }
    }

    #[test]
    fn parts_are_filled_and_within_their_bounds() {
        let parts = parts_of((0..100).map(|_| told(60_000)).collect(), vec![]);
        assert_eq!(parts.iter().map(|part| part.messages.len()).sum::<usize>(), 100);
        assert!(parts.len() <= 34 && parts.iter().all(|part| part.messages.len() <= 3));
        let large = parts_of(vec![told(10), told(1_000_000), told(10)], vec![]);
        assert_eq!(large.iter().map(|part| part.messages.len()).collect::<Vec<_>>(), [1, 1, 1]);
        let most = parts_of((0..80).map(|_| told(PART_BYTES / 2 + 1)).collect(), vec![]);
        assert!(most.len() <= PARTS_MAX);
    }

    #[test]
    fn the_setting_counts_back_from_now() {
        let now = Timestamp(100 * DAY_MS);
        assert_eq!(since(7, now), sql_time(Timestamp(93 * DAY_MS)));
        assert_eq!(since(crypto::charter::HISTORY_ALL, now), 0);
    }
}
