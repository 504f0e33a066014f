//! The parts of a message: the body and what may stand inside it.

use super::cbor::{Reader, Writer};
use super::{
    CONTENT_BYTES_MAX, ContentError, LINE_BYTES_MAX, PART_LEVELS_MAX, PARTS_MAX, TYPE_MARKDOWN, TYPE_TEXT,
    WORD_BYTES_MAX,
};
use vocab::limits::TEXT_BYTES_MAX;

/// A part with what it is for.
#[derive(Clone, PartialEq, Eq)]
pub struct NestedPart {
    /// What to do with it.
    pub disposition: Disposition,
    /// Language tags (RFC 5646) with commas, or empty.
    pub language: String,
    /// What it holds.
    pub part: Part,
}

/// What a part holds.
#[derive(Clone, PartialEq, Eq)]
pub enum Part {
    /// Nothing: the message that [`super::MimiContent::replaces`] names is taken back.
    Null,
    /// The bytes themselves.
    Single {
        /// Media type.
        content_type: String,
        /// In that type; UTF-8 when it is a text type.
        content: Vec<u8>,
    },
    /// A place to fetch the bytes from.
    External(Box<ExternalPart>),
    /// Two parts or more.
    Multi {
        /// How they belong together.
        semantics: PartSemantics,
        /// In the sender's order.
        parts: Vec<NestedPart>,
    },
}

/// Where bytes are, and what opens them.
#[derive(Clone, PartialEq, Eq)]
pub struct ExternalPart {
    /// Media type of what is there once opened.
    pub content_type: String,
    /// Where it is.
    pub url: String,
    /// Seconds since 1970 after which it is gone, 0 for never.
    pub expires: u32,
    /// Its size in bytes, 0 when not told.
    pub size: u64,
    /// IANA AEAD number, 0 for none, 1 for AES-128-GCM.
    pub encryption: u16,
    /// Key of the AEAD.
    pub key: Vec<u8>,
    /// Nonce of the AEAD.
    pub nonce: Vec<u8>,
    /// Additional data of the AEAD.
    pub additional_data: Vec<u8>,
    /// IANA named information hash, 0 for none, 1 for SHA-256.
    pub hash: u8,
    /// Hash of what is at the URL.
    pub content_hash: Vec<u8>,
    /// For people; may be empty.
    pub description: String,
    /// A name to save it under; may be empty, and is never trusted as a path.
    pub filename: String,
}

/// What a part is for. Every number is one; those the draft does not name are treated as [`Self::RENDER`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Disposition(pub u8);

impl Disposition {
    /// No hint.
    pub const UNSPECIFIED: Self = Self(0);
    /// To be shown.
    pub const RENDER: Self = Self(1);
    /// A single reaction to another message.
    pub const REACTION: Self = Self(2);
    /// Says who somebody is.
    pub const PROFILE: Self = Self(3);
    /// To be shown in the flow of the conversation.
    pub const INLINE: Self = Self(4);
    /// A picture of somebody or something.
    pub const ICON: Self = Self(5);
    /// To be fetched when asked for.
    pub const ATTACHMENT: Self = Self(6);
    /// Joins a call.
    pub const SESSION: Self = Self(7);
    /// A preview the sender made.
    pub const PREVIEW: Self = Self(8);

    /// Whether the part is shown as a message of its own.
    pub fn is_shown(self) -> bool {
        !(Self::REACTION.0..=Self::PREVIEW.0).contains(&self.0) || self == Self::INLINE
    }
}

/// How several parts belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartSemantics {
    /// The reader picks one.
    ChooseOne,
    /// All together or none.
    SingleUnit,
    /// Each by itself.
    ProcessAll,
}

impl NestedPart {
    /// A part that holds its bytes, without a language.
    pub fn single(disposition: Disposition, content_type: &str, content: impl Into<Vec<u8>>) -> Self {
        Self {
            disposition,
            language: String::new(),
            part: Part::Single { content_type: content_type.to_owned(), content: content.into() },
        }
    }

