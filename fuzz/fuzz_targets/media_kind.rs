//! Kinds and names: any bytes have a kind, and any name becomes a safe one that stays as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media::{Kind, NAME_BYTES_MAX, safe_name};

fuzz_target!(|data: &[u8]| {
    let kind = Kind::of(data);
    let text = String::from_utf8_lossy(data);
    let _ = kind.claim(&text);
    let name = safe_name(&text, kind);
    assert!(!name.is_empty() && name.len() <= NAME_BYTES_MAX, "{name}");
    assert!(!name.contains(['/', '\\', '\0', '\u{202e}']) && !name.starts_with('.'), "{name}");
    assert_eq!(safe_name(&name, kind), name);
});
