//! Addresses: where envelopes for one device in one conversation go, sealed (`docs/protocol/address.md`).

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::AddressKey;

use crate::{Bytes, Extensions, Secret32};

/// Files an address. Filing the same again renews it; another value under the same key needs the same owner proof.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct CreateAddress {
    /// `SHA-256("id" ‖ a)[..16]`.
    pub key: AddressKey,
    /// `AEAD(KDF(a), AddressValue)`, from `seal::address`.
    pub sealed: Bytes,
    /// SHA-256 of the owner proof that will delete it.
    pub owner: [u8; 32],
    /// A blind token; may be empty until tokens are checked.
    pub token: Bytes,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// Deletes one's own address (leaving, blocking): nothing is delivered by it afterwards.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct DeleteAddress {
    /// Which.
    pub key: AddressKey,
    /// The owner proof whose hash was filed.
    pub proof: Secret32,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}
