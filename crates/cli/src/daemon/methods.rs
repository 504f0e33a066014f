//! What bots can ask for: one table. One row adds a method.

use std::pin::Pin;
use std::sync::Arc;

use screens::{
    Action, Answer, Ask, ChatId, ContactState, FileChoice, FileSource, GivenPreview, Listing, MessageId,
    Outcome, Person, PreviewPicture, PreviewWish, Quality,
};
use serde_json::{Value, json};

use super::bot::{Bot, unexpected};
use super::params::Params;
use super::rpc::{Call, Fault, METHOD_NOT_FOUND};
use super::{amend, envelope, groups, polls, rpc};

/// A method.
struct Method {
    name: &'static str,
    run: for<'a> fn(&'a Bot, Params) -> Doing<'a>,
}

type Doing<'a> = Pin<Box<dyn Future<Output = Result<Value, Fault>> + Send + 'a>>;

/// Everything there is, beside what belongs to a connection (`subscribeReceive` and `unsubscribeReceive`) and to all accounts
/// (`listAccounts`).
#[rustfmt::skip]
const METHODS: &[Method] = &[
    Method { name: "version", run: |_, params| Box::pin(version(params)) },
    Method { name: "send", run: |bot, params| Box::pin(send(bot, params)) },
    Method { name: "sendReaction", run: |bot, params| Box::pin(amend::react(bot, params)) },
    Method { name: "sendTyping", run: |bot, params| Box::pin(send_typing(bot, params)) },
    Method { name: "sendPinMessage", run: |bot, params| Box::pin(polls::pin(bot, params, true)) },
    Method { name: "sendUnpinMessage", run: |bot, params| Box::pin(polls::pin(bot, params, false)) },
    Method { name: "sendPollCreate", run: |bot, params| Box::pin(polls::create(bot, params)) },
    Method { name: "sendPollVote", run: |bot, params| Box::pin(polls::vote(bot, params)) },
    Method { name: "sendPollTerminate", run: |bot, params| Box::pin(polls::end(bot, params)) },
    Method { name: "remoteDelete", run: |bot, params| Box::pin(amend::delete(bot, params)) },
    Method { name: "sendReceipt", run: |bot, params| Box::pin(send_receipt(bot, params)) },
    Method { name: "listContacts", run: |bot, params| Box::pin(list_contacts(bot, params)) },
    Method { name: "listGroups", run: |bot, params| Box::pin(groups::list(bot, params)) },
    Method { name: "updateGroup", run: |bot, params| Box::pin(groups::update(bot, params)) },
    Method { name: "joinGroup", run: |bot, params| Box::pin(groups::join(bot, params)) },
    Method { name: "quitGroup", run: |bot, params| Box::pin(groups::quit(bot, params)) },
    Method { name: "getUserStatus", run: |bot, params| Box::pin(user_status(bot, params)) },
    Method { name: "block", run: |bot, params| Box::pin(block(bot, params)) },
    Method { name: "unblock", run: |bot, params| Box::pin(unblock(bot, params)) },
    Method { name: "sendMessageRequestResponse", run: |bot, params| Box::pin(answer_request(bot, params)) },
    // Not of signal-cli: what Valise has and it has not.
    Method { name: "listRequests", run: |bot, params| Box::pin(list_requests(bot, params)) },
    Method { name: "addContact", run: |bot, params| Box::pin(add_contact(bot, params)) },
    Method { name: "createInvitation", run: |bot, params| Box::pin(create_invitation(bot, params)) },
];

/// Does what was asked for.
pub async fn perform(bots: &[Arc<Bot>], call: Call) -> Option<Value> {
    let Call { id, method, params } = call;
    rpc::answer(id, run(bots, &method, params).await)
}

