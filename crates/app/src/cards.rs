//! Contact cards: what others are told of whom, what a file holds, and how a card is shown.
//!
//! Of a contact is passed on what the directory tells of them anyway, their name and the handle that leads to them: no key, no
//! picture, nothing that they say of themselves. An export is for oneself and holds more.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::{
    CARDS_AT_ONCE_MAX, CARDS_BYTES_MAX, Command, ContactCard, ContactState, ConversationId, KEPT_CARDS_MAX,
    KeptCard, MessageView, PictureKind, Refused, Whom, card_id,
};
use screens::{Answer, CardFate, CardFile, CardShown, CardTaken, ChatId, KeptCardRow};
use vcard::{Card, escaped, unescaped};
use vocab::{AccountId, Handle};

use crate::app::{App, Kind};
use crate::words::{self, About, No};
use crate::{paint, query};

/// Cards in one message: as many as one looks through.
pub(crate) const CARDS_SENT_MAX: usize = 32;
/// Bytes of cards in one answer of an export; one card more may stand behind.
const EXPORT_BYTES: usize = 512 * 1024;
/// Lines of a card that are shown.
const LINES_SHOWN_MAX: usize = 4;
/// Kept cards in one answer.
const KEPT_SHOWN_MAX: u32 = 2_000;

type Made = Result<(Command, Kind, About), No>;

/// Whom one knows, for cards.
struct Book {
    me: Option<String>,
    people: Vec<(String, Option<String>, ChatId)>,
    /// Groups one is in.
    groups: Vec<String>,
}

impl App {
    /// Says cards: of contacts, of oneself, or those of a file.
    pub(crate) fn send_cards(&self, to: &str, contacts: &[String], file: Option<&str>) -> Made {
        let (conversation, about) = self.writable(to)?;
        let mut cards = Vec::new();
        for who in contacts {
            cards.push(self.card_to_pass_on(who)?);
        }
        for card in file.map(|file| vcard::read(file.as_bytes())).unwrap_or_default() {
            cards.push(card.map_err(|error| words::card_not_read(words::card_error(error)))?);
        }
        if cards.is_empty() {
            return Err(words::no_cards());
        }
        let text: String = cards.iter().map(ToString::to_string).collect();
        if cards.len() > CARDS_SENT_MAX || text.len() > CARDS_BYTES_MAX {
            return Err(words::refused(&Refused::BadCards, &about));
        }
        Ok((Command::SendCards { conversation, cards: text }, Kind::Send(conversation), about))
    }

    /// What somebody else is told of a contact, or of oneself.
    fn card_to_pass_on(&self, who: &str) -> Result<Card, No> {
        let status = self.client.status()?;
        let me = status.account.ok_or_else(words::not_registered)?;
        if who.trim() == "me" || who.trim() == me.to_string() {
            return Ok(passed_on(me, &status.name, status.handle.as_ref()));
        }
        let card = self.person(who)?;
        match card.state {
            ContactState::Accepted => Ok(passed_on(card.account, &paint::name(&card), card.handle.as_ref())),
            ContactState::Blocked => Err(words::to_blocked(&paint::name(&card))),
            ContactState::Request => Err(words::to_request()),
        }
    }

    /// Keeps the cards of a file.
    pub(crate) fn keep_cards(&self, file: &str) -> Made {
        let book = self.book()?;
        let read = vcard::read(file.as_bytes());
        if read.is_empty() {
            return Err(words::no_cards());
        }
        if read.len() > CARDS_AT_ONCE_MAX {
            return Err(words::refused(&Refused::BadCards, &About::default()));
        }
        let mut new: BTreeMap<[u8; 16], String> = BTreeMap::new();
        let mut taken = Vec::with_capacity(read.len());
        for card in read {
            let card = match card {
                Ok(card) => card,
                Err(error) => {
                    taken.push(row(String::new(), CardFate::NotRead, words::card_error(error), None));
                    continue;
                }
            };
            let name = card.name();
            if let Some((fate, sentence)) = book.knows(&card) {
                taken.push(row(name, fate, sentence, None));
                continue;
            }
            let (id, text) = (id_of(&card), card.to_string());
            let known = match new.get(&id) {
                Some(text) => Some(text.clone()),
                None => self.client.kept_card(id)?.map(|kept| kept.text),
            };
            let fate = match known {
                Some(known) if known == text => CardFate::Same,
                Some(_) => CardFate::Changed,
                None => CardFate::Kept,
            };
            let add = book.contact(&card).is_none().then(|| self.way_to(&card)).flatten();
            taken.push(row(name, fate, words::card_fate(fate), add));
            if fate != CardFate::Same {
                new.insert(id, text);
            }
        }
        let cards = new.into_iter().map(|(id, text)| KeptCard { id, text }).collect();
        Ok((Command::KeepCards(cards), Kind::Cards, About { cards: taken, ..About::default() }))
    }

