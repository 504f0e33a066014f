//! Reports with proof: what one would tell, and whether one holds (`docs/protocol/report.md`).

use client::{ConversationId, Evidence, EvidenceOfRequest, Proved};
use screens::{ReportChecked, ReportRow, ReportSheet};
use serde_json::{Value, json};
use vocab::{DeviceId, MessageId};

use crate::app::App;
use crate::moment::Clock;
use crate::resolve::ID_PREFIX_CHARS_MIN;
use crate::words::{self, No};

impl App {
    /// What a report would tell.
    pub(crate) fn report(&self, about: &str, clock: &Clock) -> Result<ReportSheet, No> {
        let knocks = self.client.requests()?;
        let typed = about.trim().to_lowercase();
        let begins = typed.len() >= ID_PREFIX_CHARS_MIN;
        let mut found = knocks.iter().filter(|card| begins && card.account.to_string().starts_with(&typed));
        if let (Some(card), None) = (found.next(), found.next()) {
            let evidence = self.client.evidence_of_request(card.account)?.ok_or_else(no_proof)?;
            return self.report_of_request(&evidence, clock);
        }
        let (message, _, _) = self.about_message(about)?;
        self.report_of_message(message, clock)
    }

    fn report_of_message(&self, message: MessageId, clock: &Clock) -> Result<ReportSheet, No> {
        let view = self.client.message(message)?.ok_or_else(words::unknown_message)?;
        let all = self.client.evidence(message)?;
        let mut messages = Vec::new();
        let mut rows = Vec::new();
        for evidence in &all {
            let proved = evidence.check().map_err(|_| no_proof())?;
            rows.extend(rows_of(evidence, &proved, clock, rows.is_empty()));
            messages.push(json_of(evidence, &proved));
        }
        let first = all.first().ok_or_else(no_proof)?.check().map_err(|_| no_proof())?;
        let name = if view.own {
            self.client.status()?.name
        } else {
            self.somebody(view.from, view.conversation)?.name
        };
        let server = self.links.server_name().to_owned();
        rows.push(told("Their name, as you see it", &name));
        rows.push(told("Server", &server));
        rows.push(told("Made", &clock.in_chat(clock.now).full));
        let file = json!({
            "valise_report": VERSION,
            "kind": "message",
            "account": first.account.to_string(),
            "chat": hex::encode(view.conversation.0),
            "messages": messages,
            "unproved": { "name": name, "server": server, "made_at": clock.now.0 },
        });
        sheet(&format!("A message of {name}"), &message.to_string(), rows, &file)
    }

    fn report_of_request(&self, evidence: &EvidenceOfRequest, clock: &Clock) -> Result<ReportSheet, No> {
        let proved = evidence.check().map_err(|_| no_proof())?;
        let server = self.links.server_name().to_owned();
        let file = json!({
            "valise_report": VERSION,
            "kind": "request",
            "account": proved.account.to_string(),
            "at": proved.at.to_string(),
            "chat": proved.conversation.to_string(),
            "signed": hex::encode(&evidence.signed),
            "signature": hex::encode(&evidence.signature),
            "device": evidence.device.to_string(),
            "device_lists": hex::encode(&evidence.device_chain),
            "unproved": { "server": server, "made_at": clock.now.0 },
        });
        let rows = vec![
            shown("Their account", &proved.account.to_string()),
            shown("Their device", &evidence.device.to_string()),
            shown("Their device lists", &bytes(&evidence.device_chain)),
            shown("Your account, at which they knock", &proved.at.to_string()),
            shown("The chat they ask for", &proved.conversation.to_string()),
            shown("What they signed", &hex::encode(&evidence.signed)),
            told("Server", &server),
            told("Made", &clock.in_chat(clock.now).full),
        ];
        sheet("Somebody who knocks", &proved.account.to_string(), rows, &file)
    }
}

/// Checks a report, with nothing but what is in it: no server is asked, no account is needed.
#[must_use]
pub fn check(file: &str) -> ReportChecked {
    match read(file) {
        Ok((sentence, rows)) => ReportChecked { holds: true, sentence, rows },
        Err(why) => ReportChecked {
            holds: false,
            sentence: format!("This report proves nothing: {why}."),
            rows: Vec::new(),
        },
    }
}

type Read = Result<(String, Vec<ReportRow>), String>;

fn read(file: &str) -> Read {
    if file.len() > FILE_BYTES_MAX {
        return Err("the file is larger than any report".to_owned());
    }
    let file: Value = serde_json::from_str(file).map_err(|_| "the file is not JSON".to_owned())?;
    if file["valise_report"] != json!(VERSION) {
        return Err("it is no report of a version that this program knows".to_owned());
    }
    match file["kind"].as_str() {
        Some("message") => read_message(&file),
        Some("request") => read_request(&file),
        _ => Err("it is of a kind that this program does not know".to_owned()),
    }
}

fn read_message(file: &Value) -> Read {
    let messages = file["messages"].as_array().filter(|all| (1..=VERSIONS_MAX).contains(&all.len()));
    let messages = messages.ok_or("it holds no message, or too many")?;
    let conversation = fixed(file, "chat").map(ConversationId)?;
    // Times of a report are read in UTC everywhere.
    let clock = Clock { now: vocab::Timestamp(u64::MAX), utc_offset_minutes: 0 };
    let mut rows = Vec::new();
    let mut first: Option<Proved> = None;
    for message in messages {
        let evidence = Evidence {
            conversation,
            device: fixed(message, "device").map(DeviceId)?,
            device_chain: unhex(message, "device_lists")?,
            content: unhex(message, "content")?,
        };
        let proved = evidence.check().map_err(|why| why.to_string())?;
        let belongs = first
            .as_ref()
            .is_none_or(|first| first.account == proved.account && proved.replaces == Some(first.message));
        let agrees = json_of(&evidence, &proved) == *message && file["account"] == proved.account.to_string();
        if !agrees || !belongs {
            return Err("what it says is not what its proof says".to_owned());
        }
        rows.extend(rows_of(&evidence, &proved, &clock, rows.is_empty()));
        first.get_or_insert(proved);
    }
    rows.extend(unproved(file));
    Ok((PROVES_MESSAGE.to_owned(), rows))
}