async fn run(
    bots: &[Arc<Bot>],
    method: &str,
    params: serde_json::Map<String, Value>,
) -> Result<Value, Fault> {
    if method == "listAccounts" {
        Params::of(params, |named| of_account(bots, Some(named)).is_ok())?.end()?;
        return Ok(bots.iter().map(|bot| account(bot)).collect());
    }
    let Some(method) = METHODS.iter().find(|known| known.name == method) else {
        return Err(Fault::new(METHOD_NOT_FOUND, "Method not implemented"));
    };
    let named = params.get("account").and_then(Value::as_str);
    let bot = of_account(bots, named.or((method.name == "version").then_some("")))?;
    let me = bot.me();
    let params = Params::of(params, |named| envelope::is_account(&me, named))?;
    (method.run)(bot, params).await
}

async fn version(params: Params) -> Result<Value, Fault> {
    params.end()?;
    Ok(json!({ "version": env!("CARGO_PKG_VERSION") }))
}

/// The account that a call names; where there is only one it need not be named.
fn of_account<'a>(bots: &'a [Arc<Bot>], named: Option<&str>) -> Result<&'a Bot, Fault> {
    let unknown = || Fault::params("Specified account does not exist");
    match (bots, named) {
        ([only], _) | ([only, ..], Some("")) => Ok(only),
        (_, None) => Err(Fault::params("account must be given: several are served here")),
        (_, Some(named)) => {
            let mut found = bots.iter().filter(|bot| envelope::is_account(&bot.me(), named));
            found.next().map(|bot| &**bot).ok_or_else(unknown)
        }
    }
}

fn account(bot: &Bot) -> Value {
    let me = bot.me();
    let number = me.handle.as_deref().filter(|handle| handle.starts_with('+'));
    json!({ "number": number, "aci": me.id, "valise": { "name": me.name, "handle": me.handle } })
}

/// Answers when the text is safe on this device; it leaves by itself, and receipts tell how far it came.
async fn send(bot: &Bot, mut params: Params) -> Result<Value, Fault> {
    let files = params.texts("attachment")?;
    // Files need no words.
    let text = if files.is_empty() {
        params.needed("message")?
    } else {
        params.text("message")?.unwrap_or_default()
    };
    let (to, groups) = (params.texts("recipient")?, params.texts("groupId")?);
    let about = About::take(&mut params)?;
    let preview = preview_given(&mut params)?;
    let styled = params.text("textMode")?.is_some_and(|mode| mode == "styled");
    params.end()?;
    if about != About::Nothing && to.len() + groups.len() != 1 {
        return Err(Fault::params("an answer or an edit goes to one recipient or one groupId"));
    }
    if to.is_empty() && groups.is_empty() {
        return Err(Fault::params("recipient or groupId must be given"));
    }
    // Everybody is known before the first one is written to.
    let mut chats: Vec<(String, Option<Person>)> = Vec::new();
    for who in &to {
        let person = bot.person(who).await?;
        chats.push((person.chat.0.clone(), Some(person)));
    }
    chats.extend(groups::chats(bot, groups).await?.into_iter().map(|chat| (chat, None)));
    let (mut timestamp, mut results) = (0, Vec::new());
    for (chat, person) in chats {
        let action = about.action(bot, chat, text.clone(), styled).await?;
        let edited = match &action {
            Action::Edit { message, .. } => Some(MessageId(message.clone())),
            _ => None,
        };
        let action = match (&preview, files.is_empty()) {
            (None, true) => action,
            (None, false) => with_files(action, &files)?,
            (Some(given), true) => {
                Action::WithPreview { wish: PreviewWish::Given(given.clone()), of: Box::new(action) }
            }
            (Some(_), false) => return Err(Fault::params("files have no preview: leave out previewUrl")),
        };
        let id = match (bot.send(action).await?, edited) {
            (Outcome::Sent { id, .. }, _) | (_, Some(id)) => id,
            _ => return Err(unexpected()),
        };
        let Answer::Message(sent) = bot.ask(Ask::Message { id }).await? else { return Err(unexpected()) };
        timestamp = sent.sent.ms;
        let mut result = match &person {
            Some(person) => envelope::sent_to(person),
            None => json!({ "groupId": sent.chat, "type": "SUCCESS" }),
        };
        result["valise"] = json!({ "id": sent.id, "chat": sent.chat, "timestamp": timestamp });
        results.push(result);
    }
    Ok(json!({ "timestamp": timestamp, "results": results }))
}