    /// Keeps a card no more.
    pub(crate) fn forget_card(&self, id: &str) -> Made {
        let mut bytes = [0; 16];
        hex::decode_to_slice(id.trim(), &mut bytes).map_err(|_| words::no_such_card())?;
        self.client.kept_card(bytes)?.ok_or_else(words::no_such_card)?;
        let gone = KeptCard { id: bytes, text: String::new() };
        Ok((Command::KeepCards(vec![gone]), Kind::Plain, About::default()))
    }

    /// The cards that are kept.
    pub(crate) fn kept_cards(&self) -> Result<Answer, No> {
        let book = self.book()?;
        let mut rows = Vec::new();
        for kept in self.client.kept_cards(None, KEPT_SHOWN_MAX)? {
            if let Some(Ok(card)) = vcard::read(kept.text.as_bytes()).into_iter().next() {
                rows.push(KeptCardRow { id: hex::encode(kept.id), card: self.shown(&card, &book) });
            }
        }
        rows.sort_by_cached_key(|row| (row.card.name.to_lowercase(), row.id.clone()));
        Ok(Answer::KeptCards(query::listing(rows, words::no_kept_cards)))
    }

    /// The cards of a message, as they came.
    pub(crate) fn cards_of(&self, message: &str) -> Result<CardFile, No> {
        let (id, _, _) = self.about_message(message)?;
        let view = self.client.message(id)?.ok_or_else(words::unknown_message)?;
        let cards = read(&view.cards);
        let first = cards.first().ok_or_else(words::no_cards)?;
        Ok(CardFile {
            name: file_name(&first.name()),
            text: cards.iter().map(ToString::to_string).collect(),
            count: u32::try_from(cards.len()).unwrap_or(u32::MAX),
            more: None,
        })
    }

    /// A part of an export: contacts, then groups, then what is kept of cards.
    pub(crate) fn export_cards(&self, after: Option<&str>) -> Result<CardFile, No> {
        self.client.status()?.account.ok_or_else(words::not_registered)?;
        let mut part = Part::default();
        let (stage, from) = match after.map(|after| after.split_once(' ')) {
            None => ("contact", ""),
            Some(known) => known.ok_or_else(words::no_such_card)?,
        };
        let mut contacts = self.client.contacts()?;
        contacts.retain(|card| card.state != ContactState::Request);
        contacts.sort_by_key(|card| card.account);
        if stage == "contact" {
            for card in contacts.iter().filter(|card| card.account.to_string().as_str() > from) {
                part.push(&self.card_for_oneself(card)?);
                if part.is_full() {
                    return Ok(part.finish(Some(format!("contact {}", card.account))));
                }
            }
        }
        if stage != "kept" {
            let from = if stage == "group" { from } else { "" };
            let mut groups = self.client.conversations()?;
            groups.retain(|head| matches!(&head.with, Whom::Group(group) if group.inside));
            groups.sort_by_key(|head| head.id);
            for head in groups.iter().filter(|head| hex::encode(head.id.0).as_str() > from) {
                part.push(&self.card_of_group(head.id)?);
                if part.is_full() {
                    return Ok(part.finish(Some(format!("group {}", hex::encode(head.id.0)))));
                }
            }
        }
        let mut from = [0; 16];
        if stage == "kept" {
            hex::decode_to_slice(
                after.and_then(|after| after.strip_prefix("kept ")).unwrap_or_default(),
                &mut from,
            )
            .map_err(|_| words::no_such_card())?;
        }
        // Who became a contact meanwhile stands above already.
        let book = self.book()?;
        let known: BTreeSet<[u8; 16]> = book.uids().map(id_of_uid).collect();
        for kept in self.client.kept_cards(Some(from), KEPT_CARDS_MAX as u32)? {
            if !known.contains(&kept.id) {
                part.text(&kept.text);
            }
            if part.is_full() {
                return Ok(part.finish(Some(format!("kept {}", hex::encode(kept.id)))));
            }
        }
        Ok(part.finish(None))
    }

