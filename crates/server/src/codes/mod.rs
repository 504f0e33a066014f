//! Senders of verification codes. Each is one small type behind [`CodeSender`].
//!
//! Invariant: a code is handed over only after its row is on disk, and is never logged anywhere else.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::str::FromStr;

use vocab::Handle;

/// Takes a code to its handle.
pub trait CodeSender: Send {
    /// Hands the code over; returning means that it is on its way.
    ///
    /// # Errors
    /// [`CodeNotSent`]; the person is told to try again later.
    fn send(&mut self, handle: &Handle, code: &str) -> Result<(), CodeNotSent>;
}

/// The code could not be handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the code could not be handed to its sender")]
pub struct CodeNotSent;

/// Prints codes on the standard error, for development.
pub struct Console;

impl CodeSender for Console {
    fn send(&mut self, handle: &Handle, code: &str) -> Result<(), CodeNotSent> {
        writeln!(std::io::stderr(), "code for {handle}: {code}").map_err(|_| CodeNotSent)
    }
}

/// Appends JSON lines `{"handle": …, "code": …}` to a file, for development and tests.
pub struct File(pub PathBuf);

impl CodeSender for File {
    fn send(&mut self, handle: &Handle, code: &str) -> Result<(), CodeNotSent> {
        let line = serde_json::json!({ "handle": handle.as_str(), "code": code });
        let mut file = OpenOptions::new().create(true).append(true).open(&self.0).map_err(|_| CodeNotSent)?;
        file.write_all(format!("{line}\n").as_bytes()).map_err(|_| CodeNotSent)
    }
}

/// Which sender, as named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SenderName {
    /// See [`Console`].
    Console,
    /// See [`File`].
    File(PathBuf),
}

impl SenderName {
    /// The sender itself.
    pub fn make(&self) -> Box<dyn CodeSender> {
        match self {
            Self::Console => Box::new(Console),
            Self::File(path) => Box::new(File(path.clone())),
        }
    }
}

impl FromStr for SenderName {
    type Err = UnknownSender;
    fn from_str(text: &str) -> Result<Self, UnknownSender> {
        match text.split_once(':') {
            None if text == "console" => Ok(Self::Console),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            _ => Err(UnknownSender),
        }
    }
}

/// No sender of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write 'console' to print codes, or 'file:PATH' to append them to a file as JSON lines")]
pub struct UnknownSender;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gets_one_json_line_a_code() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("codes");
        let mut sender = SenderName::from_str(&format!("file:{}", path.display())).unwrap().make();
        sender.send(&Handle::parse("+32470123456").unwrap(), "012345").unwrap();
        sender.send(&Handle::parse("anna@example.org").unwrap(), "999999").unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0], serde_json::json!({"handle": "+32470123456", "code": "012345"}));
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn an_unknown_sender_is_refused_and_a_folder_takes_no_codes() {
        assert!(SenderName::from_str("pigeon").is_err() && SenderName::from_str("file:").is_err());
        let folder = tempfile::tempdir().unwrap();
        let mut sender = File(folder.path().to_owned());
        assert_eq!(sender.send(&Handle::parse("anna@example.org").unwrap(), "1"), Err(CodeNotSent));
    }
}
