//! Quota and permits, without database.

use seal::aead::same;
use vocab::Day;
use vocab::limits::{DIRECTORY_QUOTA_DAILY, DIRECTORY_QUOTA_FIRST};

use crate::keys::{Keys, Use};

/// What an account has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Of the evaluations granted once.
    pub first_left: u32,
    /// The day the daily ones were last counted; on the first day there are none.
    pub day: Day,
    /// Daily ones left on that day.
    pub daily_left: u32,
}

impl Quota {
    /// Of an account that never asked.
    pub fn fresh(today: Day) -> Self {
        Self { first_left: DIRECTORY_QUOTA_FIRST, day: today, daily_left: 0 }
    }

    /// As it stands today. A clock that went back grants nothing.
    #[must_use]
    pub fn on(self, today: Day) -> Self {
        if today > self.day { Self { day: today, daily_left: DIRECTORY_QUOTA_DAILY, ..self } } else { self }
    }

    /// What is left today.
    pub fn left(&self) -> u32 {
        self.first_left.saturating_add(self.daily_left)
    }

    /// Takes `count`, the daily ones first; none when there are not so many: all or nothing.
    pub fn take(self, count: u32) -> Option<Self> {
        let daily = count.min(self.daily_left);
        let first_left = self.first_left.checked_sub(count - daily)?;
        Some(Self { first_left, daily_left: self.daily_left - daily, ..self })
    }
}

/// Permission to file the row of one tag. `generation` counts how often the handle changed hands: an older one files
/// nothing over a newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permit {
    /// See above.
    pub generation: u32,
    /// The day it was given.
    pub day: Day,
}

impl Permit {
    /// The permit as bytes: generation (4) ‖ day (4) ‖ HMAC (32).
    pub fn seal(self, keys: &Keys, tag: &[u8; 32]) -> Vec<u8> {
        let head = self.head();
        [&head[..], &keys.mac(Use::Permit, &[&head, tag])].concat()
    }

    /// Reads a permit for this tag that is not too old.
    pub fn open(bytes: &[u8], keys: &Keys, tag: &[u8; 32], today: Day) -> Option<Self> {
        let (head, mac) = bytes.split_first_chunk::<8>()?;
        let genuine = same(mac, &keys.mac(Use::Permit, &[head, tag]));
        let (generation, day) = head.split_first_chunk::<4>()?;
        let day = Day(u32::from_be_bytes(day.try_into().ok()?));
        // A day of slack: the clock may go back over midnight.
        let valid = day <= today.plus(1) && today <= day.plus(PERMIT_DAYS);
        (genuine && valid).then_some(Self { generation: u32::from_be_bytes(*generation), day })
    }

    fn head(self) -> [u8; 8] {
        let mut head = [0; 8];
        head[..4].copy_from_slice(&self.generation.to_be_bytes());
        head[4..].copy_from_slice(&self.day.0.to_be_bytes());
        head
    }
}

/// Days a permit is of use: the row is filed at a random time after it, even by a device that sleeps for days.
pub const PERMIT_DAYS: u32 = 7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quota_is_two_thousand_once_and_two_hundred_a_day_after_that() {
        let start = Day(10);
        let mut quota = Quota::fresh(start);
        assert_eq!(quota.take(2_001), None);
        quota = quota.take(2_000).unwrap();
        assert_eq!((quota.left(), quota.take(1)), (0, None));
        quota = quota.on(Day(11));
        assert_eq!(quota.left(), 200);
        quota = quota.take(150).unwrap().on(Day(12));
        assert_eq!(quota.left(), 200, "what is left of a day is not saved up");
        assert_eq!(quota.take(200).unwrap().on(Day(5)).left(), 0, "a clock that goes back grants nothing");
    }

    #[test]
    fn a_permit_holds_for_its_tag_and_a_week() {
        let keys = Keys::derive(&[1; 32]);
        let permit = Permit { generation: 3, day: Day(100) };
        let bytes = permit.seal(&keys, &[7; 32]);
        assert_eq!(Permit::open(&bytes, &keys, &[7; 32], Day(107)), Some(permit));
        assert_eq!(Permit::open(&bytes, &keys, &[7; 32], Day(108)), None);
        assert_eq!(Permit::open(&bytes, &keys, &[8; 32], Day(100)), None);
        assert_eq!(Permit::open(&bytes, &Keys::derive(&[2; 32]), &[7; 32], Day(100)), None);
        assert_eq!(Permit::open(&bytes[..39], &keys, &[7; 32], Day(100)), None);
        assert_eq!(Permit::open(&[], &keys, &[7; 32], Day(100)), None);
    }
}
