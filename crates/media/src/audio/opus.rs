//! Opus in Ogg (RFC 7845) and what its packets say of themselves (RFC 6716, section 3.1).

use crate::audio::ogg::{self, Writer};
use crate::bytes::{le16, stands};
use crate::error::AudioError;
use crate::kind::Kind;

/// Samples a second in which all positions are counted, whatever was recorded.
pub const RATE: u64 = 48_000;

/// The first packet of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub channels: u8,
    /// Samples at the beginning that are not played.
    pub pre_skip: u16,
    /// In 256ths of a decibel.
    gain: u16,
}

impl Head {
    /// Reads it. More than two channels are several streams side by side, which no recorder of voices makes.
    pub fn read(packet: &[u8]) -> Result<Self, AudioError> {
        let (Some([version, channels]), Some(pre_skip), Some(gain), Some(family)) =
            (crate::bytes::array(packet, 8), le16(packet, 10), le16(packet, 16), packet.get(18))
        else {
            return Err(AudioError::Damaged);
        };
        // Versions up to 15 can be read by who knows the first.
        if !stands(packet, 0, b"OpusHead") || version > 15 || channels == 0 {
            return Err(AudioError::Damaged);
        }
        if *family != 0 || channels > 2 {
            return Err(AudioError::NotDecoded(Kind::OggOpus));
        }
        Ok(Self { channels, pre_skip, gain })
    }

    /// For what was encoded here.
    pub fn mono(pre_skip: u16) -> Self {
        Self { channels: 1, pre_skip, gain: 0 }
    }

    fn write(self) -> Vec<u8> {
        let mut out = b"OpusHead\x01".to_vec();
        out.push(self.channels);
        out.extend(self.pre_skip.to_le_bytes());
        // What the recorder's rate was is nobody's business, and nothing follows from it.
        out.extend(48_000_u32.to_le_bytes());
        out.extend(self.gain.to_le_bytes());
        out.push(0);
        out
    }
}

/// Packets of one stream, and how much of them is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    pub head: Head,
    pub packets: Vec<Vec<u8>>,
    /// Samples from the first packet's first to the last that is heard, those that are skipped among them.
    pub samples: u64,
}

impl Stream {
    /// A stream of these packets, which ends `padding` samples before the last packet does.
    pub fn new(head: Head, packets: Vec<Vec<u8>>, padding: u64) -> Result<Self, AudioError> {
        let mut all = 0_u64;
        for packet in &packets {
            all += samples(packet).ok_or(AudioError::Damaged)?;
        }
        let samples = all.saturating_sub(padding);
        if samples <= head.pre_skip.into() {
            return Err(AudioError::Empty);
        }
        Ok(Self { head, packets, samples })
    }

    /// Reads a file.
    pub fn read(bytes: &[u8]) -> Result<Self, AudioError> {
        let ogg = ogg::packets(bytes)?;
        let mut packets = ogg.packets.into_iter();
        let head = Head::read(&packets.next().ok_or(AudioError::Damaged)?)?;
        if !packets.next().is_some_and(|tags| tags.starts_with(b"OpusTags")) {
            return Err(AudioError::Damaged);
        }
        let packets: Vec<_> = packets.filter(|packet| !packet.is_empty()).collect();
        let all = packets
            .iter()
            .try_fold(0, |all, packet| Some(all + samples(packet)?))
            .ok_or(AudioError::Damaged)?;
        // A stream cut out of another does not begin at zero; where it begins follows from its first page.
        let mut granules = ogg.granules.iter().filter(|(_, ended)| *ended > 2);
        let Some((first, ended)) = granules.next() else { return Err(AudioError::Empty) };
        let on_first: u64 = packets.iter().take(ended - 2).filter_map(|packet| samples(packet)).sum();
        let last = granules.next_back().map_or(*first, |(last, _)| *last);
        // The end may be said to be earlier than the packets end, and no more.
        let padding = all.saturating_sub(last.saturating_sub(first.saturating_sub(on_first)));
        Self::new(head, packets, padding)
    }

    /// Writes a file: the packets as they are, in pages of at most a second, without tags.
    pub fn write(&self) -> Result<Vec<u8>, AudioError> {
        let mut writer = Writer::new();
        writer.packet(&self.head.write(), 0)?;
        writer.end_page();
        // An empty vendor and no comments.
        writer.packet(b"OpusTags\0\0\0\0\0\0\0\0", 0)?;
        writer.end_page();
        let (mut at, mut page_from) = (0, 0);
        for packet in &self.packets {
            let next = at + samples(packet).ok_or(AudioError::Damaged)?;
            // A player seeks to pages.
            if next - page_from > RATE && at > page_from {
                writer.end_page();
                page_from = at;
            }
            writer.packet(packet, next)?;
            at = next;
        }
        Ok(writer.finish(self.samples))
    }

    /// How long it is heard.
    pub fn duration_ms(&self) -> u64 {
        duration_ms(self.samples.saturating_sub(self.head.pre_skip.into()))
    }
}

/// Samples at 48 kHz as milliseconds.
pub fn duration_ms(samples: u64) -> u64 {
    samples / (RATE / 1_000)
}

/// How many samples at 48 kHz a packet holds, if it can be one: up to 120 ms.
pub fn samples(packet: &[u8]) -> Option<u64> {
    let toc = *packet.first()?;
    let (config, code) = (toc >> 3, toc & 3);
    let frame = match config {
        0..12 => [480, 960, 1_920, 2_880][usize::from(config & 3)],
        12..16 => [480, 960][usize::from(config & 1)],
        _ => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let frames = match code {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(*packet.get(1)? & 0x3f),
    };
    let samples = frame * frames;
    (1..=PACKET_SAMPLES_MAX).contains(&samples).then_some(samples)
}

/// 120 ms.
pub const PACKET_SAMPLES_MAX: u64 = 5_760;
