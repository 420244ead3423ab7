//! A storage that is older than the hub: what showed it, and what becomes of the hub's counters
//! where that is accepted.
//!
//! spec: hub §7.

use core::fmt;
use core::str::FromStr;

use crate::facts::{Durable, Write};
use crate::id::PeerId;
use crate::identity::LAST_ISSUE;

/// That a hub's storage is older than the hub, and what showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The highest generation of the hub that was shown; the hub's own where none was.
    pub generation: u64,
    /// The highest issue of a certificate that was shown; 0 where none was.
    pub issue: u32,
    /// What showed the higher of them last.
    pub sign: Sign,
    /// Who showed it; none where nobody knows.
    pub by: Option<PeerId>,
    /// When, seconds since 1970.
    pub at: u64,
}

/// What shows that a storage is older than its hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// A Hello of a later start, signed by the hub's identity.
    Hello,
    /// A certificate that the hub minted, of an issue that the storage does not know of.
    Certificate,
    /// The operator, who put a backup in its place.
    Operator,
    /// A peer's bare word, which an earlier version of the program took.
    Claim,
}

const SIGNS: &[(Sign, &str)] = &[
    (Sign::Hello, "hello"),
    (Sign::Certificate, "certificate"),
    (Sign::Operator, "operator"),
    (Sign::Claim, "claim"),
];

/// Text that names no [`Sign`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("one of hello, certificate, operator, claim")]
pub struct UnknownSign;

impl FromStr for Sign {
    type Err = UnknownSign;
    fn from_str(text: &str) -> Result<Self, UnknownSign> {
        SIGNS.iter().find(|(_, name)| *name == text).map(|&(sign, _)| sign).ok_or(UnknownSign)
    }
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(SIGNS.iter().find(|(sign, _)| sign == self).map_or("", |&(_, name)| name))
    }
}

/// What was shown, for a person: a part of a sentence.
impl fmt::Display for Restored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { generation, issue, sign, .. } = self;
        let by = self.by.map_or_else(|| "a peer".to_owned(), |by| format!("peer {by}"));
        match sign {
            Sign::Hello => write!(f, "{by} showed the Hello of start {generation} of this hub"),
            Sign::Certificate => {
                write!(
                    f,
                    "{by} showed certificate number {issue} of this hub, which it does not know of"
                )
            }
            Sign::Operator => f.write_str("its operator said so by 'bowline restore'"),
            Sign::Claim => {
                write!(f, "{by} said to an earlier version that it had seen start {generation}")
            }
        }
    }
}

impl Restored {
    /// What is known once this was shown beside what was before; none where it adds nothing, so
    /// that nobody has the same written twice.
    #[must_use]
    pub fn beside(self, before: Option<Self>) -> Option<Self> {
        let Some(before) = before else { return Some(self) };
        if self.generation <= before.generation && self.issue <= before.issue {
            return None;
        }
        let generation = self.generation.max(before.generation);
        Some(Self { generation, issue: self.issue.max(before.issue), ..self })
    }

    /// Where the counters go on once this is accepted: beyond whatever the abandoned line of the
    /// hub may have come to, so that nothing of that line shows anything again.
    #[must_use]
    pub fn beyond(&self, generation: u64, issues: u32) -> (u64, u32) {
        let generation = self.generation.max(generation).saturating_add(BEYOND.into());
        let issues = self.issue.max(issues).saturating_add(BEYOND).min(LAST_ISSUE);
        (generation, issues)
    }
}

/// What becomes of the tokens of a storage that was restored from a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tokens {
    /// They are void: which of them were used or revoked since is forgotten.
    Void,
    /// They stay: the storage is the latest, and what was shown is of a copy that ran elsewhere.
    Keep,
}

/// A storage that is older than its hub is taken for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// How often the hub has started, by this storage.
    pub generation: u64,
    /// When it is accepted, seconds since 1970.
    pub at: u64,
    /// What becomes of the tokens.
    pub tokens: Tokens,
}

impl Acceptance {
    /// The counters go on beyond all that the abandoned line can have come to. Nothing is written
    /// where nothing has shown that the storage was restored.
    pub(super) fn writes(&self, rows: &Durable) -> Vec<Write> {
        let Some(restored) = rows.restored else { return Vec::new() };
        let (generation, issues) = restored.beyond(self.generation, rows.issues);
        let counters = [Write::Generation(generation), Write::Issues(issues)];
        let void = match self.tokens {
            Tokens::Void => vec![Write::RevokeTokens(self.at), Write::VoidFamilies],
            Tokens::Keep => Vec::new(),
        };
        counters.into_iter().chain([Write::Restored(None)]).chain(void).collect()
    }
}

/// How far beyond the highest that was shown the counters go on.
pub const BEYOND: u32 = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: Restored =
        Restored { generation: 9, issue: 0, sign: Sign::Hello, by: None, at: 100 };

    #[test]
    fn what_adds_nothing_changes_nothing_and_what_does_keeps_the_higher_of_both() {
        assert_eq!(SHOWN.beside(None), Some(SHOWN));
        assert_eq!(Restored { at: 200, ..SHOWN }.beside(Some(SHOWN)), None);
        assert_eq!(Restored { generation: 8, at: 200, ..SHOWN }.beside(Some(SHOWN)), None);
        let minted = Restored { generation: 3, issue: 5, sign: Sign::Certificate, ..SHOWN };
        assert_eq!(minted.beside(Some(SHOWN)), Some(Restored { generation: 9, ..minted }));
        assert_eq!(minted.beside(Some(Restored { generation: 9, ..minted })), None);
    }

    #[test]
    fn the_counters_go_on_beyond_whatever_was_shown_and_stay_within_their_range() {
        assert_eq!(SHOWN.beyond(3, 40), (9 + 65_536, 40 + 65_536));
        assert_eq!(SHOWN.beyond(12, 0), (12 + 65_536, 65_536));
        let last = Restored { generation: u64::MAX, issue: LAST_ISSUE, ..SHOWN };
        assert_eq!(last.beyond(0, 0), (u64::MAX, LAST_ISSUE));
    }

    #[test]
    fn a_sign_reads_back() {
        for (sign, name) in SIGNS {
            assert_eq!((name.parse(), sign.to_string()), (Ok(*sign), (*name).to_owned()));
        }
        assert_eq!("".parse::<Sign>(), Err(UnknownSign));
    }
}
