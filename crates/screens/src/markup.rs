//! A text as it is set.

use serde::{Deserialize, Serialize};

use crate::ContactId;

/// A part of a text, from its top to its end. Quotes and lists stand in each other a few levels deep at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Lines; line ends are shown.
    Text(Vec<Span>),
    /// A line above others.
    Heading(Vec<Span>),
    /// Lines that are shown exactly as they are.
    Code {
        /// Which language it says it is; empty for none.
        language: String,
        /// The lines.
        text: String,
    },
    /// What somebody else said.
    Quote(Vec<Block>),
    /// Points, one below the other.
    List(Vec<ListItem>),
    /// Rows of cells, the head first.
    Table {
        /// On which side the cells of each column stand.
        columns: Vec<Side>,
        /// Each row has as many cells as there are columns, or fewer.
        rows: Vec<Vec<Vec<Span>>>,
    },
    /// A line across.
    Rule,
}

/// Where the text of a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Where a line begins.
    Start,
    /// In the middle.
    Middle,
    /// Where a line ends.
    End,
}

/// A point of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListItem {
    /// What stands before it: `•`, `3.`
    pub marker: String,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// A run of text that looks alike.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Span {
    /// The text, for a mention with the name that the reader knows.
    pub text: String,
    /// Heavier.
    #[serde(default, skip_serializing_if = "is_not")]
    pub bold: bool,
    /// Slanted.
    #[serde(default, skip_serializing_if = "is_not")]
    pub italic: bool,
    /// Struck through.
    #[serde(default, skip_serializing_if = "is_not")]
    pub strike: bool,
    /// As code.
    #[serde(default, skip_serializing_if = "is_not")]
    pub code: bool,
    /// It leads somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Href>,
    /// It mentions somebody, or everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mention: Option<Mention>,
}

/// Where a run leads: `http`, `https` or `mailto`, in ASCII.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Href {
    /// The whole address.
    pub url: String,
    /// To be shown behind the text, which does not say where it leads: `lindenhof.example`.
    pub beside: Option<String>,
}

/// Somebody who is mentioned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    /// Who; nobody when it is everybody.
    pub id: Option<ContactId>,
    /// As the reader knows them; `all` for everybody.
    pub name: String,
    /// The reader is meant, by name or with all.
    pub you: bool,
}

/// Somebody who can be mentioned in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mentionable {
    /// Their name; `all` for everybody.
    pub name: String,
    /// One or two letters in place of a picture.
    pub initials: String,
    /// Which of the colours `person-1` to `person-8`.
    pub tint: u8,
    /// What is typed to mention them: `@Boris`.
    pub typed: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_not(flag: &bool) -> bool {
    !flag
}