    /// Everything that this account knows of a contact and that a card can carry.
    fn card_for_oneself(&self, contact: &ContactCard) -> Result<Card, No> {
        let mut card = passed_on(contact.account, &paint::name(contact), contact.handle.as_ref());
        if !contact.about.is_empty() {
            card = card.with("NOTE", &[], &escaped(&contact.about));
        }
        if let Some(hash) = &contact.picture
            && let Some(bytes) = self.client.picture(hash)?
            && let Some(kind) = PictureKind::of(&bytes)
        {
            let uri = format!("data:{};base64,{}", kind.media_type(), STANDARD.encode(bytes));
            card = card.with("PHOTO", &[], &uri);
        }
        if contact.state == ContactState::Blocked {
            card = card.with("X-VALISE-STATE", &[], "blocked");
        }
        Ok(card)
    }

    fn card_of_group(&self, id: ConversationId) -> Result<Card, No> {
        let group = self.client.group(id)?.ok_or_else(words::no_group)?;
        let card = Card::new(&uid_of(&id.0), &group.head.name).with("KIND", &[], "group");
        let members = group.members.iter().map(|member| uid_of(member.account.as_bytes()));
        Ok(members.fold(card, |card, uid| card.with("MEMBER", &[], &uid)))
    }

    /// The cards of messages, as they are shown.
    pub(crate) fn read_cards(&self, authors: &mut paint::Authors, views: &[MessageView]) -> Result<(), No> {
        let mut said = views.iter().filter(|view| !view.cards.is_empty() && !view.deleted).peekable();
        if said.peek().is_none() {
            return Ok(());
        }
        let book = self.book()?;
        for view in said {
            let cards = read(&view.cards).iter().map(|card| self.shown(card, &book)).collect();
            authors.cards.insert(view.id, cards);
        }
        Ok(())
    }

    fn shown(&self, card: &Card, book: &Book) -> CardShown {
        let name = paint::one_line(&card.name());
        let (chat, add) = match book.contact(card) {
            Some(chat) => (Some(chat), None),
            None if book.is_me(card) => (None, None),
            None => (None, self.way_to(card)),
        };
        let line = match (&chat, &add) {
            _ if book.is_me(card) => words::CARD_OF_ONESELF.to_owned(),
            _ if card.is_group() => words::card_of_group(card.members().count()),
            (Some(_), _) => words::CARD_OF_CONTACT.to_owned(),
            (None, Some(_)) => words::CARD_CAN_BE_ASKED.to_owned(),
            (None, None) => words::CARD_NO_WAY.to_owned(),
        };
        let lines = lines(card);
        CardShown {
            initials: paint::initials(&name),
            tint: id_of(card)[0] % paint::TINTS + 1,
            spoken: words::card_spoken(&name, &lines, &line),
            name,
            lines,
            chat,
            add,
            line,
        }
    }

    /// How the person of a card can be asked: by a link of this server, else by a number or an address.
    fn way_to(&self, card: &Card) -> Option<String> {
        if card.is_group() {
            return None;
        }
        let links = ["IMPP", "URL"].into_iter().filter_map(|name| card.value(name)).map(unescaped);
        let mut links = links.filter(|link| matches!(self.links.read(link), Ok(Some(_))));
        let handle = || {
            let parsed = card.handles().into_iter().filter_map(|typed| Handle::parse(&typed).ok());
            parsed.map(|handle| handle.as_str().to_owned()).next()
        };
        links.next().or_else(handle)
    }

