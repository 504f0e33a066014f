//! Chats: the list, and one of them open.

use serde::{Deserialize, Serialize};

use crate::{
    Banner, Bubble, ConnectionLine, EmptyPlace, FolderId, FolderRow, Listing, LivePlaceRow, MarkShown,
    Moment, OutgoingShown, Person, Quote,
};

/// Names a chat. Opaque to a front end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChatId(pub String);

impl std::fmt::Display for ChatId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The list pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatList {
    /// The chats, newest first.
    pub chats: Listing<ChatRow>,
    /// The folders, in their order.
    pub folders: Vec<FolderRow>,
    /// How many people knock, in words (`1 request`); nothing when nobody does.
    pub requests: Option<String>,
    /// Unread messages over all chats, for the window's title and the rail: of those that are muted only what mentions oneself,
    /// where the mute does not hold for that.
    pub unread: u32,
    /// A lasting condition, above the rows.
    pub banner: Option<Banner>,
    /// One's own live places that have not ended, the first to end first: who sees one now.
    pub live: Vec<LivePlaceRow>,
    /// The foot.
    pub line: ConnectionLine,
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatRow {
    /// Which.
    pub id: ChatId,
    /// The other person; a group in a person's place, with its name.
    pub person: Person,
    /// It is a group.
    pub group: bool,
    /// Its picture, see [`crate::Ask::Picture`].
    pub picture: Option<String>,
    /// The last message in one line, or words in its place.
    pub preview: String,
    /// The last message is one's own and came so far.
    pub mark: Option<MarkShown>,
    /// The last message is one's own and could not leave.
    pub failed: bool,
    /// When something last happened.
    pub time: Moment,
    /// Messages not seen yet.
    pub unread: u32,
    /// Those of them that mention oneself.
    pub mentions: u32,
    /// To be looked at again, although it was read.
    pub marked_unread: bool,
    /// Out of the way.
    pub archived: bool,
    /// `Muted until 18:00`, while it is.
    pub muted: Option<String>,
    /// The mute holds for what mentions oneself, too.
    pub muted_mentions: bool,
    /// Texts said there bring previews of their links, where the device that sends them can make them.
    pub previews: bool,
    /// The folders it is in.
    pub folders: Vec<FolderId>,
    /// The whole row in one sentence for a screen reader.
    pub spoken: String,
}

/// One chat open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// What stands above.
    pub head: ChatHead,
    /// The messages, oldest first.
    pub bubbles: Listing<Bubble>,
    /// What is on its way out and no message yet: it stands behind the newest.
    pub outgoing: Vec<OutgoingShown>,
    /// There are earlier ones: ask with this as `before`.
    pub earlier: Option<u64>,
    /// A lasting condition of this chat.
    pub banner: Option<Banner>,
    /// Where one writes.
    pub composer: Composer,
}

/// The head of an open chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatHead {
    /// Which.
    pub id: ChatId,
    /// The other person; a group in a person's place, with its name.
    pub person: Person,
    /// It is a group: [`crate::Ask::Group`] shows its page.
    pub group: bool,
    /// Its picture, see [`crate::Ask::Picture`].
    pub picture: Option<String>,
    /// The second line: the handle, or how things stand.
    pub line: String,
    /// `Messages disappear 1 day after reading`, when they do.
    pub timer: Option<String>,
    /// `Boris is typing…`, while somebody does. [`crate::Notice::Typing`] says how it goes on.
    pub typing: Option<String>,
    /// `Last seen 14:35`, where both share it.
    pub seen: Option<String>,
    /// Pinned messages, the newest first.
    pub pinned: Vec<Quote>,
    /// `1 message waits for its time`, when any does: [`crate::Ask::Scheduled`] lists them.
    pub scheduled: Option<String>,
}

/// Where one writes, or why one cannot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Composer {
    /// Open.
    Open {
        /// Words in the empty field: `Message`.
        placeholder: String,
        /// A text that was begun, here or on another device.
        draft: String,
        /// Longest text, bytes of UTF-8.
        bytes_max: u32,
        /// What is shown when it is longer.
        too_long: String,
    },
    /// Closed, with the words shown in its place.
    Stopped(EmptyPlace),
}
