//! Faults on purpose, for tests: the n-th write or commit from now fails as a full disk does.

use std::cell::Cell;

/// What fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The n-th write from now (1 is the next), once.
    Write(u64),
    /// The n-th commit from now, once; the transaction is rolled back.
    Commit(u64),
}

/// Countdowns; 0 means none is set.
#[derive(Default)]
pub(crate) struct Faults {
    write: Cell<u64>,
    commit: Cell<u64>,
}

impl Faults {
    pub(crate) fn set(&self, fault: Fault) {
        match fault {
            Fault::Write(n) => self.write.set(n),
            Fault::Commit(n) => self.commit.set(n),
        }
    }

    pub(crate) fn write_fails(&self) -> bool {
        strikes(&self.write)
    }

    pub(crate) fn commit_fails(&self) -> bool {
        strikes(&self.commit)
    }
}

fn strikes(left: &Cell<u64>) -> bool {
    let before = left.get();
    left.set(before.saturating_sub(1));
    before == 1
}
