//! The environment of a command: built, and not that of the peer.
//!
//! Whoever may call a command reads its environment. The peer's own holds what its operator set
//! for other ends, cloud credentials among it; so a command gets what programs cannot do without,
//! and beyond that what its configuration names.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

/// What a command gets beside the variables that every command gets.
///
/// Its `Debug` form shows names and no value: values may be secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    set: BTreeMap<String, String>,
    passed: BTreeSet<String>,
}

/// A variable that no command can have.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// A name that is none.
    #[error(
        "'{0}' is not a variable's name: 1 to 255 of a-z A-Z 0-9 _ . -, starting with a letter or _"
    )]
    Name(String),
    /// One of Bowline's own, which hold secrets.
    #[error("'{0}' is one of bowline's own variables, which no command gets: choose another name")]
    Own(String),
    /// A value with a NUL, or too long a one. It is not repeated.
    #[error("the value of '{0}' is above 32,768 bytes or holds a NUL character")]
    Value(String),
    /// A name that stands in both.
    #[error("'{0}' stands in 'env' and in 'pass-env': leave it in one of them")]
    Twice(String),
    /// Too many names.
    #[error("'{key}' has {count} names; a command has at most 64 there")]
    TooMany {
        /// `env` or `pass-env`.
        key: &'static str,
        /// How many there are.
        count: usize,
    },
}

bowline_core::debug_as_display!(EnvironmentError);

impl Environment {
    /// `set` gives values, `passed` names variables of this process that are passed on where they
    /// are set. Both stand above the variables that every command gets.
    ///
    /// # Errors
    /// [`EnvironmentError`]
    pub fn new(
        set: BTreeMap<String, String>,
        passed: BTreeSet<String>,
    ) -> Result<Self, EnvironmentError> {
        for (key, count) in [("env", set.len()), ("pass-env", passed.len())] {
            if count > NAMES {
                return Err(EnvironmentError::TooMany { key, count });
            }
        }
        set.keys().chain(&passed).try_for_each(|name| check_name(name))?;
        for (name, value) in &set {
            if value.len() > VALUE || value.contains('\0') {
                return Err(EnvironmentError::Value(name.clone()));
            }
        }
        if let Some(name) = passed.iter().find(|name| set.contains_key(*name)) {
            return Err(EnvironmentError::Twice(name.clone()));
        }
        Ok(Self { set, passed })
    }

    /// The names that have a value of their own, ascending.
    pub fn set(&self) -> impl Iterator<Item = &str> {
        self.set.keys().map(String::as_str)
    }

    /// The names that are passed on, ascending.
    pub fn passed(&self) -> impl Iterator<Item = &str> {
        self.passed.iter().map(String::as_str)
    }

    /// Every variable of the command; `ours` answers for this process, as [`std::env::var_os`]
    /// does.
    #[must_use]
    pub fn build(&self, ours: impl Fn(&str) -> Option<OsString>) -> BTreeMap<OsString, OsString> {
        let inherited = INHERITED.iter().copied().chain(self.passed());
        let inherited = inherited.filter_map(|name| Some((name.into(), ours(name)?)));
        let set = self.set.iter().map(|(name, value)| (name.into(), value.into()));
        // Of two of one name the last counts.
        inherited.chain(set).collect()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { set, passed } = self;
        f.debug_struct("Environment").field("set", &set.keys()).field("passed", passed).finish()
    }
}

fn check_name(name: &str) -> Result<(), EnvironmentError> {
    let first = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let other = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let is_name =
        name.len() <= 255 && name.bytes().next().is_some_and(first) && name.bytes().all(other);
    if !is_name {
        return Err(EnvironmentError::Name(name.chars().take(64).collect()));
    }
    if name.starts_with("BOWLINE_") {
        return Err(EnvironmentError::Own(name.to_owned()));
    }
    Ok(())
}

/// What every command gets of this process, where it is set. TERM is not among it: no command has
/// a terminal.
const INHERITED: &[&str] = &["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ"];

/// The most names in `env`, and in `pass-env`.
const NAMES: usize = 64;

/// The longest value in `env`, in bytes.
const VALUE: usize = 32 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(set: &[(&str, &str)], passed: &[&str]) -> Result<Environment, EnvironmentError> {
        let set = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Environment::new(set.collect(), passed.iter().map(|name| (*name).to_owned()).collect())
    }

    fn built(environment: &Environment) -> Vec<(String, String)> {
        let ours = |name: &str| (name != "TZ").then(|| format!("our {name}").into());
        let text = |text: OsString| text.into_string().unwrap();
        let built = environment.build(ours);
        built.into_iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    #[test]
    fn a_command_gets_what_is_named_and_nothing_else_of_ours() {
        let plain = built(&Environment::default());
        let names: Vec<_> = plain.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["HOME", "LANG", "LOGNAME", "PATH", "SHELL", "USER"]);
        let named = environment(&[("MODE", "fast"), ("HOME", "/srv")], &["REGION", "TZ"]).unwrap();
        let named = built(&named);
        let value = |name: &str| {
            named.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
        };
        assert_eq!(value("MODE"), Some("fast"));
        assert_eq!(value("HOME"), Some("/srv"));
        assert_eq!(value("REGION"), Some("our REGION"));
        // What is not set here is not passed on, not even as nothing.
        assert_eq!(value("TZ"), None);
        assert_eq!(value("PATH"), Some("our PATH"));
        assert_eq!(named.len(), 8);
    }

    #[test]
    fn what_is_no_name_and_what_is_bowlines_own_is_refused_in_both() {
        let long = "A".repeat(256);
        for bad in ["", "A=B", "A\0", "1A", "A B", "A\n", "Ä", "BASH_FUNC_x%%", &long] {
            assert!(matches!(environment(&[(bad, "")], &[]), Err(EnvironmentError::Name(_))));
            assert!(matches!(environment(&[], &[bad]), Err(EnvironmentError::Name(_))), "{bad:?}");
        }
        for own in ["BOWLINE_SECRET", "BOWLINE_TOKEN", "BOWLINE_"] {
            let error = EnvironmentError::Own(own.to_owned());
            assert_eq!(environment(&[(own, "")], &[]), Err(error.clone()));
            assert_eq!(environment(&[], &[own]), Err(error));
        }
        assert!(environment(&[("bowline", "")], &["_", "a.b-c"]).is_ok());
        let twice = Err(EnvironmentError::Twice("A".to_owned()));
        assert_eq!(environment(&[("A", "")], &["A"]), twice);
    }

    #[test]
    fn names_and_values_are_bounded_and_a_value_is_never_shown() {
        let names: Vec<_> = (0..=NAMES).map(|n| format!("N{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert!(environment(&[], &names[1..]).is_ok());
        let error = environment(&[], &names).unwrap_err();
        assert_eq!(error, EnvironmentError::TooMany { key: "pass-env", count: NAMES + 1 });
        let long = "s3cret".repeat(VALUE / 6 + 1);
        for value in [&long[..VALUE + 1], "s3cret\0"] {
            let error = environment(&[("A", value)], &[]).unwrap_err();
            assert_eq!(error, EnvironmentError::Value("A".to_owned()));
        }
        let shown = format!("{:?}", environment(&[("A", &long[..VALUE])], &["B"]).unwrap());
        assert!(shown.contains("\"A\"") && shown.contains("\"B\""), "{shown}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