/// The same with files, by their paths on this machine.
fn with_files(action: Action, files: &[String]) -> Result<Action, Fault> {
    let choice = |path: &String| FileChoice {
        source: FileSource::Path(path.clone()),
        quality: Quality::Standard,
        send_as: screens::SendAs::Itself,
    };
    let files = files.iter().map(choice).collect();
    match action {
        Action::Send { to, text } | Action::SendPlain { to, text } => {
            Ok(Action::SendFiles { to, reply_to: None, text, files })
        }
        Action::Reply { to, text } => {
            Ok(Action::SendFiles { to: String::new(), reply_to: Some(to), text, files })
        }
        _ => Err(Fault::params("an edit has no attachments")),
    }
}

/// What the caller says of a link in the text: nothing is fetched for it.
fn preview_given(params: &mut Params) -> Result<Option<GivenPreview>, Fault> {
    let (url, title) = (params.text("previewUrl")?, params.text("previewTitle")?);
    let (description, image) = (params.text("previewDescription")?, params.text("previewImage")?);
    match (url, title) {
        (None, None) if description.is_none() && image.is_none() => Ok(None),
        (Some(url), Some(title)) => Ok(Some(GivenPreview {
            url,
            title,
            description: description.unwrap_or_default(),
            picture: image.map(PreviewPicture::Path),
        })),
        _ => Err(Fault::params("previewUrl and previewTitle are given together")),
    }
}

/// What a text is, when it is not a message by itself.
#[derive(Debug, PartialEq)]
enum About {
    Nothing,
    /// An answer to what somebody said at this time.
    Answer {
        author: String,
        at: u64,
    },
    /// Another text in the place of what oneself said at this time.
    Edit {
        at: u64,
    },
}

impl About {
    fn take(params: &mut Params) -> Result<Self, Fault> {
        let edit = params.number("editTimestamp")?;
        let quote = params.number("quoteTimestamp")?;
        let author = params.text("quoteAuthor")?;
        // What was said then is known here.
        params.text("quoteMessage")?;
        match (edit, quote, author) {
            (None, None, None) => Ok(Self::Nothing),
            (Some(at), None, None) => Ok(Self::Edit { at }),
            (None, Some(at), Some(author)) => Ok(Self::Answer { author, at }),
            (None, _, _) => Err(Fault::params("quoteTimestamp and quoteAuthor are given together")),
            (Some(_), _, _) => Err(Fault::params("an edit keeps what it answers: leave out quoteTimestamp")),
        }
    }

    async fn action(&self, bot: &Bot, chat: String, text: String, styled: bool) -> Result<Action, Fault> {
        Ok(match self {
            // Bots send texts as they are: what they mean as Markdown they say so.
            Self::Nothing if !styled => Action::SendPlain { to: chat, text },
            Self::Nothing => Action::Send { to: chat, text },
            Self::Answer { author, at } => {
                Action::Reply { to: amend::said(bot, &chat, author, *at).await?.id.0, text }
            }
            Self::Edit { at } => {
                let me = bot.me().id.0;
                Action::Edit { message: amend::said(bot, &chat, &me, *at).await?.id.0, text }
            }
        })
    }
}

/// Tells that the bot writes: at most once in ten seconds, and where somebody is there.
async fn send_typing(bot: &Bot, mut params: Params) -> Result<Value, Fault> {
    let stop = params.switch("stop")?.unwrap_or(false);
    let (to, groups) = (params.texts("recipient")?, params.texts("groupId")?);
    params.end()?;
    if to.is_empty() && groups.is_empty() {
        return Err(Fault::params("recipient or groupId must be given"));
    }
    let mut chats = groups::chats(bot, groups).await?;
    for who in &to {
        chats.push(bot.person(who).await?.chat.0);
    }
    for chat in chats {
        bot.act(Action::Typing { chat: ChatId(chat), on: !stop }).await?;
    }
    Ok(json!({}))
}

