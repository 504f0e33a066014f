//! Texts that wait for their time, on the device that was told to send them.

use serde::{Deserialize, Serialize};

use crate::{ChatId, Moment};

/// Names a text that waits for its time. Opaque to a front end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScheduledId(pub String);

impl std::fmt::Display for ScheduledId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that waits for its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledRow {
    /// Which.
    pub id: ScheduledId,
    /// Where it goes.
    pub chat: ChatId,
    /// The name of that chat.
    pub chat_name: String,
    /// What it says, as one would type it.
    pub text: String,
    /// When it leaves.
    pub at: Moment,
    /// The same as one would type it: `2029-05-12 18:30`.
    pub at_typed: String,
    /// Why it did not leave, and what now.
    pub held: Option<String>,
}
