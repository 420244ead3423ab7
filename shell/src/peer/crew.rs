//! The workers of a link: those that run its calls, and some that wait for more.

use std::sync::Arc;
use std::time::Duration;

use bowline_core::code::Code;
use bowline_core::id::CallId;
use bowline_core::wire::frame;

use crate::call::{CallShared, CallSide, Reply, Stop};
use crate::driver::Mailbox;
use crate::peer::service::{ServedCommand, Service};

/// Workers that wait, at most.
const IDLE: usize = 64;

/// See the module.
#[derive(Default)]
pub(super) struct Crew {
    /// Who runs each call, in the order of their ids.
    busy: Vec<(CallId, Worker)>,
    /// Who waits; the last one first.
    idle: Vec<Worker>,
    /// Workers that have waited since [`Crew::trim`].
    unused: usize,
}

/// A worker, as its link holds it; it ends once it is dropped and its call is over.
struct Worker {
    cell: Arc<CallShared>,
    /// What it runs; none where there is no such command, and nobody behind the cell.
    served: Option<Arc<ServedCommand>>,
}

impl Crew {
    /// Has a call run, for so long at most.
    pub(super) fn begin(
        &mut self,
        service: &Service,
        call: &frame::Call<'_>,
        deadline: Duration,
        mailbox: &Arc<Mailbox>,
    ) {
        let worker = match service.find(call.name) {
            Some(served) => {
                let worker = self.waiting(served).unwrap_or_else(|| Worker::hire(served, mailbox));
                worker.cell.begin(call, served.within(deadline), service.count());
                worker
            }
            None => {
                let cell = CallShared::new(CallSide::Runs, Some(call.id), mailbox);
                let text = format!("this peer serves no command '{}'", call.name);
                cell.reply(Reply::Fail(Code::UnknownCommand, text));
                Worker { cell, served: None }
            }
        };
        self.busy.push((call.id, worker));
    }

    /// The call with this id, where it runs.
    pub(super) fn get(&self, id: CallId) -> Option<&CallShared> {
        self.place(id).map(|at| &*self.busy[at].1.cell)
    }

    /// The end of a call has gone out; whether it ran.
    pub(super) fn end(&mut self, id: CallId) -> bool {
        let Some(at) = self.place(id) else { return false };
        let (_, worker) = self.busy.remove(at);
        if worker.cell.retire() && worker.served.is_some() && self.idle.len() < IDLE {
            self.idle.push(worker);
        }
        true
    }

    /// Tells every call to stop.
    pub(super) fn stop(&self, stop: Stop) {
        self.busy.iter().for_each(|(_, worker)| worker.cell.stop(stop));
    }

    /// How many calls run.
    pub(super) fn len(&self) -> usize {
        self.busy.len()
    }

    /// Lets go whoever has waited all the time since this was called last.
    pub(super) fn trim(&mut self) {
        self.idle.drain(..self.unused);
        self.unused = self.idle.len();
        self.idle.shrink_to_fit();
        self.busy.shrink_to_fit();
    }

    fn waiting(&mut self, served: &Arc<ServedCommand>) -> Option<Worker> {
        let runs =
            |worker: &Worker| worker.served.as_ref().is_some_and(|it| Arc::ptr_eq(it, served));
        let worker = self.idle.remove(self.idle.iter().rposition(runs)?);
        self.unused = self.unused.min(self.idle.len());
        Some(worker)
    }

    fn place(&self, id: CallId) -> Option<usize> {
        self.busy.binary_search_by_key(&id, |&(id, _)| id).ok()
    }
}

impl Worker {
    fn hire(served: &Arc<ServedCommand>, mailbox: &Arc<Mailbox>) -> Self {
        let cell = CallShared::new(CallSide::Runs, None, mailbox);
        served.hire(cell.clone());
        Self { cell, served: Some(served.clone()) }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.cell.dismiss();
    }
}
