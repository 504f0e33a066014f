//! What bots read, in the shapes that signal-cli gave these things. What Valise knows beyond them is under `valise`.

use screens::{Bubble, ChatId, ContactState, Mark, Me, Mention, Person, RequestRow};
use serde_json::{Value, json};

/// A message of somebody else.
pub fn message(me: &Me, bubble: &Bubble) -> Value {
    let mut envelope = from(&bubble.from, bubble.sent.ms);
    let said = (bubble.note.is_none() && bubble.notice.is_none()).then(|| said(bubble));
    envelope["dataMessage"] = json!({
        "timestamp": bubble.sent.ms,
        "message": said,
        "expiresInSeconds": 0,
        "viewOnce": false,
        "mentions": mentions(bubble),
        "attachments": attachments(bubble),
        "contacts": cards(bubble),
    });
    if let Some(previews) = previews(bubble) {
        envelope["dataMessage"]["previews"] = previews;
    }
    if let Some(poll) = bubble.poll.as_ref().filter(|_| bubble.note.is_none()) {
        let options: Vec<&str> = poll.options.iter().map(|option| option.text.as_str()).collect();
        envelope["dataMessage"]["pollCreate"] =
            json!({ "question": bubble.text, "allowMultiple": poll.multiple, "options": options });
    }
    if let Some(quote) = &bubble.reply_to {
        envelope["dataMessage"]["quote"] = json!({ "text": quote.text, "attachments": [], "valise": { "id": quote.id, "from": quote.from } });
    }
    if bubble.chat != bubble.from.chat {
        let kind = if bubble.notice.is_some() { "UPDATE" } else { "DELIVER" };
        envelope["dataMessage"]["groupInfo"] = json!({ "groupId": bubble.chat, "type": kind });
    }
    let note = bubble.note.as_ref().or(bubble.notice.as_ref());
    envelope["valise"] = json!({ "id": bubble.id, "chat": bubble.chat, "note": note });
    json!({ "envelope": envelope, "account": account(me) })
}

/// What it carries: `id` is what `valise save` and the program itself call it; the bytes are loaded on demand.
fn attachments(bubble: &Bubble) -> Vec<Value> {
    let each = |it: &screens::AttachmentShown| {
        json!({
            "contentType": it.media_type,
            "filename": it.name,
            "id": it.id,
            "size": it.size,
            "width": (it.width > 0).then_some(it.width),
            "height": (it.height > 0).then_some(it.height),
            "valise": { "kind": it.kind, "state": it.state, "durationMs": it.duration_ms },
        })
    };
    bubble.attachments.iter().map(each).collect()
}

/// What its sender says of a link in it; the host is the link's own.
fn previews(bubble: &Bubble) -> Option<Value> {
    let shown = bubble.preview.as_ref().filter(|_| bubble.note.is_none())?;
    let said = json!({
        "url": shown.url,
        "title": shown.title,
        "description": shown.description,
        "image": null,
        "valise": { "host": shown.host, "picture": shown.picture },
    });
    Some(json!([said]))
}

/// The contact cards that it says, as far as they are shown.
fn cards(bubble: &Bubble) -> Vec<Value> {
    let each = |card: &screens::CardShown| {
        let (mails, phones): (Vec<&String>, Vec<&String>) =
            card.lines.iter().filter(|line| is_handle(line)).partition(|line| line.contains('@'));
        let values = |all: Vec<&String>| -> Vec<Value> {
            all.into_iter().map(|value| json!({ "value": value, "type": "OTHER" })).collect()
        };
        json!({
            "name": { "display": card.name },
            "phone": values(phones),
            "email": values(mails),
            "valise": { "lines": card.lines, "chat": card.chat, "add": card.add },
        })
    };
    bubble.cards.iter().map(each).collect()
}

fn is_handle(line: &str) -> bool {
    line.contains('@') || line.starts_with('+')
}

/// A message of one's own came further: `when` is now, `sent` when the message was sent.
pub fn receipt(me: &Me, from_whom: &Person, when: u64, sent: u64, mark: Mark) -> Value {
    let mut envelope = from(from_whom, when);
    envelope["receiptMessage"] = json!({
        "when": when,
        "isDelivery": mark == Mark::Delivered,
        "isRead": mark == Mark::Read,
        "isViewed": false,
        "timestamps": [sent],
    });
    json!({ "envelope": envelope, "account": account(me) })
}

