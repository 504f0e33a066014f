//! Reading and writing, as different types.

use std::cell::Cell;
use std::ops::Deref;

use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::error::Error;
use crate::fault::Faults;

/// Read access.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    connection: &'a Connection,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(connection: &'a Connection) -> Self {
        Self { connection }
    }

    /// The first row of a query, if there is one.
    ///
    /// # Errors
    /// [`Error`].
    pub fn row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Error> {
        Ok(self.statement(sql)?.query_row(params, read).optional()?)
    }

    /// All rows of a query, in its order.
    ///
    /// # Errors
    /// [`Error`].
    pub fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        let mut statement = self.statement(sql)?;
        let rows = statement.query_map(params, read)?;
        Ok(rows.collect::<rusqlite::Result<Vec<T>>>()?)
    }

    fn statement(&self, sql: &str) -> Result<rusqlite::CachedStatement<'a>, Error> {
        let statement = self.connection.prepare_cached(sql)?;
        if statement.readonly() { Ok(statement) } else { Err(Error::Other(rusqlite::Error::InvalidQuery)) }
    }
}

/// Write access: a transaction in progress. Reads too, and sees what it has written.
pub struct Tx<'a> {
    reader: Reader<'a>,
    faults: Option<&'a Faults>,
    /// Savepoints open around the current statement.
    depth: Cell<u32>,
}

impl<'a> Deref for Tx<'a> {
    type Target = Reader<'a>;

    fn deref(&self) -> &Reader<'a> {
        &self.reader
    }
}

impl<'a> Tx<'a> {
    pub(crate) fn new(connection: &'a Connection, faults: Option<&'a Faults>) -> Self {
        Self { reader: Reader::new(connection), faults, depth: Cell::new(0) }
    }

    /// Runs one writing statement; returns how many rows it changed.
    ///
    /// # Errors
    /// [`Error`].
    pub fn execute(&self, sql: &str, params: impl Params) -> Result<usize, Error> {
        if let Some(faults) = self.faults {
            faults.next()?;
        }
        Ok(self.reader.connection.prepare_cached(sql)?.execute(params)?)
    }

    /// Inserts one row; returns its row number.
    ///
    /// # Errors
    /// [`Error`].
    pub fn insert(&self, sql: &str, params: impl Params) -> Result<i64, Error> {
        self.execute(sql, params)?;
        Ok(self.reader.connection.last_insert_rowid())
    }

    /// Runs `step` so that it either keeps all it wrote or nothing; an `Err`, or a panic, undoes it. May be nested.
    ///
    /// # Errors
    /// What `step` returned, or the database's own.
    pub fn savepoint<T, E: From<Error>>(&self, step: impl FnOnce(&Self) -> Result<T, E>) -> Result<T, E> {
        let savepoint = Savepoint::begin(self)?;
        let value = step(self)?;
        savepoint.keep()?;
        Ok(value)
    }

    /// Rows changed since the database was opened, also those of steps that were undone: when two calls agree, nothing was written
    /// between them.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.reader.connection.total_changes()
    }

    /// A statement about the transaction itself, which is not a write of its own.
    fn control(&self, sql: &str) -> Result<(), Error> {
        self.reader.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    pub(crate) fn batch(&self, sql: &str) -> Result<(), Error> {
        if let Some(faults) = self.faults {
            faults.next()?;
        }
        Ok(self.reader.connection.execute_batch(sql)?)
    }
}

/// Undoes on drop unless kept.
struct Savepoint<'t, 'a> {
    tx: &'t Tx<'a>,
    depth: u32,
    kept: bool,
}

impl<'t, 'a> Savepoint<'t, 'a> {
    fn begin(tx: &'t Tx<'a>) -> Result<Self, Error> {
        let depth = tx.depth.get() + 1;
        tx.control(&format!("savepoint step{depth}"))?;
        tx.depth.set(depth);
        Ok(Self { tx, depth, kept: false })
    }

    fn keep(mut self) -> Result<(), Error> {
        self.tx.control(&format!("release step{}", self.depth))?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Savepoint<'_, '_> {
    fn drop(&mut self) {
        self.tx.depth.set(self.depth - 1);
        if !self.kept {
            let depth = self.depth;
            // After a full disk SQLite may have rolled everything back itself; then there is nothing left to undo, and
            // the commit of the transaction fails.
            let _ = self
                .tx
                .reader
                .connection
                .execute_batch(&format!("rollback to step{depth}; release step{depth}"));
        }
    }
}
