//! Profiles: what is not known is left out, and what is written reads back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::content::Profile;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = Profile::decode(bytes) {
        let again = value.encode().map(|again| Profile::decode(&again));
        assert!(again.is_ok_and(|again| again == Ok(value)));
    }
});
