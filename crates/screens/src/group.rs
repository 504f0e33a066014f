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
}
