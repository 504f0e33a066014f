//! Messages that were said: found by author and time as bots name them; reacted to, taken back.

use screens::{Action, Answer, Ask, Bubble, Listing, TIMELINE_MESSAGES_MAX};
use serde_json::{Value, json};

use super::bot::{Bot, unexpected};
use super::params::Params;
use super::rpc::Fault;
use super::{envelope, groups};

/// Reacts to a message, or takes the reaction back.
pub async fn react(bot: &Bot, mut params: Params) -> Result<Value, Fault> {
    let chat = chat(bot, &mut params).await?;
    let emoji = params.needed("emoji")?;
    let author = params.needed("targetAuthor")?;
    let timestamp = time(&mut params, "targetTimestamp")?;
    let take_back = params.switch("remove")?.unwrap_or(false);
    params.end()?;
    let message = said(bot, &chat, &author, timestamp).await?.id.0;
    bot.act(Action::React { message, emoji, take_back }).await?;
    Ok(json!({ "timestamp": timestamp }))
}

/// Takes a message of one's own back from everybody.
pub async fn delete(bot: &Bot, mut params: Params) -> Result<Value, Fault> {
    let chat = chat(bot, &mut params).await?;
    let timestamp = time(&mut params, "targetTimestamp")?;
    params.end()?;
    let me = bot.me();
    let message = said(bot, &chat, &me.id.0, timestamp).await?.id.0;
    bot.act(Action::Delete { message, everyone: true }).await?;
    Ok(json!({ "timestamp": timestamp }))
}

/// The one chat that a call is about.
pub async fn chat(bot: &Bot, params: &mut Params) -> Result<String, Fault> {
    let (people, groups) = (params.texts("recipient")?, params.texts("groupId")?);
    match (people.as_slice(), groups.as_slice()) {
        ([who], []) => Ok(bot.person(who).await?.chat.0),
        ([], [_]) => groups::chats(bot, groups).await?.pop().ok_or_else(unexpected),
        _ => Err(Fault::params("one recipient or one groupId must be given")),
    }
}

pub fn time(params: &mut Params, name: &str) -> Result<u64, Fault> {
    params.number(name)?.ok_or_else(|| Fault::params(format!("{name} must be given")))
}

/// The message of somebody, or of oneself, with this time, among the newest of the chat.
pub async fn said(bot: &Bot, chat: &str, author: &str, timestamp: u64) -> Result<Bubble, Fault> {
    let own = envelope::is_account(&bot.me(), author);
    let author = if own { None } else { Some(bot.person(author).await?.id) };
    let mut before = None;
    for _ in 0..PAGES_MAX {
        let ask = Ask::Timeline { chat: chat.to_owned(), before, limit: TIMELINE_MESSAGES_MAX };
        let Answer::Timeline(timeline) = bot.ask(ask).await? else { return Err(unexpected()) };
        if let Listing::Rows(rows) = timeline.bubbles {
            let meant = |row: &Bubble| {
                let theirs = author.as_ref().is_none_or(|author| row.from.id == *author);
                row.own == own && theirs && row.sent.ms == timestamp && row.notice.is_none()
            };
            if let Some(found) = rows.into_iter().rev().find(meant) {
                return Ok(found);
            }
        }
        before = timeline.earlier;
        if before.is_none() {
            break;
        }
    }
    Err(Fault::params(format!("Nothing of theirs was sent at {timestamp}")))
}

/// Pages of a chat that are looked through for a time: five thousand messages.
const PAGES_MAX: usize = 10;
