//! What key packages need of accounts; `app.rs` connects them.

use server_db::{DbError, Read};
use vocab::{AccountId, DeviceId};

/// Accounts, as key packages see them.
pub trait Ports {
    /// Chain of device lists and devices of the account whose introduction this proves; none for a wrong proof and for no
    /// account.
    ///
    /// # Errors
    /// [`DbError`].
    fn introduced(
        &self,
        read: Read<'_>,
        account: AccountId,
        proof: &[u8; 32],
    ) -> Result<Option<(Vec<u8>, Vec<DeviceId>)>, DbError>;
}
