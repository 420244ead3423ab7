//! The questions that a link, or the hub itself, asks, and their answers; and what passes between a
//! link and the hub's lock.
//!
//! A link never waits: it raises `Event::Ask` with a [`Question`], goes on holding its state, and
//! continues when the shell brings the [`Answer`]. Arrive, Reserve, Commit, Renew and
//! Renewed are answered by the [`Hub`](crate::hub::Hub) under its lock, everything else by durable
//! storage. If a fact cannot be recorded, the answer is [`Answer::No`].
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

use crate::arrival::{Arrival, TurnedAway, Way};
use crate::code::Code;
use crate::facts::{Change, Conflict, KeyRecord, Mint, Record, TokenRecord};
use crate::id::SecretNumber;
use crate::trust::{Entry, SeenStart};
use crate::wire::frame::Issued;

/// A question's number on its link. An answer to a link that ended, or to another question than
/// the open one, changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(pub u64);

/// What a link, or the hub itself, needs to know or to have done before it goes on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Question {
    /// Hub, under the lock: may a connection go on to Hello?
    Arrive(Arrival),
    /// Hub, under the lock: may this proved peer have a session, and is there room? Room stays
    /// reserved until the link is committed or gone.
    Reserve(Box<Claim>),
    /// Hub, under the lock: may this session have new credentials?
    Renew(Renewal),
    /// Hub, durably: what has to be on the disk before a session begins, or goes on.
    Record(Record),
    /// Hub, under the lock: the session begins.
    Commit(Box<Reservation>),
    /// Hub, under the lock: the session goes on with new credentials.
    Renewed(Box<Grant>),
    /// Peer, durably: keep what is known of the hub, and what the hub minted.
    Keep(Box<Kept>),
    /// Peer, durably: which credentials are kept at this moment, for a Refresh. A peer's other
    /// programs get no new ones until Keep was answered, this is asked again, or the link is over.
    Held,
    /// Hub, durably: another shared secret, which has this number here. The one before it admits
    /// for so many seconds more.
    Rotate {
        /// The number.
        number: SecretNumber,
        /// The grace; none where the secret before ends at once.
        grace: Option<u64>,
    },
    /// Hub, durably: a join token is to be made and its record kept.
    Issue(Box<Mint>),
    /// Hub, durably: another token-signing key. The one before it verifies what it signed until the
    /// last of that has ended; where `now`, none of the keys before it verifies anything any more.
    RotateKeys {
        /// Whether the keys before end at once.
        now: bool,
    },
    /// Hub, durably: a change of what is recorded.
    Change(Change),
}

/// What a peer keeps before a session begins, or goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
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
    /// To Arrive: it may go on, and this is how it came.
    Arrived(Way),
    /// To Arrive: it may not, and why.
    TurnedAway(TurnedAway),
    /// To Reserve and Renew.
    Reserved(Box<Grant>),
    /// To Record: it is on the disk.
    Recorded,
    /// To Reserve: who claims this is proved, and what it shows of a later start of this hub is to
    /// be looked at; then it has to be asked for again.
    LookAtLater,
    /// To Commit and Renewed: the session is routable from here on, or goes on.
    Committed,
    /// To Commit and Renewed: what was reserved no longer holds; it has to be asked for again.
    Stale,
    /// To Keep: it is on the disk.
    Kept,
    /// To Held: these; none where nothing is kept but what the link was given.
    Held(Option<Box<Issued>>),
    /// To Rotate: it is on the disk, and links that begin from here on have it.
    Rotated(Rotated),
    /// To Issue: its record is on the disk, and this is the token.
    Issued(Box<TokenRecord>, Secret),
    /// To RotateKeys: it is on the disk, and links that begin from here on have these keys.
    KeysRotated(Vec<KeyRecord>),
    /// To Change: it is on the disk; whether there was anything to change.
    Changed(bool),
    /// To a question of the hub's own: it cannot be done, and nothing has changed.
    Cannot {
        /// What the caller is told.
        code: Code,
        /// Why, for a person.
        reason: String,
    },
    /// To any: no, and why.
    No(No),
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct No {
    /// What the remote is told.
    pub code: Code,
    /// Seconds after which another try makes sense.
    pub retry_after: Option<u64>,
    /// What the remote is told in the place of what the code means, where that says too little.
    pub said: Option<&'static str>,
}

impl From<Code> for No {
    fn from(code: Code) -> Self {
        Self { code, retry_after: None, said: None }
    }
}

impl From<Conflict> for No {
    fn from(conflict: Conflict) -> Self {
        conflict.code().into()
    }
}

impl No {
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
pub struct Secret(pub Zeroizing<String>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}
