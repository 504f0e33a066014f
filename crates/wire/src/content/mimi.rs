//! A whole message, and the id that other messages name it by.

use sha2::{Digest, Sha256};
use vocab::{AccountId, MessageId, Timestamp};

use super::cbor::{Reader, Writer};
use super::{
    CONTENT_BYTES_MAX, Chain, ContentError, ContentExtensions, Disposition, ExtensionKey, ExtensionValue,
    NestedPart, Profile, REACTION_BYTES_MAX, StatusReport, TOPIC_BYTES_MAX, TYPE_MARKDOWN, TYPE_PROFILE,
    TYPE_STATUS, TYPE_TEXT,
};

/// What a message says: text, an edit, a reaction, a receipt, all in one shape.
#[derive(Clone, PartialEq, Eq)]
pub struct MimiContent {
    /// Random, so that equal texts have different ids.
    pub salt: [u8; 16],
    /// The message this one stands in place of: its first version.
    pub replaces: Option<MessageId>,
    /// Groups messages; empty for none.
    pub topic_id: Vec<u8>,
    /// When it should vanish.
    pub expires: Option<Expiration>,
    /// The message this one answers or reacts to: exactly the version that was seen.
    pub in_reply_to: Option<MessageId>,
    /// What others added; see [`Self::chain`].
    pub extensions: ContentExtensions,
    /// The body.
    pub nested_part: NestedPart,
}

/// When a message should vanish: a wish, not a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiration {
    /// So many seconds after it was read.
    AfterReading(u32),
    /// At so many seconds since 1970-01-01 UTC.
    At(u32),
}

impl MimiContent {
    /// A message with that body and nothing else.
    pub fn new(salt: [u8; 16], nested_part: NestedPart) -> Self {
        Self {
            salt,
            replaces: None,
            topic_id: Vec::new(),
            expires: None,
            in_reply_to: None,
            extensions: ContentExtensions::default(),
            nested_part,
        }
    }

    /// A plain text. [`Self::encode`] refuses one longer than [`vocab::limits::TEXT_BYTES_MAX`].
    pub fn text(salt: [u8; 16], text: &str) -> Self {
        Self::new(salt, NestedPart::single(Disposition::RENDER, TYPE_TEXT, text))
    }

    /// A Markdown text, of the same length at most.
    pub fn markdown(salt: [u8; 16], text: &str) -> Self {
        Self::new(salt, NestedPart::single(Disposition::RENDER, TYPE_MARKDOWN, text))
    }

    /// A reaction to a message.
    pub fn reaction(salt: [u8; 16], to: MessageId, emoji: &str) -> Self {
        let part = NestedPart::single(Disposition::REACTION, TYPE_TEXT, emoji);
        Self { in_reply_to: Some(to), ..Self::new(salt, part) }
    }

    /// Takes back a message or a reaction, named by its first version.
    pub fn retraction(salt: [u8; 16], of: MessageId) -> Self {
        Self { replaces: Some(of), ..Self::new(salt, NestedPart::null()) }
    }

    /// A report about messages of the same conversation.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`] above [`super::STATUS_ENTRIES_MAX`] entries.
    pub fn status(salt: [u8; 16], report: &StatusReport) -> Result<Self, ContentError> {
        Ok(Self::new(salt, NestedPart::single(Disposition::UNSPECIFIED, TYPE_STATUS, report.encode()?)))
    }

    /// Who the sender is.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`] for a name or handle above its limit.
    pub fn profile(salt: [u8; 16], profile: &Profile) -> Result<Self, ContentError> {
        Ok(Self::new(salt, NestedPart::single(Disposition::PROFILE, TYPE_PROFILE, profile.encode()?)))
    }

    /// The text to show, plain or Markdown; none for reactions, receipts, profiles and attachments.
    pub fn as_text(&self) -> Option<&str> {
        self.nested_part.as_text()
    }

    /// Whether [`Self::as_text`] is Markdown.
    pub fn is_markdown(&self) -> bool {
        self.nested_part.is_markdown()
    }

    /// The report, when it is one.
    ///
    /// # Errors
    /// [`ContentError`] when it says it is one and is not.
    pub fn as_status(&self) -> Result<Option<StatusReport>, ContentError> {
        self.nested_part.content_of(TYPE_STATUS).map(StatusReport::decode).transpose()
    }

