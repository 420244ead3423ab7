//! One element of `run`: literal text with `{name}` placeholders; `{{` and `}}` are braces.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::arguments::SpecError;

/// A parsed element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Placeholder(String),
}

impl Template {
    /// Reads an element of `run`.
    pub(crate) fn parse(text: &str) -> Result<Self, SpecError> {
        if text.contains('\0') {
            return Err(SpecError::Nul);
        }
        let brace = || SpecError::Brace(text.to_owned());
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            literal.push_str(before);
            if let Some(after) = from.strip_prefix("{{") {
                literal.push('{');
                rest = after;
            } else if let Some(after) = from.strip_prefix("}}") {
                literal.push('}');
                rest = after;
            } else {
                let (name, after) = from
                    .strip_prefix('{')
                    .and_then(|inside| inside.split_once('}'))
                    .ok_or_else(brace)?;
                if !is_name(name) {
                    return Err(if name.contains('{') { brace() } else { bad_name(name) });
                }
                if !literal.is_empty() {
                    parts.push(Part::Literal(core::mem::take(&mut literal)));
                }
                parts.push(Part::Placeholder(name.to_owned()));
                rest = after;
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self { parts })
    }

    /// The element with a NUL, which is in no literal text, in the place of each placeholder.
    pub(crate) fn outline(&self) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Literal(text) => text.as_str(),
            Part::Placeholder(_) => "\0",
        });
        parts.collect()
    }

    /// The names of the placeholders, in order.
    pub(crate) fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Placeholder(name) => Some(name.as_str()),
        })
    }

    /// The element with its values, each of which replaces a placeholder and nothing else.
    ///
    /// A value that is absent is empty; an element that is one such placeholder is no element.
    pub(crate) fn fill(&self, values: &BTreeMap<&str, OsString>) -> Option<OsString> {
        if let [Part::Placeholder(name)] = self.parts.as_slice() {
            return values.get(name.as_str()).cloned();
        }
        let mut filled = OsString::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => filled.push(text),
                Part::Placeholder(name) => {
                    if let Some(value) = values.get(name.as_str()) {
                        filled.push(value);
                    }
                }
            }
        }
        Some(filled)
    }
}

/// Whether an argument may be called so.
pub(crate) fn is_name(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    first
        && name.len() <= 64
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

pub(crate) fn bad_name(name: &str) -> SpecError {
    SpecError::Name(name.chars().take(64).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str, values: &[(&'static str, &str)]) -> Option<OsString> {
        let values = values.iter().map(|&(name, value)| (name, value.into())).collect();
        Template::parse(template).unwrap().fill(&values)
    }

    #[test]
    fn a_placeholder_fills_an_element_or_a_part_of_one() {
        assert_eq!(filled("{unit}", &[("unit", "a b")]), Some("a b".into()));
        assert_eq!(filled("--in={a}:{b}", &[("a", "1"), ("b", "2")]), Some("--in=1:2".into()));
        assert_eq!(filled("", &[]), Some("".into()));
    }

    #[test]
    fn a_value_is_never_read_as_a_template() {
        assert_eq!(filled("{a}-{b}", &[("a", "{b}"), ("b", "}}")]), Some("{b}-}}".into()));
    }

    #[test]
    fn doubled_braces_are_braces() {
        assert_eq!(filled("{{unit}}", &[("unit", "x")]), Some("{unit}".into()));
        assert_eq!(filled("{{{unit}}}", &[("unit", "x")]), Some("{x}".into()));
    }

    #[test]
    fn an_absent_value_drops_its_element_or_leaves_its_part_empty() {
        assert_eq!(filled("{unit}", &[]), None);
        assert_eq!(filled("--unit={unit}", &[]), Some("--unit=".into()));
        assert_eq!(filled("{unit}", &[("unit", "")]), Some("".into()));
    }

    #[test]
    fn a_brace_that_opens_or_closes_nothing_is_refused() {
        for bad in ["{", "}", "{unit", "unit}", "{a{b}}", "{{a}", "{a}}"] {
            assert_eq!(Template::parse(bad), Err(SpecError::Brace(bad.to_owned())), "{bad}");
        }
        for name in ["", "a b", "1a", "-a", "ä"] {
            let bad = format!("{{{name}}}");
            assert_eq!(Template::parse(&bad), Err(SpecError::Name(name.to_owned())), "{bad}");
        }
        assert_eq!(Template::parse("a\0"), Err(SpecError::Nul));
    }
}
