//! Reports with proof: a file that says who said what, and can be checked by anybody.

use serde::{Deserialize, Serialize};

/// A report that can be made: what it would tell, before anything is written or given to anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportSheet {
    /// What is reported, in a line.
    pub title: String,
    /// What the file is, and what becomes of it.
    pub sentence: String,
    /// Everything that stands in the file.
    pub rows: Vec<ReportRow>,
    /// A name for the file.
    pub file_name: String,
    /// The file: JSON.
    pub file: String,
}

/// Something that a report tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportRow {
    /// What it is: `Their account`.
    pub what: String,
    /// As it stands in the file.
    pub value: String,
    /// It follows from the proof; else somebody wrote it down.
    pub proved: bool,
}

/// What came of checking a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportChecked {
    /// The proof holds, and the file says nothing else than it.
    pub holds: bool,
    /// What is proved and what is not, or why nothing is.
    pub sentence: String,
    /// What it tells; nothing when it does not hold.
    pub rows: Vec<ReportRow>,
}
