//! A hub that stops: it says so at once, lets the calls that are open end, and then ends them.
//!
//! ```text
//!   drain ──► Goaway to all, nobody new, no new call ──► each link closes when no call is open on it
//!                 └─ within ─► what is open ends as going-away, a slice of links at a time ──┘
//! ```
//!
//! It is over with the last session: [`HubEvent::Drained`]. `// spec: hub §8`

use core::time::Duration;
use std::collections::{BTreeSet, VecDeque};

use crate::code::Code;
use crate::hub::calls::job::Hold;
use crate::hub::calls::routes::Made;
use crate::hub::{Hub, HubEvent};
use crate::id::LinkId;
use crate::ledger::{Answer, No};
use crate::rate::seconds;
use crate::time::{Mono, Now};
use crate::wire::Frame;
use crate::wire::frame::{Call, Delivery, Goaway, Purpose, Target};

/// What a hub that stops knows of it.
#[derive(Debug)]
pub(super) struct Drain {
    /// When calls that are open end.
    until: Mono,
    /// That moment has come.
    is_over: bool,
    /// Links whose calls are still to be ended.
    ending: VecDeque<LinkId>,
    /// Sessions that have not ended.
    sessions: usize,
}

/// What a call that the hub ends is told.
pub(super) const ENDED: &str =
    "The hub is stopping, and the call did not end in the time that was left.";

impl Hub {
    /// Stops: every session is told Goaway, nobody is admitted and no call is taken any more. Each
    /// link closes once no call is open on it. What is open after `within` ends as `going-away`, at
    /// its caller and its runner. [`HubEvent::Drained`] tells that nobody is left. Idempotent: the
    /// first counts.
    pub fn drain(&mut self, within: Duration, now: Now) {
        self.unix = now.unix;
        if self.drain.is_some() {
            return;
        }
        let live: Vec<_> = self
            .links
            .live()
            .map(|(link, _)| (link, self.effects.closing(link).is_none()))
            .collect();
        self.effects.watch();
        self.drain = Some(Drain {
            until: now.mono.after(within),
            is_over: false,
            ending: VecDeque::new(),
            sessions: live.len(),
        });
        let waiting = self.links_asking();
        let is_busy = live.iter().any(|&(link, _)| !self.is_done(link, &waiting));
        let wait = if is_busy { self.wait(now) } else { 1 };
        let (code, reconnect_after) = (Code::GoingAway, Some(wait));
        let goaway = Frame::Goaway(Goaway { code, text: "", reconnect_after });
        for (link, _) in live.iter().filter(|(_, open)| *open) {
            self.effects.send(*link, &goaway);
        }
        self.settle_drain();
        if live.is_empty() {
            self.effects.event(HubEvent::Drained);
        }
    }

