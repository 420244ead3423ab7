//! A hub: who is admitted, who serves what, and where each frame goes.
//!
//! ```text
//!   link (caller) ──Call──► input ──► route ──► outbox of the target's link ──► link (target)
//!   link (caller) ◄──────── outbox ◄── route ◄──────────── Output, Result ◄──── link (target)
//! ```
//!
//! One `Hub` is shared by all links of a hub, behind the shell's lock, which is held for map
//! operations only: proofs were checked by the link, bytes are copied once, into the target's
//! [`Outbox`], and nothing here ever waits. A full outbox refuses the call.
//!
//! **After every input, drain: [`Hub::poll_wake`] until `None`, each time telling that link's task
//! to take its outbox; [`Hub::poll_ask`] until `None`, each question to be put to durable storage;
//! events until `None`; then ask for the timeout, and whether there is [`Hub::work`].**
//!
//! The hub does not know [`Link`](crate::link::Link): the shell carries frames, questions and
//! outboxes between them.

mod admit;
mod asks;
mod book;
mod control;
mod deadlines;
mod door;
mod drain;
mod ending;
mod enrol;
mod epoch;
mod event;
mod facts;
mod fanout;
mod grant;
mod job;
mod labels;
mod operator;
mod outbox;
mod pace;
mod purge;
mod record;
mod registry;
mod reload;
mod restored;
mod revoke;
mod route;
mod routes;
mod secrets;
#[cfg(test)]
mod tests;
mod tokens;

pub use crate::source::Source;
pub use control::GRACE;
pub use event::HubEvent;
pub use facts::Facts;
pub use outbox::Outbox;
pub use restored::RESTORED_SAID;

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use crate::capability::{Capabilities, Role};
use crate::code::Code;
use crate::id::{CallId, LinkId, PeerId, SecretNumber, SessionId};
use crate::ledger::{Answer, Durable, Question, Restored};
use crate::limits::Limits;
use crate::network::Network;
use crate::time::{Mono, Now};
use crate::wire::Frame;
use crate::wire::frame::{CallResult, Purpose, Register};

use asks::Asks;
use book::Book;
use deadlines::{Deadlines, Timed};
use door::{Away, Door, Summary};
use drain::Drain;
use epoch::Epochs;
use job::Feeding;
use labels::Labels;
use pace::Pace;
use registry::Registry;
use routes::{Back, Made, Routes};
use secrets::Held;
use tokens::Tokens;

/// What a hub is told at its start.
#[derive(Clone, Debug, Default)]
pub struct HubConfig {
    /// The bounds.
    pub limits: Limits,
    /// What sessions admitted by the shared secret, or with none at all, may do.
    pub secret_role: Role,
    /// Whether labels that peers give themselves make them targets, beside those that their tokens
    /// give them.
    pub self_labels: bool,
    /// Sources that may connect; all where there is none.
    pub allow_ips: Vec<Network>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// How often the hub has started: calls are named by it and a number.
    pub generation: u64,
    /// How long what the hub mints holds.
    pub lives: Lives,
}

/// How long what a hub mints for its peers holds, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lives {
    /// A peer's certificate (24 h).
    pub certificate: u64,
    /// A refresh token (90 d).
    pub refresh: u64,
    /// How far clocks may differ (60 s).
    pub skew: u64,
}

impl Default for Lives {
    fn default() -> Self {
        let day = 24 * 60 * 60;
        Self { certificate: day, refresh: 90 * day, skew: 60 }
    }
}

/// The state that all links of a hub share.
#[derive(Debug)]
pub struct Hub {
    config: HubConfig,
    facts: Option<Facts>,
    registry: Registry,
    door: Door,
    pace: Pace,
    links: BTreeMap<LinkId, Standing>,
    next_link: u64,
    /// For ids of peers that have none.
    next_guest: u64,
    epochs: Epochs,
    /// The latest time that came in, seconds since 1970.
    unix: u64,
    book: Book,
    secrets: Held,
    tokens: Tokens,
    /// The last issue of a certificate that was drawn.
    issues: u32,
    /// That the storage is older than the hub.
    restored: Option<Restored>,
    deadlines: Deadlines,
    asks: Asks,
    /// It stops.
    drain: Option<Drain>,
    wakes: VecDeque<LinkId>,
    events: VecDeque<HubEvent>,
}

/// How far a link has come.
#[derive(Debug)]
enum Standing {
    /// To be told why, and never admitted.
    TurnedAway(Away),
    /// From this trusted proxy; its own source is not known yet.
    Carried(Source),
    /// Not admitted yet.
    Pending(Source),
    /// Room is held for it, and for its id where that would be bound anew.
    Reserved(Source, Option<PeerId>),
    /// In its session.
    Live(Box<Live>),
}

