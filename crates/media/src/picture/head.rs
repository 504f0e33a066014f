//! What a picture says of itself, read without a decoder.

use crate::error::PictureError;
use crate::kind::{Class, Kind};
use crate::limits::Limits;
use crate::picture::{Picture, exif::Turn, gif, jpeg, png, webp};

/// What stands in the head of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub kind: Kind,
    /// Width as it is stored.
    pub width: u32,
    /// Height as it is stored.
    pub height: u32,
    pub turn: Turn,
    pub frames: u32,
    /// What decoding takes at its highest, for each pixel.
    pub bytes_per_pixel: u32,
    /// The colour profile (ICC), if its colours are not those of screens.
    pub profile: Option<Vec<u8>>,
}

impl Head {
    /// The head of the picture, if it keeps to the limits.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, PictureError> {
        if bytes.len() as u64 > limits.picture_bytes {
            return Err(PictureError::TooLarge);
        }
        let kind = Kind::of(bytes);
        let head = match kind {
            Kind::Jpeg => jpeg::head(bytes),
            Kind::Png => png::head(bytes),
            Kind::WebP => webp::head(bytes),
            Kind::Gif => gif::head(bytes),
            _ if kind.class() == Class::Picture => Err(PictureError::NotDecoded(kind)),
            _ => Err(PictureError::NotAPicture),
        }?;
        head.check(limits)?;
        Ok(head)
    }

    /// What the picture is, as it is shown.
    pub fn picture(&self) -> Picture {
        let (width, height) =
            if self.turn.is_sideways() { (self.height, self.width) } else { (self.width, self.height) };
        Picture { kind: self.kind, width, height, frames: self.frames }
    }

    /// Before anything is reserved for it.
    fn check(&self, limits: &Limits) -> Result<(), PictureError> {
        if self.width == 0 || self.height == 0 || self.frames == 0 {
            return Err(PictureError::Damaged);
        }
        let pixels = u64::from(self.width) * u64::from(self.height);
        if self.width.max(self.height) > limits.edge || pixels > limits.pixels {
            return Err(PictureError::TooManyPixels);
        }
        if pixels.saturating_mul(self.bytes_per_pixel.into()) > limits.memory_bytes {
            return Err(PictureError::TooMuchMemory);
        }
        if self.frames > limits.frames {
            return Err(PictureError::TooManyFrames);
        }
        Ok(())
    }
}

/// Most bytes of a colour profile that is looked at; those of screens and cameras have a few thousand.
pub const PROFILE_BYTES_MAX: usize = 1 << 20;
