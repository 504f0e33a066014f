//! `valise chats`, `history`, `contacts`, `status`

use host_native::Core;
use screens::{Answer, Ask, Bubble, ChatList, FolderId, Listing, MessageId, TIMELINE_MESSAGES_MAX};
use vocab::Position;

use crate::end::{Stop, answered};
use crate::object::Object;
use crate::say::{self, Say};
use crate::{set, settle};

/// Lists the chats, of one folder or all.
pub async fn chats(core: &Core, say: Say, folder: Option<String>) -> Result<(), Stop> {
    settle::fresh(core).await?;
    let Answer::Chats(mut list) = answered(core.ask(Ask::Chats).await)? else {
        return Err(Stop::unexpected());
    };
    if let Some(typed) = folder {
        let id = folder_named(&list, &typed)?;
        if let Listing::Rows(rows) = &mut list.chats {
            rows.retain(|row| row.folders.contains(&id));
        }
    } else if let Some(requests) = &list.requests {
        say.advice(&format!("{requests}: valise requests"))?;
    }
    let folders = std::mem::take(&mut list.folders);
    rows(say, list.chats, |say, row| {
        let inside = folders.iter().filter(|folder| row.folders.contains(&folder.id)).collect();
        say.result(&Object::chat(row, inside), || {
            let mentions = match row.mentions {
                0 => String::new(),
                count => format!(" (@{count})"),
            };
            let unread = match row.unread {
                0 if row.marked_unread => " (unread)".to_owned(),
                0 => String::new(),
                count => format!(" ({count})"),
            };
            let muted = row.muted.as_ref().map_or_else(String::new, |words| format!(" [{words}]"));
            let archived = if row.archived { " [Archived]" } else { "" };
            let previews = if row.previews { " [Link previews]" } else { "" };
            let name = say::one_line(&row.person.name);
            format!(
                "{:>8}  {name}{unread}{mentions}{muted}{archived}{previews}: {}",
                row.time.text,
                say::one_line(&row.preview)
            )
        })
    })
}

/// The folder that `typed` names: by name, id, or the first characters of one.
fn folder_named(list: &ChatList, typed: &str) -> Result<FolderId, Stop> {
    let wanted = typed.trim().to_lowercase();
    let begins = wanted.len() >= FOLDER_ID_CHARS_MIN;
    let mut found = list.folders.iter().filter(|folder| {
        folder.name.to_lowercase() == wanted || (begins && folder.id.0.starts_with(&wanted))
    });
    match (found.next(), found.next()) {
        (Some(folder), None) => Ok(folder.id.clone()),
        (None, _) => Err(Stop::refused(format!("There is no folder “{}”: valise folder list", typed.trim()))),
        (Some(_), Some(_)) => {
            Err(Stop::refused(format!("Several folders fit “{}”. Say which by its id.", typed.trim())))
        }
    }
}

/// Shows a chat.
pub async fn history(
    core: &Core,
    say: Say,
    (chat, limit): (String, u32),
    ids: bool,
    from: Option<Position>,
) -> Result<(), Stop> {
    settle::fresh(core).await?;
    let mut pages: Vec<Vec<Bubble>> = Vec::new();
    let (mut before, mut left) = (None, limit);
    let mut empty = None;
    while left > 0 {
        let ask = Ask::Timeline { chat: chat.clone(), before, limit: left.min(TIMELINE_MESSAGES_MAX) };
        let Answer::Timeline(timeline) = answered(core.ask(ask).await)? else {
            return Err(Stop::unexpected());
        };
        match timeline.bubbles {
            Listing::Rows(page) => {
                left = left.saturating_sub(u32::try_from(page.len()).unwrap_or(u32::MAX));
                pages.push(page);
            }
            other => empty = Some(other),
        }
        before = timeline.earlier;
        if before.is_none() || empty.is_some() {
            break;
        }
    }
    if pages.is_empty() {
        return empty.map_or(Ok(()), |empty| rows(say, empty, |_, _| Ok(())));
    }
    // More than asked for comes when messages that wait in the outbox have to be shown in one piece.
    let shown = pages.iter().map(Vec::len).sum::<usize>();
    let skipped = shown.saturating_sub(limit as usize);
    for bubble in pages.into_iter().rev().flatten().skip(skipped) {
        say.result(&Object::message(&bubble), || {
            if let Some(notice) = &bubble.notice {
                return format!("{}  * {}", bubble.sent.full, say::one_line(notice));
            }
            let who = if bubble.own { "You".to_owned() } else { say::one_line(&bubble.from.name) };
            let state = match (&bubble.failed, &bubble.mark) {
                (Some(failed), _) => format!("  ({failed})"),
                (None, Some(mark)) => format!("  ({})", mark.word),
                (None, None) => String::new(),
            };
            let id = if ids { format!("{}  ", short(&bubble.id)) } else { String::new() };
            let said = words(&bubble) + &way(&bubble, from);
            format!("{id}{}  {who}: {said}{}{state}", bubble.sent.full, around(&bubble)) + &options(&bubble)
        })?;
    }
    Ok(())
}

