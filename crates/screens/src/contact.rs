//! People: contacts and requests.

use serde::{Deserialize, Serialize};

use crate::{ChatId, Moment};

/// Names a person. Opaque to a front end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContactId(pub String);

impl std::fmt::Display for ContactId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A person as shown wherever one is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who.
    pub id: ContactId,
    /// Their name, or words in its place while it is unknown. Never empty.
    pub name: String,
    /// One or two letters in place of a picture.
    pub initials: String,
    /// Which of the colours `person-1` to `person-8`.
    pub tint: u8,
    /// Number or address that the directory confirmed, in the form to read.
    pub handle: Option<String>,
    /// Where we stand with them.
    pub state: ContactState,
    /// The chat with them.
    pub chat: ChatId,
    /// What they say about themselves.
    pub about: Option<String>,
    /// Their picture, see [`crate::Ask::Picture`].
    pub picture: Option<String>,
}

/// One's own profile, as those see it whom one has let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfilePage {
    /// The name.
    pub name: String,
    /// What one says about oneself; may be empty.
    pub about: String,
    /// Number or address, if there is one.
    pub handle: Option<String>,
    /// The picture, see [`crate::Ask::Picture`].
    pub picture: Option<String>,
    /// Characters that the text may have.
    pub about_chars_max: u32,
    /// Who sees it.
    pub sentence: String,
}

/// Where we stand with somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactState {
    /// They knock.
    Request,
    /// Accepted by us.
    Accepted,
    /// Blocked by us.
    Blocked,
}

/// A row of the contacts, sorted by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRow {
    /// Who.
    pub person: Person,
    /// The second line: the handle, or how things stand.
    pub line: String,
    /// When they were last there, to five minutes, where both share it: `Last seen 14:35`.
    pub seen: Option<Moment>,
}

/// A request: nothing of theirs is shown before it is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRow {
    /// Who: an id and nothing else.
    pub id: ContactId,
    /// The row's first line: `Someone new`.
    pub name: String,
    /// The row's second line: `Wants to write to you`.
    pub line: String,
    /// The pane's title: `Someone knocks`.
    pub title: String,
    /// What accepting means.
    pub sentence: String,
    /// Label of the button that accepts.
    pub accept: String,
    /// Label of the button that blocks.
    pub block: String,
}
