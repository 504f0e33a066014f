//! Why nothing was made of a file. Each variant is one thing that a person can be told.

use std::io;

use thiserror::Error;

use crate::kind::Kind;

/// Why a picture is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PictureError {
    /// It is something else, or nothing that is known.
    #[error("not a picture")]
    NotAPicture,
    /// It is a picture that only other programs can read; it can be sent as a file, with all that is in it.
    #[error("{} cannot be read here", .0.name())]
    NotDecoded(Kind),
    /// The file is larger than a picture may be.
    #[error("the file is too large")]
    TooLarge,
    /// It is wider or higher, or has more pixels, than a picture may.
    #[error("too many pixels")]
    TooManyPixels,
    /// Decoding it would take more memory than there may be.
    #[error("would take too much memory")]
    TooMuchMemory,
    /// It moves for longer than a picture may.
    #[error("too many frames")]
    TooManyFrames,
    /// It does not keep to its format, or ends too early.
    #[error("damaged")]
    Damaged,
}

/// Why a picture is no sticker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StickerError {
    /// A sticker is WebP or PNG.
    #[error("neither WebP nor PNG")]
    WrongKind,
    /// The file is larger than a sticker may be.
    #[error("the file is too large")]
    TooLarge,
    /// It is wider or higher than a sticker may be.
    #[error("too wide or too high")]
    TooManyPixels,
    /// It moves for longer than a picture may.
    #[error("too many frames")]
    TooManyFrames,
    /// It does not keep to its format, or ends too early.
    #[error("damaged")]
    Damaged,
}

/// Why a video is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VideoError {
    /// It is something else, or nothing that is known.
    #[error("not a video")]
    NotAVideo,
    /// It lasts longer than a video may.
    #[error("too long")]
    TooLong,
    /// What it says about itself would take more memory than there may be.
    #[error("would take too much memory")]
    TooMuchMemory,
    /// It does not keep to its format, contradicts itself, or ends too early.
    #[error("damaged")]
    Damaged,
    /// The file could not be read.
    #[error("cannot be read")]
    Unreadable,
}

/// Why a sound is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AudioError {
    /// It is something else, or nothing that is known.
    #[error("not a sound")]
    NotAudio,
    /// It is a sound that only other programs can read; it can be sent as a file.
    #[error("{} cannot be read here", .0.name())]
    NotDecoded(Kind),
    /// The file is larger than a voice note may be.
    #[error("the file is too large")]
    TooLarge,
    /// It lasts longer than a voice note may.
    #[error("too long")]
    TooLong,
    /// Nothing is in it.
    #[error("empty")]
    Empty,
    /// It does not keep to its format, or ends too early.
    #[error("damaged")]
    Damaged,
    /// The file could not be read.
    #[error("cannot be read")]
    Unreadable,
}

/// Why nothing can be told of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DocumentError {
    /// It is something else.
    #[error("not a document of this kind")]
    NotADocument,
    /// The file could not be read.
    #[error("cannot be read")]
    Unreadable,
}

/// A file that ends within what it announced is damaged; every other failure is the source's.
fn is_cut(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}

impl From<io::Error> for VideoError {
    fn from(error: io::Error) -> Self {
        if is_cut(&error) { Self::Damaged } else { Self::Unreadable }
    }
}

impl From<io::Error> for AudioError {
    fn from(error: io::Error) -> Self {
        if is_cut(&error) { Self::Damaged } else { Self::Unreadable }
    }
}

impl From<io::Error> for DocumentError {
    fn from(_: io::Error) -> Self {
        Self::Unreadable
    }
}

impl From<VideoError> for AudioError {
    fn from(error: VideoError) -> Self {
        match error {
            VideoError::NotAVideo => Self::NotAudio,
            VideoError::TooLong => Self::TooLong,
            VideoError::TooMuchMemory => Self::TooLarge,
            VideoError::Damaged => Self::Damaged,
            VideoError::Unreadable => Self::Unreadable,
        }
    }
}

impl From<PictureError> for StickerError {
    fn from(error: PictureError) -> Self {
        match error {
            PictureError::NotAPicture | PictureError::NotDecoded(_) => Self::WrongKind,
            PictureError::TooLarge | PictureError::TooMuchMemory => Self::TooLarge,
            PictureError::TooManyPixels => Self::TooManyPixels,
            PictureError::TooManyFrames => Self::TooManyFrames,
            PictureError::Damaged => Self::Damaged,
        }
    }
}
