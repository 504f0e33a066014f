//! What is done with a message that is there.

use screens::{
    Action, Ask, Bubble, ChatId, Composer, Edition, Listing, MessageId, Outcome, PollOption, What,
};

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

    /// Opens the window in which one says where a message is forwarded to.
    pub fn choose_where_to_forward(&mut self, bubble: &Bubble) {
        if let Some(main) = self.main() {
            let chats = match &main.list.chats {
                Listing::Rows(rows) => rows.clone(),
                _ => Vec::new(),
            };
            main.dialog = Some(Dialog::Forward { bubble: Box::new(bubble.clone()), chats });
        }
    }

    /// Says in another chat what a message says, and opens it.
    pub fn forward(&mut self, bubble: &Bubble, to: &ChatId) {
        let action = Action::Forward { message: bubble.id.0.clone(), to: to.0.clone() };
        self.close_dialog();
        self.open_chat(to);
        self.act(action, Purpose::About(to.clone()));
    }

    /// Puts a star on a message, or takes it off.
    pub fn star(&mut self, bubble: &Bubble) {
        let action = Action::Star { message: bubble.id.0.clone(), on: !bubble.starred };
        self.close_dialog();
        self.act(action, Purpose::About(bubble.chat.clone()));
    }

    /// Pins a message, or takes the pin off.
    pub fn pin(&mut self, bubble: &Bubble) {
        let action = Action::Pin { message: bubble.id.0.clone(), on: !bubble.pinned };
        self.close_dialog();
        self.act(action, Purpose::About(bubble.chat.clone()));
    }

    /// Opens the window in which one asks a question.
    pub fn new_poll(&mut self, chat: &ChatId) {
        if let Some(main) = self.main() {
            main.dialog = Some(Dialog::NewPoll { chat: chat.clone(), refused: None });
        }
    }

    /// Asks a question.
    pub fn create_poll(&mut self, chat: &ChatId, question: String, options: Vec<String>, multiple: bool) {
        let action = Action::CreatePoll { to: chat.0.clone(), question, options, multiple };
        self.act(action, Purpose::NewPoll(chat.clone()));
    }

    /// Votes for an option, or takes that back; where one may choose several, the others stay.
    pub fn vote(&mut self, bubble: &Bubble, option: usize) {
        let Some(poll) = &bubble.poll else { return };
        let stays = |(index, it): (usize, &PollOption)| match index == option {
            true => !it.own,
            false => it.own && poll.multiple,
        };
        let options = poll.options.iter().enumerate().filter(|(index, it)| stays((*index, it)));
        let options = options.filter_map(|(index, _)| u32::try_from(index).ok()).collect();
        let action = Action::Vote { message: bubble.id.0.clone(), options };
        self.act(action, Purpose::About(bubble.chat.clone()));
    }

    /// Lets no more votes count.
    pub fn end_poll(&mut self, bubble: &Bubble) {
        let action = Action::EndPoll { message: bubble.id.0.clone() };
        self.close_dialog();
        self.act(action, Purpose::About(bubble.chat.clone()));
    }

    /// Tells no more where one is.
    pub fn stop_live(&mut self, bubble: &Bubble) {
        self.close_dialog();
        let action = Action::StopLive { message: Some(bubble.id.0.clone()) };
        self.act(action, Purpose::About(bubble.chat.clone()));
    }

    /// Opens the window with what can be done with a chat.
    pub fn show_chat_acts(&mut self, id: &ChatId) {
        let Some(main) = self.main() else { return };
        let Listing::Rows(rows) = &main.list.chats else { return };
        let row = rows.iter().find(|row| row.id == *id).cloned();
        let timer = main.chat().and_then(|chat| chat.head.as_ref()).and_then(|head| head.timer.clone());
        main.dialog = row.map(|row| Dialog::ChatActs { row: Box::new(row), timer });
    }

    /// Does something with a chat.
    pub fn act_on_chat(&mut self, id: &ChatId, action: Action) {
        self.close_dialog();
        self.act(action, Purpose::About(id.clone()));
    }

    /// Keeps a text that is not finished; nothing is told when it is the one that is kept already.
    pub fn keep_draft(&mut self, id: &ChatId, text: String) {
        let Some(chat) = self.main().and_then(|main| main.chat_if(id)) else { return };
        let Some(Composer::Open { draft, .. }) = chat.frame.as_mut().map(|frame| &mut frame.composer) else {
            return;
        };
        if *draft != text {
            draft.clone_from(&text);
            self.act(Action::SaveDraft { chat: id.clone(), text }, Purpose::Quiet);
        }
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

    pub(super) fn came_of_acting_about(&mut self, chat: ChatId, outcome: Outcome) {
        if let Outcome::Refused { sentence, .. } = outcome {
            self.say(sentence);
        }
        self.ask_newest(chat);
        self.ask_chats();
    }
}
