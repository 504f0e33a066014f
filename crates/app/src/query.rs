//! Questions of front ends.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use client::{ContactState, ConversationHead, ConversationId, MessageView, Whom};
use screens::{
    Answer, Ask, Bubble, ChatHead, ChatList, FoundRow, Listing, Person, Start, Status, TIMELINE_MESSAGES_MAX,
    Timeline,
};
use vocab::AccountId;

use crate::app::App;
use crate::link_words;
use crate::moment::Clock;
use crate::paint;
use crate::privacy;
use crate::words::{self, No};

/// Text in one answer, bytes: an answer crosses a bridge in one piece and stays far below its limit.
pub(crate) const ANSWER_TEXT_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Messages that wait in the outbox have no place yet and come in one piece; so many of one chat are shown.
const WAITING_SHOWN_MAX: u32 = 8_192;

impl App {
    /// The answer as it is now.
    pub(crate) fn answer(&self, ask: Ask, clock: &Clock) -> Result<Answer, No> {
        match ask {
            Ask::Start { .. } => self.start_screen().map(Answer::Start),
            Ask::Status => self.status(clock).map(Answer::Status),
            Ask::Chats => self.chats(clock).map(Answer::Chats),
            Ask::Timeline { chat, before, limit } => {
                self.timeline(&chat, before, limit, clock).map(Answer::Timeline)
            }
            Ask::Message { id } => self.message(&id, clock).map(|one| Answer::Message(Box::new(one))),
            Ask::Editions { id } => self.editions(&id, clock),
            Ask::Search { words, limit } => self.search(&words, limit, clock),
            Ask::Starred => self.starred(clock),
            Ask::Scheduled => self.scheduled_rows(clock).map(Answer::Scheduled),
            Ask::CardsOf { message } => self.cards_of(&message).map(Answer::Cards),
            Ask::ExportCards { after } => self.export_cards(after.as_deref()).map(Answer::Cards),
            Ask::KeptCards => self.kept_cards(),
            Ask::LivePlaces => self.live_places(clock).map(Answer::LivePlaces),
            Ask::PlacesIn { chat } => self.places_in(&chat, clock).map(Answer::PlacesIn),
            Ask::Mentionable { chat, typed } => self.mentionable(&chat, &typed).map(Answer::Mentionable),
            Ask::Unread { skip, limit } => self.unread(skip, limit, clock),
            Ask::Contacts => {
                let mut cards = self.client.contacts()?;
                cards.retain(|card| card.state != ContactState::Request);
                let mut rows: Vec<_> = cards.iter().map(paint::contact_row).collect();
                for (row, card) in rows.iter_mut().zip(&cards) {
                    row.seen = self.last_seen(card.account, clock)?;
                }
                rows.sort_by_cached_key(|row| (row.person.name.to_lowercase(), row.person.id.clone()));
                Ok(Answer::Contacts(listing(rows, words::no_contacts)))
            }
            Ask::Requests => {
                let rows: Vec<_> = self.client.requests()?.iter().map(paint::request_row).collect();
                Ok(Answer::Requests(listing(rows, words::no_requests)))
            }
            Ask::Group { group } => self.group_page(&group).map(Answer::Group),
            Ask::Picture { id } => self.picture(&id).map(Answer::Picture),
            Ask::Outgoing { chat } => self.outgoing_rows(&chat, clock),
            Ask::Thumbnail { id } => self.thumbnail(&id),
            Ask::PreviewPicture { id } => self.preview_picture(&id),
            Ask::Attachment { id } => self.attachment_answer(&id),
            Ask::Media { chat, kinds, before } => self.media(&chat, &kinds, before, clock),
            Ask::Storage => self.storage().map(Answer::Storage),
            Ask::Joining => self.joining_rows().map(Answer::Joining),
            Ask::Devices => Ok(Answer::Devices(link_words::list(
                self.client.devices()?,
                self.client.history()?,
                self.client.gives_history()?,
                clock,
            ))),
            Ask::Linking => {
                let link = self.client.link_shown()?.map(|secrets| self.links.write_device(&secrets));
                Ok(Answer::Linking(link_words::screen(self.client.linking()?, link)))
            }
            Ask::Profile => self.profile_page().map(Answer::Profile),
            Ask::Privacy => Ok(Answer::Privacy(privacy::page(self.client.privacy()?))),
            Ask::Report { about } => self.report(&about, clock).map(Answer::Report),
            Ask::Contact { who } => Ok(Answer::Contact(paint::person(&self.person(&who)?))),
        }
    }

