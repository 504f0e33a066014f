//! The JSON of the bridge, pinned: a page and a worker, or two processes, may be of different builds.

use serde_json::{Value, json};

use crate::*;

fn wanted(what: What, expected: Value) {
    let sent = ToCore { id: 7, what };
    let written = serde_json::to_value(&sent).unwrap();
    assert_eq!(written, json!({ "id": 7, "what": expected }));
    assert_eq!(serde_json::from_value::<ToCore>(written).unwrap(), sent);
}

fn said(from: FromCore, expected: Value) {
    let written = serde_json::to_value(&from).unwrap();
    assert_eq!(written, expected);
    assert_eq!(serde_json::from_value::<FromCore>(written).unwrap(), from);
}

#[test]
fn what_a_front_end_wants_has_this_form() {
    wanted(
        What::Action(Action::Send { to: "Inês".into(), text: "a\nb".into() }),
        json!({"action": {"send": {"to": "Inês", "text": "a\nb"}}}),
    );
    wanted(What::Action(Action::Hurry), json!({"action": "hurry"}));
    wanted(
        What::Action(Action::MarkRead { chat: ChatId("0c".into()), through: MessageId("01".into()) }),
        json!({"action": {"mark_read": {"chat": "0c", "through": "01"}}}),
    );
    wanted(
        What::Action(Action::Register { handle: None, name: "Anna".into() }),
        json!({"action": {"register": {"handle": null, "name": "Anna"}}}),
    );
    wanted(
        What::Ask(Ask::Start { utc_offset_minutes: -90 }),
        json!({"ask": {"start": {"utc_offset_minutes": -90}}}),
    );
    wanted(
        What::Ask(Ask::Timeline { chat: "0c".into(), before: Some(u64::MAX), limit: 50 }),
        json!({"ask": {"timeline": {"chat": "0c", "before": u64::MAX, "limit": 50}}}),
    );
    wanted(What::Ask(Ask::Chats), json!({"ask": "chats"}));
}

#[test]
fn what_the_core_says_has_this_form() {
    said(
        FromCore::Reply {
            id: 7,
            reply: Reply::Outcome(Outcome::Sent { chat: ChatId("0c".into()), id: MessageId("01".into()) }),
        },
        json!({"reply": {"id": 7, "reply": {"outcome": {"sent": {"chat": "0c", "id": "01"}}}}}),
    );
    said(
        FromCore::Reply {
            id: 8,
            reply: Reply::Outcome(Outcome::Refused {
                kind: RefusedKind::Usage,
                sentence: "No.".into(),
                next: Some(Next::NewCode),
            }),
        },
        json!({"reply": {"id": 8, "reply": {"outcome": {"refused":
            {"kind": "usage", "sentence": "No.", "next": "new_code"}}}}}),
    );
    said(
        FromCore::Notice(Notice::Receipt {
            chat: ChatId("0c".into()),
            id: MessageId("01".into()),
            mark: Mark::Delivered,
        }),
        json!({"notice": {"receipt": {"chat": "0c", "id": "01", "mark": "delivered"}}}),
    );
    said(FromCore::Notice(Notice::Settled), json!({"notice": "settled"}));
}

#[test]
fn every_sample_crosses_the_bridge_unchanged() {
    use samples::Screen;
    for (name, screen) in samples::all() {
        let answer = match screen {
            Screen::Start(start) => Answer::Start(start),
            Screen::Chats(list) => Answer::Chats(list),
            Screen::Timeline(timeline) => Answer::Timeline(*timeline),
            Screen::Contacts(rows) => Answer::Contacts(rows),
            Screen::Requests(rows) => Answer::Requests(rows),
            Screen::Status(status) => Answer::Status(status),
        };
        let line = serde_json::to_string(&answer).unwrap();
        assert!(!line.contains('\n'), "{name} is one line");
        assert_eq!(serde_json::from_str::<Answer>(&line).unwrap(), answer, "{name}");
    }
}
