//! From what the core knows to what is painted.

use std::collections::BTreeMap;

use client::{
    ContactCard, ContactState, ConversationHead, ConversationId, GroupHead, Mark, MessageView, Status, Whom,
};
use screens::{
    Bubble, ChatHead, ChatId, ChatRow, Composer, ContactRow, FolderId, Me, MessageAct, MessageId, Person,
    Piece, PollOption, PollShown, Quote, Reaction, RequestRow, ScheduledId, Script, Turn,
};
use unicode_segmentation::UnicodeSegmentation;
use vocab::time::MINUTE_MS;
use vocab::{AccountId, limits};

use crate::moment::Clock;
use crate::{cards, markup, previews, resolve, whereabouts, words};

/// Bubbles of one person closer than this are one turn.
const TURN_GAP_MS_MAX: u64 = 5 * MINUTE_MS;

/// Longest preview in a row, characters as a person counts them: more than the widest row shows.
const PREVIEW_CHARS_MAX: usize = 160;

/// Emoji that stand without a bubble.
const EMOJI_ALONE_MAX: usize = 3;

/// Colours for people: `person-1` to `person-8`.
pub(crate) const TINTS: u8 = 8;

pub(crate) fn chat_id(conversation: ConversationId) -> ChatId {
    ChatId(hex::encode(conversation.0))
}

pub(crate) fn message_id(message: vocab::MessageId) -> MessageId {
    MessageId(message.to_string())
}

pub(crate) fn folder_id(folder: client::FolderId) -> FolderId {
    FolderId(hex::encode(folder.0))
}

pub(crate) fn scheduled_id(scheduled: client::ScheduledId) -> ScheduledId {
    ScheduledId(hex::encode(scheduled.0))
}

/// The name shown: never empty, and of a request nobody's.
pub(crate) fn name(card: &ContactCard) -> String {
    let given = card.name.trim();
    match (&card.handle, card.state) {
        (_, ContactState::Request) => words::SOMEONE_NEW.to_owned(),
        (Some(handle), _) if given.is_empty() => handle.to_string(),
        _ if given.is_empty() => words::SOMEONE_NEW.to_owned(),
        _ => given.to_owned(),
    }
}

pub(crate) fn person(card: &ContactCard) -> Person {
    let name = name(card);
    Person {
        id: resolve::contact_id(card.account),
        initials: initials(&name),
        tint: tint(card.account),
        handle: card.handle.as_ref().filter(|_| card.state != ContactState::Request).map(ToString::to_string),
        state: match card.state {
            ContactState::Request => screens::ContactState::Request,
            ContactState::Accepted => screens::ContactState::Accepted,
            ContactState::Blocked => screens::ContactState::Blocked,
        },
        chat: chat_id(card.conversation),
        about: Some(card.about.clone()).filter(|about| !about.is_empty()),
        picture: card.picture.map(hex::encode),
        name,
    }
}

/// A group in a person's place.
pub(crate) fn group_person(id: ConversationId, group: &GroupHead) -> Person {
    let chat = chat_id(id);
    Person {
        id: screens::ContactId(chat.0.clone()),
        name: group.name.clone(),
        initials: initials(&group.name),
        tint: id.0[0] % TINTS + 1,
        handle: None,
        state: screens::ContactState::Accepted,
        chat,
        about: None,
        picture: group.picture.map(hex::encode),
    }
}

/// Whoever a chat is with.
pub(crate) fn whom(id: ConversationId, with: &Whom) -> Person {
    match with {
        Whom::Person(card) => person(card),
        Whom::Group(group) => group_person(id, group),
    }
}

/// Somebody met in a group only.
pub(crate) fn stranger(account: AccountId, name: &str, chat: ConversationId) -> Person {
    let name = if name.trim().is_empty() { words::SOMEONE_NEW.to_owned() } else { name.trim().to_owned() };
    Person {
        id: resolve::contact_id(account),
        initials: initials(&name),
        tint: tint(account),
        handle: None,
        state: screens::ContactState::Accepted,
        chat: chat_id(chat),
        about: None,
        picture: None,
        name,
    }
}

