//! The service's database, abstracted at the driver: SQL is written once, in the slices, in words that SQLite and
//! PostgreSQL share; what differs is written here, visibly (`README.md` lists it).
//!
//! Invariant: this crate knows no table. A [`Db`] is one connection, owned by one thread; reads and writes are
//! different types ([`Read`], [`Write`]).

mod db;
mod dialect;
mod error;
mod faults;
mod param;
mod statements;

pub use db::{Db, DbKey, Location, Options, Read, Row, Savepoint, Schema, Write};
pub use error::{DbError, ErrorKind};
pub use faults::Fault;
pub use param::Param;
pub use statements::{Sql, parameters_ascend};
