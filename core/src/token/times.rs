//! The times of a token, and what they are held to.
//!
//! spec: tokens §5.

use core::ops::RangeInclusive;

use super::claims::{ClaimFault, ClaimsReader, Wrong};
use super::error::TokenError;

/// What times are held to; all in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    /// How far two clocks may differ.
    pub skew: u64,
    /// How long a token may live, from `iat` to `exp`.
    pub life: RangeInclusive<u64>,
}

impl Rules {
    /// For join tokens: a minute of skew; a minute to seven days of life.
    pub const JOIN: Self = Self { skew: 60, life: 60..=7 * DAY };

    /// For passes: a minute of skew; a second to a day of life.
    pub const PASS: Self = Self { skew: 60, life: 1..=DAY };

    /// The same with another skew.
    #[must_use]
    pub fn with_skew(self, skew: u64) -> Self {
        Self { skew, ..self }
    }

    /// The same with another bound to the life of a token.
    #[must_use]
    pub fn with_longest(self, longest: u64) -> Self {
        Self { life: *self.life.start()..=longest, ..self }
    }

    /// Whether something that starts at `start` has begun.
    pub(super) fn is_begun(&self, now: u64, start: u64) -> bool {
        start <= now.saturating_add(self.skew)
    }

    /// Whether something that ends at `end` still holds.
    pub(super) fn is_before_end(&self, now: u64, end: u64) -> bool {
        now < end.saturating_add(self.skew)
    }
}

/// `iat`, `exp` and `nbf`, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) iat: u64,
    pub(super) exp: u64,
    pub(super) nbf: Option<u64>,
}

impl Times {
    /// Reads them, and holds one to the other.
    pub(super) fn read(reader: &mut ClaimsReader<'_>, rules: &Rules) -> Option<Self> {
        let iat = reader.required("iat", |value| value.unix().ok_or(Wrong::NoDate));
        let exp = reader.required("exp", |value| value.unix().ok_or(Wrong::NoDate));
        let nbf = reader.optional("nbf", |value| value.unix().ok_or(Wrong::NoDate));
        let (iat, exp) = (iat?, exp?);
        let (from, to) = (*rules.life.start(), *rules.life.end());
        match exp.checked_sub(iat) {
            None | Some(0) => reader.fault(ClaimFault { claim: "exp", wrong: Wrong::NotAfterIat }),
            Some(life) if !rules.life.contains(&life) => {
                reader.fault(ClaimFault { claim: "exp", wrong: Wrong::Life { life, from, to } });
            }
            Some(_) => {}
        }
        Some(Self { iat, exp, nbf })
    }

    /// Whether now is within them.
    pub(super) fn check(&self, now: u64, rules: &Rules) -> Result<(), TokenError> {
        let skew = rules.skew;
        let from = self.nbf.map_or(self.iat, |nbf| nbf.max(self.iat));
        if !rules.is_begun(now, from) {
            return Err(TokenError::NotYetValid { from, now, skew });
        }
        if !rules.is_before_end(now, self.exp) {
            return Err(TokenError::Expired { exp: self.exp, now, skew });
        }
        Ok(())
    }
}

const DAY: u64 = 24 * 60 * 60;
