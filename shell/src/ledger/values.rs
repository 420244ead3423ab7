//! How values stand in the tables, and are read back: whatever is odd there is an error with a
//! name.

use core::fmt::Display;
use core::str::FromStr;
use std::collections::BTreeMap;

use bowline_core::capability::{Capabilities, Capability};
use bowline_core::facts::KeyRecord;
use bowline_core::token::json::Object;
use bowline_core::token::{KeyState, TokenKey};

use crate::ledger::LedgerError;

/// SQLite's integers are signed; a date beyond them is as good as the last one.
pub(super) fn seconds(unix: u64) -> i64 {
    i64::try_from(unix).unwrap_or(i64::MAX)
}

/// Names without spaces in them, one space between two.
pub(super) fn spell(capabilities: &Capabilities) -> String {
    let names: Vec<_> = capabilities.iter().map(|capability| capability.to_string()).collect();
    names.join(" ")
}

/// One JSON object of names and texts.
pub(super) fn spell_labels(labels: &BTreeMap<String, String>) -> String {
    let labels = labels.iter();
    labels.fold(Object::default(), |all, (name, value)| all.with(name, value.as_str())).to_string()
}

/// Whose row is read; it stands in the error where something in it is odd.
#[derive(Clone, Copy)]
pub(super) struct Of<'a>(pub(super) &'a str, pub(super) &'a dyn Display);

impl Of<'_> {
    pub(super) fn odd(self, what: &str) -> LedgerError {
        LedgerError::Storage(format!("{} '{}' has {what}", self.0, self.1))
    }

    pub(super) fn text<V: FromStr>(self, text: &str, what: &str) -> Result<V, LedgerError> {
        text.parse().map_err(|_| self.odd(what))
    }

    pub(super) fn seconds(self, number: i64) -> Result<u64, LedgerError> {
        u64::try_from(number).map_err(|_| self.odd("a negative date"))
    }

    pub(super) fn count(self, number: i64) -> Result<u32, LedgerError> {
        u32::try_from(number).map_err(|_| self.odd("a number that is out of its range"))
    }

    pub(super) fn capabilities(self, names: &str) -> Result<Capabilities, LedgerError> {
        let parse = |name: &str| name.parse::<Capability>();
        let read: Result<_, _> = names.split_ascii_whitespace().map(parse).collect();
        read.map_err(|_| self.odd("a capability that is none"))
    }

    pub(super) fn labels(self, spelled: &str) -> Result<BTreeMap<String, String>, LedgerError> {
        let object =
            Object::read(spelled.as_bytes()).map_err(|_| self.odd("labels that are none"))?;
        let texts =
            object.iter().map(|(name, value)| Some((name.to_owned(), value.text()?.to_owned())));
        texts.collect::<Option<_>>().ok_or_else(|| self.odd("a label that is no text"))
    }
}

/// A key's state in two columns.
pub(super) fn state(key: &KeyRecord) -> (&'static str, Option<i64>) {
    match key.state {
        KeyState::Active => ("active", None),
        KeyState::VerifyOnly { until } => ("verify-only", Some(seconds(until))),
        KeyState::Revoked => ("revoked", None),
    }
}

/// A key of these columns.
pub(super) fn key(
    position: i64,
    jwk: &str,
    created: i64,
    (state, until): (&str, Option<i64>),
) -> Result<KeyRecord, LedgerError> {
    let of = Of("token key", &position);
    let object = Object::read(jwk.as_bytes()).map_err(|_| of.odd("a JWK that is none"))?;
    let key = TokenKey::from_jwk(&object).map_err(|_| of.odd("a JWK that is no key"))?;
    let state = match (state, until) {
        ("active", None) => KeyState::Active,
        ("verify-only", Some(until)) => KeyState::VerifyOnly { until: of.seconds(until)? },
        ("revoked", None) => KeyState::Revoked,
        _ => return Err(of.odd("a state that is none")),
    };
    Ok(KeyRecord { key, created: of.seconds(created)?, state })
}
