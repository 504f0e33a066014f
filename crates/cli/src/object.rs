//! What scripts read: one object a line with `--json`. Fields are never renamed; new ones may come.

use screens::{
    AttachmentId, AttachmentShown, Bubble, CardFate, CardShown, CardTaken, ChatId, ChatRow, ContactId,
    ContactRow, ContactState, FolderId, FolderRow, GroupPage, JoinRow, JoinState, KeptCardRow, KnockRow,
    LineState, LinkRow, Mark, MediaKind, MemberRow, Mention, MessageId, OutgoingId, Permission, Person,
    PreviewShown, PrivacyPart, ProfilePage, ReportRow, Role, ScheduledId, ScheduledRow, Status, StoragePage,
    Transfer,
};
use serde::Serialize;

/// What happens, as `valise receive` says it.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event<'a> {
    /// A message of somebody else.
    Message {
        chat: &'a ChatId,
        id: &'a MessageId,
        from: From<'a>,
        /// Milliseconds since 1970-01-01 UTC.
        sent_at: u64,
        text: &'a str,
        #[serde(flatten)]
        around: Around<'a>,
    },
    /// Somebody reacted to a message, or took the reaction back.
    Reaction { chat: &'a ChatId, id: &'a MessageId, from: From<'a>, emoji: &'a str, removed: bool },
    /// Somebody writes, or does not any more.
    Typing { chat: &'a ChatId, from: From<'a>, on: bool },
    /// A message says something else now.
    Edit { chat: &'a ChatId, id: &'a MessageId, text: &'a str },
    /// A message was deleted.
    Delete { chat: &'a ChatId, id: &'a MessageId },
    /// A message of one's own was delivered or read.
    Receipt { chat: &'a ChatId, id: &'a MessageId, mark: Mark },
    /// Somebody knocks: an id and nothing else.
    Request { from: &'a ContactId },
    /// Who asks to come into a group changed: so many do.
    Knock { chat: &'a ChatId, count: u32 },
    /// Asking to come into a group went on.
    Joining { chat: &'a ChatId, sentence: &'a str },
    /// A device of the account is new or was removed, or the history from one went on.
    Devices { sentence: &'a str },
    /// Somebody's devices changed.
    DevicesChanged { who: &'a ContactId, sentence: &'a str },
    /// This device was removed from the account.
    Removed { sentence: &'a str },
}

/// Results, each under its name.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Object<'a> {
    CodeNeeded {
        handle: &'a str,
    },
    Registered {
        id: &'a ContactId,
        name: &'a str,
        handle: Option<&'a str>,
    },
    Link(&'a str),
    Contact(Contact<'a>),
    Request {
        id: &'a ContactId,
    },
    Sending {
        chat: &'a ChatId,
        id: &'a OutgoingId,
    },
    Progress {
        percent: u8,
        line: &'a str,
    },
    Saved {
        path: &'a str,
        name: &'a str,
        bytes: u64,
    },
    Storage(&'a StoragePage),
    Sent {
        chat: &'a ChatId,
        id: &'a MessageId,
        /// What goes with the text.
        #[serde(skip_serializing_if = "Option::is_none")]
        preview: Option<PreviewSaid<'a>>,
    },
    Chat {
        id: &'a ChatId,
        name: &'a str,
        handle: Option<&'a str>,
        unread: u32,
        /// Unread messages that mention oneself.
        mentions: u32,
        folders: Vec<&'a str>,
        changed_at: u64,
        preview: &'a str,
        archived: bool,
        muted: bool,
        marked_unread: bool,
        /// Texts said there bring previews of their links.
        previews: bool,
    },
    Message(Message<'a>),
    Found {
        chat_name: &'a str,
        message: Message<'a>,
        before: Option<&'a str>,
        after: Option<&'a str>,
    },
    Edition {
        sent_at: u64,
        text: &'a str,
    },
    /// Contact cards that were written out.
    Cards {
        file: Option<&'a str>,
        count: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a str>,
    },
    /// What became of a card of a file.
    Card {
        name: &'a str,
        fate: CardFate,
        sentence: &'a str,
        /// By what they can be asked.
        add: Option<&'a str>,
    },
    /// Somebody of a card was not asked.
    NotAsked {
        who: &'a str,
        sentence: &'a str,
    },
    KeptCard {
        id: &'a str,
        #[serde(flatten)]
        card: CardSaid<'a>,
    },
    /// A contact, with what they tell of themselves.
    #[serde(rename = "contact")]
    Person {
        id: &'a ContactId,
        name: &'a str,
        handle: Option<&'a str>,
        state: ContactState,
        chat: &'a ChatId,
        about: Option<&'a str>,
        /// There is one.
        picture: bool,
    },
    /// A live place of one's own.
    LivePlace {
        id: &'a MessageId,
        chat: &'a ChatId,
        chat_name: &'a str,
        here: bool,
    },
    /// A place by itself.
    Place {
        id: &'a MessageId,
        #[serde(flatten)]
        place: PlaceStands<'a>,
        /// How far, in which direction.
        #[serde(skip_serializing_if = "Option::is_none")]
        way: Option<&'a str>,
    },
    /// A text that waits for its time on this device.
    Scheduled {
        id: &'a ScheduledId,
        #[serde(skip_serializing_if = "Option::is_none")]
        sentence: Option<&'a str>,
        #[serde(flatten, skip_serializing_if = "Option::is_none")]
        more: Option<Waiting<'a>>,
    },
    Folder {
        id: &'a FolderId,
        name: &'a str,
        chats: u32,
        unread: u32,
    },
    /// It was done, and nothing had to be sent.
    Done,
    /// That was made or changed.
    Group {
        id: &'a ChatId,
        name: &'a str,
    },
    /// As its page shows it.
    #[serde(rename = "group")]
    GroupPage(GroupShown<'a>),
    /// A picture that was saved.
    Picture {
        id: &'a str,
        media_type: &'a str,
    },
    /// A link into a group.
    GroupLink {
        id: &'a str,
        link: Option<&'a str>,
        approval: bool,
        closable: bool,
        sentence: &'a str,
    },
    /// Somebody asks to come into a group.
    Knock {
        group: &'a ChatId,
        id: &'a ContactId,
        /// Of a contact.
        handle: Option<&'a str>,
        name: &'a str,
    },
    /// One asks to come into a group.
    Joining {
        group: &'a ChatId,
        name: &'a str,
        state: JoinState,
        sentence: &'a str,
    },
    Status(Box<Standing<'a>>),
    Number {
        number: &'a str,
    },
    NumberNeeded {
        sentence: &'a str,
    },
    Linked {
        id: Option<&'a ContactId>,
        name: Option<&'a str>,
    },
    Device {
        id: &'a str,
        name: &'a str,
        this: bool,
        leaving: bool,
    },
    Removed(&'a str),
    /// One of several accounts; without a name the one in the folder itself.
    Account {
        name: Option<&'a str>,
        home: &'a str,
        server: &'a str,
    },
    /// One's own profile.
    Profile(&'a ProfilePage),
    /// What others are told of one.
    Privacy {
        what: PrivacyPart,
        on: bool,
    },
    /// Everything that a report tells, and where it lies.
    Report {
        file: Option<&'a str>,
        rows: &'a [ReportRow],
    },
    /// Whether a report holds.
    Checked {
        holds: bool,
        sentence: &'a str,
        rows: &'a [ReportRow],
    },
}

/// Who wrote a message.
#[derive(Serialize)]
pub struct From<'a> {
    name: &'a str,
    handle: Option<&'a str>,
}

/// A contact. The list tells more than adding does.
#[derive(Serialize)]
pub struct Contact<'a> {
    pub id: &'a ContactId,
    pub name: &'a str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub more: Option<ContactMore<'a>>,
}

/// See [`Contact`].
#[derive(Serialize)]
pub struct ContactMore<'a> {
    handle: Option<&'a str>,
    state: ContactState,
    chat: &'a ChatId,
    /// Milliseconds since 1970-01-01 UTC, to five minutes; nothing unless both share it.
    last_seen_at: Option<u64>,
}

/// See [`Object::Scheduled`].
#[derive(Serialize)]
pub struct Waiting<'a> {
    chat: &'a ChatId,
    chat_name: &'a str,
    text: &'a str,
    at: u64,
    /// It was due and could not leave.
    held: bool,
}

/// Who is mentioned.
#[derive(Serialize)]
struct Mentioned<'a> {
    /// None for everybody.
    id: Option<&'a ContactId>,
    name: &'a str,
    you: bool,
}

/// What is said about a message.
#[derive(Serialize)]
pub struct Around<'a> {
    /// The text is Markdown.
    markdown: bool,
    mentions: Vec<Mentioned<'a>>,
    /// What it carries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Carried<'a>>,
    reply_to: Option<&'a MessageId>,
    reactions: Vec<Reaction<'a>>,
    edited: bool,
    deleted: bool,
    forwarded: bool,
    /// Of before one came into the group: who told it.
    #[serde(skip_serializing_if = "Option::is_none")]
    told: Option<&'a str>,
    pinned: bool,
    starred: bool,
    /// Contact cards that it says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cards: Vec<CardSaid<'a>>,
    /// What its sender says of a link in the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<Box<PreviewSaid<'a>>>,
    /// Where it is, when it is a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<Box<PlaceStands<'a>>>,
    /// How it stands, when it is a poll.
    #[serde(skip_serializing_if = "Option::is_none")]
    poll: Option<PollStands<'a>>,
}

/// See [`Around`].
#[derive(Serialize)]
struct Carried<'a> {
    id: &'a AttachmentId,
    kind: MediaKind,
    name: &'a str,
    media_type: &'a str,
    bytes: u64,
    width: u32,
    height: u32,
    duration_ms: u64,
    state: Transfer,
}

impl<'a> Carried<'a> {
    fn of(shown: &'a AttachmentShown) -> Self {
        Self {
            id: &shown.id,
            kind: shown.kind,
            name: &shown.name,
            media_type: &shown.media_type,
            bytes: shown.size,
            width: shown.width,
            height: shown.height,
            duration_ms: shown.duration_ms,
            state: shown.state,
        }
    }
}

/// See [`Around`].
#[derive(Serialize)]
pub struct CardSaid<'a> {
    name: &'a str,
    /// Numbers, addresses and what they do.
    lines: &'a [String],
    /// The chat with them, where they are a contact.
    chat: Option<&'a ChatId>,
    /// What `valise add` takes, where they are none.
    add: Option<&'a str>,
}

impl<'a> CardSaid<'a> {
    fn of(card: &'a CardShown) -> Self {
        Self { name: &card.name, lines: &card.lines, chat: card.chat.as_ref(), add: card.add.as_deref() }
    }
}

/// See [`Around`].
#[derive(Serialize)]
pub struct PreviewSaid<'a> {
    url: &'a str,
    /// Of the link itself.
    host: &'a str,
    title: &'a str,
    description: &'a str,
    /// There is one.
    picture: bool,
}

impl<'a> PreviewSaid<'a> {
    fn of(preview: &'a PreviewShown) -> Self {
        let PreviewShown { url, host, title, description, picture, .. } = preview;
        Self { url, host, title, description, picture: *picture }
    }
}

/// See [`Around`].
#[derive(Serialize)]
pub struct PlaceStands<'a> {
    label: &'a str,
    live: bool,
    position: Option<&'a str>,
    accuracy: Option<u32>,
    fixed_at: Option<u64>,
    geo: Option<&'a str>,
}

impl<'a> PlaceStands<'a> {
    fn of(place: &'a screens::PlaceShown) -> Self {
        let spot = place.spot.as_ref();
        Self {
            label: &place.label,
            live: place.live,
            position: spot.map(|spot| spot.position.as_str()),
            accuracy: spot.map(|spot| spot.accuracy),
            fixed_at: spot.map(|spot| spot.at_ms),
            geo: spot.map(|spot| spot.geo.as_str()),
        }
    }
}

/// See [`Around`].
#[derive(Serialize)]
struct PollStands<'a> {
    options: Vec<OptionStands<'a>>,
    multiple: bool,
    open: bool,
}

