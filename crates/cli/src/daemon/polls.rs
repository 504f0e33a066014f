//! Polls and pins, as bots ask for them.

use screens::{Action, Answer, Ask, Outcome};
use serde_json::{Value, json};

use super::amend;
use super::bot::{Bot, unexpected};
use super::params::Params;
use super::rpc::Fault;

/// Pins a message for everybody in its chat, or takes the pin off.
pub async fn pin(bot: &Bot, mut params: Params, on: bool) -> Result<Value, Fault> {
    let chat = amend::chat(bot, &mut params).await?;
    let author = params.needed("targetAuthor")?;
    let timestamp = amend::time(&mut params, "targetTimestamp")?;
    params.end()?;
    let message = amend::said(bot, &chat, &author, timestamp).await?.id.0;
    bot.act(Action::Pin { message, on }).await?;
    Ok(json!({ "timestamp": timestamp }))
}

/// Asks a question with options.
pub async fn create(bot: &Bot, mut params: Params) -> Result<Value, Fault> {
    let to = amend::chat(bot, &mut params).await?;
    let question = params.needed("question")?;
    // The plural is taken too.
    let options = params.texts("option")?;
    let multiple = !params.switch("noMulti")?.unwrap_or(false);
    params.end()?;
    let Outcome::Sent { id, .. } = bot.act(Action::CreatePoll { to, question, options, multiple }).await?
    else {
        return Err(unexpected());
    };
    let Answer::Message(sent) = bot.ask(Ask::Message { id }).await? else { return Err(unexpected()) };
    Ok(json!({ "timestamp": sent.sent.ms, "valise": { "id": sent.id, "chat": sent.chat } }))
}

/// Votes, in the place of an earlier vote: places of options from 0, none to take the vote back.
pub async fn vote(bot: &Bot, mut params: Params) -> Result<Value, Fault> {
    let chat = amend::chat(bot, &mut params).await?;
    let author = params.needed("pollAuthor")?;
    let timestamp = amend::time(&mut params, "pollTimestamp")?;
    let mut options = params.numbers("option")?;
    // Which vote of one's own it is, is counted here.
    params.number("voteCount")?;
    params.end()?;
    options.sort_unstable();
    options.dedup();
    let options = options.into_iter().map(|option| u32::try_from(option).unwrap_or(u32::MAX)).collect();
    let message = amend::said(bot, &chat, &author, timestamp).await?.id.0;
    bot.act(Action::Vote { message, options }).await?;
    Ok(json!({ "timestamp": timestamp }))
}

/// Lets no more votes count, in a poll of one's own.
pub async fn end(bot: &Bot, mut params: Params) -> Result<Value, Fault> {
    let chat = amend::chat(bot, &mut params).await?;
    let timestamp = amend::time(&mut params, "pollTimestamp")?;
    params.end()?;
    let me = bot.me().id.0;
    let message = amend::said(bot, &chat, &me, timestamp).await?.id.0;
    bot.act(Action::EndPoll { message }).await?;
    Ok(json!({ "timestamp": timestamp }))
}
