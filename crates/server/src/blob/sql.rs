//! Tables and statements of blobs.

use server_db::Sql;

/// The table of small ones.
pub const SCHEMA: &[Sql] = &["CREATE TABLE blob (id BYTES NOT NULL, expiry_day BIGINT NOT NULL DEFAULT 0, \
     sealed BYTES NOT NULL, PRIMARY KEY (id))"];

/// The table of those that lie in the store; it came later.
pub const STORED_SCHEMA: &[Sql] = &[
    "CREATE TABLE stored_blob (id BYTES NOT NULL, expiry_day BIGINT NOT NULL DEFAULT 0, \
     bytes BIGINT NOT NULL DEFAULT 0, hash BYTES NOT NULL, name BYTES NOT NULL, \
     state BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (id))",
    "CREATE UNIQUE INDEX stored_blob_name ON stored_blob (name)",
];

server_db::statements! {
    /// One small blob.
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
    /// One in the store.
    STORED = "SELECT expiry_day, bytes, hash, name, state FROM stored_blob WHERE id = $1";
    /// It is being written.
    BEGIN_STORED = "INSERT INTO stored_blob (id, expiry_day, bytes, hash, name, state) \
        VALUES ($1, $2, $3, $4, $5, 0)";
    /// It is there.
    SET_THERE = "UPDATE stored_blob SET state = 1 WHERE id = $1 AND name = $2";
    /// Gone.
    DELETE_STORED = "DELETE FROM stored_blob WHERE id = $1";
    /// All gone.
    GIVE_UP_STORED = "DELETE FROM stored_blob";
    /// The next ones in order of id.
    WALK_STORED = "SELECT id, expiry_day FROM stored_blob WHERE id > $1 ORDER BY id LIMIT $2";
    /// The next ones in order of name.
    NAMES = "SELECT name, id, bytes, state FROM stored_blob WHERE name > $1 ORDER BY name LIMIT $2";
    /// A few that are there.
    SOME_THERE = "SELECT name FROM stored_blob WHERE state = 1 ORDER BY name LIMIT 8";
    /// Bytes of all.
    STORED_BYTES = "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM stored_blob";
}
