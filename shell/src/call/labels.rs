//! Label tests: which peers a call is for, by what they say of themselves.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use bowline_core::wire::bounds;
use bowline_core::wire::frame::Target;
use bowline_core::wire::value::{Labels, ValueError};

/// Labels that a peer must have, each with exactly this value: 1 to 32 of them, and all must hold.
///
/// As text they are `NAME=VALUE`, joined by commas: `role=web,zone=eu`. A value that has a comma in
/// it has no spelling as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelTests {
    tests: BTreeMap<String, String>,
    encoded: Vec<u8>,
}

/// What is no set of label tests.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelTestsError {
    /// A part of the text has no sign.
    #[error("'{0}' is no label test: write NAME=VALUE, several joined by commas")]
    Form(String),
    /// One label is asked to have two values.
    #[error("'{0}' is tested twice: a label has one value")]
    Twice(String),
    /// None at all, or too many.
    #[error("1 to {} label tests make a target", bounds::LABELS)]
    Count,
    /// A name that no label has.
    #[error("a label's name has 1 to {} bytes", bounds::NAME)]
    Name,
    /// A value that no label has.
    #[error("a label's value has at most {} bytes", bounds::TEXT)]
    Value,
}

bowline_core::debug_as_display!(LabelTestsError);

impl LabelTests {
    /// These tests.
    ///
    /// # Errors
    /// [`LabelTestsError`]: none or too many of them, a name or a value that no label has.
    pub fn new(tests: BTreeMap<String, String>) -> Result<Self, LabelTestsError> {
        let encoded = Labels::encode(&tests).map_err(|error| match error {
            ValueError::TooMany => LabelTestsError::Count,
            ValueError::Name => LabelTestsError::Name,
            _ => LabelTestsError::Value,
        })?;
        Ok(Self { tests, encoded })
    }

    /// Whether a peer whose labels `has` looks up passes all of them.
    pub fn hold<'a>(&self, has: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.tests.iter().all(|(name, value)| has(name) == Some(value))
    }

    /// The target that is sent; none would be one that [`LabelTests::new`] let through by mistake.
    pub(super) fn target(&self) -> Option<Target<'_>> {
        Labels::parse(&self.encoded).ok().map(Target::Labels)
    }
}

impl FromStr for LabelTests {
    type Err = LabelTestsError;
    fn from_str(text: &str) -> Result<Self, LabelTestsError> {
        let mut tests = BTreeMap::new();
        for part in text.split(',') {
            let (name, value) =
                part.split_once('=').ok_or_else(|| LabelTestsError::Form(part.to_owned()))?;
            if tests.insert(name.to_owned(), value.to_owned()).is_some() {
                return Err(LabelTestsError::Twice(name.to_owned()));
            }
        }
        Self::new(tests)
    }
}

impl fmt::Display for LabelTests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (name, value)) in self.tests.iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            write!(f, "{comma}{name}={value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(count: usize) -> String {
        (0..count).map(|n| format!("l{n}=v")).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn tests_read_back_as_they_are_written_and_all_must_hold() {
        let tests: LabelTests = "zone=eu,role=web".parse().unwrap();
        assert_eq!(tests.to_string(), "role=web,zone=eu");
        let has = |labels: &'static [(&str, &str)]| {
            tests.hold(|name| labels.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
        };
        assert!(has(&[("role", "web"), ("zone", "eu"), ("more", "")]));
        assert!(!has(&[("role", "web")]) && !has(&[("role", "web"), ("zone", "us")]));
        let Some(Target::Labels(labels)) = tests.target() else { panic!("no target") };
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("role", "web"), ("zone", "eu")]);
    }

    #[test]
    fn an_empty_value_and_a_second_sign_are_part_of_the_value() {
        let tests: LabelTests = "a=,b=c=d".parse().unwrap();
        assert!(tests.hold(|name| if name == "a" { Some("") } else { Some("c=d") }));
    }

    #[test]
    fn what_no_peer_can_pass_is_refused_at_once() {
        let parse = |text: &str| text.parse::<LabelTests>();
        assert_eq!(parse("web"), Err(LabelTestsError::Form("web".to_owned())));
        assert_eq!(parse("role=web,"), Err(LabelTestsError::Form(String::new())));
        assert_eq!(parse("a=1,a=2"), Err(LabelTestsError::Twice("a".to_owned())));
        assert_eq!(parse("=x"), Err(LabelTestsError::Name));
        assert!(parse(&numbered(bounds::LABELS)).is_ok());
        assert_eq!(parse(&numbered(bounds::LABELS + 1)), Err(LabelTestsError::Count));
        assert_eq!(LabelTests::new(BTreeMap::new()), Err(LabelTestsError::Count));
        let name = "n".repeat(bounds::NAME);
        assert!(parse(&format!("{name}=x")).is_ok());
        assert_eq!(parse(&format!("{name}n=x")), Err(LabelTestsError::Name));
        let value = "v".repeat(bounds::TEXT);
        assert!(parse(&format!("x={value}")).is_ok());
        assert_eq!(parse(&format!("x={value}v")), Err(LabelTestsError::Value));
    }
}
