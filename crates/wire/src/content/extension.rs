//! The extensions of a message: keys and values of the draft's section 4.3, kept whoever made them.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::cbor::{KEY_MAX, Reader, Writer};
use super::{
    ContentError, EXTENSION_KEY_BYTES_MAX, EXTENSION_LEVELS_MAX, EXTENSION_VALUE_BYTES_MAX, EXTENSIONS_MAX,
    LINE_BYTES_MAX,
};

/// What names an extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExtensionKey {
    /// A number from -(2^53 - 1) to 2^53 - 1. Negative ones are for private use.
    Integer(i64),
    /// 1 to [`EXTENSION_KEY_BYTES_MAX`] bytes, for private use.
    Text(String),
}

impl ExtensionKey {
    /// The sender's URI, a text.
    pub const SENDER_URI: Self = Self::Integer(1);
    /// The room's URI, a text.
    pub const ROOM_URI: Self = Self::Integer(2);
    /// Valise's [`Chain`].
    pub const CHAIN: Self = Self::Integer(-0x7601);
    /// When the message was sent by the sender's clock: milliseconds since 1970-01-01 UTC, a number.
    pub const SENT_AT: Self = Self::Integer(-0x7602);
    /// Which version of a message this is: 1 for the first edit, more for each later one, a number.
    pub const VERSION: Self = Self::Integer(-0x7603);
    /// The message was said elsewhere first: the number 1.
    pub const FORWARDED: Self = Self::Integer(-0x7604);
    /// A signature of the sender's device over the rest of the content: 64 bytes.
    pub const PROOF: Self = Self::Integer(-0x7610);

    fn encode(&self) -> Result<Vec<u8>, ContentError> {
        let mut out = Writer::default();
        match self {
            Self::Integer(value) if value.unsigned_abs() <= KEY_MAX => out.integer(*value),
            Self::Text(text) if text.len() > EXTENSION_KEY_BYTES_MAX => return Err(ContentError::TooLarge),
            Self::Text(text) if !text.is_empty() => out.text(text),
            _ => return Err(ContentError::Malformed),
        }
        Ok(out.0)
    }
}

/// One value, in deterministic CBOR, within [`EXTENSION_VALUE_BYTES_MAX`] and [`EXTENSION_LEVELS_MAX`].
#[derive(Clone, PartialEq, Eq)]
pub struct ExtensionValue(Vec<u8>);

impl ExtensionValue {
    /// Any encoded value.
    ///
    /// # Errors
    /// [`ContentError`] when it is not one deterministic item within the limits.
    pub fn from_cbor(encoded: &[u8]) -> Result<Self, ContentError> {
        let mut reader = Reader::new(encoded);
        let value = Self::read(&mut reader)?;
        reader.end().map(|()| value)
    }

    /// An unsigned integer.
    pub fn uint(value: u64) -> Self {
        let mut out = Writer::default();
        out.uint(value);
        Self(out.0)
    }

    /// Bytes.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`].
    pub fn bytes(bytes: &[u8]) -> Result<Self, ContentError> {
        let mut out = Writer::default();
        out.bytes(bytes);
        Self::from_cbor(&out.0)
    }

    /// A text.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`].
    pub fn text(text: &str) -> Result<Self, ContentError> {
        let mut out = Writer::default();
        out.text(text);
        Self::from_cbor(&out.0)
    }

    /// As it is encoded.
    pub fn as_cbor(&self) -> &[u8] {
        &self.0
    }

    /// When it is an unsigned integer.
    pub fn as_uint(&self) -> Option<u64> {
        Reader::new(&self.0).uint().ok()
    }

    /// When it is so many bytes.
    pub fn as_bytes<const N: usize>(&self) -> Option<[u8; N]> {
        Reader::new(&self.0).fixed().ok()
    }

    /// When it is a text.
    pub fn as_text(&self) -> Option<&str> {
        Reader::new(&self.0).text(LINE_BYTES_MAX).ok()
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, ContentError> {
        let item = reader.item(EXTENSION_LEVELS_MAX - 1)?;
        if item.len() > EXTENSION_VALUE_BYTES_MAX {
            Err(ContentError::TooLarge)
        } else {
            Ok(Self(item.to_vec()))
        }
    }
}

/// Extensions by key, in the order they are encoded.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ContentExtensions(BTreeMap<Vec<u8>, ExtensionValue>);

impl ContentExtensions {
    /// The value under a key.
    pub fn value(&self, key: &ExtensionKey) -> Option<&ExtensionValue> {
        self.0.get(&key.encode().ok()?)
    }

    /// Puts a value under a key, in place of the one before.
    ///
    /// # Errors
    /// [`ContentError`] for a key out of bounds, a value that the key forbids, or one extension too many.
    pub fn insert(&mut self, key: &ExtensionKey, value: ExtensionValue) -> Result<(), ContentError> {
        let key = key.encode()?;
        check_known(&key, &value)?;
        if self.0.len() >= EXTENSIONS_MAX && !self.0.contains_key(&key) {
            return Err(ContentError::TooLarge);
        }
        self.0.insert(key, value);
        Ok(())
    }

