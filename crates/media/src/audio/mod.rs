//! Sounds and voice notes.

use std::io::{Read, Seek};

use crate::error::AudioError;
use crate::kind::Kind;
use crate::limits::Limits;

/// Bars of a waveform.
pub const WAVEFORM_BARS: usize = 64;
/// Height of the highest bar.
pub const WAVEFORM_HEIGHT_MAX: u8 = 31;

/// What a sound is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audio {
    /// Its container.
    pub kind: Kind,
    /// How long it lasts, in milliseconds; none where only decoding would tell.
    pub duration_ms: Option<u64>,
    /// Channels, if the head tells.
    pub channels: Option<u8>,
}

/// How loud a sound is over its length: [`WAVEFORM_BARS`] heights of 0 to [`WAVEFORM_HEIGHT_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waveform([u8; WAVEFORM_BARS]);

/// A voice note as it is sent: Opus in Ogg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceNote {
    /// The file.
    pub bytes: Vec<u8>,
    /// How long it lasts, in milliseconds.
    pub duration_ms: u64,
    /// How loud it is.
    pub waveform: Waveform,
}

impl Waveform {
    /// Takes what came with a message; heights above the highest are the highest.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bars: [u8; WAVEFORM_BARS] = bytes.try_into().ok()?;
        Some(Self(bars.map(|bar| bar.min(WAVEFORM_HEIGHT_MAX))))
    }

    /// The heights, from the beginning to the end.
    pub fn bars(&self) -> &[u8; WAVEFORM_BARS] {
        &self.0
    }
}

/// What the sound is.
pub fn inspect<R: Read + Seek>(source: &mut R, limits: &Limits) -> Result<Audio, AudioError> {
    let _ = (source, limits);
    Err(AudioError::NotAudio)
}

/// A voice note out of a recording: Opus in WebM (as browsers record) or in Ogg, or WAV.
pub fn voice_note(recording: &[u8], limits: &Limits) -> Result<VoiceNote, AudioError> {
    let _ = (recording, limits);
    Err(AudioError::NotAudio)
}

/// How loud an Ogg Opus file is over its length.
pub fn waveform(ogg: &[u8], limits: &Limits) -> Result<Waveform, AudioError> {
    let _ = (ogg, limits);
    Err(AudioError::NotAudio)
}
