//! Tables and statements of slots.

use server_db::Sql;

/// The tables. What a send changes is apart from what only a commit changes. An idempotency id is kept as a hash, under
/// half a day: expired ones are swept from the front.
pub const SCHEMA: &[Sql] = &[
    "CREATE TABLE slot (id BYTES NOT NULL, expiry_day BIGINT NOT NULL DEFAULT 0, epoch BIGINT NOT NULL DEFAULT 1, \
     next_sequence BIGINT NOT NULL DEFAULT 2, posting_key_hash BYTES NOT NULL, PRIMARY KEY (id))",
    "CREATE TABLE slot_state (id BYTES NOT NULL, roster BYTES NOT NULL, rejoin BYTES NOT NULL, tree BYTES NOT NULL, \
     welcomed_day BIGINT NOT NULL DEFAULT 0, piece_bytes BIGINT NOT NULL DEFAULT 0, \
     first_old_day BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (id))",
    "CREATE TABLE slot_piece (slot BYTES NOT NULL, id BYTES NOT NULL, sealed BYTES NOT NULL, PRIMARY KEY (slot, id))",
    "CREATE TABLE slot_old_piece (slot BYTES NOT NULL, id BYTES NOT NULL, day BIGINT NOT NULL DEFAULT 0, \
     PRIMARY KEY (slot, id))",
    "CREATE TABLE idempotency (half_day BIGINT NOT NULL DEFAULT 0, id BYTES NOT NULL, request BYTES NOT NULL, \
     sequence BIGINT NOT NULL DEFAULT 0, epoch BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (half_day, id))",
];

server_db::statements! {
    /// One slot.
    SLOT = "SELECT expiry_day, epoch, next_sequence, posting_key_hash FROM slot WHERE id = $1";
    /// A new one.
    INSERT = "INSERT INTO slot (id, expiry_day, epoch, next_sequence, posting_key_hash) VALUES ($1, $2, 1, $3, $4)";
    /// Its state.
    PUT_STATE = "INSERT INTO slot_state (id, roster, rejoin, tree, welcomed_day, piece_bytes, first_old_day) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET roster = excluded.roster, \
        rejoin = excluded.rejoin, tree = excluded.tree, welcomed_day = excluded.welcomed_day, \
        piece_bytes = excluded.piece_bytes, first_old_day = excluded.first_old_day";
    /// What it keeps of pieces.
    KEPT = "SELECT tree, welcomed_day, piece_bytes FROM slot_state WHERE id = $1";
    /// Whether there is one.
    HAS_STATE = "SELECT welcomed_day FROM slot_state WHERE id = $1";
    /// A piece.
    PIECE = "SELECT sealed FROM slot_piece WHERE slot = $1 AND id = $2";
    /// Whether it is there.
    HAS_PIECE = "SELECT id FROM slot_piece WHERE slot = $1 AND id = $2";
    /// A new one.
    INSERT_PIECE = "INSERT INTO slot_piece (slot, id, sealed) VALUES ($1, $2, $3)";
    /// One is gone.
    DELETE_PIECE = "DELETE FROM slot_piece WHERE slot = $1 AND id = $2";
    /// All of a slot are gone.
    DELETE_PIECES = "DELETE FROM slot_piece WHERE slot = $1";
    /// One that the present tree does not name is kept through a day.
    KEEP_OLD_PIECE = "INSERT INTO slot_old_piece (slot, id, day) VALUES ($1, $2, $3) \
        ON CONFLICT (slot, id) DO UPDATE SET day = excluded.day";
    /// It is named again, or gone.
    FORGET_OLD_PIECE = "DELETE FROM slot_old_piece WHERE slot = $1 AND id = $2";
    /// So are all.
    DELETE_OLD_PIECES = "DELETE FROM slot_old_piece WHERE slot = $1";
    /// All of them, the first to go first.
    OLD_PIECES = "SELECT id FROM slot_old_piece WHERE slot = $1 ORDER BY day, id";
    /// Those whose day is over.
    OLD_PIECES_BEFORE = "SELECT id FROM slot_old_piece WHERE slot = $1 AND day < $2 ORDER BY id";
    /// The day of the first that goes.
    FIRST_OLD_DAY = "SELECT day FROM slot_old_piece WHERE slot = $1 ORDER BY day LIMIT 1";
    /// Some are gone.
    PIECES_EXPIRED = "UPDATE slot_state SET piece_bytes = $1, first_old_day = $2 WHERE id = $3";
    /// The next states in order of id, with the day of the first piece that goes.
    WALK_PIECES = "SELECT id, first_old_day FROM slot_state WHERE id > $1 ORDER BY id LIMIT $2";
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
