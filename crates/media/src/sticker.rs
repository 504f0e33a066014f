//! Stickers: small pictures that need no thumbnail.

use crate::error::StickerError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::picture::{self, Picture};

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

#[cfg(test)]
mod tests;
