//! Dialling for as long as it takes: the pace is the core's, the waiting is here.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use bowline_core::link::wind_up;
use bowline_core::peer::{Next, Pace, Peer as Machine};
use bowline_core::time::Mono;
use bowline_core::trust::Known;

use crate::clock::{Clock, PULSE};
use crate::entropy;
use crate::notice::Notice;
use crate::peer::state::{PeerState, Standing, Task};
use crate::peer::{ConnectError, Peer, PeerBuilder};
use crate::runtime::{Alarm, Runtime};
use crate::watch::Watch;

impl<R: Runtime> PeerBuilder<R> {
    /// Keeps a session with the hub up, from here on. Returns at once.
    pub fn start(mut self) -> Peer {
        let shared = Arc::new(Watch::new(Standing::new(self.service.running())));
        let peer = Peer { shared: shared.clone() };
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
        let mut machine = Machine::new(Known::default(), Pace::default(), &seed, clock.now());
        loop {
            if let Some(anew) = shared.change(|standing| standing.anew.take())
                && self.take(*anew)
            {
                machine.another_hub(clock.now());
            }
            match machine.next(clock.now()) {
                Next::Dial => shared.change(Standing::dialling),
                Next::Busy => return self.stop_by(self.within(shared)),
                Next::Wait(at) => match self.sleep(&clock, at, shared).await {
                    Woken::Due => continue,
                    Woken::Stopped => return self.stop_by(self.within(shared)),
                },
            }
            let error = match self.once(&clock, &mut machine, shared).await {
                Over::Ended(error) => error,
                Over::Stopped(until) => return until,
            };
            let (now, outcome) = (clock.now(), error.outcome());
            let at = machine.ended(outcome, now);
            self.observer.tell(Notice::Retry { after: at.since(now.mono) });
            let until = clock.instant(at).unwrap_or_else(|| self.runtime.now());
            shared.change(|standing| standing.lacks(Arc::new(error), outcome, until));
        }
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
    async fn once(&self, clock: &Clock, machine: &mut Machine, shared: &Watch<Standing>) -> Over {
        let mut dial = pin!(self.dial(clock));
        let mut stopped = pin!(shared.until(|standing| standing.stopping.then_some(())));
        let dialled = poll_fn(|cx| match stopped.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => dial.as_mut().poll(cx).map(Some),
        });
        let session = match dialled.await {
            None => return Over::Stopped(self.stop_by(self.within(shared))),
            Some(Ok(session)) => session,
            Some(Err(error)) => {
                if !matches!(error, ConnectError::Ended { .. }) {
                    let (code, reason) = (error.code(), error.to_string());
                    self.observer.tell(Notice::Unreachable { code, reason });
                }
                return Over::Ended(error);
            }
        };
        machine.admitted(clock.now());
        shared.change(|standing| {
            // It was told while this dial was under way.
            if let Some(anew) = &standing.anew {
                session.mailbox.serve(anew.service.clone());
            }
            standing.set(PeerState::Up(session.clone()));
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
            Some(until) => Over::Stopped(until),
            None if shared.look(|standing| standing.stopping) => {
                Over::Stopped(self.stop_by(self.within(shared)))
            }
            None => {
                let hub = self.place.to_string();
                Over::Ended(ConnectError::Ended { hub, ended, clocks: None })
            }
        }
    }

    async fn sleep(&self, clock: &Clock, at: Mono, shared: &Watch<Standing>) -> Woken {
        let mut alarm = Alarm::new(&self.runtime);
        // A machine that slept meanwhile may be due much earlier than a timer knows.
        alarm.set(clock.instant(at.min(clock.now().mono.after(PULSE))));
        let mut woken = pin!(shared.until(|standing| match standing {
            Standing { stopping: true, .. } => Some(Woken::Stopped),
            Standing { anew: Some(_), .. } => Some(Woken::Due),
            _ => None,
        }));
        poll_fn(|cx| {
            if let Poll::Ready(woken) = woken.as_mut().poll(cx) {
                return Poll::Ready(woken);
            }
            alarm.poll(cx).map(|()| Woken::Due)
        })
        .await
    }
}

/// What became of a dial.
enum Over {
    /// No session came of it, or its session ended.
    Ended(ConnectError),
    /// The peer is to stop, until then at most.
    Stopped(Option<Instant>),
}

/// Why a wait was over.
enum Woken {
    Due,
    Stopped,
}
