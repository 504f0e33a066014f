//! What others are told of oneself, and what they tell: in words.

use client::{Command, ConversationId, PRESENCE_STEP_MS, Privacy, PrivacyChoice};
use screens::{Moment, PrivacyPage, PrivacyPart, PrivacyRow};
use vocab::AccountId;

use crate::app::App;
use crate::moment::Clock;
use crate::words::No;

pub(crate) fn command(what: PrivacyPart, on: bool) -> Command {
    Command::SetPrivacy(match what {
        PrivacyPart::Typing => PrivacyChoice::Typing(on),
        PrivacyPart::Delivered => PrivacyChoice::Delivered(on),
        PrivacyPart::Read => PrivacyChoice::Read(on),
        PrivacyPart::Presence => PrivacyChoice::Presence(on),
    })
}

pub(crate) fn page(privacy: Privacy) -> PrivacyPage {
    let row = |what, on, title: &str, sentence: &str| PrivacyRow {
        what,
        on,
        title: title.to_owned(),
        sentence: sentence.to_owned(),
    };
    PrivacyPage {
        rows: vec![
            row(
                PrivacyPart::Typing,
                privacy.typing,
                "That you are typing",
                "In chats of up to 32 devices, while somebody else is there. Without it you do not see it of others either.",
            ),
            row(
                PrivacyPart::Delivered,
                privacy.delivered,
                "That their messages arrived",
                "Without it their messages to you stay at one check.",
            ),
            row(
                PrivacyPart::Read,
                privacy.read,
                "That you read their messages",
                "Without it you do not see it of others either.",
            ),
            row(
                PrivacyPart::Presence,
                privacy.presence,
                "When you were last here",
                "To five minutes, and only to contacts who share it with you too.",
            ),
        ],
    }
}

impl App {
    /// Who writes in a chat just now.
    pub(crate) fn typing_line(&self, conversation: ConversationId) -> Option<String> {
        let all = self.client.typing(conversation);
        let name = |account: &AccountId| self.somebody(*account, conversation).map(|person| person.name).ok();
        match all.as_slice() {
            [] => None,
            [one] => Some(format!("{} is typing…", name(one)?)),
            [one, other] => Some(format!("{} and {} are typing…", name(one)?, name(other)?)),
            several => Some(format!("{} people are typing…", several.len())),
        }
    }

    /// When somebody was last there, where both share it.
    pub(crate) fn last_seen(&self, account: AccountId, clock: &Clock) -> Result<Option<Moment>, No> {
        let Some(at) = self.client.last_seen(account)? else { return Ok(None) };
        let shown = clock.in_list(at);
        // The step that is told begins with it and has its whole length to arrive.
        let here = clock.now.ms_since(at) < 2 * PRESENCE_STEP_MS;
        let text = if here { "Active now".to_owned() } else { format!("Last seen {}", shown.text) };
        Ok(Some(Moment { text, ..shown }))
    }
}