pub(crate) fn me(account: AccountId, status: &Status) -> Me {
    Me {
        id: resolve::contact_id(account),
        name: status.name.clone(),
        initials: initials(&status.name),
        tint: tint(account),
        handle: status.handle.as_ref().map(ToString::to_string),
    }
}

/// Oneself as the sender of a bubble in this chat.
pub(crate) fn myself(account: AccountId, status: &Status, chat: ConversationId) -> Person {
    let me = me(account, status);
    Person {
        id: me.id,
        name: me.name,
        initials: me.initials,
        tint: me.tint,
        handle: me.handle,
        state: screens::ContactState::Accepted,
        chat: chat_id(chat),
        about: None,
        picture: None,
    }
}

pub(crate) fn contact_row(card: &ContactCard) -> ContactRow {
    let person = person(card);
    ContactRow { line: second_line(&person), seen: None, person }
}

/// The second line under a name: the handle, unless the name is the handle; or how things stand.
fn second_line(person: &Person) -> String {
    match (person.state, &person.handle) {
        (screens::ContactState::Blocked, _) => "Blocked".to_owned(),
        (screens::ContactState::Request, _) => REQUEST_LINE.to_owned(),
        (_, Some(handle)) if *handle != person.name => handle.clone(),
        (_, Some(_)) => "Has not accepted yet".to_owned(),
        (_, None) => "Through a link".to_owned(),
    }
}

pub(crate) fn request_row(card: &ContactCard) -> RequestRow {
    RequestRow {
        id: resolve::contact_id(card.account),
        name: words::SOMEONE_NEW.to_owned(),
        line: REQUEST_LINE.to_owned(),
        title: "Someone knocks".to_owned(),
        sentence:
            "You see their name and words once you accept. Until then they learn nothing, not even whether \
                   you looked."
                .to_owned(),
        accept: "Accept".to_owned(),
        block: "Block".to_owned(),
    }
}

/// Messages of a chat that the person wants to hear of: of one that is muted those that mention them, where the mute is not for
/// these too.
pub(crate) fn loud(head: &ConversationHead, clock: &Clock) -> u32 {
    match head.choices.muted_until {
        Some(until) if until > clock.now && head.choices.muted_mentions => 0,
        Some(until) if until > clock.now => head.mentions,
        _ => head.unread,
    }
}

pub(crate) fn chat_row(
    head: &ConversationHead,
    clock: &Clock,
    name: &dyn Fn(AccountId) -> Option<String>,
) -> ChatRow {
    let person = whom(head.id, &head.with);
    let draft = head.choices.draft.trim();
    let preview = match &head.last {
        _ if !draft.is_empty() => format!("Draft: {}", one_line(draft)),
        Some(last) => preview(last, name),
        None => words::NO_MESSAGES.to_owned(),
    };
    let muted = head.choices.muted_until.and_then(|until| words::muted(until, clock));
    let own = head.last.as_ref().filter(|last| last.own && draft.is_empty());
    let time = clock.in_list(head.changed_at);
    let unread = match head.unread {
        0 if head.choices.unread => ", marked as unread".to_owned(),
        0 => String::new(),
        count => format!(", {}", words::unread_line(count)),
    };
    let mentioned = words::mentioned(head.mentions);
    let from = if own.is_some() { "you: " } else { "" };
    ChatRow {
        id: chat_id(head.id),
        group: matches!(head.with, Whom::Group(_)),
        picture: picture(&head.with),
        spoken: format!("{}{unread}{mentioned}, {}: {from}{preview}", person.name, time.text),
        preview,
        mark: own.filter(|last| !last.failed).map(|last| words::mark(last.mark)),
        failed: own.is_some_and(|last| last.failed),
        time,
        unread: head.unread,
        mentions: head.mentions,
        muted_mentions: head.choices.muted_mentions,
        previews: head.choices.previews,
        folders: head.choices.folders.iter().copied().map(folder_id).collect(),
        marked_unread: head.choices.unread,
        archived: head.choices.archived,
        muted,
        person,
    }
}

