//! How loud a voice note is over its length, found out by decoding it.

use ropus::{Channels, DecodeMode, Decoder};

use crate::audio::opus::{self, Stream};
use crate::audio::{WAVEFORM_BARS, WAVEFORM_HEIGHT_MAX, Waveform};
use crate::error::AudioError;

/// The waveform of the stream. A long one is not decoded as a whole: so many packets of each bar tell enough.
pub fn of(stream: &Stream) -> Result<Waveform, AudioError> {
    let mut decoder = Decoder::new(DECODED_RATE, Channels::Mono).map_err(|_| AudioError::Damaged)?;
    let mut decoded = [0_f32; DECODED_SAMPLES_MAX];
    let mut bars = [Bar::default(); WAVEFORM_BARS];
    let mut at = 0_u64;
    for packet in &stream.packets {
        let samples = opus::samples(packet).ok_or(AudioError::Damaged)?;
        let place = usize::try_from(at * WAVEFORM_BARS as u64 / stream.samples.max(1)).unwrap_or(usize::MAX);
        // What is behind the end is not heard.
        let Some(bar) = bars.get_mut(place) else { break };
        if bar.packets < PACKETS_IN_BAR_MAX {
            let count = decoder
                .decode_float(packet, &mut decoded, DecodeMode::Normal)
                .map_err(|_| AudioError::Damaged)?;
            bar.add(decoded.get(..count).unwrap_or_default(), at < stream.head.pre_skip.into());
        }
        at += samples;
    }
    Ok(scaled(&bars))
}

/// The loudness of a part.
#[derive(Debug, Clone, Copy, Default)]
struct Bar {
    packets: u32,
    samples: u32,
    energy: f64,
}

impl Bar {
    fn add(&mut self, samples: &[f32], is_skipped: bool) {
        self.packets += 1;
        if is_skipped {
            return;
        }
        self.samples += u32::try_from(samples.len()).unwrap_or_default();
        self.energy +=
            samples.iter().map(|sample| f64::from(*sample).powi(2)).filter(|it| it.is_finite()).sum::<f64>();
    }

    fn loudness(&self) -> f64 {
        if self.samples == 0 { 0.0 } else { (self.energy / f64::from(self.samples)).sqrt() }
    }
}

/// The loudest bar is the highest, unless all is nearly silent. The root spreads what is soft, as ears do.
fn scaled(bars: &[Bar; WAVEFORM_BARS]) -> Waveform {
    let mut loudness = bars.map(|bar| (bar.packets > 0).then(|| bar.loudness()));
    // A note of few packets leaves bars without any; they are as loud as the one before.
    let mut before = loudness.iter().flatten().next().copied().unwrap_or_default();
    for bar in &mut loudness {
        before = *bar.get_or_insert(before);
    }
    let loudest = loudness.iter().flatten().fold(SILENCE, |loudest, bar| bar.max(loudest));
    Waveform(loudness.map(|bar| {
        let height = (bar.unwrap_or_default() / loudest).sqrt() * f64::from(WAVEFORM_HEIGHT_MAX);
        (height.round() as u8).min(WAVEFORM_HEIGHT_MAX)
    }))
}

/// Enough to tell how loud a voice is, and the quickest to decode.
const DECODED_RATE: u32 = 8_000;
/// 120 ms.
const DECODED_SAMPLES_MAX: usize = 960;
/// So many packets of a bar are decoded: with packets of 20 ms all of a note of five minutes.
const PACKETS_IN_BAR_MAX: u32 = 240;
/// Below this a note counts as silent: about 46 dB below the loudest there can be.
const SILENCE: f64 = 0.005;