    /// Takes the value under a key away.
    pub fn remove(&mut self, key: &ExtensionKey) {
        if let Ok(key) = key.encode() {
            self.0.remove(&key);
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, ContentError> {
        let mut extensions = BTreeMap::new();
        let mut last = None;
        for _ in 0..reader.map(EXTENSIONS_MAX)? {
            let key = reader.map_key(last)?;
            last = Some(key);
            key_allowed(key)?;
            let value = ExtensionValue::read(reader)?;
            check_known(key, &value)?;
            extensions.insert(key.to_vec(), value);
        }
        Ok(Self(extensions))
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.map(self.0.len());
        for (key, value) in &self.0 {
            out.encoded(key);
            out.encoded(&value.0);
        }
    }
}

/// Where a message stands in its sender's own row, so that what the service dropped, repeated or moved is seen (T-13).
/// The sender is the device (the MLS leaf); it counts in each conversation apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// 1, 2, 3 …
    pub sequence: u64,
    /// [`chain_hash`] of the encoded content before; none in the first.
    pub previous: Option<[u8; 16]>,
}

impl Chain {
    pub(super) fn to_value(self) -> ExtensionValue {
        let mut out = Writer::default();
        out.array(2);
        out.uint(self.sequence);
        match self.previous {
            Some(hash) => out.bytes(&hash),
            None => out.null(),
        }
        ExtensionValue(out.0)
    }

    pub(super) fn from_value(value: &ExtensionValue) -> Result<Self, ContentError> {
        let mut reader = Reader::new(&value.0);
        reader.array_of(2)?;
        let sequence = reader.uint()?;
        let previous = if reader.null() { None } else { Some(reader.fixed()?) };
        reader.end().map(|()| Self { sequence, previous })
    }
}

/// The first 16 bytes of the SHA-256 of an encoded content, as the sender's next message names it.
pub fn chain_hash(content: &[u8]) -> [u8; 16] {
    let mut hash = [0; 16];
    hash.copy_from_slice(&Sha256::digest(content)[..16]);
    hash
}

/// The draft, section 4.3: integers, or text of 1 to 255 bytes.
fn key_allowed(key: &[u8]) -> Result<(), ContentError> {
    const TEXT_EMPTY: u8 = 0x60;
    let Some(first) = key.first() else { return Err(ContentError::Malformed) };
    match first >> 5 {
        0 | 1 => Ok(()),
        3 if *first == TEXT_EMPTY => Err(ContentError::Malformed),
        3 => Reader::new(key).text(EXTENSION_KEY_BYTES_MAX).map(|_| ()),
        _ => Err(ContentError::Malformed),
    }
}

fn check_known(key: &[u8], value: &ExtensionValue) -> Result<(), ContentError> {
    const SENDER_URI: &[u8] = &[0x01];
    const ROOM_URI: &[u8] = &[0x02];
    // -0x7601 and what follows it: CBOR writes -1 - n.
    const CHAIN: &[u8] = &[0x39, 0x76, 0x00];
    const SENT_AT: &[u8] = &[0x39, 0x76, 0x01];
    const VERSION: &[u8] = &[0x39, 0x76, 0x02];
    const FORWARDED: &[u8] = &[0x39, 0x76, 0x03];
    const PROOF: &[u8] = &[0x39, 0x76, 0x0F];
    match key {
        SENDER_URI | ROOM_URI => value.as_text().map(|_| ()).ok_or(ContentError::Malformed),
        CHAIN => Chain::from_value(value).map(|_| ()),
        SENT_AT | VERSION | FORWARDED => value.as_uint().map(|_| ()).ok_or(ContentError::Malformed),
        PROOF => value.as_bytes::<64>().map(|_| ()).ok_or(ContentError::Malformed),
        _ => Ok(()),
    }
}

crate::frame::opaque_debug!(ExtensionValue, ContentExtensions);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_in_the_order_of_their_bytes_and_unknown_ones_are_kept() {
        let mut extensions = ContentExtensions::default();
        for key in [
            ExtensionKey::Text("valise".into()),
            ExtensionKey::Integer(-1),
            ExtensionKey::CHAIN,
            ExtensionKey::Integer(300),
            ExtensionKey::SENDER_URI,
        ] {
            let value = match key {
                ExtensionKey::CHAIN => Chain { sequence: 1, previous: None }.to_value(),
                _ => ExtensionValue::text("x").unwrap(),
            };
            extensions.insert(&key, value).unwrap();
        }
        let mut out = Writer::default();
        extensions.write(&mut out);
        assert_eq!(hex::encode(&out.0), "a501617819012c61782061783976008201f66676616c6973656178");
        let mut reader = Reader::new(&out.0);
        assert!(ContentExtensions::read(&mut reader).unwrap() == extensions);
    }

    #[test]
    fn keys_out_of_bounds_and_values_of_another_kind_are_refused() {
        let mut extensions = ContentExtensions::default();
        let mut insert = |key: ExtensionKey, value| extensions.insert(&key, value).is_err();
        let limit = 1 << 53;
        assert!(insert(ExtensionKey::Integer(limit), ExtensionValue::uint(1)));
        assert!(insert(ExtensionKey::Integer(-limit), ExtensionValue::uint(1)));
        assert!(!insert(ExtensionKey::Integer(1 - limit), ExtensionValue::uint(1)));
        assert!(insert(ExtensionKey::Text(String::new()), ExtensionValue::uint(1)));
        assert!(insert(ExtensionKey::Text("x".repeat(256)), ExtensionValue::uint(1)));
        assert!(!insert(ExtensionKey::Text("x".repeat(255)), ExtensionValue::uint(1)));
        assert!(insert(ExtensionKey::ROOM_URI, ExtensionValue::uint(1)));
        assert!(insert(ExtensionKey::CHAIN, ExtensionValue::uint(1)));
        assert!(insert(ExtensionKey::SENT_AT, ExtensionValue::text("x").unwrap()));
        assert!(ExtensionValue::text(&"x".repeat(4_092)).is_ok());
        assert!(ExtensionValue::text(&"x".repeat(4_093)).is_err());
        assert!(ExtensionValue::from_cbor(&[0x81, 0x81, 0x81, 0x80]).is_err());
        assert!(ExtensionValue::from_cbor(&[0x81, 0x81, 0x80]).is_ok());
    }
}
