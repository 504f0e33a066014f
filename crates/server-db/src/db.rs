use std::cell::Cell;
use std::path::PathBuf;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::dialect;
use crate::error::{DbError, ErrorKind};
use crate::faults::{Fault, Faults};
use crate::{Param, Sql};

/// One open database. At most one transaction at a time, begun and ended here.
pub struct Db {
    connection: Connection,
    faults: Faults,
    input: Cell<Input>,
}

/// Whether what is written belongs to an input that can be taken back alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Input {
    /// No input is open.
    None,
    /// One is open and has written nothing: it needs no savepoint yet.
    Untouched,
    /// One is open and its savepoint stands before its first write.
    Written,
}

/// The raw 256-bit key of a database file. Wiped on drop; no `Debug`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct DbKey(pub [u8; 32]);

/// Where the database is.
pub enum Location {
    /// A file, encrypted under the key.
    File(PathBuf, DbKey),
    /// In memory, gone when dropped: for tests.
    Memory,
}

/// How the database is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Pages the file may have at most; none for as many as the disk takes. A test of a full disk sets it.
    pub pages_max: Option<u32>,
    /// Memory for pages, KiB.
    pub cache_kib: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { pages_max: None, cache_kib: CACHE_KIB }
    }
}

/// The tables, in steps; the version of a schema is how many steps were taken. A step is never changed or removed.
pub struct Schema {
    /// Each one statement, in shared words.
    pub steps: Vec<Sql>,
}

/// Leave to read.
#[derive(Clone, Copy)]
pub struct Read<'a>(&'a Db);

/// Leave to write, which only an open transaction gives. Reads too.
#[derive(Clone, Copy)]
pub struct Write<'a>(Read<'a>);

/// A place in the open transaction to return to. Rolled back or kept by [`Db::keep`], [`Db::undo`].
#[must_use]
pub struct Savepoint(());

/// A row being read.
pub struct Row<'a>(&'a rusqlite::Row<'a>);

impl Db {
    /// Opens or makes the database and brings its schema up to date.
    ///
    /// # Errors
    /// [`DbError`] of every kind but `Full` in ordinary cases.
    pub fn open(location: Location, options: &Options, schema: &Schema) -> Result<Self, DbError> {
        let connection = connect(location, options)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        // Or every statement with a bound limit is prepared anew whenever it is bound: its plan might depend on the number.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let mut db = Self { connection, faults: Faults::default(), input: Cell::new(Input::None) };
        db.migrate(schema)?;
        Ok(db)
    }

    /// In memory, for tests.
    ///
    /// # Errors
    /// [`DbError`] when the schema is faulty.
    pub fn in_memory(schema: &Schema) -> Result<Self, DbError> {
        Self::open(Location::Memory, &Options::default(), schema)
    }

    /// Leave to read, inside or outside a transaction.
    pub fn read(&self) -> Read<'_> {
        Read(self)
    }

    /// Leave to write, while a transaction is open.
    pub fn write(&self) -> Write<'_> {
        debug_assert!(self.in_transaction(), "writes belong in a transaction");
        Write(Read(self))
    }

    /// Whether a transaction is open. A full disk can end one (SQLite rolls back by itself then).
    pub fn in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn begin(&self) -> Result<(), DbError> {
        self.run("BEGIN")
    }

    /// Writes all of the transaction to disk, or nothing. After an error no transaction is open.
    ///
    /// # Errors
    /// [`DbError`]; the transaction is rolled back.
    pub fn commit(&self) -> Result<(), DbError> {
        let result = if self.faults.commit_fails() { Err(injected()) } else { self.run("COMMIT") };
        if result.is_err() {
            self.rollback();
        }
        result
    }

    /// Drops all of the transaction, if one is open.
    pub fn rollback(&self) {
        self.input.set(Input::None);
        if self.in_transaction() {
            // The only way this fails is that SQLite ended the transaction by itself, which is what was wanted.
            let _ended = self.run("ROLLBACK");
        }
    }

    /// Marks a place in the transaction, one at a time. It costs nothing before the first write.
    pub fn savepoint(&self) -> Savepoint {
        self.input.set(Input::Untouched);
        Savepoint(())
    }

    /// Keeps what was written since.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn keep(&self, _savepoint: Savepoint) -> Result<(), DbError> {
        match self.input.replace(Input::None) {
            Input::Written => self.run("RELEASE input"),
            Input::None | Input::Untouched => Ok(()),
        }
    }

    /// Takes back what was written since; true when there was anything.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn undo(&self, _savepoint: Savepoint) -> Result<bool, DbError> {
        let wrote = self.input.replace(Input::None) == Input::Written;
        if wrote {
            self.run("ROLLBACK TO input")?;
            self.run("RELEASE input")?;
        }
        Ok(wrote)
    }

    /// Makes a later operation fail, for tests of what happens then.
    pub fn inject(&self, fault: Fault) {
        self.faults.set(fault);
    }

    /// Prepares a statement and drops it: for the test that every statement of every slice is one.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn check(&self, sql: Sql) -> Result<(), DbError> {
        self.connection.prepare_cached(sql).map(drop).map_err(DbError::from)
    }

    /// Copies the write-ahead log into the database file and empties it (at shutdown).
    ///
    /// # Errors
    /// [`DbError`].
    pub fn checkpoint(&self) -> Result<(), DbError> {
        self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").map_err(DbError::from)
    }

    fn run(&self, sql: Sql) -> Result<(), DbError> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    fn migrate(&mut self, schema: &Schema) -> Result<(), DbError> {
        self.begin()?;
        self.migrate_inside(schema).inspect_err(|_| self.rollback())?;
        self.commit()
    }

    fn migrate_inside(&self, schema: &Schema) -> Result<(), DbError> {
        self.connection.execute_batch(&dialect::sqlite(VERSION_TABLE))?;
        let done = self.read().one(VERSION, &[], |row| row.count(0))?.unwrap_or(0);
        let known = schema.steps.len() as u64;
        if done > known {
            return Err(DbError::new(ErrorKind::Newer, format!("schema {done}, this program knows {known}")));
        }
        for step in schema.steps.iter().skip(usize::try_from(done).unwrap_or(usize::MAX)) {
            self.connection.execute_batch(&dialect::sqlite(step))?;
        }
        if done < known {
            self.write().execute(SET_VERSION, &[known.into()])?;
        }
        Ok(())
    }
}

