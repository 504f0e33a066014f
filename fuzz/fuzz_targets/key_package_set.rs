//! What the padded answer with key packages holds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::key_package::KeyPackageSet;
use wire::{Decode, Encode};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = KeyPackageSet::decode(bytes) {
        assert!(value.encode().is_ok_and(|again| again == bytes));
    }
});
