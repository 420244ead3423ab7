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

mod admission;
mod asks;
mod calls;
mod config;
mod control;
mod directory;
mod drain;
mod effects;
mod event;
mod links;
mod members;
mod outbox;
mod preauth;
mod reply;
mod setup;
#[cfg(test)]
mod tests;

pub use crate::source::Source;
pub use config::{HubConfig, Lives};
pub use event::HubEvent;
pub use members::restored::RESTORED_SAID;
pub use outbox::Outbox;
pub use setup::HubSetup;

use core::time::Duration;
use std::collections::BTreeSet;

use crate::ask::{AskId, AskRefusal, Cannot, LinkAnswer, LinkAsk, StoreAsk, Stored};
use crate::code::Code;
use crate::facts::{Change, Durable};
use crate::id::{CallId, LinkId, SecretNumber};
use crate::random::Seed;
use crate::time::{Mono, Now};
use crate::wire::Frame;

use admission::Admission;
use asks::PendingAsk;
use calls::{Calling, HubCalls, Routed};
use control::Control;
use directory::Directory;
use drain::{Drain, Stage};
use effects::Effects;
use links::{Links, Sessions, Standing, cuts};
use members::Members;
use preauth::{Preauth, RejectionSummary};

/// The state that all links of a hub share: its parts, and what leaves it.
#[derive(Debug)]
pub struct Hub {
    config: HubConfig,
    setup: Option<HubSetup>,
    links: Links,
    preauth: Preauth,
    members: Members,
    calls: HubCalls,
    drain: Drain,
    effects: Effects,
    /// The latest time that came in.
    now: Now,
}

impl From<RejectionSummary> for HubEvent {
    fn from(RejectionSummary { source, why, count }: RejectionSummary) -> Self {
        Self::TurnedAway { source, why, count }
    }
}

impl Hub {
    /// A hub that knows this from before. `seed` is for what it draws, and for nothing else.
    #[must_use]
    pub fn new(config: HubConfig, known: Durable, seed: &Seed) -> Self {
        Self {
            setup: None,
            links: Links::default(),
            preauth: Preauth::new(&config),
            members: Members::new(&config, known, seed),
            calls: HubCalls::new(config.generation, &config.limits),
            drain: Drain::default(),
            effects: Effects::new(&config.limits),
            now: Now::default(),
            config,
        }
    }

    /// What `status` says of the set-up, in place of what was told before.
    pub fn set_setup(&mut self, setup: HubSetup) {
        self.setup = Some(setup);
    }

    /// The local socket is at another place from here on.
    pub fn set_control(&mut self, control: Option<String>) {
        if let Some(setup) = &mut self.setup {
            setup.control = control;
        }
    }

    /// Takes these settings in place of those before. The generation stays. Links that are there
    /// stay, and keep the rates that they came with; bounds, networks and the pace of admissions
    /// hold for what comes from here on.
    ///
    /// Another role for those whom the secret admits holds for their sessions at once; a session
    /// that serves and may not any more is ended with `refused`. Nothing else ends anything.
    pub fn reconfigure(&mut self, config: HubConfig) {
        let config = HubConfig { generation: self.config.generation, ..config };
        let before = core::mem::replace(&mut self.config, config);
        self.preauth.reconfigure(&before, &self.config);
        self.effects.reconfigure(&self.config.limits);
        self.members.reconfigure(&self.config);
        let role = self.config.secret_role;
        if before.secret_role != role {
            self.sessions().role_changed(role);
        }
    }

    /// The number of the current secret and, while it is being replaced, that of the one before it
    /// with its end, seconds since 1970. For a start during a grace; else the current one is the
    /// first.
    pub fn set_secrets(
        &mut self,
        current: SecretNumber,
        old: Option<(SecretNumber, u64)>,
        now: Now,
    ) {
        self.members.set_secrets(current, old, now);
        self.at(now).look_at_secrets();
    }

    /// A connection has come. It counts as pending until it is admitted or gone; a local one does
    /// not count, so that strangers cannot keep the operator out. One that is not to be admitted
    /// is a link like any other until its Arrive is answered, so that the peer hears why.
    ///
    /// # Errors
    /// [`AskRefusal`]: there is not even room for telling it. Close the socket.
    pub fn arrive(&mut self, source: Source, now: Now) -> Result<LinkId, AskRefusal> {
        self.now = now;
        self.admission().arrive(source)
    }

    /// Where a link comes from: once its Arrive is answered, for whom a trusted proxy carries it.
    #[must_use]
    pub fn source(&self, link: LinkId) -> Option<Source> {
        self.links.get(link).map(Standing::source)
    }

    /// The admission of a link failed, by the peer's fault: it counts against its source.
    pub fn failed(&mut self, link: LinkId, now: Now) {
        if let Some(Standing::Pending(source) | Standing::Reserved(source, _)) =
            self.links.get(link)
        {
            self.preauth.failed(*source, now);
        }
    }

    /// Answers a link. Call it under the same lock as everything else.
    ///
    /// # Errors
    /// [`AskRefusal`]: nothing is granted, and why.
    pub fn answer(
        &mut self,
        link: LinkId,
        ask: &LinkAsk,
        now: Now,
    ) -> Result<LinkAnswer, AskRefusal> {
        self.at(now).look_at_secrets();
        let mut admission = self.admission();
        match ask {
            LinkAsk::Arrive(arrival) => admission.arrived(link, arrival),
            LinkAsk::Reserve(claim) => admission.reserve(link, claim),
            LinkAsk::Commit(reservation) => admission.commit(link, reservation),
            LinkAsk::Renew(renewal) => admission.renew(link, renewal),
            LinkAsk::Renewed(grant) => admission.renewed(link, grant),
        }
    }

