//! Dialling for as long as it takes: the pace is the core's, the waiting is here.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bowline_core::peer::{Next, Outcome, Pace, Peer as Machine};
use bowline_core::time::Mono;
use bowline_core::trust::Known;

use crate::clock::{Clock, PULSE};
use crate::entropy;
use crate::notice::Notice;
use crate::peer::dial::outcome;
use crate::peer::session::{Peer, Standing};
use crate::peer::{ConnectError, PeerBuilder};
use crate::runtime::{Alarm, Runtime};
use crate::watch::Watch;

impl<R: Runtime> PeerBuilder<R> {
    /// Keeps a session with the hub up, from here on. Returns at once.
    pub fn start(self) -> Peer {
        let shared = Arc::new(Watch::new(Standing::default()));
        let peer = Peer { shared: shared.clone() };
        let runtime = self.runtime.clone();
        runtime.spawn(async move {
            self.redial(&shared).await;
            self.service.wind_up(&self.runtime).await;
            shared.change(|standing| standing.stopped = true);
        });
        peer
    }

    async fn redial(&self, shared: &Watch<Standing>) {
        let clock = Clock::start();
        let seed = match entropy::seed() {
            Ok(seed) => seed,
            Err(error) => return tracing::error!(%error, "the system gives no randomness"),
        };
        let mut machine = Machine::new(Known::default(), Pace::default(), &seed, clock.now());
        loop {
            match machine.next(clock.now()) {
                Next::Dial => {}
                Next::Busy => return,
                Next::Wait(at) => match self.sleep(&clock, at, shared).await {
                    Woken::Due => continue,
                    Woken::Stopped => return,
                },
            }
            let Some(ended) = self.once(&clock, &mut machine, shared).await else { return };
            let now = clock.now();
            let at = machine.ended(ended, now);
            self.observer.tell(Notice::Retry { after: at.since(now.mono) });
        }
    }

    /// One dial and the session that comes of it, to its end; none where the peer is to stop.
    async fn once(
        &self,
        clock: &Clock,
        machine: &mut Machine,
        shared: &Watch<Standing>,
    ) -> Option<Outcome> {
        let mut dial = pin!(self.dial(clock));
        let mut stopped = pin!(shared.until(|standing| standing.stopping.then_some(())));
        let dialled = poll_fn(|cx| match stopped.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => dial.as_mut().poll(cx).map(Some),
        });
        let session = match dialled.await? {
            Ok(session) => session,
            Err(error) => {
                if !matches!(error, ConnectError::Ended { .. }) {
                    let (code, reason) = (error.code(), error.to_string());
                    self.observer.tell(Notice::Unreachable { code, reason });
                }
                return Some(error.outcome());
            }
        };
        machine.admitted();
        let stopping = shared.change(|standing| {
            standing.session = Some(session.clone());
            standing.stopping
        });
        if stopping {
            session.close();
        }
        let ended = session.ended().await;
        let stopping = shared.change(|standing| {
            standing.session = None;
            standing.stopping
        });
        (!stopping).then(|| outcome(&ended.reason))
    }

    async fn sleep(&self, clock: &Clock, at: Mono, shared: &Watch<Standing>) -> Woken {
        let mut alarm = Alarm::new(&self.runtime);
        // A machine that slept meanwhile may be due much earlier than a timer knows.
        alarm.set(clock.instant(at.min(clock.now().mono.after(PULSE))));
        let mut stopped = pin!(shared.until(|standing| standing.stopping.then_some(())));
        poll_fn(|cx| {
            if stopped.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Woken::Stopped);
            }
            alarm.poll(cx).map(|()| Woken::Due)
        })
        .await
    }
}

/// Why a wait was over.
enum Woken {
    Due,
    Stopped,
}
