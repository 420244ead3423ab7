//! One declared argument: its type, its bounds, and whether it may be left out.

use core::str::FromStr;
use std::collections::BTreeSet;
use std::path::PathBuf;

use bowline_core::wire::bounds;
use bowline_core::wire::frame::{Argument, ArgumentKind};
use regex_lite::Regex;

use crate::arguments::SpecError;
use crate::arguments::path::Access;
use crate::arguments::template::{bad_name, is_name};

/// A declared argument.
#[derive(Clone, Debug, PartialEq)]
pub struct ArgumentSpec {
    /// 1 to 64 of `a-z A-Z 0-9 _ -`, starting with a letter or `_`.
    pub name: String,
    /// What its value may be.
    pub kind: ValueKind,
    /// Whether a value may start with `-`. A number below zero may too where `min` is below zero.
    pub allow_dash: bool,
    /// Whether it may be left out.
    pub optional: bool,
}

/// What a value may be.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ValueKind {
    /// Text.
    String {
        /// In bytes of UTF-8.
        max_length: usize,
        /// Must match the whole value.
        pattern: Option<Pattern>,
    },
    /// A whole number, −2^63 … 2^64−1.
    Integer {
        /// The least, itself allowed.
        min: Option<i128>,
        /// The most, itself allowed.
        max: Option<i128>,
    },
    /// A number; neither infinite nor NaN.
    Number {
        /// The least, itself allowed.
        min: Option<f64>,
        /// The most, itself allowed.
        max: Option<f64>,
    },
    /// `true` or `false`.
    Boolean,
    /// One of these.
    Choice(Vec<String>),
    /// A path that stays below a directory.
    Path {
        /// The directory; absolute.
        root: PathBuf,
        /// How the program gets it.
        handed: Handed,
    },
}

/// How a program gets a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Handed {
    /// As text, which it looks up itself: another file, where somebody has swapped it meanwhile.
    #[default]
    Path,
    /// As `/dev/fd/N`, opened so: what was resolved, and nothing else. It needs a
    /// [`Stage`](crate::stage::Stage).
    Descriptor(Access),
}

/// A regular expression that must match a whole value. Matching takes linear time.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

impl ArgumentSpec {
    /// Plain text: what a placeholder without a declaration is.
    #[must_use]
    pub fn string(name: &str) -> Self {
        let kind = ValueKind::String { max_length: ValueKind::DEFAULT_MAX_LENGTH, pattern: None };
        Self { name: name.to_owned(), kind, allow_dash: false, optional: false }
    }

    /// Whether the declaration makes sense.
    ///
    /// # Errors
    /// A [`SpecError`] that says what does not.
    pub fn check(&self) -> Result<(), SpecError> {
        if !is_name(&self.name) {
            return Err(bad_name(&self.name));
        }
        match &self.kind {
            ValueKind::Integer { min: Some(min), max: Some(max) } if min > max => {
                Err(SpecError::Range)
            }
            ValueKind::Number { min: Some(min), max: Some(max) } if min > max => {
                Err(SpecError::Range)
            }
            ValueKind::String { .. }
            | ValueKind::Integer { .. }
            | ValueKind::Number { .. }
            | ValueKind::Boolean => Ok(()),
            ValueKind::Choice(choices) => self.check_choices(choices),
            ValueKind::Path { root, .. } if root.as_os_str().is_empty() => Err(SpecError::NoRoot),
            ValueKind::Path { root, .. } if root.is_relative() => {
                Err(SpecError::RelativeRoot(root.clone()))
            }
            ValueKind::Path { .. } => Ok(()),
        }
    }

    /// What Register says of it.
    #[must_use]
    pub fn declared(&self) -> Argument {
        let kind = match &self.kind {
            ValueKind::String { .. } => ArgumentKind::String,
            ValueKind::Integer { .. } => ArgumentKind::Integer,
            ValueKind::Number { .. } => ArgumentKind::Number,
            ValueKind::Boolean => ArgumentKind::Boolean,
            ValueKind::Choice(choices) => ArgumentKind::Choice(choices.clone()),
            ValueKind::Path { .. } => ArgumentKind::Path,
        };
        Argument { name: self.name.clone(), kind, optional: self.optional }
    }

    fn check_choices(&self, choices: &[String]) -> Result<(), SpecError> {
        let different: BTreeSet<_> = choices.iter().collect();
        let odd = |choice: &String| choice.is_empty() || choice.contains('\0');
        if choices.is_empty() || different.len() != choices.len() || choices.iter().any(odd) {
            return Err(SpecError::Choices);
        }
        if choices.len() > MOST_CHOICES {
            return Err(SpecError::TooMany { what: "the number of choices", most: MOST_CHOICES });
        }
        let most = bounds::TEXT;
        if choices.iter().any(|choice| choice.len() > most) {
            return Err(SpecError::TooMany { what: "the length of a choice", most });
        }
        if let Some(choice) = choices.iter().find(|choice| choice.starts_with('-'))
            && !self.allow_dash
        {
            return Err(SpecError::DashChoice(choice.clone()));
        }
        Ok(())
    }
}

