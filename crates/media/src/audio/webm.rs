//! Opus out of WebM, as browsers record it (`MediaRecorder`).

use std::io::Cursor;

use crate::audio::ogg::PACKET_BYTES_MAX;
use crate::audio::opus::{self, Head, Stream};
use crate::ebml::{self, Walk};
use crate::error::AudioError;
use crate::kind::Kind;

/// The packets of the first Opus track. Their times are not needed: a voice note has no gaps, and a recorder's pauses leave none.
pub fn stream(bytes: &[u8], duration_ms_max: u64) -> Result<Stream, AudioError> {
    let mut source = Cursor::new(bytes);
    let mut walk = Walk::new(&mut source, 0);
    let mut track = Track::default();
    let mut found: Option<(u64, Head)> = None;
    let (mut packets, mut samples, mut padding) = (Vec::new(), 0_u64, 0_u64);
    while let Some(element) = walk.next()? {
        match element.id {
            ebml::TRACK_ENTRY => track = Track::default(),
            ebml::TRACK_NUMBER => track.number = walk.uint(element)?,
            ebml::CODEC_ID => track.is_opus = walk.text(element)?.is_some_and(|codec| codec == "A_OPUS"),
            ebml::CODEC_PRIVATE => track.private = walk.data(element, PRIVATE_BYTES_MAX)?,
            ebml::SIMPLE_BLOCK | ebml::BLOCK => {
                let Some(block) = walk.data(element, PACKET_BYTES_MAX + 16)? else { break };
                let Some((wanted, _)) = found else { return Err(AudioError::NotDecoded(Kind::WebM)) };
                let Some(packet) = packet(&block, wanted)? else { continue };
                samples += opus::samples(packet).ok_or(AudioError::Damaged)?;
                if opus::duration_ms(samples) > duration_ms_max {
                    return Err(AudioError::TooLong);
                }
                packets.push(packet.to_vec());
                padding = 0;
            }
            // Nanoseconds; only those of the last packet are an end.
            ebml::DISCARD_PADDING => {
                padding = walk.uint(element)?.unwrap_or_default().min(NANOSECONDS) * opus::RATE / NANOSECONDS;
            }
            _ => {}
        }
        found = found.map_or_else(|| track.head(), |found| Ok(Some(found)))?;
    }
    let (_, head) = found.ok_or(AudioError::NotDecoded(Kind::WebM))?;
    Stream::new(head, packets, padding)
}

/// A track while it is read.
#[derive(Default)]
struct Track {
    number: Option<u64>,
    is_opus: bool,
    private: Option<Vec<u8>>,
}

impl Track {
    /// The number and head of an Opus track that is complete.
    fn head(&self) -> Result<Option<(u64, Head)>, AudioError> {
        match (self.number, self.is_opus, &self.private) {
            (Some(number), true, Some(private)) => Ok(Some((number, Head::read(private)?))),
            _ => Ok(None),
        }
    }
}

/// The packet of a block, if it is of this track: behind the track's number a time of two bytes and flags.
fn packet(block: &[u8], wanted: u64) -> Result<Option<&[u8]>, AudioError> {
    let (number, bytes) = ebml::number(block, true).ok_or(AudioError::Damaged)?;
    let (flags, packet) = (block.get(bytes + 2), block.get(bytes + 3..));
    let (Some(flags), Some(packet)) = (flags, packet) else { return Err(AudioError::Damaged) };
    if number != wanted || packet.is_empty() {
        return Ok(None);
    }
    // Several packets in a block save bytes that no recorder of voices saves.
    if flags & LACING != 0 {
        return Err(AudioError::NotDecoded(Kind::WebM));
    }
    Ok(Some(packet))
}

const LACING: u8 = 0x06;
const PRIVATE_BYTES_MAX: usize = 4_096;
const NANOSECONDS: u64 = 1_000_000_000;
