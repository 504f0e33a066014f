//! `valise send`

use std::io::{self, IsTerminal, Read};
use std::time::Duration;

use host_native::{Core, Heard, Notices};
use screens::{Action, Answer, Ask, ChatId, Mark, MessageId, Notice, Outcome, PreviewShown, PreviewWish};
use tokio::time::{Instant, timeout_at};
use vocab::limits::TEXT_BYTES_MAX;

use super::scheduled;
use crate::args::{Send, Wait};
use crate::end::{Stop, answered, done};
use crate::object::Object;
use crate::say::Say;

/// Sends a text and waits until it came as far as asked.
pub async fn run(core: &Core, say: Say, send: Send) -> Result<(), Stop> {
    if !send.attach.attach.is_empty() {
        return super::files::send(core, say, send).await;
    }
    if !send.card.is_empty() {
        let (contacts, file) = super::contact::to_send(send.card)?;
        let action = Action::SendCards { to: send.to, contacts, file };
        let usual = if send.wait == Wait::Stored { STORED_WAIT } else { MARK_WAIT };
        return act(core, say, action, send.wait, send.timeout.map_or(usual, Duration::from_secs)).await;
    }
    let Send { to, text, wait, timeout, at, plain, preview, .. } = send;
    let text = text_of(text.unwrap_or_default()).await?;
    if let Some(at) = at {
        return scheduled::schedule(core, say, to, text, plain, at).await;
    }
    let usual = if wait == Wait::Stored { STORED_WAIT } else { MARK_WAIT };
    let action = if plain { Action::SendPlain { to, text } } else { Action::Send { to, text } };
    act(core, say, preview.of(action), wait, timeout.map_or(usual, Duration::from_secs)).await
}

/// The text of an argument; a hyphen stands for standard input.
pub async fn text_of(argument: String) -> Result<String, Stop> {
    if argument == "-" { from_stdin().await } else { Ok(argument) }
}

/// Does something that queues a message, and waits until it came as far as asked.
pub async fn act(core: &Core, say: Say, action: Action, wait: Wait, timeout: Duration) -> Result<(), Stop> {
    let mut notices = core.notices();
    let wanted = matches!(&action, Action::WithPreview { wish: PreviewWish::Make, .. });
    let (chat, id) = match done(core.act(action).await)? {
        Outcome::Sent { chat, id } => (chat, id),
        // Nothing had to be sent.
        Outcome::Done => return say.result(&Object::Done, || "Done.".to_owned()),
        _ => return Err(Stop::unexpected()),
    };
    let until = Instant::now() + timeout;
    if wanted && preview(core, &id).await?.is_none() {
        say.advice(
            "It leaves without a preview: the text has no link, or its page could not be asked in time.",
        )?;
    }
    follow(core, say, &mut notices, &chat, &id, wait, until).await
}

/// The preview that a message of one's own brings.
async fn preview(core: &Core, id: &MessageId) -> Result<Option<PreviewShown>, Stop> {
    match answered(core.ask(Ask::Message { id: id.clone() }).await)? {
        Answer::Message(bubble) => Ok(bubble.preview),
        _ => Err(Stop::unexpected()),
    }
}

/// Says that a message is in the outbox, and waits until it came as far as asked.
pub async fn follow(
    core: &Core,
    say: Say,
    notices: &mut Notices,
    chat: &ChatId,
    id: &MessageId,
    wait: Wait,
    until: Instant,
) -> Result<(), Stop> {
    // Said as soon as it cannot be lost any more; the exit code tells how far it came.
    let shown = preview(core, id).await?;
    say.object(&Object::sent(chat, id, shown.as_ref()))?;
    let wanted = match wait {
        Wait::Stored => Mark::Sent,
        Wait::Delivered => Mark::Delivered,
        Wait::Read => Mark::Read,
    };
    let reached = reach(core, notices, id, wanted, until).await?;
    if reached >= wanted {
        let said = match reached {
            Mark::Pending | Mark::Sent => "Sent: the server has it, and they get it when they are there.",
            Mark::Delivered => "Arrived on a device of theirs.",
            Mark::Read => "They have seen it.",
        };
        return say.advice(said);
    }
    Err(Stop::network(match reached {
        Mark::Pending => {
            "Not sent yet: the server was not reached. It is kept on this device and leaves by itself at the next \
             start: valise receive"
        }
        Mark::Sent => {
            "The server has it, but it has not arrived on a device of theirs yet. It waits there for them."
        }
        Mark::Delivered | Mark::Read => "It has arrived, but they have not seen it yet.",
    }))
}

/// How far the message came, when it came far enough or the time was over.
async fn reach(
    core: &Core,
    notices: &mut Notices,
    id: &MessageId,
    wanted: Mark,
    until: Instant,
) -> Result<Mark, Stop> {
    let mut reached = mark(core, id).await?;
    while reached < wanted {
        match timeout_at(until, notices.next()).await {
            Err(_) | Ok(None) => return mark(core, id).await,
            Ok(Some(Heard::Notice(Notice::Receipt { id: whose, mark, .. }))) if whose == *id => {
                reached = reached.max(mark);
            }
            Ok(Some(Heard::Notice(Notice::Failed { id: whose, sentence, .. }))) if whose == *id => {
                return Err(Stop::refused(sentence));
            }
            // Another process may own the core now: what it said in between was not heard.
            Ok(Some(Heard::Missed | Heard::Notice(Notice::Account))) => reached = mark(core, id).await?,
            Ok(Some(Heard::Notice(_))) => {}
        }
    }
    Ok(reached)
}

async fn mark(core: &Core, id: &MessageId) -> Result<Mark, Stop> {
    match answered(core.ask(Ask::Message { id: id.clone() }).await)? {
        Answer::Message(bubble) => match (bubble.failed, bubble.mark) {
            (Some(sentence), _) => Err(Stop::refused(sentence)),
            (None, shown) => Ok(shown.map_or(Mark::Pending, |shown| shown.mark)),
        },
        _ => Err(Stop::unexpected()),
    }
}

/// Byte for byte; a person who types it ends the last line with a line end that is not meant.
async fn from_stdin() -> Result<String, Stop> {
    let read = tokio::task::spawn_blocking(|| {
        let person = io::stdin().is_terminal();
        let mut bytes = Vec::new();
        // One byte more than fits, so that a longer text is refused as too long and not cut.
        io::stdin().lock().take(TEXT_BYTES_MAX as u64 + 2).read_to_end(&mut bytes)?;
        if person && bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        Ok::<_, io::Error>(bytes)
    });
    let bytes = match read.await {
        Ok(Ok(bytes)) => bytes,
        _ => {
            return Err(Stop::usage(
                "Standard input cannot be read. Give the text as an argument, or another file.",
            ));
        }
    };
    let cut_inside_a_sign = bytes.len() > TEXT_BYTES_MAX;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        // The core says what is wrong with a text of this length.
        Err(error) if cut_inside_a_sign => Ok(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        Err(_) => Err(Stop::usage("Standard input is not text in UTF-8, so it cannot be sent as a message.")),
    }
}

/// Until the server has it.
pub const STORED_WAIT: Duration = Duration::from_secs(30);
/// Until the other person's devices say something.
const MARK_WAIT: Duration = Duration::from_secs(300);
