//! Frames of MPEG audio (ISO/IEC 11172-3), as far as their heads go.

/// What the head of a frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Size with its head.
    pub bytes: usize,
    pub samples: u32,
    pub rate: u32,
    pub channels: u8,
    /// Bits a second.
    pub bitrate: u32,
    /// Whether it is of the first version of the standard, whose side information is longer.
    pub is_first: bool,
}

/// The frame with this head, if it is one of the third layer.
pub fn frame(head: u32) -> Option<Frame> {
    let bits = |shift: u32, mask: u32| (head >> shift & mask) as usize;
    let (version, layer) = (bits(19, 3), bits(17, 3) & 3);
    // Eleven ones, a version that exists, the third layer.
    (head >> 21 == 0x7ff && version != 1 && layer == 1).then_some(())?;
    let is_first = version == 3;
    let rates = if is_first { &KILOBITS_FIRST } else { &KILOBITS_SECOND };
    let bitrate = *rates.get(bits(12, 15))? * 1_000;
    let rate = RATES.get(bits(10, 3))? >> [2, 0, 1, 0].get(version)?;
    let samples = if is_first { 1_152 } else { 576 };
    (bitrate > 0).then_some(())?;
    let bytes = (samples / 8 * bitrate / rate) as usize + bits(9, 1);
    let channels = if bits(6, 3) == 3 { 1 } else { 2 };
    Some(Frame { bytes, samples, rate, channels, bitrate, is_first })
}

const RATES: [u32; 3] = [44_100, 48_000, 32_000];
const KILOBITS_FIRST: [u32; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const KILOBITS_SECOND: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
