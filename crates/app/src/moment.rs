//! Times in words. The local time is UTC plus the minutes that the front end told.

use screens::Moment;
use vocab::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use vocab::{Day, Timestamp};

/// Now, and where the front end is.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    pub now: Timestamp,
    pub utc_offset_minutes: i16,
}

impl Clock {
    /// A time in a list: the time of day today, then the weekday, then the date.
    pub fn in_list(&self, at: Timestamp) -> Moment {
        let (date, today) = (self.date(at), self.date(self.now));
        let text = match today.number - date.number {
            i64::MIN..=0 => self.time(at),
            1..=6 => date.weekday()[..3].to_owned(),
            _ => date.short(today.year),
        };
        Moment { text, ..self.in_chat(at) }
    }

    /// A time inside a chat, where the day stands above: the time of day.
    pub fn in_chat(&self, at: Timestamp) -> Moment {
        let date = self.date(at);
        let text = self.time(at);
        let full = format!("{} {} {} {}, {text}", date.weekday(), date.day, date.month(), date.year);
        Moment { ms: at.0, text, full }
    }

    /// The day separator: today, yesterday, the weekday, the date.
    pub fn day(&self, at: Timestamp) -> String {
        let (date, today) = (self.date(at), self.date(self.now));
        match today.number - date.number {
            0 => "Today".to_owned(),
            1 => "Yesterday".to_owned(),
            2..=6 => date.weekday().to_owned(),
            _ => date.short(today.year),
        }
    }

    /// `09:41`
    pub fn time(&self, at: Timestamp) -> String {
        let ms = self.local_ms(at).rem_euclid(DAY_MS as i64);
        format!("{:02}:{:02}", ms / HOUR_MS as i64, ms % HOUR_MS as i64 / MINUTE_MS as i64)
    }

    /// Whether two times fall on one day here.
    pub fn same_day(&self, one: Timestamp, other: Timestamp) -> bool {
        self.date(one).number == self.date(other).number
    }

    fn local_ms(&self, at: Timestamp) -> i64 {
        let offset = i64::from(self.utc_offset_minutes) * MINUTE_MS as i64;
        i64::try_from(at.0).unwrap_or(i64::MAX).min(LAST_MS).saturating_add(offset)
    }

    fn date(&self, at: Timestamp) -> Date {
        Date::of(self.local_ms(at).div_euclid(DAY_MS as i64))
    }
}

/// A day of the service (UTC) in words: `Saturday 12 May 2029`.
pub(crate) fn day_in_words(day: Day) -> String {
    let date = Date::of(i64::from(day.0).min(LAST_MS / DAY_MS as i64));
    format!("{} {} {} {}", date.weekday(), date.day, date.month(), date.year)
}

/// The end of the year 9999: later times come from a broken clock and are shown as this.
const LAST_MS: i64 = 253_402_300_799_999;

/// A day of the Gregorian calendar.
struct Date {
    /// Days since 1970-01-01.
    number: i64,
    year: i64,
    /// 0 to 11.
    month: usize,
    day: i64,
}

impl Date {
    /// After Howard Hinnant, "chrono-compatible low-level date algorithms": eras of 400 years that begin in March.
    fn of(number: i64) -> Self {
        let shifted = number + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * march_month + 2) / 5 + 1;
        let month = usize::try_from((march_month + 2) % 12).unwrap_or(0);
        let year = year_of_era + era * 400 + i64::from(month < 2);
        Self { number, year, month, day }
    }

    fn weekday(&self) -> &'static str {
        // 1970-01-01 was a Thursday.
        let index = usize::try_from((self.number + 3).rem_euclid(7)).unwrap_or(0);
        WEEKDAYS.get(index).copied().unwrap_or("Monday")
    }

    fn month(&self) -> &'static str {
        MONTHS.get(self.month).copied().unwrap_or("January")
    }

    fn short(&self, this_year: i64) -> String {
        if self.year == this_year {
            format!("{} {}", self.day, self.month())
        } else {
            format!("{} {} {}", self.day, self.month(), self.year)
        }
    }
}

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Saturday 12 May 2029, 09:41 UTC.
    const NOW: Timestamp = Timestamp(1_873_273_260_000);

    fn clock(utc_offset_minutes: i16) -> Clock {
        Clock { now: NOW, utc_offset_minutes }
    }

    fn ago(days: u64) -> Timestamp {
        Timestamp(NOW.0 - days * DAY_MS)
    }

    #[test]
    fn a_time_is_as_short_as_its_place_allows() {
        assert_eq!(clock(0).in_chat(NOW).full, "Saturday 12 May 2029, 09:41");
        assert_eq!(clock(0).in_list(NOW).text, "09:41");
        assert_eq!(clock(0).in_list(ago(1)).text, "Fri");
        assert_eq!(clock(0).in_list(ago(6)).text, "Sun");
        assert_eq!(clock(0).in_list(ago(7)).text, "5 May");
        assert_eq!(clock(0).in_list(ago(200)).text, "24 October 2028");
    }

    #[test]
    fn days_are_called_as_people_call_them() {
        assert_eq!(clock(0).day(NOW), "Today");
        assert_eq!(clock(0).day(ago(1)), "Yesterday");
        assert_eq!(clock(0).day(ago(2)), "Thursday");
        assert_eq!(clock(0).day(ago(40)), "2 April");
    }

    #[test]
    fn the_local_day_counts_not_that_of_greenwich() {
        let west = clock(-600);
        assert_eq!(west.time(NOW), "23:41");
        assert_eq!(west.in_chat(NOW).full, "Friday 11 May 2029, 23:41");
        assert!(!west.same_day(NOW, Timestamp(NOW.0 + HOUR_MS)));
        assert!(clock(0).same_day(NOW, Timestamp(NOW.0 + HOUR_MS)));
    }

    #[test]
    fn leap_days_the_beginning_and_broken_clocks_have_a_date() {
        assert_eq!(day_in_words(Day(0)), "Thursday 1 January 1970");
        assert_eq!(day_in_words(Day(11_016)), "Tuesday 29 February 2000");
        assert_eq!(day_in_words(Day(u32::MAX)), "Friday 31 December 9999");
        assert_eq!(clock(-720).in_chat(Timestamp(0)).full, "Wednesday 31 December 1969, 12:00");
        assert_eq!(clock(0).in_list(Timestamp(u64::MAX)).text, "23:59");
    }
}