/// What names the picture of a group or a person, where it is here.
fn picture(with: &Whom) -> Option<String> {
    match with {
        Whom::Group(group) => group.picture.map(hex::encode),
        Whom::Person(card) => card.picture.map(hex::encode),
    }
}

/// A message in one line, with the names that `name` knows of those who are mentioned.
pub(crate) fn preview(message: &MessageView, name: &dyn Fn(AccountId) -> Option<String>) -> String {
    if message.deleted {
        return words::deleted(message.own).to_owned();
    }
    if message.unknown.is_some() {
        return words::NEWER_CONTENT.to_owned();
    }
    if message.notice.is_some() {
        return words::GROUP_CHANGED.to_owned();
    }
    let text = one_line(&markup::plain(message, name));
    if let Some(place) = &message.place {
        return words::place_line(place, &text);
    }
    if !message.cards.is_empty() {
        return cards::in_a_line(&message.cards);
    }
    match crate::file_words::in_a_line(&message.attachments) {
        files if files.is_empty() || text.is_empty() => files + &text,
        files => format!("{files}: {text}"),
    }
}

/// So much of an answer a message takes at most, bytes: a text that is set is told twice, the second time in pieces.
pub(crate) fn size(view: &MessageView) -> usize {
    // A card is told in its lines and again in the text.
    let length =
        view.text.len() + 2 * view.cards.len() + view.preview.as_ref().map_or(0, crate::previews::size);
    if view.markdown { 2 * length + SPAN_BYTES * (length / 2).min(client::markup::SPANS_MAX) } else { length }
}

/// A text in one line.
pub(crate) fn one_line(text: &str) -> String {
    // A text can be 64 KB of spaces: only so much of it is looked at, and the sign that this cuts is left out.
    let start: String = text.chars().take(PREVIEW_CHARS_MAX * 4).collect();
    let cut = start.len() < text.len();
    let line = start.split_whitespace().collect::<Vec<_>>().join(" ");
    let signs: Vec<&str> = line.graphemes(true).collect();
    let known = signs.len().saturating_sub(usize::from(cut));
    let shown = known.min(PREVIEW_CHARS_MAX);
    let text: String = signs.iter().take(shown).copied().collect();
    if cut || shown < known { format!("{text}…") } else { text }
}

pub(crate) fn chat_head(id: ConversationId, with: &Whom, timer_seconds: u32, pinned: Vec<Quote>) -> ChatHead {
    let person = whom(id, with);
    let line = match with {
        Whom::Person(_) => second_line(&person),
        Whom::Group(group) => words::group_line(group),
    };
    ChatHead {
        id: chat_id(id),
        group: matches!(with, Whom::Group(_)),
        picture: picture(with),
        line,
        timer: (timer_seconds > 0).then(|| words::timer(timer_seconds)),
        typing: None,
        seen: None,
        pinned,
        scheduled: None,
        person,
    }
}

pub(crate) fn composer(with: &Whom, draft: String) -> Composer {
    let open = || Composer::Open {
        placeholder: "Message".to_owned(),
        draft,
        bytes_max: limits::TEXT_BYTES_MAX as u32,
        too_long: words::TEXT_TOO_LONG.to_owned(),
    };
    match with {
        Whom::Group(group) if group.may_write => open(),
        Whom::Group(group) if group.inside => Composer::Stopped(words::only_admins_write()),
        Whom::Group(_) => Composer::Stopped(words::not_in_group()),
        Whom::Person(card) => match card.state {
            ContactState::Accepted => open(),
            ContactState::Blocked => Composer::Stopped(words::blocked(&name(card))),
            ContactState::Request => Composer::Stopped(words::request_waits()),
        },
    }
}

