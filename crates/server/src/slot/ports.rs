//! What slots need of addresses and mailboxes; `app.rs` connects them.

use server_db::DbError;
use vocab::{AddressSecret, MailboxId, SlotId};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::call::Call;

/// Where envelopes by one address go. No `Debug`; wiped on drop.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Target {
    /// The mailbox.
    #[zeroize(skip)]
    pub mailbox: MailboxId,
    /// Envelopes are sealed again under it.
    pub wrap_key: [u8; 32],
}

/// Addresses and mailboxes, as slots see them.
pub trait Ports {
    /// Where the address leads for this slot; none when it is gone or bound elsewhere.
    ///
    /// # Errors
    /// [`DbError`].
    fn resolve(
        &mut self,
        call: &mut Call<'_>,
        slot: SlotId,
        a: &AddressSecret,
    ) -> Result<Option<Target>, DbError>;
    /// Binds the address to the slot; none when it is gone or bound elsewhere.
    ///
    /// # Errors
    /// [`DbError`].
    fn bind(
        &mut self,
        call: &mut Call<'_>,
        slot: SlotId,
        a: &AddressSecret,
    ) -> Result<Option<Target>, DbError>;
    /// Puts an encoded delivery into a mailbox.
    ///
    /// # Errors
    /// [`DbError`].
    fn append(&mut self, call: &mut Call<'_>, target: &Target, delivery: &[u8]) -> Result<(), DbError>;
}