impl<'a> Read<'a> {
    /// The first row, if any.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn one<T>(
        self,
        sql: Sql,
        params: &[Param<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Option<T>, DbError> {
        let mut statement = self.0.connection.prepare_cached(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        rows.next()?.map(|row| read(&Row(row))).transpose()
    }

    /// Every row. The statement bounds how many.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn all<T>(
        self,
        sql: Sql,
        params: &[Param<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        let mut found = Vec::new();
        self.each(sql, params, |row| {
            found.push(read(row)?);
            Ok(true)
        })?;
        Ok(found)
    }

    /// Row by row until `visit` says no.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn each(
        self,
        sql: Sql,
        params: &[Param<'_>],
        mut visit: impl FnMut(&Row<'_>) -> Result<bool, DbError>,
    ) -> Result<(), DbError> {
        let mut statement = self.0.connection.prepare_cached(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        while let Some(row) = rows.next()? {
            if !visit(&Row(row))? {
                break;
            }
        }
        Ok(())
    }
}

impl<'a> Write<'a> {
    /// Changes rows; how many.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn execute(self, sql: Sql, params: &[Param<'_>]) -> Result<usize, DbError> {
        let db = self.0.0;
        if db.faults.write_fails() {
            return Err(injected());
        }
        if db.input.get() == Input::Untouched {
            db.run("SAVEPOINT input")?;
            db.input.set(Input::Written);
        }
        Ok(db.connection.prepare_cached(sql)?.execute(rusqlite::params_from_iter(params))?)
    }
}

impl<'a> std::ops::Deref for Write<'a> {
    type Target = Read<'a>;
    fn deref(&self) -> &Read<'a> {
        &self.0
    }
}

impl Row<'_> {
    /// A column of bytes.
    ///
    /// # Errors
    /// [`DbError`] when it is not bytes.
    pub fn bytes(&self, column: usize) -> Result<&[u8], DbError> {
        self.0.get_ref(column)?.as_blob().map_err(|_| unexpected())
    }

    /// The bytes of a column of bytes or text.
    ///
    /// # Errors
    /// [`DbError`] when it is neither.
    pub fn bytes_of_text(&self, column: usize) -> Result<Vec<u8>, DbError> {
        self.0.get_ref(column)?.as_bytes().map(<[u8]>::to_vec).map_err(|_| unexpected())
    }

    /// A column of exactly so many bytes.
    ///
    /// # Errors
    /// [`DbError`] of kind `Damaged` when it has another length.
    pub fn array<const N: usize>(&self, column: usize) -> Result<[u8; N], DbError> {
        self.bytes(column)?.try_into().map_err(|_| unexpected())
    }

    /// A column that counts from 0.
    ///
    /// # Errors
    /// [`DbError`] of kind `Damaged` when it is negative or no number.
    pub fn count(&self, column: usize) -> Result<u64, DbError> {
        let value = self.0.get_ref(column)?.as_i64().map_err(|_| unexpected())?;
        u64::try_from(value).map_err(|_| unexpected())
    }

    /// A column that counts from 0 and stays below 2^32.
    ///
    /// # Errors
    /// [`DbError`] of kind `Damaged` when it does not.
    pub fn small(&self, column: usize) -> Result<u32, DbError> {
        u32::try_from(self.count(column)?).map_err(|_| unexpected())
    }
}

fn connect(location: Location, options: &Options) -> Result<Connection, DbError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
    let connection = match location {
        Location::Memory => Connection::open_in_memory_with_flags(flags)?,
        Location::File(path, key) => {
            cipher_ready();
            let connection = Connection::open_with_flags(path, flags)?;
            // Nobody else is meant to have it open: whoever waits, waits for nothing.
            connection.busy_timeout(std::time::Duration::ZERO)?;
            // SQLCipher writes to the standard error of its own accord; what failed is in the error.
            connection.execute_batch("PRAGMA cipher_log_level = NONE")?;
            connection.execute_batch(&key_pragma(&key))?;
            connection.execute_batch(FILE_PRAGMAS)?;
            connection
        }
    };
    connection.execute_batch(PRAGMAS)?;
    connection.execute_batch(&format!("PRAGMA cache_size = -{}", options.cache_kib))?;
    if let Some(pages) = options.pages_max {
        connection.execute_batch(&format!("PRAGMA max_page_count = {pages}"))?;
    }
    Ok(connection)
}

