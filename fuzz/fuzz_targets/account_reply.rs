//! Answers at the account door.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{AccountAnswer, Decode, Encode, Reply};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = Reply::<AccountAnswer>::decode(bytes) {
        assert!(value.encode().is_ok_and(|again| again == bytes));
    }
});