/// See [`PollStands`].
#[derive(Serialize)]
struct OptionStands<'a> {
    text: &'a str,
    count: u32,
    own: bool,
}

/// See [`Around`].
#[derive(Serialize)]
struct Reaction<'a> {
    emoji: &'a str,
    count: u32,
    own: bool,
}

impl<'a> PollStands<'a> {
    fn of(poll: &'a screens::PollShown) -> Self {
        let option =
            |it: &'a screens::PollOption| OptionStands { text: &it.text, count: it.count, own: it.own };
        Self { options: poll.options.iter().map(option).collect(), multiple: poll.multiple, open: poll.open }
    }
}

impl<'a> Around<'a> {
    fn of(bubble: &'a Bubble) -> Self {
        let reaction =
            |it: &'a screens::Reaction| Reaction { emoji: &it.emoji, count: it.count, own: it.own };
        let mentioned = |it: &'a Mention| Mentioned { id: it.id.as_ref(), name: &it.name, you: it.you };
        Self {
            markdown: bubble.markdown,
            mentions: bubble.mentions.iter().map(mentioned).collect(),
            attachments: bubble.attachments.iter().map(Carried::of).collect(),
            reply_to: bubble.reply_to.as_ref().map(|quote| &quote.id),
            reactions: bubble.reactions.iter().map(reaction).collect(),
            edited: bubble.edited.is_some(),
            deleted: bubble.deleted,
            cards: bubble.cards.iter().map(CardSaid::of).collect(),
            preview: bubble.preview.as_ref().map(|shown| Box::new(PreviewSaid::of(shown))),
            place: bubble.place.as_ref().map(|place| Box::new(PlaceStands::of(place))),
            poll: bubble.poll.as_ref().map(PollStands::of),
            forwarded: bubble.forwarded.is_some(),
            told: bubble.told.as_deref(),
            pinned: bubble.pinned,
            starred: bubble.starred,
        }
    }
}

