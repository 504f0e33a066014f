//! What travels between a front end and the core, whatever lies in between.

use serde::{Deserialize, Serialize};

use crate::{Action, Answer, Ask, Notice, Outcome};

/// From a front end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToCore {
    /// Chosen by the front end, so that the reply can be told from others.
    pub id: u64,
    /// What it wants.
    pub what: What,
}

/// What a front end wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Something is to be done.
    Action(Action),
    /// Something is to be known.
    Ask(Ask),
}

/// To a front end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromCore {
    /// Exactly one for each [`ToCore`].
    Reply {
        /// The front end's number.
        id: u64,
        /// What came of it.
        reply: Reply,
    },
    /// Something changed.
    Notice(Notice),
}

/// What came of what a front end wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Of an action.
    Outcome(Outcome),
    /// To a question; boxed because it is much larger than the rest.
    Answer(Box<Answer>),
}
