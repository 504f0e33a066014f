//! Content inside an envelope: MIMI content (draft-ietf-mimi-content-08) and what Valise carries in it
//! (`docs/protocol/message.md`, `docs/protocol/receipt.md`).
//!
//! The service never sees any of this. A decoder takes only the deterministic encoding of RFC 8949 section 4.2.1, so a
//! value and its bytes stand for each other; all lengths, counts and depths are bounded before anything is kept.
//!
//! Invariant: nothing here has a `Debug` that shows what somebody wrote.

mod attachment;
mod cbor;
mod extension;
mod mimi;
mod part;
mod place;
mod preview;
mod profile;
mod status;

pub use attachment::{AttachmentPart, MediaInfo, MediaKind};
pub use extension::{Chain, ContentExtensions, ExtensionKey, ExtensionValue, chain_hash};
pub use mimi::{Expiration, MimiContent, message_id, room_uri, sender_uri};
pub use part::{Disposition, ExternalPart, NestedPart, Part, PartSemantics};
pub use place::{
    PLACE_LABEL_BYTES_MAX, PlacePart, TYPE_PLACE, TYPE_PLACE_END, TYPE_PLACE_FIX, Told, decode_fix,
    encode_fix,
};
pub use preview::{LinkPreview, TYPE_PREVIEW};
pub use profile::{Profile, ProfilePicture};
pub use status::{MessageStatus, StatusReport};

/// Longest encoded content, bytes: the largest inline picture with its text, and far below a payload's limit.
pub const CONTENT_BYTES_MAX: usize = 1024 * 1024;
/// Longest topic id, bytes (the draft, section 9.1).
pub const TOPIC_BYTES_MAX: usize = 4_096;
/// Parts in one message, however nested (the draft, section 9.1).
pub const PARTS_MAX: usize = 1_024;
/// Levels of parts: the body is the first (the draft, section 6.3).
pub const PART_LEVELS_MAX: usize = 4;
/// Extensions in one message: a list that a person could still read.
pub const EXTENSIONS_MAX: usize = 64;
/// Longest text key of an extension, bytes (the draft, section 4.3).
pub const EXTENSION_KEY_BYTES_MAX: usize = 255;
/// Longest encoded value of an extension, bytes (the draft, section 4.3).
pub const EXTENSION_VALUE_BYTES_MAX: usize = 4_095;
/// Levels of arrays, maps and tags in the extensions, their own map being the first (the draft, section 6.3).
pub const EXTENSION_LEVELS_MAX: usize = 4;
/// Longest media type, language list, key, nonce or hash, bytes.
pub const WORD_BYTES_MAX: usize = 255;
/// Longest URL, description, file name or additional data, bytes.
pub const LINE_BYTES_MAX: usize = 4_096;
/// Longest reaction, bytes: the longest emoji sequences are about half of it.
pub const REACTION_BYTES_MAX: usize = 64;
/// Message states in one report: what a batch of receipts gathers in a few seconds.
pub const STATUS_ENTRIES_MAX: usize = 256;
/// Longest handle in a profile, bytes (RFC 5321: the longest e-mail address).
pub const PROFILE_HANDLE_BYTES_MAX: usize = 254;
/// Longest encoded profile, bytes; leaves room for what later versions add.
pub const PROFILE_BYTES_MAX: usize = 4_096;
/// Attachments of one message: an album that one still looks through.
pub const ATTACHMENTS_MAX: usize = 32;
/// Longest name of a file, bytes: what file systems take.
pub const ATTACHMENT_NAME_BYTES_MAX: usize = 255;
/// Longest small picture of an attachment or a preview, bytes.
pub const THUMBNAIL_BYTES_MAX: usize = 16 * 1024;
/// Longest picture of a few pixels, bytes.
pub const PLACEHOLDER_BYTES_MAX: usize = 32;
/// Longest link of a preview, bytes: the longest that a text leads to.
pub const PREVIEW_LINK_BYTES_MAX: usize = 2_048;
/// Longest title of a preview, bytes.
pub const PREVIEW_TITLE_BYTES_MAX: usize = 512;
/// Longest description of a preview, bytes.
pub const PREVIEW_DESCRIPTION_BYTES_MAX: usize = 1_024;
/// Loudnesses of a voice.
pub const WAVEFORM_MAX: usize = 64;

/// Media type of plain text.
pub const TYPE_TEXT: &str = "text/plain;charset=utf-8";
/// Media type of GitHub Flavored Markdown as the draft's section 7.1.1 narrows it.
pub const TYPE_MARKDOWN: &str = "text/markdown;variant=GFM-MIMI";
/// Media type of a [`StatusReport`].
pub const TYPE_STATUS: &str = "application/mimi-message-status";
/// Media type of a [`Profile`].
pub const TYPE_PROFILE: &str = "application/vnd.valise.profile+cbor";

/// Media type of [`MediaInfo`].
pub const TYPE_MEDIA: &str = "application/vnd.valise.media+cbor";

/// Bytes that are no content, or a value that must not be sent. Whoever receives such bytes drops them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// A text, a field or the whole is longer than its limit.
    #[error("the content is longer than its limit")]
    TooLarge,
    /// Parts or extensions stand too deep inside each other.
    #[error("the content is nested too deeply")]
    TooDeep,
    /// Not the one encoding its value has.
    #[error("the content is not in deterministic encoding")]
    NotDeterministic,
    /// Text that is not UTF-8.
    #[error("the content holds text that is not UTF-8")]
    NotText,
    /// Cut short, followed by something, or not of this shape.
    #[error("the content does not follow its format")]
    Malformed,
}

#[cfg(test)]
mod tests;
