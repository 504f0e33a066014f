//! What is shown around rows, and in their stead.

use serde::{Deserialize, Serialize};

/// A list in each state it can be in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listing<Row> {
    /// Not answered yet. A front end starts here: skeletons of the size of what comes.
    Loading,
    /// There is nothing, and this is what to do about it.
    Empty(EmptyPlace),
    /// In the order shown.
    Rows(Vec<Row>),
    /// It cannot be shown.
    Failing(Trouble),
}

/// The words of an empty place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmptyPlace {
    /// `No chats yet`
    pub title: String,
    /// What to do.
    pub sentence: String,
}

/// Something that does not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What is, why, what now.
    pub sentence: String,
    /// Trying again can help.
    pub again: bool,
}

/// A lasting condition, said in its pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Banner {
    /// How grave.
    pub kind: BannerKind,
    /// `This device is full`
    pub title: String,
    /// What it means and what to do.
    pub sentence: String,
}

/// How grave a [`Banner`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BannerKind {
    /// Good to know.
    Note,
    /// Something waits.
    Warning,
    /// Something does not work.
    Danger,
}