    /// A part that holds nothing.
    pub fn null() -> Self {
        Self { disposition: Disposition::UNSPECIFIED, language: String::new(), part: Part::Null }
    }

    /// The text to show: of a text part, with previews behind it or without, or of the first text among several to choose from.
    pub fn as_text(&self) -> Option<&str> {
        self.text_part().map(|(_, text)| text)
    }

    /// Whether [`Self::as_text`] is Markdown.
    pub fn is_markdown(&self) -> bool {
        self.text_part().is_some_and(|(content_type, _)| same_type(content_type, TYPE_MARKDOWN))
    }

    fn text_part(&self) -> Option<(&str, &str)> {
        match &self.part {
            Part::Single { content_type, content } if is_readable_text(content_type) => {
                let text = std::str::from_utf8(content).ok().filter(|_| self.disposition.is_shown());
                text.map(|text| (content_type.as_str(), text))
            }
            Part::Multi { semantics: PartSemantics::ChooseOne, parts } if self.disposition.is_shown() => {
                parts.iter().find_map(Self::text_part)
            }
            Part::Multi { .. } => self.text_and_previews().and_then(|(text, _)| text.text_part()),
            _ => None,
        }
    }

    /// The bytes, when it is a single part of exactly that media type.
    pub fn content_of(&self, wanted: &str) -> Option<&[u8]> {
        match &self.part {
            Part::Single { content_type, content } if same_type(content_type, wanted) => Some(content),
            _ => None,
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, ContentError> {
        Self::read_at(reader, PART_LEVELS_MAX, &mut 0)
    }

    fn read_at(reader: &mut Reader<'_>, levels: usize, count: &mut usize) -> Result<Self, ContentError> {
        let levels = levels.checked_sub(1).ok_or(ContentError::TooDeep)?;
        *count += 1;
        if *count > PARTS_MAX {
            return Err(ContentError::TooLarge);
        }
        let fields = reader.array(EXTERNAL_FIELDS)?;
        let disposition = Disposition(reader.small()?);
        let language = reader.text(WORD_BYTES_MAX)?.to_owned();
        let part = match (reader.uint()?, fields) {
            (NULL, NULL_FIELDS) => Part::Null,
            (SINGLE, SINGLE_FIELDS) => read_single(reader)?,
            (EXTERNAL, EXTERNAL_FIELDS) => Part::External(Box::new(ExternalPart::read(reader)?)),
            (MULTI, MULTI_FIELDS) => {
                let semantics = PartSemantics::from_number(reader.uint()?)?;
                let amount = reader.array(PARTS_MAX)?;
                if amount < 2 {
                    return Err(ContentError::Malformed);
                }
                let parts =
                    (0..amount).map(|_| Self::read_at(reader, levels, count)).collect::<Result<_, _>>()?;
                Part::Multi { semantics, parts }
            }
            _ => return Err(ContentError::Malformed),
        };
        Ok(Self { disposition, language, part })
    }

    pub(super) fn write(&self, out: &mut Writer) -> Result<(), ContentError> {
        self.write_at(out, PART_LEVELS_MAX)
    }

    fn write_at(&self, out: &mut Writer, levels: usize) -> Result<(), ContentError> {
        let levels = levels.checked_sub(1).ok_or(ContentError::TooDeep)?;
        let (cardinality, fields) = match &self.part {
            Part::Null => (NULL, NULL_FIELDS),
            Part::Single { .. } => (SINGLE, SINGLE_FIELDS),
            Part::External(_) => (EXTERNAL, EXTERNAL_FIELDS),
            Part::Multi { .. } => (MULTI, MULTI_FIELDS),
        };
        out.array(fields);
        out.uint(self.disposition.0.into());
        out.text(&self.language);
        out.uint(cardinality);
        match &self.part {
            Part::Null => {}
            Part::Single { content_type, content } => {
                out.text(content_type);
                out.bytes(content);
            }
            Part::External(external) => external.write(out),
            Part::Multi { semantics, parts } => {
                out.uint(semantics.number());
                out.array(parts.len());
                for part in parts {
                    part.write_at(out, levels)?;
                }
            }
        }
        Ok(())
    }
}

impl ExternalPart {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ContentError> {
        Ok(Self {
            content_type: reader.text(WORD_BYTES_MAX)?.to_owned(),
            url: reader.text(LINE_BYTES_MAX)?.to_owned(),
            expires: reader.small()?,
            size: reader.uint()?,
            encryption: reader.small()?,
            key: reader.bytes(WORD_BYTES_MAX)?.to_vec(),
            nonce: reader.bytes(WORD_BYTES_MAX)?.to_vec(),
            additional_data: reader.bytes(LINE_BYTES_MAX)?.to_vec(),
            hash: reader.small()?,
            content_hash: reader.bytes(WORD_BYTES_MAX)?.to_vec(),
            description: reader.text(LINE_BYTES_MAX)?.to_owned(),
            filename: reader.text(LINE_BYTES_MAX)?.to_owned(),
        })
    }

    fn write(&self, out: &mut Writer) {
        out.text(&self.content_type);
        out.text(&self.url);
        out.uint(self.expires.into());
        out.uint(self.size);
        out.uint(self.encryption.into());
        out.bytes(&self.key);
        out.bytes(&self.nonce);
        out.bytes(&self.additional_data);
        out.uint(self.hash.into());
        out.bytes(&self.content_hash);
        out.text(&self.description);
        out.text(&self.filename);
    }
}

impl PartSemantics {
    fn number(self) -> u64 {
        match self {
            Self::ChooseOne => 0,
            Self::SingleUnit => 1,
            Self::ProcessAll => 2,
        }
    }

    fn from_number(number: u64) -> Result<Self, ContentError> {
        match number {
            0 => Ok(Self::ChooseOne),
            1 => Ok(Self::SingleUnit),
            2 => Ok(Self::ProcessAll),
            _ => Err(ContentError::Malformed),
        }
    }
}

fn read_single(reader: &mut Reader<'_>) -> Result<Part, ContentError> {
    let content_type = reader.text(WORD_BYTES_MAX)?;
    let text = is_text(content_type);
    let content = reader.bytes(if text { TEXT_BYTES_MAX } else { CONTENT_BYTES_MAX })?;
    if text && says_utf8(content_type) && std::str::from_utf8(content).is_err() {
        return Err(ContentError::NotText);
    }
    Ok(Part::Single { content_type: content_type.to_owned(), content: content.to_vec() })
}

/// Media types compare without case and without the spaces around their parameters.
fn same_type(a: &str, b: &str) -> bool {
    pieces(a).eq(pieces(b))
}

fn pieces(media_type: &str) -> impl Iterator<Item = String> {
    media_type.split(';').map(|piece| piece.trim().to_ascii_lowercase())
}

fn is_readable_text(content_type: &str) -> bool {
    same_type(content_type, TYPE_TEXT) || same_type(content_type, TYPE_MARKDOWN)
}

fn is_text(content_type: &str) -> bool {
    pieces(content_type).next().is_some_and(|kind| kind.starts_with("text/"))
}

/// Text is UTF-8 unless its type names another character set.
fn says_utf8(content_type: &str) -> bool {
    !pieces(content_type).skip(1).any(|piece| {
        piece.strip_prefix("charset=").is_some_and(|charset| charset.trim_matches('"') != "utf-8")
    })
}

const NULL: u64 = 0;
const SINGLE: u64 = 1;
const EXTERNAL: u64 = 2;
const MULTI: u64 = 3;
const NULL_FIELDS: usize = 3;
const SINGLE_FIELDS: usize = 5;
const EXTERNAL_FIELDS: usize = 15;
const MULTI_FIELDS: usize = 5;

crate::frame::opaque_debug!(NestedPart, Part, ExternalPart);
