//! Samples into Opus, for a voice.

use ropus::{Application, Bitrate, Channels, Encoder, Signal};

use crate::audio::opus::{Head, Stream};
use crate::error::AudioError;

/// A stream of these samples, one channel at 48 kHz.
pub fn stream(samples: &[f32]) -> Result<Stream, AudioError> {
    let mut encoder = Encoder::builder(48_000, Channels::Mono, Application::Voip)
        .bitrate(Bitrate::Bits(VOICE_BITS_PER_SECOND))
        .signal(Signal::Voice)
        .complexity(COMPLEXITY)
        .build()
        .map_err(|_| AudioError::Damaged)?;
    let pre_skip = encoder.lookahead();
    let heard = samples.len() + pre_skip as usize;
    let mut packets = Vec::new();
    let mut buffer = [0; BUFFER_BYTES];
    // The encoder runs behind: silence at the end brings out what is still in it.
    for number in 0..heard.div_ceil(FRAME) {
        let mut frame = [0.0; FRAME];
        let rest = samples.get(number * FRAME..).unwrap_or_default();
        for (to, from) in frame.iter_mut().zip(rest) {
            *to = *from;
        }
        let count = encoder.encode_float(&frame, &mut buffer).map_err(|_| AudioError::Damaged)?;
        packets.push(buffer.get(..count).ok_or(AudioError::Damaged)?.to_vec());
    }
    let padding = packets.len() * FRAME - heard;
    let pre_skip = u16::try_from(pre_skip).map_err(|_| AudioError::Damaged)?;
    Stream::new(Head::mono(pre_skip), packets, padding as u64)
}

/// 20 ms.
const FRAME: usize = 960;
/// A voice is transparent at this for most ears; an hour has eleven megabytes.
const VOICE_BITS_PER_SECOND: u32 = 24_000;
/// Of 10: what comes above costs more than one hears.
const COMPLEXITY: u8 = 5;
/// Longest packet of 20 ms.
const BUFFER_BYTES: usize = 1_276;
