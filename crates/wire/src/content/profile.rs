//! Who somebody is, as they say it themselves.

use vocab::limits::{ABOUT_CHARS_MAX, NAME_CHARS_MAX};

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
    /// What they say about themselves, at most [`ABOUT_CHARS_MAX`] characters; empty for nothing. None where it is not told.
    pub about: Option<String>,
    /// Their picture. None where it is not told.
    pub picture: Option<ProfilePicture>,
}

/// Where the picture of a person is (`docs/protocol/message.md`).
#[derive(Clone, PartialEq, Eq)]
pub enum ProfilePicture {
    /// They have none.
    Nowhere,
    /// In a blob.
    Blob {
        /// SHA-256 of its bytes.
        hash: [u8; 32],
        /// What its place and its key are derived from.
        secret: Secret32,
    },
}

impl Profile {
    /// A name and nothing more.
    #[must_use]
    pub fn named(name: String) -> Self {
        Self { name, handle: None, introduction_key: None, about: None, picture: None }
    }

    /// The bytes: a map of 1 name, 2 handle, 3 introduction key, 5 about, 6 picture.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`] for a name, a handle or a text above its limit.
    pub fn encode(&self) -> Result<Vec<u8>, ContentError> {
        let mut out = Writer::default();
        let told = [
            self.handle.is_some(),
            self.introduction_key.is_some(),
            self.about.is_some(),
            self.picture.is_some(),
        ];
        out.map(1 + told.into_iter().filter(|told| *told).count());
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
        if let Some(about) = &self.about {
            out.uint(ABOUT);
            out.text(about);
        }
        if let Some(picture) = &self.picture {
            out.uint(PICTURE);
            match picture {
                ProfilePicture::Nowhere => out.bytes(&[]),
                ProfilePicture::Blob { hash, secret } => out.bytes(&[*hash, secret.0].concat()),
            }
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
        let (mut name, mut last) = (None, None);
        let mut read = Self::named(String::new());
        for _ in 0..reader.map(KEYS_MAX)? {
            let key = reader.map_key(last)?;
            last = Some(key);
            match Reader::new(key).uint() {
                Ok(NAME) => name = Some(read_text(&mut reader, NAME_CHARS_MAX)?),
                Ok(HANDLE) => read.handle = Some(reader.text(PROFILE_HANDLE_BYTES_MAX)?.to_owned()),
                Ok(INTRODUCTION_KEY) => read.introduction_key = Some(Secret32(reader.fixed()?)),
                Ok(ABOUT) => read.about = Some(read_text(&mut reader, ABOUT_CHARS_MAX)?),
                Ok(PICTURE) => read.picture = Some(read_picture(reader.bytes(64)?)?),
                _ => {
                    reader.item(LEVELS_MAX)?;
                }
            }
        }
        reader.end()?;
        Ok(Self { name: name.ok_or(ContentError::Malformed)?, ..read })
    }
}

fn read_text(reader: &mut Reader<'_>, chars_max: usize) -> Result<String, ContentError> {
    let text = reader.text(chars_max * 4)?;
    if text.chars().count() > chars_max { Err(ContentError::TooLarge) } else { Ok(text.to_owned()) }
}

fn read_picture(bytes: &[u8]) -> Result<ProfilePicture, ContentError> {
    let Some((hash, secret)) = bytes.split_first_chunk() else {
        return if bytes.is_empty() { Ok(ProfilePicture::Nowhere) } else { Err(ContentError::Malformed) };
    };
    let secret = Secret32(secret.try_into().map_err(|_| ContentError::Malformed)?);
    Ok(ProfilePicture::Blob { hash: *hash, secret })
}

const NAME: u64 = 1;
const HANDLE: u64 = 2;
const INTRODUCTION_KEY: u64 = 3;
// 4 stands in an example of something unknown.
const ABOUT: u64 = 5;
const PICTURE: u64 = 6;
/// Keys in a profile, known and unknown.
const KEYS_MAX: usize = 64;
/// Containers inside each other under an unknown key.
const LEVELS_MAX: usize = 4;

crate::frame::opaque_debug!(Profile);
crate::frame::opaque_debug!(ProfilePicture);
