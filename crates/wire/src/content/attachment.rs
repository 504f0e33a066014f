//! Attachments of a message: where the bytes are, what opens them, and what their sender says of them
//! (`docs/protocol/attachment.md`).
//!
//! Each is a unit of two or three parts: the external part, what the sender says of it, and a small picture of it. Several, or one with
//! words, are the parts of the body, the words first.

use super::cbor::{Reader, Writer};
use super::part::{Disposition, ExternalPart, NestedPart, Part, PartSemantics};
use super::{
    ATTACHMENT_NAME_BYTES_MAX, ATTACHMENTS_MAX, ContentError, PLACEHOLDER_BYTES_MAX, THUMBNAIL_BYTES_MAX,
    TYPE_MEDIA, WAVEFORM_MAX, WORD_BYTES_MAX,
};
use crate::Secret32;

/// One attachment, as a message carries it.
#[derive(Clone, PartialEq, Eq)]
pub struct AttachmentPart {
    /// Opens the chunks, and leads to them.
    pub secret: Secret32,
    /// Bytes of the file.
    pub size: u64,
    /// Over the hashes of all sealed chunks.
    pub hash: [u8; 32],
    /// Seconds since 1970 after which the service keeps it no more; a hint.
    pub expires: u32,
    /// What the sender says it is.
    pub about: MediaInfo,
    /// JPEG, at most [`THUMBNAIL_BYTES_MAX`]; may be empty.
    pub thumbnail: Vec<u8>,
}

/// What a sender says of an attachment. Nothing of it is proved: whoever opens the bytes looks at them.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct MediaInfo {
    /// How it is shown.
    pub kind: MediaKind,
    /// Media type, 1 to [`WORD_BYTES_MAX`] bytes.
    pub content_type: String,
    /// File name, at most [`ATTACHMENT_NAME_BYTES_MAX`] bytes; may be empty. Never a path.
    pub name: String,
    /// Pixels as it is shown, 0 when it has none or they are not told.
    pub width: u32,
    /// See [`Self::width`].
    pub height: u32,
    /// Milliseconds, 0 when it has no length in time.
    pub duration_ms: u64,
    /// Pages, 0 when not told.
    pub pages: u32,
    /// A picture of a few pixels (ThumbHash), at most [`PLACEHOLDER_BYTES_MAX`]; may be empty.
    pub placeholder: Vec<u8>,
    /// Up to [`WAVEFORM_MAX`] loudnesses of 0 to 31.
    pub waveform: Vec<u8>,
}

/// How an attachment is shown. The numbers go over the wire and are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MediaKind {
    /// By its name and size.
    #[default]
    File = 0,
    /// As a picture.
    Picture = 1,
    /// As a film with a beginning picture.
    Video = 2,
    /// As somebody's voice.
    Voice = 3,
    /// As sound.
    Audio = 4,
    /// As a picture without a frame.
    Sticker = 5,
    /// As a picture that moves.
    Animation = 6,
}

impl MediaKind {
    /// All of them, by number.
    pub const ALL: [Self; 7] =
        [Self::File, Self::Picture, Self::Video, Self::Voice, Self::Audio, Self::Sticker, Self::Animation];

    /// The kind of that number; a number of a later version is a file.
    pub fn of(number: u64) -> Self {
        Self::ALL.into_iter().find(|kind| *kind as u64 == number).unwrap_or_default()
    }
}

impl NestedPart {
    /// A body of attachments, with words (a text part) before them or without.
    ///
    /// # Errors
    /// [`ContentError::Malformed`] without any, [`ContentError::TooLarge`] above a limit.
    pub fn attachments(
        words: Option<NestedPart>,
        attachments: &[AttachmentPart],
    ) -> Result<Self, ContentError> {
        let mut parts = words.into_iter().collect::<Vec<_>>();
        for attachment in attachments {
            parts.push(attachment.to_part()?);
        }
        match parts.len() {
            _ if attachments.is_empty() => Err(ContentError::Malformed),
            _ if attachments.len() > ATTACHMENTS_MAX => Err(ContentError::TooLarge),
            1 => parts.pop().ok_or(ContentError::Malformed),
            _ => Ok(several(PartSemantics::ProcessAll, parts)),
        }
    }

    /// The words and the attachments, when that is what it is.
    pub fn as_attachments(&self) -> Option<(Option<&NestedPart>, Vec<AttachmentPart>)> {
        if !self.disposition.is_shown() {
            return None;
        }
        if let Some(alone) = AttachmentPart::of_part(self) {
            return Some((None, vec![alone]));
        }
        let Part::Multi { semantics: PartSemantics::ProcessAll, parts } = &self.part else { return None };
        let words = parts.first().filter(|part| part.as_text().is_some());
        let rest = parts.get(usize::from(words.is_some())..)?;
        if rest.is_empty() || rest.len() > ATTACHMENTS_MAX {
            return None;
        }
        let attachments = rest.iter().map(AttachmentPart::of_part).collect::<Option<Vec<_>>>()?;
        Some((words, attachments))
    }
}

