//! Messages as a timeline shows them.

use serde::{Deserialize, Serialize};

use crate::{AttachmentShown, Block, CardShown, ChatId, Mention, Person, PlaceShown, PreviewShown};

/// Names a message. Opaque to a front end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub String);

impl std::fmt::Display for MessageId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A point in time, in the front end's local time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Milliseconds since 1970-01-01 UTC.
    pub ms: u64,
    /// As short as the place allows: `09:41`, and in lists `Sat` or `12 May` when it was not today.
    pub text: String,
    /// For a tooltip, a screen reader, a history: `Saturday 12 May 2029, 09:41`.
    pub full: String,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bubble {
    /// Which.
    pub id: MessageId,
    /// Where.
    pub chat: ChatId,
    /// By whom; for one's own, oneself.
    pub from: Person,
    /// Written by oneself, on any device.
    pub own: bool,
    /// A day separator above it: `Today`, `Saturday`, `12 May`.
    pub day: Option<String>,
    /// The unread line above it: `2 new messages`.
    pub unread_line: Option<String>,
    /// Where it stands among the bubbles of one turn.
    pub turn: Turn,
    /// What was said, byte for byte; empty when it cannot be shown, see `note`.
    pub text: String,
    /// The text as it is set; empty where it is set as it stands in `text`.
    pub blocks: Vec<Block>,
    /// The text is Markdown.
    pub markdown: bool,
    /// The text as one would type it, where that is another: mentions by name.
    pub typed: Option<String>,
    /// Who is mentioned, each once.
    pub mentions: Vec<Mention>,
    /// What it carries; the text goes with it.
    pub attachments: Vec<AttachmentShown>,
    /// The message it answers.
    pub reply_to: Option<Quote>,
    /// Reactions, those of most people first.
    pub reactions: Vec<Reaction>,
    /// `edited`, when the text is not the first one.
    pub edited: Option<String>,
    /// How it stands, when it is a poll; the text is the question.
    pub poll: Option<PollShown>,
    /// Where it is, when it is a place; the text says it in words.
    pub place: Option<PlaceShown>,
    /// Contact cards, when it says some; the text names them.
    pub cards: Vec<CardShown>,
    /// What its sender says of a link in the text, to be shown under it.
    pub preview: Option<PreviewShown>,
    /// `Forwarded`, when it was said elsewhere first.
    pub forwarded: Option<String>,
    /// `Told by Anna`, when it was said before one came into the group.
    pub told: Option<String>,
    /// Somebody pinned it for everybody in the chat.
    pub pinned: bool,
    /// Oneself put a star on it.
    pub starred: bool,
    /// When it disappears: `Disappears at 09:41`.
    pub expires: Option<String>,
    /// It was deleted for everyone; `note` says so.
    pub deleted: bool,
    /// What can be done with it, in the order of a menu.
    pub acts: Vec<MessageAct>,
    /// How the text is set.
    pub script: Script,
    /// Words in place of a text that this version cannot show.
    pub note: Option<String>,
    /// No message but a line about the group, in words; there is nothing else in the bubble then.
    pub notice: Option<String>,
    /// When it was sent, by the sender's clock.
    pub sent: Moment,
    /// How far one's own came; of others, nothing.
    pub mark: Option<MarkShown>,
    /// Of others: not seen here yet.
    pub unread: bool,
    /// Why it could not leave, and what now.
    pub failed: Option<String>,
    /// Who, when and how it stands, for a screen reader, which reads the text after it.
    pub spoken: String,
}

/// A message that another one answers, in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Which, to go there.
    pub id: MessageId,
    /// By whom: `You`, or a name.
    pub from: String,
    /// Its colour.
    pub tint: u8,
    /// What it says, in one line.
    pub text: String,
}

/// A reaction, of one person or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// The sign.
    pub emoji: String,
    /// How many people reacted so.
    pub count: u32,
    /// Oneself is among them.
    pub own: bool,
    /// For a screen reader and a tooltip: `👍 from you and Boris`.
    pub spoken: String,
}

/// A poll as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollShown {
    /// In the order of whoever asked.
    pub options: Vec<PollOption>,
    /// One may choose several.
    pub multiple: bool,
    /// One may vote.
    pub open: bool,
    /// How many voted, and that it ended.
    pub line: String,
}

/// An option of a poll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollOption {
    /// What it says.
    pub text: String,
    /// How many people chose it.
    pub count: u32,
    /// Of those who voted, out of a hundred.
    pub percent: u8,
    /// Oneself chose it.
    pub own: bool,
    /// For a screen reader: `The 12, 2 votes, yours`.
    pub spoken: String,
}

/// Something that can be done with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageAct {
    /// Answer it.
    Reply,
    /// React to it.
    React,
    /// Write it anew.
    Edit,
    /// Let no more votes count.
    EndPoll,
    /// Tell no more where one is.
    StopLive,
    /// Save its contact cards as a file.
    SaveCards,
    /// See what it said before.
    Editions,
    /// Take the text along.
    Copy,
    /// Say it in another chat.
    Forward,
    /// Put a star on it.
    Star,
    /// Take the star off.
    Unstar,
    /// Pin it for everybody.
    Pin,
    /// Take the pin off.
    Unpin,
    /// Make a report with proof of it.
    Report,
    /// Take it out of one's own devices.
    DeleteForMe,
    /// Take it back from everybody.
    DeleteForEveryone,
}

/// A message that was looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundRow {
    /// The message.
    pub bubble: Bubble,
    /// The name of its chat.
    pub chat_name: String,
    /// A line of it around what was found, in pieces.
    pub pieces: Vec<Piece>,
    /// The message before it in its chat, in one line.
    pub before: Option<String>,
    /// The message after it.
    pub after: Option<String>,
    /// The whole row in one sentence for a screen reader.
    pub spoken: String,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The text.
    pub text: String,
    /// It is what was looked for.
    pub found: bool,
}

/// A version of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// What it said.
    pub text: String,
    /// When it was said.
    pub sent: Moment,
}

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Script {
    /// In a bubble.
    Plain,
    /// One to three emoji and nothing else: large and without a bubble.
    Emoji,
}

/// Where a bubble stands in a turn: bubbles of one person, of one day, within a few minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// Alone.
    Single,
    /// Above others.
    First,
    /// Between.
    Middle,
    /// Below others.
    Last,
}

/// How far a message of one's own came. Later ones include earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Safe on this device (a clock).
    Pending,
    /// With the server (one check).
    Sent,
    /// On a device of everybody it went to (two).
    Delivered,
    /// Seen (two, in brass).
    Read,
}

/// A mark with its word: brass alone does not carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkShown {
    /// For the sign.
    pub mark: Mark,
    /// `Sending`, `Sent`, `Arrived`, `Read`.
    pub word: String,
}
