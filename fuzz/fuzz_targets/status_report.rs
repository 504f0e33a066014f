//! Reports about messages.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::content::StatusReport;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = StatusReport::decode(bytes) {
        assert!(value.encode().is_ok_and(|again| again == bytes));
    }
});
