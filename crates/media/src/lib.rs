//! What a file is, by its content, and what is made of it before it is sent: pictures, videos, voice notes, documents.
//!
//! Pure functions: bytes where a file is small, `Read + Seek` where it may be large, and nothing is kept between two calls. They run the
//! same natively and in a browser's worker, and nowhere else: a decoder is given only what came from somebody one knows.
//!
//! | one wants | asks |
//! |---|---|
//! | the kind of a file | [`Kind::of`] over its first [`KIND_BYTES`], [`Kind::claim`] for what it was said to be |
//! | a name it may be stored under | [`safe_name`] |
//! | what a picture is | [`picture::inspect`] |
//! | what is sent of a picture, with thumbnail and placeholder | [`picture::prepare`] |
//! | the colours of a placeholder | [`Placeholder::pixels`] |
//! | whether a picture may be a sticker, and to make one | [`sticker::check`], [`sticker::make`] |
//! | what a video is | [`video::inspect`] |
//! | a video without places and times, its index in front | [`video::prepare`], then [`video::Rewrite::reader`] |
//! | what a sound is | [`audio::inspect`] |
//! | a voice note out of a recording, with its waveform | [`audio::voice_note`] |
//! | what a page of the web says of itself | [`page::read`] |
//! | a small picture of a picture, and nothing else | [`picture::small_jpeg`] |
//! | how many pages a PDF has | [`document::pdf_pages`] |
//!
//! Invariant: no input makes anything here panic, recurse without bound, or reserve memory by what the input says of itself; all is
//! measured against [`Limits`] first. No metadata of a person or a place is in what `prepare` gives.

pub mod audio;
mod bytes;
pub mod document;
mod ebml;
mod error;
mod kind;
mod limits;
mod name;
pub mod page;
pub mod picture;
pub mod sticker;
pub mod video;

pub use audio::{VoiceNote, Waveform};
pub use error::{AudioError, DocumentError, PictureError, StickerError, VideoError};
pub use kind::{Claim, Class, KIND_BYTES, Kind};
pub use limits::Limits;
pub use name::{NAME_BYTES_MAX, safe_name};
pub use picture::{Placeholder, Quality, Thumbnail};