/// Who wrote what in one chat.
pub(crate) struct Authors {
    /// Oneself.
    pub me: Person,
    /// The chat's other side, as its name stands in sentences.
    pub them: Person,
    /// Messages that others answer.
    pub quoted: BTreeMap<vocab::MessageId, MessageView>,
    /// The cards that messages say.
    pub cards: BTreeMap<vocab::MessageId, Vec<screens::CardShown>>,
    /// One may write here.
    pub open: bool,
    /// One may pin messages here.
    pub arranges: bool,
    /// Everybody who may be named in it: in a group more than one.
    pub people: BTreeMap<AccountId, Person>,
}

impl Authors {
    /// Whoever wrote a message.
    fn of(&self, view: &MessageView) -> Person {
        if view.own {
            return self.me.clone();
        }
        self.people.get(&view.from).cloned().unwrap_or_else(|| self.unknown(view.from))
    }

    fn unknown(&self, account: AccountId) -> Person {
        Person { chat: self.them.chat.clone(), ..stranger(account, "", ConversationId([0; 16])) }
    }

    /// The name of somebody in a sentence; `You` for oneself.
    pub fn name(&self, account: AccountId) -> String {
        if resolve::contact_id(account) == self.me.id {
            return "You".to_owned();
        }
        self.people.get(&account).map_or_else(|| words::SOMEONE_NEW.to_owned(), |person| person.name.clone())
    }

    /// The same within a sentence.
    fn spoken(&self, account: AccountId) -> String {
        if resolve::contact_id(account) == self.me.id { "you".to_owned() } else { self.name(account) }
    }

    pub fn quote(&self, id: vocab::MessageId) -> Option<Quote> {
        self.quoted.get(&id).map(|message| self.quote_of(message))
    }

    /// A message's text without signs of Markdown.
    pub fn plain(&self, message: &MessageView) -> String {
        markup::plain(message, |account| self.named(account))
    }

    /// The name of somebody of this chat.
    fn named(&self, account: AccountId) -> Option<String> {
        if resolve::contact_id(account) == self.me.id {
            return Some(self.me.name.clone());
        }
        self.people.get(&account).map(|person| person.name.clone())
    }

    /// A message in one line.
    pub fn quote_of(&self, message: &MessageView) -> Quote {
        let from = self.of(message);
        Quote {
            id: message_id(message.id),
            from: if message.own { "You".to_owned() } else { from.name },
            tint: from.tint,
            text: preview(message, &|account| self.named(account)),
        }
    }
}

/// A run of messages, oldest first. `unread` is how many of the chat's messages were not seen.
pub(crate) fn bubbles(views: &[MessageView], authors: &Authors, unread: u32, clock: &Clock) -> Vec<Bubble> {
    let first_unread = views.iter().position(is_unread);
    let starts_day = |index: usize| {
        let before = index.checked_sub(1).and_then(|before| views.get(before));
        views
            .get(index)
            .is_some_and(|view| before.is_none_or(|before| !clock.same_day(before.sent_at, view.sent_at)))
    };
    let joins = |index: usize| {
        let (Some(view), Some(before)) = (views.get(index), index.checked_sub(1).and_then(|i| views.get(i)))
        else {
            return false;
        };
        view.from == before.from
            && view.notice.is_none()
            && before.notice.is_none()
            && view.sent_at.ms_since(before.sent_at).max(before.sent_at.ms_since(view.sent_at))
                <= TURN_GAP_MS_MAX
            && !starts_day(index)
            && first_unread != Some(index)
    };
    let paint = |(index, view): (usize, &MessageView)| Bubble {
        day: starts_day(index).then(|| clock.day(view.sent_at)),
        unread_line: (first_unread == Some(index)).then(|| words::unread_line(unread.max(1))),
        turn: match (joins(index), joins(index + 1)) {
            (false, false) => Turn::Single,
            (false, true) => Turn::First,
            (true, true) => Turn::Middle,
            (true, false) => Turn::Last,
        },
        ..bubble(view, authors, clock)
    };
    views.iter().enumerate().map(paint).collect()
}