/// Everything up to these messages of somebody was seen.
async fn send_receipt(bot: &Bot, mut params: Params) -> Result<Value, Fault> {
    let who = params.needed("recipient")?;
    let mut timestamps = params.numbers("targetTimestamp")?;
    let kind = params.text("type")?;
    params.end()?;
    if !matches!(kind.as_deref(), None | Some("read" | "viewed")) {
        return Err(Fault::params("type must be read or viewed"));
    }
    timestamps.sort_unstable();
    let Some(newest) = timestamps.last().copied() else {
        return Err(Fault::params("targetTimestamp must be given"));
    };
    let person = bot.person(&who).await?;
    let bubble = amend::said(bot, &person.chat.0, &person.id.0, newest).await?;
    bot.act(Action::MarkRead { chat: person.chat, through: bubble.id }).await?;
    Ok(json!({ "timestamp": newest }))
}

async fn list_contacts(bot: &Bot, mut params: Params) -> Result<Value, Fault> {
    let wanted = params.texts("recipient")?;
    let blocked = params.switch("blocked")?;
    // Everybody is listed anyway.
    params.switch("allRecipients")?;
    let name = params.text("name")?;
    params.end()?;
    let mut people = Vec::new();
    if wanted.is_empty() {
        let Answer::Contacts(listing) = bot.ask(Ask::Contacts).await? else { return Err(unexpected()) };
        people.extend(rows(listing)?.into_iter().map(|row| row.person));
    }
    for who in &wanted {
        people.push(bot.person(who).await?);
    }
    let fits = |person: &&Person| {
        blocked.is_none_or(|blocked| blocked == (person.state == ContactState::Blocked))
            && name.as_ref().is_none_or(|name| person.name.contains(name))
            && person.state != ContactState::Request
    };
    Ok(people.iter().filter(fits).map(envelope::contact).collect())
}

/// Whom this device knows. It asks no directory: that is done when somebody is added, and seen by them.
async fn user_status(bot: &Bot, mut params: Params) -> Result<Value, Fault> {
    let asked = params.texts("recipient")?;
    params.end()?;
    if asked.is_empty() {
        return Err(Fault::params("recipient must be given"));
    }
    let mut known = Vec::new();
    for who in &asked {
        known.push(envelope::status(who, &bot.person(who).await?));
    }
    Ok(Value::Array(known))
}

async fn block(bot: &Bot, params: Params) -> Result<Value, Fault> {
    change(bot, params, |who| Action::Block { who }).await
}

async fn unblock(bot: &Bot, params: Params) -> Result<Value, Fault> {
    change(bot, params, |who| Action::Accept { who }).await
}

async fn change(bot: &Bot, mut params: Params, action: fn(String) -> Action) -> Result<Value, Fault> {
    let whom = recipients(&mut params)?;
    params.end()?;
    for who in whom {
        bot.act(action(who)).await?;
    }
    Ok(json!({}))
}

async fn answer_request(bot: &Bot, mut params: Params) -> Result<Value, Fault> {
    let kind = params.needed("type")?;
    match kind.as_str() {
        "accept" => unblock(bot, params).await,
        "block" => block(bot, params).await,
        other => Err(Fault::params(format!("Not supported here: type {other}; there are accept and block"))),
    }
}

async fn list_requests(bot: &Bot, params: Params) -> Result<Value, Fault> {
    params.end()?;
    let Answer::Requests(listing) = bot.ask(Ask::Requests).await? else { return Err(unexpected()) };
    Ok(rows(listing)?.iter().map(envelope::request).collect())
}

