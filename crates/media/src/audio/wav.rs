//! WAV with PCM in it: what programs without a browser record.

use crate::audio::opus::RATE;
use crate::bytes::{array, le16, le32, stands};
use crate::error::AudioError;
use crate::kind::Kind;

/// What a file says of its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    pub channels: u16,
    pub rate: u32,
    /// Bytes of one sample of one channel.
    width: u16,
    is_float: bool,
}

impl Format {
    /// Bytes of one moment.
    fn frame_bytes(self) -> usize {
        usize::from(self.width) * usize::from(self.channels)
    }

    /// How long so many bytes last.
    pub fn duration_ms(self, bytes: u64) -> u64 {
        bytes / self.frame_bytes() as u64 * 1_000 / u64::from(self.rate)
    }

    /// Reads the chunk that tells it.
    fn read(chunk: &[u8]) -> Option<Self> {
        let (tag, channels, rate, bits) =
            (le16(chunk, 0)?, le16(chunk, 2)?, le32(chunk, 4)?, le16(chunk, 14)?);
        // The extensible form has the tag at the beginning of its identifier.
        let tag = if tag == 0xfffe { le16(chunk, 24)? } else { tag };
        let is_float = tag == 3;
        let is_known = matches!((tag, bits), (1, 8 | 16 | 24 | 32) | (3, 32));
        let is_sane = (1..=CHANNELS_MAX).contains(&channels) && (RATE_MIN..=RATE_MAX).contains(&rate);
        (is_known && is_sane).then_some(Self { channels, rate, width: bits / 8, is_float })
    }
}

/// The format, and where the samples stand in the file, by its beginning.
pub fn head(first: &[u8]) -> Result<(Format, usize, u64), AudioError> {
    if !first.starts_with(b"RIFF") || !stands(first, 8, b"WAVE") {
        return Err(AudioError::NotAudio);
    }
    let (mut at, mut format) = (12_usize, None);
    loop {
        let size = le32(first, at + 4).ok_or(AudioError::Damaged)?;
        if stands(first, at, b"fmt ") {
            let chunk = first.get(at + 8..).ok_or(AudioError::Damaged)?;
            format = Some(Format::read(chunk).ok_or(AudioError::NotDecoded(Kind::Wav))?);
        }
        if stands(first, at, b"data") {
            return Ok((format.ok_or(AudioError::Damaged)?, at + 8, size.into()));
        }
        let padded = usize::try_from(size).ok().and_then(|size| size.checked_add(size % 2));
        at = padded.and_then(|size| at.checked_add(size)?.checked_add(8)).ok_or(AudioError::Damaged)?;
    }
}

/// The samples of the file, as one channel at 48 kHz.
pub fn samples(bytes: &[u8], duration_ms_max: u64) -> Result<Vec<f32>, AudioError> {
    let (format, start, size) = head(bytes)?;
    let data = bytes.get(start..).unwrap_or_default();
    // Recorders that were stopped hard leave a size of nothing or of everything.
    let size =
        usize::try_from(size).ok().filter(|size| *size > 0).map_or(data.len(), |size| size.min(data.len()));
    let data = data.get(..size).unwrap_or_default();
    if format.duration_ms(size as u64) > duration_ms_max {
        return Err(AudioError::TooLong);
    }
    let mono: Vec<f32> = data
        .chunks_exact(format.frame_bytes())
        .map(|frame| {
            let sum: f32 = frame.chunks_exact(format.width.into()).map(|sample| value(sample, format)).sum();
            sum / f32::from(format.channels)
        })
        .collect();
    if mono.is_empty() {
        return Err(AudioError::Empty);
    }
    Ok(resampled(mono, format.rate))
}

/// A sample between -1 and 1.
fn value(sample: &[u8], format: Format) -> f32 {
    let value = match (sample, format.is_float) {
        ([byte], _) => (f32::from(*byte) - 128.0) / 128.0,
        ([low, high], _) => f32::from(i16::from_le_bytes([*low, *high])) / 32_768.0,
        ([a, b, c], _) => i32::from_le_bytes([0, *a, *b, *c]) as f32 / 2_147_483_648.0,
        (_, true) => f32::from_le_bytes(array(sample, 0).unwrap_or_default()),
        (_, false) => i32::from_le_bytes(array(sample, 0).unwrap_or_default()) as f32 / 2_147_483_648.0,
    };
    if value.is_finite() { value.clamp(-1.0, 1.0) } else { 0.0 }
}

/// At 48 kHz: a windowed sinc, its values computed once for so many places between two samples.
fn resampled(from: Vec<f32>, rate: u32) -> Vec<f32> {
    if u64::from(rate) == RATE {
        return from;
    }
    // What the slower of the two rates cannot hold is taken out.
    let cutoff = (RATE as f32 / rate as f32).min(1.0);
    let half = (TAPS_HALF as f32 / cutoff).ceil() as usize;
    let phases: Vec<Vec<f32>> = (0..PHASES)
        .map(|phase| {
            let taps: Vec<f32> = (0..2 * half)
                .map(|tap| {
                    sinc(tap as f32 + 1.0 - half as f32 - phase as f32 / PHASES as f32, cutoff, half as f32)
                })
                .collect();
            let sum: f32 = taps.iter().sum();
            taps.into_iter().map(|tap| tap / sum).collect()
        })
        .collect();
    let count = from.len() as u64 * RATE / u64::from(rate);
    (0..count)
        .map(|place| {
            let position = place * u64::from(rate);
            let (whole, part) = (position / RATE, position % RATE);
            let taps = &phases[(part * PHASES as u64 / RATE) as usize];
            let first = whole as i64 + 1 - half as i64;
            let heard =
                |tap: usize| usize::try_from(first + tap as i64).ok().and_then(|at| from.get(at)).copied();
            taps.iter().enumerate().map(|(tap, weight)| weight * heard(tap).unwrap_or_default()).sum()
        })
        .collect()
}

fn sinc(x: f32, cutoff: f32, half: f32) -> f32 {
    use std::f32::consts::PI;
    let window = 0.5 + 0.5 * (PI * (x / half).clamp(-1.0, 1.0)).cos();
    let x = PI * x * cutoff;
    window * if x.abs() < 1e-6 { 1.0 } else { x.sin() / x }
}

const CHANNELS_MAX: u16 = 8;
const RATE_MIN: u32 = 4_000;
const RATE_MAX: u32 = 192_000;
const TAPS_HALF: usize = 12;
const PHASES: usize = 256;
