//! GIF as a row of blocks (GIF89a).

use crate::bytes::{le16, stands};
use crate::error::PictureError;
use crate::kind::Kind;
use crate::picture::exif::Turn;
use crate::picture::head::Head;

/// A block, with all its bytes.
enum Block<'a> {
    /// A frame.
    Image(&'a [u8]),
    /// How the next frame is shown, and for how long.
    Control(&'a [u8]),
    /// How often it is repeated.
    Loop(&'a [u8]),
    /// Anything else that may stand in a file.
    Other,
}

/// What the picture says of itself.
pub fn head(bytes: &[u8]) -> Result<Head, PictureError> {
    let (width, height) = size(bytes)?;
    let mut frames = 0_u32;
    for block in Blocks::of(bytes)? {
        if matches!(block?, Block::Image(_)) {
            frames = frames.saturating_add(1);
        }
    }
    // The picture, the frame that is laid on it, and its colours' numbers.
    Ok(Head { kind: Kind::Gif, width, height, turn: Turn::NONE, frames, bytes_per_pixel: 9, profile: None })
}

/// The same picture: frames, how they follow each other, and how often; comments, XMP and everything unknown are gone.
pub fn strip(bytes: &[u8]) -> Result<Vec<u8>, PictureError> {
    let blocks = Blocks::of(bytes)?;
    let mut out = bytes.get(..blocks.at).ok_or(PictureError::Damaged)?.to_vec();
    for block in blocks {
        match block? {
            Block::Image(kept) | Block::Control(kept) | Block::Loop(kept) => out.extend_from_slice(kept),
            Block::Other => {}
        }
    }
    out.push(TRAILER);
    Ok(out)
}

fn size(bytes: &[u8]) -> Result<(u32, u32), PictureError> {
    match (le16(bytes, 6), le16(bytes, 8)) {
        (Some(width), Some(height)) => Ok((width.into(), height.into())),
        _ => Err(PictureError::Damaged),
    }
}

struct Blocks<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Blocks<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, PictureError> {
        let colours = palette(*bytes.get(10).ok_or(PictureError::Damaged)?);
        Ok(Self { bytes, at: 13 + colours })
    }

    /// The block at this place.
    fn block(&mut self) -> Option<Block<'a>> {
        let start = self.at;
        match *self.bytes.get(start)? {
            EXTENSION => {
                let label = *self.bytes.get(start + 1)?;
                self.at = pieces(self.bytes, start + 2)?;
                let all = self.bytes.get(start..self.at)?;
                let repeats =
                    [b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0"].iter().any(|name| stands(all, 2, *name));
                Some(match label {
                    0xf9 => Block::Control(all),
                    // Behind its name a loop has one piece of three bytes; more would be a place to hide things in.
                    0xff if repeats && all.len() == LOOP_BYTES => Block::Loop(all),
                    _ => Block::Other,
                })
            }
            IMAGE => {
                let colours = palette(*self.bytes.get(start + 9)?);
                self.at = pieces(self.bytes, start + 11 + colours)?;
                Some(Block::Image(self.bytes.get(start..self.at)?))
            }
            _ => None,
        }
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Result<Block<'a>, PictureError>;

    fn next(&mut self) -> Option<Self::Item> {
        // Some writers forget the end.
        if self.bytes.get(self.at).is_none_or(|first| *first == TRAILER) {
            return None;
        }
        let block = self.block().ok_or(PictureError::Damaged);
        if block.is_err() {
            self.at = self.bytes.len();
        }
        Some(block)
    }
}

/// Bytes of the palette that these flags announce.
fn palette(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Behind the pieces that begin here: each with its length before it, the last empty.
fn pieces(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some(at);
        }
    }
}

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2c;
const TRAILER: u8 = 0x3b;
const LOOP_BYTES: usize = 2 + 12 + 4 + 1;
