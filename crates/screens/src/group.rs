//! Groups: their page, and what can be done to them.

use serde::{Deserialize, Serialize};

use crate::{ChatId, Person};

/// A group's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupPage {
    /// Which.
    pub id: ChatId,
    /// Its name.
    pub name: String,
    /// Its picture, see [`crate::Ask::Picture`].
    pub picture: Option<String>,
    /// What it is about; may be empty.
    pub description: String,
    /// The second line: how many are in it, and how one stands in it.
    pub line: String,
    /// One's own role.
    pub role: Role,
    /// One is in it.
    pub inside: bool,
    /// What one may do.
    pub may: GroupMay,
    /// Who may do what, each with its sentence.
    pub rules: Vec<GroupRule>,
    /// Everybody: owner, admins, members, each by name.
    pub members: Vec<MemberRow>,
    /// Links that lead into it.
    pub links: Vec<LinkRow>,
    /// Who asks to come in; empty for whoever may not add.
    pub knocks: Vec<KnockRow>,
    /// What newcomers are given of what was said before.
    pub history: GroupHistory,
}

/// A link into a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRow {
    /// Names it.
    pub id: String,
    /// The link itself, for whoever made it.
    pub link: Option<String>,
    /// Somebody has to say yes.
    pub approval: bool,
    /// Who made it, and what it does.
    pub line: String,
    /// One may close it.
    pub closable: bool,
}

/// Somebody who asks to come into a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnockRow {
    /// Who: `Someone new`, unless one knows them.
    pub person: Person,
    /// The second line: that they have a link, and the beginning of their id.
    pub line: String,
}

/// What newcomers are given of what was said before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupHistory {
    /// `none`, days as `7d`, or `all`: as [`GroupEdit::History`] takes it.
    pub days: String,
    /// In words.
    pub sentence: String,
    /// What can be chosen, each with its words; `days` is among them.
    pub choices: Vec<(String, String)>,
}

/// A picture, to be drawn as it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Names it: the same picture has the same id everywhere.
    pub id: String,
    /// `image/jpeg`, `image/png` or `image/webp`.
    pub media_type: String,
    /// The bytes, in base64.
    pub base64: String,
}

/// Without the bytes.
impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}, {})", self.id, self.media_type)
    }
}

/// A group that one asks to come into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinRow {
    /// Which.
    pub id: ChatId,
    /// Its name, as the link says it.
    pub name: String,
    /// How it stands.
    pub state: JoinState,
    /// The same in words, and what now.
    pub sentence: String,
}

/// How asking to come into a group stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinState {
    /// No answer yet.
    Waiting,
    /// Somebody said no.
    TurnedDown,
    /// The link is closed.
    LinkClosed,
    /// There is no room.
    GroupFull,
    /// Nobody answers for those the link leads to.
    Unreachable,
    /// Nobody answered in time.
    Expired,
}

/// What one may do in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupMay {
    /// Write.
    pub write: bool,
    /// Add people.
    pub add: bool,
    /// Change name and description.
    pub edit: bool,
    /// Change who may do what.
    pub permit: bool,
    /// Make links that lead in; without asking only who may add as well.
    pub link: bool,
    /// Leave; an owner hands over first.
    pub leave: bool,
}

/// Something that a group allows to all or to its admins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRule {
    /// What.
    pub what: Permission,
    /// Admins only.
    pub admins_only: bool,
    /// In words: `Only admins write`.
    pub sentence: String,
}

/// What a group can allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Write messages.
    Send,
    /// Change name and description.
    Edit,
    /// Add people.
    Add,
    /// Make links that lead into the group.
    Link,
}

/// Somebody in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRow {
    /// Who.
    pub person: Person,
    /// Oneself.
    pub you: bool,
    /// What they are.
    pub role: Role,
    /// The second line: the role, or that they leave.
    pub line: String,
    /// One may take them out.
    pub removable: bool,
    /// Roles that one may give them.
    pub roles: Vec<Role>,
}

/// What somebody is in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Anybody in it.
    Member,
    /// Adds and removes people.
    Admin,
    /// Names admins; the one and only.
    Owner,
}

/// A change to a group. `who` is what a person would type, see [`crate::Action`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupEdit {
    /// Adds contacts.
    Add {
        /// Whom.
        who: Vec<String>,
    },
    /// Takes somebody out.
    Remove {
        /// Whom.
        who: String,
    },
    /// Another name.
    Name {
        /// The name.
        name: String,
    },
    /// Another description.
    Description {
        /// May be empty.
        text: String,
    },
    /// Another role.
    Role {
        /// Whose.
        who: String,
        /// Which.
        role: Role,
    },
    /// Lets all do something, or admins only.
    Permit {
        /// What.
        what: Permission,
        /// Admins only.
        admins_only: bool,
    },
    /// Closes a link.
    CloseLink {
        /// Its id, or the first 6 characters and more.
        link: String,
    },
    /// Another picture.
    Picture {
        /// JPEG, PNG or WebP of at most 32 KiB, in base64; nothing to take it away.
        base64: Option<String>,
    },
    /// Gives newcomers other messages.
    History {
        /// As typed: `none`, `7d`, `all`.
        days: String,
    },
    /// Lets somebody who knocked in, or turns them down.
    Answer {
        /// Whom: id, or its first 6 characters and more.
        who: String,
        /// They come in.
        accept: bool,
    },
}
