//! Times in words. The local time is UTC plus the minutes that the front end told.

use screens::Moment;
use vocab::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use vocab::{Day, Timestamp};

use crate::span;

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

/// Times as people type them.
impl Clock {
    /// `18:30` (today, or tomorrow when that is over), `tomorrow 9:00`, `friday 9:00`, `2029-05-12 18:30`, the same with a `T` and
    /// with an offset from UTC behind it, `2h`, `in 2h`. None for anything else.
    pub fn read(&self, typed: &str) -> Option<Timestamp> {
        let typed = typed.trim().to_lowercase();
        let span = typed.strip_prefix("in ").unwrap_or(&typed);
        if let Some(ms) = span::parse_ms(span) {
            return Some(self.now.plus_ms(ms));
        }
        let today = self.date(self.now).number;
        let Some((day, time)) = typed.rsplit_once([' ', 't']).filter(|(day, _)| !day.is_empty()) else {
            let at = self.at(today, clock_time(&typed)?)?;
            return if at > self.now { Some(at) } else { self.at(today + 1, clock_time(&typed)?) };
        };
        let day = day.trim();
        if let Some(number) = date_typed(day) {
            let (time, offset) = split_offset(time)?;
            let here = Self { utc_offset_minutes: offset.unwrap_or(self.utc_offset_minutes), ..*self };
            return here.at(number, clock_time(time)?);
        }
        let time = clock_time(time)?;
        match day {
            "today" => self.at(today, time),
            "tomorrow" => self.at(today + 1, time),
            _ => {
                let is_day = |name: &&str| name.to_lowercase().get(..day.len().max(3)) == Some(day);
                let wanted = i64::try_from(WEEKDAYS.iter().position(is_day)?).ok()?;
                // 1970-01-01 was a Thursday.
                let ahead = (wanted - (today + 3)).rem_euclid(7);
                let at = self.at(today + ahead, time)?;
                if at > self.now { Some(at) } else { self.at(today + ahead + 7, time) }
            }
        }
    }

    /// As [`Self::read`] reads it: `2029-05-12 18:30`.
    pub fn typed(&self, at: Timestamp) -> String {
        let Date { year, month, day, .. } = self.date(at);
        format!("{year:04}-{:02}-{day:02} {}", month + 1, self.time(at))
    }

    /// A day of local time and milliseconds of it.
    fn at(&self, day: i64, ms: i64) -> Option<Timestamp> {
        let local = day.checked_mul(DAY_MS as i64)?.checked_add(ms)?;
        let utc = local.checked_sub(i64::from(self.utc_offset_minutes) * MINUTE_MS as i64)?;
        u64::try_from(utc).ok().map(Timestamp)
    }
}

/// `9:00`, `18:30` or `18:30:00`, as milliseconds of a day.
fn clock_time(typed: &str) -> Option<i64> {
    let mut parts = typed.trim().split(':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |second| number(second, 2))?;
    let sound = hour < 24 && minute < 60 && second < 60 && parts.next().is_none();
    sound.then(|| hour * HOUR_MS as i64 + minute * MINUTE_MS as i64 + second * 1_000)
}

/// `2029-05-12`, as days since 1970-01-01.
fn date_typed(typed: &str) -> Option<i64> {
    let mut parts = typed.split('-');
    let (year, month, day) =
        (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    if parts.next().is_some() || !(1970..=9999).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    // The inverse of `Date::of`, of the same algorithms.
    let march_year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (march_year.div_euclid(400), march_year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let number =
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    let date = Date::of(number);
    // A 31st of April is none.
    (date.day == day && i64::try_from(date.month + 1) == Ok(month)).then_some(number)
}

/// The time, and the offset from UTC behind it in minutes: `+02:00`, `-05:30`, `z`.
fn split_offset(typed: &str) -> Option<(&str, Option<i16>)> {
    if let Some(time) = typed.strip_suffix('z') {
        return Some((time, Some(0)));
    }
    let Some(sign) = typed.find(['+', '-']) else { return Some((typed, None)) };
    let (time, offset) = typed.split_at(sign);
    let ms = clock_time(offset.get(1..)?)?;
    let minutes = i16::try_from(ms / MINUTE_MS as i64).ok()?;
    Some((time, Some(if offset.starts_with('-') { -minutes } else { minutes })))
}

fn number(typed: &str, digits_max: usize) -> Option<i64> {
    let fits = (1..=digits_max).contains(&typed.len()) && typed.bytes().all(|byte| byte.is_ascii_digit());
    typed.parse().ok().filter(|_| fits)
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
    fn a_time_is_read_as_people_type_it() {
        let later = |ms: u64| Some(Timestamp(NOW.0 + ms));
        let minute = MINUTE_MS;
        for (typed, at) in [
            ("9:42", later(minute)),
            (" 09:41 ", later(DAY_MS)),
            ("09:40", later(DAY_MS - minute)),
            ("today 10:41", later(HOUR_MS)),
            ("Tomorrow 9:41", later(DAY_MS)),
            ("saturday 9:42", later(minute)),
            ("sat 9:41", later(7 * DAY_MS)),
            ("Sun 09:41", later(DAY_MS)),
            ("friday 9:41", later(6 * DAY_MS)),
            ("2029-05-12 10:41", later(HOUR_MS)),
            ("2029-05-12T10:41", later(HOUR_MS)),
            ("2029-05-12T10:41:00+02:00", Some(Timestamp(NOW.0 - HOUR_MS))),
            ("2029-05-12T10:41Z", later(HOUR_MS)),
            ("2h", later(2 * HOUR_MS)),
            ("in 30 minutes", later(30 * minute)),
            ("2032-02-29 09:41", later(1_023 * DAY_MS)),
        ] {
            assert_eq!(clock(0).read(typed), at, "{typed}");
        }
        for typed in [
            "",
            "9",
            "24:00",
            "9:60",
            "noon",
            "2029-02-29 9:00",
            "2029-13-01 9:00",
            "29-5-12",
            "2029-05-12",
            "tomorrow",
            "xday 9:00",
            "2029-05-12 9:00+99:00",
            "1:2:3:4",
            "-1:00",
            "été 9:00",
            "t9:00",
        ] {
            assert_eq!(clock(0).read(typed), None, "{typed}");
        }
        let east = clock(120);
        assert_eq!(east.read("11:42"), later(minute), "it is 11:41 there");
        for at in [NOW, ago(400), Timestamp(NOW.0 + 900 * DAY_MS)] {
            assert_eq!(east.read(&east.typed(at)), Some(at));
        }
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