/// A message in a history.
#[derive(Serialize)]
pub struct Message<'a> {
    chat: &'a ChatId,
    id: &'a MessageId,
    from: From<'a>,
    own: bool,
    sent_at: u64,
    text: &'a str,
    /// Of one's own: how far it came.
    mark: Option<Mark>,
    failed: bool,
    #[serde(flatten)]
    around: Around<'a>,
    /// No message but a line about the group, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'a str>,
}

/// A group as its page shows it.
#[derive(Serialize)]
pub struct GroupShown<'a> {
    id: &'a ChatId,
    name: &'a str,
    description: &'a str,
    role: Role,
    inside: bool,
    /// What only admins do.
    admins_only: Vec<Permission>,
    /// Names its picture.
    picture: Option<&'a str>,
    /// What newcomers are given: `none`, `7d`, `all`.
    history: &'a str,
    members: Vec<MemberShown<'a>>,
}

/// Somebody in a group.
#[derive(Serialize)]
pub struct MemberShown<'a> {
    id: &'a ContactId,
    name: &'a str,
    role: Role,
    you: bool,
}

/// How this device stands.
#[derive(Serialize)]
pub struct Standing<'a> {
    id: Option<&'a ContactId>,
    name: Option<&'a str>,
    handle: Option<&'a str>,
    code_sent_to: Option<&'a str>,
    server: &'a str,
    line: &'static str,
    waiting: u32,
    devices: u32,
    unread: u32,
    requests: u32,
}

