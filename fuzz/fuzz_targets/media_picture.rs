//! Pictures: whatever the bytes are, what is made of them keeps its bounds and says nothing of a place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media::picture::{self, PLACEHOLDER_BYTES_MAX, THUMBNAIL_BYTES_MAX};
use media::{Limits, Placeholder, Quality};

fuzz_target!(|data: &[u8]| {
    // Small, so that the fuzzer tries many pictures instead of decoding few; the checks are the same.
    let limits = Limits { pixels: 200_000, memory_bytes: 16 << 20, frames: 64, ..Limits::small() };
    let _ = media::sticker::check(data);
    if let Some(placeholder) = Placeholder::from_bytes(data) {
        assert!(placeholder.pixels().rgba.len() <= 32 * 32 * 4);
    }
    let Ok(seen) = picture::inspect(data, &limits) else { return };
    if let Ok(sticker) = media::sticker::make(data, &limits) {
        assert_eq!(media::sticker::check(&sticker.bytes), Ok(sticker.picture));
    }
    if let Ok(stripped) = picture::strip(data, &limits) {
        assert_eq!(picture::strip(&stripped, &limits).as_ref(), Ok(&stripped));
        assert_eq!(picture::inspect(&stripped, &limits), Ok(seen));
    }
    for quality in [Quality::DataSaver, Quality::Original] {
        if let Ok(sent) = picture::prepare(data, quality, &limits) {
            assert_eq!(picture::inspect(&sent.bytes, &limits), Ok(sent.picture));
            assert!(sent.thumbnail.jpeg.len() <= THUMBNAIL_BYTES_MAX);
            assert!(sent.placeholder.as_bytes().len() <= PLACEHOLDER_BYTES_MAX);
        }
    }
});
