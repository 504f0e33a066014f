//! How a picture is turned, the one thing of its Exif that is needed to show it.

use crate::bytes::{be16, be32, le16, le32};

/// How a picture is turned and mirrored to be upright: the value of the Exif tag, 1 to 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn(u8);

impl Turn {
    /// As it is.
    pub const NONE: Self = Self(1);

    /// What the tag says in this TIFF structure; a value that is none counts as no turn.
    pub fn of_tiff(tiff: &[u8]) -> Self {
        read(tiff)
            .and_then(|value| u8::try_from(value).ok())
            .filter(|value| (1..=8).contains(value))
            .map_or(Self::NONE, Self)
    }

    /// A TIFF structure that holds nothing else; none where nothing is turned.
    pub fn to_tiff(self) -> Option<Vec<u8>> {
        let mut tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        tiff.extend([self.0, 0, 0, 0, 0, 0, 0, 0]);
        (self != Self::NONE).then_some(tiff)
    }

    /// Whether width and height change places.
    pub fn is_sideways(self) -> bool {
        self.0 >= 5
    }

    /// For the decoder.
    pub fn orientation(self) -> image::metadata::Orientation {
        image::metadata::Orientation::from_exif(self.0).unwrap_or(image::metadata::Orientation::NoTransforms)
    }
}

/// The value of the tag in the first directory.
fn read(tiff: &[u8]) -> Option<u16> {
    let is_little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| if is_little { le16(tiff, at) } else { be16(tiff, at) };
    let directory = if is_little { le32(tiff, 4) } else { be32(tiff, 4) }?;
    let directory = usize::try_from(directory).ok()?;
    let entries = usize::from(short(directory)?).min(ENTRIES_MAX);
    let mut places = (0..entries).filter_map(|entry| directory.checked_add(2 + 12 * entry));
    let entry = places.find(|at| short(*at) == Some(ORIENTATION))?;
    (short(entry + 2)? == SHORT).then(|| short(entry + 8))?
}

const ORIENTATION: u16 = 0x0112;
const SHORT: u16 = 3;
/// Cameras write some twenty.
const ENTRIES_MAX: usize = 512;
