//! Pages of the web: what they say of themselves is bounded, or nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media::page::{self, DESCRIPTION_CHARS_MAX, PICTURE_BYTES_MAX, TITLE_CHARS_MAX};

fuzz_target!(|data: &[u8]| {
    let _ = page::is_head_over(data, data.len() / 2);
    if let Some(page) = page::read(data) {
        assert!((1..=TITLE_CHARS_MAX).contains(&page.title.chars().count()));
        assert!(page.description.chars().count() <= DESCRIPTION_CHARS_MAX);
        assert!(page.picture.is_none_or(|it| it.len() <= PICTURE_BYTES_MAX));
    }
});
