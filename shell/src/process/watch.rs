//! What is waited for while a program runs, and after.
//!
//! ```text
//! Running ── leader ends ──► Draining ── outputs end ─────────────► by itself
//!    │                          │ held, and silent for `linger`: KILL
//!    │                          ▼
//!    │                       Emptying ── outputs end, silence, 2 MiB ─► cut
//!    │ stop, in any of the three: TERM
//!    ▼
//! Stopping ── leader ended and outputs too ───────────────────────► stopped
//!    │ 5 s: KILL
//!    ▼
//! Killed ── leader ended ─────────────────────────────────────────► stopped
//! ```
//!
//! Killing a writer takes nothing out of its pipe, so a program's output survives the KILL that
//! ends its draining, and is emptied at the pace of credit.

use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bowline_core::wire::frame::OutputStream;

use super::group::{Group, see_to_its_end};
use super::pipe::{Flow, Inlet, Outlet};
use super::{CallIo, Gone, Grace, Stop};
use crate::runtime::{Alarm, Child, PipesOf, Runtime};

/// A program that was started, until it has ended.
pub(super) struct ProgramWatch<R: Runtime> {
    runtime: R,
    grace: Grace,
    group: Group,
    alarm: Alarm<R>,
    input: Inlet<<R::Child as Child>::Input>,
    output: Outlet<<R::Child as Child>::Output>,
    errors: Outlet<<R::Child as Child>::Errors>,
    /// Which output is pumped first.
    order: [OutputStream; 2],
    has_leader_ended: bool,
    phase: WatchPhase,
}

/// How the watch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WatchEnd {
    /// The leader ended by itself, and its outputs are told.
    ByItself,
    /// The leader ended by itself; others held its outputs, were silent for too long and were
    /// killed.
    Cut,
    /// It was stopped, and everyone in its group told to end.
    Stopped(Stop),
}

#[derive(Clone, Copy, Debug)]
enum WatchPhase {
    Running,
    Draining {
        silence: Silence,
    },
    Emptying {
        silence: Silence,
        /// What both outputs had given when the group was killed.
        since: u64,
    },
    Stopping {
        stop: Stop,
        /// When what still runs is killed.
        until: Option<Instant>,
    },
    Killed(Stop),
}

/// Since when nothing has come although it could have.
#[derive(Clone, Copy, Debug, Default)]
struct Silence {
    /// What both outputs had given at the last look.
    total: u64,
    /// When the silence has lasted long enough; `None` while it has not begun.
    over: Option<Instant>,
}

impl<R: Runtime> ProgramWatch<R> {
    pub(super) fn new(runtime: &R, grace: Grace, group: Group, pipes: PipesOf<R::Child>) -> Self {
        Self {
            runtime: runtime.clone(),
            grace,
            group,
            alarm: Alarm::new(runtime),
            input: Inlet::new(pipes.input),
            output: Outlet::new(pipes.output),
            errors: Outlet::new(pipes.errors),
            order: [OutputStream::Out, OutputStream::Err],
            has_leader_ended: false,
            phase: WatchPhase::Running,
        }
    }

    /// The leader has ended and has been waited for. Poll next.
    pub(super) fn leader_ended(&mut self) {
        self.has_leader_ended = true;
        self.group.leader_ended();
        if let WatchPhase::Running = self.phase {
            // Its input was for the leader.
            self.input.close();
            self.phase = WatchPhase::Draining { silence: Silence::default() };
        }
    }

    /// Moves bytes and waits. Poll again when woken, and after [`ProgramWatch::leader_ended`]; not
    /// after it was ready.
    #[must_use = "a pending watch wakes the task"]
    pub(super) fn poll<I: CallIo>(&mut self, cx: &mut Context<'_>, io: &mut I) -> Poll<WatchEnd> {
        loop {
            let step = match self.phase {
                WatchPhase::Running | WatchPhase::Draining { .. } | WatchPhase::Emptying { .. } => {
                    self.pass_on(cx, io)
                }
                WatchPhase::Stopping { stop, until } => self.stop_gently(cx, stop, until),
                WatchPhase::Killed(stop) if self.has_leader_ended => {
                    WatchStep::End(WatchEnd::Stopped(stop))
                }
                WatchPhase::Killed(_) => WatchStep::Wait,
            };
            match step {
                WatchStep::Enter(phase) => self.phase = phase,
                WatchStep::Yield => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                WatchStep::Wait => return Poll::Pending,
                WatchStep::End(end) => {
                    self.group.release();
                    return Poll::Ready(end);
                }
            }
        }
    }

