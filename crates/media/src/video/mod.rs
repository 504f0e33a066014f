//! Videos: what they are, and what is sent of them. They are read where they lie and never as a whole.

use std::io::{Read, Seek};

use crate::error::VideoError;
use crate::kind::Kind;
use crate::limits::Limits;

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

/// Another order and other bytes for parts of a file; the file itself stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    bytes: u64,
}

impl Rewrite {
    /// How many bytes are sent.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads the file as it is sent; `source` is the file as it was when this was made.
    pub fn reader<R: Read + Seek>(&self, source: R) -> RewriteReader<'_, R> {
        RewriteReader { rewrite: self, source, at: 0 }
    }
}

/// The file as it is sent.
pub struct RewriteReader<'a, R> {
    rewrite: &'a Rewrite,
    source: R,
    at: u64,
}

impl<R: Read + Seek> Read for RewriteReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.source.read(buffer)
    }
}

impl<R: Read + Seek> Seek for RewriteReader<'_, R> {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        let _ = (self.rewrite, self.at);
        self.source.seek(to)
    }
}

/// What the video is.
pub fn inspect<R: Read + Seek>(source: &mut R, limits: &Limits) -> Result<Video, VideoError> {
    let _ = (source, limits);
    Err(VideoError::NotAVideo)
}

/// What is sent of the video: places, makers and times blanked, tracks that are only about the others emptied, and the index in front.
pub fn prepare<R: Read + Seek>(source: &mut R, limits: &Limits) -> Result<Prepared, VideoError> {
    let _ = (source, limits);
    Err(VideoError::NotAVideo)
}
