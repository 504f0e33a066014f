//! How the line is: always in the list's foot, always in words.

use serde::{Deserialize, Serialize};

/// The state of the line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionLine {
    /// For the sign and its colour.
    pub state: LineState,
    /// A few words for the list's foot: `Up to date`.
    pub label: String,
    /// The whole sentence, for a banner, a tooltip, a terminal.
    pub sentence: String,
}

/// The state of the line, for a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    /// No account yet, nothing to connect.
    Idle,
    /// Connecting.
    Connecting,
    /// The server does not answer; tried again by itself.
    Waiting,
    /// Messages are coming in.
    CatchingUp {
        /// So many are here.
        done: u32,
        /// Of so many.
        of: u32,
    },
    /// Everything is here.
    UpToDate,
}
