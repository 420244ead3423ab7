//! Dialling for as long as it takes: the pace is the core's, the waiting is here.

use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use bowline_core::code::Code;
use bowline_core::link::wind_up;
use bowline_core::peer::{BackoffSpans, NextDial, Peer as Machine, Prompt};
use bowline_core::time::{Mono, Now};
use bowline_core::trust::KnownHub;

use crate::clock::{Clock, PULSE};
use crate::entropy;
use crate::notice::ShellEvent;
use crate::peer::signs::Signs;
use crate::peer::state::{PeerState, Standing, Task};
use crate::peer::{ConnectError, Peer, PeerBuilder};
use crate::runtime::{Alarm, Runtime};
use crate::watch::Watch;

impl<R: Runtime> PeerBuilder<R> {
    /// Keeps a session with the hub up, from here on, for as long as the [`Peer`] lives. Returns at
    /// once.
    pub fn start(mut self) -> Peer {
        let shared = Arc::new(Watch::new(Standing::new(self.service.running())));
        let peer = Peer::new(shared.clone());
        let (runtime, task) = (self.runtime.clone(), Task(shared.clone()));
        runtime.spawn(async move {
            let until = self.redial(&shared).await;
            self.service.wind_up(&self.runtime, until).await;
            drop(task);
        });
        peer
    }

    /// Dials until the peer is to stop; until when it may take to stop.
    async fn redial(&mut self, shared: &Watch<Standing>) -> Option<Instant> {
        let clock = Clock::start();
        let seed = match entropy::seed() {
            Ok(seed) => seed,
            Err(error) => {
                tracing::error!(%error, "the system gives no randomness");
                let reason = Arc::new(ConnectError::Link(error.to_string()));
                let failed = PeerState::Failed { until: None, reason };
                shared.change(|standing| standing.set(failed));
                return None;
            }
        };
        let mut machine =
            Machine::new(KnownHub::default(), BackoffSpans::default(), &seed, clock.now());
        let mut signs = Signs::new(self);
        let mut wait = Wait { code: None, since: clock.now().mono, told: None };
        loop {
            if let Some(anew) = shared.change(|standing| standing.anew.take())
                && self.take(*anew)
            {
                machine.another_hub(clock.now());
            }
            if shared.change(|standing| std::mem::take(&mut standing.retry)) {
                self.prompted(&mut machine, Prompt::Asked, &mut wait, &clock, shared);
            }
            match machine.next(clock.now()) {
                NextDial::Dial => shared.change(Standing::dialling),
                NextDial::Busy => return self.stop_by(self.within(shared)),
                NextDial::Wait(at) => {
                    self.tell(at, &mut wait, clock.now());
                    match self.sleep(&clock, at, shared, &mut signs).await {
                        Woken::Due => {}
                        Woken::Sign(by) => {
                            self.prompted(&mut machine, by, &mut wait, &clock, shared);
                        }
                        Woken::Stopped => return self.stop_by(self.within(shared)),
                    }
                    continue;
                }
            }
            let error = match self.once(&clock, &mut machine, shared, &mut signs).await {
                DialEnd::Ended(error) => error,
                DialEnd::Stopped(until) => return until,
            };
            let (now, outcome) = (clock.now(), error.outcome());
            if matches!(&error, ConnectError::Ended { ended, .. } if ended.admitted) {
                wait.since = now.mono;
            }
            wait.code = error.code();
            let until = self.instant(&clock, machine.ended(outcome, now));
            shared.change(|standing| standing.lacks(Arc::new(error), outcome, until));
        }
    }

    /// Tells of a wait, once.
    fn tell(&self, at: Mono, wait: &mut Wait, now: Now) {
        if wait.told.replace(at) != Some(at) {
            self.subscriber.tell(ShellEvent::Retry {
                after: at.since(now.mono),
                code: wait.code,
                away: now.mono.since(wait.since),
            });
        }
    }

    /// What it waits for may have come.
    fn prompted(
        &self,
        machine: &mut Machine,
        by: Prompt,
        wait: &mut Wait,
        clock: &Clock,
        shared: &Watch<Standing>,
    ) {
        let now = clock.now();
        if let Some(at) = machine.prompted(by, now) {
            wait.told = Some(at);
            let until = self.instant(clock, at);
            shared.change(|standing| standing.sooner(until));
            self.subscriber.tell(ShellEvent::Prompted { by, after: at.since(now.mono) });
        }
    }

    /// The moment of a dial, for whoever is to see it.
    fn instant(&self, clock: &Clock, at: Mono) -> Instant {
        clock.instant(at).unwrap_or_else(|| self.runtime.now())
    }

