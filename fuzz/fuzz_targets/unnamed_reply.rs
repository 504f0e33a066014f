//! Answers at the unnamed door.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{Decode, Encode, Reply, UnnamedAnswer};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = Reply::<UnnamedAnswer>::decode(bytes) {
        assert!(value.encode().is_ok_and(|again| again == bytes));
    }
});