/// SQLite says that it is initialised before it has called SQLCipher's own initialisation, so a second thread that opens
/// its first database at that moment is refused a key. Whoever comes first in this process keys a database in memory until
/// that works; everybody else waits for it.
fn cipher_ready() {
    static READY: std::sync::Once = std::sync::Once::new();
    READY.call_once(|| {
        for _ in 0..CIPHER_READY_TRIES_MAX {
            let keyed = Connection::open_in_memory().and_then(|probe| {
                probe.execute_batch("PRAGMA cipher_log_level = NONE; PRAGMA key = 'probe'")
            });
            if keyed.is_ok() {
                break;
            }
            std::thread::yield_now();
        }
    });
}

/// A raw key needs no key derivation; the text is wiped.
fn key_pragma(key: &DbKey) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(96));
    text.push_str("PRAGMA key = \"x'");
    for byte in key.0 {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).expect("four bits are one hexadecimal digit"));
        }
    }
    text.push_str("'\"");
    text
}

fn unexpected() -> DbError {
    DbError::new(ErrorKind::Damaged, "a column is not of its type or length")
}

fn injected() -> DbError {
    DbError::new(ErrorKind::Full, "injected by a test")
}

/// The initialisation takes a few milliseconds, an attempt some microseconds. After so many in vain the cipher is broken, and
/// opening the file says so.
const CIPHER_READY_TRIES_MAX: u32 = 100_000;
/// Prepared statements kept: more than all slices have.
const STATEMENTS_MAX: usize = 256;
/// Default memory for pages: 64 MiB hold the hot part of some ten thousand mailboxes.
const CACHE_KIB: u32 = 64 * 1024;

/// Only for files, in this order: the cipher, then one owner and no shared memory (EXCLUSIVE before the first access),
/// then the write-ahead log. HMAC-SHA256 instead of SQLCipher's SHA-512: processors have instructions for it.
const FILE_PRAGMAS: &str = "
    PRAGMA cipher_hmac_algorithm = HMAC_SHA256;
    PRAGMA cipher_memory_security = OFF;
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 2000;
    PRAGMA journal_size_limit = 33554432;
";

/// What is deleted is overwritten where the page is written anyway.
const PRAGMAS: &str = "
    PRAGMA temp_store = MEMORY;
    PRAGMA foreign_keys = OFF;
    PRAGMA trusted_schema = OFF;
    PRAGMA secure_delete = FAST;
";