    fn book(&self) -> Result<Book, No> {
        let status = self.client.status()?;
        let mut people = self.client.contacts()?;
        people.retain(|card| card.state != ContactState::Request);
        let known = |card: &ContactCard| {
            (
                uid_of(card.account.as_bytes()),
                card.handle.as_ref().map(Handle::lookup_form),
                paint::chat_id(card.conversation),
            )
        };
        let mut groups = self.client.conversations()?;
        groups.retain(|head| matches!(&head.with, Whom::Group(group) if group.inside));
        Ok(Book {
            me: status.account.map(|account| uid_of(account.as_bytes())),
            people: people.iter().map(known).collect(),
            groups: groups.iter().map(|head| uid_of(&head.id.0)).collect(),
        })
    }
}

impl Book {
    /// The chat with whoever the card is of.
    fn contact(&self, card: &Card) -> Option<ChatId> {
        let by_uid = card.uid().and_then(|uid| self.people.iter().find(|(known, ..)| known == uid));
        let handles = || -> Vec<String> {
            let parsed = card.handles().into_iter().filter_map(|typed| Handle::parse(&typed).ok());
            parsed.map(|handle| handle.lookup_form()).collect()
        };
        let found = by_uid.or_else(|| {
            let handles = handles();
            self.people.iter().find(|(_, known, _)| known.as_ref().is_some_and(|it| handles.contains(it)))
        });
        found.filter(|_| !card.is_group()).map(|(_, _, chat)| chat.clone())
    }

    /// Ids of all whose cards are made anew with each export.
    fn uids(&self) -> impl Iterator<Item = &str> {
        let people = self.people.iter().map(|(uid, ..)| uid.as_str());
        people.chain(self.groups.iter().map(String::as_str)).chain(self.me.as_deref())
    }

    fn is_me(&self, card: &Card) -> bool {
        self.me.is_some() && card.uid() == self.me.as_deref()
    }

    /// A card that says nothing new: of oneself, of a contact by their account, or of a group one is in. Another program's card of a contact may say
    /// more than is known here, and is kept.
    fn knows(&self, card: &Card) -> Option<(CardFate, String)> {
        let uid = card.uid()?;
        let fate = if self.is_me(card) {
            CardFate::Oneself
        } else {
            self.uids().any(|known| known == uid).then_some(CardFate::Contact)?
        };
        Some((fate, words::card_fate(fate)))
    }
}

/// What is told of somebody to others.
fn passed_on(account: AccountId, name: &str, handle: Option<&Handle>) -> Card {
    let card = Card::new(&uid_of(account.as_bytes()), name);
    match handle.map(Handle::as_str) {
        None => card,
        Some(number) if number.starts_with('+') => card.with("TEL", &["VALUE=uri"], &format!("tel:{number}")),
        Some(address) => card.with("EMAIL", &[], &escaped(address)),
    }
}

/// The same for everybody who writes a card of it, and says nothing to whoever does not know the account.
fn uid_of(of: &[u8]) -> String {
    let mut id = card_id(of);
    // RFC 9562, 5.8: of a form of one's own.
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    let hex = hex::encode(id);
    let mut uuid = String::with_capacity(45);
    uuid.push_str("urn:uuid:");
    for (at, digit) in hex.chars().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            uuid.push('-');
        }
        uuid.push(digit);
    }
    uuid
}

/// Names a card that is kept: by its own id, or by what it says where it has none.
fn id_of(card: &Card) -> [u8; 16] {
    card.uid().map_or_else(|| card_id(card.to_string().as_bytes()), id_of_uid)
}

fn id_of_uid(uid: &str) -> [u8; 16] {
    card_id(uid.as_bytes())
}

/// Those that can be read, so many as are shown.
fn read(cards: &str) -> Vec<Card> {
    vcard::read(cards.as_bytes()).into_iter().filter_map(Result::ok).take(CARDS_SENT_MAX).collect()
}

/// Numbers, addresses, and what somebody does.
fn lines(card: &Card) -> Vec<String> {
    let rest = ["ORG", "TITLE"].into_iter().filter_map(|name| card.value(name));
    let rest = rest.map(|value| unescaped(value).replace(';', ", "));
    let all = card.handles().into_iter().chain(rest).map(|line| paint::one_line(&line));
    all.filter(|line| !line.is_empty()).take(LINES_SHOWN_MAX).collect()
}

