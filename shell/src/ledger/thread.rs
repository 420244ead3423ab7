//! One thread that owns the ledger and commits what has queued as one transaction.
//!
//! ```text
//!  record_peer ─┐            ┌──────────────────────────────────────────────┐
//!  record_peer ─┼─▶ queue ─▶ │ take all that waits ─▶ one transaction ─▶ commit │ ─▶ answers
//!  forget_peer ─┘  bounded   └──────────────────────────────────────────────┘
//! ```
//!
//! A flush to the disk costs the same for one fact as for hundreds. An answer is given only after
//! the commit; if that fails, every request that was in it is told so. A request that is merely
//! refused, such as an id that is taken, harms no other.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use bowline_core::id::PeerId;
use bowline_core::ledger::Binding;

use crate::ledger::database::Facts;
use crate::ledger::{Ledger, LedgerError, Recorded};

/// The ledger behind a queue. Shared by reference; dropping it commits what has queued, answers,
/// and ends the thread.
#[derive(Debug)]
pub struct LedgerThread {
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    room: usize,
}

/// An answer on its way to whoever asked.
type Answer<T> = Box<dyn FnOnce(Result<T, LedgerError>) + Send>;

enum Job {
    Record(Binding, Answer<Recorded>),
    Forget(PeerId, Answer<bool>),
}

/// A job that was done in a transaction which is not committed yet.
enum Done {
    Record(Result<Recorded, LedgerError>, Answer<Recorded>),
    Forget(Result<bool, LedgerError>, Answer<bool>),
}

impl LedgerThread {
    /// Starts the thread. At most `room` requests wait, and at least one.
    ///
    /// # Errors
    /// The system's, where it gives no thread.
    pub fn start(ledger: Ledger, room: usize) -> io::Result<Self> {
        let room = room.max(1);
        let (queue, jobs) = sync_channel(room);
        let thread = thread::Builder::new()
            .name("bowline-ledger".to_owned())
            .spawn(move || run(ledger, &jobs, room))?;
        Ok(Self { queue: Some(queue), thread: Some(thread), room })
    }

    /// As [`Ledger::record_peer`]. Never blocks.
    ///
    /// `answer` is called once: on the ledger's thread after the commit, or at once with
    /// [`LedgerError::Busy`] or [`LedgerError::Closed`]. It should only pass the answer on: while it
    /// runs, nothing is recorded.
    pub fn record_peer(
        &self,
        peer: Binding,
        answer: impl FnOnce(Result<Recorded, LedgerError>) + Send + 'static,
    ) {
        self.queue(Job::Record(peer, Box::new(answer)));
    }

    /// As [`Ledger::forget_peer`]; for `answer` see [`LedgerThread::record_peer`].
    pub fn forget_peer(
        &self,
        id: PeerId,
        answer: impl FnOnce(Result<bool, LedgerError>) + Send + 'static,
    ) {
        self.queue(Job::Forget(id, Box::new(answer)));
    }

    fn queue(&self, job: Job) {
        let Some(queue) = &self.queue else { return job.refuse(LedgerError::Closed) };
        match queue.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => job.refuse(LedgerError::Busy(self.room)),
            Err(TrySendError::Disconnected(job)) => job.refuse(LedgerError::Closed),
        }
    }
}

impl Drop for LedgerThread {
    fn drop(&mut self) {
        // Without a sender the thread takes what is left, and ends.
        self.queue = None;
        let Some(thread) = self.thread.take() else { return };
        // An answer may hold the last reference: a thread cannot wait for itself.
        if thread.thread().id() != thread::current().id() {
            // It ends in an error only if an answer panicked, and that was reported then.
            let _ = thread.join();
        }
    }
}

impl Job {
    fn work(self, facts: &Facts<'_>) -> Done {
        match self {
            Self::Record(peer, answer) => Done::Record(facts.record_peer(&peer), answer),
            Self::Forget(id, answer) => Done::Forget(facts.forget_peer(id), answer),
        }
    }

    fn refuse(self, error: LedgerError) {
        match self {
            Self::Record(_, answer) => answer(Err(error)),
            Self::Forget(_, answer) => answer(Err(error)),
        }
    }
}

impl Done {
    /// The failure of storage, where there was one: the whole transaction is worth nothing then.
    fn storage_error(&self) -> Option<&LedgerError> {
        let error = match self {
            Self::Record(result, _) => result.as_ref().err(),
            Self::Forget(result, _) => result.as_ref().err(),
        };
        error.filter(|error| matches!(error, LedgerError::Storage(_)))
    }

    /// Answers, with the error of the transaction if it had one. A refusal stands in either case.
    fn answer(self, transaction: &Result<(), LedgerError>) {
        match self {
            Self::Record(result, answer) => {
                answer(result.and_then(|value| transaction.clone().map(|()| value)));
            }
            Self::Forget(result, answer) => {
                answer(result.and_then(|value| transaction.clone().map(|()| value)));
            }
        }
    }
}

fn run(mut ledger: Ledger, jobs: &Receiver<Job>, room: usize) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        batch.extend(jobs.try_iter().take(room));
        commit(&mut ledger, batch);
    }
}

fn commit(ledger: &mut Ledger, batch: Vec<Job>) {
    let mut waiting = batch.into_iter();
    let mut done = Vec::with_capacity(waiting.len());
    let transaction = ledger.in_transaction(|facts| {
        for job in waiting.by_ref() {
            let end = job.work(facts);
            let failed = end.storage_error().cloned();
            done.push(end);
            if let Some(error) = failed {
                return Err(error);
            }
        }
        Ok(())
    });
    for end in done {
        end.answer(&transaction);
    }
    if let Err(error) = transaction {
        for job in waiting {
            job.refuse(error.clone());
        }
    }
}

#[cfg(test)]
mod tests;
