//! What others are told of oneself.

use serde::{Deserialize, Serialize};

/// Each part can be switched; it follows on all one's devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivacyPage {
    /// The parts, in the order they are shown.
    pub rows: Vec<PrivacyRow>,
}

/// A part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivacyRow {
    /// Which.
    pub what: PrivacyPart,
    /// Others are told.
    pub on: bool,
    /// What it is about: `That you are typing`.
    pub title: String,
    /// What follows from it.
    pub sentence: String,
}

/// What others are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrivacyPart {
    /// That one writes just now.
    Typing,
    /// That their messages arrived.
    Delivered,
    /// That one read them.
    Read,
    /// When one was last there.
    Presence,
}
