//! A link's turns: mailbox and events until empty, transmit, read, then rest and sleep.
//!
//! Reading never waits on writing, nor writing on reading. The clock is compared before the timer
//! is trusted, and a link that never runs dry gives way after a bounded number of turns.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use bowline_core::ask::{Answer, AskId};
use bowline_core::link::{Ended, Event, Link};
use bowline_core::time::{Mono, Now};

use crate::clock::Clock;
use crate::runtime::{Alarm, Runtime, Stream};

/// Turns that a link takes before other tasks get theirs.
const BUDGET: usize = 32;

/// What a link's events mean, and what the rest of the program wants of the link.
pub(crate) trait Owner {
    /// Hands over what has gathered for the link. Registers `cx` to be woken by more.
    fn feed(&mut self, link: &mut Link, now: Now, cx: &Context<'_>);

    /// Takes one event; an answer to a question that can be answered at once.
    fn event(&mut self, event: Event<'_>, now: Now) -> Option<(AskId, Answer)>;
}

/// One link, its socket and its timer.
pub(crate) struct Turn<R: Runtime, S> {
    link: Link,
    stream: S,
    alarm: Alarm<R>,
    clock: Clock,
    pulse: Option<Pulse>,
}

/// A link's own look at the clock, where nobody else would tell it of the machine's sleep.
struct Pulse {
    /// How often it looks, whatever happens.
    every: Duration,
    next: Mono,
    /// Something happened since the last one.
    moved: bool,
}

impl<R: Runtime, S: Stream> Turn<R, S> {
    pub(crate) fn new(runtime: &R, link: Link, stream: S, clock: Clock) -> Self {
        Self { link, stream, alarm: Alarm::new(runtime), clock, pulse: None }
    }

    /// Looks at the clock this often.
    pub(crate) fn with_pulse(self, pulse: Duration) -> Self {
        Self { pulse: Some(Pulse { every: pulse, next: Mono(0), moved: true }), ..self }
    }

    /// Drives the link to its end; gives back the socket, for [`linger`](super::linger).
    pub(crate) async fn run(mut self, owner: &mut impl Owner) -> (Box<Ended>, S) {
        let ended = poll_fn(|cx| self.poll(cx, owner)).await;
        (ended, self.stream)
    }

    fn poll(&mut self, cx: &mut Context<'_>, owner: &mut impl Owner) -> Poll<Box<Ended>> {
        for _ in 0..BUDGET {
            let now = self.clock.now();
            if self.link.poll_timeout().is_some_and(|(at, _)| at <= now.mono) {
                self.link.handle_timeout(now);
            }
            owner.feed(&mut self.link, now, cx);
            let told = match self.drain(owner, now) {
                Drained::Ended(ended) => return Poll::Ready(ended),
                Drained::Events => true,
                Drained::Nothing => false,
            };
            let wrote = self.write(cx, now);
            let read = self.read(cx, now);
            // An event may have given the owner something for the link.
            if told || wrote || read {
                self.pulse.iter_mut().for_each(|pulse| pulse.moved = true);
                continue;
            }
            let pulse = self.rest(now);
            let deadline = self.link.poll_timeout().map(|(at, _)| at);
            let wake = deadline.into_iter().chain(pulse).min();
            self.alarm.set(wake.and_then(|at| self.clock.instant(at)));
            if self.alarm.poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Frees what the link does not need while it sleeps. One that has pulses, of which a process
    /// has few, keeps it until a pulse finds that nothing happened since the one before. When the
    /// next one is due.
    fn rest(&mut self, now: Now) -> Option<Mono> {
        let Some(pulse) = &mut self.pulse else {
            self.link.rest();
            return None;
        };
        if pulse.next <= now.mono {
            pulse.next = now.mono.after(pulse.every);
            if !core::mem::take(&mut pulse.moved) {
                self.link.rest();
            }
        }
        Some(pulse.next)
    }

    /// Events until none.
    fn drain(&mut self, owner: &mut impl Owner, now: Now) -> Drained {
        let mut drained = Drained::Nothing;
        while let Some(event) = self.link.poll_event() {
            drained = Drained::Events;
            if let Event::Ended(ended) = &event {
                let ended = ended.clone();
                owner.event(event, now);
                return Drained::Ended(ended);
            }
            if let Some((ask, answer)) = owner.event(event, now) {
                self.link.answer(ask, answer, now);
            }
        }
        drained
    }

    /// Writes until nothing is left or the socket takes no more; whether anything moved.
    fn write(&mut self, cx: &mut Context<'_>, now: Now) -> bool {
        let mut moved = false;
        loop {
            let bytes = self.link.transmit();
            if bytes.is_empty() {
                return moved;
            }
            match self.stream.poll_write(cx, bytes) {
                Poll::Ready(Ok(n)) if n > 0 => self.link.transmitted(n, now),
                Poll::Ready(_) => {
                    self.link.write_failed(now);
                    return true;
                }
                Poll::Pending => return moved,
            }
            moved = true;
        }
    }

    /// Reads once; whether anything came, the end included.
    fn read(&mut self, cx: &mut Context<'_>, now: Now) -> bool {
        let buffer = self.link.receive_buffer();
        if buffer.is_empty() {
            return false;
        }
        match self.stream.poll_read(cx, buffer) {
            Poll::Ready(Ok(n)) if n > 0 => self.link.received(n, now),
            Poll::Ready(_) => self.link.received_eof(now),
            Poll::Pending => return false,
        }
        true
    }
}

/// What a drain found.
enum Drained {
    Nothing,
    Events,
    Ended(Box<Ended>),
}
