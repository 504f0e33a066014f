//! The chain of device lists.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seal::VerifiedChain;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(chain) = VerifiedChain::verify(bytes) {
        assert_eq!(chain.to_bytes(), bytes);
    }
    let _ = VerifiedChain::from_first(bytes);
});