impl AttachmentPart {
    fn to_part(&self) -> Result<NestedPart, ContentError> {
        let external = ExternalPart {
            content_type: self.about.content_type.clone(),
            url: URL.to_owned(),
            expires: self.expires,
            size: self.size,
            encryption: ENCRYPTION,
            key: self.secret.0.to_vec(),
            nonce: Vec::new(),
            additional_data: Vec::new(),
            hash: HASH,
            content_hash: self.hash.to_vec(),
            description: String::new(),
            filename: self.about.name.clone(),
        };
        let mut parts = vec![
            NestedPart {
                disposition: Disposition::ATTACHMENT,
                language: String::new(),
                part: Part::External(Box::new(external)),
            },
            NestedPart::single(Disposition::PREVIEW, TYPE_MEDIA, self.about.encode()?),
        ];
        if self.thumbnail.len() > THUMBNAIL_BYTES_MAX {
            return Err(ContentError::TooLarge);
        }
        if !self.thumbnail.is_empty() {
            parts.push(NestedPart::single(Disposition::PREVIEW, TYPE_JPEG, self.thumbnail.clone()));
        }
        Ok(several(PartSemantics::SingleUnit, parts))
    }

    fn of_part(part: &NestedPart) -> Option<Self> {
        let Part::Multi { semantics: PartSemantics::SingleUnit, parts } = &part.part else { return None };
        let (first, rest) = parts.split_first()?;
        let Part::External(external) = &first.part else { return None };
        let ours = external.url == URL && external.encryption == ENCRYPTION && external.hash == HASH;
        let told = rest.iter().find_map(|part| part.content_of(TYPE_MEDIA)).filter(|_| ours)?;
        let mut about = MediaInfo::decode(told).ok()?;
        about.content_type.clone_from(&external.content_type);
        about.name = shortened(&external.filename);
        let thumbnail = rest.iter().find_map(|part| part.content_of(TYPE_JPEG)).unwrap_or_default();
        let thumbnail = if thumbnail.len() > THUMBNAIL_BYTES_MAX { &[] } else { thumbnail };
        Some(Self {
            secret: Secret32(external.key.as_slice().try_into().ok()?),
            size: external.size,
            hash: external.content_hash.as_slice().try_into().ok()?,
            expires: external.expires,
            about,
            thumbnail: thumbnail.to_vec(),
        })
    }
}

impl MediaInfo {
    /// The bytes: a map of 1 kind, 2 width, 3 height, 4 duration, 5 pages, 6 placeholder, 7 waveform; what is 0 or empty is left out. Media
    /// type and name stand in the external part.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`] above a limit.
    pub fn encode(&self) -> Result<Vec<u8>, ContentError> {
        let fits = self.content_type.len() <= WORD_BYTES_MAX && self.name.len() <= ATTACHMENT_NAME_BYTES_MAX;
        if !fits || self.content_type.is_empty() {
            return Err(ContentError::TooLarge);
        }
        let numbers: [(u64, u64); 4] = [
            (WIDTH, self.width.into()),
            (HEIGHT, self.height.into()),
            (DURATION, self.duration_ms),
            (PAGES, self.pages.into()),
        ];
        let told = numbers.iter().filter(|(_, value)| *value > 0);
        let bytes = [(PLACEHOLDER, &self.placeholder), (WAVEFORM, &self.waveform)];
        let shown = bytes.iter().filter(|(_, value)| !value.is_empty());
        let mut out = Writer::default();
        out.map(1 + told.clone().count() + shown.clone().count());
        out.uint(KIND);
        out.uint(self.kind as u64);
        for (key, value) in told {
            out.uint(*key);
            out.uint(*value);
        }
        for (key, value) in shown {
            out.uint(*key);
            out.bytes(value);
        }
        Self::decode(&out.0)?;
        Ok(out.0)
    }

    /// Takes all of `bytes` or none. Keys it does not know are passed over and not kept; media type and name are empty.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ContentError> {
        let mut reader = Reader::new(bytes);
        let mut told = Self::default();
        let mut last = None;
        for _ in 0..reader.map(KEYS_MAX)? {
            let key = reader.map_key(last)?;
            last = Some(key);
            match Reader::new(key).uint() {
                Ok(KIND) => told.kind = MediaKind::of(reader.uint()?),
                Ok(WIDTH) => told.width = reader.small()?,
                Ok(HEIGHT) => told.height = reader.small()?,
                Ok(DURATION) => told.duration_ms = reader.uint()?,
                Ok(PAGES) => told.pages = reader.small()?,
                Ok(PLACEHOLDER) => told.placeholder = reader.bytes(PLACEHOLDER_BYTES_MAX)?.to_vec(),
                Ok(WAVEFORM) => told.waveform = reader.bytes(WAVEFORM_MAX)?.to_vec(),
                _ => {
                    reader.item(LEVELS_MAX)?;
                }
            }
        }
        reader.end()?;
        if told.waveform.iter().any(|loudness| *loudness > LOUDNESS_MAX) {
            return Err(ContentError::Malformed);
        }
        Ok(told)
    }
}

