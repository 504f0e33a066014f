use std::io::Cursor;

use super::*;
use crate::audio::ogg::Page;
use crate::bytes::find;

const RECORDED: &[u8] = include_bytes!("../../testdata/recorded.webm");
const VOICE: &[u8] = include_bytes!("../../testdata/voice.opus");

/// Two seconds of WAV, loud for the first half.
fn wav(rate: u32, channels: u16, bits: u16) -> Vec<u8> {
    let width = bits / 8;
    let mut data = Vec::new();
    for place in 0..2 * rate {
        let wave = (f64::from(place) * 440.0 * std::f64::consts::TAU / f64::from(rate)).sin() * 0.8;
        let value = if place < rate { wave } else { 0.0 };
        for _ in 0..channels {
            match bits {
                8 => data.push((value * 127.0 + 128.0) as u8),
                16 => data.extend(((value * 32_767.0) as i16).to_le_bytes()),
                24 => data.extend(&((value * 8_388_607.0) as i32).to_le_bytes()[..3]),
                _ => data.extend((value as f32).to_le_bytes()),
            }
        }
    }
    let tag: u16 = if bits == 32 { 3 } else { 1 };
    let bytes_per_second = rate * u32::from(channels) * u32::from(width);
    [
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0",
        &tag.to_le_bytes()[..],
        &channels.to_le_bytes(),
        &rate.to_le_bytes(),
        &bytes_per_second.to_le_bytes(),
        &(channels * width).to_le_bytes(),
        &bits.to_le_bytes(),
        b"data",
        &u32::try_from(data.len()).unwrap().to_le_bytes(),
        &data,
    ]
    .concat()
}

fn is_loud_then_silent(waveform: &Waveform) -> bool {
    let bars = waveform.bars();
    let (loud, silent) = (&bars[4..28], &bars[38..60]);
    loud.iter().all(|bar| *bar > 20) && silent.iter().all(|bar| *bar < 6)
}

#[test]
fn what_a_browser_recorded_becomes_a_voice_note() {
    let note = voice_note(RECORDED, &Limits::default()).unwrap();
    assert_eq!(Kind::of(&note.bytes), Kind::OggOpus);
    assert!((1_800..=2_200).contains(&note.duration_ms), "{}", note.duration_ms);
    assert!(is_loud_then_silent(&note.waveform), "{:?}", note.waveform);
    assert_eq!(find(&note.bytes, b"Chrome"), None);
    // The packets are those that were recorded.
    let recorded = webm::stream(RECORDED, 10_000).unwrap();
    assert_eq!(Stream::read(&note.bytes).unwrap(), recorded);
    assert!(recorded.packets.iter().all(|packet| find(RECORDED, packet).is_some()));
}

#[test]
fn a_voice_note_of_another_program_loses_its_tags_and_nothing_else() {
    let note = voice_note(VOICE, &Limits::default()).unwrap();
    assert!(find(VOICE, b"TRACECOMMENT").is_some() && find(&note.bytes, b"TRACECOMMENT").is_none());
    // The end is where the encoder said, within a packet.
    assert_eq!(note.duration_ms, 2_000);
    assert!(is_loud_then_silent(&note.waveform), "{:?}", note.waveform);
    assert_eq!(Stream::read(&note.bytes).unwrap(), Stream::read(VOICE).unwrap());
    assert_eq!(waveform(VOICE, &Limits::default()), Ok(note.waveform));
}

#[test]
fn a_wav_becomes_a_voice_note_of_its_length() {
    for (rate, channels, bits) in
        [(48_000, 1, 16), (44_100, 2, 16), (16_000, 1, 24), (8_000, 1, 8), (96_000, 2, 32)]
    {
        let recording = wav(rate, channels, bits);
        let note = voice_note(&recording, &Limits::default()).unwrap();
        assert_eq!(note.duration_ms, 2_000, "{rate}");
        assert!(is_loud_then_silent(&note.waveform), "{rate} {:?}", note.waveform);
        assert!(note.bytes.len() < 8_000, "{} bytes", note.bytes.len());
    }
}

#[test]
fn a_sample_keeps_its_value_through_another_rate() {
    let (loud, _) = (wav::samples(&wav(44_100, 1, 16), 10_000).unwrap(), ());
    assert_eq!(loud.len(), 96_000);
    let wave = |place: usize| (place as f64 * 440.0 * std::f64::consts::TAU / 48_000.0).sin() * 0.8;
    for (place, sample) in loud.iter().enumerate().take(47_000).skip(100) {
        assert!((f64::from(*sample) - wave(place)).abs() < 0.01, "{place}");
    }
}

#[test]
fn pages_are_whole_in_order_and_a_second_long_at_most() {
    let note = voice_note(&wav(48_000, 1, 16), &Limits::default()).unwrap();
    let (mut at, mut pages) = (0, Vec::new());
    while let Some(page) = Page::at(&note.bytes, at) {
        at += page.bytes;
        pages.push(page);
    }
    assert_eq!(at, note.bytes.len());
    assert_eq!(pages.first().map(|page| (page.flags, page.granule)), Some((2, 0)));
    assert_eq!(pages.last().map(|page| page.flags), Some(4));
    let steps: Vec<_> = pages.windows(2).map(|pair| pair[1].granule - pair[0].granule).collect();
    assert!(steps.iter().all(|step| *step <= opus::RATE), "{steps:?}");
    let head = opus::Head::read(pages[0].body()).unwrap();
    assert_eq!(pages.last().unwrap().granule - u64::from(head.pre_skip), 96_000);
}