/// Lists the contacts.
pub async fn contacts(core: &Core, say: Say) -> Result<(), Stop> {
    settle::fresh(core).await?;
    let Answer::Contacts(contacts) = answered(core.ask(Ask::Contacts).await)? else {
        return Err(Stop::unexpected());
    };
    rows(say, contacts, |say, row| {
        let person = &row.person;
        say.result(&Object::contact(row), || {
            let seen = row.seen.as_ref().map_or(String::new(), |seen| format!(". {}", seen.text));
            let short: String = person.id.0.chars().take(SHORT_ID_CHARS).collect();
            format!("{short}  {}  {}{seen}", say::one_line(&person.name), say::one_line(&row.line))
        })
    })
}

/// Shows how this device stands. A program that has just begun is given a moment to connect.
pub async fn status(core: &Core, say: Say) -> Result<(), Stop> {
    let status = settle::fresh(core).await?;
    let me = status.me.as_ref();
    say.result(&Object::status(&status), || {
        let who = match (me, &status.code_sent_to) {
            (Some(me), _) => {
                let handle = me.handle.as_ref().map_or_else(String::new, |handle| format!(", {handle}"));
                format!("{}{handle}, at {}", say::one_line(&me.name), status.server)
            }
            (None, Some(handle)) => format!("A code for {handle} is awaited, at {}", status.server),
            (None, None) => format!("No account yet, at {}", status.server),
        };
        format!(
            "{who}\n{}\nUnread: {}. Requests: {}. Waiting to leave: {}. Devices: {}.",
            status.line.sentence, status.unread, status.requests, status.waiting, status.devices
        )
    })
}

/// One row after the other, or the words of an empty place.
pub fn rows<Row>(
    say: Say,
    listing: Listing<Row>,
    print: impl Fn(Say, &Row) -> Result<(), Stop>,
) -> Result<(), Stop> {
    match listing {
        Listing::Rows(rows) => rows.iter().try_for_each(|row| print(say, row)),
        Listing::Empty(place) => say.advice(&format!("{}. {}", place.title, place.sentence)),
        Listing::Failing(trouble) => Err(Stop::refused(trouble.sentence)),
        Listing::Loading => Err(Stop::unexpected()),
    }
}

/// A message's text for a terminal.
pub fn words(bubble: &Bubble) -> String {
    let text = bubble.note.clone().unwrap_or_else(|| set::text(bubble).replace('\n', "\n    "));
    super::files::carried(bubble) + &text
}

/// How far a place is from there, and in which direction.
pub fn way(bubble: &Bubble, from: Option<Position>) -> String {
    let spot = bubble.place.as_ref().and_then(|place| place.spot.as_ref());
    let way = spot.zip(from).map(|(spot, from)| spot.way_from(from));
    way.map_or_else(String::new, |way| format!("\n    {way}"))
}

/// The beginning of a message's id.
pub fn short(id: &MessageId) -> String {
    id.0.chars().take(SHORT_ID_CHARS).collect()
}

/// What a message answers, that it was edited, and reactions to it.
pub fn around(bubble: &Bubble) -> String {
    let quote = bubble.reply_to.as_ref().map_or_else(String::new, |quote| {
        let text: String = quote.text.chars().take(QUOTE_CHARS).collect();
        format!("  (to {}: {})", say::one_line(&quote.from), say::one_line(&text))
    });
    let edited = bubble.edited.as_ref().map_or_else(String::new, |word| format!("  ({word})"));
    let reactions = bubble.reactions.iter().map(|it| format!("  [{}]", say::one_line(&it.spoken)));
    let words = [&bubble.told, &bubble.forwarded, &bubble.expires].into_iter().flatten();
    let words: String = words.map(|word| format!("  ({word})")).collect();
    let signs = [(bubble.pinned, "  (pinned)"), (bubble.starred, "  (starred)")];
    let signs: String = signs.into_iter().filter_map(|(is, word)| is.then_some(word)).collect();
    reactions.fold(quote + &edited + &words + &signs, |line, reaction| line + &reaction)
}

/// The options of a poll, a line each.
pub fn options(bubble: &Bubble) -> String {
    let Some(poll) = &bubble.poll else { return String::new() };
    let lines = poll
        .options
        .iter()
        .enumerate()
        .map(|(index, option)| format!("\n    {}  {}", index + 1, say::one_line(&option.spoken)));
    lines.collect::<String>() + "\n    " + &poll.line
}

/// Characters of a message that is answered.
const QUOTE_CHARS: usize = 60;
/// Shortest beginning of a folder's id that is taken for one.
const FOLDER_ID_CHARS_MIN: usize = 6;
/// Characters of an id in a list: enough to name one person, and to type.
const SHORT_ID_CHARS: usize = 12;
