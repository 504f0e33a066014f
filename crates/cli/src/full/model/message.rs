//! What is done with the chosen message.

use screens::{Action, Answer, Ask, Bubble, ChatId, Edition, MessageAct, MessageId, Outcome, What};

use super::over::{Asks, Does, pick};
use super::{Line, Model, Place, Purpose};

/// What the next text is, when it is not a message by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writing {
    /// An answer to this message.
    Answer(Box<Bubble>),
    /// Another text in the place of a message's.
    Edit {
        /// Which.
        bubble: Box<Bubble>,
        /// What stood in the line before.
        before: String,
    },
}

impl Writing {
    /// What is being written, in one line.
    pub fn words(&self) -> String {
        match self {
            Self::Answer(bubble) => {
                let who = if bubble.own { "yourself" } else { &bubble.from.name };
                format!("Answering {who}: {}", bubble.note.as_ref().unwrap_or(&bubble.text))
            }
            Self::Edit { .. } => "Writing it anew. Esc leaves it as it was.".to_owned(),
        }
    }

    /// What the text becomes.
    pub(super) fn action(&self, text: String) -> Action {
        match self {
            Self::Answer(bubble) => Action::Reply { to: bubble.id.0.clone(), text },
            Self::Edit { bubble, .. } => Action::Edit { message: bubble.id.0.clone(), text },
        }
    }
}

/// What the person does.
impl Model {
    fn chosen_that(&mut self, act: MessageAct) -> Option<Bubble> {
        let bubble = self.main()?.chat.as_ref()?.chosen().cloned()?;
        bubble.acts.contains(&act).then_some(bubble)
    }

    /// The next text answers the chosen message.
    pub fn answer_message(&mut self) {
        if let Some(bubble) = self.chosen_that(MessageAct::Reply) {
            self.write(Writing::Answer(Box::new(bubble)));
        }
    }

    /// The next text takes the place of the chosen message's.
    pub fn edit_message(&mut self) {
        let Some(bubble) = self.chosen_that(MessageAct::Edit) else { return };
        let Some(chat) = self.main().and_then(|main| main.chat.as_mut()) else { return };
        let text = bubble.typed.clone().unwrap_or_else(|| bubble.text.clone());
        let before = chat.line.take();
        chat.line = Line::with(text);
        self.write(Writing::Edit { bubble: Box::new(bubble), before });
    }

    fn write(&mut self, writing: Writing) {
        let Some(main) = self.main() else { return };
        main.place = Place::Line;
        if let Some(chat) = &mut main.chat {
            chat.chosen = None;
            chat.writing = Some(writing);
        }
    }

    /// The next text is a message by itself; returns whether it was not.
    pub(super) fn stop_writing_about(&mut self) -> bool {
        let Some(chat) = self.main().and_then(|main| main.chat.as_mut()) else { return false };
        match chat.writing.take() {
            None => false,
            Some(Writing::Answer(_)) => true,
            Some(Writing::Edit { before, .. }) => {
                chat.line = Line::with(before);
                true
            }
        }
    }

    /// Asks with which sign to react.
    pub fn react(&mut self) {
        let Some(bubble) = self.chosen_that(MessageAct::React) else { return };
        let is_own =
            |sign: &str| bubble.reactions.iter().any(|reaction| reaction.own && reaction.emoji == sign);
        let react = |sign: &&str| {
            let words = if is_own(sign) { format!("{sign} take back") } else { (*sign).to_owned() };
            pick(&words, Does::React(bubble.id.clone(), (*sign).to_owned()))
        };
        let mut picks: Vec<_> = SIGNS.iter().map(react).collect();
        picks.push(pick("Another", Does::Ask(Asks::Reaction(bubble.id.clone()))));
        if let Some(main) = self.main() {
            main.choose("React", String::new(), picks);
        }
    }