#[test]
fn packets_say_how_long_they_are() {
    // Toc and count: config in five bits, one for stereo, two for how many frames there are.
    for (packet, samples) in [
        (&[0x00][..], Some(480)),
        (&[0x18], Some(2_880)),
        (&[0x78], Some(960)),
        (&[0x80], Some(120)),
        (&[0xfc], Some(960)),
        (&[0xfd], Some(1_920)),
        (&[0xff, 6], Some(5_760)),
        (&[0xff, 7], None),
        (&[0xff, 0], None),
        (&[0xff], None),
        (&[], None),
    ] {
        assert_eq!(opus::samples(packet), samples, "{packet:?}");
    }
}

#[test]
fn each_kind_says_how_long_it_is() {
    let sounds: [(&[u8], Kind); 8] = [
        (include_bytes!("../../testdata/voice.opus"), Kind::OggOpus),
        (include_bytes!("../../testdata/sound.mp3"), Kind::Mp3),
        (include_bytes!("../../testdata/cbr.mp3"), Kind::Mp3),
        (include_bytes!("../../testdata/sound.flac"), Kind::Flac),
        (include_bytes!("../../testdata/sound.m4a"), Kind::M4a),
        (include_bytes!("../../testdata/sound.ogg"), Kind::OggVorbis),
        (include_bytes!("../../testdata/sound.wav"), Kind::Wav),
        (RECORDED, Kind::WebM),
    ];
    for (bytes, kind) in sounds {
        let sound = inspect(&mut Cursor::new(bytes), &Limits::default()).unwrap();
        assert_eq!(sound.kind, kind);
        let expected = if bytes == VOICE || kind == Kind::WebM { 2_000 } else { 1_000_u64 };
        assert!(sound.duration_ms.unwrap().abs_diff(expected) < 110, "{kind:?} {sound:?}");
    }
    let film = include_bytes!("../../testdata/camera.mp4");
    assert_eq!(inspect(&mut Cursor::new(&film[..]), &Limits::default()), Err(AudioError::NotAudio));
}

#[test]
fn a_sound_that_lies_about_its_length_is_refused() {
    // The last page says a thousand years; the packets are counted.
    let last = (0..VOICE.len()).rev().find(|at| Page::at(VOICE, *at).is_some()).unwrap();
    let mut stream = Stream::read(VOICE).unwrap();
    stream.samples = 1 << 50;
    let lies = stream.write().unwrap();
    assert_eq!(voice_note(&lies, &Limits::default()).unwrap().duration_ms / 100, 20);
    assert_eq!(inspect(&mut Cursor::new(&lies), &Limits::default()), Err(AudioError::TooLong));
    // A page that was changed is none.
    let mut hurt = VOICE.to_vec();
    hurt[last + 6] ^= 1;
    assert_eq!(voice_note(&hurt, &Limits::default()), Err(AudioError::Damaged));
}

#[test]
fn each_limit_has_a_word_of_its_own() {
    let limits = |voice_bytes, voice_ms| Limits { voice_bytes, voice_ms, ..Limits::default() };
    for recording in [RECORDED, VOICE, &wav(8_000, 1, 8)] {
        assert_eq!(voice_note(recording, &limits(100, 10_000)), Err(AudioError::TooLarge));
        assert_eq!(voice_note(recording, &limits(1 << 20, 1_000)), Err(AudioError::TooLong));
    }
    assert_eq!(voice_note(b"hello", &Limits::default()), Err(AudioError::NotAudio));
    let m4a = include_bytes!("../../testdata/sound.m4a");
    assert_eq!(voice_note(m4a, &Limits::default()), Err(AudioError::NotDecoded(Kind::M4a)));
    assert_eq!(voice_note(&wav(48_000, 1, 16)[..44], &Limits::default()), Err(AudioError::Empty));
}

#[test]
fn a_waveform_of_anybody_is_read_or_refused() {
    assert_eq!(Waveform::from_bytes(&[3; 63]), None);
    assert_eq!(Waveform::from_bytes(&[200; 64]).map(|waveform| *waveform.bars()), Some([31; 64]));
}

#[test]
fn no_cut_and_no_flipped_byte_makes_a_panic() {
    let sounds: [&[u8]; 6] = [
        RECORDED,
        include_bytes!("../../testdata/sound.mp3"),
        &include_bytes!("../../testdata/sound.flac")[..400],
        include_bytes!("../../testdata/sound.ogg"),
        &include_bytes!("../../testdata/sound.wav")[..400],
        VOICE,
    ];
    for whole in sounds {
        // Decoding takes its time: some places, others each in the fuzzer.
        for at in (0..whole.len()).step_by(if whole.len() > 3_000 { 31 } else { 1 }) {
            let mut flipped = whole.to_vec();
            flipped[at] ^= 0xff;
            for bytes in [&whole[..at], &flipped] {
                let _ = inspect(&mut Cursor::new(bytes), &Limits::default());
                let _ = voice_note(bytes, &Limits { voice_ms: 5_000, ..Limits::default() });
            }
        }
    }
}
