//! PNG as a row of chunks (W3C PNG, third edition).

use crate::bytes::{array, be32};
use crate::error::PictureError;
use crate::kind::Kind;
use crate::picture::exif::Turn;
use crate::picture::head::{Head, PROFILE_BYTES_MAX};

/// A chunk: its name, its data, and all its bytes.
struct Chunk<'a> {
    name: [u8; 4],
    data: &'a [u8],
    bytes: &'a [u8],
}

/// What the picture says of itself.
pub fn head(bytes: &[u8]) -> Result<Head, PictureError> {
    let (mut header, mut turn, mut frames, mut profile, mut has_pixels) = (None, Turn::NONE, 0, None, false);
    for chunk in chunks(bytes) {
        let chunk = chunk?;
        match &chunk.name {
            b"IHDR" if header.is_none() => header = Some(chunk.data),
            b"IHDR" => return Err(PictureError::Damaged),
            b"eXIf" => turn = Turn::of_tiff(chunk.data),
            b"fcTL" => frames += 1,
            b"iCCP" => profile = inflate(chunk.data),
            b"IDAT" => has_pixels = true,
            _ => {}
        }
    }
    let header = header.filter(|_| has_pixels).ok_or(PictureError::Damaged)?;
    let (Some(width), Some(height), Some([depth, colours])) =
        (be32(header, 0), be32(header, 4), array(header, 8))
    else {
        return Err(PictureError::Damaged);
    };
    let channels = match colours {
        0 => 1,
        2 => 3,
        // A palette is made into colours.
        3 | 6 => 4,
        4 => 2,
        _ => return Err(PictureError::Damaged),
    };
    // As decoded, and beside it as it is worked with.
    let bytes_per_pixel = channels * (u32::from(depth).div_ceil(8)).max(1) + 4;
    Ok(Head { kind: Kind::Png, width, height, turn, frames: frames.max(1), bytes_per_pixel, profile })
}

/// The same picture: what draws it and how it is coloured and turned; texts, times, Exif and everything unknown are gone.
pub fn strip(bytes: &[u8], turn: Turn) -> Result<Vec<u8>, PictureError> {
    let mut out = SIGNATURE.to_vec();
    let mut has_end = false;
    for chunk in chunks(bytes) {
        let chunk = chunk?;
        if KEPT.contains(&&chunk.name) {
            out.extend_from_slice(chunk.bytes);
        }
        if &chunk.name == b"IHDR"
            && let Some(tiff) = turn.to_tiff()
        {
            write(&mut out, *b"eXIf", &tiff);
        }
        has_end |= &chunk.name == b"IEND";
    }
    if has_end { Ok(out) } else { Err(PictureError::Damaged) }
}

/// The chunks up to the last.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = Result<Chunk<'_>, PictureError>> {
    let mut at = Some(SIGNATURE.len());
    std::iter::from_fn(move || {
        let start = at.take()?;
        let Some(chunk) = chunk(bytes, start) else { return Some(Err(PictureError::Damaged)) };
        if &chunk.name != b"IEND" {
            at = Some(start + chunk.bytes.len());
        }
        Some(Ok(chunk))
    })
}

fn chunk(bytes: &[u8], start: usize) -> Option<Chunk<'_>> {
    let length = usize::try_from(be32(bytes, start)?).ok()?;
    let whole = bytes.get(start..start.checked_add(length)?.checked_add(12)?)?;
    Some(Chunk { name: array(whole, 4)?, data: whole.get(8..8 + length)?, bytes: whole })
}

fn write(out: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    out.extend(u32::try_from(data.len()).unwrap_or_default().to_be_bytes());
    let start = out.len();
    out.extend(name);
    out.extend_from_slice(data);
    let sum = crc(&out[start..]);
    out.extend(sum.to_be_bytes());
}

/// The check sum of a chunk (PNG, annex D); small chunks only, so without a table.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}

/// The profile of a chunk: a name, a zero, a method, and what was deflated.
fn inflate(data: &[u8]) -> Option<Vec<u8>> {
    let name = data.iter().take(80).position(|byte| *byte == 0)?;
    miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(data.get(name + 2..)?, PROFILE_BYTES_MAX).ok()
}

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// What draws the picture and moves it.
const KEPT: [&[u8; 4]; 17] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV",
    b"cLLI", b"sBIT", b"pHYs", b"acTL", b"fcTL", b"fdAT",
];
