//! Videos: what they are, and what is sent of them. They are read where they lie and never as a whole.

mod boxes;
mod clean;
mod mp4;
mod rewrite;
mod webm;

use std::io::{Read, Seek};

use crate::bytes::read_up_to;
use crate::error::VideoError;
use crate::kind::{KIND_BYTES, Kind};
use crate::limits::Limits;

pub use rewrite::{Rewrite, RewriteReader};

/// What a video is, by what it says of itself and what of that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Video {
    /// Its container.
    pub kind: Kind,
    /// How long it lasts, in milliseconds; counted from its samples, not believed.
    pub duration_ms: u64,
    /// Width as it is shown, in pixels; 0 if there is only sound.
    pub width: u32,
    /// Height as it is shown, in pixels.
    pub height: u32,
    /// By how much its pictures are turned clockwise to be shown; `width` and `height` are after that.
    pub rotation: Rotation,
    /// The codec of its pictures as the container names it (`avc1`, `V_VP9`).
    pub video_codec: Option<String>,
    /// The codec of its sound as the container names it (`mp4a`, `A_OPUS`).
    pub audio_codec: Option<String>,
    /// Whether it can be played before all of it is there.
    pub is_streamable: bool,
}

/// A turn, clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rotation {
    /// As it is.
    #[default]
    None,
    /// By a quarter.
    Quarter,
    /// Upside down.
    Half,
    /// By three quarters.
    ThreeQuarters,
}

/// What is sent of a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// What it is, as it is sent.
    pub video: Video,
    /// What must be read instead of the file.
    pub rewrite: Rewrite,
}

impl Rotation {
    /// Width and height after the turn.
    fn turned(self, width: u32, height: u32) -> (u32, u32) {
        match self {
            Self::None | Self::Half => (width, height),
            Self::Quarter | Self::ThreeQuarters => (height, width),
        }
    }
}

/// What the video is.
pub fn inspect<R: Read + Seek>(source: &mut R, limits: &Limits) -> Result<Video, VideoError> {
    match kind(source)? {
        kind @ (Kind::Mp4 | Kind::QuickTime | Kind::M4a) => {
            mp4::read(source, kind, limits).map(|film| film.video)
        }
        kind @ (Kind::WebM | Kind::Matroska) => webm::inspect(source, kind, limits),
        _ => Err(VideoError::NotAVideo),
    }
}

/// What is sent of the video: places, makers and times blanked, tracks that are neither seen nor heard emptied, the index in front.
pub fn prepare<R: Read + Seek>(source: &mut R, limits: &Limits) -> Result<Prepared, VideoError> {
    match kind(source)? {
        kind @ (Kind::Mp4 | Kind::QuickTime | Kind::M4a) => clean::prepare(source, kind, limits),
        kind @ (Kind::WebM | Kind::Matroska) => webm::prepare(source, kind, limits),
        _ => Err(VideoError::NotAVideo),
    }
}

fn kind<R: Read + Seek>(source: &mut R) -> Result<Kind, VideoError> {
    Ok(Kind::of(&read_up_to(source, 0, KIND_BYTES)?))
}

#[cfg(test)]
mod tests;
