//! Opening a database, and its transactions.

use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::access::{Reader, Tx};
use crate::error::Error;
use crate::fault::Faults;
use crate::migrate::migrate;

/// The key of a database: 32 random bytes in the platform's keeping, or stretched from a passphrase. Wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 32]);

impl Key {
    /// Takes the raw key.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// `pragma_update` fails on every reopening, so the key goes in as a batch; a raw key needs no stretching.
    fn pragma(&self) -> Zeroizing<String> {
        let mut sql = Zeroizing::new(String::with_capacity(96));
        sql.push_str("pragma key=\"x'");
        for byte in self.0 {
            for nibble in [byte >> 4, byte & 15] {
                sql.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        sql.push_str("'\"");
        sql
    }
}

/// A device's database, open and locked against everybody else.
pub struct Db {
    connection: Connection,
    faults: Option<Faults>,
}

impl Db {
    /// Opens the database at `path`, or makes it. Nobody else can open it until this is dropped.
    ///
    /// In the browser `path` is a name in the pool that [`install`](crate::install) opened before.
    ///
    /// # Errors
    /// [`Error::WrongKey`], [`Error::InUse`], [`Error::Damaged`], [`Error::Full`], [`Error::Other`].
    pub fn open(path: impl AsRef<Path>, key: &Key) -> Result<Self, Error> {
        cipher_ready();
        let connection = Connection::open(&path).map_err(Error::on_opening)?;
        connection.busy_timeout(std::time::Duration::ZERO)?;
        // SQLCipher would tell standard error about every wrong key.
        connection.execute_batch("pragma cipher_log_level=none")?;
        connection.execute_batch(&key.pragma())?;
        connection
            .execute_batch("pragma locking_mode=exclusive; pragma temp_store=memory")
            .map_err(Error::on_opening)?;
        connection
            .query_row("select count(*) from sqlite_schema", [], |_| Ok(()))
            .map_err(Error::on_opening)?;
        set_up(&connection)?;
        connection.execute_batch(JOURNAL)?;
        attach_media(&connection, Some(&media_path(path.as_ref())))?;
        // Takes the lock now instead of at the first write.
        connection.execute_batch("begin exclusive; commit")?;
        Ok(Self { connection, faults: None })
    }

    /// A database in memory, unencrypted, gone when dropped: for tests and previews.
    ///
    /// # Errors
    /// [`Error::Other`].
    pub fn open_in_memory() -> Result<Self, Error> {
        let connection = Connection::open_in_memory()?;
        set_up(&connection)?;
        attach_media(&connection, None)?;
        Ok(Self { connection, faults: None })
    }

    /// A file without a key, whose pages can be searched: for tests of what is left in them.
    ///
    /// # Errors
    /// As [`Db::open`].
    #[cfg(all(any(test, feature = "plain"), not(target_arch = "wasm32")))]
    pub fn open_plain(path: &Path) -> Result<Self, Error> {
        let connection = Connection::open(path)?;
        set_up(&connection)?;
        connection.execute_batch(JOURNAL)?;
        attach_media(&connection, Some(&media_path(path)))?;
        Ok(Self { connection, faults: None })
    }

    /// The same database, with writes that can be made to fail; for tests.
    #[must_use]
    pub fn with_faults(mut self, faults: &Faults) -> Self {
        self.faults = Some(faults.clone());
        self
    }

    /// Applies the migrations that have not been applied yet, in their order. A migration never changes once shipped.
    ///
    /// # Errors
    /// [`Error::NewerThanThis`] when the database has seen more of them than this build knows; nothing is changed then.
    pub fn migrate(&mut self, migrations: &[&'static str]) -> Result<(), Error> {
        migrate(&self.connection, self.faults.as_ref(), migrations)
    }

    /// Makes the tables of the second file, `media`, where they are missing: it may be taken away while the program does not run,
    /// and then begins anew, empty.
    ///
    /// # Errors
    /// [`Error`].
    pub fn create_media(&mut self, tables: &str) -> Result<(), Error> {
        Ok(self.connection.execute_batch(tables)?)
    }

    /// Gives room that deleted rows of `media` took back to the platform: at most `pages` pages of [`MEDIA_PAGE_BYTES`]. True while there
    /// is more to give.
    ///
    /// # Errors
    /// [`Error`].
    pub fn give_back(&mut self, pages: u32) -> Result<bool, Error> {
        let free = |connection: &Connection| {
            connection.query_row("pragma media.freelist_count", [], |row| row.get::<_, u32>(0))
        };
        if free(&self.connection)? == 0 {
            return Ok(false);
        }
        let mut statement = self.connection.prepare(&format!("pragma media.incremental_vacuum({pages})"))?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        drop(rows);
        drop(statement);
        let more = free(&self.connection)? > 0;
        if !more {
            // The file itself only shrinks when the log has been moved into it.
            self.connection.query_row("pragma media.wal_checkpoint(truncate)", [], |_| Ok(()))?;
        }
        Ok(more)
    }

    /// Read access outside any transaction.
    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(&self.connection)
    }

    /// Runs `step` as one transaction: committed when it returns `Ok`, undone when it returns `Err` or panics. What it
    /// returns may leave the device: it is on disk by then.
    ///
    /// # Errors
    /// What `step` returned, or the database's own.
    pub fn transaction<T, E: From<Error>>(
        &mut self,
        step: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        transaction(&self.connection, self.faults.as_ref(), step)
    }

    /// Makes deleted secrets leave the write-ahead log too. Rows are overwritten when they are deleted; the log still
    /// holds the pages as they were, until this moves it into the database and empties it. Cheap after few writes.
    ///
    /// # Errors
    /// [`Error`].
    pub fn scrub(&mut self) -> Result<(), Error> {
        // Without a log (in the browser, in memory) this does nothing and says so in its row.
        Ok(self.connection.query_row("pragma main.wal_checkpoint(truncate)", [], |_| Ok(()))?)
    }
}

pub(crate) fn transaction<T, E: From<Error>>(
    connection: &Connection,
    faults: Option<&Faults>,
    step: impl FnOnce(&Tx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let transaction = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
        .map_err(Error::from)?;
    let value = step(&Tx::new(connection, faults))?;
    transaction.commit().map_err(Error::from)?;
    Ok(value)
}

fn set_up(connection: &Connection) -> Result<(), Error> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED_MAX);
    // Or every statement with a bound limit is prepared anew whenever it is bound: its plan might depend on the number.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection
        .execute_batch("pragma secure_delete=on; pragma foreign_keys=on; pragma trusted_schema=off")?)
}

