//! Contact cards: said to others as messages, and kept for oneself.
//!
//! The core carries cards and does not read them: their bytes are bounded, and are read by whoever shows them, once the person
//! they came from is let in. Cards that are kept are choices of the account, so that they follow on all devices.

use client_db::{Reader, params};
use crypto::seal::aead::sha256;
use vocab::MessageId;
use wire::content::{Disposition, MimiContent, NestedPart};

use crate::api::{CommandId, ConversationId, KeptCard, Refused, Reply};
use crate::choice::Key;
use crate::machine::{Client, Fault};
use crate::step::{Halt, Halting, Step};

/// Columns of this room.
pub(crate) const TABLES: &str = "
-- The cards as they came, when it is such a message; empty without.
alter table message add column cards blob not null default x'';
";

/// The bytes of the cards, when a content says some by the rules.
pub(crate) fn cards_of(content: &MimiContent) -> Option<&[u8]> {
    let part = &content.nested_part;
    let bytes = part.content_of(TYPE_CARDS).or_else(|| part.content_of(TYPE_CARDS_UTF8))?;
    let fits = part.disposition.is_shown() && !bytes.is_empty() && bytes.len() <= CARDS_BYTES_MAX;
    (fits && std::str::from_utf8(bytes).is_ok()).then_some(bytes)
}

impl Step<'_> {
    /// Says cards in a conversation.
    pub fn send_cards(
        &mut self,
        command: CommandId,
        conversation: ConversationId,
        cards: &str,
    ) -> Halting<()> {
        if let Some(refused) = self.may_write(conversation)? {
            return self.refuse(command, refused);
        }
        if cards.is_empty() || cards.len() > CARDS_BYTES_MAX {
            return self.refuse(command, Refused::BadCards);
        }
        self.note_activity()?;
        let expires = self.expiration(conversation)?;
        let content = MimiContent { expires, ..MimiContent::new(self.random(), part(cards.as_bytes())) };
        let id = self.say(conversation, content)?;
        self.reply(command, Ok(Reply::Queued(id)));
        Ok(())
    }

    /// The cards of a message, said elsewhere.
    pub fn forward_cards(&mut self, command: CommandId, cards: &[u8], to: ConversationId) -> Halting<()> {
        let expires = self.expiration(to)?;
        let content = MimiContent { expires, ..MimiContent::new(self.random(), part(cards)) };
        let content = content.as_forwarded().map_err(|_| Halt::Unusable("no room for an extension"))?;
        let id = self.say(to, content)?;
        self.reply(command, Ok(Reply::Queued(id)));
        Ok(())
    }

    /// A new message says cards.
    pub fn note_cards(&self, message: MessageId, cards: &[u8]) -> Halting<()> {
        self.tx.execute("update message set cards = ?2 where id = ?1", params![message.as_bytes(), cards])?;
        Ok(())
    }

    /// Keeps cards, or takes some away; all or none.
    pub fn keep_cards(&mut self, command: CommandId, cards: Vec<KeptCard>) -> Halting<()> {
        self.me()?;
        if cards.len() > CARDS_AT_ONCE_MAX
            || cards.iter().any(|card| card.text.len() > KEPT_CARD_BYTES_MAX || card.id == [0; 16])
        {
            return self.refuse(command, Refused::BadCards);
        }
        let (count, bytes): (i64, i64) = self
            .tx
            .row(
                "select count(*), coalesce(sum(length(value)), 0) from choice where key = ?1 and value != x''",
                params![Key::KeptCard as u16],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?
            .unwrap_or_default();
        let room = |there: i64, more: usize, most: usize| {
            usize::try_from(there).unwrap_or(usize::MAX).saturating_add(more) <= most
        };
        // One that takes another's place counts twice here: whoever is that near the limit is told so.
        let more = cards.iter().filter(|card| !card.text.is_empty()).count();
        let weight = cards.iter().map(|card| card.text.len()).sum();
        if more > 0 && !(room(count, more, KEPT_CARDS_MAX) && room(bytes, weight, KEPT_BYTES_MAX)) {
            return self.refuse(command, Refused::TooManyCards);
        }
        let wished = cards.into_iter().map(|card| (subject_of(&card.id), card.text.into_bytes())).collect();
        self.choose_all(Key::KeptCard, wished)?;
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }
}

impl Client {
    /// The cards that are kept, in the order of their ids, from the one behind `after` on.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn kept_cards(&self, after: Option<[u8; 16]>, limit: u32) -> Result<Vec<KeptCard>, Fault> {
        Ok(read(&self.db.reader(), after, limit)?)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn kept_card(&self, id: [u8; 16]) -> Result<Option<KeptCard>, Fault> {
        let value = crate::choice::chosen(&self.db.reader(), &subject_of(&id), Key::KeptCard)?;
        Ok(value.and_then(|value| kept(id, value)))
    }
}

/// What names a card of this account, group or id: it says nothing to whoever does not know them.
#[must_use]
pub fn card_id(of: &[u8]) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(&sha256(&[b"valise card v1", of])[..16]);
    id
}

fn read(reader: &Reader<'_>, after: Option<[u8; 16]>, limit: u32) -> Result<Vec<KeptCard>, client_db::Error> {
    let from = after.map_or_else(|| SUBJECT.to_vec(), |id| subject_of(&id));
    let rows: Vec<(Vec<u8>, Vec<u8>)> = reader.rows(
        "select subject, value from choice where key = ?1 and subject > ?2 and value != x'' order by subject limit ?3",
        params![Key::KeptCard as u16, from, limit],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let one =
        |(subject, value): (Vec<u8>, Vec<u8>)| kept(subject.strip_prefix(SUBJECT)?.try_into().ok()?, value);
    Ok(rows.into_iter().filter_map(one).collect())
}

/// Another device of ours may be of a build that takes more.
fn kept(id: [u8; 16], value: Vec<u8>) -> Option<KeptCard> {
    let fits = !value.is_empty() && value.len() <= KEPT_CARD_BYTES_MAX;
    String::from_utf8(value).ok().filter(|_| fits).map(|text| KeptCard { id, text })
}

fn subject_of(id: &[u8; 16]) -> Vec<u8> {
    [SUBJECT, id].concat()
}

fn part(cards: &[u8]) -> NestedPart {
    NestedPart::single(Disposition::RENDER, TYPE_CARDS, cards)
}

/// Media type of cards (RFC 6350, 10.1); UTF-8 without saying so.
const TYPE_CARDS: &str = "text/vcard";
/// The same, said.
const TYPE_CARDS_UTF8: &str = "text/vcard;charset=utf-8";
/// Bytes of the cards of one message: what a part of text may have.
pub const CARDS_BYTES_MAX: usize = vocab::limits::TEXT_BYTES_MAX;
/// Cards that are kept: an address book that one would still look through, and fewer than choices that are told to a new device.
pub const KEPT_CARDS_MAX: usize = 5_000;
/// Bytes of all of them: what one's devices tell each other in a minute.
pub const KEPT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of one: with a small picture, and as a choice can be.
pub const KEPT_CARD_BYTES_MAX: usize = vocab::limits::TEXT_BYTES_MAX;
/// Cards in one command.
pub const CARDS_AT_ONCE_MAX: usize = 500;
/// What names a card among all that is chosen for.
const SUBJECT: &[u8] = b"card:";
