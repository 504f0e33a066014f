//! What others are told of oneself, who writes just now, and reports with proof.

use screens::{Action, Answer, Ask, Bubble, ChatId, Outcome, PrivacyPage, PrivacyPart, ReportSheet, What};

use super::{Dialog, Model, Purpose};

impl Model {
    /// Opens the window with what others are told.
    pub fn show_privacy(&mut self) {
        if let Some(main) = self.main() {
            main.dialog = Some(Dialog::Privacy { page: None, refused: None });
            self.ask_privacy();
        }
    }

    /// Switches a part of it.
    pub fn switch_privacy(&mut self, what: PrivacyPart, on: bool) {
        self.act(Action::SetPrivacy { what, on }, Purpose::Privacy);
    }

    /// It changed, here or on another device.
    pub(super) fn privacy_noticed(&mut self) {
        if matches!(self.dialog(), Some(Dialog::Privacy { .. })) {
            self.ask_privacy();
        }
    }

    fn ask_privacy(&mut self) {
        self.want(What::Ask(Ask::Privacy), Purpose::Privacy);
    }

    pub(super) fn privacy_came(&mut self, came: PrivacyPage) {
        if let Some(Dialog::Privacy { page, .. }) = self.dialog() {
            *page = Some(came);
        }
    }

    pub(super) fn came_of_privacy(&mut self, outcome: Outcome) {
        if let (Some(Dialog::Privacy { refused, .. }), Outcome::Refused { sentence, .. }) =
            (self.dialog(), outcome)
        {
            *refused = Some(sentence);
        }
        self.privacy_noticed();
    }

    /// The person came back to the page.
    pub fn is_here(&mut self) {
        if self.attentive && self.main().is_some() {
            self.act(Action::Active, Purpose::Quiet);
        }
    }

    /// The person writes in the open chat.
    pub fn types(&mut self, chat: &ChatId) {
        self.act(Action::Typing { chat: chat.clone(), on: true }, Purpose::Quiet);
    }

    /// Who writes in a chat just now, in words.
    pub(super) fn typing_noticed(&mut self, chat: ChatId, line: Option<String>) {
        let Some(main) = self.main() else { return };
        if let Some(head) = main.chat_if(&chat).and_then(|open| open.head.as_mut()) {
            head.typing.clone_from(&line);
        }
        match line {
            Some(line) => main.typing.insert(chat, line),
            None => main.typing.remove(&chat),
        };
    }

    /// Opens the window with what a report of a message would tell.
    pub fn report(&mut self, bubble: &Bubble) {
        self.report_about(bubble.id.0.clone());
    }

    /// The same of a message or of somebody who knocks.
    pub fn report_about(&mut self, about: String) {
        if let Some(main) = self.main() {
            main.dialog = Some(Dialog::Report { sheet: None, refused: None });
            self.want(What::Ask(Ask::Report { about }), Purpose::Report);
        }
    }

    pub(super) fn report_came(&mut self, answer: Answer) {
        let Some(Dialog::Report { sheet, refused }) = self.dialog() else { return };
        match answer {
            Answer::Report(came) => *sheet = Some(Box::new(came)),
            Answer::Refused { sentence, .. } => *refused = Some(sentence),
            _ => {}
        }
    }
}

/// What a window shows of a report.
pub type Sheet = Option<Box<ReportSheet>>;
