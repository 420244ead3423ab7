//! The questions of links and of the hub, by who answers them; and what passes between a link and
//! the hub's lock.
//!
//! ```text
//!   link ──Question::Hub(LinkAsk)──────────────► the hub, under its lock ──┐
//!     ▲  ──Question::{Record, Keep, Held}──────► its end's storage ────────┤
//!     └──────────────────────────── Answer ◄───────────────────────────────┘
//!   hub ──StoreAsk──► its storage ──Result<Stored, Cannot>──► hub
//! ```
//!
//! A link never waits: it raises `Event::Ask` with a [`Question`], goes on holding its state, and
//! continues when the shell brings the [`Answer`]. If a fact cannot be recorded, the answer is
//! [`Answer::Refused`].
//!
//! [`Memory`] answers for durable storage and forgets when the process ends: for tests, and for
//! peers that want to forget.

mod claim;
#[cfg(test)]
pub(crate) mod issuing;
mod memory;

pub use claim::{Certified, Claim, Evidence, Grant, Issues, Later, Renewal, Reservation};
pub use memory::Memory;

use core::fmt;

use zeroize::Zeroizing;

use crate::arrival::{Arrival, ProxyPath, TurnedAway};
use crate::code::Code;
use crate::facts::{Change, Conflict, FactRecord, KeyRecord, Mint, TokenRecord};
use crate::id::SecretNumber;
use crate::trust::{Entry, SeenStart};
use crate::wire::frame::Issued;

/// A question's number on its link. An answer to a link that ended, or to another question than
/// the open one, changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(pub u64);

/// What a link needs to know or to have done before it goes on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Question {
    /// To the hub: [`Hub::answer`](crate::hub::Hub::answer) has the answer.
    Hub(LinkAsk),
    /// To a hub's storage: what has to be on the disk before a session begins, or goes on.
    Record(FactRecord),
    /// To a peer's storage: keep what is known of the hub, and what the hub minted.
    Store(Box<PeerUpdate>),
    /// To a peer's storage: which credentials are kept at this moment, for a Refresh. A peer's
    /// other programs get no new ones until Keep was answered, this is asked again, or the link is
    /// over.
    Load,
}

impl From<LinkAsk> for Question {
    fn from(ask: LinkAsk) -> Self {
        Self::Hub(ask)
    }
}

/// What a link asks the hub, under its lock.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkAsk {
    /// May a connection go on to Hello?
    Arrive(Arrival),
    /// May this proved peer have a session, and is there room? Room stays reserved until the link
    /// is committed or gone.
    Reserve(Box<Claim>),
    /// The session begins.
    Commit(Box<Reservation>),
    /// May this session have new credentials?
    Renew(Renewal),
    /// The session goes on with new credentials.
    Renewed(Box<Grant>),
}

/// What the hub answers to a [`LinkAsk`]; a [`AskRefusal`] in its place: no, and why.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkAnswer {
    /// To Arrive: it may go on, and this is how it came.
    Arrived(ProxyPath),
    /// To Arrive: it may not, and why.
    TurnedAway(TurnedAway),
    /// To Reserve and Renew.
    Reserved(Box<Grant>),
    /// To Reserve: who claims this is proved, and what it shows of a later start of this hub is to
    /// be looked at; then it has to be asked for again.
    LookAtLater,
    /// To Commit and Renewed: the session is routable from here on, or goes on.
    Committed,
    /// To Commit and Renewed: what was reserved no longer holds; it has to be asked for again.
    Stale,
}

/// What a hub has its storage do, on behalf of a call or of nobody.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StoreAsk {
    /// Another shared secret, which has this number here. The one before it admits for so many
    /// seconds more.
    Rotate {
        /// The number.
        number: SecretNumber,
        /// The grace; none where the secret before ends at once.
        grace: Option<u64>,
    },
    /// A join token is to be made and its record kept.
    Issue(Box<Mint>),
    /// Another token-signing key. The one before it verifies what it signed until the last of that
    /// has ended; where `now`, none of the keys before it verifies anything any more.
    RotateKeys {
        /// Whether the keys before end at once.
        now: bool,
    },
    /// A change of what is recorded.
    Change(Change),
}

/// What was done at a [`StoreAsk`].
#[derive(Clone, Debug, PartialEq)]
pub enum Stored {
    /// To Rotate: it is on the disk, and links that begin from here on have it.
    Rotated(Rotated),
    /// To Issue: its record is on the disk, and this is the token.
    Issued(Box<TokenRecord>, TokenText),
    /// To RotateKeys: it is on the disk, and links that begin from here on have these keys.
    KeysRotated(Vec<KeyRecord>),
    /// To Change: it is on the disk; whether there was anything to change.
    Changed(bool),
}

/// Why something that a hub asked for is not done; nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cannot {
    /// What the caller is told.
    pub code: Code,
    /// The reason, for a person; none where the code says enough.
    pub reason: Option<String>,
}

impl Cannot {
    /// With a reason for a person.
    pub fn because(code: Code, reason: impl ToString) -> Self {
        Self { code, reason: Some(reason.to_string()) }
    }
}

impl From<Code> for Cannot {
    fn from(code: Code) -> Self {
        Self { code, reason: None }
    }
}

impl From<Conflict> for Cannot {
    fn from(conflict: Conflict) -> Self {
        conflict.code().into()
    }
}

/// What a peer keeps before a session begins, or goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct PeerUpdate {
    /// What is known of the hub; none where nothing of it changed.
    pub entry: Option<Entry>,
    /// The Hello of a later start than any before, which goes with the entry; none where it is not.
    pub seen: Option<SeenStart>,
    /// What the hub minted; none where it minted nothing.
    pub issued: Option<Issued>,
}

/// The answer to a [`Question`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// The hub's.
    Hub(LinkAnswer),
    /// To Record: it is on the disk.
    Recorded,
    /// To Keep: it is on the disk.
    Stored,
    /// To Held: these; none where nothing is kept but what the link was given.
    Loaded(Option<Box<Issued>>),
    /// To any: no, and why.
    Refused(AskRefusal),
}

impl From<LinkAnswer> for Answer {
    fn from(answer: LinkAnswer) -> Self {
        Self::Hub(answer)
    }
}

impl From<Result<LinkAnswer, AskRefusal>> for Answer {
    fn from(answer: Result<LinkAnswer, AskRefusal>) -> Self {
        answer.map_or_else(Self::Refused, Self::Hub)
    }
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskRefusal {
    /// What the remote is told.
    pub code: Code,
    /// Seconds after which another try makes sense.
    pub retry_after: Option<u64>,
    /// What the remote is told in the place of what the code means, where that says too little.
    pub said: Option<&'static str>,
}

impl From<Code> for AskRefusal {
    fn from(code: Code) -> Self {
        Self { code, retry_after: None, said: None }
    }
}

impl From<Conflict> for AskRefusal {
    fn from(conflict: Conflict) -> Self {
        conflict.code().into()
    }
}

impl AskRefusal {
    /// A no that may be a yes after so many seconds.
    #[must_use]
    pub fn later(code: Code, retry_after: Option<u64>) -> Self {
        Self { code, retry_after, said: None }
    }
}

/// A shared secret that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The file that holds the secret from here on.
    pub file: String,
    /// When the one before it ends, seconds since 1970; none where it has.
    pub old_until: Option<u64>,
}

/// Text that lets its holder in: it is not printed, and its memory is cleared.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenText(pub Zeroizing<String>);

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}
