//! Ogg pages (RFC 3533): read within bounds, and written so that no packet is on two of them.

use crate::bytes::{le32, le64, stands};
use crate::error::AudioError;

/// A page of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<'a> {
    pub flags: u8,
    /// Where the stream is when this page ends; [`NO_GRANULE`] if no packet ends on it.
    pub granule: u64,
    pub serial: u32,
    segments: &'a [u8],
    body: &'a [u8],
    /// Its size.
    pub bytes: usize,
}

impl<'a> Page<'a> {
    /// The page that begins here, whole and unhurt.
    pub fn at(bytes: &'a [u8], at: usize) -> Option<Self> {
        let bytes = bytes.get(at..)?;
        stands(bytes, 0, b"OggS\0").then_some(())?;
        let segments = bytes.get(27..27 + usize::from(*bytes.get(26)?))?;
        let start = 27 + segments.len();
        let end = start + segments.iter().map(|length| usize::from(*length)).sum::<usize>();
        let whole = bytes.get(..end)?;
        // A fuzzer would get no further.
        (cfg!(fuzzing) || le32(whole, 22)? == sum(whole)).then_some(())?;
        Some(Self {
            flags: *whole.get(5)?,
            granule: le64(whole, 6)?,
            serial: le32(whole, 14)?,
            segments,
            body: whole.get(start..)?,
            bytes: end,
        })
    }

    /// What is on it.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// Whether its first packet began on a page before.
    fn is_continued(&self) -> bool {
        self.flags & CONTINUED != 0
    }
}

/// The packets of one stream and where it ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Packets {
    pub packets: Vec<Vec<u8>>,
    /// Where each page on which packets end says it is, and how many packets have ended by then.
    pub granules: Vec<(u64, usize)>,
}

/// The packets of the first stream in the file. Other streams are passed over.
pub fn packets(bytes: &[u8]) -> Result<Packets, AudioError> {
    let (mut out, mut open) = (Packets::default(), Vec::new());
    let mut at = 0;
    let serial = Page::at(bytes, 0).ok_or(AudioError::Damaged)?.serial;
    while at < bytes.len() {
        let page = Page::at(bytes, at).ok_or(AudioError::Damaged)?;
        at += page.bytes;
        if page.serial != serial {
            continue;
        }
        if page.is_continued() == open.is_empty() && !(open.is_empty() && page.segments.is_empty()) {
            return Err(AudioError::Damaged);
        }
        let mut body = page.body;
        for length in page.segments {
            let Some((segment, rest)) = body.split_at_checked(usize::from(*length)) else { break };
            open.extend_from_slice(segment);
            body = rest;
            if open.len() > PACKET_BYTES_MAX {
                return Err(AudioError::Damaged);
            }
            if *length < u8::MAX {
                out.packets.push(std::mem::take(&mut open));
            }
        }
        if page.granule != NO_GRANULE {
            out.granules.push((page.granule, out.packets.len()));
        }
    }
    Ok(out)
}

/// Writes one stream.
pub struct Writer {
    out: Vec<u8>,
    sequence: u32,
    segments: Vec<u8>,
    body: Vec<u8>,
    granule: u64,
}

impl Writer {
    pub fn new() -> Self {
        Self { out: Vec::new(), sequence: 0, segments: Vec::new(), body: Vec::new(), granule: 0 }
    }

    /// Adds a packet, after which the stream is at `granule`.
    pub fn packet(&mut self, packet: &[u8], granule: u64) -> Result<(), AudioError> {
        if packet.len() > PACKET_BYTES_MAX {
            return Err(AudioError::Damaged);
        }
        if self.segments.len() + packet.len() / 255 + 1 > usize::from(u8::MAX) {
            self.page(0);
        }
        self.segments.extend(std::iter::repeat_n(u8::MAX, packet.len() / 255));
        self.segments.push(u8::try_from(packet.len() % 255).unwrap_or_default());
        self.body.extend_from_slice(packet);
        self.granule = granule;
        Ok(())
    }

    /// Ends the page, so that a player that has it can play.
    pub fn end_page(&mut self) {
        let first = if self.sequence == 0 { FIRST } else { 0 };
        self.page(first);
    }

    /// Ends the stream, at `granule`.
    pub fn finish(mut self, granule: u64) -> Vec<u8> {
        self.granule = granule;
        self.page(LAST);
        self.out
    }

    fn page(&mut self, flags: u8) {
        let start = self.out.len();
        self.out.extend(b"OggS\0");
        self.out.push(flags);
        self.out.extend(self.granule.to_le_bytes());
        self.out.extend(SERIAL.to_le_bytes());
        self.out.extend(self.sequence.to_le_bytes());
        self.out.extend([0; 4]);
        self.out.push(u8::try_from(self.segments.len()).unwrap_or(u8::MAX));
        self.out.append(&mut self.segments);
        self.out.append(&mut self.body);
        let sum = sum(&self.out[start..]);
        self.out[start + 22..start + 26].copy_from_slice(&sum.to_le_bytes());
        self.sequence = self.sequence.wrapping_add(1);
    }
}

/// The check sum of a page, in which its own place counts as zeros.
fn sum(page: &[u8]) -> u32 {
    page.iter().enumerate().fold(0, |sum, (place, byte)| {
        let byte = if (22..26).contains(&place) { 0 } else { *byte };
        (sum << 8) ^ SUMS[usize::from(u8::try_from(sum >> 24).unwrap_or_default() ^ byte)]
    })
}

const SUMS: [u32; 256] = {
    let mut table = [0; 256];
    let mut place = 0;
    while place < 256 {
        let mut sum = (place as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            sum = (sum << 1) ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 };
            bit += 1;
        }
        table[place] = sum;
        place += 1;
    }
    table
};

pub const NO_GRANULE: u64 = u64::MAX;
/// Largest packet; an Opus packet of 120 ms at its highest rate has 61,440 bytes, and it fits on one page.
pub const PACKET_BYTES_MAX: usize = 61_440;
const CONTINUED: u8 = 1;
const FIRST: u8 = 2;
const LAST: u8 = 4;
/// One stream in a file needs no number that differs from others'; a random one would only tell files apart.
const SERIAL: u32 = 1;
