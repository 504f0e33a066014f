//! What accounts need of other slices; `app.rs` connects them.

use server_db::{DbError, Read, Write};
use vocab::{AccountId, DeviceId, Handle};

use crate::call::Call;

/// The directory and the stock of key packages, as accounts see them.
pub trait Ports {
    /// Permission to file the handle's directory row; `generation` counts how often the handle changed hands.
    fn permit(&self, call: &Call<'_>, handle: &Handle, generation: u32) -> Vec<u8>;
    /// The handle leads to another account now: its row goes.
    ///
    /// # Errors
    /// [`DbError`].
    fn handle_left(&self, write: Write<'_>, handle: &Handle) -> Result<(), DbError>;
    /// Whoever takes over a handle goes on with the quota its account had (T-01).
    ///
    /// # Errors
    /// [`DbError`].
    fn quota_follows(&self, write: Write<'_>, from: AccountId, to: AccountId) -> Result<(), DbError>;
    /// Key packages of a device in stock.
    ///
    /// # Errors
    /// [`DbError`].
    fn stock(&self, read: Read<'_>, account: AccountId, device: DeviceId) -> Result<u32, DbError>;
    /// The device is no longer in the list: its key packages go.
    ///
    /// # Errors
    /// [`DbError`].
    fn device_left(&self, write: Write<'_>, account: AccountId, device: DeviceId) -> Result<(), DbError>;
}
