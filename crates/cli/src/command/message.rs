//! `valise reply`, `react`, `edit`, `delete`, `editions`

use host_native::Core;
use screens::{Action, Answer, Ask, MessageId};

use super::send::{self, STORED_WAIT};
use crate::args::Wait;
use crate::end::{Stop, answered};
use crate::object::Object;
use crate::say::{self, Say};
use crate::settle;

/// Answers a message.
pub async fn reply(core: &Core, say: Say, to: String, text: String) -> Result<(), Stop> {
    let text = send::text_of(text).await?;
    stored(core, say, Action::Reply { to, text }).await
}

/// Reacts to a message, or takes the reaction back.
pub async fn react(
    core: &Core,
    say: Say,
    message: String,
    emoji: String,
    take_back: bool,
) -> Result<(), Stop> {
    stored(core, say, Action::React { message, emoji, take_back }).await
}

/// Puts another text in the place of one's own.
pub async fn edit(core: &Core, say: Say, message: String, text: String) -> Result<(), Stop> {
    let text = send::text_of(text).await?;
    stored(core, say, Action::Edit { message, text }).await
}

/// Deletes a message.
pub async fn delete(core: &Core, say: Say, message: String, everyone: bool) -> Result<(), Stop> {
    stored(core, say, Action::Delete { message, everyone }).await
}

/// Shows every version of a message.
pub async fn editions(core: &Core, say: Say, message: String) -> Result<(), Stop> {
    settle::fresh(core).await?;
    let Answer::Editions(editions) = answered(core.ask(Ask::Editions { id: MessageId(message) }).await)?
    else {
        return Err(Stop::unexpected());
    };
    editions.iter().try_for_each(|edition| {
        say.result(&Object::edition(edition), || {
            format!("{}  {}", edition.sent.full, say::set_in(&edition.text))
        })
    })
}

async fn stored(core: &Core, say: Say, action: Action) -> Result<(), Stop> {
    send::act(core, say, action, Wait::Stored, STORED_WAIT).await
}
