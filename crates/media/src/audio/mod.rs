//! Sounds and voice notes.

mod encode;
mod inspect;
pub(crate) mod mp3;
mod ogg;
mod opus;
mod wav;
mod waveform;
mod webm;

use std::io::{Read, Seek};

use crate::bytes::{length, read_up_to};
use crate::error::AudioError;
use crate::kind::{Class, Kind};
use crate::limits::Limits;
use crate::video;

use opus::Stream;

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
    let first = read_up_to(source, 0, HEAD_BYTES)?;
    let bytes = length(source)?;
    let audio = match Kind::of(&first) {
        Kind::OggOpus | Kind::OggVorbis => inspect::ogg(&first, &tail(source, bytes)?),
        Kind::Mp3 => inspect::mp3(source, bytes),
        Kind::Wav => inspect::wav(&first, bytes),
        Kind::Flac => inspect::flac(&first),
        Kind::Aac => Ok(Audio { kind: Kind::Aac, duration_ms: None, channels: None }),
        kind @ (Kind::M4a | Kind::Mp4 | Kind::QuickTime | Kind::WebM | Kind::Matroska) => {
            let film = video::inspect(source, limits)?;
            if film.video_codec.is_some() {
                return Err(AudioError::NotAudio);
            }
            Ok(Audio { kind, duration_ms: Some(film.duration_ms), channels: None })
        }
        _ => Err(AudioError::NotAudio),
    }?;
    if audio.duration_ms.is_some_and(|duration| duration > limits.duration_ms) {
        return Err(AudioError::TooLong);
    }
    Ok(audio)
}

/// A voice note out of a recording: Opus in WebM (as browsers record) or in Ogg, whose packets stay as they are, or WAV.
pub fn voice_note(recording: &[u8], limits: &Limits) -> Result<VoiceNote, AudioError> {
    if recording.len() as u64 > limits.voice_bytes {
        return Err(AudioError::TooLarge);
    }
    let stream = match Kind::of(recording) {
        Kind::WebM | Kind::Matroska => webm::stream(recording, limits.voice_ms),
        Kind::OggOpus => Stream::read(recording),
        Kind::Wav => encode::stream(&wav::samples(recording, limits.voice_ms)?),
        kind if matches!(kind.class(), Class::Audio | Class::Video) => Err(AudioError::NotDecoded(kind)),
        _ => Err(AudioError::NotAudio),
    }?;
    if stream.duration_ms() > limits.voice_ms {
        return Err(AudioError::TooLong);
    }
    let waveform = waveform::of(&stream)?;
    Ok(VoiceNote { bytes: stream.write()?, duration_ms: stream.duration_ms(), waveform })
}

/// How loud an Ogg Opus file is over its length.
pub fn waveform(ogg: &[u8], limits: &Limits) -> Result<Waveform, AudioError> {
    if ogg.len() as u64 > limits.voice_bytes {
        return Err(AudioError::TooLarge);
    }
    if Kind::of(ogg) != Kind::OggOpus {
        return Err(AudioError::NotAudio);
    }
    let stream = Stream::read(ogg)?;
    if stream.duration_ms() > limits.voice_ms { Err(AudioError::TooLong) } else { waveform::of(&stream) }
}

/// The last bytes of a file, among which an Ogg stream's last page is.
fn tail<R: Read + Seek>(source: &mut R, bytes: u64) -> Result<Vec<u8>, AudioError> {
    Ok(read_up_to(source, bytes.saturating_sub(TAIL_BYTES as u64), TAIL_BYTES)?)
}

/// Enough for the heads of all kinds, a picture of an album not among them.
const HEAD_BYTES: usize = 64 * 1024;
/// Two of the largest pages.
const TAIL_BYTES: usize = 128 * 1024;

#[cfg(test)]
mod tests;
