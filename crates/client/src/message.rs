//! Messages: what a person writes and reads, between the timeline and the outbox.

use client_db::params;
use crypto::Member;
use vocab::limits::TEXT_BYTES_MAX;
use vocab::{AccountId, DeviceId, MessageId, Timestamp};
use wire::content::{
    Chain, Disposition, Expiration, LinkPreview, MimiContent, NestedPart, Part, Profile, chain_hash,
    message_id, sender_uri,
};

use crate::amendment::{Meaning, Role, id_from};
use crate::api::{CommandId, ConversationId, Event, Mark, Refused, Reply};
use crate::card::cards_of;
use crate::choice::Key;
use crate::conversation::Slot;
use crate::intent::{self, Intent, Kind};
use crate::machine::Weakness;
use crate::markup::{self, Mention};
use crate::matter::Matter;
use crate::place::place_of;
use crate::poll::Poll;
use crate::step::{Halt, Halting, Step, number, sql_number, sql_time};

impl Step<'_> {
    /// Sends a text.
    pub fn send_text(
        &mut self,
        command: CommandId,
        conversation: ConversationId,
        text: &str,
        preview: Option<&LinkPreview>,
    ) -> Halting<()> {
        let content = self.text_content(text);
        self.send(command, conversation, text, content, preview)
    }

    /// Sends a text that is shown as it is.
    pub fn send_plain(
        &mut self,
        command: CommandId,
        conversation: ConversationId,
        text: &str,
        preview: Option<&LinkPreview>,
    ) -> Halting<()> {
        let content = MimiContent::text(self.random(), text);
        self.send(command, conversation, text, content, preview)
    }

    /// Sends a text that answers a message.
    pub fn reply_to(
        &mut self,
        command: CommandId,
        message: MessageId,
        text: &str,
        preview: Option<&LinkPreview>,
    ) -> Halting<()> {
        let seen: Option<([u8; 16], Vec<u8>)> = self.tx.row(
            "select conversation, case length(latest) when 0 then id else latest end from message
             where id = ?1 and role = 0",
            params![message.as_bytes()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let Some((conversation, version)) = seen else { return self.refuse(command, Refused::Unknown) };
        let content = MimiContent { in_reply_to: id_from(&version), ..self.text_content(text) };
        self.send(command, ConversationId(conversation), text, content, preview)
    }

    fn send(
        &mut self,
        command: CommandId,
        conversation: ConversationId,
        text: &str,
        content: MimiContent,
        preview: Option<&LinkPreview>,
    ) -> Halting<()> {
        if text.is_empty() || text.len() > TEXT_BYTES_MAX {
            return self.refuse(command, Refused::BadText);
        }
        if let Some(refused) = self.may_write(conversation)? {
            return self.refuse(command, refused);
        }
        let Some(content) = self.previewed(content, preview) else {
            return self.refuse(command, Refused::BadPreview);
        };
        self.note_activity()?;
        let expires = self.expiration(conversation)?;
        let mut content = MimiContent { expires, ..content };
        if self.config.has(Weakness::SpeaksOfTomorrow) {
            content.nested_part = NestedPart::single(Disposition::RENDER, TYPE_TOMORROW, text);
        }
        let id = self.say(conversation, content)?;
        self.reply(command, Ok(Reply::Queued(id)));
        Ok(())
    }

    /// Sends what a message says to another chat.
    pub fn forward(&mut self, command: CommandId, message: MessageId, to: ConversationId) -> Halting<()> {
        let said: Option<(String, bool, bool, Vec<u8>)> = self.tx.row(
            "select text, markdown, exists (select 1 from attached where subject = message.id), cards from message
             where id = ?1 and role = 0 and deleted = 0 and unknown = '' and poll = x'' and place = x'' and notice = x''",
            params![message.as_bytes()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        let Some((text, markdown, carries, cards)) = said else {
            return self.refuse(command, Refused::Unknown);
        };
        if let Some(refused) = self.may_write(to)? {
            return self.refuse(command, refused);
        }
        if !cards.is_empty() {
            return self.forward_cards(command, &cards, to);
        }
        if carries {
            return self.forward_attachments(command, message, to, &without_targets(&text, markdown));
        }
        let expires = self.expiration(to)?;
        // Who was mentioned there is nobody's business here; what was to be read of it stays.
        let content = if markdown {
            MimiContent::markdown(self.random(), &without_targets(&text, markdown))
        } else {
            MimiContent::text(self.random(), &text)
        };
        let content = MimiContent { expires, ..content };
        let content = content.as_forwarded().map_err(|_| Halt::Unusable("no room for an extension"))?;
        let id = self.say(to, content)?;
        self.reply(command, Ok(Reply::Queued(id)));
        Ok(())
    }

    /// Puts a content into the store and the outbox, both or neither. What it says of other messages takes effect at once.
    pub fn say(&mut self, conversation: ConversationId, content: MimiContent) -> Halting<MessageId> {
        let content = self.number_content(conversation, content)?;
        let (bytes, id) = self.finish_content(conversation, content.clone())?;
        let me = self.me()?;
        let own = Author { account: me.account, device: me.device, own: true, told: None };
        let place = Place { position: POSITION_PENDING, queued: self.next_position(conversation)? };
        self.keep(conversation, &own, id, &content, &bytes, place)?;
        intent::queue(self, Kind::SendContent, &conversation.0, id.as_bytes(), &bytes)?;
        self.begin(conversation)?;
        Ok(id)
    }

    /// Keeps a message that is new, and lets it take effect; false for one that is here already.
    fn keep(
        &mut self,
        conversation: ConversationId,
        from: &Author,
        id: MessageId,
        content: &MimiContent,
        bytes: &[u8],
        place: Place,
    ) -> Halting<bool> {
        let meaning = Meaning::of(content);
        let role = meaning.role();
        let poll = Poll::of(content).filter(|_| role == Role::Shown);
        let spot = place_of(content).filter(|_| role == Role::Shown);
        let question = poll.as_ref().map(Poll::text).or(spot.as_ref().map(|place| place.label.clone()));
        let cards = cards_of(content).filter(|_| role == Role::Shown);
        // Nothing of a card is read here.
        let question = question.or(cards.map(|_| String::new()));
        let carried = content.nested_part.as_attachments().filter(|_| role == Role::Shown);
        let words = carried.as_ref().map(|(words, _)| words.and_then(|part| part.as_text()).unwrap_or(""));
        let (text, unknown) = match (role, question.as_deref().or(words).or(self.readable(content))) {
            (Role::Shown, Some(text)) => (text, String::new()),
            (Role::Shown, None) => ("", type_of(content)),
            // An edit that only a later build can read is read anew by that build.
            _ if matches!(meaning, Meaning::Nothing) => ("", type_of(content)),
            _ => ("", String::new()),
        };
        let mark = match (from.own, role) {
            (true, _) if place.position == POSITION_PENDING => Mark::Pending,
            (true, _) => Mark::Sent,
            (false, Role::Shown) if from.told.is_none() => Mark::Delivered,
            // Nobody waits for it to be seen.
            (false, _) => Mark::Read,
        };
        // What its sender said to be erased is here after all.
        self.tx.execute("delete from message where id = ?1 and role = 3", params![id.as_bytes()])?;
        let new = self.tx.execute(
            "insert or ignore into message (id, conversation, position, queued, sender, own, sent_at, received_at,
             text, unknown, content, mark, device, number, role, in_reply_to, forwarded, told_by)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
            params![
                id.as_bytes(),
                conversation.0,
                place.position,
                place.queued,
                from.account.as_bytes(),
                from.own,
                sql_time(content.sent_at().unwrap_or(self.now)),
                sql_time(from.told.as_ref().map_or(self.now, |told| told.received_at)),
                text,
                unknown,
                bytes,
                mark as i64,
                from.device.as_bytes(),
                sql_number(content.chain().map_or(0, |chain| chain.sequence)),
                role as i64,
                content.in_reply_to.map_or(Vec::new(), |id| id.as_bytes().to_vec()),
                content.is_forwarded(),
                from.told.as_ref().map_or(Vec::new(), |told| told.by.as_bytes().to_vec())
            ],
        )?;
        if new == 0 {
            if from.told.is_none() {
                // What somebody told is said by its sender now.
                self.tx.execute(
                    "update message set told_by = x'' where id = ?1 and told_by != x''",
                    params![id.as_bytes()],
                )?;
            }
            return Ok(false);
        }
        let markdown = match &carried {
            Some((words, _)) => words.is_some_and(NestedPart::is_markdown),
            None => content.is_markdown(),
        };
        if role == Role::Shown {
            if let Some((_, files)) = &carried {
                self.file_attachments(id, files, from.told.is_none())?;
            }
            if let Some(poll) = &poll {
                self.index(id, &poll.words())?;
                self.note_poll(id, poll)?;
            } else {
                if let Some(place) = &spot {
                    self.note_place(conversation, from.account, id, place)?;
                }
                if let Some(cards) = cards {
                    self.note_cards(id, cards)?;
                }
                self.index_text(id, text, markdown)?;
                self.note_text(conversation, from.account, id, text, markdown)?;
                self.note_preview(id, content)?;
            }
            let until = from.told.as_ref().and_then(|told| told.until);
            match until.and_then(|until| u32::try_from(until.0 / 1_000).ok()) {
                Some(second) => self.note_expiration(id, Some(Expiration::At(second)))?,
                None => self.note_expiration(id, content.expires)?,
            }
        }
        if let Meaning::Edit { text, .. } = &meaning {
            self.note_text(conversation, from.account, id, text, markdown)?;
            self.note_preview(id, content)?;
        }
        self.file(conversation, from.account, id, content.version(), &meaning)?;
        if role == Role::Shown && self.has_chosen(id.as_bytes(), Key::PutAway)? {
            return self.put_away(id).map(|()| true);
        }
        if role == Role::Shown {
            self.touch(conversation)?;
            self.event(Event::Message(conversation, id));
            self.event(Event::Conversation(conversation));
        }
        Ok(true)
    }

    /// Gives a message its number in this device's row, and binds it to the one before (T-13). Only what stays in the timeline
    /// is numbered: only that can be asked for again.
    fn number_content(&mut self, conversation: ConversationId, content: MimiContent) -> Halting<MimiContent> {
        let (sequence, previous): (i64, Vec<u8>) = self
            .tx
            .row(
                "select sender_sequence, sender_previous from conversation where id = ?1",
                params![conversation.0],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?
            .ok_or(Halt::Unusable("no such conversation"))?;
        let chain = Chain { sequence: number(sequence) + 1, previous: previous.try_into().ok() };
        content.with_chain(chain).map_err(|_| Halt::Unusable("no room for an extension"))
    }

    /// Adds the time that every content of ours carries, encodes and names it.
    pub fn finish_content(
        &mut self,
        conversation: ConversationId,
        content: MimiContent,
    ) -> Halting<(Vec<u8>, MessageId)> {
        let chain = content.chain();
        let content =
            content.with_sent_at(self.now).map_err(|_| Halt::Unusable("no room for an extension"))?;
        // What is numbered is kept, and can be proved.
        let content = if chain.is_some() { self.sign_content(conversation, content)? } else { content };
        let bytes = content.encode().map_err(|_| Halt::Unusable("content breaks a rule"))?;
        let id = id_of(self.me()?.account, conversation, &bytes, &content.salt)?;
        if let Some(chain) = chain {
            self.tx.execute(
                "update conversation set sender_sequence = ?2, sender_previous = ?3 where id = ?1",
                params![conversation.0, sql_number(chain.sequence), chain_hash(&bytes)],
            )?;
        }
        Ok((bytes, id))
    }

    /// Queues a content that is no message of the timeline (receipts, profile).
    pub fn queue_content(&mut self, conversation: ConversationId, content: MimiContent) -> Halting<()> {
        let (bytes, _) = self.finish_content(conversation, content)?;
        intent::queue(self, Kind::SendContent, &conversation.0, &[], &bytes)?;
        Ok(())
    }

    /// What accepted contacts may know of us.
    pub fn profile_content(&mut self, conversation: ConversationId) -> Halting<(Vec<u8>, MessageId)> {
        let salt = self.random();
        let me = self.me()?;
        let mut profile = Profile {
            name: me.name.clone(),
            handle: if self.config.has(Weakness::LiesAboutHandle) {
                Some("+32470000001".to_owned())
            } else {
                me.handle.as_ref().map(|handle| handle.as_str().to_owned())
            },
            introduction_key: Some(wire::Secret32(me.introduction.0)),
            about: None,
            picture: None,
        };
        self.complete_profile(conversation, &mut profile)?;
        let content =
            MimiContent::profile(salt, &profile).map_err(|_| Halt::Unusable("a profile above its limits"))?;
        self.finish_content(conversation, content)
    }

    pub fn queue_profile(&mut self, conversation: ConversationId) -> Halting<()> {
        let (bytes, _) = self.profile_content(conversation)?;
        intent::queue(self, Kind::SendContent, &conversation.0, &[], &bytes)?;
        Ok(())
    }

    /// A content of a member, authentic and in its place.
    pub fn content(&mut self, slot: &Slot, sender: &Member, bytes: &[u8]) -> Halting<()> {
        let content = MimiContent::decode(bytes).map_err(|_| Halt::Unusable("not a content"))?;
        let known_of = self.is_known_of(slot, sender, &content)?;
        self.follow(slot, sender, &content)?;
        self.fetch_back(slot, sender)?;
        self.note_sign_of_life(slot, sender, &content)?;
        if self.take_place_fix(slot, sender, &content)? {
            return Ok(());
        }
        if self.take_typing(slot, sender, &content)? || self.take_presence(slot, sender, &content)? {
            return Ok(());
        }
        if self.take_missed(slot.conversation, sender, &content)? || self.take_gone(slot, sender, &content)? {
            return Ok(());
        }
        if self.take_way_back(slot, sender, &content)? {
            return Ok(());
        }
        if slot.conversation == self.among_ourselves()? {
            if self.take_choices(&content)? || self.take_reads(&content)? {
                return Ok(());
            }
            return self.take_among_ourselves(sender, &content);
        }
        if self.take_leave(slot, sender.account, &content)? {
            return Ok(());
        }
        if let Ok(Some(report)) = content.as_status() {
            return self.take_marks(slot.conversation, sender.account, &report);
        }
        if let Ok(Some(profile)) = content.as_profile() {
            let key = profile.introduction_key.map(|key| key.0);
            if sender.account == self.me()?.account {
                return Ok(());
            }
            self.take_profile(sender.account, &profile.name, profile.handle.as_deref(), key)?;
            return self.take_about(sender.account, &profile);
        }
        // What was said before one was silenced may come now, said again to whoever missed it.
        let silenced =
            Matter::of(&content).is_none() && self.is_silenced(slot.conversation, sender.account)?;
        let passed_over = silenced || self.oversteps(slot.conversation, sender.account, &content)?;
        if !known_of && passed_over {
            return self.pass_over(slot, sender, &content, bytes);
        }
        if !self.is_proved(slot.conversation, sender, &content)? {
            return self.pass_over(slot, sender, &content, bytes);
        }
        self.take_message(slot.conversation, sender, &content, bytes)?;
        if known_of {
            let id = id_of(sender.account, slot.conversation, bytes, &content.salt)?;
            self.tx.execute(
                "update message set history = 3 where id = ?1 and history = 0",
                params![id.as_bytes()],
            )?;
        }
        Ok(())
    }

    /// The text that this build can show.
    fn readable<'a>(&self, content: &'a MimiContent) -> Option<&'a str> {
        let tomorrow = self.config.has(Weakness::ReadsTomorrow);
        let newer = || content.nested_part.content_of(TYPE_TOMORROW).filter(|_| tomorrow);
        content.as_text().or_else(|| newer().and_then(|bytes| std::str::from_utf8(bytes).ok()))
    }

    /// After a start: what an earlier build could not show may be something that this one can.
    pub fn read_anew(&mut self) -> Halting<()> {
        let unknown: Vec<Unread> = self.tx.rows(
            "select id, conversation, sender, content from message where unknown != '' and length(content) > 0
             order by conversation, position limit ?1",
            params![READ_ANEW_MAX],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        for (id, conversation, sender, bytes) in unknown {
            let (id, conversation) = (MessageId(id), ConversationId(conversation));
            let Ok(content) = MimiContent::decode(&bytes) else { continue };
            let carried = content.nested_part.as_attachments();
            let words =
                carried.as_ref().map(|(words, _)| words.and_then(|part| part.as_text()).unwrap_or(""));
            let place = place_of(&content);
            let words = words.or(place.as_ref().map(|place| place.label.as_str()));
            let cards = cards_of(&content);
            let (meaning, text) =
                (Meaning::of(&content), words.or(self.readable(&content)).unwrap_or_default());
            let still = matches!(meaning, Meaning::Nothing)
                || (matches!(meaning, Meaning::Said)
                    && carried.is_none()
                    && place.is_none()
                    && cards.is_none()
                    && self.readable(&content).is_none());
            if still {
                continue;
            }
            let said = meaning.role() == Role::Shown;
            self.tx.execute(
                "update message set unknown = '', text = ?2, role = ?3, mark = case when own = 0 and ?3 = 1 then 3 else mark end
                 where id = ?1",
                params![id.as_bytes(), if said { text } else { "" }, meaning.role() as i64],
            )?;
            if let Some(place) = place.as_ref().filter(|_| said) {
                self.note_place(conversation, AccountId(sender), id, place)?;
            }
            if let Some(cards) = cards.filter(|_| said) {
                self.note_cards(id, cards)?;
            }
            if let Some((_, files)) = carried.as_ref().filter(|_| said) {
                self.file_attachments(id, files, true)?;
            }
            if said {
                let words = carried.as_ref().and_then(|(words, _)| *words).unwrap_or(&content.nested_part);
                self.index_text(id, text, words.is_markdown())?;
            }
            if let Some(text) = content.as_text() {
                self.note_text(conversation, AccountId(sender), id, text, content.is_markdown())?;
                self.note_preview(id, &content)?;
            }
            self.file(conversation, AccountId(sender), id, content.version(), &meaning)?;
            self.event(Event::Conversation(conversation));
        }
        Ok(())
    }

    fn take_message(
        &mut self,
        conversation: ConversationId,
        from: &Member,
        content: &MimiContent,
        bytes: &[u8],
    ) -> Halting<()> {
        let sender = from.account;
        if self.config.has(Weakness::LosesMessages) && bytes.last().is_some_and(|byte| byte.is_multiple_of(8))
        {
            return Ok(());
        }
        let id = id_of(sender, conversation, bytes, &content.salt)?;
        let id = if self.config.has(Weakness::ShowsTwice) { MessageId(self.random()) } else { id };
        let own = sender == self.me()?.account;
        let position = if self.config.has(Weakness::OrdersByClock) {
            sql_time(content.sent_at().unwrap_or(self.now))
        } else {
            self.next_position(conversation)?
        };
        let author = Author { account: sender, device: from.device, own, told: None };
        if !self.keep(conversation, &author, id, content, bytes, Place { position, queued: 0 })? {
            return self.tell_again(conversation, id);
        }
        // None about reactions, edits and deletions (T-22).
        if !own && matches!(Meaning::of(content), Meaning::Said) {
            self.owe_receipt(conversation, id, wire::content::MessageStatus::Delivered)?;
        }
        Ok(())
    }

    /// A message of before one came, as somebody tells it: it is in its place, counts as read, and calls nobody.
    pub fn keep_told(
        &mut self,
        conversation: ConversationId,
        (account, device): (AccountId, DeviceId),
        bytes: &[u8],
        position: i64,
        told: Told,
    ) -> Halting<()> {
        let content = MimiContent::decode(bytes).map_err(|_| Halt::Unusable("not a content"))?;
        if content.expires.is_some() && told.until.is_none() && Meaning::of(&content).role() == Role::Shown {
            return Err(Halt::Unusable("told for longer than it was to last"));
        }
        let id = id_of(account, conversation, bytes, &content.salt)?;
        let own = account == self.me()?.account;
        let author = Author { account, device, own, told: Some(told) };
        let released = self.out.len();
        self.keep(conversation, &author, id, &content, bytes, Place { position, queued: 0 })?;
        self.out.truncate(released);
        Ok(())
    }

    /// One's own message has its place in the order now.
    pub fn place_own_message(&mut self, conversation: ConversationId, message: &[u8]) -> Halting<()> {
        let Ok(id) = MessageId::from_slice(message) else { return Ok(()) };
        let position = self.next_position(conversation)?;
        self.tx.execute(
            "update message set position = ?2 where id = ?1 and position = ?3",
            params![id.as_bytes(), position, POSITION_PENDING],
        )?;
        self.raise_mark(conversation, id, Mark::Sent)
    }

    /// The service has it on disk; its place comes with the echo.
    pub fn content_stored(&mut self, intent: &Intent) -> Halting<()> {
        if let Ok(id) = MessageId::from_slice(&intent.message) {
            self.raise_mark(intent.conversation()?, id, Mark::Sent)?;
        }
        if self.leave_is_repeated(intent)? {
            return Ok(());
        }
        intent::stored(self, intent.id)?;
        self.finish_leaving(intent.conversation()?)
    }

    /// The service will never take it.
    pub fn content_refused(&mut self, intent: &Intent) -> Halting<()> {
        intent::finish(self, intent.id)?;
        self.fail(intent.conversation()?, &intent.message)
    }

    /// Everything that waits in a conversation cannot leave.
    pub fn fail_outbox(&mut self, conversation: ConversationId) -> Halting<()> {
        let waiting: Vec<(i64, Vec<u8>)> = self.tx.rows(
            "select id, message from intent where kind = ?1 and subject = ?2 order by id",
            params![Kind::SendContent as i64, conversation.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for (id, message) in waiting {
            intent::finish(self, id)?;
            self.fail(conversation, &message)?;
        }
        Ok(())
    }

    fn fail(&mut self, conversation: ConversationId, message: &[u8]) -> Halting<()> {
        if let Ok(id) = MessageId::from_slice(message) {
            self.tx.execute("update message set failed = 1 where id = ?1", params![id.as_bytes()])?;
            self.undo_arrangement(conversation, id)?;
            self.event(Event::Failed(conversation, id));
        }
        Ok(())
    }

    /// Raises the mark of one's own message; marks never fall.
    pub fn raise_mark(&mut self, conversation: ConversationId, id: MessageId, mark: Mark) -> Halting<()> {
        let changed = self.tx.execute(
            "update message set mark = ?3 where id = ?1 and conversation = ?2 and own = 1 and mark < ?3",
            params![id.as_bytes(), conversation.0, mark as i64],
        )?;
        if changed > 0 {
            self.event(Event::Marked(conversation, id, mark));
            if mark >= Mark::Delivered {
                self.erase_what_was_put_away(id)?;
            }
        }
        Ok(())
    }

    pub fn next_position(&self, conversation: ConversationId) -> Halting<i64> {
        let position = self.tx.row(
            "select next_position from conversation where id = ?1",
            params![conversation.0],
            |row| row.get::<_, i64>(0),
        )?;
        let position = position.ok_or(Halt::Unusable("no such conversation"))?;
        self.tx.execute(
            "update conversation set next_position = ?2 where id = ?1",
            params![conversation.0, position + 1],
        )?;
        Ok(position)
    }

    pub fn touch(&self, conversation: ConversationId) -> Halting<()> {
        self.tx.execute(
            "update conversation set changed_at = max(changed_at, ?2) where id = ?1",
            params![conversation.0, sql_time(self.now)],
        )?;
        Ok(())
    }
}

/// By whom a message is.
struct Author {
    account: AccountId,
    device: DeviceId,
    own: bool,
    /// Somebody else tells it.
    told: Option<Told>,
}

/// How a message came that was not heard.
pub(crate) struct Told {
    /// Who tells it.
    pub by: AccountId,
    /// When they had it.
    pub received_at: Timestamp,
    /// When it disappears.
    pub until: Option<Timestamp>,
}

/// Id, conversation, sender and content of a message of a later build.
type Unread = ([u8; 32], [u8; 16], [u8; 32], Vec<u8>);

/// Where it stands.
struct Place {
    position: i64,
    queued: i64,
}

/// A text as it is said elsewhere: whom it mentions is named, and not meant.
fn without_targets(text: &str, markdown: bool) -> String {
    let label = |mention: &Mention| Some(markup::escaped(&mention.label));
    if markdown { markup::with_mentions_as(text, label) } else { text.to_owned() }
}

/// The media type of something this build does not show.
fn type_of(content: &MimiContent) -> String {
    match &content.nested_part.part {
        Part::Single { content_type, .. } => content_type.clone(),
        Part::External(external) => external.content_type.clone(),
        Part::Multi { .. } => "multipart".to_owned(),
        Part::Null => "nothing".to_owned(),
    }
}

/// The id of a message: the conversation is the room, so that it stays the same in whichever slot it travels.
pub(crate) fn id_of(
    sender: AccountId,
    conversation: ConversationId,
    bytes: &[u8],
    salt: &[u8; 16],
) -> Halting<MessageId> {
    message_id(&sender_uri(sender), &format!("valise:conversation/{conversation}"), bytes, salt)
        .map_err(|_| Halt::Unusable("no message id"))
}

/// What [`Weakness::SpeaksOfTomorrow`] writes.
const TYPE_TOMORROW: &str = "application/vnd.valise.tomorrow";
/// Messages of later builds that are looked at after a start.
const READ_ANEW_MAX: u32 = 10_000;
/// A message that waits in the outbox stands behind all others.
pub(crate) const POSITION_PENDING: i64 = i64::MAX;
