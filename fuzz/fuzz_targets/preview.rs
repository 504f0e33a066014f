//! Previews of links: what is not known is left out, what is written reads back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::content::LinkPreview;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = LinkPreview::decode(bytes) {
        let again = value.encode().map(|again| LinkPreview::decode(&again));
        assert!(again.is_ok_and(|again| again == Ok(value)));
    }
});