    /// Running, Draining and Emptying: everything flows.
    fn pass_on<I: CallIo>(&mut self, cx: &mut Context<'_>, io: &mut I) -> WatchStep {
        if let Poll::Ready(stop) = io.poll_stop(cx) {
            return self.stop(stop);
        }
        let Ok((input, outputs)) = self.pump(cx, io) else { return self.stop(Stop::Lost) };
        let total = self.output.total().saturating_add(self.errors.total());
        match self.phase {
            WatchPhase::Draining { .. } if outputs == [Flow::Ended; 2] => {
                return WatchStep::End(WatchEnd::ByItself);
            }
            WatchPhase::Emptying { .. } if outputs == [Flow::Ended; 2] => {
                return WatchStep::End(WatchEnd::Cut);
            }
            WatchPhase::Draining { mut silence } => {
                silence.look(total, outputs, || self.runtime.now().checked_add(self.grace.linger));
                self.phase = WatchPhase::Draining { silence };
                self.alarm.set(silence.over);
                if self.alarm.poll(cx).is_ready() {
                    self.group.kill();
                    let silence = Silence::default();
                    return WatchStep::Enter(WatchPhase::Emptying { silence, since: total });
                }
            }
            WatchPhase::Emptying { mut silence, since } => {
                silence.look(total, outputs, || self.runtime.now().checked_add(EMPTYING));
                self.phase = WatchPhase::Emptying { silence, since };
                self.alarm.set(silence.over);
                if self.alarm.poll(cx).is_ready() || total.saturating_sub(since) > PIPES {
                    return WatchStep::End(WatchEnd::Cut);
                }
            }
            WatchPhase::Running | WatchPhase::Stopping { .. } | WatchPhase::Killed(_) => {}
        }
        if input == Flow::Busy { WatchStep::Yield } else { WatchStep::after(outputs) }
    }

    /// Moves what can be moved, in all three pipes. The outputs take turns at being first: they
    /// share the call's credit, and a flood of the one must not starve the other.
    fn pump<I: CallIo>(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut I,
    ) -> Result<(Flow, [Flow; 2]), Gone> {
        let input = self.input.pump(cx, |cx, buffer| io.poll_input(cx, buffer))?;
        let mut flows = [Flow::Ended; 2];
        for source in self.order {
            match source {
                OutputStream::Out => {
                    flows[0] =
                        self.output.pump(cx, |cx, bytes| io.poll_write(cx, source, bytes))?;
                }
                OutputStream::Err => {
                    flows[1] =
                        self.errors.pump(cx, |cx, bytes| io.poll_write(cx, source, bytes))?;
                }
            }
        }
        self.order.reverse();
        Ok((input, flows))
    }

    fn stop(&mut self, stop: Stop) -> WatchStep {
        self.input.close();
        self.group.terminate();
        let until = self.runtime.now().checked_add(self.grace.stop);
        WatchStep::Enter(WatchPhase::Stopping { stop, until })
    }

    /// Stopping: waits for the leader and for everyone who holds its outputs. What they write is
    /// read and dropped, so that a program that writes while it ends is not held up by credit that
    /// will never come. Who let go of the outputs has the rest of the grace, but nobody waits.
    fn stop_gently(
        &mut self,
        cx: &mut Context<'_>,
        stop: Stop,
        until: Option<Instant>,
    ) -> WatchStep {
        let drop_all = |_: &mut Context<'_>, bytes: &[u8]| Poll::Ready(Ok(bytes.len()));
        let flows = [self.output.pump(cx, drop_all), self.errors.pump(cx, drop_all)];
        let outputs = flows.map(|flow| flow.unwrap_or(Flow::Ended));
        if self.has_leader_ended && outputs == [Flow::Ended; 2] {
            let group = self.group.hand_over();
            self.runtime.spawn(see_to_its_end(self.runtime.clone(), group, until));
            return WatchStep::End(WatchEnd::Stopped(stop));
        }
        self.alarm.set(until);
        if self.alarm.poll(cx).is_ready() {
            self.group.kill();
            return WatchStep::Enter(WatchPhase::Killed(stop));
        }
        WatchStep::after(outputs)
    }
}

/// What follows from one look at everything.
enum WatchStep {
    /// Another phase, to be looked at right away.
    Enter(WatchPhase),
    /// There is more to do at once, after others have had their turn.
    Yield,
    /// Everything that is waited for will wake the task.
    Wait,
    /// It is over.
    End(WatchEnd),
}

impl WatchStep {
    fn after(flows: [Flow; 2]) -> Self {
        if flows.contains(&Flow::Busy) { Self::Yield } else { Self::Wait }
    }
}

impl Silence {
    fn look(&mut self, total: u64, outputs: [Flow; 2], over: impl FnOnce() -> Option<Instant>) {
        if outputs.contains(&Flow::Blocked) || outputs.contains(&Flow::Busy) {
            self.over = None;
        } else if self.over.is_none() || self.total != total {
            self.over = over();
        }
        self.total = total;
    }
}

/// What two pipes can hold: 1 MiB each is the most that Linux gives to a user. More can only have
/// been written after the KILL, by someone who has left the group.
const PIPES: u64 = 2 << 20;

/// How long outputs may be silent after the KILL: whoever still holds them has left the group.
const EMPTYING: Duration = Duration::from_millis(250);
