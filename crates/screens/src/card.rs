//! Contact cards: in messages, and kept.

use serde::{Deserialize, Serialize};

use crate::ChatId;

/// A contact card in a message, or one that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardShown {
    /// Whose it is. Never empty.
    pub name: String,
    /// One or two letters in place of a picture.
    pub initials: String,
    /// Which of the colours `person-1` to `person-8`.
    pub tint: u8,
    /// Numbers and addresses, and whatever else a reader looks for first; a few.
    pub lines: Vec<String>,
    /// The chat with them, where they are among one's contacts.
    pub chat: Option<ChatId>,
    /// What [`crate::Action::Add`] takes, where they are not and can be asked.
    pub add: Option<String>,
    /// How one stands with them: `Among your contacts`.
    pub line: String,
    /// The card in one sentence, for a screen reader.
    pub spoken: String,
}

/// Cards as the text of a file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardFile {
    /// What the file is called.
    pub name: String,
    /// vCard 4.0, one card after the other.
    pub text: String,
    /// So many cards.
    pub count: u32,
    /// There are more: ask again with this.
    pub more: Option<String>,
}

/// Tells nobody's card.
impl std::fmt::Debug for CardFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CardFile({} cards)", self.count)
    }
}

/// A card that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptCardRow {
    /// Names it.
    pub id: String,
    /// The card.
    pub card: CardShown,
}

/// What became of a card that was read from a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardTaken {
    /// Whose it is; empty where that could not be read.
    pub name: String,
    /// What became of it.
    pub fate: CardFate,
    /// The same in words.
    pub sentence: String,
    /// What [`crate::Action::Add`] takes, where they are no contact and can be asked.
    pub add: Option<String>,
}

/// See [`CardTaken`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardFate {
    /// It is kept now.
    Kept,
    /// It takes the place of the one that was kept.
    Changed,
    /// It was kept already, just so.
    Same,
    /// It is of somebody who is among one's contacts.
    Contact,
    /// It is one's own.
    Oneself,
    /// It could not be read.
    NotRead,
}
