//! MIMI content, and what it may hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::content::MimiContent;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = MimiContent::decode(bytes) {
        assert!(value.encode().is_ok_and(|again| again == bytes));
        let _ = (value.as_text(), value.as_status(), value.as_profile(), value.chain(), value.sent_at());
    }
});
