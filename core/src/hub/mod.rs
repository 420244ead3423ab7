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

mod asks;
mod calls;
mod config;
mod control;
mod drain;
mod effects;
mod event;
mod facts;
mod links;
mod members;
mod outbox;
mod preauth;
mod reload;
#[cfg(test)]
mod tests;

pub use crate::source::Source;
pub use config::{HubConfig, Lives};
pub use control::GRACE;
pub use event::HubEvent;
pub use facts::Facts;
pub use members::restored::RESTORED_SAID;
pub use outbox::Outbox;

use core::time::Duration;

use crate::code::Code;
use crate::id::LinkId;
use crate::ledger::{Answer, Durable, Question};
use crate::time::{Mono, Now};
use crate::wire::Frame;
use crate::wire::frame::Register;

use asks::Asks;
use calls::deadlines::Timed;
use calls::{Calls, LinkCalls};
use drain::Drain;
use effects::Effects;
use links::{Links, Live, Standing};
use members::Members;
use preauth::{Preauth, Summary};

/// The state that all links of a hub share: its parts, and what leaves it.
#[derive(Debug)]
pub struct Hub {
    config: HubConfig,
    facts: Option<Facts>,
    links: Links,
    preauth: Preauth,
    members: Members,
    calls: Calls,
    asks: Asks,
    /// It stops.
    drain: Option<Drain>,
    effects: Effects,
    /// The latest time that came in, seconds since 1970.
    unix: u64,
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
            facts: None,
            links: Links::default(),
            preauth: Preauth::new(&config),
            members: Members::new(known),
            calls: Calls::new(&config.limits),
            asks: Asks::default(),
            drain: None,
            effects: Effects::new(&config.limits),
            unix: 0,
            config,
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
        self.effects.touch(link);
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
        self.effects.take_outbox(link, into)
    }

    /// A link whose outbox went from empty to non-empty. Call until `None` after every input.
    #[must_use]
    pub fn poll_wake(&mut self) -> Option<LinkId> {
        self.effects.poll_wake()
    }

    /// What happened. Call until `None` after every input.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<HubEvent> {
        self.effects.poll_event()
    }

    /// The next deadline of a call, of a summary, of an old secret, or of a hub that stops, or when it is
    /// looked for tokens that have ended. It may have changed after any input.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Mono> {
        let calls = [self.calls.deadlines.next(), self.preauth.due(), self.drain_due()];
        let credentials = [self.members.secrets.ends(), self.members.tokens.due()];
        calls.into_iter().chain(credentials).flatten().min()
    }

    /// Time has passed: calls whose peers did not answer in time end, who was turned away is told, an
    /// old secret admits no more, tokens that have ended are forgotten, and a hub that stops ends what
    /// is open. Idempotent.
    pub fn handle_timeout(&mut self, now: Now) {
        self.unix = now.unix;
        self.look_at_secrets(now);
        while let Some(timed) = self.calls.deadlines.expire(now.mono) {
            match timed {
                Timed::Call(link, id) => self.deadline_passed(link, id),
                Timed::Job(number) => self.stop_job(number, Code::Deadline),
            }
        }
        self.look_at_drain(now);
        self.settle_drain();
        for summary in self.preauth.summaries(now) {
            self.effects.event(summary.into());
        }
        self.purge_tokens(now);
    }

    /// Tells what was counted of those who were turned away and not told yet: the hub stops.
    pub fn summarise(&mut self) {
        for summary in self.preauth.rest() {
            self.effects.event(summary.into());
        }
    }

    fn register(&mut self, link: LinkId, register: &Register) {
        let Some(live) = self.live_mut(link) else { return };
        live.serves = Some(register.clone());
        let (peer, commands) = (live.peer, register.commands.len());
        self.effects.event(HubEvent::Ready { peer, commands });
        let registered = crate::wire::frame::Registered { count: commands as u64 };
        if !self.effects.send(link, &Frame::Registered(registered)) {
            self.close(link, Code::Overload);
        }
    }

    fn live(&self, link: LinkId) -> Option<&Live> {
        self.links.session(link)
    }

    fn live_mut(&mut self, link: LinkId) -> Option<&mut Live> {
        self.links.session_mut(link)
    }

    fn calls_of(&self, link: LinkId) -> Option<&LinkCalls> {
        self.calls.of(link)
    }

    fn calls_of_mut(&mut self, link: LinkId) -> Option<&mut LinkCalls> {
        self.calls.of_mut(link)
    }
}