/// A message of cards in one line.
pub(crate) fn in_a_line(cards: &str) -> String {
    let names: Vec<String> = read(cards).iter().map(|card| paint::one_line(&card.name())).collect();
    words::cards_line(&names)
}

/// The text of a bubble that shows cards.
pub(crate) fn text(cards: &[CardShown]) -> String {
    let one = |card: &CardShown| {
        let lines: String = card.lines.iter().map(|line| format!("\n{line}")).collect();
        words::cards_line(std::slice::from_ref(&card.name)) + &lines
    };
    cards.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn row(name: String, fate: CardFate, sentence: String, add: Option<String>) -> CardTaken {
    CardTaken { name: paint::one_line(&name), fate, sentence, add }
}

/// Nothing in it leads anywhere.
fn file_name(name: &str) -> String {
    let kept: String = name.chars().map(|sign| if sign.is_alphanumeric() { sign } else { ' ' }).collect();
    let kept = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    let kept: String = kept.chars().take(FILE_NAME_CHARS).collect();
    if kept.is_empty() { "contact.vcf".to_owned() } else { format!("{kept}.vcf") }
}

/// A part of an export.
#[derive(Default)]
struct Part {
    text: String,
    count: u32,
}

impl Part {
    fn push(&mut self, card: &Card) {
        self.text(&card.to_string());
    }

    fn text(&mut self, text: &str) {
        self.text.push_str(text);
        self.count += 1;
    }

    fn is_full(&self) -> bool {
        self.text.len() >= EXPORT_BYTES
    }

    fn finish(self, more: Option<String>) -> CardFile {
        CardFile { name: "contacts.vcf".to_owned(), text: self.text, count: self.count, more }
    }
}

/// Characters of a file's name before its end: what file systems take, whatever the script.
const FILE_NAME_CHARS: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;

    fn handle(typed: &str) -> Handle {
        Handle::parse(typed).unwrap()
    }

    #[test]
    fn what_is_passed_on_is_name_and_handle_and_reads_back() {
        let account = AccountId([7; 32]);
        let card = passed_on(account, "Inês; „die, Ältere“", Some(&handle("+351 912 345 678")));
        let text = card.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 6, "{text}");
        assert_eq!(lines[4], "TEL;VALUE=uri:tel:+351912345678");
        assert_eq!(read(&text)[0].name(), "Inês; „die, Ältere“");
        assert_eq!(read(&text)[0].handles(), ["+351912345678"]);
        let mail = passed_on(account, "Boris", Some(&handle("boris@example.org"))).to_string();
        assert!(mail.contains("EMAIL:boris@example.org\r\n"));
        assert!(!passed_on(account, "Boris", None).to_string().contains("TEL"));
    }

    #[test]
    fn an_id_is_the_same_each_time_and_is_a_uuid() {
        let uid = uid_of(&[7; 32]);
        assert_eq!(uid, uid_of(&[7; 32]));
        assert_ne!(uid, uid_of(&[8; 32]));
        let digits = uid.strip_prefix("urn:uuid:").unwrap();
        let groups: Vec<usize> = digits.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert!(digits.split('-').nth(2).unwrap().starts_with('8'), "{digits}");
    }

    #[test]
    fn files_are_named_after_people_and_lead_nowhere() {
        for (name, file) in [
            ("Inês Duarte", "Inês Duarte.vcf"),
            ("../../etc/passwd", "etc passwd.vcf"),
            ("..", "contact.vcf"),
            ("a\\b:c", "a b c.vcf"),
        ] {
            assert_eq!(file_name(name), file);
        }
        assert!(file_name(&"x".repeat(500)).len() < 60);
    }

    #[test]
    fn cards_in_a_line_name_whom_they_are_of_and_what_is_none_says_so() {
        let card = |name: &str| Card::new("urn:uuid:1", name).to_string();
        assert_eq!(in_a_line(&card("Boris")), "Contact card: Boris");
        assert_eq!(in_a_line(&(card("Boris") + &card("Ana"))), "2 contact cards: Boris, Ana");
        assert_eq!(in_a_line("BEGIN:VCARD"), "A contact card that cannot be read");
        let many: String = (0..100).map(|_| card("x")).collect();
        assert_eq!(read(&many).len(), CARDS_SENT_MAX);
    }
}