impl<'a> Event<'a> {
    /// Of a message.
    pub fn message(bubble: &'a Bubble) -> Self {
        Self::Message {
            chat: &bubble.chat,
            id: &bubble.id,
            from: From::of(&bubble.from),
            sent_at: bubble.sent.ms,
            text: &bubble.text,
            around: Around::of(bubble),
        }
    }

    /// Of typing.
    pub fn typing(chat: &'a ChatId, from: &'a Person, on: bool) -> Self {
        Self::Typing { chat, from: From::of(from), on }
    }

    /// Of a reaction.
    pub fn reaction(
        chat: &'a ChatId,
        id: &'a MessageId,
        from: &'a Person,
        emoji: &'a str,
        removed: bool,
    ) -> Self {
        Self::Reaction { chat, id, from: From::of(from), emoji, removed }
    }
}

impl<'a> Object<'a> {
    /// Of a contact in the list.
    pub fn contact(row: &'a ContactRow) -> Self {
        let person = &row.person;
        let more = ContactMore {
            handle: person.handle.as_deref(),
            state: person.state,
            chat: &person.chat,
            last_seen_at: row.seen.as_ref().map(|seen| seen.ms),
        };
        Self::Contact(Contact { id: &person.id, name: &person.name, more: Some(more) })
    }

