//! Stickers: small pictures that need no thumbnail.

use crate::error::StickerError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::picture::{self, Picture, Placeholder};

/// Longest edge of a sticker, in pixels.
pub const STICKER_EDGE_MAX: u32 = 512;
/// Most bytes of a sticker.
pub const STICKER_BYTES_MAX: usize = 256 * 1024;

/// What the sticker is, if it is one: WebP or PNG, moving or not, within the two bounds. Nothing is decoded.
pub fn check(bytes: &[u8]) -> Result<Picture, StickerError> {
    if bytes.len() > STICKER_BYTES_MAX {
        return Err(StickerError::TooLarge);
    }
    let limits = Limits { edge: STICKER_EDGE_MAX, ..Limits::small() };
    let picture = picture::inspect(bytes, &limits)?;
    match picture.kind {
        Kind::WebP | Kind::Png => Ok(picture),
        _ => Err(StickerError::WrongKind),
    }
}

/// A sticker as it is sent.
pub struct Sticker {
    /// What it is.
    pub picture: Picture,
    /// The file, without metadata.
    pub bytes: Vec<u8>,
    /// For until it is here.
    pub placeholder: Placeholder,
}

/// Makes a sticker of a picture: as it is where it is one but for its metadata, otherwise smaller, and smaller still while it has
/// too many bytes. What moves is not made smaller.
///
/// # Errors
/// What is wrong with it as a picture; `TooLarge` for what moves and is no sticker, or has too much in it at any size.
pub fn make(bytes: &[u8], limits: &Limits) -> Result<Sticker, StickerError> {
    let head = picture::inspect(bytes, limits)?;
    let stripped = picture::strip(bytes, limits)?;
    if let Ok(picture) = check(&stripped) {
        let placeholder = picture::placeholder(&stripped, limits)?;
        return Ok(Sticker { picture, bytes: stripped, placeholder });
    }
    if head.is_animated() {
        return Err(StickerError::TooLarge);
    }
    for edge in EDGES {
        let (picture, bytes) = picture::lossless_within(&stripped, edge, limits)?;
        if bytes.len() <= STICKER_BYTES_MAX {
            let placeholder = picture::placeholder(&bytes, limits)?;
            return Ok(Sticker { picture, bytes, placeholder });
        }
    }
    Err(StickerError::TooLarge)
}

/// Edges tried, the largest first.
const EDGES: [u32; 3] = [STICKER_EDGE_MAX, 360, 256];

#[cfg(test)]
mod tests;
