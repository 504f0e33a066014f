//! What blobs need from others.

use server_db::DbError;
use wire::token::Token;

use crate::call::Call;

/// Connected in `app`.
pub trait Ports {
    /// Takes so many bytes from a token; false when it does not pay for them.
    ///
    /// # Errors
    /// [`DbError`].
    fn pay(&mut self, call: &Call<'_>, token: &Token, bytes: u64) -> Result<bool, DbError>;
}
