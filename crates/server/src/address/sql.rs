//! Tables and statements of addresses.

use server_db::Sql;

/// The table. `filed` is the hash of the value as its owner filed it: filing the same again must not undo a binding.
pub const SCHEMA: &[Sql] =
    &["CREATE TABLE address (id BYTES NOT NULL, expiry_day BIGINT NOT NULL DEFAULT 0, \
     owner BYTES NOT NULL, filed BYTES NOT NULL, sealed BYTES NOT NULL, PRIMARY KEY (id))"];

server_db::statements! {
    /// What it leads to.
    SEALED = "SELECT sealed, expiry_day FROM address WHERE id = $1";
    /// Whose it is.
    OWNER = "SELECT owner, filed, expiry_day FROM address WHERE id = $1";
    /// A new one, or another value.
    PUT = "INSERT INTO address (id, expiry_day, owner, filed, sealed) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (id) DO UPDATE SET expiry_day = excluded.expiry_day, filed = excluded.filed, \
        sealed = excluded.sealed";
    /// Bound: the value is sealed anew.
    REBIND = "UPDATE address SET sealed = $1, expiry_day = $2 WHERE id = $3";
    /// In use.
    RENEW = "UPDATE address SET expiry_day = $1 WHERE id = $2";
    /// Gone.
    DELETE = "DELETE FROM address WHERE id = $1";
    /// The next ones in order of id.
    WALK = "SELECT id, expiry_day FROM address WHERE id > $1 ORDER BY id LIMIT $2";
}