    /// Of a message that is in the outbox.
    pub fn sent(chat: &'a ChatId, id: &'a MessageId, preview: Option<&'a PreviewShown>) -> Self {
        Self::Sent { chat, id, preview: preview.map(PreviewSaid::of) }
    }

    /// Of a chat in the list.
    pub fn chat(row: &'a ChatRow, folders: Vec<&'a FolderRow>) -> Self {
        Self::Chat {
            id: &row.id,
            name: &row.person.name,
            handle: row.person.handle.as_deref(),
            unread: row.unread,
            mentions: row.mentions,
            folders: folders.into_iter().map(|folder| folder.name.as_str()).collect(),
            changed_at: row.time.ms,
            preview: &row.preview,
            archived: row.archived,
            muted: row.muted.is_some(),
            marked_unread: row.marked_unread,
            previews: row.previews,
        }
    }

    /// Of cards that were written out.
    pub fn cards(file: Option<&'a str>, count: u32, text: Option<&'a str>) -> Self {
        Self::Cards { file, count, text }
    }

    /// Of what became of a card.
    pub fn card_taken(taken: &'a CardTaken) -> Self {
        let CardTaken { name, fate, sentence, add } = taken;
        Self::Card { name, fate: *fate, sentence, add: add.as_deref() }
    }

    /// Of a card that is kept.
    pub fn kept_card(row: &'a KeptCardRow) -> Self {
        Self::KeptCard { id: &row.id, card: CardSaid::of(&row.card) }
    }

    /// Of a contact by themselves.
    pub fn person(person: &'a Person) -> Self {
        Self::Person {
            id: &person.id,
            name: &person.name,
            handle: person.handle.as_deref(),
            state: person.state,
            chat: &person.chat,
            about: person.about.as_deref(),
            picture: person.picture.is_some(),
        }
    }

    /// Of a live place of one's own.
    pub fn live_place(row: &'a screens::LivePlaceRow) -> Self {
        Self::LivePlace { id: &row.id, chat: &row.chat, chat_name: &row.chat_name, here: row.here }
    }

    /// Of a place, with the way to it.
    pub fn place(bubble: &'a Bubble, way: Option<&'a str>) -> Self {
        match &bubble.place {
            Some(place) => Self::Place { id: &bubble.id, place: PlaceStands::of(place), way },
            None => Self::Done,
        }
    }

    /// Of a text that waits for its time.
    pub fn scheduled(row: &'a ScheduledRow) -> Self {
        let (text, held) = (row.text.as_str(), row.held.is_some());
        let more = Waiting { chat: &row.chat, chat_name: &row.chat_name, text, at: row.at.ms, held };
        Self::Scheduled { id: &row.id, sentence: None, more: Some(more) }
    }

    /// Of a folder.
    pub fn folder(row: &'a FolderRow) -> Self {
        Self::Folder { id: &row.id, name: &row.name, chats: row.chats, unread: row.unread }
    }

    /// Of a message in a history.
    pub fn message(bubble: &'a Bubble) -> Self {
        Self::Message(Message::of(bubble))
    }

    /// Of a message that was looked for.
    pub fn found(row: &'a screens::FoundRow) -> Self {
        Self::Found {
            chat_name: &row.chat_name,
            message: Message::of(&row.bubble),
            before: row.before.as_deref(),
            after: row.after.as_deref(),
        }
    }

    /// Of a version of a message.
    pub fn edition(edition: &'a screens::Edition) -> Self {
        Self::Edition { sent_at: edition.sent.ms, text: &edition.text }
    }

