//! Tables and statements of accounts.

use server_db::Sql;

/// The tables.
pub const SCHEMA: &[Sql] = &[
    "CREATE TABLE account (id BYTES NOT NULL, registered_day BIGINT NOT NULL DEFAULT 0, \
     seen_day BIGINT NOT NULL DEFAULT 0, fetch_proof_hash BYTES NOT NULL, device_chain BYTES NOT NULL, \
     PRIMARY KEY (id))",
    "CREATE TABLE device (account BYTES NOT NULL, device BYTES NOT NULL, public_key BYTES NOT NULL, \
     PRIMARY KEY (account, device))",
    "CREATE UNIQUE INDEX device_public_key ON device (public_key)",
    "CREATE TABLE handle (hash BYTES NOT NULL, account BYTES NOT NULL, generation BIGINT NOT NULL DEFAULT 0, \
     claim_day BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (hash))",
    "CREATE TABLE code (id BYTES NOT NULL, hash BYTES NOT NULL, expires_minute BIGINT NOT NULL DEFAULT 0, \
     tries_left BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (id))",
    "CREATE TABLE code_count (handle BYTES NOT NULL, day BIGINT NOT NULL DEFAULT 0, \
     sent BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (handle))",
];

server_db::statements! {
    /// One account.
    ACCOUNT = "SELECT fetch_proof_hash, device_chain, seen_day FROM account WHERE id = $1";
    /// A new account.
    INSERT_ACCOUNT = "INSERT INTO account (id, registered_day, seen_day, fetch_proof_hash, device_chain) \
        VALUES ($1, $2, $3, $4, $5)";
    /// The day it was last seen.
    SET_SEEN = "UPDATE account SET seen_day = $1 WHERE id = $2";
    /// A longer chain.
    SET_CHAIN = "UPDATE account SET device_chain = $1 WHERE id = $2";
    /// A device's key.
    DEVICE_KEY = "SELECT public_key FROM device WHERE account = $1 AND device = $2";
    /// An account's devices.
    DEVICES = "SELECT device FROM device WHERE account = $1 ORDER BY device";
    /// Whose key it is.
    KEY_OWNER = "SELECT account FROM device WHERE public_key = $1";
    /// A device joins.
    INSERT_DEVICE = "INSERT INTO device (account, device, public_key) VALUES ($1, $2, $3)";
    /// All devices leave.
    DELETE_DEVICES = "DELETE FROM device WHERE account = $1";
    /// Where a handle leads.
    HANDLE = "SELECT account, generation, claim_day FROM handle WHERE hash = $1";
    /// A handle leads somewhere for the first time.
    INSERT_HANDLE = "INSERT INTO handle (hash, account, generation, claim_day) VALUES ($1, $2, 0, 0)";
    /// A claim is noted.
    SET_CLAIM = "UPDATE handle SET claim_day = $1 WHERE hash = $2";
    /// A handle changes hands.
    MOVE_HANDLE = "UPDATE handle SET account = $1, generation = generation + 1, claim_day = 0 WHERE hash = $2";
    /// An open code.
    CODE = "SELECT hash, expires_minute, tries_left FROM code WHERE id = $1";
    /// A code is sent; an older one of the same requester goes.
    PUT_CODE = "INSERT INTO code (id, hash, expires_minute, tries_left) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, expires_minute = excluded.expires_minute, \
        tries_left = excluded.tries_left";
    /// A try was used.
    SET_TRIES = "UPDATE code SET tries_left = $1 WHERE id = $2";
    /// A code is used up.
    DELETE_CODE = "DELETE FROM code WHERE id = $1";
    /// Codes sent to a handle.
    CODE_COUNT = "SELECT day, sent FROM code_count WHERE handle = $1";
    /// One more.
    PUT_CODE_COUNT = "INSERT INTO code_count (handle, day, sent) VALUES ($1, $2, $3) \
        ON CONFLICT (handle) DO UPDATE SET day = excluded.day, sent = excluded.sent";
    /// Expired codes.
    SWEEP_CODES = "DELETE FROM code WHERE id IN (SELECT id FROM code WHERE expires_minute < $1 LIMIT $2)";
    /// Counts of days gone by.
    SWEEP_CODE_COUNTS = "DELETE FROM code_count WHERE handle IN \
        (SELECT handle FROM code_count WHERE day < $1 LIMIT $2)";
}
