//! `valise reply`, `react`, `edit`, `delete`, `editions`, `forward`, `pin`, `star`, `starred`, `search`, `timer`

use host_native::Core;
use screens::{Action, Answer, Ask, MessageId};

use super::send::{self, STORED_WAIT};
use super::show::{rows, short};
use crate::args::{Poll, Preview, Wait};
use crate::end::{Stop, answered};
use crate::object::Object;
use crate::say::{self, Say};
use crate::settle;

/// Answers a message.
pub async fn reply(core: &Core, say: Say, to: String, text: String, preview: Preview) -> Result<(), Stop> {
    let text = send::text_of(text).await?;
    stored(core, say, preview.of(Action::Reply { to, text })).await
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
pub async fn edit(
    core: &Core,
    say: Say,
    message: String,
    text: String,
    preview: Preview,
) -> Result<(), Stop> {
    let text = send::text_of(text).await?;
    stored(core, say, preview.of(Action::Edit { message, text })).await
}

/// Deletes a message.
pub async fn delete(core: &Core, say: Say, message: String, everyone: bool) -> Result<(), Stop> {
    stored(core, say, Action::Delete { message, everyone }).await
}

/// Says in another chat what a message says.
pub async fn forward(core: &Core, say: Say, message: String, to: String) -> Result<(), Stop> {
    stored(core, say, Action::Forward { message, to }).await
}

/// Asks, votes, ends.
pub async fn poll(core: &Core, say: Say, poll: Poll) -> Result<(), Stop> {
    let action = match poll {
        Poll::Create { chat, question, options, multiple } => {
            Action::CreatePoll { to: chat, question, options, multiple }
        }
        Poll::Vote { message, mut options } => {
            options.sort_unstable();
            options.dedup();
            Action::Vote { message, options: options.into_iter().map(|number| number - 1).collect() }
        }
        Poll::End { message } => Action::EndPoll { message },
    };
    stored(core, say, action).await
}

/// Pins a message, or takes the pin off.
pub async fn pin(core: &Core, say: Say, message: String, on: bool) -> Result<(), Stop> {
    stored(core, say, Action::Pin { message, on }).await
}

/// Puts a star on a message, or takes it off.
pub async fn star(core: &Core, say: Say, message: String, on: bool) -> Result<(), Stop> {
    super::chat::choose(core, say, Action::Star { message, on }).await
}

/// Sets the timer of a chat.
pub async fn timer(core: &Core, say: Say, chat: String, time: String) -> Result<(), Stop> {
    stored(core, say, Action::SetTimer { chat, time }).await
}

/// Shows what was looked for.
pub async fn found(core: &Core, say: Say, ask: Ask) -> Result<(), Stop> {
    settle::fresh(core).await?;
    let Answer::Found(found) = answered(core.ask(ask).await)? else { return Err(Stop::unexpected()) };
    rows(say, found, |say, row| {
        say.result(&Object::found(row), || {
            let bubble = &row.bubble;
            let around = |line: &Option<String>| match line {
                Some(line) => format!("\n    {}", say::one_line(line)),
                None => String::new(),
            };
            let text: String = row.pieces.iter().map(|piece| piece.text.as_str()).collect();
            let who = if bubble.own { "You" } else { &bubble.from.name };
            format!(
                "{}  {}, {}{}\n  > {}: {}{}",
                short(&bubble.id),
                say::one_line(&row.chat_name),
                bubble.sent.full,
                around(&row.before),
                say::one_line(who),
                say::one_line(&text),
                around(&row.after)
            )
        })
    })
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
