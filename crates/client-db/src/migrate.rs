//! Bringing a database to this build's version.

use rusqlite::Connection;

use crate::access::Tx;
use crate::error::Error;
use crate::fault::Faults;
use crate::open::transaction;

/// Applies those of `migrations` that have not been applied, each in a transaction of its own. The database's
/// `user_version` is how many were.
pub(crate) fn migrate(
    connection: &Connection,
    faults: Option<&Faults>,
    migrations: &[&str],
) -> Result<(), Error> {
    let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
    let found: u32 = connection.query_row("pragma user_version", [], |row| row.get(0))?;
    if found > known {
        return Err(Error::NewerThanThis { found, known });
    }
    for (version, migration) in (found + 1..).zip(migrations.iter().skip(found as usize)) {
        transaction(connection, faults, |tx: &Tx<'_>| {
            tx.batch(migration)?;
            tx.batch(&format!("pragma user_version={version}"))
        })?;
    }
    Ok(())
}
