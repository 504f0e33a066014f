//! Pictures: what they are, and what is sent of them.

use crate::error::PictureError;
use crate::kind::Kind;
use crate::limits::Limits;

/// Longest edge of a thumbnail, in pixels.
pub const THUMBNAIL_EDGE: u32 = 320;
/// Most bytes of a thumbnail: it travels inside the message.
pub const THUMBNAIL_BYTES_MAX: usize = 12 * 1024;
/// Most bytes of a placeholder.
pub const PLACEHOLDER_BYTES_MAX: usize = 32;
/// Longest edge at [`Quality::DataSaver`], in pixels.
pub const DATA_SAVER_EDGE: u32 = 1_280;
/// Longest edge at [`Quality::Standard`], in pixels.
pub const STANDARD_EDGE: u32 = 2_560;

/// How much of a picture is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quality {
    /// At most [`DATA_SAVER_EDGE`], visibly compressed.
    DataSaver,
    /// At most [`STANDARD_EDGE`], compressed so that few see it.
    Standard,
    /// Every pixel as it was; only what is said about the picture is gone.
    Original,
}

/// What a picture is, read from its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// Its format.
    pub kind: Kind,
    /// Width as it is shown, in pixels.
    pub width: u32,
    /// Height as it is shown, in pixels.
    pub height: u32,
    /// Frames; one if it stands still.
    pub frames: u32,
}

impl Picture {
    /// Whether it moves.
    pub fn is_animated(&self) -> bool {
        self.frames > 1
    }
}

/// A picture as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The file.
    pub bytes: Vec<u8>,
    /// What the file is.
    pub picture: Picture,
    /// What is shown while the file is fetched.
    pub thumbnail: Thumbnail,
    /// What is shown before anything is.
    pub placeholder: Placeholder,
}

/// A small JPEG of at most [`THUMBNAIL_BYTES_MAX`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// The JPEG.
    pub jpeg: Vec<u8>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// The colours of a picture in a few bytes (ThumbHash).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder(Vec<u8>);

/// Pixels, row by row, red, green, blue and opacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Four bytes for each pixel.
    pub rgba: Vec<u8>,
}

/// What the picture is, without decoding it.
pub fn inspect(bytes: &[u8], limits: &Limits) -> Result<Picture, PictureError> {
    let _ = (bytes, limits);
    Err(PictureError::NotAPicture)
}

/// What is sent of the picture. What moves keeps moving, in every quality, and loses only its metadata.
pub fn prepare(bytes: &[u8], quality: Quality, limits: &Limits) -> Result<Prepared, PictureError> {
    let _ = (bytes, quality, limits);
    Err(PictureError::NotAPicture)
}

/// The same picture without anything that is said about it but how it is turned and coloured.
pub fn strip(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, PictureError> {
    let _ = (bytes, limits);
    Err(PictureError::NotAPicture)
}

/// The pixels of a picture (its first frame), upright and no longer than `edge`: for front ends that draw without a browser.
pub fn pixels(bytes: &[u8], edge: u32, limits: &Limits) -> Result<Pixels, PictureError> {
    let _ = (bytes, edge, limits);
    Err(PictureError::NotAPicture)
}

/// A thumbnail and a placeholder of pixels that something else decoded, as a browser does a frame of a video.
pub fn thumbnail(pixels: &Pixels) -> Result<(Thumbnail, Placeholder), PictureError> {
    let _ = pixels;
    Err(PictureError::NotAPicture)
}

impl Placeholder {
    /// Takes what came with a message, if it can be one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let _ = bytes;
        None
    }

    /// What travels with a message.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A picture of at most 32 by 32 pixels, to be drawn as large as the one it stands for.
    pub fn pixels(&self) -> Pixels {
        Pixels { width: 1, height: 1, rgba: vec![0; 4] }
    }
}
