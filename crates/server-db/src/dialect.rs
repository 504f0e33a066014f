//! The differences between the databases, each one visible place.

/// A step of a schema in SQLite's words. Slices write `BYTES` and `BIGINT`; tables become strict and, because a row
/// number would tell in which order rows came, `WITHOUT ROWID`.
pub(crate) fn sqlite(step: &str) -> String {
    let text = step.trim().replace("BYTES", "BLOB").replace("BIGINT", "INTEGER");
    if text.starts_with("CREATE TABLE") { format!("{text} STRICT, WITHOUT ROWID") } else { text }
}