    fn start_screen(&self) -> Result<Start, No> {
        let status = self.client.status()?;
        Ok(match (status.account, &status.code_requested_for) {
            (Some(account), _) => Start::Main(paint::me(account, &status)),
            (None, Some(handle)) => Start::Code(words::code_screen(handle)),
            (None, None) => Start::Welcome(words::welcome(self.links.server_name())),
        })
    }

    fn status(&self, clock: &Clock) -> Result<Status, No> {
        let status = self.client.status()?;
        let unread = self.heads()?.iter().map(|head| head.unread).fold(0, u32::saturating_add);
        Ok(Status {
            me: status.account.map(|account| paint::me(account, &status)),
            code_sent_to: status.code_requested_for.as_ref().map(ToString::to_string),
            server: self.links.server_name().to_owned(),
            line: self.line(clock),
            waiting: status.outbox,
            devices: status.devices,
            unread,
            requests: u32::try_from(self.client.requests()?.len()).unwrap_or(u32::MAX),
        })
    }

    fn chats(&self, clock: &Clock) -> Result<ChatList, No> {
        let requests = words::requests_count(self.client.requests()?.len());
        let (chats, folders, unread) = match self.heads() {
            Ok(heads) => {
                let unread = heads.iter().map(|head| paint::loud(head, clock)).fold(0, u32::saturating_add);
                let row = |head| paint::chat_row(head, clock, &|account| self.known_name(account));
                let rows = heads.iter().map(row).collect();
                (listing(rows, words::no_chats), self.folder_rows(&heads)?, unread)
            }
            Err(fault) => (Listing::Failing(words::trouble(&fault)), Vec::new(), 0),
        };
        Ok(ChatList {
            chats,
            folders,
            requests,
            unread,
            banner: self.device.clone(),
            live: self.live_rows(clock)?,
            line: self.line(clock),
        })
    }

    /// The chats that are shown: newest first, none of somebody who only knocks.
    fn heads(&self) -> Result<Vec<ConversationHead>, client::Fault> {
        let mut heads = self.client.conversations()?;
        heads.retain(|head| !is_request(&head.with));
        Ok(heads)
    }

    fn timeline(&self, chat: &str, before: Option<u64>, limit: u32, clock: &Clock) -> Result<Timeline, No> {
        let (id, with) = self.chat(chat)?;
        let head = self.client.conversation(id)?;
        let (unread, choices, timer) = head.map_or((0, client::ChatChoices::default(), 0), |head| {
            (head.unread, head.choices, head.timer_seconds)
        });
        let limit = limit.clamp(1, TIMELINE_MESSAGES_MAX);
        let (views, earlier) =
            if is_request(&with) { (Vec::new(), None) } else { self.page(id, before, limit)? };
        let mut authors = self.authors(id, &with)?;
        self.quote(&mut authors, &views)?;
        let pinned = if is_request(&with) { Vec::new() } else { self.client.pinned(id)? };
        let pinned = pinned.iter().map(|message| authors.quote_of(message)).collect();
        let rows = paint::bubbles(&views, &authors, unread, clock);
        // What is on its way stands behind the newest.
        let outgoing = if before.is_none() { self.outgoing_of(id, &authors, clock)? } else { Vec::new() };
        Ok(Timeline {
            bubbles: listing(rows, || words::nothing_written(&authors.them.name)),
            outgoing,
            earlier,
            banner: None,
            composer: paint::composer(&with, choices.draft),
            head: ChatHead {
                scheduled: words::waiting_texts(self.client.scheduled_count(id)?),
                typing: self.typing_line(id),
                seen: match &with {
                    Whom::Person(card) => self.last_seen(card.account, clock)?.map(|seen| seen.text),
                    Whom::Group(_) => None,
                },
                ..paint::chat_head(id, &with, timer, pinned)
            },
        })
    }