const VERSION_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_version (one BIGINT NOT NULL, version BIGINT NOT NULL, PRIMARY KEY (one))";
const VERSION: Sql = "SELECT version FROM schema_version WHERE one = 1";
const SET_VERSION: Sql = "INSERT INTO schema_version (one, version) VALUES (1, $1) \
     ON CONFLICT (one) DO UPDATE SET version = excluded.version";

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        Schema {
            steps: vec!["CREATE TABLE t (k BYTES NOT NULL, n BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (k))"],
        }
    }

    fn file(folder: &tempfile::TempDir, key: u8) -> Result<Db, DbError> {
        let at = Location::File(folder.path().join("db"), DbKey([key; 32]));
        Db::open(at, &Options::default(), &schema())
    }

    fn put(db: &Db, key: &[u8]) -> Result<usize, DbError> {
        db.write().execute("INSERT INTO t (k, n) VALUES ($1, $2)", &[key.into(), 7_u32.into()])
    }

    fn rows(db: &Db) -> u64 {
        db.read().one("SELECT COUNT(*) FROM t", &[], |row| row.count(0)).unwrap().unwrap()
    }

    #[test]
    fn a_statement_with_a_bound_limit_is_prepared_once() {
        let db = Db::in_memory(&schema()).unwrap();
        let mut few = db.connection.prepare("SELECT k FROM t WHERE n < ?1 ORDER BY n LIMIT ?2").unwrap();
        for limit in 1..5 {
            assert!(few.query((7, limit)).unwrap().next().unwrap().is_none());
        }
        assert_eq!(few.get_status(rusqlite::StatementStatus::RePrepare), 0);
    }

    #[test]
    fn what_was_committed_is_there_after_reopening_and_unreadable_without_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let db = file(&folder, 1).unwrap();
        db.begin().unwrap();
        put(&db, b"canary-canary-canary").unwrap();
        db.commit().unwrap();
        db.begin().unwrap();
        put(&db, b"never committed").unwrap();
        drop(db);
        assert_eq!(rows(&file(&folder, 1).unwrap()), 1);
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(6).any(|window| window == b"canary"));
        }
        assert_eq!(file(&folder, 2).err().unwrap().kind, ErrorKind::WrongKey);
    }

    #[test]
    fn a_second_opener_is_told_that_it_is_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let first = file(&folder, 1).unwrap();
        assert_eq!(file(&folder, 1).err().unwrap().kind, ErrorKind::InUse);
        drop(first);
        assert!(file(&folder, 1).is_ok());
    }

    #[test]
    fn a_newer_schema_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        drop(file(&folder, 1).unwrap());
        let at = Location::File(folder.path().join("db"), DbKey([1; 32]));
        let error = Db::open(at, &Options::default(), &Schema { steps: vec![] }).err().unwrap();
        assert_eq!(error.kind, ErrorKind::Newer);
    }

    /// The first databases of a process, opened by several threads at the same moment: without [`cipher_ready`] about one
    /// start in a hundred on a busy machine fails.
    #[test]
    fn the_first_databases_of_a_process_open_in_many_threads_at_once() {
        const CHILD: &str = "VALISE_TEST_FIRST_OPENING";
        const FIRST_OPENERS: usize = 16;
        if std::env::var_os(CHILD).is_some() {
            // The window is some ten microseconds wide, somewhere in the first milliseconds: one thread begins, the others
            // follow in small steps.
            let start = std::sync::Barrier::new(FIRST_OPENERS);
            std::thread::scope(|scope| {
                for step in 0..FIRST_OPENERS {
                    let start = &start;
                    scope.spawn(move || {
                        let folder = tempfile::tempdir().unwrap();
                        start.wait();
                        (0..step * 2_000).for_each(|_| std::hint::spin_loop());
                        file(&folder, 1).unwrap();
                    });
                }
            });
            return;
        }
        for _ in 0..20 {
            let child = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["the_first_databases_of_a_process", "--test-threads=1"])
                .env(CHILD, "1")
                .output()
                .unwrap();
            assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
        }
    }

    #[test]
    fn a_full_disk_is_named_and_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = Location::File(folder.path().join("db"), DbKey([1; 32]));
        let db = Db::open(at, &Options { pages_max: Some(12), ..Options::default() }, &schema()).unwrap();
        db.begin().unwrap();
        put(&db, b"small").unwrap();
        db.commit().unwrap();
        db.begin().unwrap();
        assert_eq!(put(&db, &vec![1; 100_000]).err().unwrap().kind, ErrorKind::Full);
        db.rollback();
        assert_eq!(rows(&db), 1);
    }

    #[test]
    fn a_savepoint_takes_back_one_input_and_an_injected_fault_the_whole() {
        let db = Db::in_memory(&schema()).unwrap();
        db.begin().unwrap();
        put(&db, b"kept").unwrap();
        let savepoint = db.savepoint();
        put(&db, b"undone").unwrap();
        assert!(db.undo(savepoint).unwrap());
        db.commit().unwrap();
        assert_eq!(rows(&db), 1);
        db.inject(Fault::Commit(1));
        db.begin().unwrap();
        put(&db, b"lost").unwrap();
        assert_eq!(db.commit().err().unwrap().kind, ErrorKind::Full);
        assert_eq!(rows(&db), 1);
        db.inject(Fault::Write(2));
        db.begin().unwrap();
        assert!(put(&db, b"a").is_ok() && put(&db, b"b").is_err() && put(&db, b"b").is_ok());
        db.rollback();
    }
}
