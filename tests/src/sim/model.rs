//! The reference model: what may be seen in a world, told by what really happened.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::time::Duration;

use bowline_core::code::Code;
use bowline_core::id::{HubId, Jti, PeerId, PublicKey};
use bowline_core::time::Mono;
use bowline_core::wire::frame::Status;

use crate::sim::line::Line;
use crate::sim::program::Token;

/// Something that must never happen, and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(pub String);

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Violation {
    /// The part that names the rule, without what differs from run to run.
    #[must_use]
    pub fn rule(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }
}

/// What a check gives.
pub type Checked = Result<(), Violation>;

/// Fails with a rule and what was seen.
pub fn violated<T>(rule: &str, seen: impl fmt::Debug) -> Result<T, Violation> {
    Err(Violation(format!("{rule}: {seen:?}")))
}

/// With waits that double from half a second to half a minute, and any part of them, hardly more
/// than a dozen dials fit into a minute.
const DIALS: usize = 40;
const DIALS_WITHIN: Duration = Duration::from_secs(60);

/// What a hub waits beyond a deadline, and what a network may hold up the news.
const NEWS: Duration = Duration::from_secs(10 + 70);

/// Whom a call is for.
#[derive(Clone, Debug)]
pub enum Goal {
    /// One peer.
    One(PeerId),
    /// Any of these, as the hub finds them.
    Some(BTreeSet<PeerId>),
}

/// The life of one call.
#[derive(Clone, Debug)]
pub struct Call {
    goal: Goal,
    /// Whether the hub keeps it, and its caller is told no more than its number.
    detached: bool,
    made: Mono,
    within: Duration,
    cancelled: bool,
    legs: BTreeMap<PeerId, Leg>,
    /// What its caller was told of it as a whole.
    told: Option<Told>,
    /// Links that had ended when it was made.
    ends_before: u64,
}

/// One peer's part in a call.
#[derive(Clone, Debug, Default)]
struct Leg {
    /// How often it was begun.
    started: usize,
    /// How it ended where it ran, and what it wrote.
    ran: Option<(Status, [u64; 2])>,
    /// What the caller was told.
    told: Option<Status>,
}

/// How a call ended for its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// With one status.
    Status(Status),
    /// With counts: answered, failed, missing.
    Counts([u64; 3]),
}

/// All that is known of a world.
#[derive(Debug)]
pub struct Model {
    /// The hub that is meant.
    hub: HubId,
    /// The only key that may have an id.
    bound: BTreeMap<PeerId, PublicKey>,
    /// Keys of those who do not know the secret.
    barred: BTreeSet<PeerId>,
    /// Dials of each peer since it was last admitted.
    dials: BTreeMap<PublicKey, VecDeque<Mono>>,
    /// Keys that were admitted by each join token.
    joined: BTreeMap<Jti, BTreeSet<PublicKey>>,
    /// Sessions that began by a join token, and those that got new credentials.
    joins: usize,
    renewed: usize,
    /// What is true of the ledger.
    pub line: Line,
    calls: BTreeMap<Token, Call>,
    next: u64,
    /// Links that have ended.
    ends: u64,
}

/// What the hub's ledger has made so, and forgets where it is put back.
#[derive(Clone, Debug)]
pub struct Facts {
    bound: BTreeMap<PeerId, PublicKey>,
    joined: BTreeMap<Jti, BTreeSet<PublicKey>>,
}

impl Model {
    /// A world in which nothing has happened.
    #[must_use]
    pub fn new(hub: HubId) -> Self {
        Self {
            hub,
            bound: BTreeMap::new(),
            barred: BTreeSet::new(),
            dials: BTreeMap::new(),
            joined: BTreeMap::new(),
            joins: 0,
            renewed: 0,
            line: Line::default(),
            calls: BTreeMap::new(),
            next: 1,
            ends: 0,
        }
    }

    /// This peer knows no secret, and must never be let in.
    pub fn bar(&mut self, peer: PeerId) {
        self.barred.insert(peer);
    }

    /// A peer dials, or is admitted.
    ///
    /// # Errors
    /// It dialled too often: an admission gives no leave, for a hub may admit and close at once.
    pub fn dials(&mut self, key: PublicKey, now: Mono) -> Checked {
        let dials = self.dials.entry(key).or_default();
        dials.push_back(now);
        while dials.front().is_some_and(|&at| at.after(DIALS_WITHIN) < now) {
            dials.pop_front();
        }
        if dials.len() > DIALS {
            return violated("a peer dials in a tight loop", dials.len());
        }
        Ok(())
    }

