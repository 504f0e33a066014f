//! Failing on purpose, so that tests can stop a step at each of its writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Error;

/// Counts the writes of a database and makes one of them fail as if the disk were full. A clone counts with it.
///
/// Handed to [`Db::with_faults`](crate::Db::with_faults) by tests; a database without it never fails on purpose.
#[derive(Clone, Default)]
pub struct Faults(Arc<Counters>);

#[derive(Default)]
struct Counters {
    written: AtomicU64,
    /// The write to fail, counted from 1; 0 for none.
    fail_at: AtomicU64,
}

impl Faults {
    /// Writes since the last [`fail_at`](Self::fail_at), failed ones included.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.0.written.load(Ordering::Relaxed)
    }

    /// Starts counting anew and makes the `write`-th write and every one after it fail; 0 lets all pass. Commits and
    /// checkpoints are no writes of their own.
    pub fn fail_at(&self, write: u64) {
        self.0.written.store(0, Ordering::Relaxed);
        self.0.fail_at.store(write, Ordering::Relaxed);
    }

    pub(crate) fn next(&self) -> Result<(), Error> {
        let write = self.0.written.fetch_add(1, Ordering::Relaxed) + 1;
        let fail_at = self.0.fail_at.load(Ordering::Relaxed);
        if fail_at != 0 && write >= fail_at { Err(Error::Full) } else { Ok(()) }
    }
}
