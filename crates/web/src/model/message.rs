//! What is done with a message that is there.

use screens::{Action, Ask, Bubble, Edition, MessageId, Outcome, What};

use super::{Dialog, Model, Open, Purpose, Stage};

/// What the next text in the composer is, when it is not a message by itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Writing {
    /// An answer to this message.
    Answer(Box<Bubble>),
    /// Another text in the place of a message's.
    Edit {
        /// Which.
        bubble: Box<Bubble>,
        /// What stood in the composer before.
        before: String,
    },
}

impl Writing {
    /// The message it is about.
    #[must_use]
    pub fn about(&self) -> &Bubble {
        match self {
            Self::Answer(bubble) | Self::Edit { bubble, .. } => bubble,
        }
    }
}

/// What the person does.
impl Model {
    /// Opens the window with what can be done with a message.
    pub fn show_acts(&mut self, bubble: &Bubble) {
        if let Some(main) = self.main() {
            main.dialog = Some(Dialog::Acts { bubble: Box::new(bubble.clone()) });
        }
    }

    /// The next text answers this message.
    pub fn answer(&mut self, bubble: &Bubble) {
        self.write(Writing::Answer(Box::new(bubble.clone())));
    }

    /// The next text takes the place of this message's. `before` is what stood in the composer.
    pub fn edit(&mut self, bubble: &Bubble, before: String) {
        self.write(Writing::Edit { bubble: Box::new(bubble.clone()), before });
    }

    fn write(&mut self, writing: Writing) {
        let id = writing.about().chat.clone();
        self.close_dialog();
        if let Some(chat) = self.main().and_then(|main| main.chat_if(&id)) {
            chat.writing = Some(writing);
        }
    }

    /// The next text is a message by itself.
    pub fn stop_writing_about(&mut self) {
        let Stage::Main(main) = &mut self.stage else { return };
        if let Some(Open::Chat(chat)) = &mut main.open {
            chat.writing = None;
        }
    }

    /// Reacts to a message, or takes the reaction back if it is there.
    pub fn react(&mut self, bubble: &Bubble, emoji: &str) {
        let emoji = emoji.trim().to_owned();
        let take_back = bubble.reactions.iter().any(|reaction| reaction.own && reaction.emoji == emoji);
        let (message, chat) = (bubble.id.0.clone(), bubble.chat.clone());
        self.close_dialog();
        self.act(Action::React { message, emoji, take_back }, Purpose::About(chat));
    }

    /// Deletes a message.
    pub fn delete(&mut self, bubble: &Bubble, everyone: bool) {
        let (message, chat) = (bubble.id.0.clone(), bubble.chat.clone());
        self.close_dialog();
        self.act(Action::Delete { message, everyone }, Purpose::About(chat));
    }

    /// Opens the window with what a message said before.
    pub fn show_editions(&mut self, id: &MessageId) {
        if let Some(main) = self.main() {
            main.dialog = Some(Dialog::Editions { editions: Vec::new() });
            self.want(What::Ask(Ask::Editions { id: id.clone() }), Purpose::Editions);
        }
    }

    /// Goes to a message; if it is not among those shown, earlier ones are asked for until it is.
    pub fn jump_to(&mut self, id: &MessageId) {
        let Stage::Main(main) = &mut self.stage else { return };
        let Some(Open::Chat(chat)) = &mut main.open else { return };
        chat.seek(id.clone());
        self.seek_on();
    }

    /// Asks for earlier messages while one is looked for.
    pub(super) fn seek_on(&mut self) {
        let Stage::Main(main) = &mut self.stage else { return };
        let Some(Open::Chat(chat)) = &mut main.open else { return };
        if chat.still_seeks() {
            self.show_earlier();
        }
    }

    /// The page has gone to the message.
    pub fn jumped(&mut self) {
        let Stage::Main(main) = &mut self.stage else { return };
        if let Some(Open::Chat(chat)) = &mut main.open {
            chat.jump = None;
        }
    }
}

/// What the core says.
impl Model {
    pub(super) fn editions_came(&mut self, came: Vec<Edition>) {
        if let Some(Dialog::Editions { editions }) = self.dialog() {
            *editions = came;
        }
    }

    pub(super) fn came_of_acting_about(&mut self, chat: screens::ChatId, outcome: Outcome) {
        if let Outcome::Refused { sentence, .. } = outcome {
            self.say(sentence);
        }
        self.ask_newest(chat);
    }
}
