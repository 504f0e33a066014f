//! Voice notes: out of whatever was recorded comes an Ogg Opus file that reads as it was written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media::{Limits, audio};

fuzz_target!(|data: &[u8]| {
    let limits = Limits { voice_ms: 5_000, voice_bytes: 1 << 20, ..Limits::small() };
    let _ = audio::waveform(data, &limits);
    let Ok(note) = audio::voice_note(data, &limits) else { return };
    assert!(note.duration_ms <= limits.voice_ms);
    assert_eq!(audio::voice_note(&note.bytes, &limits), Ok(note));
});
