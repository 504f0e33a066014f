//! Answers at the blob door.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{BlobAnswer, Decode, Encode, Reply};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = Reply::<BlobAnswer>::decode(bytes) {
        assert!(value.encode().is_ok_and(|again| again == bytes));
    }
});