async fn add_contact(bot: &Bot, mut params: Params) -> Result<Value, Fault> {
    let who = params.needed("recipient")?;
    params.end()?;
    let Outcome::Contact { id, sentence, .. } = bot.act(Action::Add { who }).await? else {
        return Err(unexpected());
    };
    let mut contact = envelope::contact(&bot.person(&id.0).await?);
    contact["valise"]["sentence"] = json!(sentence);
    Ok(contact)
}

async fn create_invitation(bot: &Bot, params: Params) -> Result<Value, Fault> {
    params.end()?;
    let Outcome::Link { link, .. } = bot.act(Action::Invite).await? else { return Err(unexpected()) };
    Ok(json!({ "link": link }))
}

fn recipients(params: &mut Params) -> Result<Vec<String>, Fault> {
    let to = params.texts("recipient")?;
    if to.is_empty() { Err(Fault::params("recipient must be given")) } else { Ok(to) }
}

/// The rows of a list; none when it is empty.
pub fn rows<Row>(listing: Listing<Row>) -> Result<Vec<Row>, Fault> {
    match listing {
        Listing::Rows(rows) => Ok(rows),
        Listing::Empty(_) => Ok(Vec::new()),
        Listing::Failing(trouble) => Err(Fault::new(rpc::REFUSED, trouble.sentence)),
        Listing::Loading => Err(unexpected()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_one_row() {
        for (at, method) in METHODS.iter().enumerate() {
            assert!(METHODS[at + 1..].iter().all(|other| other.name != method.name), "{}", method.name);
        }
    }

    #[test]
    fn lists_are_rows_nothing_or_trouble() {
        use screens::{EmptyPlace, Trouble};
        let empty = EmptyPlace { title: String::new(), sentence: String::new() };
        assert_eq!(rows(Listing::<u8>::Empty(empty)), Ok(vec![]));
        assert_eq!(rows(Listing::Rows(vec![1])), Ok(vec![1]));
        let trouble = Trouble { sentence: "No.".into(), again: true };
        assert_eq!(rows(Listing::<u8>::Failing(trouble)).unwrap_err().message, "No.");
    }

    #[test]
    fn a_preview_is_given_with_its_link_and_its_title() {
        let given = |value: Value| {
            let Value::Object(fields) = value else { panic!("{value}") };
            let mut params = Params::of(fields, |_| true).ok().unwrap();
            let given = preview_given(&mut params);
            params.end().unwrap();
            given
        };
        assert_eq!(given(json!({})), Ok(None));
        let all = json!({"previewUrl": "u", "previewTitle": "t", "previewDescription": "d", "previewImage": "/i.png"});
        let expected = GivenPreview {
            url: "u".into(),
            title: "t".into(),
            description: "d".into(),
            picture: Some(PreviewPicture::Path("/i.png".into())),
        };
        assert_eq!(given(all), Ok(Some(expected)));
        assert!(
            given(json!({"previewUrl": "u"})).is_err() && given(json!({"previewImage": "/i.png"})).is_err()
        );
    }

    #[test]
    fn a_text_is_a_message_an_answer_or_an_edit() {
        let about = |value: Value| {
            let Value::Object(fields) = value else { panic!("{value}") };
            About::take(&mut Params::of(fields, |_| true).ok().unwrap())
        };
        assert_eq!(about(json!({})), Ok(About::Nothing));
        assert_eq!(about(json!({"editTimestamp": 5})), Ok(About::Edit { at: 5 }));
        let answer = About::Answer { author: "+32".into(), at: 5 };
        assert_eq!(
            about(json!({"quoteTimestamp": 5, "quoteAuthor": "+32", "quoteMessage": "x"})),
            Ok(answer)
        );
        assert!(about(json!({"quoteTimestamp": 5})).is_err());
        assert!(about(json!({"editTimestamp": 5, "quoteTimestamp": 5, "quoteAuthor": "+32"})).is_err());
    }
}