/// A message of somebody else that was not seen here.
pub(crate) fn is_unread(view: &MessageView) -> bool {
    !view.own && view.mark < Mark::Read
}

/// One message by itself.
pub(crate) fn bubble(view: &MessageView, authors: &Authors, clock: &Clock) -> Bubble {
    let from = authors.of(view);
    let notice = view.notice.as_ref().map(|what| words::noticed(what, |account| authors.name(account)));
    let sent = clock.in_chat(view.sent_at);
    let said_cards = authors.cards.get(&view.id).filter(|_| !view.deleted).cloned().unwrap_or_default();
    let note = match &view.unknown {
        _ if view.deleted => Some(words::deleted(view.own).to_owned()),
        Some(_) => Some(words::NEWER_CONTENT.to_owned()),
        None if !view.cards.is_empty() && said_cards.is_empty() => Some(words::CARD_NOT_READ.to_owned()),
        None => None,
    };
    let mark = view.own.then(|| words::mark(view.mark));
    let failed = view.failed.then(|| words::NOT_SENT.to_owned());
    let who = if view.own { "You" } else { from.name.as_str() };
    let state = match (&failed, &mark) {
        (Some(_), _) => ", not sent".to_owned(),
        (None, Some(mark)) => format!(", {}", mark.word.to_lowercase()),
        (None, None) => String::new(),
    };
    let edited = view.edited_at.map(|_| words::EDITED.to_owned());
    let changed = if edited.is_some() { ", edited" } else { "" };
    let reactions: Vec<Reaction> = view.reactions.iter().map(|it| reaction(it, authors)).collect();
    let reacted: String = reactions.iter().map(|reaction| format!(", {}", reaction.spoken)).collect();
    let quote = view.reply_to.filter(|_| !view.deleted).and_then(|id| authors.quote(id));
    let answers =
        quote.as_ref().map_or(String::new(), |quote| format!(", to {}: {}", quote.from, quote.text));
    // Words that go with a file stand in its bubble.
    let script = if view.attachments.is_empty() { script(&view.text) } else { Script::Plain };
    let carried = view.attachments.iter().map(crate::files::shown).collect::<Vec<_>>();
    let carries: String = carried.iter().map(|it| format!(", {}", it.spoken)).collect();
    let place = view.place.as_ref().filter(|_| !view.deleted).map(|it| whereabouts::shown(it, clock));
    let mentioned = if view.mentions_me { ", mentions you" } else { "" };
    Bubble {
        id: message_id(view.id),
        chat: chat_id(view.conversation),
        own: view.own,
        day: None,
        unread_line: None,
        turn: Turn::Single,
        script,
        blocks: markup::blocks(view, authors, script),
        markdown: view.markdown,
        typed: markup::typed(view, authors),
        mentions: markup::mentions(view, authors),
        spoken: match &notice {
            Some(sentence) => format!("{sentence}, {}", sent.text),
            None => format!("{who}, {}{carries}{mentioned}{changed}{state}{answers}{reacted}", sent.text),
        },
        attachments: carried,
        reply_to: quote,
        reactions,
        edited,
        poll: view.poll.as_ref().map(|it| poll(it, authors)),
        text: match &place {
            Some(place) => whereabouts::text(place),
            None if !said_cards.is_empty() => cards::text(&said_cards),
            None => view.text.clone(),
        },
        place,
        cards: said_cards,
        preview: view.preview.as_ref().filter(|_| !view.deleted).map(previews::shown),
        forwarded: (view.forwarded && !view.deleted).then(|| words::FORWARDED.to_owned()),
        told: view.told_by.map(|by| words::told_by(&authors.name(by))),
        pinned: view.pinned,
        starred: view.starred,
        expires: view.expires_at.map(|at| format!("Disappears at {}", clock.in_list(at).text)),
        deleted: view.deleted,
        acts: acts(view, authors),
        note,
        mark: mark.filter(|_| !view.failed && !view.deleted),
        unread: is_unread(view),
        failed,
        notice,
        from,
        sent,
    }
}