/// Somebody reacted to a message, or took it back.
pub fn reaction(me: &Me, from_whom: &Person, to: &Bubble, when: u64, emoji: &str, taken_back: bool) -> Value {
    let mut envelope = from(from_whom, when);
    let handle = if to.own { me.handle.as_deref() } else { to.from.handle.as_deref() };
    let author = if to.own { &me.id } else { &to.from.id };
    envelope["dataMessage"] = json!({
        "timestamp": when,
        "message": null,
        "expiresInSeconds": 0,
        "viewOnce": false,
        "reaction": {
            "emoji": emoji,
            "targetAuthor": handle.unwrap_or(&author.0),
            "targetAuthorNumber": number(handle),
            "targetAuthorUuid": author,
            "targetSentTimestamp": to.sent.ms,
            "isRemove": taken_back,
        },
    });
    about(&mut envelope, from_whom, to);
    json!({ "envelope": envelope, "account": account(me) })
}

/// A message of somebody else says something else now.
pub fn edit(me: &Me, bubble: &Bubble, when: u64) -> Value {
    let mut envelope = from(&bubble.from, when);
    let mut data = json!({
        "timestamp": when,
        "message": said(bubble),
        "expiresInSeconds": 0,
        "viewOnce": false,
        "mentions": mentions(bubble),
        "attachments": attachments(bubble),
        "contacts": [],
    });
    if let Some(previews) = previews(bubble) {
        data["previews"] = previews;
    }
    envelope["editMessage"] = json!({ "targetSentTimestamp": bubble.sent.ms, "dataMessage": data });
    envelope["valise"] = json!({ "id": bubble.id, "chat": bubble.chat, "note": null });
    json!({ "envelope": envelope, "account": account(me) })
}

/// A message of somebody else was taken back.
pub fn deletion(me: &Me, bubble: &Bubble, when: u64) -> Value {
    let mut envelope = from(&bubble.from, when);
    envelope["dataMessage"] = json!({
        "timestamp": when,
        "message": null,
        "expiresInSeconds": 0,
        "viewOnce": false,
        "remoteDelete": { "timestamp": bubble.sent.ms },
    });
    about(&mut envelope, &bubble.from, bubble);
    json!({ "envelope": envelope, "account": account(me) })
}

/// What was said, with the names of those who are mentioned in the place of links.
fn said(bubble: &Bubble) -> &str {
    bubble.typed.as_ref().unwrap_or(&bubble.text)
}

/// Who is mentioned, and where in [`said`], in units of UTF-16; everybody by the id of the group.
fn mentions(bubble: &Bubble) -> Vec<Value> {
    let said = said(bubble);
    let units = |text: &str| text.encode_utf16().count();
    let one = |mention: &Mention| {
        let name = format!("@{}", mention.name);
        let at = said.find(&name)?;
        let id = mention.id.as_ref().map_or(&bubble.chat.0, |id| &id.0);
        let start = units(said.get(..at)?);
        Some(json!({ "name": mention.name, "uuid": id, "start": start, "length": units(&name) }))
    };
    bubble.mentions.iter().filter_map(one).collect()
}

/// Somebody writes, or does not any more.
pub fn typing(me: &Me, from_whom: &Person, chat: &ChatId, when: u64, on: bool) -> Value {
    let mut envelope = from(from_whom, when);
    envelope["typingMessage"] =
        json!({ "action": if on { "STARTED" } else { "STOPPED" }, "timestamp": when });
    if *chat != from_whom.chat {
        envelope["typingMessage"]["groupId"] = json!(chat);
    }
    json!({ "envelope": envelope, "account": account(me) })
}

/// Which chat something happened in.
fn about(envelope: &mut Value, from_whom: &Person, bubble: &Bubble) {
    if bubble.chat != from_whom.chat {
        envelope["dataMessage"]["groupInfo"] = json!({ "groupId": bubble.chat, "type": "DELIVER" });
    }
    envelope["valise"] = json!({ "id": bubble.id, "chat": bubble.chat, "note": null });
}

fn from(person: &Person, timestamp: u64) -> Value {
    json!({
        "source": person.handle.as_deref().unwrap_or(&person.id.0),
        "sourceNumber": number(person.handle.as_deref()),
        "sourceUuid": person.id,
        "sourceName": person.name,
        // The devices of an account are not told apart.
        "sourceDevice": 1,
        "timestamp": timestamp,
    })
}