impl ValueKind {
    /// The longest value of a string that says nothing else, in bytes.
    pub const DEFAULT_MAX_LENGTH: usize = 4096;

    /// The longest that `max-length` may allow, in bytes; below the 128 KiB that Linux allows one
    /// argument (`MAX_ARG_STRLEN`), so that parts of an element still fit beside it.
    pub const MOST_LENGTH: usize = 64 << 10;

    /// The spelling in the configuration.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::String { .. } => "string",
            Self::Integer { .. } => "integer",
            Self::Number { .. } => "number",
            Self::Boolean => "boolean",
            Self::Choice(_) => "choice",
            Self::Path { .. } => "path",
        }
    }

    /// What a caller should send, in words: "a whole number, at least 1".
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            Self::String { max_length, pattern: None } => {
                format!("text of at most {max_length} bytes")
            }
            Self::String { max_length, pattern: Some(pattern) } => {
                format!("text of at most {max_length} bytes that matches {}", pattern.as_str())
            }
            Self::Integer { min, max } => format!("a whole number{}", bounds(min, max)),
            Self::Number { min, max } => format!("a number{}", bounds(min, max)),
            Self::Boolean => "true or false".to_owned(),
            Self::Choice(choices) => format!("one of {}", choices.join(", ")),
            Self::Path { .. } => "a path that stays below its root".to_owned(),
        }
    }
}

impl Pattern {
    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole of `value` matches.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        self.regex.is_match(value)
    }
}

impl FromStr for Pattern {
    type Err = SpecError;
    fn from_str(text: &str) -> Result<Self, SpecError> {
        let refuse = |error: regex_lite::Error| SpecError::Pattern(error.to_string());
        // By itself first, or `a)|(b` would close the group that holds it to the whole value.
        Regex::new(text).map_err(refuse)?;
        let regex = Regex::new(&format!(r"\A(?:{text})\z")).map_err(refuse)?;
        Ok(Self { text: text.to_owned(), regex })
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

fn bounds<T: core::fmt::Display>(min: &Option<T>, max: &Option<T>) -> String {
    match (min, max) {
        (None, None) => String::new(),
        (Some(min), None) => format!(", at least {min}"),
        (None, Some(max)) => format!(", at most {max}"),
        (Some(min), Some(max)) => format!(", {min} to {max}"),
    }
}

/// A choice is read by people; and all of a peer's must fit into one Register.
const MOST_CHOICES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        text.parse().unwrap()
    }

    #[test]
    fn a_pattern_matches_the_whole_value_or_not_at_all() {
        let p = pattern("a|ab");
        assert!(p.matches("a") && p.matches("ab"));
        assert!(!p.matches("abc") && !p.matches("xa") && !p.matches("a\n"));
        assert!(!pattern("(?m)^a$").matches("a\nb"));
    }

    #[test]
    fn a_pattern_cannot_break_out_of_its_group() {
        for bad in ["a)|(b", "(", "(?x)a #", "[", r"a\"] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_declaration_that_nothing_could_meet_is_refused() {
        let spec = |kind| ArgumentSpec { kind, ..ArgumentSpec::string("a") };
        let path = |root| ValueKind::Path { root, handed: Handed::Path };
        let cases = [
            (ValueKind::Integer { min: Some(2), max: Some(1) }, SpecError::Range),
            (ValueKind::Number { min: Some(0.2), max: Some(0.1) }, SpecError::Range),
            (ValueKind::Choice(vec![]), SpecError::Choices),
            (ValueKind::Choice(vec!["a".into(), "a".into()]), SpecError::Choices),
            (ValueKind::Choice(vec!["".into()]), SpecError::Choices),
            (ValueKind::Choice(vec!["-a".into()]), SpecError::DashChoice("-a".into())),
            (path(PathBuf::new()), SpecError::NoRoot),
            (path("a".into()), SpecError::RelativeRoot("a".into())),
        ];
        for (kind, error) in cases {
            assert_eq!(spec(kind).check(), Err(error));
        }
        assert_eq!(ArgumentSpec::string("").check(), Err(SpecError::Name(String::new())));
        let choices = |n: usize| ValueKind::Choice((0..n).map(|i| i.to_string()).collect());
        assert_eq!(spec(choices(256)).check(), Ok(()));
        assert!(matches!(spec(choices(257)).check(), Err(SpecError::TooMany { most: 256, .. })));
    }
}
