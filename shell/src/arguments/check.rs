//! One value against one declared argument.
//!
//! A value that starts with `-` could be taken for an option, also where it is a number: `-1` is
//! the first signal to `kill`, and a column to `ls`. So the rule is the same for every type and
//! every place in `run`, be the placeholder a whole element or a part of one.

use std::ffi::OsString;
use std::os::fd::OwnedFd;

use crate::arguments::path::{below_root, open_below_root};
use crate::arguments::{ArgValue, ArgumentError, ArgumentSpec, Handed, Pattern, ValueKind};

/// A value that fits.
#[derive(Debug)]
pub(crate) enum Checked {
    /// As the process gets it.
    Text(OsString),
    /// What it names, opened.
    Opened(OwnedFd),
}

/// The value as the process gets it.
///
/// The order is the same for every type: the type and its bounds, NUL, the leading dash, and for a
/// path last of all the file system.
pub(crate) fn check_value(
    spec: &ArgumentSpec,
    value: ArgValue<'_>,
) -> Result<Checked, ArgumentError> {
    if let ValueKind::Path { root, handed } = &spec.kind {
        let text = plain(spec, value)?;
        return Ok(match handed {
            Handed::Path => Checked::Text(below_root(&spec.name, root, text)?.into()),
            Handed::Descriptor(access) => {
                Checked::Opened(open_below_root(&spec.name, root, text, *access)?)
            }
        });
    }
    text_of(spec, value).map(Checked::Text)
}

/// The same of what is no path.
fn text_of(spec: &ArgumentSpec, value: ArgValue<'_>) -> Result<OsString, ArgumentError> {
    let expected =
        || ArgumentError::Expected { name: spec.name.clone(), expected: spec.kind.expected() };
    match &spec.kind {
        ValueKind::String { max_length, pattern } => {
            let text = plain(spec, value)?;
            let fits = text.len() <= *max_length;
            if !fits || !pattern.as_ref().is_none_or(|pattern| Pattern::matches(pattern, text)) {
                return Err(expected());
            }
            Ok(text.into())
        }
        ValueKind::Integer { min, max } => {
            let number = whole(value).ok_or_else(expected)?;
            let low = min.is_some_and(|min| number < min);
            let high = max.is_some_and(|max| number > max);
            if low || high {
                return Err(expected());
            }
            dashed(spec, number.to_string(), min.is_some_and(|min| min < 0))
        }
        ValueKind::Number { min, max } => {
            let (number, text) = number(value).ok_or_else(expected)?;
            let low = min.is_some_and(|min| number < min);
            let high = max.is_some_and(|max| number > max);
            if low || high {
                return Err(expected());
            }
            dashed(spec, text, min.is_some_and(|min| min < 0.0))
        }
        ValueKind::Boolean => match value {
            ArgValue::Boolean(true) | ArgValue::Text("true") => Ok("true".into()),
            ArgValue::Boolean(false) | ArgValue::Text("false") => Ok("false".into()),
            ArgValue::Text(_) | ArgValue::Integer(_) | ArgValue::Float(_) => Err(expected()),
        },
        ValueKind::Choice(choices) => {
            let text = plain(spec, value)?;
            choices.iter().find(|choice| *choice == text).map(OsString::from).ok_or_else(expected)
        }
        // A path is looked up.
        ValueKind::Path { .. } => Err(expected()),
    }
}

/// Text that an argument vector can hold and a program will not take for an option.
fn plain<'a>(spec: &ArgumentSpec, value: ArgValue<'a>) -> Result<&'a str, ArgumentError> {
    let name = || spec.name.clone();
    let ArgValue::Text(text) = value else {
        return Err(ArgumentError::Expected { name: name(), expected: spec.kind.expected() });
    };
    if text.contains('\0') {
        return Err(ArgumentError::Nul { name: name() });
    }
    if text.starts_with('-') && !spec.allow_dash {
        return Err(ArgumentError::Dash { name: name() });
    }
    Ok(text)
}

/// A number's spelling, which a program may take for an option where it starts with `-`.
fn dashed(spec: &ArgumentSpec, text: String, is_expected: bool) -> Result<OsString, ArgumentError> {
    if text.starts_with('-') && !is_expected && !spec.allow_dash {
        return Err(ArgumentError::Dash { name: spec.name.clone() });
    }
    Ok(text.into())
}

