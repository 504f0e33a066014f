//! Links into groups.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::GroupInvitationLink;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(link) = GroupInvitationLink::parse(text) {
        assert_eq!(link.to_string(), text.trim());
    }
});
