//! The commands that a peer serves, and one call of one of them, to its end.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bowline_core::code::Code;
use bowline_core::id::CommandName;
use bowline_core::wire::frame::{Command, Register};

use crate::call::{Call, Cell, Reply};
use crate::process::Stop;
use crate::runtime::{Alarm, Runtime};

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

/// Every command of one peer.
#[derive(Clone, Default)]
pub(super) struct Service(BTreeMap<CommandName, Served>);

impl Service {
    /// Adds a command, in place of one of the same name.
    pub(super) fn add(&mut self, declared: Command, timeout: Option<Duration>, handler: Handler) {
        self.0.insert(declared.name, Served { declared, timeout, handler });
    }

    /// What the hub is told.
    pub(super) fn register(&self) -> Register {
        Register { commands: self.0.values().map(|served| served.declared.clone()).collect() }
    }

    /// Runs one call to its end, within `deadline`.
    pub(super) async fn run<R: Runtime>(
        self: Arc<Self>,
        runtime: R,
        call: Call,
        deadline: Duration,
    ) {
        let cell = call.cell();
        let _unless = Unanswered(cell.clone());
        let Some(served) = self.0.get(&call.name()) else {
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

/// Answers a call whose handler panicked, or whose runtime went away: nobody waits for ever.
struct Unanswered(Arc<Cell>);

impl Drop for Unanswered {
    fn drop(&mut self) {
        if self.0.answered().is_none() {
            self.0.reply(Reply::failed("the command broke down"));
        }
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
