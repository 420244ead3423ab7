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
mod directory;
mod drain;
mod effects;
mod event;
mod facts;
mod links;
mod members;
mod outbox;
mod preauth;
mod reload;
mod reply;
#[cfg(test)]
mod tests;

pub use crate::source::Source;
pub use config::{HubConfig, Lives};
pub use event::HubEvent;
pub use facts::Facts;
pub use members::restored::RESTORED_SAID;
pub use outbox::Outbox;

use core::time::Duration;
use std::collections::BTreeSet;

use crate::ask::{Answer, No, Question};
use crate::code::Code;
use crate::facts::Durable;
use crate::id::LinkId;
use crate::random::Seed;
use crate::time::{Mono, Now};
use crate::wire::Frame;
use crate::wire::frame::Register;

use calls::{Calling, Calls, Routed};
use directory::Directory;
use drain::{Drain, Stage};
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
    drain: Drain,
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
    /// A hub that knows this from before. `seed` is for what it draws, and for nothing else.
    #[must_use]
    pub fn new(config: HubConfig, known: Durable, seed: &Seed) -> Self {
        Self {
            facts: None,
            links: Links::default(),
            preauth: Preauth::new(&config),
            members: Members::new(&config, known, seed),
            calls: Calls::new(config.generation, &config.limits),
            drain: Drain::default(),
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
        let mut calls = self.calling(now);
        match frame {
            Frame::Register(register) => self.register(link, register),
            Frame::Call(call) => {
                let Some(caller) = calls.directory.caller(link) else { return };
                match calls.call_came(caller, call) {
                    Routed::Done => {}
                    Routed::ToHub => self.control(link, call, now),
                }
            }
            Frame::Output(output) => calls.output_came(link, output),
            Frame::Result(result) => calls.result_came(link, result),
            Frame::Window(window) => calls.window_came(link, *window),
            Frame::Input(input) => calls.input_came(link, input),
            Frame::Cancel(cancel) => calls.cancel_came(link, cancel),
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
        let calls = [self.calls.next_deadline(), self.preauth.due(), self.drain.due()];
        calls.into_iter().chain([self.members.due()]).flatten().min()
    }

    /// Time has passed: calls whose peers did not answer in time end, who was turned away is told, an
    /// old secret admits no more, tokens that have ended are forgotten, and a hub that stops ends what
    /// is open. Idempotent.
    pub fn handle_timeout(&mut self, now: Now) {
        self.unix = now.unix;
        self.look_at_secrets(now);
        self.calling(now).time_passed();
        if self.drain.time_passed(now, self.links.live().map(|(link, _)| link)) {
            self.calling(now).stop_jobs(Code::GoingAway);
        }
        self.settle_drain();
        for summary in self.preauth.summaries(now) {
            self.effects.event(summary.into());
        }
        self.members.purge_tokens(now, &mut self.effects);
    }

    /// Goes on with what was too long for one hold of the lock; whether there is more. Call it, and
    /// drain, until it says that there is not, with the lock free in between.
    pub fn work(&mut self, now: Now) -> bool {
        self.unix = now.unix;
        if !self.calling(now).work() {
            for _ in 0..self.config.limits.slice.max(1) {
                let Some(link) = self.drain.next() else { break };
                self.calling(now).give_up_all(link, Code::GoingAway);
                self.effects.touch(link);
            }
        }
        self.settle_drain();
        self.has_work()
    }

    /// Whether [`Hub::work`] has something to do.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.calls.has_work() || self.drain.has_work()
    }

    /// Stops: every session is told Goaway, nobody is admitted and no call is taken any more. Each
    /// link closes once no call is open on it. What is open after `within` ends as `going-away`, at
    /// its caller and its runner. [`HubEvent::Drained`] tells that nobody is left. Idempotent: the
    /// first counts.
    pub fn drain(&mut self, within: Duration, now: Now) {
        self.unix = now.unix;
        if !self.is_draining() {
            let sessions: Vec<_> = self.links.live().map(|(link, _)| link).collect();
            let asking = self.links_asking();
            let is_idle = |link| self.calls.is_idle(link) && !asking.contains(&link);
            self.drain.begin(&sessions, within, is_idle, &mut self.effects, now);
            self.settle_drain();
        }
    }

    /// Whether the hub stops.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.drain.stage() != Stage::Open
    }

    /// How many calls are open, those that nobody waits for not among them.
    #[must_use]
    pub fn open_calls(&self) -> usize {
        self.calls.open()
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

    /// The calls, with what they see of the hub and may do.
    fn calling(&mut self, now: Now) -> Calling<'_> {
        let directory = Directory {
            links: &self.links,
            members: &self.members,
            limits: &self.config.limits,
            stage: self.drain.stage(),
            now,
        };
        Calling { calls: &mut self.calls, directory, effects: &mut self.effects }
    }

    /// After every input: closes each link on which something happened and no call is open.
    fn settle_drain(&mut self) {
        let touched = self.effects.take_touched();
        if !touched.is_empty() {
            let asking = self.links_asking();
            let is_idle = |link| self.calls.is_idle(link) && !asking.contains(&link);
            drain::settle(touched, is_idle, &mut self.effects);
        }
    }

    /// Links with a call that is not in their table: for the hub itself, which waits for storage,
    /// or detached and not named yet. Once the time is over they are not waited for.
    fn links_asking(&self) -> BTreeSet<LinkId> {
        match self.drain.stage() {
            Stage::Open | Stage::Draining => {
                self.calls.links_unnamed().chain(self.effects.asks.links()).collect()
            }
            Stage::Over => BTreeSet::new(),
        }
    }

    /// Nobody is admitted by a hub that stops; `None` where it does not.
    fn not_any_more(&self, now: Now) -> Option<Answer> {
        let retry_after = Some(self.drain.wait(now)?);
        Some(Answer::No(No::later(Code::GoingAway, retry_after)))
    }
}
