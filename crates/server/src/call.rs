//! What every operation of every slice is given, and the ways it can end.

use rand_chacha::ChaCha20Rng;
use server_db::{Db, DbError};
use vocab::{AccountId, Day, DeviceId, Timestamp};
use wire::Refusal;

use crate::Keys;

/// One call: the open transaction, randomness, the time and the service's keys.
pub struct Call<'a> {
    /// The database, inside a transaction.
    pub db: &'a Db,
    /// Randomness.
    pub rng: &'a mut ChaCha20Rng,
    /// Now.
    pub now: Timestamp,
    /// The service's keys.
    pub keys: &'a Keys,
}

impl Call<'_> {
    /// Today.
    pub fn today(&self) -> Day {
        self.now.day()
    }
}

/// Why an operation came to no answer.
pub enum Stop {
    /// Refused; what it wrote is taken back.
    Refused(Refusal),
    /// Refused, and what it wrote stays: a try that counts, a claim that is noted.
    Noted(Refusal),
    /// The database failed; taken back.
    Database(DbError),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

/// What comes of an operation.
pub type Outcome<T> = Result<T, Stop>;

/// The device an account-door connection has proven to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visitor {
    /// Its account.
    pub account: AccountId,
    /// Itself.
    pub device: DeviceId,
}

/// Where a connection comes from, as far as limits need to know. Never written anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// This machine: not limited.
    Local,
    /// A network prefix, hashed under a key that lives a day in memory.
    Network(u64),
}
