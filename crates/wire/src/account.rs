//! Accounts: registration and the rare visits of a device (`docs/protocol/account.md`).

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::{AccountId, DeviceId};

use crate::{Bytes, Extensions, Secret32};

/// Asks for a verification code to be sent.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct RequestCode {
    /// The handle, UTF-8, as `vocab::Handle` writes it.
    pub handle: Bytes,
    /// SHA-256 of a secret the asking client keeps: the code is of use only to it (T-04).
    pub requester: [u8; 32],
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// The proof that a handle is one's own.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct HandleProof {
    /// As in [`RequestCode`].
    pub handle: Bytes,
    /// The secret whose hash asked for the code.
    pub requester: Secret32,
    /// Six ASCII digits.
    pub code: Bytes,
}

/// Makes an account; with a proof, the handle leads to it.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Register {
    /// None for an account without a handle.
    pub proof: Option<HandleProof>,
    /// The first version of the device list, signed by its only device (`seal::device_list`). Its hash is the account id.
    pub device_list: Bytes,
    /// `seal::introduction::fetch_proof_hash` of the fetch proof.
    pub fetch_proof_hash: [u8; 32],
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// The account stands.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Registered {
    /// Its id.
    pub account: AccountId,
    /// Permission to file the directory row of the verified handle (unnamed door); empty without one. It names no account.
    pub permit: Bytes,
}

/// Proves to be a device of an account, over the [`crate::mailbox::Challenge`] of this connection.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Authenticate {
    /// Which account.
    pub account: AccountId,
    /// Which device of it.
    pub device: DeviceId,
    /// Ed25519 by the device key over `"valise account v1" ‖ nonce` (`seal::challenge`).
    pub signature: Bytes,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// A new version of the device list, signed by a device of the version before.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct UpdateDeviceList {
    /// `seal::device_list`.
    pub device_list: Bytes,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// Asks again for the permit to file the directory row of a handle the account holds.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct RequestPermit {
    /// The handle.
    pub handle: Bytes,
    /// See [`Extensions`].
    #[tls_codec(with = "crate::frame::ascending")]
    pub extensions: Extensions,
}

/// What a device learns when it visits.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Visited {
    /// Key packages of this device left in stock.
    pub key_packages: u32,
    /// The account's chain of device lists as the service has it.
    pub device_chain: Bytes,
}