fn read_request(file: &Value) -> Read {
    let evidence = EvidenceOfRequest {
        signed: unhex(file, "signed")?,
        signature: unhex(file, "signature")?,
        device: fixed(file, "device").map(DeviceId)?,
        device_chain: unhex(file, "device_lists")?,
    };
    let proved = evidence.check().map_err(|why| why.to_string())?;
    let agrees = file["account"] == proved.account.to_string()
        && file["at"] == proved.at.to_string()
        && file["chat"] == proved.conversation.to_string();
    if !agrees {
        return Err("what it says is not what its proof says".to_owned());
    }
    let mut rows = vec![
        shown("Account that knocked", &proved.account.to_string()),
        shown("At the account", &proved.at.to_string()),
        shown("For the chat", &proved.conversation.to_string()),
    ];
    rows.extend(unproved(file));
    Ok((PROVES_REQUEST.to_owned(), rows))
}

/// As it stands in the file.
fn json_of(evidence: &Evidence, proved: &Proved) -> Value {
    json!({
        "id": proved.message.to_string(),
        "sent_at": proved.sent_at.map(|at| at.0),
        "text": proved.text,
        "replaces": proved.replaces.map(|id| id.to_string()),
        "in_reply_to": proved.in_reply_to.map(|id| id.to_string()),
        "device": evidence.device.to_string(),
        "device_lists": hex::encode(&evidence.device_chain),
        "content": hex::encode(&evidence.content),
    })
}

/// The same in words, the first version with everything about its account.
fn rows_of(evidence: &Evidence, proved: &Proved, clock: &Clock, first: bool) -> Vec<ReportRow> {
    let text = proved.text.clone().unwrap_or_else(|| "Something that is no text".to_owned());
    let mut rows = vec![shown(if first { "Text" } else { "Text after it was edited" }, &text)];
    rows.extend(proved.sent_at.map(|at| shown("Sent, by their clock", &clock.in_chat(at).full)));
    rows.push(shown("Message", &proved.message.to_string()));
    rows.extend(proved.in_reply_to.map(|id| shown("Answers the message", &id.to_string())));
    rows.push(shown("Their device", &evidence.device.to_string()));
    rows.push(shown("Their device lists", &bytes(&evidence.device_chain)));
    rows.push(shown("The whole content, with its signature", &bytes(&evidence.content)));
    if first {
        rows.push(shown("Their account", &proved.account.to_string()));
        rows.push(shown("The chat", &evidence.conversation.to_string()));
    }
    rows
}

/// What somebody wrote down.
fn unproved(file: &Value) -> Vec<ReportRow> {
    let Some(said) = file["unproved"].as_object() else { return Vec::new() };
    let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    said.iter().take(UNPROVED_MAX).map(|(name, said)| told(name, &value(said))).collect()
}

fn sheet(title: &str, id: &str, rows: Vec<ReportRow>, file: &Value) -> Result<ReportSheet, No> {
    let file = serde_json::to_string_pretty(file).map_err(|_| no_proof())?;
    let short: String = id.chars().take(FILE_NAME_ID_CHARS).collect();
    Ok(ReportSheet {
        title: title.to_owned(),
        sentence: MAKES.to_owned(),
        rows,
        file_name: format!("report-{short}.json"),
        file,
    })
}

fn shown(what: &str, value: &str) -> ReportRow {
    ReportRow { what: what.to_owned(), value: value.to_owned(), proved: true }
}

fn told(what: &str, value: &str) -> ReportRow {
    ReportRow { proved: false, ..shown(what, value) }
}

fn bytes(bytes: &[u8]) -> String {
    format!("{} bytes", bytes.len())
}

fn unhex(value: &Value, field: &str) -> Result<Vec<u8>, String> {
    let text = value[field].as_str().unwrap_or_default();
    hex::decode(text).ok().filter(|bytes| !bytes.is_empty()).ok_or_else(|| format!("{field} is missing"))
}

fn fixed<const N: usize>(value: &Value, field: &str) -> Result<[u8; N], String> {
    unhex(value, field)?.try_into().map_err(|_| format!("{field} is not in its form"))
}

fn no_proof() -> No {
    No::refused(
        "There is no proof of this on this device: it was taken back, has disappeared, or is a line about the group. \
         Nothing was written.",
    )
}

/// The name of a message's place in a file.
const FILE_NAME_ID_CHARS: usize = 12;
/// Of the format.
const VERSION: u32 = 1;
/// What was said first, and what is shown now.
const VERSIONS_MAX: usize = 2;
/// A text of the largest size in two versions, its bytes written twice, with room for device lists.
const FILE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Things that somebody wrote down.
const UNPROVED_MAX: usize = 16;
const MAKES: &str = "The file tells what stands here and nothing else, to whomever you give it. It goes nowhere by itself, and \
    they are not told. Whoever has it can check it without asking anybody, for ever.";
const PROVES_MESSAGE: &str = "The proof holds. A device of this account signed this content for this chat. It does not prove when \
    (the time is the sender's own), who else read it, what was said before or after, or which person used the device.";
const PROVES_REQUEST: &str = "The proof holds. A device of this account signed a letter to this account, to begin this chat. It does \
    not prove when, or that anything was said.";