    /// The profile, when it is one.
    ///
    /// # Errors
    /// [`ContentError`] when it says it is one and is not.
    pub fn as_profile(&self) -> Result<Option<Profile>, ContentError> {
        self.nested_part.content_of(TYPE_PROFILE).map(Profile::decode).transpose()
    }

    /// What it reacts to and how, when it is a reaction: one short sign without spaces.
    pub fn as_reaction(&self) -> Option<(MessageId, &str)> {
        let part = &self.nested_part;
        let text = std::str::from_utf8(part.content_of(TYPE_TEXT)?).ok()?;
        let sign = (1..=REACTION_BYTES_MAX).contains(&text.len())
            && !text.chars().any(|c| c.is_control() || c.is_whitespace());
        let reacts = part.disposition == Disposition::REACTION && self.replaces.is_none() && sign;
        self.in_reply_to.filter(|_| reacts).map(|to| (to, text))
    }

    /// Takes back what [`Self::replaces`] names: a deletion, or a reaction withdrawn.
    pub fn is_retraction(&self) -> bool {
        self.replaces.is_some() && self.nested_part.part == super::Part::Null
    }

    /// The place in the sender's own row, when it says so.
    pub fn chain(&self) -> Option<Chain> {
        self.extensions.value(&ExtensionKey::CHAIN).and_then(|value| Chain::from_value(value).ok())
    }

    /// With that place in the sender's own row.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`] when there is no room for one more extension.
    pub fn with_chain(mut self, chain: Chain) -> Result<Self, ContentError> {
        self.extensions.insert(&ExtensionKey::CHAIN, chain.to_value())?;
        Ok(self)
    }

    /// When it was sent by the sender's clock, when it says so. A hint (T-43): the order is the slot's.
    pub fn sent_at(&self) -> Option<Timestamp> {
        self.extensions.value(&ExtensionKey::SENT_AT).and_then(ExtensionValue::as_uint).map(Timestamp)
    }

    /// With that time of sending.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`] when there is no room for one more extension.
    pub fn with_sent_at(mut self, at: Timestamp) -> Result<Self, ContentError> {
        self.extensions.insert(&ExtensionKey::SENT_AT, ExtensionValue::uint(at.0))?;
        Ok(self)
    }

    /// Which version of a message it is; 0 when it does not say so.
    pub fn version(&self) -> u64 {
        self.extensions.value(&ExtensionKey::VERSION).and_then(ExtensionValue::as_uint).unwrap_or(0)
    }

    /// As that version of a message.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`] when there is no room for one more extension.
    pub fn with_version(mut self, version: u64) -> Result<Self, ContentError> {
        self.extensions.insert(&ExtensionKey::VERSION, ExtensionValue::uint(version))?;
        Ok(self)
    }

    /// Whether it was said elsewhere first.
    pub fn is_forwarded(&self) -> bool {
        self.extensions.value(&ExtensionKey::FORWARDED).and_then(ExtensionValue::as_uint) == Some(1)
    }

    /// As something that was said elsewhere first.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`] when there is no room for one more extension.
    pub fn as_forwarded(mut self) -> Result<Self, ContentError> {
        self.extensions.insert(&ExtensionKey::FORWARDED, ExtensionValue::uint(1))?;
        Ok(self)
    }

    /// The signature of the sender's device over the rest, when there is one.
    pub fn proof(&self) -> Option<[u8; 64]> {
        self.extensions.value(&ExtensionKey::PROOF).and_then(ExtensionValue::as_bytes)
    }

    /// With that signature.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`] when there is no room for one more extension.
    pub fn with_proof(mut self, signature: &[u8; 64]) -> Result<Self, ContentError> {
        self.extensions.insert(&ExtensionKey::PROOF, ExtensionValue::bytes(signature)?)?;
        Ok(self)
    }

    /// The rest: what the signature is over.
    #[must_use]
    pub fn without_proof(mut self) -> Self {
        self.extensions.remove(&ExtensionKey::PROOF);
        self
    }

