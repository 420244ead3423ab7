//! What becomes of the rows of a storage by a fact: the one place where that is decided.
//!
//! ```text
//!   fact.concerns() ──► the storage loads these rows ──► apply ──► the storage writes
//!                                                          └─────► Conflict: nothing is written
//! ```
//!
//! A storage, whichever it is, does this in one transaction, and answers when that is durable. It
//! has no rule of its own: it selects rows and puts others in their places.

use crate::facts::{
    Acceptance, Change, Conflict, Durable, FactRecord, KeyRecord, KeyRotation, PeerRecord,
    Restored, Spent, TokenRecord,
};
use crate::id::{Jti, PeerId, PublicKey};

/// Something that storage is to take in.
#[derive(Clone, Copy, Debug)]
pub enum Fact<'a> {
    /// What a session begins with, or goes on with.
    Record(&'a FactRecord),
    /// A change of what is recorded.
    Change(&'a Change),
    /// A join token was made.
    Issue(&'a TokenRecord),
    /// Another key signs.
    RotateKey(&'a KeyRotation),
    /// A storage that is older than its hub is taken for good.
    Accept(Acceptance),
}

/// A row, or what some rows come to, that has to be loaded for a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactRow {
    /// What is known of a peer, into [`Durable::peers`].
    Peer(PeerId),
    /// What is kept of a token but for its uses, into [`Durable::tokens`].
    Token(Jti),
    /// The uses of a token as this key sees them, into [`FactSummary::spent`].
    Uses(Jti, PublicKey),
    /// The floor and the last issue, into [`Durable::floor`] and [`Durable::issues`].
    Counters,
    /// Whether the storage is older than the hub, into [`Durable::restored`].
    Restored,
    /// The keys, into [`Durable::keys`], and [`FactSummary::last_end`].
    Keys,
    /// Whether a token ends at or before this or the floor, into [`FactSummary::has_ended`].
    Ended(u64),
}

/// What many rows come to, where a fact is decided by them.
#[derive(Clone, Copy, Debug, Default)]
pub struct FactSummary {
    /// The uses of a token, as one key sees them.
    pub spent: Spent,
    /// When the last of the tokens ends that the active key signed, seconds since 1970; 0 where
    /// it signed none.
    pub last_end: u64,
    /// Whether a token ends at or before the floor that is to be.
    pub has_ended: bool,
}

/// How rows are to stand.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// This is what is known of a peer.
    Peer(Box<PeerRecord>),
    /// Nothing is known of a peer.
    NoPeer(PeerId),
    /// This is what is kept of a token, its uses among it.
    Token(Box<TokenRecord>),
    /// A key has used a token, and this is the id that it did first for.
    Use {
        /// The token.
        jti: Jti,
        /// The key.
        key: PublicKey,
        /// The id; one that is recorded already stays.
        peer: PeerId,
    },
    /// A token was revoked at this moment, seconds since 1970.
    RevokeToken(Jti, u64),
    /// Every token is revoked: at this moment those that were not before.
    RevokeTokens(u64),
    /// No peer has a refresh token.
    VoidFamilies,
    /// These keys are kept.
    Keys(Vec<KeyRecord>),
    /// The floor is this, and no token is kept that ends at or before it.
    Floor(u64),
    /// The last issue that was drawn is this.
    Issues(u32),
    /// The hub has started so often.
    Generation(u64),
    /// The storage is older than the hub, or is not.
    Restored(Option<Restored>),
}

/// What comes of a fact.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FactOutcome {
    /// What is to be written.
    pub writes: Vec<Write>,
    /// Whether there was anything to change.
    pub changed: bool,
}

impl FactOutcome {
    /// There was something to change where something is to be written.
    pub(super) fn of(writes: Vec<Write>) -> Self {
        let changed = !writes.is_empty();
        Self { writes, changed }
    }
}

impl Fact<'_> {
    /// The rows by which it is decided.
    #[must_use]
    pub fn concerns(&self) -> Vec<FactRow> {
        match self {
            Self::Record(record) => record.concerns(),
            Self::Change(change) => change.concerns(),
            Self::Issue(_) => Vec::new(),
            Self::RotateKey(_) => vec![FactRow::Keys],
            Self::Accept(_) => vec![FactRow::Counters, FactRow::Restored],
        }
    }
}

/// What comes of a fact, held against the rows that it concerns; there may be others among them.
///
/// # Errors
/// [`Conflict`]: nothing is to be written.
pub fn apply(
    fact: Fact<'_>,
    rows: &Durable,
    summary: &FactSummary,
) -> Result<FactOutcome, Conflict> {
    Ok(match fact {
        Fact::Record(record) => {
            record.check(rows, summary.spent)?;
            FactOutcome { writes: record.writes(rows), changed: true }
        }
        Fact::Change(change) => change.outcome(rows, summary.has_ended),
        Fact::Issue(token) => FactOutcome::of(vec![Write::Token(Box::new(token.clone()))]),
        Fact::RotateKey(rotation) => {
            FactOutcome::of(vec![Write::Keys(rotation.apply(&rows.keys, summary.last_end))])
        }
        Fact::Accept(acceptance) => FactOutcome::of(acceptance.writes(rows)),
    })
}
