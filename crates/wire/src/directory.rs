//! The directory: from a handle to an account, asked blindly (`docs/protocol/directory.md`).

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use crate::{Bytes, Extensions};

/// Evaluates blinded handles within the account's quota (account door).
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Evaluate {
    /// Blinded elements (RFC 9497, ristretto255-SHA512, VOPRF mode), 32 bytes each, at most
    /// [`vocab::limits::DIRECTORY_BATCH_MAX`].
    pub blinded: Vec<Bytes>,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// The evaluated elements with one proof each.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Evaluated {
    /// As many as were asked, in that order.
    pub elements: Vec<EvaluatedElement>,
    /// Evaluations left until the next day.
    pub quota_left: u32,
}

/// One evaluated element.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct EvaluatedElement {
    /// 32 bytes.
    pub element: Bytes,
    /// DLEQ proof, 64 bytes: the service used the key it published.
    pub proof: Bytes,
}

/// Files one's own directory row (unnamed door), with the permit that registration gave for exactly this tag.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct PutDirectoryRow {
    /// Hash of the OPRF output.
    pub tag: [u8; 32],
    /// `AEAD(key, account ‖ introduction key)`, always the same length.
    pub row: Bytes,
    /// See `account::Registered::permit`.
    pub permit: Bytes,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// Fetches a row (unnamed door).
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct FetchDirectoryRow {
    /// Hash of the OPRF output.
    pub tag: [u8; 32],
    /// A blind token; may be empty until tokens are checked.
    pub token: Bytes,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// A row; when nobody is there, random bytes of the same length that open with no key.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct DirectoryRow {
    /// See [`PutDirectoryRow::row`].
    pub row: Bytes,
}

crate::frame::opaque_debug!(EvaluatedElement);