    /// A session began at the hub.
    ///
    /// # Errors
    /// It should not have, or another key had the id.
    pub fn admitted(&mut self, peer: PeerId, key: PublicKey) -> Checked {
        if self.barred.contains(&peer) {
            return violated("a peer was let in that knows no secret", peer);
        }
        let first = *self.bound.entry(peer).or_insert(key);
        if first != key {
            return violated("an id has two keys", peer);
        }
        Ok(())
    }

    /// A session begins at the hub by a join token for so many keys.
    ///
    /// # Errors
    /// More keys than may have used it.
    pub fn joined(&mut self, token: Jti, uses: u32, key: PublicKey) -> Checked {
        self.joins += 1;
        let keys = self.joined.entry(token).or_default();
        keys.insert(key);
        if keys.len() > uses as usize {
            return violated("a join token served more keys than it may", (token, keys.len()));
        }
        Ok(())
    }

    /// What a copy of the ledger holds.
    #[must_use]
    pub fn facts(&self) -> Facts {
        Facts { bound: self.bound.clone(), joined: self.joined.clone() }
    }

    /// A copy of the ledger takes its place.
    pub fn put_back(&mut self, facts: &Facts) {
        self.bound.clone_from(&facts.bound);
        self.joined.clone_from(&facts.joined);
    }

    /// A session got new credentials.
    pub fn renewed(&mut self) {
        self.renewed += 1;
    }

    /// Sessions that began by a join token, and those that got new credentials.
    #[must_use]
    pub fn joins(&self) -> (usize, usize) {
        (self.joins, self.renewed)
    }

    /// How many keys a join token admitted.
    #[must_use]
    pub fn keys_of(&self, token: Jti) -> usize {
        self.joined.get(&token).map_or(0, BTreeSet::len)
    }

    /// The key that an id is bound to.
    #[must_use]
    pub fn key_of(&self, peer: PeerId) -> Option<PublicKey> {
        self.bound.get(&peer).copied()
    }

    /// A peer keeps or uses this identity.
    ///
    /// # Errors
    /// It is not the hub's.
    pub fn trusts(&self, hub: HubId) -> Checked {
        if hub != self.hub {
            return violated("a hub was trusted that proved nothing", hub);
        }
        Ok(())
    }

    /// A link is over.
    pub fn link_ended(&mut self) {
        self.ends += 1;
    }

    /// A call is made.
    pub fn call(&mut self, goal: Goal, detached: bool, made: Mono, within: Duration) -> Token {
        let token = Token(self.next);
        self.next += 1;
        let call = Call {
            goal,
            detached,
            made,
            within,
            cancelled: false,
            legs: BTreeMap::new(),
            told: None,
            ends_before: self.ends,
        };
        self.calls.insert(token, call);
        token
    }

    /// A call's caller cancelled it.
    pub fn cancel(&mut self, token: Token) {
        if let Some(call) = self.calls.get_mut(&token) {
            call.cancelled = true;
        }
    }

    /// A call begins to run.
    ///
    /// # Errors
    /// Nobody made it, it runs elsewhere, or it ran there before.
    pub fn started(&mut self, token: Token, peer: PeerId) -> Checked {
        let Some(call) = self.calls.get_mut(&token) else {
            return violated("a call ran that nobody made", token);
        };
        let is_meant = match &call.goal {
            Goal::One(target) => *target == peer,
            Goal::Some(targets) => targets.contains(&peer),
        };
        let leg = call.legs.entry(peer).or_default();
        leg.started += 1;
        match (leg.started, is_meant) {
            (1, true) => Ok(()),
            (1, false) => violated("a call ran on another peer", (token, peer)),
            _ => violated("a call ran twice", (token, peer)),
        }
    }

    /// A call ended where it ran.
    pub fn ran(&mut self, token: Token, peer: PeerId, status: Status, written: [u64; 2]) {
        if let Some(call) = self.calls.get_mut(&token) {
            call.legs.entry(peer).or_default().ran = Some((status, written));
        }
    }

    /// A caller was told how a call for one peer ended, after so many bytes of output; or that a
    /// call of any kind came to nothing, or was taken by the hub.
    ///
    /// # Errors
    /// It was told before, or what it was told did not happen.
    pub fn told(&mut self, token: Token, status: Status, got: [u64; 2], now: Mono) -> Checked {
        let Some(call) = self.calls.get_mut(&token) else {
            return violated("an end of a call that nobody made", token);
        };
        if call.told.replace(Told::Status(status)).is_some() {
            return violated("a call ended twice", token);
        }
        match (call.detached, &call.goal, status) {
            (true, _, Status::Exited(0) | Status::Failed(_))
            | (false, Goal::Some(_), Status::Failed(_)) => Ok(()),
            (false, Goal::One(peer), _) => {
                let peer = *peer;
                self.told_of(token, peer, status, got, now)
            }
            _ => violated("a call has another end than it may have", (token, status)),
        }
    }

