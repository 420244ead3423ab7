//! The commands that a peer serves, and one call of one of them, to its end.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use bowline_core::code::Code;
use bowline_core::id::CommandName;
use bowline_core::wire::frame::{Command, Register};

use crate::call::{Call, Cell, Reply, Stop};
use crate::runtime::{Alarm, Runtime};
use crate::watch::Watch;

/// From the moment at which a handler is told to stop until it is dropped. A program's group has
/// 5 s from TERM to KILL; what is left is for collecting it.
const GRACE: Duration = Duration::from_secs(7);

/// What runs a command.
pub(super) type Handler =
    Arc<dyn Fn(Call) -> Pin<Box<dyn Future<Output = Reply> + Send>> + Send + Sync>;

/// A command and what runs it.
#[derive(Clone)]
struct Served {
    declared: Command,
    timeout: Option<Duration>,
    handler: Handler,
}

/// Every command of one peer, and how many calls run.
#[derive(Clone)]
pub(crate) struct Service {
    commands: BTreeMap<CommandName, Served>,
    running: Arc<Watch<usize>>,
}

impl Default for Service {
    fn default() -> Self {
        Self { commands: BTreeMap::new(), running: Arc::new(Watch::new(0)) }
    }
}

impl Service {
    /// Adds a command, in place of one of the same name.
    pub(super) fn add(&mut self, declared: Command, timeout: Option<Duration>, handler: Handler) {
        self.commands.insert(declared.name, Served { declared, timeout, handler });
    }

    /// The same commands, whose calls are counted there.
    pub(super) fn counting_in(&self, running: &Arc<Watch<usize>>) -> Self {
        Self { commands: self.commands.clone(), running: running.clone() }
    }

    /// How many calls run.
    pub(super) fn running(&self) -> Arc<Watch<usize>> {
        self.running.clone()
    }

    /// What the hub is told.
    pub(super) fn register(&self) -> Register {
        let declared = self.commands.values().map(|served| served.declared.clone());
        Register { commands: declared.collect() }
    }

    /// Runs one call to its end, within `deadline`. It counts from here on, polled or not.
    pub(super) fn run<R: Runtime>(
        self: Arc<Self>,
        runtime: R,
        call: Call,
        deadline: Duration,
    ) -> impl Future<Output = ()> + Send {
        let counted = Counted::new(&self.running);
        async move {
            self.serve(runtime, call, deadline).await;
            drop(counted);
        }
    }

    /// Waits for calls that were told to stop, until then at most.
    pub(super) async fn wind_up<R: Runtime>(&self, runtime: &R, until: Option<Instant>) {
        let mut alarm = Alarm::new(runtime);
        alarm.set(until);
        let mut ended = pin!(self.running.until(|&calls| (calls == 0).then_some(())));
        poll_fn(|cx| match ended.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(()),
            Poll::Pending => alarm.poll(cx),
        })
        .await;
    }

    async fn serve<R: Runtime>(self: Arc<Self>, runtime: R, call: Call, deadline: Duration) {
        let cell = call.cell();
        let _unless = Unanswered(cell.clone());
        let Some(served) = self.commands.get(&call.name()) else {
            let text = format!("this peer serves no command '{}'", call.name());
            return cell.reply(Reply::Fail(Code::UnknownCommand, text));
        };
        let deadline = served.timeout.map_or(deadline, |timeout| timeout.min(deadline));
        let mut alarm = Alarm::new(&runtime);
        alarm.set(runtime.now().checked_add(deadline));
        let mut work = pin!((served.handler)(call));
        let mut stopping: Option<Stop> = None;
        let reply = poll_fn(|cx| {
            if let Poll::Ready(reply) = work.as_mut().poll(cx) {
                return Poll::Ready(Some(reply));
            }
            if stopping.is_none()
                && let Poll::Ready(stop) = cell.poll_stop(cx)
            {
                stopping = Some(stop);
                alarm.set(runtime.now().checked_add(GRACE));
            }
            if alarm.poll(cx).is_pending() {
                return Poll::Pending;
            }
            if stopping.is_some() {
                return Poll::Ready(None);
            }
            cell.stop(Stop::Deadline);
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        let stopped = stopping.map(Reply::from);
        cell.reply(stopped.or(reply).unwrap_or_else(|| Reply::failed("the command was dropped")));
    }
}

/// A call that runs, counted until it is dropped.
struct Counted(Arc<Watch<usize>>);

impl Counted {
    fn new(running: &Arc<Watch<usize>>) -> Self {
        running.change(|calls| *calls += 1);
        Self(running.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.change(|calls| *calls -= 1);
    }
}

/// Answers a call whose handler panicked, or whose runtime went away: nobody waits for ever. What
/// ended with its process is lost, as it is where the process had no time to say so.
struct Unanswered(Arc<Cell>);

impl Drop for Unanswered {
    fn drop(&mut self) {
        if self.0.answered().is_none() {
            self.0.reply(match std::thread::panicking() {
                true => Reply::failed("the command broke down"),
                false => Stop::Lost.into(),
            });
        }
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.commands.keys()).finish()
    }
}
