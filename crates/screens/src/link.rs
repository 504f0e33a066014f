//! The devices of one's own account, and linking one more.

use serde::{Deserialize, Serialize};

/// The devices of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceList {
    /// `Your devices`
    pub title: String,
    /// What they are to each other.
    pub sentence: String,
    /// This one first.
    pub devices: Vec<DeviceRow>,
    /// `Link a device`; nothing when there are as many as can be.
    pub link: Option<String>,
    /// A new device is given the earlier messages by this one, while it is.
    pub gives: Option<String>,
    /// How the history from another device stands, while it comes and when it does not.
    pub history: Option<String>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRow {
    /// In an action: whole, or its first 6 characters and more.
    pub id: String,
    /// What the person calls it, or words in its place.
    pub name: String,
    /// `This device`, or since when it is there.
    pub line: String,
    /// It is this one.
    pub this: bool,
    /// It is being removed.
    pub leaving: bool,
}

/// How linking stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkScreen {
    /// How far it is.
    pub step: LinkStep,
    /// What is, and what now.
    pub sentence: String,
    /// On the new device: to be read by one of the account.
    pub link: Option<String>,
    /// On the new device: to be typed on the other, in groups of three.
    pub number: Option<String>,
}

/// How far linking is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkStep {
    /// Nothing was begun.
    Nothing,
    /// New device: the link is shown.
    Shown,
    /// New device: the number is shown.
    Number,
    /// Old device: it looks for the new one.
    Meeting,
    /// Old device: [`crate::Action::LinkNumber`] goes on.
    NumberNeeded,
    /// Old device: the number was right; it can still be stopped for a moment.
    Confirmed,
    /// The new device belongs to the account.
    Linked,
    /// It came to nothing.
    Failed,
}
