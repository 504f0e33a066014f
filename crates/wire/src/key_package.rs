//! Key packages: what somebody needs to start a conversation while its device sleeps (`docs/protocol/key-package.md`).

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::AccountId;

use crate::{Bytes, Extensions, Secret32};

/// Puts sealed key packages of the authenticated device in stock (account door).
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct PutKeyPackages {
    /// Each `AEAD(KDF(introduction key), MLS key package)`, usable once.
    pub packages: Vec<Bytes>,
    /// Replaces the last-resort package when not empty.
    pub last_resort: Bytes,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// Draws one key package of every device of an account (unnamed door).
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct FetchKeyPackages {
    /// Whose.
    pub account: AccountId,
    /// `KDF(introduction key, "fetch")`: only who was introduced may draw.
    pub proof: Secret32,
    /// A blind token; may be empty until tokens are checked.
    pub token: Bytes,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// The answer: always [`vocab::limits::KEY_PACKAGES_ANSWER_BYTES`] long, whoever was asked for (T-09).
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct KeyPackages {
    /// `KeyPackageSet`, padded as `seal::padding::pad` does: its length, itself, zeros.
    pub padded: Bytes,
}

/// What the padded answer holds.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct KeyPackageSet {
    /// The account's signed chain of device lists (`seal::device_list`).
    pub device_chain: Bytes,
    /// One sealed key package a device.
    pub packages: Vec<Bytes>,
}