    /// Of a group.
    pub fn group(page: &'a GroupPage) -> Self {
        let member = |row: &'a MemberRow| MemberShown {
            id: &row.person.id,
            name: &row.person.name,
            role: row.role,
            you: row.you,
        };
        Self::GroupPage(GroupShown {
            id: &page.id,
            name: &page.name,
            description: &page.description,
            role: page.role,
            inside: page.inside,
            admins_only: page.rules.iter().filter(|rule| rule.admins_only).map(|rule| rule.what).collect(),
            picture: page.picture.as_deref(),
            history: &page.history.days,
            members: page.members.iter().map(member).collect(),
        })
    }

    /// Of a link into a group.
    pub fn link(row: &'a LinkRow) -> Self {
        Self::GroupLink {
            id: &row.id,
            link: row.link.as_deref(),
            approval: row.approval,
            closable: row.closable,
            sentence: &row.line,
        }
    }

    /// Of somebody who asks to come into a group.
    pub fn knock(page: &'a GroupPage, row: &'a KnockRow) -> Self {
        let person = &row.person;
        Self::Knock { group: &page.id, id: &person.id, handle: person.handle.as_deref(), name: &person.name }
    }

    /// Of a group one asks to come into.
    pub fn joining(row: &'a JoinRow) -> Self {
        Self::Joining { group: &row.id, name: &row.name, state: row.state, sentence: &row.sentence }
    }

    /// Of this device.
    pub fn status(status: &'a Status) -> Self {
        let me = status.me.as_ref();
        Self::Status(Box::new(Standing {
            id: me.map(|me| &me.id),
            name: me.map(|me| me.name.as_str()),
            handle: me.and_then(|me| me.handle.as_deref()),
            code_sent_to: status.code_sent_to.as_deref(),
            server: &status.server,
            line: match status.line.state {
                LineState::Idle => "idle",
                LineState::Connecting => "connecting",
                LineState::Waiting => "waiting",
                LineState::CatchingUp { .. } => "catching_up",
                LineState::UpToDate => "up_to_date",
            },
            waiting: status.waiting,
            devices: status.devices,
            unread: status.unread,
            requests: status.requests,
        }))
    }
}

impl<'a> Message<'a> {
    fn of(bubble: &'a Bubble) -> Self {
        Self {
            chat: &bubble.chat,
            id: &bubble.id,
            from: From::of(&bubble.from),
            own: bubble.own,
            sent_at: bubble.sent.ms,
            text: &bubble.text,
            mark: bubble.mark.as_ref().map(|shown| shown.mark),
            failed: bubble.failed.is_some(),
            notice: bubble.notice.as_deref(),
            around: Around::of(bubble),
        }
    }
}

impl<'a> From<'a> {
    fn of(person: &'a Person) -> Self {
        Self { name: &person.name, handle: person.handle.as_deref() }
    }
}

#[cfg(test)]
mod tests {
    use screens::{Listing, samples};

    use super::*;

    fn line(object: &impl Serialize) -> String {
        serde_json::to_string(object).unwrap()
    }

    fn bubble() -> Bubble {
        let Listing::Rows(bubbles) = samples::timeline_full().bubbles else { panic!("the sample is full") };
        bubbles.into_iter().next().unwrap()
    }

    #[test]
    fn events_have_this_form() {
        let bubble = Bubble { id: MessageId("01".into()), chat: ChatId("0c".into()), ..bubble() };
        assert_eq!(
            line(&Event::message(&bubble)),
            "{\"event\":\"message\",\"chat\":\"0c\",\"id\":\"01\",\
             \"from\":{\"name\":\"Inês Duarte\",\"handle\":\"+351912345678\"},\
             \"sent_at\":1873179660000,\"text\":\"The house from last year. Same one again?\",\
             \"markdown\":false,\"mentions\":[],\"reply_to\":null,\"reactions\":[],\"edited\":false,\"deleted\":false,\
             \"forwarded\":false,\"pinned\":false,\"starred\":false}"
        );
        assert_eq!(
            line(&Event::Receipt { chat: &bubble.chat, id: &bubble.id, mark: Mark::Delivered }),
            r#"{"event":"receipt","chat":"0c","id":"01","mark":"delivered"}"#
        );
        assert_eq!(
            line(&Event::reaction(&bubble.chat, &bubble.id, &bubble.from, "👍", true)),
            "{\"event\":\"reaction\",\"chat\":\"0c\",\"id\":\"01\",\
             \"from\":{\"name\":\"Inês Duarte\",\"handle\":\"+351912345678\"},\"emoji\":\"👍\",\"removed\":true}"
        );
        assert_eq!(
            line(&Event::Edit { chat: &bubble.chat, id: &bubble.id, text: "a" }),
            r#"{"event":"edit","chat":"0c","id":"01","text":"a"}"#
        );
        assert_eq!(
            line(&Event::Delete { chat: &bubble.chat, id: &bubble.id }),
            r#"{"event":"delete","chat":"0c","id":"01"}"#
        );
        assert_eq!(
            line(&Event::Request { from: &ContactId("e9".into()) }),
            r#"{"event":"request","from":"e9"}"#
        );
    }

