//! What key packages need of accounts; `app.rs` connects them.

use server_db::{DbError, Read};
use vocab::{AccountId, DeviceId};

/// An account, for somebody who was introduced.
pub struct Introduced {
    /// The chain of device lists.
    pub device_chain: Vec<u8>,
    /// The devices of the newest list.
    pub devices: Vec<DeviceId>,
}

/// Accounts, as key packages see them.
pub trait Ports {
    /// The account whose introduction this proves; none for a wrong proof and for no account.
    ///
    /// # Errors
    /// [`DbError`].
    fn introduced(
        &self,
        read: Read<'_>,
        account: AccountId,
        proof: &[u8; 32],
    ) -> Result<Option<Introduced>, DbError>;
}
