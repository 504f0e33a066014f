//! Tables and statements of mailboxes.

use server_db::Sql;

/// The tables. `sequence_bound` is above every sequence ever used; numbers are taken from a reserve, so that an envelope
/// costs no write here.
pub const SCHEMA: &[Sql] = &[
    "CREATE TABLE mailbox (id BYTES NOT NULL, expiry_day BIGINT NOT NULL DEFAULT 0, public_key BYTES NOT NULL, \
     sequence_bound BIGINT NOT NULL DEFAULT 1, dropped BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (id))",
    "CREATE TABLE envelope (mailbox BYTES NOT NULL, sequence BIGINT NOT NULL DEFAULT 0, \
     expiry_day BIGINT NOT NULL DEFAULT 0, payload BYTES NOT NULL, PRIMARY KEY (mailbox, sequence))",
    "CREATE TABLE parcel (id BYTES NOT NULL, content BYTES NOT NULL, PRIMARY KEY (id))",
];

server_db::statements! {
    /// One mailbox.
    MAILBOX = "SELECT expiry_day, public_key, sequence_bound, dropped FROM mailbox WHERE id = $1";
    /// A new one.
    INSERT = "INSERT INTO mailbox (id, expiry_day, public_key, sequence_bound, dropped) VALUES ($1, $2, $3, 1, 0)";
    /// In use.
    RENEW = "UPDATE mailbox SET expiry_day = $1 WHERE id = $2";
    /// Numbers are reserved.
    SET_BOUND = "UPDATE mailbox SET sequence_bound = $1 WHERE id = $2";
    /// An envelope found no room.
    DROP_ONE = "UPDATE mailbox SET dropped = dropped + 1 WHERE id = $1";
    /// Gone.
    DELETE = "DELETE FROM mailbox WHERE id = $1";
    /// The next ones in order of id.
    WALK = "SELECT id, expiry_day FROM mailbox WHERE id > $1 ORDER BY id LIMIT $2";
    /// What waits.
    WAITING = "SELECT COUNT(*), COALESCE(SUM(LENGTH(payload)), 0) FROM envelope WHERE mailbox = $1";
    /// One more.
    INSERT_ENVELOPE = "INSERT INTO envelope (mailbox, sequence, expiry_day, payload) VALUES ($1, $2, $3, $4)";
    /// One more, unless it is there; only into a mailbox that is.
    MOVE_ENVELOPE = "INSERT INTO envelope (mailbox, sequence, expiry_day, payload) \
        SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT 1 FROM mailbox WHERE id = $1) \
        ON CONFLICT (mailbox, sequence) DO NOTHING";
    /// The next ones.
    ENVELOPES = "SELECT sequence, payload FROM envelope WHERE mailbox = $1 AND sequence > $2 \
        ORDER BY sequence LIMIT $3";
    /// Acknowledged, or expired.
    DELETE_ENVELOPES = "DELETE FROM envelope WHERE mailbox = $1 AND sequence <= $2";
    /// The oldest, to see what expired.
    OLDEST = "SELECT sequence, expiry_day, LENGTH(payload) FROM envelope WHERE mailbox = $1 \
        ORDER BY sequence LIMIT $2";
    /// A batch's envelopes that went out at once.
    INSERT_PARCEL = "INSERT INTO parcel (id, content) VALUES ($1, $2)";
    /// One parcel.
    PARCEL = "SELECT content FROM parcel WHERE id = $1";
    /// All parcels; there are few.
    PARCELS = "SELECT id FROM parcel";
    /// All of it was acknowledged.
    DELETE_PARCEL = "DELETE FROM parcel WHERE id = $1";
}