    /// A question of the hub's own: put it to durable storage, and bring the answer with
    /// [`Hub::answer_ask`]. Call until `None` after every input.
    #[must_use]
    pub fn poll_ask(&mut self) -> Option<(AskId, StoreAsk)> {
        self.effects.asks.poll()
    }

    /// The answer to a question of the hub's own; ignored where it is not open.
    pub fn answer_ask(&mut self, ask: AskId, answer: Result<Stored, Cannot>, now: Now) {
        self.at(now).look_at_secrets();
        let Some(PendingAsk { caller, wanted, revoking }) = self.effects.asks.take(ask) else {
            return;
        };
        match (caller, wanted, answer) {
            (Some(caller), wanted, answer) => {
                self.control(caller).answered(wanted, answer, revoking);
            }
            (None, StoreAsk::Change(purge @ Change::Purge(_)), Ok(Stored::Changed(_))) => {
                self.members.change(&purge);
            }
            // Where it could not be recorded it holds until the hub's end.
            (None, _, _) => {}
        }
        self.settle_drain();
    }

    /// Takes one frame of an admitted link, as its `Event::Frame` told it.
    pub fn input(&mut self, link: LinkId, frame: &Frame<'_>, now: Now) {
        self.at(now).look_at_secrets();
        if self.sessions().is_cut(link) {
            return;
        }
        let mut calls = self.calling();
        match frame {
            Frame::Register(register) => self.sessions().registered(link, register),
            Frame::Call(call) => {
                let Some(caller) = calls.directory.caller(link) else { return };
                match calls.call_came(caller, call) {
                    Routed::Done => {}
                    Routed::ToHub => self.control((link, call.id)).called(call),
                }
            }
            Frame::Output(output) => calls.output_came(link, output),
            Frame::Result(result) => calls.result_came(link, result),
            Frame::Window(window) => calls.window_came(link, *window),
            Frame::Input(input) => calls.input_came(link, input),
            Frame::Cancel(cancel) => calls.cancel_came(link, cancel),
            Frame::Goaway(_) => self.sessions().left(link),
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

    /// A link has ended, admitted or not: its room is free, its calls end with `lost`.
    pub fn gone(&mut self, link: LinkId, now: Now) {
        self.now = now;
        self.calling().link_ended(link);
        if self.admission().gone(link) {
            self.drain.session_ended(&mut self.effects);
            self.settle_drain();
        }
    }

    /// A heartbeat of this link was answered after so long.
    pub fn round_trip(&mut self, link: LinkId, took: Duration) {
        if let Some(live) = self.links.session_mut(link) {
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

    /// The next deadline of a call, of a summary, of an old secret, or of a hub that stops, or when
    /// it is looked for tokens that have ended. It may have changed after any input.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Mono> {
        let Self { calls, preauth, drain, members, .. } = self;
        let due = [calls.next_deadline(), preauth.due(), drain.due(), members.due()];
        due.into_iter().flatten().min()
    }

    /// Time has passed: calls whose peers did not answer in time end, who was turned away is told,
    /// an old secret admits no more, tokens that have ended are forgotten, and a hub that stops
    /// ends what is open. Idempotent.
    pub fn handle_timeout(&mut self, now: Now) {
        self.at(now).look_at_secrets();
        self.calling().time_passed();
        if self.drain.time_passed(now, self.links.live().map(|(link, _)| link)) {
            self.calling().stop_fanouts(Code::GoingAway);
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
        self.now = now;
        if !self.calling().work() {
            for _ in 0..self.config.limits.slice.max(1) {
                let Some(link) = self.drain.next() else { break };
                self.calling().give_up_all(link, Code::GoingAway);
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

    /// Ends every session, with this code, after what is in its outbox.
    pub fn close_all(&mut self, code: Code) {
        self.sessions().end(code, |_| true);
    }

    /// The code of a session that has to end although its link takes no more: ask where the outbox
    /// cannot be passed on, and close the link.
    #[must_use]
    pub fn cut_off(&self, link: LinkId) -> Option<Code> {
        let code = self.effects.closing(link)?;
        (cuts(code) || code == Code::Overload).then_some(code)
    }

    /// Stops: every session is told Goaway, nobody is admitted and no call is taken any more. Each
    /// link closes once no call is open on it. What is open after `within` ends as `going-away`, at
    /// its caller and its runner. [`HubEvent::Drained`] tells that nobody is left. Idempotent: the
    /// first counts.
    pub fn drain(&mut self, within: Duration, now: Now) {
        self.now = now;
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

    /// The sessions at this moment, which is the latest from here on.
    fn at(&mut self, now: Now) -> Sessions<'_> {
        self.now = now;
        self.sessions()
    }

    fn sessions(&mut self) -> Sessions<'_> {
        let Self { links, members, effects, now, .. } = self;
        Sessions { links, members, effects, now: *now }
    }

    fn admission(&mut self) -> Admission<'_> {
        let stops = self.drain.wait(self.now);
        let Self { config, links, preauth, members, calls, effects, now, .. } = self;
        let sessions = Sessions { links, members, effects, now: *now };
        Admission { limits: &config.limits, preauth, sessions, calls, stops }
    }

    fn control(&mut self, (link, call): (LinkId, CallId)) -> Control<'_> {
        let Self { config, setup, links, members, calls, drain, effects, now, .. } = self;
        let sessions = Sessions { links, members, effects, now: *now };
        let (setup, stage) = (setup.as_ref(), drain.stage());
        Control { config, setup, calls, sessions, stage, link, call }
    }

    /// The calls, with what they see of the hub and may do.
    fn calling(&mut self) -> Calling<'_> {
        let directory = Directory {
            links: &self.links,
            members: &self.members,
            limits: &self.config.limits,
            stage: self.drain.stage(),
            now: self.now,
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
}