fn reaction(reaction: &client::Reaction, authors: &Authors) -> Reaction {
    let mut names: Vec<String> = reaction.from.iter().map(|from| authors.spoken(*from)).collect();
    // Oneself first.
    names.sort_by_key(|name| name != "you");
    Reaction {
        emoji: reaction.emoji.clone(),
        count: u32::try_from(reaction.from.len()).unwrap_or(u32::MAX),
        own: reaction.from.iter().any(|from| resolve::contact_id(*from) == authors.me.id),
        spoken: words::reaction(&reaction.emoji, &names),
    }
}

fn poll(poll: &client::PollView, authors: &Authors) -> PollShown {
    let option = |option: &client::PollOption| {
        let own = option.votes.iter().any(|from| resolve::contact_id(*from) == authors.me.id);
        let votes = option.votes.len();
        PollOption {
            text: option.text.clone(),
            count: u32::try_from(votes).unwrap_or(u32::MAX),
            percent: u8::try_from(votes * 100 / poll.voters.max(1)).unwrap_or(100),
            own,
            spoken: words::poll_option(&option.text, votes, own),
        }
    };
    PollShown {
        options: poll.options.iter().map(option).collect(),
        multiple: poll.multiple,
        open: !poll.ended && authors.open,
        line: words::poll_line(poll),
    }
}

/// What can be done with a message, in the order of a menu.
fn acts(view: &MessageView, authors: &Authors) -> Vec<MessageAct> {
    if view.notice.is_some() {
        return Vec::new();
    }
    let open = authors.open && !view.deleted && !view.failed;
    let said = !view.deleted && view.unknown.is_none() && view.poll.is_none();
    let cards = said && !view.cards.is_empty();
    let text = said && view.place.is_none() && !cards;
    let live = view.place.as_ref().is_some_and(|place| place.live.is_some());
    let ends = view.poll.as_ref().is_some_and(|poll| !poll.ended);
    let all = [
        (open, MessageAct::Reply),
        (open, MessageAct::React),
        (said, MessageAct::Copy),
        ((text || cards) && !view.failed, MessageAct::Forward),
        (cards, MessageAct::SaveCards),
        (!view.deleted && !view.starred, MessageAct::Star),
        (!view.deleted && view.starred, MessageAct::Unstar),
        (open && authors.arranges && !view.pinned, MessageAct::Pin),
        (open && authors.arranges && view.pinned, MessageAct::Unpin),
        (open && text && view.own, MessageAct::Edit),
        (open && ends && view.own, MessageAct::EndPoll),
        (live && view.own, MessageAct::StopLive),
        (view.edited_at.is_some(), MessageAct::Editions),
        (!view.own && !view.deleted && view.notice.is_none(), MessageAct::Report),
        (true, MessageAct::DeleteForMe),
        (open && view.own, MessageAct::DeleteForEveryone),
    ];
    all.into_iter().filter_map(|(possible, act)| possible.then_some(act)).collect()
}

