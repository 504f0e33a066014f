//! Before there are chats: welcome, code; and how this device stands.

use serde::{Deserialize, Serialize};

use crate::{ConnectionLine, ContactId};

/// Which screen comes first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// Nobody is registered on this device.
    Welcome(WelcomeScreen),
    /// A code was sent and is awaited.
    Code(CodeScreen),
    /// Registered: the chats come.
    Main(Me),
}

/// Oneself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// One's own id.
    pub id: ContactId,
    /// One's own name.
    pub name: String,
    /// One or two letters in place of a picture.
    pub initials: String,
    /// Which of the colours `person-1` to `person-8`.
    pub tint: u8,
    /// One's own number or address.
    pub handle: Option<String>,
}

/// The welcome, and the question how one may be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WelcomeScreen {
    /// `Write to people, not to platforms.`
    pub title: String,
    /// What this is.
    pub sentence: String,
    /// The server's name, as in its address.
    pub server: String,
    /// `Create an account`
    pub create: String,
    /// `How may people find you?`
    pub handle_title: String,
    /// What a handle is for.
    pub handle_sentence: String,
    /// Number, e-mail, neither, in this order.
    pub choices: Vec<HandleChoice>,
    /// Label of the name's field.
    pub name_label: String,
    /// What the name is for.
    pub name_sentence: String,
    /// Longest name, characters.
    pub name_chars_max: u32,
}

/// A way to be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandleChoice {
    /// Which.
    pub kind: HandleKind,
    /// `Phone number`
    pub label: String,
    /// Words in the empty field; nothing when there is no field.
    pub placeholder: Option<String>,
    /// What happens with it.
    pub sentence: String,
    /// Label of the button that goes on: `Send the code`.
    pub go: String,
}

/// The ways to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandleKind {
    /// A phone number.
    Number,
    /// An e-mail address.
    Email,
    /// Neither: by invitation link only.
    Neither,
}

/// The code is awaited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeScreen {
    /// `Enter the 6 digits`
    pub title: String,
    /// Where it went and how long it is good for.
    pub sentence: String,
    /// The handle to give with the code.
    pub handle: String,
    /// Digits of a code.
    pub digits: u32,
    /// `Create the account`
    pub go: String,
    /// `Send a new code`
    pub again: String,
    /// Label of the name's field, for a front end that forgot the name meanwhile.
    pub name_label: String,
    /// Longest name, characters.
    pub name_chars_max: u32,
}

/// How this device stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Oneself, once registered.
    pub me: Option<Me>,
    /// The handle a code was asked for, while registration is not finished.
    pub code_sent_to: Option<String>,
    /// The server's name.
    pub server: String,
    /// The line.
    pub line: ConnectionLine,
    /// Steps that wait for the server.
    pub waiting: u32,
    /// Devices of the account.
    pub devices: u32,
    /// Messages not seen yet.
    pub unread: u32,
    /// How many knock.
    pub requests: u32,
}
