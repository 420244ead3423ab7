//! The questions that the core asks durable storage and the hub's lock, and their answers.
//!
//! A link never waits: it raises `Event::Ask` with a [`Question`], goes on holding its state, and
//! continues when the shell brings the [`Answer`]. Arrive, Reserve and Commit are answered by the
//! [`Hub`](crate::hub::Hub) under its lock, Record and Keep by durable storage. If a fact cannot be
//! recorded, the answer is [`Answer::No`].
//!
//! [`Memory`] answers Record and Keep from memory alone: for tests, and for peers that want to
//! forget.

use std::collections::BTreeMap;

use crate::arrival::{Arrival, TurnedAway, Way};
use crate::capability::Capabilities;
use crate::code::Code;
use crate::id::{PeerId, PublicKey, SecretNumber, SessionId};
use crate::trust::Entry;
use crate::wire::frame::{Method, Purpose};

/// A question's number on its link. An answer to a link that ended, or to another question than
/// the open one, changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(pub u64);

/// What a link needs to know or to have done before it goes on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Question {
    /// Hub, under the lock: may a connection go on to Hello?
    Arrive(Arrival),
    /// Hub, under the lock: may this proved peer have a session, and is there room? Room stays
    /// reserved until the link is committed or gone.
    Reserve(Box<Claim>),
    /// Hub, durably: bind this id to this key, or note that it serves.
    Record(Binding),
    /// Hub, under the lock: the session begins.
    Commit(Box<Reservation>),
    /// Peer, durably: keep what is known of the hub.
    Keep(Entry),
    /// Hub, durably: this id is bound to no key any more.
    Forget(PeerId),
    /// Hub, durably: another shared secret, which has this number here. The one before it admits
    /// for so many seconds more.
    Rotate {
        /// The number.
        number: SecretNumber,
        /// The grace; none where the secret before ends at once.
        grace: Option<u64>,
    },
}

/// The answer to a [`Question`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// To Arrive: it may go on, and this is how it came.
    Arrived(Way),
    /// To Arrive: it may not, and why.
    TurnedAway(TurnedAway),
    /// To Reserve.
    Reserved(Box<Grant>),
    /// To Record: it is on the disk.
    Recorded,
    /// To Commit: the session is routable from here on.
    Committed,
    /// To Commit: what was reserved no longer holds; it has to be asked for again.
    Stale,
    /// To Keep: it is on the disk.
    Kept,
    /// To Forget: the id is free on the disk; whether it was bound there.
    Forgotten(bool),
    /// To Rotate: it is on the disk, and links that begin from here on have it.
    Rotated(Rotated),
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
}

impl From<Code> for No {
    fn from(code: Code) -> Self {
        Self { code, retry_after: None }
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

/// Who asks for a session; every proof has been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// How it was proved.
    pub method: Method,
    /// What the session is for.
    pub purpose: Purpose,
    /// The id and the key whose possession was proved; none for `open`.
    pub identity: Option<(PeerId, PublicKey)>,
    /// The shared secret that proved it; none for `open`.
    pub secret: Option<SecretNumber>,
    /// The program and its version.
    pub agent: String,
    /// The peer's own labels.
    pub labels: BTreeMap<String, String>,
}

/// What the hub grants.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// The id claimed, or the one assigned.
    pub peer: PeerId,
    /// What the session may do.
    pub capabilities: Capabilities,
    /// When the session ends, seconds since 1970.
    pub expires: Option<u64>,
    /// What has to be recorded before the session may begin.
    pub record: Option<Binding>,
    /// The hub's revocation epoch at which all this held.
    pub epoch: u64,
}

/// A peer's id, bound to its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The id.
    pub peer: PeerId,
    /// The only key that may use it.
    pub key: PublicKey,
    /// How it was first admitted.
    pub method: Method,
    /// When, seconds since 1970.
    pub first_seen: u64,
    /// Whether it has ever served, and so is listed while it is away.
    pub serves: bool,
}

/// A session about to begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Reservation {
    /// Who it is.
    pub claim: Claim,
    /// What was granted.
    pub grant: Grant,
    /// The session's id.
    pub session: SessionId,
}

/// A ledger that forgets when the process ends.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    peers: BTreeMap<PeerId, Binding>,
    entry: Option<Entry>,
}

impl Memory {
    /// Answers Record, Keep and Forget; `None` for questions that are the hub's.
    pub fn answer(&mut self, question: &Question) -> Option<Answer> {
        match question {
            Question::Record(binding) => Some(self.record(*binding)),
            Question::Keep(entry) => {
                self.entry = Some(*entry);
                Some(Answer::Kept)
            }
            Question::Forget(peer) => Some(Answer::Forgotten(self.peers.remove(peer).is_some())),
            Question::Arrive(_)
            | Question::Reserve(_)
            | Question::Commit(_)
            | Question::Rotate { .. } => None,
        }
    }

    fn record(&mut self, binding: Binding) -> Answer {
        let bound = self.peers.entry(binding.peer).or_insert(binding);
        if bound.key != binding.key {
            return Answer::No(Code::IdTaken.into());
        }
        bound.serves |= binding.serves;
        Answer::Recorded
    }

    /// What has been kept of the hub.
    #[must_use]
    pub fn entry(&self) -> Option<&Entry> {
        self.entry.as_ref()
    }

    /// Every binding, in the order of the ids.
    pub fn bindings(&self) -> impl Iterator<Item = &Binding> {
        self.peers.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_bound_to_the_first_key_and_the_same_key_may_ask_again() {
        let mut memory = Memory::default();
        let binding = |key| {
            Question::Record(Binding {
                peer: "web-1".parse().unwrap(),
                key: PublicKey([key; 32]),
                method: Method::Secret,
                first_seen: 7,
                serves: true,
            })
        };
        assert_eq!(memory.answer(&binding(1)), Some(Answer::Recorded));
        assert_eq!(memory.answer(&binding(2)), Some(Answer::No(Code::IdTaken.into())));
        assert_eq!(memory.answer(&binding(1)), Some(Answer::Recorded));
        assert_eq!(memory.bindings().count(), 1);
    }
}
