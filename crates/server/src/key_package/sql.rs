//! Tables and statements of key packages.

use server_db::Sql;

/// The tables. A package's place is random, so that drawing the first is drawing any.
pub const SCHEMA: &[Sql] = &[
    "CREATE TABLE key_package (account BYTES NOT NULL, device BYTES NOT NULL, place BYTES NOT NULL, \
     package BYTES NOT NULL, PRIMARY KEY (account, device, place))",
    "CREATE TABLE last_resort (account BYTES NOT NULL, device BYTES NOT NULL, package BYTES NOT NULL, \
     PRIMARY KEY (account, device))",
    "CREATE TABLE key_package_draw (account BYTES NOT NULL, day BIGINT NOT NULL DEFAULT 0, \
     drawn BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (account))",
];

server_db::statements! {
    /// Packages in stock.
    STOCK = "SELECT COUNT(*) FROM key_package WHERE account = $1 AND device = $2";
    /// One more.
    INSERT = "INSERT INTO key_package (account, device, place, package) VALUES ($1, $2, $3, $4)";
    /// Any one.
    DRAW = "SELECT place, package FROM key_package WHERE account = $1 AND device = $2 ORDER BY place LIMIT 1";
    /// It is drawn.
    DELETE = "DELETE FROM key_package WHERE account = $1 AND device = $2 AND place = $3";
    /// All of a device.
    DELETE_DEVICE = "DELETE FROM key_package WHERE account = $1 AND device = $2";
    /// The last resort.
    LAST_RESORT = "SELECT package FROM last_resort WHERE account = $1 AND device = $2";
    /// A new last resort.
    PUT_LAST_RESORT = "INSERT INTO last_resort (account, device, package) VALUES ($1, $2, $3) \
        ON CONFLICT (account, device) DO UPDATE SET package = excluded.package";
    /// None any more.
    DELETE_LAST_RESORT = "DELETE FROM last_resort WHERE account = $1 AND device = $2";
    /// Draws of a day.
    DRAWS = "SELECT day, drawn FROM key_package_draw WHERE account = $1";
    /// One more.
    PUT_DRAWS = "INSERT INTO key_package_draw (account, day, drawn) VALUES ($1, $2, $3) \
        ON CONFLICT (account) DO UPDATE SET day = excluded.day, drawn = excluded.drawn";
}
