//! The commands that a peer serves, and what runs each of them.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use bowline_core::id::CommandName;
use bowline_core::wire::frame::{Command, Register};

use crate::call::{Call, CallShared, Counted, Reply, work};
use crate::runtime::{Alarm, Runtime};
use crate::watch::Watch;

/// A command and what runs it.
pub(super) struct ServedCommand {
    declared: Command,
    timeout: Option<Duration>,
    /// Starts a worker, which runs the calls that this cell is given.
    hire: Box<dyn Fn(Arc<CallShared>) + Send + Sync>,
}

impl ServedCommand {
    /// How long a call may run here that may run for so long.
    pub(super) fn within(&self, deadline: Duration) -> Duration {
        self.timeout.map_or(deadline, |timeout| timeout.min(deadline))
    }

    /// Starts a worker.
    pub(super) fn hire(&self, cell: Arc<CallShared>) {
        (self.hire)(cell);
    }
}

/// Every command of one peer, and how many calls run.
#[derive(Clone)]
pub(crate) struct Service {
    commands: BTreeMap<CommandName, Arc<ServedCommand>>,
    running: Arc<Watch<usize>>,
}

impl Default for Service {
    fn default() -> Self {
        Self { commands: BTreeMap::new(), running: Arc::new(Watch::new(0)) }
    }
}

impl Service {
    /// Adds a command, in place of one of the same name.
    pub(super) fn add<R: Runtime, F>(
        &mut self,
        declared: Command,
        timeout: Option<Duration>,
        runtime: R,
        handler: impl Fn(Call) -> F + Send + Sync + 'static,
    ) where
        F: Future<Output: Into<Reply>> + Send + 'static,
    {
        let (name, handler) = (declared.name, Arc::new(handler));
        let hire = Box::new(move |cell| {
            runtime.spawn(work(runtime.clone(), cell, handler.clone()));
        });
        self.commands.insert(name, Arc::new(ServedCommand { declared, timeout, hire }));
    }

    /// The command of this name.
    pub(super) fn find(&self, name: CommandName) -> Option<&Arc<ServedCommand>> {
        self.commands.get(&name)
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

    /// Counts a call that runs.
    pub(super) fn count(&self) -> Counted {
        Counted::new(&self.running)
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
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.commands.keys()).finish()
    }
}