    /// When a peer that is told to stop at this moment has to have stopped.
    fn stop_by(&self, within: Duration) -> Option<Instant> {
        self.runtime.now().checked_add(within.saturating_add(wind_up(within)))
    }

    /// How long calls have to end once the peer is told to stop, as it was told last.
    fn within(&self, shared: &Watch<Standing>) -> Duration {
        let anew = shared.look(|standing| standing.anew.as_ref().map(|anew| anew.drain));
        anew.unwrap_or(self.limits.drain)
    }

    /// One dial and the session that comes of it, to its end.
    async fn once(
        &self,
        clock: &Clock,
        machine: &mut Machine,
        shared: &Watch<Standing>,
        signs: &mut Signs,
    ) -> DialEnd {
        let mut dial = pin!(self.dial(clock));
        let mut stopped = pin!(shared.until(|standing| standing.stopping.then_some(())));
        let dialled = poll_fn(|cx| match stopped.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => dial.as_mut().poll(cx).map(Some),
        });
        let session = match dialled.await {
            None => return DialEnd::Stopped(self.stop_by(self.within(shared))),
            Some(Ok(session)) => session,
            Some(Err(error)) => {
                if let Some(notice) = error.notice() {
                    self.subscriber.tell(notice);
                }
                if let ConnectError::Unreachable { reason, .. } = &error {
                    signs.missed(reason);
                }
                return DialEnd::Ended(error);
            }
        };
        machine.admitted(clock.now());
        shared.change(|standing| {
            // It was told while this dial was under way.
            if let Some(anew) = &standing.anew {
                session.mailbox.serve(anew.service.clone());
            }
            standing.set(PeerState::Up(session.clone()));
            standing.retry = false;
        });
        let (mut ended, mut until) = (pin!(session.ended()), None);
        let ended = poll_fn(|cx| {
            if until.is_none() && stopped.as_mut().poll(cx).is_ready() {
                let within = self.within(shared);
                session.leave(within);
                until = Some(self.stop_by(within));
            }
            ended.as_mut().poll(cx)
        })
        .await;
        match until {
            Some(until) => DialEnd::Stopped(until),
            None if shared.look(|standing| standing.stopping) => {
                DialEnd::Stopped(self.stop_by(self.within(shared)))
            }
            None => {
                let hub = self.place.to_string();
                DialEnd::Ended(ConnectError::Ended { hub, ended, clocks: None })
            }
        }
    }

    /// Waits until `at`, but no longer than a [`PULSE`], and then looks for signs of a change.
    async fn sleep(
        &self,
        clock: &Clock,
        at: Mono,
        shared: &Watch<Standing>,
        signs: &mut Signs,
    ) -> Woken {
        // A machine that slept meanwhile may be due much earlier than a timer knows.
        let pulse = at.min(clock.now().mono.after(PULSE));
        let woken = self.unless_woken(clock, pulse, shared, pending()).await;
        if !matches!(woken, Woken::Due) || clock.now().mono >= at {
            return woken;
        }
        // A disk that does not answer holds nothing up.
        let look = async { signs.look(self).await.map_or(Woken::Due, Woken::Sign) };
        self.unless_woken(clock, at, shared, look).await
    }

    /// What `work` gives, unless it is the moment `until` or the peer is told something before.
    async fn unless_woken(
        &self,
        clock: &Clock,
        until: Mono,
        shared: &Watch<Standing>,
        work: impl Future<Output = Woken>,
    ) -> Woken {
        let mut alarm = Alarm::new(&self.runtime);
        alarm.set(clock.instant(until));
        let mut told = pin!(shared.until(|standing| match standing {
            Standing { stopping: true, .. } => Some(Woken::Stopped),
            Standing { retry: true, .. } | Standing { anew: Some(_), .. } => Some(Woken::Due),
            _ => None,
        }));
        let mut work = pin!(work);
        poll_fn(|cx| {
            if let Poll::Ready(woken) = told.as_mut().poll(cx) {
                return Poll::Ready(woken);
            }
            if alarm.poll(cx).is_ready() {
                return Poll::Ready(Woken::Due);
            }
            work.as_mut().poll(cx)
        })
        .await
    }
}

/// Why a peer waits, and what was told of that.
struct Wait {
    /// How the last dial or session ended.
    code: Option<Code>,
    /// Since when there is no session.
    since: Mono,
    /// The end of the wait that was told last.
    told: Option<Mono>,
}

/// What became of a dial.
enum DialEnd {
    /// No session came of it, or its session ended.
    Ended(ConnectError),
    /// The peer is to stop, until then at most.
    Stopped(Option<Instant>),
}

/// Why a wait was over.
enum Woken {
    /// Look again at what is to be done.
    Due,
    /// Something has changed that the peer may have waited for.
    Sign(Prompt),
    Stopped,
}
