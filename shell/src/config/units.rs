//! Spans of time and sizes, as people write them: `500ms`, `30s`, `2m`, `24h`, `7d`; `4MiB`.

use core::time::Duration;

/// Why text is not a span of time or a size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnitError {
    /// Not a span of time.
    #[error("'{0}' is not a span of time: a whole number and ms, s, m, h or d, such as 30s")]
    Duration(String),
    /// Not a size.
    #[error("'{0}' is not a size: a whole number and B, KiB, MiB or GiB, such as 4MiB")]
    Size(String),
}

/// Reads a span of time: a whole number and one of `ms`, `s`, `m`, `h`, `d`.
///
/// # Errors
/// Anything else, a bare number among it, and more than `u64::MAX` milliseconds.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    scaled(text, SPANS)
        .map(Duration::from_millis)
        .ok_or_else(|| UnitError::Duration(text.chars().take(40).collect()))
}

/// The span as [`parse_duration`] reads it, in the largest unit that it is whole in; what is below
/// a millisecond is left out.
#[must_use]
pub fn print_duration(span: Duration) -> String {
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let (unit, size) = SPANS
        .iter()
        .rev()
        .find(|(_, size)| millis != 0 && millis.is_multiple_of(*size))
        .unwrap_or(&("s", 1000));
    format!("{}{unit}", millis / size)
}

/// Reads a size in bytes: a whole number and one of `B`, `KiB`, `MiB`, `GiB`.
///
/// # Errors
/// Anything else, a bare number among it, and more than `u64::MAX` bytes.
pub fn parse_size(text: &str) -> Result<u64, UnitError> {
    scaled(text, SIZES).ok_or_else(|| UnitError::Size(text.chars().take(40).collect()))
}

/// The size as [`parse_size`] reads it, in the largest unit that it is whole in.
#[must_use]
pub fn print_size(bytes: u64) -> String {
    let (unit, size) = SIZES
        .iter()
        .rev()
        .find(|(_, size)| bytes != 0 && bytes.is_multiple_of(*size))
        .unwrap_or(&("B", 1));
    format!("{}{unit}", bytes / size)
}

/// The number in front of a unit, times the unit.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, size) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*size)
}

/// In milliseconds, rising.
const SPANS: &[(&str, u64)] =
    &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// In bytes, rising.
const SIZES: &[(&str, u64)] = &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_written_and_print_in_the_largest_whole_unit() {
        for (text, millis) in
            [("500ms", 500), ("30s", 30_000), ("2m", 120_000), ("24h", 86_400_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)));
        }
        for (text, printed) in
            [("24h", "1d"), ("90s", "90s"), ("120s", "2m"), ("1500ms", "1500ms"), ("0ms", "0s")]
        {
            assert_eq!(print_duration(parse_duration(text).unwrap()), printed);
        }
    }

    #[test]
    fn a_number_without_a_unit_is_refused() {
        for bad in ["", "30", "s", "-1s", "+1s", "1.5s", "1 s", "1S", "1w", "99999999999999999999s"]
        {
            assert_eq!(parse_duration(bad), Err(UnitError::Duration(bad.to_owned())), "{bad:?}");
        }
        assert!(parse_duration(&format!("{}d", u64::MAX)).is_err());
    }

    #[test]
    fn sizes_are_powers_of_two() {
        assert_eq!(parse_size("4MiB"), Ok(4 << 20));
        assert_eq!(parse_size("7B"), Ok(7));
        for text in ["0B", "7B", "1023B", "1KiB", "1536KiB", "4MiB", "1024GiB"] {
            assert_eq!(print_size(parse_size(text).unwrap()), text);
        }
        for bad in ["", "4", "4MB", "4mib", "MiB", "99999999999GiB"] {
            assert!(parse_size(bad).is_err(), "{bad:?}");
        }
    }
}
