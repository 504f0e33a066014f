//! The cast again: what people do with messages that are there.

use client::{Command, MessageView, Refused, Reply};
use vocab::MessageId;

use crate::{Device, World};

impl Device {
    /// Answers a message.
    pub fn replies(self, world: &mut World, to: MessageId, text: &str) -> MessageId {
        self.queues(world, Command::Reply { to, text: text.to_owned() })
    }

    /// Reacts to a message.
    pub fn reacts(self, world: &mut World, to: MessageId, emoji: &str) {
        let done = self.asks(world, Command::React { to, emoji: emoji.to_owned() });
        assert!(matches!(done, Ok(Reply::Queued(_) | Reply::Done)), "{} reacts: {done:?}", self.name(world));
    }

    /// Takes a reaction back.
    pub fn takes_back(self, world: &mut World, to: MessageId, emoji: &str) {
        self.queues(world, Command::TakeReactionBack { to, emoji: emoji.to_owned() });
    }

    /// Puts another text in the place of a message.
    pub fn edits(self, world: &mut World, message: MessageId, text: &str) -> MessageId {
        self.queues(world, Command::Edit { message, text: text.to_owned() })
    }

    /// Takes a message back from everybody.
    pub fn deletes(self, world: &mut World, message: MessageId) {
        self.queues(world, Command::Delete { message, everyone: true });
    }

    /// Puts a message away for oneself.
    pub fn puts_away(self, world: &mut World, message: MessageId) {
        let done = self.asks(world, Command::Delete { message, everyone: false });
        assert_eq!(done, Ok(Reply::Done), "{} puts a message away", self.name(world));
    }

    /// Chooses something for a chat.
    pub fn chooses(self, world: &mut World, with: Self, choice: client::ChatChoice) {
        let conversation = self.conversation(world, with).expect("they know each other");
        assert_eq!(self.asks(world, Command::Choose { conversation, choice }), Ok(Reply::Done));
    }

    /// How the list shows a chat.
    pub fn head(self, world: &World, with: Self) -> client::ConversationHead {
        let conversation = self.conversation(world, with).expect("they know each other");
        let head = self.client(world).conversation(conversation).expect("the store can be read");
        head.expect("there is such a chat")
    }

    /// Sets the timer of a chat.
    pub fn sets_timer(self, world: &mut World, with: Self, seconds: u32) {
        let conversation = self.conversation(world, with).expect("they know each other");
        self.queues(world, Command::SetTimer { conversation, seconds });
    }

    /// Texts of messages that hold these words, the newest first.
    pub fn finds(self, world: &World, words: &str) -> Vec<String> {
        let found = self.client(world).search(words, 100).expect("the store can be read");
        found.into_iter().map(|found| found.message.text).collect()
    }

    /// Gives a command that queues a message.
    pub fn queues(self, world: &mut World, command: Command) -> MessageId {
        match self.asks(world, command) {
            Ok(Reply::Queued(id)) => id,
            other => panic!("{} says something: {other:?}", self.name(world)),
        }
    }

    /// Gives a command that must be refused.
    pub fn is_refused(self, world: &mut World, command: Command) -> Refused {
        self.asks(world, command).expect_err("this is refused")
    }

    /// What the conversation shows, with all that was said about each message.
    pub fn sees(self, world: &World, with: Self) -> Vec<String> {
        let messages = self.messages(world, with);
        let texts: Vec<_> = messages.iter().map(|message| (message.id, message.text.clone())).collect();
        let line = |message: MessageView| {
            let reactions: Vec<String> = message
                .reactions
                .iter()
                .map(|reaction| format!("{}{}", reaction.emoji, reaction.from.len()))
                .collect();
            let answered = message.reply_to.map(|to| {
                let text = texts.iter().find(|(id, _)| *id == to).map_or("?", |(_, text)| text);
                format!(" (to: {text})")
            });
            let mut line = format!("{}{}", message.text, answered.unwrap_or_default());
            for (is, word) in [(message.edited_at.is_some(), " (edited)"), (message.deleted, "(deleted)")] {
                line += if is { word } else { "" };
            }
            if reactions.is_empty() { line } else { format!("{line} [{}]", reactions.join(" ")) }
        };
        messages.into_iter().map(line).collect()
    }
}