/// A line of a text around the first of the words that were looked for, in pieces.
pub(crate) fn pieces(text: &str, words: &str) -> Vec<Piece> {
    let wanted: Vec<String> = words
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let is_found = |piece: &str| wanted.iter().any(|word| piece.to_lowercase().starts_with(word));
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let all: Vec<&str> = line.split_word_bounds().collect();
    let at = all.iter().position(|piece| is_found(piece)).unwrap_or(0);
    let from = at.saturating_sub(WORDS_BEFORE_MAX);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut push = |text: &str, found: bool| match pieces.last_mut() {
        Some(last) if last.found == found => last.text.push_str(text),
        _ => pieces.push(Piece { text: text.to_owned(), found }),
    };
    if from > 0 {
        push("…", false);
    }
    let shown = all.iter().skip(from).take(WORDS_SHOWN_MAX);
    shown.for_each(|piece| push(piece, is_found(piece)));
    if all.len() > from + WORDS_SHOWN_MAX {
        push("…", false);
    }
    pieces
}

/// Words, spaces and signs before what was found, and in the whole line.
const WORDS_BEFORE_MAX: usize = 24;
/// See [`WORDS_BEFORE_MAX`].
const WORDS_SHOWN_MAX: usize = 80;

fn tint(account: AccountId) -> u8 {
    account.0.first().map_or(1, |byte| byte % TINTS + 1)
}

/// The first letters of the first and the last word, in the name's own script.
pub(crate) fn initials(name: &str) -> String {
    let letter = |word: &str| {
        let first = word.graphemes(true).find(|grapheme| grapheme.chars().any(char::is_alphanumeric))?;
        Some(first.to_uppercase())
    };
    let mut letters = name.split_whitespace().filter_map(letter);
    match (letters.next(), letters.next_back()) {
        (Some(first), Some(last)) => first + &last,
        (Some(only), None) => only,
        _ => "?".to_owned(),
    }
}

fn script(text: &str) -> Script {
    // Looking at a few is enough: a longer text is plain.
    let seen: Vec<&str> = text.graphemes(true).take(EMOJI_ALONE_MAX + 1).collect();
    let alone = (1..=EMOJI_ALONE_MAX).contains(&seen.len()) && seen.iter().all(|grapheme| is_emoji(grapheme));
    if alone { Script::Emoji } else { Script::Plain }
}

/// Shown as a picture by default, or made one by the variation selector or a keycap.
fn is_emoji(grapheme: &str) -> bool {
    let pictured = |c: char| matches!(u32::from(c), 0x1F000..=0x1FAFF | 0x231A..=0x231B | 0x2600..=0x27BF | 0x2B50 | 0x2B55);
    grapheme.chars().next().is_some_and(pictured)
        || grapheme.chars().any(|c| c == '\u{fe0f}' || c == '\u{20e3}')
}

/// A run of a text that is set, as it crosses a bridge: its text apart, and more than most need.
const SPAN_BYTES: usize = 96;
const REQUEST_LINE: &str = "Wants to write to you";

#[cfg(test)]
mod tests {
    use client::ConversationId;
    use vocab::Timestamp;

    use super::*;

    fn view(text: &str) -> MessageView {
        MessageView {
            id: vocab::MessageId([1; 32]),
            conversation: ConversationId([2; 16]),
            from: AccountId([3; 32]),
            own: false,
            sent_at: Timestamp(1_873_273_260_000),
            text: text.into(),
            markdown: false,
            mentions_me: false,
            mentions_all: false,
            unknown: None,
            notice: None,
            mark: Mark::Delivered,
            failed: false,
            attachments: vec![],
            reply_to: None,
            reactions: vec![],
            edited_at: None,
            deleted: false,
            poll: None,
            place: None,
            cards: String::new(),
            forwarded: false,
            told_by: None,
            preview: None,
            pinned: false,
            starred: false,
            expires_at: None,
            position: 1,
        }
    }

    #[test]
    fn initials_come_from_the_name_in_its_own_script() {
        for (name, letters) in [
            ("Anna Kovač", "AK"),
            ("ليلى منصور", "لم"),
            ("山本さくら", "山"),
            ("  boris ", "B"),
            ("Maximiliane von Hohenstein", "MH"),
            ("🌿", "?"),
            ("", "?"),
        ] {
            assert_eq!(initials(name), letters, "{name}");
        }
    }

