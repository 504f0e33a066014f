//! JSON lines between processes: one value a line, of bounded length.

use screens::FromCore;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::OwnedReadHalf;

/// The first line of the owner. Its number changes when older processes would not understand the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
pub(crate) struct Hello {
    pub valise: u32,
}

impl Hello {
    /// Of this build.
    pub const NOW: Self = Self { valise: 1 };
}

/// What the owner says after that.
#[derive(Debug, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FromOwner {
    /// From the core.
    Core(FromCore),
    /// The owner ends: it received everything up to this number, and nothing after it.
    Goodbye { received: u64 },
}

/// Why there is no next line.
#[derive(Debug)]
pub(crate) enum NoLine {
    /// The other side is gone.
    Ended,
    /// Longer than allowed, or not what was agreed.
    Bad,
}

/// Reads lines of at most `bytes_max`, line end included.
pub(crate) struct LineReader {
    reader: BufReader<OwnedReadHalf>,
    line: Vec<u8>,
    bytes_max: usize,
}

impl LineReader {
    pub fn new(half: OwnedReadHalf, bytes_max: usize) -> Self {
        Self { reader: BufReader::new(half), line: Vec::new(), bytes_max }
    }

    /// The next value. May be dropped while waiting: what was read of a line is kept for the next call.
    pub async fn next<T: DeserializeOwned>(&mut self) -> Result<T, NoLine> {
        loop {
            let seen = self.reader.fill_buf().await.map_err(|_| NoLine::Ended)?;
            if seen.is_empty() {
                return Err(NoLine::Ended);
            }
            let end = seen.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(seen.len(), |end| end + 1);
            if self.line.len() + taken > self.bytes_max {
                return Err(NoLine::Bad);
            }
            self.line.extend_from_slice(&seen[..taken]);
            self.reader.consume(taken);
            if end.is_some() {
                let value = serde_json::from_slice(&self.line).map_err(|_| NoLine::Bad);
                self.line = Vec::new();
                return value;
            }
        }
    }
}

/// The line of a value.
pub(crate) fn line(value: &impl Serialize) -> Option<Vec<u8>> {
    let mut bytes = serde_json::to_vec(value).ok()?;
    bytes.push(b'\n');
    Some(bytes)
}

/// A text of the largest size, every byte of it escaped, with room for the rest.
pub(crate) const TO_CORE_BYTES_MAX: usize = 512 * 1024;
/// An answer holds 2 MiB of text, every byte of it escaped, and what stands around each message.
pub(crate) const FROM_CORE_BYTES_MAX: usize = 32 * 1024 * 1024;
