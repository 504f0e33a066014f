//! Pictures, videos, voice notes and files, as a message shows them.

use serde::{Deserialize, Serialize};

use crate::{ChatId, Moment, Quote};

/// Names an attachment on this device. Opaque to a front end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttachmentId(pub String);

/// Names what is on its way out and no message yet. Opaque to a front end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OutgoingId(pub String);

/// How an attachment is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// By its name and size.
    File,
    /// As a picture.
    Picture,
    /// As a film.
    Video,
    /// As somebody's voice.
    Voice,
    /// As sound.
    Audio,
    /// As a picture without a frame.
    Sticker,
    /// As a picture that moves.
    Animation,
}

/// One attachment. What is said of its size, length and pixels is its sender's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentShown {
    /// Which.
    pub id: AttachmentId,
    /// How it is shown.
    pub kind: MediaKind,
    /// Its name, never empty and never a path: `lake.jpg`, `Photo`.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// `2.4 MB`.
    pub size_text: String,
    /// Pixels, 0 when not told.
    pub width: u32,
    /// See [`Self::width`].
    pub height: u32,
    /// Milliseconds, 0 when it has no length.
    pub duration_ms: u64,
    /// `1:23`, when it has one.
    pub duration: Option<String>,
    /// `12 pages`, when told.
    pub pages: Option<String>,
    /// A picture of a few pixels (ThumbHash) in base64; may be empty.
    pub placeholder: String,
    /// Loudnesses of 0 to 31; may be empty.
    pub waveform: Vec<u8>,
    /// There is a small picture: [`crate::Ask::Thumbnail`].
    pub thumbnail: bool,
    /// How it stands on this device.
    pub state: Transfer,
    /// The same in words: `1.2 of 2.4 MB`, `2.4 MB, not loaded`, `No longer on the server`.
    pub line: String,
    /// How far it came, out of a hundred.
    pub percent: u8,
    /// What can be done with it, the likeliest first.
    pub acts: Vec<AttachmentAct>,
    /// For a screen reader: `Photo, 2.4 MB, not loaded`.
    pub spoken: String,
}

/// How an attachment stands on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transfer {
    /// Not loaded.
    Known,
    /// Being loaded.
    Coming,
    /// The same, held.
    ComingHeld,
    /// All of it is here and genuine.
    Here,
    /// On its way to the server.
    Leaving,
    /// The same, held.
    LeavingHeld,
    /// The server does not keep it any more.
    Gone,
    /// What came is not what was sent.
    Damaged,
}

/// Something that can be done with an attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentAct {
    /// Load it: [`crate::Action::FetchAttachment`].
    Fetch,
    /// Hold loading it.
    Hold,
    /// Show or play it.
    Open,
    /// Take it out of Valise.
    Save,
}

/// What is on its way out and no message yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutgoingShown {
    /// Which.
    pub id: OutgoingId,
    /// Where it goes.
    pub chat: ChatId,
    /// The words that go with it; may be empty.
    pub text: String,
    /// The message it answers.
    pub reply_to: Option<Quote>,
    /// In order.
    pub attachments: Vec<AttachmentShown>,
    /// When it was sent here.
    pub made: Moment,
    /// `Sending 1.2 of 2.4 MB`, `Held`, or why it does not leave and what now.
    pub line: String,
    /// How far it came, out of a hundred.
    pub percent: u8,
    /// It does not leave by itself any more.
    pub failed: bool,
    /// What can be done with it, the likeliest first.
    pub acts: Vec<OutgoingAct>,
    /// For a screen reader.
    pub spoken: String,
}

/// Something that can be done with what is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutgoingAct {
    /// [`crate::Action::HoldOutgoing`].
    Hold,
    /// Let it go on.
    GoOn,
    /// Try it again.
    TryAgain,
    /// [`crate::Action::CancelOutgoing`].
    Cancel,
}

/// A file that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChoice {
    /// Where it is.
    pub source: FileSource,
    /// How much of a picture is sent.
    pub quality: Quality,
    /// What it is sent as.
    pub send_as: SendAs,
}

/// What a file is sent as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendAs {
    /// What its first bytes say it is.
    #[default]
    Itself,
    /// A file, to the byte, whatever it is.
    File,
    /// A voice note.
    Voice,
    /// A sticker: a small picture, shown without a frame.
    Sticker,
}

/// Where a file to be sent is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileSource {
    /// On the machine that the core runs on.
    Path(String),
    /// Handed over beside, under this number: in a browser.
    Handed(u64),
}

/// How much of a picture is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Small.
    DataSaver,
    /// As large as a screen.
    #[default]
    Standard,
    /// As it is, without what tells where and with what it was taken.
    Original,
}

/// How much room the media of all chats take on this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoragePage {
    /// `24.1 MB in 12 files`, or that there is nothing.
    pub line: String,
    /// All bytes.
    pub bytes: u64,
    /// By chat, the largest first.
    pub rows: Vec<StorageRow>,
    /// What is loaded by itself.
    pub rules: Vec<MediaRuleRow>,
}

/// One chat's share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageRow {
    /// Which.
    pub chat: ChatId,
    /// Its name.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// Files.
    pub files: u32,
    /// `24.1 MB in 12 files`.
    pub line: String,
}

/// What is loaded by itself, of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaRuleRow {
    /// Which kind.
    pub kind: MediaKind,
    /// `Photos`.
    pub name: String,
    /// Up to so many bytes; 0 for none.
    pub free: u64,
    /// The same where the network costs by its bytes.
    pub metered: u64,
    /// `Up to 16 MB, up to 1 MB where it costs`.
    pub line: String,
}
