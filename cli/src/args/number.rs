//! Whole numbers on the command line.

use std::ops::RangeInclusive;

/// Reads a whole number of `range`; what is wrong is told with what is expected.
pub(super) fn within<T>(
    range: RangeInclusive<T>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: TryFrom<u64> + Copy + PartialOrd + std::fmt::Display + Send + Sync + 'static,
{
    move |text| {
        let number = text.parse::<u64>().ok().and_then(|number| T::try_from(number).ok());
        number.filter(|number| range.contains(number)).ok_or_else(|| {
            format!("expected a whole number from {} to {}", range.start(), range.end())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_taken_within_its_range_and_not_beside_it() {
        let read = within(1..=300_u16);
        assert_eq!((read("1"), read("300")), (Ok(1), Ok(300)));
        for bad in ["0", "301", "-1", "", "x", "1.5", "99999999999999999999", " 1"] {
            let expected = "expected a whole number from 1 to 300";
            assert_eq!(read(bad), Err(expected.to_owned()), "{bad:?}");
        }
    }
}
