//! One input under way: its transaction, its time, its randomness, and what it will release.

use client_db::{Tx, params};
use crypto::{KeyStore, Session, StoreError};
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use vocab::Timestamp;

use crate::account::Me;
use crate::api::{CommandId, Event, Output, Refused, Reply};
use crate::lines::Lines;

/// Why a step stopped. Whatever it wrote since its savepoint is undone.
pub(crate) enum Halt {
    /// The store failed: the whole input is undone.
    Store(client_db::Error),
    /// What arrived is not to be used; the reason is for tests and never holds user data.
    Unusable(&'static str),
    /// The cryptography said no.
    Crypto(crypto::Error),
}

impl From<client_db::Error> for Halt {
    fn from(error: client_db::Error) -> Self {
        Self::Store(error)
    }
}

impl From<crypto::Error> for Halt {
    fn from(error: crypto::Error) -> Self {
        match error {
            crypto::Error::Store(fault) => fault.into(),
            other => Self::Crypto(other),
        }
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        match error.into_inner().downcast::<client_db::Error>() {
            Ok(error) => Self::Store(*error),
            Err(_) => Self::Unusable("a store error that is not the database's"),
        }
    }
}

impl From<crypto::seal::SealError> for Halt {
    fn from(_: crypto::seal::SealError) -> Self {
        Self::Unusable("sealed otherwise than expected")
    }
}

impl From<wire::FrameError> for Halt {
    fn from(_: wire::FrameError) -> Self {
        Self::Unusable("not a frame of this protocol")
    }
}

impl From<tls_codec::Error> for Halt {
    fn from(_: tls_codec::Error) -> Self {
        Self::Unusable("not of the expected encoding")
    }
}

/// Result of a part of a step.
pub(crate) type Halting<T> = Result<T, Halt>;

/// One input under way.
pub(crate) struct Step<'a> {
    pub now: Timestamp,
    pub tx: &'a Tx<'a>,
    pub session: &'a Session<'a>,
    pub rng: &'a mut ChaCha20Rng,
    pub me: &'a mut Option<Me>,
    /// `me` was read again within this step: should that part be given up, it is read once more.
    pub me_changed: bool,
    pub lines: &'a mut Lines,
    pub out: Vec<Output>,
    pub config: &'a crate::Config,
}

impl Step<'_> {
    /// Runs a part so that it either keeps all its changes or none. Only a failing store passes through; `Ok(None)`
    /// means that the part was given up.
    pub fn attempt<T>(&mut self, part: impl FnOnce(&mut Self) -> Halting<T>) -> Halting<Option<T>> {
        let (tx, session, released) = (self.tx, self.session, self.out.len());
        let result = tx.savepoint(|_| session.attempt(|_| part(self)));
        let why = match result {
            Ok(value) => return Ok(Some(value)),
            Err(Halt::Store(error)) => return Err(Halt::Store(error)),
            Err(Halt::Unusable(why)) => why.to_owned(),
            Err(Halt::Crypto(error)) => error.to_string(),
        };
        self.out.truncate(released);
        self.lines.note(why);
        if self.me_changed {
            self.reload_me()?;
        }
        Ok(None)
    }

    pub fn event(&mut self, event: Event) {
        self.out.push(Output::Event(event));
    }

    pub fn reply(&mut self, command: CommandId, reply: Result<Reply, Refused>) {
        self.out.push(Output::Reply(command, reply));
    }

    /// Random bytes.
    pub fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    /// A random number of milliseconds below `bound`.
    pub fn random_ms(&mut self, bound: u64) -> u64 {
        self.rng.next_u64() % bound.max(1)
    }

    /// The registered account.
    ///
    /// # Errors
    /// [`Halt::Unusable`] before registration.
    pub fn me(&self) -> Halting<&Me> {
        self.me.as_ref().ok_or(Halt::Unusable("not registered"))
    }

    pub fn setting(&self, name: &str) -> Halting<Option<Vec<u8>>> {
        Ok(self.tx.row("select value from setting where name = ?1", params![name], |row| row.get(0))?)
    }

    pub fn put_setting(&self, name: &str, value: &[u8]) -> Halting<()> {
        self.tx.execute(
            "insert into setting (name, value) values (?1, ?2) on conflict (name) do update set value = excluded.value",
            params![name, value],
        )?;
        Ok(())
    }

    pub fn delete_setting(&self, name: &str) -> Halting<()> {
        self.tx.execute("delete from setting where name = ?1", params![name])?;
        Ok(())
    }

    pub fn setting_number(&self, name: &str) -> Halting<u64> {
        let bytes = self.setting(name)?.unwrap_or_default();
        Ok(bytes.try_into().map(u64::from_be_bytes).unwrap_or(0))
    }

    pub fn put_setting_number(&self, name: &str, value: u64) -> Halting<()> {
        self.put_setting(name, &value.to_be_bytes())
    }
}

/// MLS state in the same transaction as messages and outbox.
pub(crate) struct MlsStore<'a>(pub &'a Tx<'a>);

impl KeyStore for MlsStore<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.0
            .row("select value from mls where key = ?1", params![key], |row| row.get(0))
            .map_err(StoreError::new)
    }

    fn put(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.0
            .execute(
                "insert into mls (key, value) values (?1, ?2) on conflict (key) do update set value = excluded.value",
                params![key, value],
            )
            .map(|_| ())
            .map_err(StoreError::new)
    }

    fn delete(&self, key: &[u8]) -> Result<(), StoreError> {
        self.0.execute("delete from mls where key = ?1", params![key]).map(|_| ()).map_err(StoreError::new)
    }
}

/// Timestamps as the database holds them.
pub(crate) fn sql_time(time: Timestamp) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

/// Counters as the database holds them.
pub(crate) fn sql_number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// And back.
pub(crate) fn number(sql: i64) -> u64 {
    u64::try_from(sql).unwrap_or(0)
}
