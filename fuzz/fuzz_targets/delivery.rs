//! What an envelope holds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{Decode, Delivery, Encode};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = Delivery::decode(bytes) {
        assert!(value.encode().is_ok_and(|again| again == bytes));
    }
});
