//! Stickers: small pictures that need no thumbnail.

use crate::error::StickerError;
use crate::picture::Picture;

/// Longest edge of a sticker, in pixels.
pub const STICKER_EDGE_MAX: u32 = 512;
/// Most bytes of a sticker.
pub const STICKER_BYTES_MAX: usize = 256 * 1024;

/// What the sticker is, if it is one.
pub fn check(bytes: &[u8]) -> Result<Picture, StickerError> {
    let _ = bytes;
    Err(StickerError::WrongKind)
}