    #[test]
    fn a_preview_is_one_short_line_and_never_cuts_a_sign_in_two() {
        let preview = |view: &MessageView| preview(view, &|_| None);
        assert_eq!(preview(&view("a\n\n  b\tc")), "a b c");
        let set = MessageView { markdown: true, ..view("> **a** `b`\n\n- [c](https://a.example)") };
        assert_eq!(preview(&set), "a b • c");
        let family = "👨‍👩‍👧‍👦".repeat(200);
        let cut = preview(&view(&family));
        assert!(cut.ends_with("👦…"), "{cut}");
        assert_eq!(preview(&view(&" ".repeat(65_536))), "…");
    }

    #[test]
    fn what_was_found_stands_in_its_line() {
        let line = |text: &str, words: &str| -> String {
            let piece = |piece: Piece| if piece.found { format!("[{}]", piece.text) } else { piece.text };
            pieces(text, words).into_iter().map(piece).collect()
        };
        assert_eq!(
            line("Which tram\ngoes there? Trams!", "TRAM ther"),
            "Which [tram] goes [there]? [Trams]!"
        );
        let long = format!("{} needle {}", "hay ".repeat(50), "hay ".repeat(50));
        assert!(line(&long, "needle").starts_with("…hay"));
        assert!(line(&long, "needle").contains("[needle] hay") && line(&long, "needle").ends_with('…'));
        assert_eq!(line("", "x"), "");
    }

    #[test]
    fn one_to_three_emoji_stand_alone() {
        for emoji in ["🌿", "👨‍👩‍👧‍👦🇧🇪❤️", "1️⃣"] {
            assert_eq!(script(emoji), Script::Emoji, "{emoji}");
        }
        for plain in ["", "a", "🌿🌿🌿🌿", "🌿 a", "12"] {
            assert_eq!(script(plain), Script::Plain, "{plain}");
        }
    }

    #[test]
    fn bubbles_of_one_turn_touch_until_the_day_the_person_or_the_unread_line_changes() {
        let at = |minutes: u64, own: bool, mark: Mark| MessageView {
            own,
            from: AccountId([if own { 9 } else { 3 }; 32]),
            sent_at: Timestamp(1_873_273_260_000 + minutes * MINUTE_MS),
            mark,
            ..view("x")
        };
        let views = [
            at(0, false, Mark::Read),
            at(1, false, Mark::Read),
            at(2, true, Mark::Sent),
            at(3, true, Mark::Sent),
            at(4, true, Mark::Sent),
            at(20, true, Mark::Sent),
            at(21, false, Mark::Delivered),
            at(24 * 60, false, Mark::Delivered),
        ];
        let clock = Clock { now: Timestamp(1_873_273_260_000), utc_offset_minutes: 0 };
        let someone = || {
            person(&ContactCard {
                account: AccountId([3; 32]),
                name: "Boris".into(),
                handle: None,
                state: ContactState::Accepted,
                conversation: ConversationId([2; 16]),
                about: String::new(),
                picture: None,
            })
        };
        let authors = Authors {
            me: someone(),
            them: someone(),
            people: BTreeMap::new(),
            quoted: BTreeMap::new(),
            cards: BTreeMap::new(),
            open: true,
            arranges: true,
        };
        let painted = bubbles(&views, &authors, 2, &clock);
        let turns: Vec<Turn> = painted.iter().map(|bubble| bubble.turn).collect();
        use Turn::*;
        assert_eq!(turns, [First, Last, First, Middle, Last, Single, Single, Single]);
        let lines: Vec<_> = painted.iter().filter_map(|bubble| bubble.unread_line.as_deref()).collect();
        assert_eq!(lines, ["2 new messages"]);
        let days: Vec<_> = painted.iter().map(|bubble| bubble.day.is_some()).collect();
        assert_eq!(days, [true, false, false, false, false, false, false, true]);
    }
}