/// The second file, `media`, for what is sealed already and large: it has no cipher of its own, is not overwritten when rows go (their key
/// goes with the store's row, and is overwritten there), and gives its pages back. A commit that writes to both files is atomic for
/// each of them; whoever writes to both takes a row that the other file lost for one that is missing.
fn attach_media(connection: &Connection, path: Option<&Path>) -> Result<(), Error> {
    let path = path.map_or_else(|| ":memory:".to_owned(), |path| path.to_string_lossy().into_owned());
    // Without a cipher in the build (in memory, in tests) an empty key is none, too.
    connection.execute("attach database ?1 as media key ''", [path]).map_err(Error::on_opening)?;
    let page = MEDIA_PAGE_BYTES;
    connection.execute_batch(&format!(
        "pragma media.page_size={page}; pragma media.auto_vacuum=incremental; pragma media.journal_mode=wal;
         pragma media.synchronous=full; pragma media.secure_delete=off; pragma media.cache_size={MEDIA_CACHE_PAGES}"
    ))?;
    Ok(())
}

/// Beside the database, with `-media` after its name.
fn media_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-media");
    name.into()
}

/// SQLite says that it is initialised before it has called SQLCipher's own initialisation, so a second thread that opens
/// its first database at that moment is refused a key. Whoever comes first in this process keys a database in memory until
/// that works; everybody else waits for it. The test of this is beside the same function in `server-db`.
fn cipher_ready() {
    static READY: std::sync::Once = std::sync::Once::new();
    READY.call_once(|| {
        for _ in 0..CIPHER_READY_TRIES_MAX {
            let keyed = Connection::open_in_memory()
                .and_then(|probe| probe.execute_batch("pragma cipher_log_level=none; pragma key='probe'"));
            if keyed.is_ok() {
                break;
            }
            std::thread::yield_now();
        }
    });
}

/// The initialisation takes a few milliseconds, an attempt some microseconds. After so many in vain the cipher is broken, and
/// opening the file says so.
const CIPHER_READY_TRIES_MAX: u32 = 100_000;
/// Page of the second file: few of them hold a chunk.
pub const MEDIA_PAGE_BYTES: u32 = 16 * 1024;
/// Pages of it in memory: 2 MiB.
const MEDIA_CACHE_PAGES: u32 = 128;
/// Statements kept prepared: about as many as the client has.
const STATEMENTS_CACHED_MAX: usize = 256;

/// A write-ahead log, every commit flushed to the disk before anything leaves. It wants no memory shared with other processes since the
/// lock is exclusive from the first access on, which is also all that the browser's private file system offers (SQLite's "WAL without
/// shared memory", <https://sqlite.org/wal.html#noshm>).
const JOURNAL: &str = "pragma journal_mode=wal; pragma synchronous=full; pragma wal_autocheckpoint=256";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_with_a_bound_limit_is_prepared_once() {
        let db = Db::open_in_memory().unwrap();
        let mut few = db.connection.prepare("select name from sqlite_schema limit ?1").unwrap();
        for limit in 1..5 {
            assert!(few.query([limit]).unwrap().next().unwrap().is_none());
        }
        assert_eq!(few.get_status(rusqlite::StatementStatus::RePrepare), 0);
    }
}
