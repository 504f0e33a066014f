//! `valise send --attach`, `valise save`, `valise storage`

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use host_native::{Core, Heard, Notices};
use screens::{
    Action, Answer, Ask, AttachmentAct, AttachmentId, AttachmentShown, Bubble, FileChoice, FileSource,
    MediaKind, MessageId, Notice, Outcome, OutgoingId, Quality, Transfer,
};
use tokio::time::{Instant, timeout_at};

use super::send;
use crate::args::{Attach, MediaWord, QualityWord, Send, Storage};
use crate::end::{Stop, answered, done};
use crate::object::Object;
use crate::say::{self, Say};

/// Sends files, shows how far they are, and waits as for a text once they are a message.
pub async fn send(core: &Core, say: Say, command: Send) -> Result<(), Stop> {
    let Send { to, text, attach, wait, timeout, .. } = command;
    let Attach { attach, caption, quality, as_file, voice } = attach;
    let text = match (text, caption) {
        (Some(text), None) | (None, Some(text)) => send::text_of(text).await?,
        (None, None) => String::new(),
        (Some(_), Some(_)) => {
            return Err(Stop::usage("Give the words once: after the name, or with --caption."));
        }
    };
    let files = attach.iter().map(|path| choice(path, quality, as_file, voice)).collect::<Result<_, _>>()?;
    let mut notices = core.notices();
    let sent = core.act(Action::SendFiles { to, reply_to: None, text, files }).await;
    let Outcome::Sending { chat, id } = done(sent)? else { return Err(Stop::unexpected()) };
    say.object(&Object::Sending { chat: &chat, id: &id })?;
    let until = Instant::now() + timeout.map_or(FILES_WAIT, Duration::from_secs);
    let mut bar = Bar::new(say);
    let message = left(core, &mut notices, &mut bar, &chat.0, &id, until).await?;
    bar.end();
    send::follow(core, say, &mut notices, &chat, &message, wait, until).await
}

fn choice(path: &Path, quality: QualityWord, as_file: bool, voice: bool) -> Result<FileChoice, Stop> {
    // The process that has the account open may stand in another folder.
    let path =
        std::path::absolute(path).map_err(|error| Stop::usage(format!("{}: {error}", path.display())))?;
    let path = path.into_os_string().into_string().map_err(|path| {
        Stop::usage(format!(
            "The name of {} is no text. Give the file another name.",
            Path::new(&path).display()
        ))
    })?;
    let quality = match quality {
        QualityWord::DataSaver => Quality::DataSaver,
        QualityWord::Standard => Quality::Standard,
        QualityWord::Original => Quality::Original,
    };
    Ok(FileChoice { source: FileSource::Path(path), quality, as_file, voice })
}

/// The message that the files became.
async fn left(
    core: &Core,
    notices: &mut Notices,
    bar: &mut Bar,
    chat: &str,
    id: &OutgoingId,
    until: Instant,
) -> Result<MessageId, Stop> {
    loop {
        match timeout_at(until, notices.next()).await {
            Ok(Some(Heard::Notice(Notice::Outgoing { id: whose, message: Some(message), .. })))
                if whose == *id =>
            {
                return Ok(message);
            }
            Ok(Some(Heard::Notice(Notice::Outgoing { .. } | Notice::Account) | Heard::Missed)) => {
                let Answer::Outgoing(all) =
                    answered(core.ask(Ask::Outgoing { chat: chat.to_owned() }).await)?
                else {
                    return Err(Stop::unexpected());
                };
                match all.iter().find(|it| it.id == *id) {
                    Some(it) if it.failed => return Err(Stop::refused(it.line.clone())),
                    Some(it) => bar.show(&it.line, it.percent)?,
                    // It became a message, or was taken back by another process, while nobody listened.
                    None => {}
                }
            }
            Ok(Some(Heard::Notice(_))) => {}
            Err(_) | Ok(None) => {
                bar.end();
                return Err(Stop::network(
                    "Not all of it is with the server yet. It is kept on this device and goes on by itself at the next \
                     start: valise receive",
                ));
            }
        }
    }
}

/// Loads what a message carries, if it is not here, and writes it into a folder.
pub async fn save(core: &Core, say: Say, message: String, folder: Option<PathBuf>) -> Result<(), Stop> {
    let folder = folder.unwrap_or_else(|| PathBuf::from("."));
    let folder = std::path::absolute(&folder)
        .map_err(|error| Stop::usage(format!("{}: {error}", folder.display())))?;
    let mut notices = core.notices();
    let bubble = named(core, &message).await?;
    if bubble.attachments.is_empty() {
        return Err(Stop::refused("This message carries no file."));
    }
    let mut bar = Bar::new(say);
    for shown in &bubble.attachments {
        let here = load(core, &mut notices, &mut bar, shown).await?;
        bar.end();
        let to = folder.to_string_lossy().into_owned();
        let saved = done(core.act(Action::SaveAttachment { id: here, to }).await)?;
        let Outcome::Saved { path, .. } = saved else { return Err(Stop::unexpected()) };
        say.result(&Object::Saved { path: &path, name: &shown.name, bytes: shown.size }, || path.clone())?;
    }
    Ok(())
}