/// A whole number within the protocol's range.
fn whole(value: ArgValue<'_>) -> Option<i128> {
    let number = match value {
        ArgValue::Integer(number) => number,
        // `parse` alone would take a plus sign.
        ArgValue::Text(text) if !text.starts_with('+') => text.parse().ok()?,
        ArgValue::Text(_) | ArgValue::Float(_) | ArgValue::Boolean(_) => return None,
    };
    (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&number).then_some(number)
}

/// A finite number, and its spelling: the caller's own where it came as text, so that no digit is
/// lost.
fn number(value: ArgValue<'_>) -> Option<(f64, String)> {
    let (number, text) = match value {
        ArgValue::Text(text) => {
            // `parse` would take "inf", "nan" and a plus sign too.
            let shape = |b: u8| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E');
            if text.len() > 64 || text.starts_with('+') || !text.bytes().all(shape) {
                return None;
            }
            (text.parse::<f64>().ok()?, text.to_owned())
        }
        ArgValue::Integer(_) => {
            let whole = whole(value)?;
            // Rounding moves no number across a bound by more than the bound's own precision.
            (whole as f64, whole.to_string())
        }
        ArgValue::Float(number) => (number, format!("{number:?}")),
        ArgValue::Boolean(_) => return None,
    };
    number.is_finite().then_some((number, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: ValueKind, value: ArgValue<'_>) -> Result<OsString, ArgumentError> {
        checked(&ArgumentSpec { kind, ..ArgumentSpec::string("a") }, value)
    }

    fn checked(spec: &ArgumentSpec, value: ArgValue<'_>) -> Result<OsString, ArgumentError> {
        match check_value(spec, value)? {
            Checked::Text(text) => Ok(text),
            Checked::Opened(_) => panic!("it is text"),
        }
    }

    fn text(max_length: usize, pattern: Option<&str>) -> ValueKind {
        ValueKind::String { max_length, pattern: pattern.map(|p| p.parse().unwrap()) }
    }

    fn refused(kind: &ValueKind) -> Result<OsString, ArgumentError> {
        Err(ArgumentError::Expected { name: "a".into(), expected: kind.expected() })
    }

    #[test]
    fn text_is_bounded_in_bytes_and_matched_whole() {
        assert_eq!(check(text(4, None), ArgValue::Text("äö")), Ok("äö".into()));
        assert_eq!(check(text(4, None), ArgValue::Text("äöx")), refused(&text(4, None)));
        let digits = text(9, Some("[0-9]+"));
        assert_eq!(check(digits.clone(), ArgValue::Text("123")), Ok("123".into()));
        assert_eq!(check(digits.clone(), ArgValue::Text("123x")), refused(&digits));
        assert_eq!(check(text(4, None), ArgValue::Integer(1)), refused(&text(4, None)));
        let nul = ArgumentError::Nul { name: "a".into() };
        assert_eq!(check(text(4, None), ArgValue::Text("a\0b")), Err(nul));
    }

    #[test]
    fn a_leading_dash_needs_its_permission() {
        let dash = Err(ArgumentError::Dash { name: "a".into() });
        assert_eq!(check(text(9, None), ArgValue::Text("-rf")), dash);
        let choice = ValueKind::Choice(vec!["x".into()]);
        assert_eq!(check(choice, ArgValue::Text("-x")), dash);
        let path = ValueKind::Path { root: "/".into(), handed: Handed::Path };
        assert_eq!(check(path, ArgValue::Text("-x")), dash);
        let spec = ArgumentSpec { allow_dash: true, ..ArgumentSpec::string("a") };
        assert_eq!(checked(&spec, ArgValue::Text("-rf")), Ok("-rf".into()));
        assert_eq!(check(text(9, None), ArgValue::Text("a-b")), Ok("a-b".into()));
    }

    #[test]
    fn a_number_below_zero_starts_with_a_dash_too_unless_its_least_is_below_zero() {
        let dash = Err(ArgumentError::Dash { name: "a".into() });
        let whole = |min| ValueKind::Integer { min, max: None };
        let number = |min| ValueKind::Number { min, max: None };
        for value in [ArgValue::Text("-9"), ArgValue::Integer(-9)] {
            assert_eq!(check(whole(None), value), dash);
            assert_eq!(check(whole(Some(-9)), value), Ok("-9".into()));
            assert_eq!(check(whole(Some(0)), value), refused(&whole(Some(0))));
            let kind = whole(None);
            let spec = ArgumentSpec { kind, allow_dash: true, ..ArgumentSpec::string("a") };
            assert_eq!(checked(&spec, value), Ok("-9".into()));
        }
        for value in ["-1e5", "-0.0", "-.5"] {
            assert_eq!(check(number(None), ArgValue::Text(value)), dash, "{value}");
        }
        assert_eq!(check(number(None), ArgValue::Float(-0.5)), dash);
        assert_eq!(check(number(Some(0.0)), ArgValue::Float(-0.0)), dash);
        assert_eq!(check(number(Some(-1.0)), ArgValue::Float(-0.5)), Ok("-0.5".into()));
        let none = check(whole(None), ArgValue::Text("-0"));
        assert_eq!(none, Ok("0".into()), "it is spelled anew");
    }

    #[test]
    fn a_whole_number_is_within_its_bounds_and_the_protocols() {
        let kind = ValueKind::Integer { min: Some(-2), max: Some(3) };
        for (value, argument) in [
            (ArgValue::Text("-2"), "-2"),
            (ArgValue::Text("007"), "7"),
            (ArgValue::Integer(3), "3"),
        ] {
            let wide = ValueKind::Integer { min: Some(-2), max: Some(7) };
            assert_eq!(check(wide, value), Ok(argument.into()));
        }
        for bad in ["-3", "4", "", "+1", "1.0", "1e0", "0x1", " 1", "--1", "1 "] {
            assert_eq!(check(kind.clone(), ArgValue::Text(bad)), refused(&kind), "{bad:?}");
        }
        for bad in [ArgValue::Integer(4), ArgValue::Float(1.0), ArgValue::Boolean(true)] {
            assert_eq!(check(kind.clone(), bad), refused(&kind));
        }
        let any = ValueKind::Integer { min: None, max: None };
        let most = i128::from(u64::MAX);
        assert_eq!(check(any.clone(), ArgValue::Integer(most)), Ok(most.to_string().into()));
        assert_eq!(check(any.clone(), ArgValue::Integer(most + 1)), refused(&any));
    }

    #[test]
    fn a_number_is_finite_and_keeps_its_callers_digits() {
        let any = ValueKind::Number { min: None, max: None };
        for good in ["0.1000000000000000000001", "1e-5", "3", ".5"] {
            assert_eq!(check(any.clone(), ArgValue::Text(good)), Ok(good.into()));
        }
        assert_eq!(check(any.clone(), ArgValue::Float(0.1)), Ok("0.1".into()));
        for bad in ["inf", "-inf", "nan", "NaN", "infinity", "1e999", "+1", "", "-", "1-1"] {
            assert_eq!(check(any.clone(), ArgValue::Text(bad)), refused(&any), "{bad}");
        }
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(check(any.clone(), ArgValue::Float(bad)), refused(&any), "{bad}");
        }
        let unit = ValueKind::Number { min: Some(0.0), max: Some(1.0) };
        assert_eq!(check(unit.clone(), ArgValue::Integer(1)), Ok("1".into()));
        assert_eq!(check(unit.clone(), ArgValue::Float(1.01)), refused(&unit));
        assert_eq!(check(unit.clone(), ArgValue::Text("-0.01")), refused(&unit));
    }

    #[test]
    fn true_and_false_have_one_spelling() {
        assert_eq!(check(ValueKind::Boolean, ArgValue::Text("true")), Ok("true".into()));
        assert_eq!(check(ValueKind::Boolean, ArgValue::Boolean(false)), Ok("false".into()));
        for bad in ["", "True", "yes", "1"] {
            assert_eq!(
                check(ValueKind::Boolean, ArgValue::Text(bad)),
                refused(&ValueKind::Boolean)
            );
        }
        assert_eq!(check(ValueKind::Boolean, ArgValue::Integer(1)), refused(&ValueKind::Boolean));
    }

    #[test]
    fn a_choice_is_one_of_its_choices() {
        let kind = ValueKind::Choice(vec!["nginx".into(), "app".into()]);
        assert_eq!(check(kind.clone(), ArgValue::Text("app")), Ok("app".into()));
        assert_eq!(check(kind.clone(), ArgValue::Text("App")), refused(&kind));
        let error = check(kind, ArgValue::Text("sshd")).unwrap_err().to_string();
        assert_eq!(error, "argument 'a': expected one of nginx, app");
    }
}
