//! A picture of a few pixels, as what an image is drawn from.
//!
//! What came with a message is at most a few bytes (ThumbHash). They are decoded here, without a canvas, into a bitmap that every browser
//! draws: 24 bits a pixel, on grey where something is seen through.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The bitmap of a placeholder in base64; nothing when it is none.
#[must_use]
pub fn bitmap(placeholder: &str) -> Option<String> {
    if placeholder.is_empty() || placeholder.len() > PLACEHOLDER_CHARS_MAX {
        return None;
    }
    let (width, height, rgba) = thumbhash::thumb_hash_to_rgba(&STANDARD.decode(placeholder).ok()?).ok()?;
    let (columns, rows) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    if width == 0 || height == 0 || width > EDGE_MAX || height > EDGE_MAX {
        return None;
    }
    let line = (width * 3).next_multiple_of(4);
    let size = u32::try_from(HEAD_BYTES + line * height).ok()?;
    let mut bytes = Vec::with_capacity(HEAD_BYTES + line * height);
    bytes.extend(b"BM");
    let head = u32::try_from(HEAD_BYTES).ok()?;
    // Size of the file, nothing, where pixels begin; size of what follows, width, height.
    for word in [size, 0, head, head - 14, columns, rows] {
        bytes.extend(word.to_le_bytes());
    }
    // One plane, 24 bits a pixel; not packed, and nothing more to say.
    for half in [1_u16, 24] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend([0; 24]);
    // From the last row up, blue first.
    for row in rgba.chunks_exact(width * 4).rev() {
        let begin = bytes.len();
        for pixel in row.chunks_exact(4) {
            if let [red, green, blue, opacity] = *pixel {
                bytes.extend([blue, green, red].map(|part| over_grey(part, opacity)));
            }
        }
        bytes.resize(begin + line, 0);
    }
    Some(format!("data:image/bmp;base64,{}", STANDARD.encode(bytes)))
}

fn over_grey(part: u8, opacity: u8) -> u8 {
    let (part, opacity) = (u16::from(part), u16::from(opacity));
    u8::try_from((part * opacity + GREY * (255 - opacity)) / 255).unwrap_or(u8::MAX)
}

/// Of the two heads of a bitmap.
const HEAD_BYTES: usize = 54;
/// Longest edge of a decoded placeholder.
const EDGE_MAX: usize = 32;
/// Base64 of the most bytes a placeholder has.
const PLACEHOLDER_CHARS_MAX: usize = 64;
const GREY: u16 = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_a_bitmap_of_its_shape() {
        let drawn = bitmap("1QcSHQRnh493V4dIh4eXh1h4kJUI").unwrap();
        let bytes = STANDARD.decode(drawn.strip_prefix("data:image/bmp;base64,").unwrap()).unwrap();
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!((word(2), word(10)), (bytes.len(), HEAD_BYTES));
        let (width, height) = (word(18), word(22));
        assert!((1..=32).contains(&width) && (1..=32).contains(&height), "{width} {height}");
        assert_eq!(bytes.len(), HEAD_BYTES + (width * 3).next_multiple_of(4) * height);
    }

    #[test]
    fn what_is_no_placeholder_draws_nothing() {
        for given in ["", "AA==", "not base64", "AAAAAAAA", &"A".repeat(200)] {
            assert_eq!(bitmap(given), None, "{given}");
        }
    }
}
