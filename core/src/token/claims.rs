//! Reading claims: each is held to its own rule, and everything that is wrong is told at once.
//!
//! Claims that are not known are passed over (RFC 7519 §4).
//!
//! spec: tokens §5.

use core::fmt;
use core::str::FromStr;

use super::excerpt;
use super::json::{Json, Object};
use crate::id::{HubId, Jti};

/// What is wrong with a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimFault {
    /// Which claim.
    pub claim: &'static str,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// What can be wrong with a claim. Of its value, a hub's id alone is shown, cut.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wrong {
    /// It must be there.
    Missing,
    /// Not a string with something in it.
    NoText,
    /// A string of more bytes than this, or with a control character.
    Text {
        /// The most bytes.
        most: usize,
    },
    /// Not a whole number of seconds from 1970, below 2^53.
    NoDate,
    /// Not a hub's id; the value.
    NoHub(String),
    /// Another hub than `iss`.
    NotIss,
    /// Not this kind of value.
    No(&'static str),
    /// Not a list of one or more of these, each once.
    NoList {
        /// The most items.
        most: usize,
        /// What each must be.
        of: &'static str,
    },
    /// `exp` at or before `iat`.
    NotAfterIat,
    /// From `iat` to `exp` it is shorter or longer than allowed; all in seconds.
    Life {
        /// How long it is.
        life: u64,
        /// The shortest.
        from: u64,
        /// The longest.
        to: u64,
    },
    /// Two claims that exclude each other, or this one more than the other grants.
    Against(&'static str),
}

impl fmt::Display for ClaimFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let claim = self.claim;
        match &self.wrong {
            Wrong::Missing => write!(f, "{claim} is missing"),
            Wrong::NoText => write!(f, "{claim} is no text, or empty"),
            Wrong::Text { most } => {
                write!(f, "{claim} has more than {most} bytes, or a control character")
            }
            Wrong::NoDate => write!(f, "{claim} is no whole number of seconds after 1970"),
            Wrong::NoHub(value) => write!(f, "{claim}: {value:?} is no hub id"),
            Wrong::NotIss => {
                write!(f, "{claim} is not iss: a join token is for the hub that made it")
            }
            Wrong::No(expected) => write!(f, "{claim}: expected {expected}"),
            Wrong::NoList { most, of } => {
                write!(f, "{claim}: expected a list of 1 to {most} {of}, each once")
            }
            Wrong::NotAfterIat => write!(f, "{claim} is not after iat"),
            Wrong::Life { life, from, to } => write!(f, "it lives {life} s: from {from} to {to}"),
            Wrong::Against(what) => write!(f, "{claim} {what}"),
        }
    }
}

/// Reads the claims of one token and gathers their faults.
pub(super) struct ClaimsReader<'c> {
    claims: &'c Object,
    faults: Vec<ClaimFault>,
}

impl<'c> ClaimsReader<'c> {
    pub(super) fn new(claims: &'c Object) -> Self {
        Self { claims, faults: Vec::new() }
    }

    pub(super) fn fault(&mut self, fault: ClaimFault) {
        self.faults.push(fault);
    }

    /// What was read, unless anything was wrong.
    pub(super) fn finish<T>(self, read: Option<T>) -> Result<T, Vec<ClaimFault>> {
        match read {
            Some(read) if self.faults.is_empty() => Ok(read),
            _ => Err(self.faults),
        }
    }

    /// A claim that may be absent.
    pub(super) fn optional<T>(
        &mut self,
        claim: &'static str,
        read: impl FnOnce(&'c Json) -> Result<T, Wrong>,
    ) -> Option<T> {
        match self.claims.get(claim).map(read)? {
            Ok(read) => Some(read),
            Err(wrong) => {
                self.faults.push(ClaimFault { claim, wrong });
                None
            }
        }
    }

    /// A claim that must be there.
    pub(super) fn required<T>(
        &mut self,
        claim: &'static str,
        read: impl FnOnce(&'c Json) -> Result<T, Wrong>,
    ) -> Option<T> {
        if self.claims.get(claim).is_none() {
            self.faults.push(ClaimFault { claim, wrong: Wrong::Missing });
        }
        self.optional(claim, read)
    }

    /// `iss` and `aud` of a token for the hub that made it.
    pub(super) fn own_hub(&mut self) -> Option<HubId> {
        let iss = self.required("iss", text);
        let aud = self.required("aud", text);
        let (iss, aud) = (iss?, aud?);
        match iss.parse() {
            Err(_) => {
                self.fault(ClaimFault { claim: "iss", wrong: Wrong::NoHub(excerpt(iss)) });
                None
            }
            Ok(_) if iss != aud => {
                self.fault(ClaimFault { claim: "aud", wrong: Wrong::NotIss });
                None
            }
            Ok(hub) => Some(hub),
        }
    }

    /// The token's own id.
    pub(super) fn jti(&mut self) -> Option<Jti> {
        self.required("jti", |value| parsed(value, "a token id: 22 characters of URL-safe base64"))
    }
}

/// A string with something in it.
pub(super) fn text(value: &Json) -> Result<&str, Wrong> {
    value.text().filter(|text| !text.is_empty()).ok_or(Wrong::NoText)
}

/// A string of 1 to `most` bytes without control characters, for an audit or a terminal.
pub(super) fn shown(value: &Json, most: usize) -> Result<String, Wrong> {
    let text = text(value)?;
    match text.len() > most || text.chars().any(char::is_control) {
        true => Err(Wrong::Text { most }),
        false => Ok(text.to_owned()),
    }
}

/// A string that is a `T`.
pub(super) fn parsed<T: FromStr>(value: &Json, expected: &'static str) -> Result<T, Wrong> {
    text(value)?.parse().map_err(|_| Wrong::No(expected))
}

/// A list of 1 to `most` different things.
pub(super) fn list<T: PartialEq>(
    value: &Json,
    most: usize,
    of: &'static str,
    read: impl Fn(&Json) -> Option<T>,
) -> Result<Vec<T>, Wrong> {
    let Json::List(items) = value else { return Err(Wrong::NoList { most, of }) };
    if items.is_empty() || items.len() > most {
        return Err(Wrong::NoList { most, of });
    }
    let mut list = Vec::with_capacity(items.len());
    for item in items {
        let item = read(item).filter(|item| !list.contains(item));
        list.push(item.ok_or(Wrong::NoList { most, of })?);
    }
    Ok(list)
}
