//! Blobs: sealed bytes kept for a while under a capability (`docs/protocol/blob.md`).

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use crate::{Bytes, Extensions, Secret32};

/// Keeps bytes (unnamed door). Repeating it changes nothing; other bytes under the same capability are refused.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct PutBlob {
    /// Random, or derived from something random: whoever shows it may fetch and delete.
    pub capability: Secret32,
    /// Days it is kept, 1 to [`vocab::limits::BLOB_DAYS_MAX`].
    pub days: u32,
    /// Of one of the sizes [`vocab::limits::PAYLOAD_SIZES`].
    pub sealed: Bytes,
    /// A blind token; may be empty until tokens are checked.
    pub token: Bytes,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// Fetches them (unnamed door).
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct FetchBlob {
    /// See [`PutBlob::capability`].
    pub capability: Secret32,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// Removes them before their day (unnamed door).
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct DeleteBlob {
    /// See [`PutBlob::capability`].
    pub capability: Secret32,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// The bytes, as they were put.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Blob {
    /// See [`PutBlob::sealed`].
    pub sealed: Bytes,
}
