//! Budgets kept in memory: so much at once, then so much per time.

use std::collections::HashMap;

use vocab::Timestamp;
use vocab::time::HOUR_MS;

use crate::call::Source;

/// A bucket that holds up to `burst` turns and gets one back every `refill_ms`.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    turns: u32,
    since: Timestamp,
}

impl Bucket {
    /// A full one.
    pub fn full(burst: u32, now: Timestamp) -> Self {
        Self { turns: burst, since: now }
    }

    /// Takes a turn.
    ///
    /// # Errors
    /// Milliseconds until there is one.
    pub fn take(&mut self, burst: u32, refill_ms: u64, now: Timestamp) -> Result<(), u32> {
        self.refill(burst, refill_ms, now);
        match self.turns.checked_sub(1) {
            Some(left) => {
                self.turns = left;
                Ok(())
            }
            None => Err(u32::try_from(refill_ms - now.ms_since(self.since)).unwrap_or(u32::MAX).max(1)),
        }
    }

    /// Whether it is as good as new.
    pub fn is_full(&mut self, burst: u32, refill_ms: u64, now: Timestamp) -> bool {
        self.refill(burst, refill_ms, now);
        self.turns >= burst
    }

    fn refill(&mut self, burst: u32, refill_ms: u64, now: Timestamp) {
        if now < self.since {
            // The clock went back: what was taken stays taken, waiting begins anew.
            self.since = now;
        }
        let earned = now.ms_since(self.since) / refill_ms;
        self.turns = burst.min(self.turns.saturating_add(u32::try_from(earned).unwrap_or(u32::MAX)));
        self.since = if self.turns == burst { now } else { self.since.plus_ms(earned * refill_ms) };
    }
}

/// How often each source did something within the hour.
#[derive(Default)]
pub struct SourceBudget {
    hour: u64,
    used: HashMap<Source, u32>,
}

impl SourceBudget {
    /// Counts one more of at most `per_hour`. This machine itself is not limited.
    ///
    /// # Errors
    /// Milliseconds until the next hour.
    pub fn take(&mut self, source: Source, per_hour: u32, now: Timestamp) -> Result<(), u32> {
        self.take_many(source, 1, per_hour, now)
    }

    /// Counts `count` at once, all or none.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn take_many(
        &mut self,
        source: Source,
        count: u32,
        per_hour: u32,
        now: Timestamp,
    ) -> Result<(), u32> {
        if source == Source::Local {
            return Ok(());
        }
        let hour = now.0 / HOUR_MS;
        if hour != self.hour {
            self.hour = hour;
            self.used.clear();
        }
        let used = self.used.get(&source).copied();
        let room = used.is_some() || self.used.len() < SOURCES_MAX;
        if !room || used.unwrap_or(0).saturating_add(count) > per_hour {
            return Err(u32::try_from(HOUR_MS - now.0 % HOUR_MS).unwrap_or(u32::MAX));
        }
        *self.used.entry(source).or_default() += count;
        Ok(())
    }
}

/// Sources remembered within an hour; beyond that, new ones wait for the next.
const SOURCES_MAX: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_then_one_per_interval() {
        let start = Timestamp(1_000_000);
        let mut bucket = Bucket::full(3, start);
        for _ in 0..3 {
            assert_eq!(bucket.take(3, 5_000, start), Ok(()));
        }
        assert_eq!(bucket.take(3, 5_000, start.plus_ms(1_000)), Err(4_000));
        assert_eq!(bucket.take(3, 5_000, start.plus_ms(5_000)), Ok(()));
        assert_eq!(bucket.take(3, 5_000, start.plus_ms(9_999)), Err(1));
        assert!(bucket.is_full(3, 5_000, start.plus_ms(60_000)));
    }

    #[test]
    fn a_clock_that_goes_back_a_day_neither_locks_nor_refills_a_bucket() {
        let start = Timestamp(10 * vocab::time::DAY_MS);
        let mut bucket = Bucket::full(1, start);
        assert_eq!(bucket.take(1, 5_000, start), Ok(()));
        let earlier = Timestamp(9 * vocab::time::DAY_MS);
        assert_eq!(bucket.take(1, 5_000, earlier), Err(5_000));
        assert_eq!(bucket.take(1, 5_000, earlier.plus_ms(5_000)), Ok(()));
    }

    #[test]
    fn a_source_has_its_hour_and_this_machine_is_not_limited() {
        let mut budget = SourceBudget::default();
        let now = Timestamp(HOUR_MS * 5);
        assert!(
            budget.take(Source::Network(1), 1, now).is_ok()
                && budget.take(Source::Network(1), 1, now).is_err()
        );
        assert!(budget.take(Source::Network(2), 1, now).is_ok());
        assert!(budget.take(Source::Network(1), 1, now.plus_ms(HOUR_MS)).is_ok());
        assert!((0..1000).all(|_| budget.take(Source::Local, 1, now).is_ok()));
    }
}
