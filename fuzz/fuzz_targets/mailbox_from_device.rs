//! What a device says at the mailbox door.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{Decode, Encode, MailboxFromDevice};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = MailboxFromDevice::decode(bytes) {
        assert!(value.encode().is_ok_and(|again| again == bytes));
    }
});
