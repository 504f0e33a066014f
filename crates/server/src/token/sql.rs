//! Tables and statements of tokens.

use server_db::Sql;

/// The tables.
pub const SCHEMA: &[Sql] = &[
    "CREATE TABLE token_quota (account BYTES NOT NULL, day BIGINT NOT NULL DEFAULT 0, \
     earned BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (account))",
    "CREATE TABLE token_spent (id BYTES NOT NULL, expiry_day BIGINT NOT NULL DEFAULT 0, \
     bytes_left BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (id))",
];

server_db::statements! {
    /// What an account earned last.
    QUOTA = "SELECT day, earned FROM token_quota WHERE account = $1";
    /// More.
    PUT_QUOTA = "INSERT INTO token_quota (account, day, earned) VALUES ($1, $2, $3) \
        ON CONFLICT (account) DO UPDATE SET day = excluded.day, earned = excluded.earned";
    /// Of a day gone by.
    DELETE_QUOTA = "DELETE FROM token_quota WHERE account = $1";
    /// The next ones in order of account.
    WALK_QUOTA = "SELECT account, day FROM token_quota WHERE account > $1 ORDER BY account LIMIT $2";
    /// What is left of a token that was shown.
    LEFT = "SELECT bytes_left FROM token_spent WHERE id = $1";
    /// Less.
    PUT_LEFT = "INSERT INTO token_spent (id, expiry_day, bytes_left) VALUES ($1, $2, $3) \
        ON CONFLICT (id) DO UPDATE SET bytes_left = excluded.bytes_left";
    /// Good no more.
    DELETE_SPENT = "DELETE FROM token_spent WHERE id = $1";
    /// The next ones in order of id.
    WALK_SPENT = "SELECT id, expiry_day FROM token_spent WHERE id > $1 ORDER BY id LIMIT $2";
}
