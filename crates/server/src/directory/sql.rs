//! Tables and statements of the directory.

use server_db::Sql;

/// The tables.
pub const SCHEMA: &[Sql] = &[
    "CREATE TABLE directory (tag BYTES NOT NULL, expiry_day BIGINT NOT NULL DEFAULT 0, \
     generation BIGINT NOT NULL DEFAULT 0, sealed BYTES NOT NULL, PRIMARY KEY (tag))",
    "CREATE TABLE directory_quota (account BYTES NOT NULL, first_left BIGINT NOT NULL DEFAULT 0, \
     day BIGINT NOT NULL DEFAULT 0, daily_left BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (account))",
];

server_db::statements! {
    /// One row.
    ROW = "SELECT sealed, generation, expiry_day FROM directory WHERE tag = $1";
    /// Filed.
    PUT = "INSERT INTO directory (tag, expiry_day, generation, sealed) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (tag) DO UPDATE SET expiry_day = excluded.expiry_day, generation = excluded.generation, \
        sealed = excluded.sealed";
    /// Gone.
    DELETE = "DELETE FROM directory WHERE tag = $1";
    /// The next ones in order of tag.
    WALK = "SELECT tag, expiry_day FROM directory WHERE tag > $1 ORDER BY tag LIMIT $2";
    /// What an account has left.
    QUOTA = "SELECT first_left, day, daily_left FROM directory_quota WHERE account = $1";
    /// Less.
    PUT_QUOTA = "INSERT INTO directory_quota (account, first_left, day, daily_left) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (account) DO UPDATE SET first_left = excluded.first_left, day = excluded.day, \
        daily_left = excluded.daily_left";
}