/// A session, as the hub sees it.
#[derive(Debug)]
struct Live {
    source: Source,
    peer: PeerId,
    session: SessionId,
    purpose: Purpose,
    /// The shared secret that it was admitted by.
    secret: Option<SecretNumber>,
    capabilities: Capabilities,
    agent: String,
    /// The labels that the peer gives itself.
    claimed: Labels,
    /// Seconds since 1970.
    since: u64,
    round_trip: Option<Duration>,
    /// Its peer said Goaway.
    left: bool,
    /// What it serves; none until its first Register.
    serves: Option<Register>,
    outbox: Outbox,
    /// Calls that it made, by its ids.
    made: Routes<Made>,
    /// Calls that it runs, by the ids that the hub gave them.
    runs: Routes<Back>,
    next_call: CallId,
    /// Output credit that its calls hold, in bytes.
    credit: u64,
    /// Input of its calls for several peers.
    feeding: Feeding,
}

impl From<Summary> for HubEvent {
    fn from(Summary { source, why, count }: Summary) -> Self {
        Self::TurnedAway { source, why, count }
    }
}

impl Hub {
    /// A hub that knows this from before.
    #[must_use]
    pub fn new(config: HubConfig, known: Durable) -> Self {
        Self {
            book: Book::new(&config.limits),
            door: Door::new(&config),
            pace: Pace::new(config.limits.admissions_per_second),
            config,
            facts: None,
            registry: Registry::new(known.peers),
            links: BTreeMap::new(),
            next_link: 1,
            next_guest: 1,
            epochs: Epochs::default(),
            unix: 0,
            secrets: Held::default(),
            tokens: Tokens::new(known.tokens, known.keys, known.floor),
            issues: known.issues,
            restored: known.restored,
            deadlines: Deadlines::default(),
            asks: Asks::default(),
            drain: None,
            wakes: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// What `status` says of the set-up, in place of what was told before.
    pub fn set_facts(&mut self, facts: Facts) {
        self.facts = Some(facts);
    }

    /// The local socket is at another place from here on.
    pub fn set_control(&mut self, control: Option<String>) {
        if let Some(facts) = &mut self.facts {
            facts.control = control;
        }
    }

    /// Answers Arrive, Reserve, Commit, Renew and Renewed; `None` for questions that are the ledger's. Call it
    /// under the same lock as everything else.
    #[must_use]
    pub fn answer(&mut self, link: LinkId, question: &Question, now: Now) -> Option<Answer> {
        self.unix = now.unix;
        self.look_at_secrets(now);
        match question {
            Question::Arrive(arrival) => Some(self.arrived(link, arrival, now)),
            Question::Reserve(claim) => Some(self.reserve(link, claim, now)),
            Question::Commit(reservation) => Some(self.commit(link, reservation, now)),
            Question::Renew(renewal) => Some(self.renew(link, renewal, now)),
            Question::Renewed(grant) => Some(self.renewed(link, grant)),
            Question::Record(_)
            | Question::Keep(_)
            | Question::Held
            | Question::Rotate { .. }
            | Question::Issue(_)
            | Question::RotateKeys { .. }
            | Question::Change(_) => None,
        }
    }

    /// Takes one frame of an admitted link, as its `Event::Frame` told it.
    pub fn input(&mut self, link: LinkId, frame: &Frame<'_>, now: Now) {
        self.unix = now.unix;
        self.look_at_secrets(now);
        if self.is_cut(link) {
            return;
        }
        match frame {
            Frame::Register(register) => self.register(link, register),
            Frame::Call(call) => self.call(link, call, now),
            Frame::Output(output) => self.output(link, output),
            Frame::Result(result) => self.result(link, result),
            Frame::Window(window) => self.window(link, *window),
            Frame::Input(input) => self.feed(link, input),
            Frame::Cancel(cancel) => self.cancel(link, cancel),
            Frame::Goaway(_) => self.peer_leaves(link),
            // The session's own, or never sent to a hub: `session/direction.rs`.
            Frame::Hello(_)
            | Frame::Authenticate(_)
            | Frame::Welcome(_)
            | Frame::Refuse(_)
            | Frame::Ping(_)
            | Frame::Pong(_)
            | Frame::Registered(_)
            | Frame::Accepted(_)
            | Frame::Done(_)
            | Frame::Refresh(_)
            | Frame::Refreshed(_)
            | Frame::Deny(_)
            | Frame::Unknown(_) => {}
        }
        if let Some(drain) = &mut self.drain {
            drain.touch(link);
        }
        self.settle_drain();
    }

    /// A heartbeat of this link was answered after so long.
    pub fn round_trip(&mut self, link: LinkId, took: Duration) {
        if let Some(live) = self.live_mut(link) {
            live.round_trip = Some(took);
        }
    }

    /// Swaps a link's outbox with an empty one, and says whether it is to be closed afterwards.
    /// What `into` still holds goes first: nothing is swapped before it is empty, so ask again
    /// when it is, without waiting for a wake. The code comes with the last of the frames.
    pub fn take_outbox(&mut self, link: LinkId, into: &mut Outbox) -> Option<Code> {
        let live = self.live_mut(link)?;
        if into.is_empty() {
            live.outbox.swap(into);
        }
        if live.outbox.is_empty() { live.outbox.closing() } else { None }
    }

    /// A link whose outbox went from empty to non-empty. Call until `None` after every input.
    #[must_use]
    pub fn poll_wake(&mut self) -> Option<LinkId> {
        self.wakes.pop_front()
    }

    /// What happened. Call until `None` after every input.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<HubEvent> {
        self.events.pop_front()
    }

    /// The next deadline of a call, of a summary, of an old secret, or of a hub that stops, or when it is
    /// looked for tokens that have ended. It may have changed after any input.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Mono> {
        let calls = [self.deadlines.next(), self.door.due(), self.drain_due()];
        let credentials = [self.secrets.ends(), self.tokens.due()];
        calls.into_iter().chain(credentials).flatten().min()
    }