    #[test]
    fn results_have_this_form() {
        let (id, chat, message) = (ContactId("a1".into()), ChatId("0c".into()), MessageId("01".into()));
        for (object, expected) in [
            (Object::CodeNeeded { handle: "+32" }, r#"{"code_needed":{"handle":"+32"}}"#),
            (
                Object::Registered { id: &id, name: "Anna", handle: None },
                r#"{"registered":{"id":"a1","name":"Anna","handle":null}}"#,
            ),
            (Object::Link("https://a.example/i#x"), r#"{"link":"https://a.example/i#x"}"#),
            (
                Object::Contact(Contact { id: &id, name: "Boris", more: None }),
                r#"{"contact":{"id":"a1","name":"Boris"}}"#,
            ),
            (Object::Request { id: &id }, r#"{"request":{"id":"a1"}}"#),
            (Object::sent(&chat, &message, None), r#"{"sent":{"chat":"0c","id":"01"}}"#),
            (
                Object::Scheduled { id: &ScheduledId("5c".into()), sentence: Some("Leaves."), more: None },
                r#"{"scheduled":{"id":"5c","sentence":"Leaves."}}"#,
            ),
            (
                Object::Folder { id: &FolderId("f1".into()), name: "Work", chats: 2, unread: 1 },
                r#"{"folder":{"id":"f1","name":"Work","chats":2,"unread":1}}"#,
            ),
            (Object::Number { number: "012345" }, r#"{"number":{"number":"012345"}}"#),
            (Object::Linked { id: Some(&id), name: Some("Anna") }, r#"{"linked":{"id":"a1","name":"Anna"}}"#),
            (
                Object::Device { id: "d1", name: "Laptop", this: true, leaving: false },
                r#"{"device":{"id":"d1","name":"Laptop","this":true,"leaving":false}}"#,
            ),
            (Object::Removed("d1"), r#"{"removed":"d1"}"#),
        ] {
            assert_eq!(line(&object), expected);
        }
        let Listing::Rows(contacts) = samples::contacts_full() else { panic!("the sample is full") };
        let contact = serde_json::to_value(Object::contact(&contacts[3])).unwrap();
        assert_eq!(contact["contact"]["state"], "accepted");
        assert_eq!(contact["contact"]["handle"], serde_json::Value::Null);
        let Listing::Rows(set) = samples::timeline_formatted().bubbles else { panic!("the sample is full") };
        let named = serde_json::to_value(Object::message(&set[1])).unwrap();
        assert_eq!(named["message"]["mentions"][0]["you"], true);
        assert_eq!(named["message"]["markdown"], true);
        let status = serde_json::to_value(Object::status(&samples::status_new())).unwrap();
        assert_eq!(status["status"]["line"], "idle");
        assert_eq!(status["status"]["code_sent_to"], "+38640218633");
        let Listing::Rows(bubbles) = samples::timeline_full().bubbles else { panic!("the sample is full") };
        let shown = serde_json::to_value(Object::message(&bubbles[2])).unwrap();
        assert_eq!(shown["message"]["reply_to"], "01".repeat(32));
        assert_eq!(
            shown["message"]["reactions"],
            serde_json::json!([{"emoji": "❤️", "count": 1, "own": false}, {"emoji": "🎉", "count": 2, "own": true}])
        );
        assert_eq!(shown["message"]["edited"], true);
        assert_eq!(serde_json::to_value(Object::Done).unwrap(), "done");
        let shown = serde_json::to_value(Object::message(&bubble())).unwrap();
        assert_eq!(shown["message"]["own"], false);
        assert_eq!(shown["message"]["mark"], serde_json::Value::Null);
    }
}
