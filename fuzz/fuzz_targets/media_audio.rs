//! Sounds: what they say of themselves is bounded.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use media::{Limits, audio};

fuzz_target!(|data: &[u8]| {
    let limits = Limits::small();
    if let Ok(sound) = audio::inspect(&mut Cursor::new(data), &limits) {
        assert!(sound.duration_ms.is_none_or(|duration| duration <= limits.duration_ms));
    }
});
