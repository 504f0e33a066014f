//! Tables and statements of slots.

use server_db::Sql;

/// The tables. What a send changes is apart from what only a commit changes. An idempotency id is kept as a hash, under
/// half a day: expired ones are swept from the front.
pub const SCHEMA: &[Sql] = &[
    "CREATE TABLE slot (id BYTES NOT NULL, expiry_day BIGINT NOT NULL DEFAULT 0, epoch BIGINT NOT NULL DEFAULT 1, \
     next_sequence BIGINT NOT NULL DEFAULT 2, posting_key_hash BYTES NOT NULL, PRIMARY KEY (id))",
    "CREATE TABLE slot_state (id BYTES NOT NULL, roster BYTES NOT NULL, rejoin BYTES NOT NULL, PRIMARY KEY (id))",
    "CREATE TABLE idempotency (half_day BIGINT NOT NULL DEFAULT 0, id BYTES NOT NULL, request BYTES NOT NULL, \
     sequence BIGINT NOT NULL DEFAULT 0, epoch BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (half_day, id))",
];

server_db::statements! {
    /// One slot.
    SLOT = "SELECT expiry_day, epoch, next_sequence, posting_key_hash FROM slot WHERE id = $1";
    /// A new one.
    INSERT = "INSERT INTO slot (id, expiry_day, epoch, next_sequence, posting_key_hash) VALUES ($1, $2, 1, $3, $4)";
    /// Its state.
    PUT_STATE = "INSERT INTO slot_state (id, roster, rejoin) VALUES ($1, $2, $3) \
        ON CONFLICT (id) DO UPDATE SET roster = excluded.roster, rejoin = excluded.rejoin";
    /// Something was stored.
    ADVANCE = "UPDATE slot SET next_sequence = $1, expiry_day = $2 WHERE id = $3";
    /// A commit was stored.
    NEXT_EPOCH = "UPDATE slot SET epoch = $1, next_sequence = $2, posting_key_hash = $3, expiry_day = $4 \
        WHERE id = $5";
    /// The sealed roster.
    ROSTER = "SELECT roster FROM slot_state WHERE id = $1";
    /// The rejoin blob.
    REJOIN = "SELECT slot_state.rejoin, slot.epoch FROM slot JOIN slot_state ON slot_state.id = slot.id \
        WHERE slot.id = $1";
    /// Gone.
    DELETE = "DELETE FROM slot WHERE id = $1";
    /// Its state, too.
    DELETE_STATE = "DELETE FROM slot_state WHERE id = $1";
    /// The next ones in order of id.
    WALK = "SELECT id, expiry_day FROM slot WHERE id > $1 ORDER BY id LIMIT $2";
    /// What was answered before, within the last day.
    REMEMBERED = "SELECT request, sequence, epoch FROM idempotency WHERE half_day IN ($1, $2, $3) AND id = $4";
    /// It is answered now.
    REMEMBER = "INSERT INTO idempotency (half_day, id, request, sequence, epoch) VALUES ($1, $2, $3, $4, $5)";
    /// Long ago.
    SWEEP_REMEMBERED = "DELETE FROM idempotency WHERE (half_day, id) IN \
        (SELECT half_day, id FROM idempotency WHERE half_day < $1 ORDER BY half_day, id LIMIT $2)";
}