    /// Whether the hub stops.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.drain.is_some()
    }

    /// How many calls are open, those that nobody waits for not among them.
    #[must_use]
    pub fn open_calls(&self) -> usize {
        let made = self.calls.links.values().map(|calls| calls.made.len());
        let detached =
            self.calls.book.jobs().filter(|job| job.is_detached() && job.ended.is_none());
        made.sum::<usize>() + detached.count()
    }

    /// Nobody is admitted by a hub that stops; `None` where it does not.
    pub(super) fn not_any_more(&self, now: Now) -> Option<Answer> {
        let retry_after = Some(self.drain.as_ref().map(|_| self.wait(now))?);
        Some(Answer::No(No::later(Code::GoingAway, retry_after)))
    }

    /// Turns a call down that comes after a Goaway, of either end; whether it did.
    pub(super) fn turn_down(&mut self, link: LinkId, call: &Call<'_>) -> bool {
        let left = self.live(link).is_some_and(|live| live.left);
        if self.drain.is_none() && !left {
            return false;
        }
        match (call.delivery, call.target) {
            (Delivery::Attached, Target::All | Target::Labels(_)) => {
                self.deny(link, call, Code::Draining, None);
            }
            (_, Target::Peer(peer)) => self.fail(link, call.id, Some(peer), Code::Draining),
            _ => self.fail(link, call.id, None, Code::Draining),
        }
        true
    }

    /// The peer of this link said Goaway: nobody calls it any more, and what it runs goes on.
    pub(super) fn peer_leaves(&mut self, link: LinkId) {
        let unix = self.unix;
        let Some(live) = self.live_mut(link) else { return };
        live.left = true;
        if live.purpose == Purpose::Serve {
            let (peer, claimed) = (live.peer, live.claimed.clone());
            self.members.registry.leave(peer, link, claimed, unix);
        }
    }

    /// Whether the hub stops, and calls that are open have had their time.
    pub(super) fn has_run_out(&self) -> bool {
        self.drain.as_ref().is_some_and(|drain| drain.is_over)
    }

    /// When calls that are open end.
    pub(super) fn drain_due(&self) -> Option<Mono> {
        self.drain.as_ref().filter(|drain| !drain.is_over).map(|drain| drain.until)
    }

    /// Whether links wait for their calls to be ended.
    pub(super) fn has_drain_work(&self) -> bool {
        self.drain.as_ref().is_some_and(|drain| !drain.ending.is_empty())
    }

    /// Time has passed: what is open has to end, the rest of it by [`Hub::work`].
    pub(super) fn look_at_drain(&mut self, now: Now) {
        let Some(drain) = &mut self.drain else { return };
        if drain.is_over || drain.until > now.mono {
            return;
        }
        drain.is_over = true;
        drain.ending = self.links.live().map(|(link, _)| link).collect();
        let running =
            self.calls.book.jobs().filter(|job| job.ended.is_none()).map(|job| job.number);
        for number in running.collect::<Vec<_>>() {
            self.stop_job(number, Code::GoingAway);
        }
    }

    /// Ends the calls of one slice of links.
    pub(super) fn drain_slice(&mut self) {
        for _ in 0..self.config.limits.slice.max(1) {
            let Some(link) = self.drain.as_mut().and_then(|drain| drain.ending.pop_front()) else {
                return;
            };
            let made: Vec<_> = self.calls_of(link).map_or_else(Vec::new, |calls| {
                let calls = calls.made.iter().filter(|(_, made)| matches!(made, Made::Call(_)));
                calls.map(|&(id, _)| id).collect()
            });
            for id in made {
                self.give_up(link, id, Code::GoingAway);
            }
            self.effects.touch(link);
        }
    }

    /// After every input: closes each link on which something happened and no call is open.
    pub(super) fn settle_drain(&mut self) {
        let touched = self.effects.take_touched();
        if touched.is_empty() {
            return;
        }
        let waiting = self.links_asking();
        for link in touched {
            let open = self.live(link).is_some() && self.effects.closing(link).is_none();
            if open && self.is_done(link, &waiting) {
                self.close(link, Code::GoingAway);
            }
        }
    }

    /// A session has ended.
    pub(super) fn one_less(&mut self) {
        let Some(drain) = &mut self.drain else { return };
        drain.sessions = drain.sessions.saturating_sub(1);
        if drain.sessions == 0 {
            self.effects.event(HubEvent::Drained);
        }
    }

    /// Whether no call is open on a link. What it still runs for nobody is not waited for.
    fn is_done(&self, link: LinkId, waiting: &BTreeSet<LinkId>) -> bool {
        let Some(calls) = self.calls_of(link) else { return true };
        calls.made.len() == 0
            && calls.runs.iter().all(|(_, back)| back.orphan)
            && !waiting.contains(&link)
    }

    /// Links with a call that is not in their table: for the hub itself, which waits for storage, or
    /// detached and not named yet. Once the time is over they are not waited for.
    fn links_asking(&self) -> BTreeSet<LinkId> {
        if self.has_run_out() {
            return BTreeSet::new();
        }
        let unnamed = self.calls.book.jobs().filter_map(|job| match job.hold {
            Hold::Detached(Some((link, _))) => Some(link),
            Hold::Attached(..) | Hold::Detached(None) => None,
        });
        unnamed.chain(self.asks.links()).collect()
    }

    /// Seconds until a hub that stops has stopped, at least one.
    fn wait(&self, now: Now) -> u64 {
        let until = self.drain.as_ref().map_or(now.mono, |drain| drain.until);
        seconds(until.since(now.mono)).max(1)
    }
}
