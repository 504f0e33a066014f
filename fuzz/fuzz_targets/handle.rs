//! What a person types as a handle.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vocab::Handle;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(handle) = Handle::parse(text) {
        assert!(Handle::parse(handle.as_str()).is_ok_and(|again| again == handle));
    }
});
