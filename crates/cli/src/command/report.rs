//! `valise report`

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use host_native::Core;
use screens::{Answer, Ask, ReportRow};

use crate::end::{Stop, answered};
use crate::object::Object;
use crate::say::{self, Say};

/// Shows what a report would tell, and writes it where that was asked for.
pub async fn make(core: &Core, say: Say, about: String, out: Option<PathBuf>) -> Result<(), Stop> {
    let Answer::Report(sheet) = answered(core.ask(Ask::Report { about }).await)? else {
        return Err(Stop::unexpected());
    };
    if let Some(out) = &out {
        write(out, &sheet.file)?;
    }
    let file = out.as_ref().map(|out| out.display().to_string());
    say.result(&Object::Report { file: file.as_deref(), rows: &sheet.rows }, || {
        let written = match &file {
            Some(file) => format!("Written to {file}."),
            None => "Nothing is written yet. To write it: --out FILE".to_owned(),
        };
        let title = say::one_line(&sheet.title);
        format!("{title}\n{}\n{}\n{written}", shown(&sheet.rows), say::lines(&sheet.sentence))
    })
}

/// Checks a report.
pub fn check(say: Say, file: &Path) -> Result<(), Stop> {
    let checked = host_native::check_report(&read(file)?);
    let object = Object::Checked { holds: checked.holds, sentence: &checked.sentence, rows: &checked.rows };
    if !checked.holds {
        say.object(&object)?;
        return Err(Stop::refused(checked.sentence));
    }
    say.result(&object, || format!("{}\n{}", shown(&checked.rows), say::lines(&checked.sentence)))
}

fn shown(rows: &[ReportRow]) -> String {
    let row = |row: &ReportRow| {
        let proved = if row.proved { "" } else { " (not proved)" };
        format!("  {}{proved}: {}", say::one_line(&row.what), say::set_in(&row.value))
    };
    rows.iter().map(row).collect::<Vec<_>>().join("\n")
}

/// Only for its owner's eyes, and never over something that is there.
pub fn write(path: &Path, text: &str) -> Result<(), Stop> {
    let written = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| {
        Stop::refused(format!("{} cannot be written: {error}. Give another file with --out.", path.display()))
    })
}

fn read(path: &Path) -> Result<String, Stop> {
    let unread =
        |error: io::Error| Stop::refused(format!("{} cannot be read as text: {error}.", path.display()));
    let mut text = String::new();
    let reader: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(unread)?)
    };
    // One byte more than any report has shows that it is none.
    reader.take(REPORT_BYTES_MAX + 1).read_to_string(&mut text).map_err(unread)?;
    Ok(text)
}

/// More than the largest report.
const REPORT_BYTES_MAX: u64 = 8 * 1024 * 1024;