    /// A page and where the one before it ends.
    fn page(
        &self,
        conversation: client::ConversationId,
        before: Option<u64>,
        mut limit: u32,
    ) -> Result<(Vec<MessageView>, Option<u64>), No> {
        loop {
            let mut views = self.client.timeline(conversation, before, limit)?;
            let first = views.first().map(|view| view.position);
            // No place can be named between messages that have none yet: all of them are in one page.
            if first == Some(u64::MAX) && views.len() as u64 >= u64::from(limit) && limit < WAITING_SHOWN_MAX
            {
                limit = WAITING_SHOWN_MAX;
                continue;
            }
            // The newest stay; what does not fit is on the page before.
            let fits = fitting(views.iter().rev());
            let first = match views.len().saturating_sub(fits) {
                0 => first,
                cut => {
                    views.drain(..cut);
                    views.first().map(|view| view.position)
                }
            };
            let earlier = match first {
                Some(position) if !self.client.timeline(conversation, Some(position), 1)?.is_empty() => {
                    Some(position)
                }
                _ => None,
            };
            return Ok((views, earlier));
        }
    }

    fn message(&self, id: &screens::MessageId, clock: &Clock) -> Result<Bubble, No> {
        let id = match id.0.parse() {
            Ok(id) => id,
            Err(_) => self.about_message(&id.0)?.0,
        };
        let view = self.client.message(id)?.ok_or_else(words::unknown_message)?;
        let head = self.client.conversation(view.conversation)?.ok_or_else(words::unknown_message)?;
        if is_request(&head.with) {
            return Err(words::to_request());
        }
        let mut authors = self.authors(head.id, &head.with)?;
        self.quote(&mut authors, std::slice::from_ref(&view))?;
        Ok(paint::bubble(&view, &authors, clock))
    }

    fn places_in(&self, chat: &str, clock: &Clock) -> Result<Vec<Bubble>, No> {
        let (id, with) = self.chat(chat)?;
        if is_request(&with) {
            return Ok(Vec::new());
        }
        let authors = self.authors(id, &with)?;
        let views = self.client.live_places_in(id)?;
        Ok(views.iter().map(|view| paint::bubble(view, &authors, clock)).collect())
    }

    fn editions(&self, id: &screens::MessageId, clock: &Clock) -> Result<Answer, No> {
        let id = id.0.parse().map_err(|_| words::unknown_message())?;
        let editions = self.client.editions(id)?;
        if editions.is_empty() {
            return Err(words::unknown_message());
        }
        let edition = |edition: client::Edition| screens::Edition {
            text: edition.text,
            sent: clock.in_chat(edition.sent_at),
        };
        Ok(Answer::Editions(editions.into_iter().map(edition).collect()))
    }

    fn search(&self, words: &str, limit: u32, clock: &Clock) -> Result<Answer, No> {
        if self.client.status()?.account.is_none() {
            return Err(words::not_registered());
        }
        let limit = limit.clamp(1, TIMELINE_MESSAGES_MAX);
        let found = self.client.search(words, limit)?;
        let rows = self.found(found, words, clock)?;
        Ok(Answer::Found(listing(rows, || words::nothing_found(words))))
    }

    fn starred(&self, clock: &Clock) -> Result<Answer, No> {
        let alone = |message| client::Found { message, before: None, after: None };
        let starred = self.client.starred(TIMELINE_MESSAGES_MAX)?.into_iter().map(alone).collect();
        let rows = self.found(starred, "", clock)?;
        Ok(Answer::Found(listing(rows, words::no_stars)))
    }

    fn found(&self, found: Vec<client::Found>, words: &str, clock: &Clock) -> Result<Vec<FoundRow>, No> {
        let mut rows = Vec::with_capacity(found.len());
        let fits = fitting(found.iter().map(|found| &found.message));
        for client::Found { message, before, after } in found.into_iter().take(fits) {
            let Some(head) = self.client.conversation(message.conversation)? else { continue };
            if is_request(&head.with) {
                continue;
            }
            let mut authors = self.authors(head.id, &head.with)?;
            self.quote(&mut authors, std::slice::from_ref(&message))?;
            let line = |message: MessageView| {
                let quote = authors.quote_of(&message);
                format!("{}: {}", quote.from, quote.text)
            };
            let bubble = paint::bubble(&message, &authors, clock);
            let pieces = paint::pieces(&authors.plain(&message), words);
            let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
            rows.push(FoundRow {
                spoken: format!("{}, {}: {text}", authors.them.name, bubble.spoken),
                chat_name: authors.them.name.clone(),
                pieces,
                before: before.map(line),
                after: after.map(line),
                bubble,
            });
        }
        Ok(rows)
    }

