//! What happened, in order: the proof that a seed decides everything.

use seal::sha256;
use vocab::Timestamp;

/// A growing hash over lines; the lines themselves are kept when asked for.
pub struct Trace {
    hash: [u8; 32],
    lines: Option<Vec<String>>,
}

impl Trace {
    /// An empty one. `keep` keeps its lines for people to read.
    pub fn new(keep: bool) -> Self {
        Self { hash: [0; 32], lines: keep.then(Vec::new) }
    }

    /// Adds a line.
    pub fn note(&mut self, now: Timestamp, line: &str) {
        self.hash = sha256(&[&self.hash, &now.0.to_be_bytes(), line.as_bytes()]);
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{} {line}", now.0));
        }
    }

    /// Lines are kept: somebody reads them.
    pub fn is_kept(&self) -> bool {
        self.lines.is_some()
    }

    /// Adds a line for whoever reads them, which is no part of the proof.
    pub fn aside(&mut self, now: Timestamp, line: &str) {
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{}   {line}", now.0));
        }
    }

    /// The hash of everything so far.
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// The lines, if they were kept.
    pub fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }
}
