//! The device's database: synchronous SQLite, encrypted at rest, natively and in the browser.
//!
//! One input is one [`Db::transaction`]; inside it each envelope of a batch is one [`Tx::savepoint`]. Reading and
//! writing are different types: a [`Reader`] cannot write. This is the only crate of the client that knows which
//! platform it runs on.
//!
//! Invariant: it knows no table. Tables come in as migrations, SQL stays next to the code that needs it.

mod access;
#[cfg(target_arch = "wasm32")]
mod browser;
mod error;
mod fault;
mod migrate;
mod open;

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

pub use access::{Reader, Tx};
#[cfg(target_arch = "wasm32")]
pub use browser::install;
pub use error::Error;
pub use fault::Faults;
pub use open::{Db, Key, MEDIA_PAGE_BYTES};
pub use rusqlite::Error as RowError;
pub use rusqlite::types::Value;
pub use rusqlite::{Params, Row, ToSql, named_params, params, params_from_iter};
