//! Table and statements of blobs.

use server_db::Sql;

/// The table.
pub const SCHEMA: &[Sql] = &["CREATE TABLE blob (id BYTES NOT NULL, expiry_day BIGINT NOT NULL DEFAULT 0, \
     sealed BYTES NOT NULL, PRIMARY KEY (id))"];

server_db::statements! {
    /// One blob.
    SEALED = "SELECT sealed, expiry_day FROM blob WHERE id = $1";
    /// Whether there is one, without reading it.
    EXPIRY = "SELECT expiry_day FROM blob WHERE id = $1";
    /// Kept.
    PUT = "INSERT INTO blob (id, expiry_day, sealed) VALUES ($1, $2, $3) \
        ON CONFLICT (id) DO UPDATE SET expiry_day = excluded.expiry_day, sealed = excluded.sealed";
    /// Gone.
    DELETE = "DELETE FROM blob WHERE id = $1";
    /// The next ones in order of id.
    WALK = "SELECT id, expiry_day FROM blob WHERE id > $1 ORDER BY id LIMIT $2";
}