/// One's own account, as calls may name it.
pub fn account(me: &Me) -> &str {
    number(me.handle.as_deref()).unwrap_or(&me.id.0)
}

/// Whether a call that names this account means this one.
pub fn is_account(me: &Me, named: &str) -> bool {
    named == me.id.0 || me.handle.as_deref() == Some(named)
}

/// A contact.
pub fn contact(person: &Person) -> Value {
    json!({
        "number": number(person.handle.as_deref()),
        "uuid": person.id,
        "username": null,
        "name": person.name,
        "profileName": person.name,
        "isBlocked": person.state == ContactState::Blocked,
        "isHidden": false,
        "messageExpirationTime": 0,
        "profile": { "givenName": person.name, "about": person.about, "hasAvatar": person.picture.is_some() },
        "valise": { "handle": person.handle, "chat": person.chat },
    })
}

/// Where a sent message went.
pub fn sent_to(person: &Person) -> Value {
    json!({
        "recipientAddress": { "uuid": person.id, "number": number(person.handle.as_deref()), "username": null },
        "type": "SUCCESS",
    })
}

/// Somebody whose address was asked for and is known.
pub fn status(asked: &str, person: &Person) -> Value {
    json!({
        "recipient": asked,
        "number": number(person.handle.as_deref()),
        "uuid": person.id,
        "isRegistered": true,
    })
}

/// Somebody who knocks: an id and nothing else.
pub fn request(row: &RequestRow) -> Value {
    json!({ "uuid": row.id })
}

fn number(handle: Option<&str>) -> Option<&str> {
    handle.filter(|handle| handle.starts_with('+'))
}

#[cfg(test)]
mod tests {
    use screens::{Listing, samples};

    use super::*;

    fn bubble() -> Bubble {
        let Listing::Rows(bubbles) = samples::timeline_full().bubbles else { panic!("the sample is full") };
        bubbles.into_iter().next().unwrap()
    }

    #[test]
    fn a_message_has_the_form_that_bots_know() {
        let value = message(&samples::me(), &bubble());
        let envelope = &value["envelope"];
        assert_eq!(value["account"], "+38640218633");
        assert_eq!(envelope["source"], "+351912345678");
        assert_eq!(envelope["sourceNumber"], "+351912345678");
        assert_eq!(envelope["sourceName"], "Inês Duarte");
        assert_eq!(envelope["timestamp"], 1_873_179_660_000_u64);
        assert_eq!(envelope["dataMessage"]["message"], "The house from last year. Same one again?");
        assert_eq!(envelope["dataMessage"]["timestamp"], envelope["timestamp"]);
        assert_eq!(envelope["dataMessage"]["attachments"], json!([]));
    }

    #[test]
    fn a_preview_has_the_form_that_bots_know() {
        let Listing::Rows(bubbles) = samples::timeline_previewed().bubbles else {
            panic!("the sample is full")
        };
        let me = samples::me();
        let data = message(&me, &bubbles[1])["envelope"]["dataMessage"].clone();
        assert_eq!(data["previews"][0]["url"], "https://xn--bnk-5cd.example:8443/login");
        assert_eq!(data["previews"][0]["title"], "bank.example");
        assert_eq!(data["previews"][0]["valise"]["host"], "xn--bnk-5cd.example:8443");
        let edited = edit(&me, &bubbles[0], 9)["envelope"]["editMessage"]["dataMessage"].clone();
        assert_eq!(edited["previews"][0]["title"], "Night train timetable, summer");
        let plain = message(&me, &bubble())["envelope"]["dataMessage"].clone();
        assert_eq!(plain.get("previews"), None);
    }

    #[test]
    fn who_is_mentioned_stands_in_the_text_where_it_says() {
        let Listing::Rows(bubbles) = samples::timeline_formatted().bubbles else {
            panic!("the sample is full")
        };
        let me = samples::me();
        let of = Bubble { typed: Some(format!("👋 @{}, do you?", me.name)), ..bubbles[1].clone() };
        let data = message(&me, &of)["envelope"]["dataMessage"].clone();
        assert_eq!(data["message"], json!(of.typed));
        let length = me.name.encode_utf16().count() + 1;
        assert_eq!(
            data["mentions"],
            json!([{ "name": me.name, "uuid": me.id, "start": 3, "length": length }])
        );
    }