    /// A caller was told how a call ended on one of several peers.
    ///
    /// # Errors
    /// It was told before, or what it was told did not happen.
    pub fn told_of(
        &mut self,
        token: Token,
        peer: PeerId,
        status: Status,
        got: [u64; 2],
        now: Mono,
    ) -> Checked {
        let ends = self.ends;
        let Some(call) = self.calls.get_mut(&token) else {
            return violated("an end of a call that nobody made", token);
        };
        let seen = format!("{token:?} {peer} told {status:?} after {got:?}, was {call:?}");
        let leg = call.legs.entry(peer).or_default();
        if leg.told.replace(status).is_some() {
            return violated("a peer's part ended twice", seen);
        }
        if now > call.made.after(call.within).after(NEWS) {
            return violated("a call outlived its deadline", seen);
        }
        match status {
            Status::Exited(_)
            | Status::Signalled(_)
            | Status::ExitedCut(_)
            | Status::SignalledCut(_) => match leg.ran {
                Some((ran, written)) if ran == status && written == got => Ok(()),
                Some((ran, _)) if ran == status => violated("output was lost", seen),
                _ => violated("a result was made up", seen),
            },
            Status::Failed(Code::Cancelled) if call.cancelled => Ok(()),
            Status::Failed(Code::Cancelled) => violated("nobody cancelled", seen),
            Status::Failed(Code::Deadline) if now >= call.made.after(call.within) => Ok(()),
            Status::Failed(Code::Deadline) => violated("a deadline came too early", seen),
            Status::Failed(Code::Lost) if ends > call.ends_before => Ok(()),
            Status::Failed(Code::Lost) => violated("a call was lost with no link lost", seen),
            // It did not begin: the hub or the peer said so, and a call is made once.
            Status::Failed(_) if leg.started == 0 => Ok(()),
            Status::Failed(_) => violated("a call that ran was refused", seen),
        }
    }

    /// A caller was told that a call for several peers is over.
    ///
    /// # Errors
    /// It was told before, or the counts are not those of the ends that it was told.
    pub fn done(&mut self, token: Token, counts: [u64; 3]) -> Checked {
        let Some(call) = self.calls.get_mut(&token) else {
            return violated("an end of a call that nobody made", token);
        };
        if call.told.replace(Told::Counts(counts)).is_some() {
            return violated("a call ended twice", token);
        }
        let told: Vec<_> = call.legs.values().filter_map(|leg| leg.told).collect();
        let answered = told.iter().filter(|status| **status == Status::Exited(0)).count() as u64;
        if counts[0] != answered || counts.iter().sum::<u64>() != told.len() as u64 {
            return violated("counts are wrong", (token, counts, told));
        }
        match call.legs.values().find(|leg| leg.started > 0 && leg.told.is_none()) {
            Some(leg) => violated("a part of a call was forgotten", (token, leg)),
            None => Ok(()),
        }
    }

    /// A call's caller died, and will not be told.
    pub fn caller_died(&mut self, token: Token) {
        if let Some(call) = self.calls.get_mut(&token) {
            call.told = Some(Told::Status(Status::Failed(Code::Lost)));
        }
    }

    /// How many links have ended.
    #[must_use]
    pub fn ends(&self) -> u64 {
        self.ends
    }

    /// What the caller of a call was told.
    #[must_use]
    pub fn was_told(&self, token: Token) -> Option<Told> {
        self.calls.get(&token)?.told
    }

    /// What the caller of a call was told of one peer's part.
    #[must_use]
    pub fn was_told_of(&self, token: Token, peer: PeerId) -> Option<Status> {
        self.calls.get(&token)?.legs.get(&peer)?.told
    }

    /// Calls whose callers were never told anything.
    #[must_use]
    pub fn untold(&self) -> Vec<Token> {
        self.calls.iter().filter(|(_, call)| call.told.is_none()).map(|(t, _)| *t).collect()
    }

    /// How many calls were made, how many ran somewhere, and how many parts ended with an exit
    /// code.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let has_run = |call: &&Call| call.legs.values().any(|leg| leg.started > 0);
        let legs = self.calls.values().flat_map(|call| call.legs.values());
        let exited = legs.filter(|leg| matches!(leg.told, Some(Status::Exited(_)))).count();
        (self.calls.len(), self.calls.values().filter(has_run).count(), exited)
    }
}
