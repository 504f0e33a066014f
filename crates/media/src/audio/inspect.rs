//! What sounds say of themselves.

use std::io::{Read, Seek};

use crate::audio::mp3::{self, Frame};
use crate::audio::ogg::{NO_GRANULE, Page};
use crate::audio::opus::Head;
use crate::audio::{Audio, wav};
use crate::bytes::{array, be32, be64, le32, read_up_to};
use crate::error::AudioError;
use crate::kind::Kind;

/// Opus or Vorbis: how long by where the last page says the stream is.
pub fn ogg(first: &[u8], tail: &[u8]) -> Result<Audio, AudioError> {
    let kind = Kind::of(first);
    let page = Page::at(first, 0).ok_or(AudioError::Damaged)?;
    let packet = page.body();
    let (rate, skip, channels) = if kind == Kind::OggOpus {
        let head = Head::read(packet)?;
        (48_000, u64::from(head.pre_skip), head.channels)
    } else {
        let rate = le32(packet, 12).filter(|rate| *rate > 0).ok_or(AudioError::Damaged)?;
        (rate, 0, *packet.get(11).ok_or(AudioError::Damaged)?)
    };
    let starts = (0..tail.len().saturating_sub(4)).rev().filter(|at| tail[*at..].starts_with(b"OggS"));
    let last = starts
        .filter_map(|at| Page::at(tail, at))
        .find(|last| last.serial == page.serial && last.granule != NO_GRANULE);
    let samples = last.ok_or(AudioError::Damaged)?.granule.saturating_sub(skip);
    Ok(Audio { kind, duration_ms: Some(ms(samples, rate)), channels: Some(channels) })
}

/// MP3: by the number of frames that an encoder noted, or by the size where all frames have one rate.
pub fn mp3<R: Read + Seek>(source: &mut R, bytes: u64) -> Result<Audio, AudioError> {
    let head = read_up_to(source, 0, 10)?;
    // Seven bits of each byte.
    let tags = match head.get(..3) {
        Some(b"ID3") => {
            head.get(6..10)
                .map_or(0, |size| size.iter().fold(0, |all, byte| all << 7 | u64::from(byte & 0x7f)))
                + 10
        }
        _ => 0,
    };
    let first = read_up_to(source, tags, FRAMES_BYTES)?;
    let mut places = (0..first.len()).filter_map(|at| Some((at, mp3::frame(be32(&first, at)?)?)));
    let is_followed = |(at, frame): &(usize, Frame)| {
        be32(&first, at + frame.bytes)
            .is_none_or(|head| mp3::frame(head).is_some_and(|next| next.rate == frame.rate))
    };
    let (at, frame) = places.find(is_followed).ok_or(AudioError::Damaged)?;
    let side = match (frame.is_first, frame.channels) {
        (true, 1) | (false, 2) => 17,
        (true, _) => 32,
        (false, _) => 9,
    };
    let noted = noted(&first, at + 4 + side).or_else(|| vbri(&first, at + 36));
    let samples = noted.map(|frames| u64::from(frames) * u64::from(frame.samples));
    let data = bytes.saturating_sub(tags);
    let duration_ms = match samples {
        Some(samples) => ms(samples, frame.rate),
        None => data.saturating_mul(8_000) / u64::from(frame.bitrate),
    };
    // A frame is never shorter than the lowest rate makes it; more of them than would fit is a lie.
    if duration_ms > data.saturating_mul(8) / (BITRATE_MIN / 1_000) {
        return Err(AudioError::Damaged);
    }
    Ok(Audio { kind: Kind::Mp3, duration_ms: Some(duration_ms), channels: Some(frame.channels) })
}

/// WAV: by how many bytes of samples there are, not by how many were announced.
pub fn wav(first: &[u8], bytes: u64) -> Result<Audio, AudioError> {
    let (format, start, size) = wav::head(first)?;
    let there = bytes.saturating_sub(start as u64);
    let size = if size == 0 { there } else { size.min(there) };
    Ok(Audio {
        kind: Kind::Wav,
        duration_ms: Some(format.duration_ms(size)),
        channels: u8::try_from(format.channels).ok(),
    })
}

/// FLAC: the first block tells all.
pub fn flac(first: &[u8]) -> Result<Audio, AudioError> {
    // Behind the mark, the block's head and the sizes of blocks and frames: 20 bits of rate, 3 of channels, 5 of depth, 36 of samples.
    let [kind] = array(first, 4).ok_or(AudioError::Damaged)?;
    let bits = be64(first, 18).filter(|_| kind & 0x7f == 0).ok_or(AudioError::Damaged)?;
    let (rate, channels, samples) = ((bits >> 44) as u32, (bits >> 41 & 7) as u8 + 1, bits & 0xf_ffff_ffff);
    if rate == 0 {
        return Err(AudioError::Damaged);
    }
    let duration_ms = (samples > 0).then(|| ms(samples, rate));
    Ok(Audio { kind: Kind::Flac, duration_ms, channels: Some(channels) })
}

/// Frames as the first one tells in the place of sound.
fn noted(first: &[u8], at: usize) -> Option<u32> {
    let name: [u8; 4] = array(first, at)?;
    let has_frames = be32(first, at + 4)? & 1 == 1;
    ([b"Xing", b"Info"].contains(&&name) && has_frames).then(|| be32(first, at + 8))?
}

fn vbri(first: &[u8], at: usize) -> Option<u32> {
    (array(first, at)? == *b"VBRI").then(|| be32(first, at + 14))?
}

fn ms(samples: u64, rate: u32) -> u64 {
    u64::try_from(u128::from(samples) * 1_000 / u128::from(rate.max(1))).unwrap_or(u64::MAX)
}

/// Where the first frames are sought.
const FRAMES_BYTES: usize = 16 * 1024;
/// Bits a second.
const BITRATE_MIN: u64 = 8_000;