    /// The bytes. What this writes, [`Self::decode`] reads.
    ///
    /// # Errors
    /// [`ContentError`] for a value that breaks a limit or a rule of the format.
    pub fn encode(&self) -> Result<Vec<u8>, ContentError> {
        let mut out = Writer::default();
        out.array(FIELDS);
        out.bytes(&self.salt);
        write_id(&mut out, self.replaces);
        out.bytes(&self.topic_id);
        write_expiration(&mut out, self.expires);
        write_id(&mut out, self.in_reply_to);
        self.extensions.write(&mut out);
        self.nested_part.write(&mut out)?;
        // The rules stand once, in the decoder: what it would refuse is not sent.
        Self::decode(&out.0)?;
        Ok(out.0)
    }

    /// Takes all of `bytes` or none.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ContentError> {
        if bytes.len() > CONTENT_BYTES_MAX {
            return Err(ContentError::TooLarge);
        }
        let mut reader = Reader::new(bytes);
        reader.array_of(FIELDS)?;
        let content = Self {
            salt: reader.fixed()?,
            replaces: read_id(&mut reader)?,
            topic_id: reader.bytes(TOPIC_BYTES_MAX)?.to_vec(),
            expires: read_expiration(&mut reader)?,
            in_reply_to: read_id(&mut reader)?,
            extensions: ContentExtensions::read(&mut reader)?,
            nested_part: NestedPart::read(&mut reader)?,
        };
        reader.end().map(|()| content)
    }
}

/// The id of a message (the draft, section 3.3), over its encoded bytes.
///
/// # Errors
/// [`ContentError::TooLarge`] for a URI above 65,535 bytes.
pub fn message_id(
    sender_uri: &str,
    room_uri: &str,
    content: &[u8],
    salt: &[u8; 16],
) -> Result<MessageId, ContentError> {
    let mut hash = Sha256::new();
    for uri in [sender_uri, room_uri] {
        let length = u16::try_from(uri.len()).map_err(|_| ContentError::TooLarge)?;
        hash.update(length.to_be_bytes());
        hash.update(uri);
    }
    hash.update(content);
    hash.update(salt);
    let mut id = [SHA256_NUMBER; MessageId::BYTES];
    id[1..].copy_from_slice(&hash.finalize()[..MessageId::BYTES - 1]);
    Ok(MessageId(id))
}

/// The URI of a sender within Valise, as message ids count it.
pub fn sender_uri(account: AccountId) -> String {
    format!("valise:account/{account}")
}

/// The URI of a conversation within Valise, as message ids count it: it stays when the conversation moves to another slot.
pub fn room_uri(conversation: &[u8; 16]) -> String {
    let hex: String = conversation.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("valise:conversation/{hex}")
}

fn write_id(out: &mut Writer, id: Option<MessageId>) {
    match id {
        Some(id) => out.bytes(&id.0),
        None => out.null(),
    }
}

fn read_id(reader: &mut Reader<'_>) -> Result<Option<MessageId>, ContentError> {
    if reader.null() { Ok(None) } else { read_message_id(reader).map(Some) }
}

/// An id whose first byte names a hash we do not know is of no message we could have (the draft, section 9.1).
pub(super) fn read_message_id(reader: &mut Reader<'_>) -> Result<MessageId, ContentError> {
    let id: [u8; MessageId::BYTES] = reader.fixed()?;
    if id[0] == SHA256_NUMBER { Ok(MessageId(id)) } else { Err(ContentError::Malformed) }
}

fn write_expiration(out: &mut Writer, expires: Option<Expiration>) {
    let (relative, seconds) = match expires {
        None => return out.null(),
        Some(Expiration::AfterReading(seconds)) => (true, seconds),
        Some(Expiration::At(seconds)) => (false, seconds),
    };
    out.array(2);
    out.boolean(relative);
    out.uint(seconds.into());
}

fn read_expiration(reader: &mut Reader<'_>) -> Result<Option<Expiration>, ContentError> {
    if reader.null() {
        return Ok(None);
    }
    reader.array_of(2)?;
    let relative = reader.boolean()?;
    let seconds = reader.small()?;
    Ok(Some(if relative { Expiration::AfterReading(seconds) } else { Expiration::At(seconds) }))
}

const FIELDS: usize = 7;
/// SHA-256 in IANA's registry of named information hashes.
const SHA256_NUMBER: u8 = 1;

crate::frame::opaque_debug!(MimiContent);