    #[test]
    fn who_has_no_number_is_named_by_address_or_id() {
        let mut of = bubble();
        of.from.handle = Some("ines@example.org".into());
        let value = message(&samples::me(), &of);
        assert_eq!(
            (&value["envelope"]["source"], &value["envelope"]["sourceNumber"]),
            (&json!("ines@example.org"), &Value::Null)
        );
        of.from.handle = None;
        of.note = Some("A kind of message that this version cannot show.".into());
        let value = message(&samples::me(), &of);
        assert_eq!(value["envelope"]["source"], value["envelope"]["sourceUuid"]);
        assert_eq!(value["envelope"]["dataMessage"]["message"], Value::Null);
        assert!(value["envelope"]["valise"]["note"].is_string());
    }

    #[test]
    fn what_is_said_in_a_group_names_it() {
        let mut of = bubble();
        of.from.chat = of.chat.clone();
        assert_eq!(message(&samples::me(), &of)["envelope"]["dataMessage"]["groupInfo"], Value::Null);
        of.chat = screens::ChatId("group".into());
        let said = message(&samples::me(), &of);
        assert_eq!(
            said["envelope"]["dataMessage"]["groupInfo"],
            json!({ "groupId": "group", "type": "DELIVER" })
        );
        of.notice = Some("Anna added Boris".into());
        let told = message(&samples::me(), &of);
        assert_eq!(told["envelope"]["dataMessage"]["groupInfo"]["type"], "UPDATE");
        assert_eq!(told["envelope"]["dataMessage"]["message"], Value::Null);
        assert_eq!(told["envelope"]["valise"]["note"], "Anna added Boris");
    }

    #[test]
    fn reactions_edits_and_deletions_name_the_message_by_author_and_time() {
        let (me, of) = (samples::me(), bubble());
        let data = |value: &Value| value["envelope"]["dataMessage"].clone();
        let reacted = data(&reaction(&me, &of.from, &of, 9, "👍", true))["reaction"].clone();
        assert_eq!((&reacted["emoji"], &reacted["isRemove"]), (&json!("👍"), &json!(true)));
        assert_eq!(
            (&reacted["targetAuthor"], &reacted["targetSentTimestamp"]),
            (&json!("+351912345678"), &json!(of.sent.ms))
        );
        let own = Bubble { own: true, ..of.clone() };
        assert_eq!(
            data(&reaction(&me, &of.from, &own, 9, "👍", false))["reaction"]["targetAuthorUuid"],
            json!(me.id)
        );
        let edited = edit(&me, &of, 9);
        assert_eq!(edited["envelope"]["editMessage"]["targetSentTimestamp"], of.sent.ms);
        assert_eq!(edited["envelope"]["editMessage"]["dataMessage"]["message"], json!(of.text));
        assert_eq!(data(&deletion(&me, &of, 9))["remoteDelete"]["timestamp"], of.sent.ms);
    }

    #[test]
    fn typing_begins_and_ends_and_names_its_group() {
        let (me, of) = (samples::me(), bubble());
        let alone = typing(&me, &of.from, &of.from.chat, 9, true);
        assert_eq!(alone["envelope"]["typingMessage"], json!({ "action": "STARTED", "timestamp": 9 }));
        let group = typing(&me, &of.from, &ChatId("group".into()), 9, false);
        assert_eq!(group["envelope"]["typingMessage"]["groupId"], "group");
        assert_eq!(group["envelope"]["typingMessage"]["action"], "STOPPED");
    }

    #[test]
    fn marks_are_receipts() {
        let value = receipt(&samples::me(), &bubble().from, 7, 5, Mark::Read);
        let receipt = &value["envelope"]["receiptMessage"];
        assert_eq!(receipt["timestamps"], json!([5]));
        assert_eq!(
            (&receipt["isDelivery"], &receipt["isRead"], &receipt["when"]),
            (&json!(false), &json!(true), &json!(7))
        );
    }

    #[test]
    fn the_account_is_known_by_number_and_id() {
        let me = samples::me();
        assert!(is_account(&me, "+38640218633") && is_account(&me, &me.id.0) && !is_account(&me, "+1"));
    }
}
