//! Requests at the blob door.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{BlobRequest, Decode, Encode, Request};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = Request::<BlobRequest>::decode(bytes) {
        assert!(value.encode().is_ok_and(|again| again == bytes));
    }
});
