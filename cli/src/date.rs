//! Dates for people: UTC, and how far from this moment.

use std::time::{SystemTime, UNIX_EPOCH};

/// This machine's clock, seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A date and how far away it is: `2026-01-01 00:00:00 UTC (in 3 days)`.
pub(crate) fn seen_from(now: u64, unix: u64) -> String {
    format!("{} ({})", utc(unix), distance(now, unix))
}

/// The date of so many seconds after 1970, in UTC; bare seconds beyond the year 9999.
pub(crate) fn utc(unix: u64) -> String {
    if unix > LAST {
        return format!("{unix} s after 1970");
    }
    let (day, second) = (unix / DAY, unix % DAY);
    let (year, month, of_month) = civil(day);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{of_month:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// How far `unix` is from `now`, in the largest whole unit.
pub(crate) fn distance(now: u64, unix: u64) -> String {
    let far = span(now.abs_diff(unix));
    match now.cmp(&unix) {
        std::cmp::Ordering::Less => format!("in {far}"),
        std::cmp::Ordering::Equal => "this second".to_owned(),
        std::cmp::Ordering::Greater => format!("{far} ago"),
    }
}

/// A span of seconds in the largest whole unit.
pub(crate) fn span(seconds: u64) -> String {
    let (count, unit) = match seconds {
        ..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..DAY => (seconds / 3600, "hour"),
        DAY.. => (seconds / DAY, "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// Year, month and day of a day after 1970-01-01 in the Gregorian calendar.
///
/// Years are counted from March, so that the day that comes and goes is a year's last; 400 of them
/// repeat.
fn civil(day: u64) -> (u64, u64, u64) {
    // Days since 0000-03-01.
    let day = day + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let january_or_february = month >= 10;
    let year = era * 400 + year + u64::from(january_or_february);
    (year, if january_or_february { month - 9 } else { month + 3 }, of_month)
}

const DAY: u64 = 24 * 60 * 60;

/// 9999-12-31T23:59:59Z.
const LAST: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (unix, date) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (951_868_800, "2000-03-01 00:00:00 UTC"),
            (1_767_225_600, "2026-01-01 00:00:00 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
            (253_402_300_799, "9999-12-31 23:59:59 UTC"),
            (253_402_300_800, "253402300800 s after 1970"),
        ] {
            assert_eq!(utc(unix), date, "{unix}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut last = (1969, 12, 31);
        for day in 0..150_000 {
            let (year, month, of_month) = civil(day);
            let next = of_month == last.2 + 1 && (year, month) == (last.0, last.1);
            let first = of_month == 1
                && (28..=31).contains(&last.2)
                && ((year, month) == (last.0, last.1 + 1)
                    || (month == 1 && last.1 == 12 && year == last.0 + 1));
            assert!(next || first, "{last:?} then {:?}", (year, month, of_month));
            last = (year, month, of_month);
        }
    }

    #[test]
    fn distances_are_told_in_the_largest_whole_unit() {
        let now = 1_000_000;
        for (unix, told) in [
            (now, "this second"),
            (now + 1, "in 1 second"),
            (now - 59, "59 seconds ago"),
            (now + 60, "in 1 minute"),
            (now - 3600, "1 hour ago"),
            (now + DAY - 1, "in 23 hours"),
            (now + 3 * DAY, "in 3 days"),
        ] {
            assert_eq!(distance(now, unix), told);
        }
    }
}