    /// Finds the messages that these answer, and reads the cards that they say.
    fn quote(&self, authors: &mut paint::Authors, views: &[MessageView]) -> Result<(), No> {
        self.read_cards(authors, views)?;
        for id in views.iter().filter_map(|view| view.reply_to) {
            if let Entry::Vacant(place) = authors.quoted.entry(id)
                && let Some(message) = self.client.message(id)?
            {
                place.insert(message);
            }
        }
        Ok(())
    }

    fn unread(&self, skip: u32, limit: u32, clock: &Clock) -> Result<Answer, No> {
        let limit = limit.clamp(1, TIMELINE_MESSAGES_MAX);
        let mut views = self.client.unread(skip.saturating_add(limit).saturating_add(1))?;
        views.drain(..views.len().min(skip as usize));
        let mut more = views.len() > limit as usize;
        views.truncate(limit as usize);
        let fits = fitting(views.iter());
        more |= fits < views.len();
        views.truncate(fits);
        let mut chats = BTreeMap::new();
        let mut bubbles = Vec::new();
        for view in &views {
            if let Entry::Vacant(place) = chats.entry(view.conversation) {
                let head = self.client.conversation(view.conversation)?;
                let shown = head.filter(|head| !is_request(&head.with));
                place.insert(shown.map(|head| self.authors(head.id, &head.with)).transpose()?);
            }
            if let Some(Some(authors)) = chats.get_mut(&view.conversation) {
                self.quote(authors, std::slice::from_ref(view))?;
                bubbles.push(paint::bubble(view, authors, clock));
            }
        }
        Ok(Answer::Unread { bubbles, more })
    }

    /// Everybody who may be named in a chat.
    pub(crate) fn authors(&self, id: ConversationId, with: &Whom) -> Result<paint::Authors, No> {
        let status = self.client.status()?;
        let me = status.account.ok_or_else(words::not_registered)?;
        let mut people = BTreeMap::new();
        if let Whom::Person(card) = with {
            people.insert(card.account, paint::person(card));
        } else {
            // Whoever has left is named in what they wrote, too.
            for account in self.client.authors_in(id)?.into_iter().filter(|account| *account != me) {
                people.insert(account, self.somebody(account, id)?);
            }
        }
        let (open, arranges) = match with {
            Whom::Person(card) => [card.state == ContactState::Accepted; 2].into(),
            Whom::Group(group) => (group.may_write, group.may_arrange),
        };
        Ok(paint::Authors {
            me: paint::myself(me, &status, id),
            them: paint::whom(id, with),
            people,
            quoted: BTreeMap::new(),
            cards: BTreeMap::new(),
            open,
            arranges,
        })
    }

    /// Somebody in a group: a contact, or whoever they say they are.
    pub(crate) fn somebody(&self, account: AccountId, chat: ConversationId) -> Result<Person, No> {
        let card = self.client.contact(account)?.filter(|card| card.state != ContactState::Request);
        Ok(match card {
            Some(card) => paint::person(&card),
            None => paint::stranger(account, &self.client.name_in_groups(account)?, chat),
        })
    }
}

/// Nothing of somebody who only knocks is shown.
pub(crate) fn is_request(with: &Whom) -> bool {
    matches!(with, Whom::Person(card) if card.state == ContactState::Request)
}

/// How many of the messages fit into one answer: at least one, whatever its size.
fn fitting<'a>(views: impl Iterator<Item = &'a MessageView>) -> usize {
    let sums = views.scan(0usize, |sum, view| {
        *sum += paint::size(view);
        Some(*sum)
    });
    sums.take_while(|sum| *sum <= ANSWER_TEXT_BYTES_MAX).count().max(1)
}

pub(crate) fn listing<Row>(rows: Vec<Row>, empty: impl FnOnce() -> screens::EmptyPlace) -> Listing<Row> {
    if rows.is_empty() { Listing::Empty(empty()) } else { Listing::Rows(rows) }
}
