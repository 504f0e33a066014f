//! What the core says by itself.

use serde::{Deserialize, Serialize};

use crate::{Banner, ChatId, ConnectionLine, ContactId, Mark, MessageId, OutgoingId, Person};

/// Something changed. A notice says what; an [`crate::Ask`] says how it is now. Several may stand for one change, and a
/// front end that was away asks again instead of expecting them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// A message is new in a chat.
    Message {
        /// Where.
        chat: ChatId,
        /// Which.
        id: MessageId,
        /// Written by oneself, here or on another device.
        own: bool,
    },
    /// An attachment of a message went on: [`crate::Ask::Message`].
    Attachment {
        /// Where.
        chat: ChatId,
        /// Of which message.
        id: MessageId,
    },
    /// What is on its way out went on, ended, or became a message: [`crate::Ask::Outgoing`].
    Outgoing {
        /// Where.
        chat: ChatId,
        /// Which.
        id: OutgoingId,
        /// The message that it became.
        message: Option<MessageId>,
    },
    /// A message of one's own went on.
    Receipt {
        /// Where.
        chat: ChatId,
        /// Which.
        id: MessageId,
        /// How far it came.
        mark: Mark,
    },
    /// Somebody reacted to a message, or took a reaction back.
    Reaction {
        /// Where.
        chat: ChatId,
        /// To which message.
        id: MessageId,
        /// Who; boxed because it is much larger than the rest.
        from: Box<Person>,
        /// How.
        emoji: String,
        /// It is no more.
        taken_back: bool,
    },
    /// Somebody writes in a chat, or does not any more.
    Typing {
        /// Where.
        chat: ChatId,
        /// Who.
        from: Box<Person>,
        /// They write.
        on: bool,
        /// What is shown in the chat from now on: `Boris is typing…`, or nothing.
        line: Option<String>,
    },
    /// One's own profile changed: [`crate::Ask::Profile`].
    Profile,
    /// What others are told of oneself was switched: [`crate::Ask::Privacy`].
    Privacy,
    /// A message says something else now.
    Edit {
        /// Where.
        chat: ChatId,
        /// Which.
        id: MessageId,
    },
    /// A message was deleted.
    Delete {
        /// Where.
        chat: ChatId,
        /// Which.
        id: MessageId,
    },
    /// A message of one's own cannot leave and will not be tried again.
    Failed {
        /// Where.
        chat: ChatId,
        /// Which.
        id: MessageId,
        /// What is, why, what now.
        sentence: String,
    },
    /// Messages are missing in a chat.
    Missing {
        /// Where.
        chat: ChatId,
        /// How many.
        count: u64,
        /// What is, and what is done about it.
        sentence: String,
    },
    /// A change to a group that was asked for did not happen.
    Group {
        /// Which.
        chat: ChatId,
        /// What is, why, what now.
        sentence: String,
    },
    /// Texts that wait for their time changed: [`crate::Ask::Scheduled`].
    Scheduled {
        /// In which chat.
        chat: ChatId,
        /// What is, why, what now, where the person is to know.
        sentence: Option<String>,
    },
    /// Who asks to come into a group changed: [`crate::Ask::Group`].
    Knock {
        /// Which group.
        chat: ChatId,
        /// How many ask.
        count: u32,
        /// What is, and what now; nothing when nobody asks any more.
        sentence: Option<String>,
    },
    /// Asking to come into a group went on: [`crate::Ask::Joining`].
    Joining {
        /// Which group.
        chat: ChatId,
        /// What is, why, what now.
        sentence: String,
    },
    /// The list of chats changed: order, names, last messages, counts.
    Chats,
    /// Somebody knocks.
    Request {
        /// Who: an id and nothing else, until they are accepted.
        who: ContactId,
    },
    /// A contact changed.
    Contact {
        /// Who.
        who: ContactId,
    },
    /// The account changed (it was made in another front end, or its name): ask [`crate::Ask::Start`] again.
    Account,
    /// The line changed.
    Connection(ConnectionLine),
    /// Nothing is left to be done with the server right now.
    Settled,
    /// Linking a device went on: ask [`crate::Ask::Linking`] again.
    Linking,
    /// Something about the devices of the account, or the history that comes from one: [`crate::Ask::Devices`].
    Devices {
        /// What happened, where the person is to know.
        sentence: Option<String>,
    },
    /// Somebody's devices changed.
    DevicesChanged {
        /// Whose.
        who: ContactId,
        /// What is.
        sentence: String,
    },
    /// This device was removed from the account.
    Removed {
        /// What is, what now.
        sentence: String,
    },
    /// A condition of the device that lasts, or nothing when it passed.
    Device(Option<Banner>),
}
