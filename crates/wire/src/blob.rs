//! Blobs: sealed bytes kept for a while under a capability (`docs/protocol/blob.md`).

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use crate::token::Token;
use crate::{Bytes, Extensions, Secret32};

/// Keeps bytes (blob door). Repeating it changes nothing; other bytes under the same capability are refused.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct PutBlob {
    /// Random, or derived from something random: whoever shows it may fetch and delete.
    pub capability: Secret32,
    /// Days it is kept, 1 to [`vocab::limits::BLOB_DAYS_MAX`].
    pub days: u32,
    /// Of one of the sizes [`vocab::limits::PAYLOAD_SIZES`].
    pub sealed: Bytes,
    /// Pays for it; none for what costs nothing.
    pub token: Option<Token>,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// Fetches them (blob door).
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct FetchBlob {
    /// See [`PutBlob::capability`].
    pub capability: Secret32,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// Removes them before their day (blob door).
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

/// Asks which are there (blob door), so that what was put before need not be put again.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct AskBlobs {
    /// See [`PutBlob::capability`]; at most [`vocab::limits::BLOBS_ASKED_MAX`].
    pub capabilities: Vec<Secret32>,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// Which are there.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct BlobsThere {
    /// A byte for each capability, in their order: 1 when something is kept under it, else 0.
    pub there: Bytes,
}
