//! What the service says at the mailbox door.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{Decode, Encode, MailboxFromService};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = MailboxFromService::decode(bytes) {
        assert!(value.encode().is_ok_and(|again| again == bytes));
    }
});