fn several(semantics: PartSemantics, parts: Vec<NestedPart>) -> NestedPart {
    NestedPart {
        disposition: Disposition::RENDER,
        language: String::new(),
        part: Part::Multi { semantics, parts },
    }
}

/// The end of a name says what it is, and stays.
fn shortened(name: &str) -> String {
    let mut from = name.len().saturating_sub(ATTACHMENT_NAME_BYTES_MAX);
    while !name.is_char_boundary(from) {
        from += 1;
    }
    name[from..].to_owned()
}

/// Where the bytes are follows from the secret.
const URL: &str = "valise:attachment";
/// Valise's own, from the range for private use: STREAM over XChaCha20-Poly1305, in chunks.
const ENCRYPTION: u16 = 0xF601;
/// Valise's own: SHA-256 over the SHA-256 of all chunks.
const HASH: u8 = 0xF6;
/// Media type of the small picture.
const TYPE_JPEG: &str = "image/jpeg";
const KIND: u64 = 1;
const WIDTH: u64 = 2;
const HEIGHT: u64 = 3;
const DURATION: u64 = 4;
const PAGES: u64 = 5;
const PLACEHOLDER: u64 = 6;
const WAVEFORM: u64 = 7;
const LOUDNESS_MAX: u8 = 31;
/// Keys in what is said of an attachment, known and unknown.
const KEYS_MAX: usize = 64;
/// Containers inside each other under an unknown key.
const LEVELS_MAX: usize = 4;

crate::frame::opaque_debug!(AttachmentPart, MediaInfo);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{MimiContent, TYPE_TEXT};

    fn attachment(name: &str) -> AttachmentPart {
        AttachmentPart {
            secret: Secret32([7; 32]),
            size: 3_000_000_000,
            hash: [9; 32],
            expires: 1_800_000_000,
            about: MediaInfo {
                kind: MediaKind::Video,
                content_type: "video/mp4".to_owned(),
                name: name.to_owned(),
                width: 1_920,
                height: 1_080,
                duration_ms: 83_000,
                placeholder: vec![1; 25],
                waveform: vec![31, 0, 4],
                ..MediaInfo::default()
            },
            thumbnail: vec![5; 400],
        }
    }

    fn there_and_back(words: Option<&str>, attachments: &[AttachmentPart]) -> Option<usize> {
        let words = words.map(|text| NestedPart::single(Disposition::RENDER, TYPE_TEXT, text));
        let part = NestedPart::attachments(words.clone(), attachments).ok()?;
        let bytes = MimiContent::new([1; 16], part).encode().ok()?;
        let content = MimiContent::decode(&bytes).ok()?;
        let (read, found) = content.nested_part.as_attachments()?;
        assert!(read == words.as_ref() && found == attachments);
        Some(bytes.len())
    }

    #[test]
    fn one_or_several_with_words_or_without_come_back_as_they_were() {
        let one = attachment("lake.mp4");
        assert!(there_and_back(None, std::slice::from_ref(&one)).is_some_and(|bytes| bytes < 800));
        assert!(there_and_back(Some("our lake"), std::slice::from_ref(&one)).is_some());
        let many = vec![attachment("a"); ATTACHMENTS_MAX];
        assert!(there_and_back(Some("all of it"), &many).is_some());
        assert!(NestedPart::attachments(None, &vec![one; ATTACHMENTS_MAX + 1]).is_err());
        assert!(NestedPart::attachments(None, &[]).is_err());
    }

    #[test]
    fn what_says_too_much_or_something_else_is_none_of_ours() {
        let refused = |change: fn(&mut AttachmentPart)| {
            let mut one = attachment("x");
            change(&mut one);
            NestedPart::attachments(None, &[one]).is_err()
        };
        assert!(refused(|it| it.thumbnail = vec![0; THUMBNAIL_BYTES_MAX + 1]));
        assert!(refused(|it| it.about.waveform = vec![32]));
        assert!(refused(|it| it.about.waveform = vec![1; WAVEFORM_MAX + 1]));
        assert!(refused(|it| it.about.name = "n".repeat(ATTACHMENT_NAME_BYTES_MAX + 1)));
        assert!(refused(|it| it.about.content_type = String::new()));
        let mut foreign = NestedPart::attachments(None, &[attachment("x")]).unwrap();
        let Part::Multi { parts, .. } = &mut foreign.part else { panic!("a unit") };
        let Part::External(external) = &mut parts[0].part else { panic!("external") };
        external.url = "https://elsewhere.example/x".to_owned();
        assert!(foreign.as_attachments().is_none());
        assert!(NestedPart::single(Disposition::RENDER, TYPE_TEXT, "hi").as_attachments().is_none());
    }

    #[test]
    fn a_kind_of_a_later_version_is_a_file_and_long_names_keep_their_end() {
        assert_eq!(MediaKind::of(99), MediaKind::File);
        let long = format!("{}é.pdf", "ü".repeat(ATTACHMENT_NAME_BYTES_MAX));
        let short = shortened(&long);
        assert!(short.len() <= ATTACHMENT_NAME_BYTES_MAX && short.ends_with("é.pdf"));
    }
}
