//! What went wrong, in words that say where to look.

use std::fmt;

use chromiumoxide::error::CdpError;

/// A step that did not succeed, with what was on the page instead.
pub struct Failure {
    step: String,
    why: String,
}

/// The result of every step in the browser.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// `step` is what was tried, `why` what stood in its way.
    pub fn new(step: impl Into<String>, why: impl fmt::Display) -> Self {
        Self { step: step.into(), why: why.to_string() }
    }

    /// Puts what was tried in front of what the browser said.
    pub(super) fn during(step: impl Into<String>) -> impl FnOnce(CdpError) -> Self {
        move |error| Self::new(step, error)
    }
}

impl From<CdpError> for Failure {
    fn from(error: CdpError) -> Self {
        Self::new("talking to the browser", error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}: {}", self.step, self.why)
    }
}

/// The same words: a test that returns a failure prints it with `Debug`.
impl fmt::Debug for Failure {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, to)
    }
}

impl std::error::Error for Failure {}