    /// Time has passed: calls whose peers did not answer in time end, who was turned away is told, an
    /// old secret admits no more, tokens that have ended are forgotten, and a hub that stops ends what
    /// is open. Idempotent.
    pub fn handle_timeout(&mut self, now: Now) {
        self.unix = now.unix;
        self.look_at_secrets(now);
        while let Some(timed) = self.deadlines.expire(now.mono) {
            match timed {
                Timed::Call(link, id) => self.deadline_passed(link, id),
                Timed::Job(number) => self.stop_job(number, Code::Deadline),
            }
        }
        self.look_at_drain(now);
        self.settle_drain();
        for summary in self.door.summaries(now) {
            self.events.push_back(summary.into());
        }
        self.purge_tokens(now);
    }

    /// Tells what was counted of those who were turned away and not told yet: the hub stops.
    pub fn summarise(&mut self) {
        for summary in self.door.rest() {
            self.events.push_back(summary.into());
        }
    }

    fn register(&mut self, link: LinkId, register: &Register) {
        let Some(live) = self.live_mut(link) else { return };
        live.serves = Some(register.clone());
        let (peer, commands) = (live.peer, register.commands.len());
        self.events.push_back(HubEvent::Ready { peer, commands });
        let registered = crate::wire::frame::Registered { count: commands as u64 };
        if !self.push(link, &Frame::Registered(registered)) {
            self.close(link, Code::Overload);
        }
    }

    /// Puts a frame into a link's outbox; `false` where there is no room or no such session.
    fn push(&mut self, link: LinkId, frame: &Frame<'_>) -> bool {
        self.put(link, |outbox, limits| outbox.push(frame, limits))
    }

    /// As [`Hub::push`], for the result of one peer that does not end its call.
    fn push_part(&mut self, link: LinkId, result: &CallResult<'_>) -> bool {
        self.put(link, |outbox, limits| outbox.push_part(result, limits))
    }

    fn put(&mut self, link: LinkId, push: impl FnOnce(&mut Outbox, &Limits) -> bool) -> bool {
        let limits = &self.config.limits;
        let Some(Standing::Live(live)) = self.links.get_mut(&link) else { return false };
        if let Some(drain) = &mut self.drain {
            drain.touch(link);
        }
        let idle = live.outbox.is_idle();
        let taken = push(&mut live.outbox, limits);
        if idle && taken {
            self.wakes.push_back(link);
        }
        taken
    }

    fn live(&self, link: LinkId) -> Option<&Live> {
        match self.links.get(&link)? {
            Standing::Live(live) => Some(live),
            Standing::TurnedAway(_)
            | Standing::Carried(_)
            | Standing::Pending(_)
            | Standing::Reserved(..) => None,
        }
    }

    fn live_mut(&mut self, link: LinkId) -> Option<&mut Live> {
        match self.links.get_mut(&link)? {
            Standing::Live(live) => Some(live),
            Standing::TurnedAway(_)
            | Standing::Carried(_)
            | Standing::Pending(_)
            | Standing::Reserved(..) => None,
        }
    }
}
