//! Tokens: earned by an account, shown by nobody (`docs/protocol/token.md`).

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::Day;

use crate::{Bytes, Extensions, Secret32};

/// What pays at the blob door. It tells nothing about the account that earned it.
#[derive(Clone, Copy, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Token {
    /// The day it was earned on, as the service counts: the key it was made with.
    pub day: Day,
    /// Random, drawn by the client, never shown while it was earned.
    pub nonce: [u8; 32],
    /// What only the service's key of that day makes of the nonce.
    pub value: Secret32,
}

/// Earns tokens within the account's quota (account door).
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct EarnTokens {
    /// Blinded nonces (RFC 9497, ristretto255-SHA512, VOPRF mode), 32 bytes each, at most
    /// [`vocab::limits::TOKENS_AT_ONCE_MAX`].
    pub blinded: Vec<Bytes>,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// The evaluated elements with one proof for all of them.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct TokensEarned {
    /// The day they are of.
    pub day: Day,
    /// As many as were asked, in that order, 32 bytes each.
    pub evaluated: Vec<Bytes>,
    /// DLEQ proof, 64 bytes: all were made with the key below.
    pub proof: Bytes,
    /// The service's public key of that day, 32 bytes.
    pub public_key: Bytes,
}

crate::frame::opaque_debug!(Token);
