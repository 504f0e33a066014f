//! Who somebody is, as they say it themselves.

use vocab::limits::NAME_CHARS_MAX;

use super::cbor::{Reader, Writer};
use super::{ContentError, PROFILE_BYTES_MAX, PROFILE_HANDLE_BYTES_MAX};
use crate::Secret32;

/// What a person tells the people they talk to.
#[derive(Clone, PartialEq, Eq)]
pub struct Profile {
    /// Their name, at most [`NAME_CHARS_MAX`] characters. Not proved by anything.
    pub name: String,
    /// Their handle, if they tell it. Not proved: a directory look-up is.
    pub handle: Option<String>,
    /// Their introduction key, if those who have the profile may pass it on.
    pub introduction_key: Option<Secret32>,
}

impl Profile {
    /// The bytes: a map of 1 name, 2 handle, 3 introduction key.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`] for a name or handle above its limit.
    pub fn encode(&self) -> Result<Vec<u8>, ContentError> {
        let mut out = Writer::default();
        out.map(1 + usize::from(self.handle.is_some()) + usize::from(self.introduction_key.is_some()));
        out.uint(NAME);
        out.text(&self.name);
        if let Some(handle) = &self.handle {
            out.uint(HANDLE);
            out.text(handle);
        }
        if let Some(key) = &self.introduction_key {
            out.uint(INTRODUCTION_KEY);
            out.bytes(&key.0);
        }
        Self::decode(&out.0)?;
        Ok(out.0)
    }

    /// Takes all of `bytes` or none. Keys it does not know are passed over and not kept.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ContentError> {
        if bytes.len() > PROFILE_BYTES_MAX {
            return Err(ContentError::TooLarge);
        }
        let mut reader = Reader::new(bytes);
        let (mut name, mut handle, mut introduction_key, mut last) = (None, None, None, None);
        for _ in 0..reader.map(KEYS_MAX)? {
            let key = reader.map_key(last)?;
            last = Some(key);
            match Reader::new(key).uint() {
                Ok(NAME) => name = Some(read_name(&mut reader)?),
                Ok(HANDLE) => handle = Some(reader.text(PROFILE_HANDLE_BYTES_MAX)?.to_owned()),
                Ok(INTRODUCTION_KEY) => introduction_key = Some(Secret32(reader.fixed()?)),
                _ => {
                    reader.item(LEVELS_MAX)?;
                }
            }
        }
        reader.end()?;
        Ok(Self { name: name.ok_or(ContentError::Malformed)?, handle, introduction_key })
    }
}

fn read_name(reader: &mut Reader<'_>) -> Result<String, ContentError> {
    let name = reader.text(NAME_CHARS_MAX * 4)?;
    if name.chars().count() > NAME_CHARS_MAX { Err(ContentError::TooLarge) } else { Ok(name.to_owned()) }
}

const NAME: u64 = 1;
const HANDLE: u64 = 2;
const INTRODUCTION_KEY: u64 = 3;
/// Keys in a profile, known and unknown.
const KEYS_MAX: usize = 64;
/// Containers inside each other under an unknown key.
const LEVELS_MAX: usize = 4;

crate::frame::opaque_debug!(Profile);
