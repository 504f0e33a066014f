//! What the service files a blob under: only a hash of the capability, so that whoever reads its disk can fetch nothing.

use crate::aead::sha256;

/// The key of the row.
pub fn key_of(capability: &[u8; 32]) -> [u8; 32] {
    sha256(&[b"valise blob v1", capability])
}
