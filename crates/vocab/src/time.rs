//! Time as an argument: nothing in the core reads a clock.

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

/// Milliseconds since 1970-01-01 UTC.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    TlsSerialize,
    TlsDeserializeBytes,
    TlsSize,
)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Later by so many milliseconds; stops at the end of time instead of wrapping.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds since `earlier`, 0 when `earlier` is later (clocks jump).
    #[must_use]
    pub fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The day it falls on, UTC.
    #[must_use]
    pub fn day(self) -> Day {
        Day(u32::try_from(self.0 / DAY_MS).unwrap_or(u32::MAX))
    }
}

/// Days since 1970-01-01 UTC: the finest time the service keeps on disk.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    TlsSerialize,
    TlsDeserializeBytes,
    TlsSize,
)]
pub struct Day(pub u32);

impl Day {
    /// Later by so many days.
    #[must_use]
    pub fn plus(self, days: u32) -> Self {
        Self(self.0.saturating_add(days))
    }
}

/// One second, one minute, one hour, one day in milliseconds.
pub const SECOND_MS: u64 = 1_000;
/// See [`SECOND_MS`].
pub const MINUTE_MS: u64 = 60 * SECOND_MS;
/// See [`SECOND_MS`].
pub const HOUR_MS: u64 = 60 * MINUTE_MS;
/// See [`SECOND_MS`].
pub const DAY_MS: u64 = 24 * HOUR_MS;
