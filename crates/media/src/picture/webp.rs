//! WebP as a row of chunks in RIFF (RFC 9649).

use crate::bytes::{array, le16, le24, le32, stands};
use crate::error::PictureError;
use crate::kind::Kind;
use crate::picture::exif::Turn;
use crate::picture::head::{Head, PROFILE_BYTES_MAX};

/// What the picture says of itself.
pub fn head(bytes: &[u8]) -> Result<Head, PictureError> {
    let (mut size, mut turn, mut frames, mut profile, mut has_pixels) = (None, Turn::NONE, 0, None, false);
    for chunk in chunks(body(bytes)?) {
        let (name, data) = chunk?;
        match &name {
            b"VP8X" => size = size.or(extended(data)),
            b"VP8 " => {
                size = size.or(lossy(data));
                has_pixels = true;
            }
            b"VP8L" => {
                size = size.or(lossless(data));
                has_pixels = true;
            }
            b"ANMF" => frames += 1,
            b"EXIF" => turn = Turn::of_tiff(data.strip_prefix(b"Exif\0\0").unwrap_or(data)),
            b"ICCP" if data.len() <= PROFILE_BYTES_MAX => profile = Some(data.to_vec()),
            _ => {}
        }
    }
    let (width, height) = size.filter(|_| has_pixels || frames > 0).ok_or(PictureError::Damaged)?;
    // Pixels, the planes they come from, and the frame beside the picture it is laid on.
    let bytes_per_pixel = if frames > 0 { 14 } else { 10 };
    Ok(Head { kind: Kind::WebP, width, height, turn, frames: frames.max(1), bytes_per_pixel, profile })
}

/// The same picture: what draws and moves it, its colours' profile and how it is turned; Exif, XMP and everything unknown are gone.
pub fn strip(bytes: &[u8], turn: Turn) -> Result<Vec<u8>, PictureError> {
    let mut out = b"RIFF\0\0\0\0WEBP".to_vec();
    let exif = turn.to_tiff();
    let (mut is_extended, mut flags_at) = (false, None);
    for chunk in chunks(body(bytes)?) {
        let (name, data) = chunk?;
        match &name {
            b"VP8X" if !is_extended => {
                is_extended = true;
                flags_at = Some(out.len() + 8);
                write(&mut out, name, data);
            }
            b"ANMF" => write(&mut out, name, &frame(data)?),
            b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" | b"ICCP" => write(&mut out, name, data),
            _ => {}
        }
    }
    if let Some(flags) = flags_at.and_then(|at| out.get_mut(at)) {
        *flags &= !(HAS_EXIF | HAS_XMP);
        if exif.is_some() {
            *flags |= HAS_EXIF;
        }
        // Only the extended form has a place for it.
        if let Some(tiff) = exif {
            write(&mut out, *b"EXIF", &tiff);
        }
    }
    let size = u32::try_from(out.len() - 8).map_err(|_| PictureError::TooLarge)?;
    out[4..8].copy_from_slice(&size.to_le_bytes());
    Ok(out)
}

/// A frame of a picture that moves, with what draws it alone.
fn frame(data: &[u8]) -> Result<Vec<u8>, PictureError> {
    let mut out = data.get(..16).ok_or(PictureError::Damaged)?.to_vec();
    for chunk in chunks(&data[16..]) {
        let (name, data) = chunk?;
        if matches!(&name, b"VP8 " | b"VP8L" | b"ALPH") {
            write(&mut out, name, data);
        }
    }
    Ok(out)
}

fn write(out: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    out.extend(name);
    out.extend(u32::try_from(data.len()).unwrap_or_default().to_le_bytes());
    out.extend_from_slice(data);
    if data.len() % 2 == 1 {
        out.push(0);
    }
}

/// What the container says it holds; anything behind it is not the picture's.
fn body(bytes: &[u8]) -> Result<&[u8], PictureError> {
    let size = le32(bytes, 4).and_then(|size| usize::try_from(size).ok()).ok_or(PictureError::Damaged)?;
    let end = size.checked_add(8).map_or(bytes.len(), |end| end.min(bytes.len()));
    bytes.get(12..end).ok_or(PictureError::Damaged)
}

type Chunk<'a> = ([u8; 4], &'a [u8]);

fn chunks(bytes: &[u8]) -> impl Iterator<Item = Result<Chunk<'_>, PictureError>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= bytes.len() {
            return None;
        }
        let chunk = || {
            let length = usize::try_from(le32(bytes, at + 4)?).ok()?;
            Some((array(bytes, at)?, bytes.get(at + 8..at.checked_add(8)?.checked_add(length)?)?))
        };
        let found: Option<Chunk<'_>> = chunk();
        // Chunks begin at even places; one that does not fit ends the walk.
        at = found.map_or(bytes.len(), |(_, data)| at + 8 + data.len() + data.len() % 2);
        Some(found.ok_or(PictureError::Damaged))
    })
}

fn extended(data: &[u8]) -> Option<(u32, u32)> {
    Some((le24(data, 4)? + 1, le24(data, 7)? + 1))
}

fn lossy(data: &[u8]) -> Option<(u32, u32)> {
    stands(data, 3, &[0x9d, 0x01, 0x2a]).then_some(())?;
    Some((u32::from(le16(data, 6)? & 0x3fff), u32::from(le16(data, 8)? & 0x3fff)))
}

fn lossless(data: &[u8]) -> Option<(u32, u32)> {
    let bits = le32(data, 1).filter(|_| data.first() == Some(&0x2f))?;
    Some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
}

const HAS_XMP: u8 = 0x04;
const HAS_EXIF: u8 = 0x08;