    pub(super) fn react_with(&mut self, id: &MessageId, emoji: String) {
        let Some(chat) = self.main().and_then(|main| main.chat.as_ref()) else { return };
        let row = chat.rows().iter().find(|row| row.id == *id);
        let own = |row: &Bubble| row.reactions.iter().any(|reaction| reaction.own && reaction.emoji == emoji);
        let take_back = row.is_some_and(own);
        let about = Purpose::About(chat.id.clone());
        self.act(Action::React { message: id.0.clone(), emoji, take_back }, about);
    }

    /// Puts a star or a pin on the chosen message, or takes it off.
    pub fn mark_message(&mut self, act: MessageAct) {
        let Some(Bubble { id, chat, .. }) = self.chosen_that(act) else { return };
        let message = id.0;
        let action = match act {
            MessageAct::Star | MessageAct::Unstar => Action::Star { message, on: act == MessageAct::Star },
            MessageAct::Pin | MessageAct::Unpin => Action::Pin { message, on: act == MessageAct::Pin },
            _ => return,
        };
        self.act(action, Purpose::About(chat));
    }

    /// Asks where the chosen message is to be deleted.
    pub fn delete_message(&mut self) {
        let Some(bubble) = self.chosen_that(MessageAct::DeleteForMe) else { return };
        let mut picks = vec![
            pick("Keep it", Does::Nothing),
            pick("Delete on my devices", Does::Delete(bubble.id.clone(), false)),
        ];
        if bubble.acts.contains(&MessageAct::DeleteForEveryone) {
            picks.push(pick("Delete for everyone", Does::Delete(bubble.id, true)));
        }
        if let Some(main) = self.main() {
            main.choose("Delete the message?", String::new(), picks);
        }
    }

    pub(super) fn delete(&mut self, id: MessageId, everyone: bool) {
        let Some(chat) = self.main().and_then(|main| main.chat.as_ref()) else { return };
        let about = Purpose::About(chat.id.clone());
        self.act(Action::Delete { message: id.0, everyone }, about);
    }

    /// Shows what the chosen message said before.
    pub fn show_editions(&mut self) {
        if let Some(bubble) = self.chosen_that(MessageAct::Editions) {
            self.want(What::Ask(Ask::Editions { id: bubble.id }), Purpose::Editions);
        }
    }

    /// Goes to the message that the chosen one answers; earlier ones are asked for until it is there.
    pub fn go_to_answered(&mut self) {
        let Some(chat) = self.main().and_then(|main| main.chat.as_mut()) else { return };
        let Some(quote) = chat.chosen().and_then(|bubble| bubble.reply_to.clone()) else { return };
        chat.seek = Some(quote.id);
        self.seek_on();
    }

    pub(super) fn seek_on(&mut self) {
        let area = self.timeline();
        let Some(main) = self.main() else { return };
        let Some(chat) = &mut main.chat else { return };
        let Some(id) = chat.seek.clone() else { return };
        if chat.rows().iter().any(|row| row.id == id) {
            chat.seek = None;
            chat.choose_this(&id, area.width, area.height);
            main.place = Place::Messages;
        } else if chat.earlier.is_some() && chat.rows().len() < SEEK_MESSAGES_MAX {
            self.show_earlier();
        } else {
            chat.seek = None;
            main.toast = Some("The message that was answered is not on this device.".to_owned());
        }
    }
}

/// What the core says.
impl Model {
    pub(super) fn editions_came(&mut self, answer: Answer) {
        let Answer::Editions(editions) = answer else { return };
        let row = |edition: Edition| (edition.sent.full, edition.text);
        self.sheet("What it said", editions.into_iter().map(row).collect());
    }

    pub(super) fn came_of_acting_about(&mut self, chat: ChatId, outcome: Outcome) {
        if let (Outcome::Refused { sentence, .. }, Some(main)) = (outcome, self.main()) {
            main.refuse(sentence);
        } else if let Some(main) = self.main()
            && main.over.as_ref().is_some_and(super::Over::is_busy)
        {
            main.over = None;
        }
        self.ask_newest(chat);
    }
}

/// What most people react with.
const SIGNS: [&str; 6] = ["👍", "❤️", "😂", "😮", "😢", "🙏"];
/// So many messages are looked through for one that was answered.
const SEEK_MESSAGES_MAX: usize = 5_000;