/// The message that was named: whole, by its id.
async fn named(core: &Core, typed: &str) -> Result<Bubble, Stop> {
    let id = MessageId(typed.trim().to_owned());
    match answered(core.ask(Ask::Message { id }).await)? {
        Answer::Message(bubble) => Ok(*bubble),
        _ => Err(Stop::unexpected()),
    }
}

async fn load(
    core: &Core,
    notices: &mut Notices,
    bar: &mut Bar,
    shown: &AttachmentShown,
) -> Result<AttachmentId, Stop> {
    let id = shown.id.clone();
    if !shown.acts.contains(&AttachmentAct::Save) {
        done(core.act(Action::FetchAttachment { id: id.clone(), on: true }).await)?;
    }
    let mut told = Instant::now() + SILENCE_WAIT;
    let mut last = 0;
    loop {
        let Answer::Attachment(now) = answered(core.ask(Ask::Attachment { id: id.clone() }).await)? else {
            return Err(Stop::unexpected());
        };
        match now.state {
            Transfer::Here | Transfer::Leaving | Transfer::LeavingHeld => return Ok(id),
            Transfer::Gone | Transfer::Damaged => return Err(Stop::refused(now.line)),
            _ => bar.show(&now.line, now.percent)?,
        }
        if now.percent != last {
            (last, told) = (now.percent, Instant::now() + SILENCE_WAIT);
        }
        loop {
            match timeout_at(told, notices.next()).await {
                Ok(Some(Heard::Missed | Heard::Notice(Notice::Attachment { .. } | Notice::Account))) => break,
                Ok(Some(Heard::Notice(_))) => {}
                Err(_) | Ok(None) => {
                    bar.end();
                    return Err(Stop::network(
                        "The server was not reached. What came is kept, and loading goes on when it is.",
                    ));
                }
            }
        }
    }
}

/// What media take, and making room.
pub async fn storage(core: &Core, say: Say, what: Option<Storage>) -> Result<(), Stop> {
    match what {
        None => {}
        Some(Storage::Free { chat, older, larger }) => {
            let action = Action::FreeStorage { chat, older_days: older, larger_than: larger.unwrap_or(0) };
            done(core.act(action).await)?;
        }
        Some(Storage::Rule { kind, bytes, metered }) => {
            let kind = match kind {
                MediaWord::Files => MediaKind::File,
                MediaWord::Photos => MediaKind::Picture,
                MediaWord::Videos => MediaKind::Video,
                MediaWord::Voice => MediaKind::Voice,
                MediaWord::Audio => MediaKind::Audio,
                MediaWord::Stickers => MediaKind::Sticker,
                MediaWord::Gifs => MediaKind::Animation,
            };
            done(core.act(Action::SetMediaRule { kind, metered, bytes }).await)?;
        }
    }
    let Answer::Storage(page) = answered(core.ask(Ask::Storage).await)? else {
        return Err(Stop::unexpected());
    };
    say.result(&Object::Storage(&page), || {
        let mut lines = vec![page.line.clone()];
        lines.extend(page.rows.iter().map(|row| format!("  {}: {}", say::one_line(&row.name), row.line)));
        lines.push("Loaded by itself:".to_owned());
        lines.extend(page.rules.iter().map(|rule| format!("  {}: {}", rule.name, rule.line)));
        lines.join("\n")
    })
}

/// What a message carries, in front of its words.
pub fn carried(bubble: &Bubble) -> String {
    let each = |it: &AttachmentShown| {
        let about = [it.duration.as_deref(), it.pages.as_deref(), Some(it.line.as_str())];
        let about = about.into_iter().flatten().collect::<Vec<_>>().join(", ");
        format!("[{}: {about}] ", say::one_line(&it.name))
    };
    bubble.attachments.iter().map(each).collect()
}

/// How far something is: one line that is written over on a terminal, a line of JSON each time otherwise.
struct Bar {
    say: Say,
    drawn: bool,
    last: Option<u8>,
}

impl Bar {
    fn new(say: Say) -> Self {
        Self { say, drawn: false, last: None }
    }

    fn show(&mut self, line: &str, percent: u8) -> Result<(), Stop> {
        if self.last.replace(percent) == Some(percent) {
            return Ok(());
        }
        if self.say.json {
            return self.say.object(&Object::Progress { percent, line });
        }
        if self.say.terminal && io::stderr().is_terminal() {
            let full = usize::from(percent) * BAR_CELLS / 100;
            let bar: String = (0..BAR_CELLS).map(|cell| if cell < full { '█' } else { '░' }).collect();
            // Not worth an end.
            let _ = write!(io::stderr(), "\r{bar} {percent:>3} %  {line}\u{1b}[K");
            self.drawn = true;
        }
        Ok(())
    }

    fn end(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _ = writeln!(io::stderr());
        }
        self.last = None;
    }
}

/// Cells of a bar.
const BAR_CELLS: usize = 24;
/// Files that are sent may take so long; a day, so that only whoever says otherwise gives up.
const FILES_WAIT: Duration = Duration::from_secs(24 * 60 * 60);
/// Nothing came for so long: the server is not there.
const SILENCE_WAIT: Duration = Duration::from_secs(60);
