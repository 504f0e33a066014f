//! The colours of a picture in a few bytes: ThumbHash.

use crate::error::PictureError;
use crate::picture::decode::Canvas;
use crate::picture::{PLACEHOLDER_BYTES_MAX, Pixels};

/// The colours of a picture in at most [`PLACEHOLDER_BYTES_MAX`] bytes (ThumbHash).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder(Vec<u8>);

impl Placeholder {
    /// The placeholder of these pixels.
    pub(super) fn of(canvas: &Canvas) -> Result<Self, PictureError> {
        let small = canvas.within(SAMPLED_EDGE).rgba();
        let hash = thumbhash::rgba_to_thumb_hash(small.width() as usize, small.height() as usize, &small);
        Self::from_bytes(&hash).ok_or(PictureError::Damaged)
    }

    /// Takes what came with a message, if it can be one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        (bytes.len() <= PLACEHOLDER_BYTES_MAX && decode(bytes).is_some()).then(|| Self(bytes.to_vec()))
    }

    /// What travels with a message.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A picture of at most 32 by 32 pixels, to be drawn as large as the one it stands for.
    pub fn pixels(&self) -> Pixels {
        decode(&self.0).unwrap_or(Pixels { width: 1, height: 1, rgba: vec![0; 4] })
    }
}

fn decode(bytes: &[u8]) -> Option<Pixels> {
    let (width, height, rgba) = thumbhash::thumb_hash_to_rgba(bytes).ok()?;
    let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    // The format can say that a picture has no width; then it is none.
    (width > 0 && height > 0).then_some(Pixels { width, height, rgba })
}

/// The hash looks at no more than 100; more than these change nothing in it.
const SAMPLED_EDGE: u32 = 64;
