//! Spans of time as people type and read them.

use vocab::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

/// `30s`, `5m`, `8h`, `2d`, `1w`, `1y`: a number and the first letter of a unit, or the unit's whole name. None for anything else,
/// and for what is longer than anybody lives.
pub(crate) fn parse_ms(typed: &str) -> Option<u64> {
    let typed = typed.trim().to_lowercase();
    let digits = typed.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = typed.split_at(digits);
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    let unit = UNITS.iter().find(|(short, name, _)| {
        let unit = unit.trim();
        unit == *short || unit == *name || unit.strip_suffix('s') == Some(*name)
    });
    unit.and_then(|(_, _, ms)| number.checked_mul(*ms)).filter(|ms| *ms <= SPAN_MS_MAX)
}

/// `1 day`, `90 minutes`: in the largest unit that leaves no rest.
pub(crate) fn in_words(ms: u64) -> String {
    let fits = UNITS.iter().rev().find(|(_, _, unit)| ms >= *unit && ms.is_multiple_of(*unit));
    let (name, count) = fits.map_or(("second", ms.div_ceil(SECOND_MS)), |(_, name, unit)| (*name, ms / unit));
    if count == 1 { format!("1 {name}") } else { format!("{count} {name}s") }
}

const UNITS: [(&str, &str, u64); 6] = [
    ("s", "second", SECOND_MS),
    ("m", "minute", MINUTE_MS),
    ("h", "hour", HOUR_MS),
    ("d", "day", DAY_MS),
    ("w", "week", 7 * DAY_MS),
    ("y", "year", 365 * DAY_MS),
];
/// A hundred years.
const SPAN_MS_MAX: u64 = 100 * 366 * DAY_MS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        for (typed, ms) in [
            ("30s", 30 * SECOND_MS),
            (" 5 minutes ", 5 * MINUTE_MS),
            ("1H", HOUR_MS),
            ("2d", 2 * DAY_MS),
            ("1 week", 7 * DAY_MS),
        ] {
            assert_eq!(parse_ms(typed), Some(ms), "{typed}");
        }
        for typed in ["", "8", "h", "0s", "-1h", "1.5h", "9999999999999999999s", "999y", "1 fortnight"] {
            assert_eq!(parse_ms(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_span_is_said_in_the_largest_unit_that_fits() {
        for (ms, words) in
            [(DAY_MS, "1 day"), (90 * MINUTE_MS, "90 minutes"), (14 * DAY_MS, "2 weeks"), (0, "0 seconds")]
        {
            assert_eq!(in_words(ms), words);
        }
    }
}
