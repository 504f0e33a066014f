//! Contact cards: whatever is read can be written, and reads back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for card in vcard::read(bytes).into_iter().flatten() {
        assert!(!card.name().is_empty());
        let again = vcard::read(card.to_string().as_bytes());
        assert!(matches!(again.as_slice(), [Ok(same)] if *same == card));
    }
});
