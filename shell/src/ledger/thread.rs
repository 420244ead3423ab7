//! One thread that owns the ledger and commits what has queued as one transaction.
//!
//! ```text
//!  record ─┐            ┌──────────────────────────────────────────────────┐
//!  record ─┼─▶ queue ─▶ │ take all that waits ─▶ one transaction ─▶ commit │ ─▶ answers
//!  change ─┘  bounded   └──────────────────────────────────────────────────┘
//! ```
//!
//! A flush to the disk costs the same for one fact as for hundreds. An answer is given only after
//! the commit; if that fails, every request that was in it is told so. A request that is merely
//! refused, such as an id that is taken, harms no other.

use std::fmt;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use bowline_core::facts::{Change, Fact, FactRecord, KeyRecord, KeyRotation, TokenRecord};

use crate::files::DirLock;
use crate::ledger::transaction::Transaction;
use crate::ledger::{Ledger, LedgerError};
use crate::watch::Watch;

/// The ledger behind a queue. Shared by reference; dropping it commits what has queued, answers,
/// and ends the thread, as [`LedgerThread::close`] does.
pub struct LedgerThread {
    /// None once it was closed.
    queue: Mutex<Option<SyncSender<Box<dyn LedgerJob>>>>,
    thread: Option<JoinHandle<()>>,
    room: usize,
    /// The database is closed, and its files are at rest.
    closed: Arc<Watch<Closed>>,
}

/// Whether the database is closed, and what is let go when it is.
#[derive(Default)]
struct Closed {
    is_closed: bool,
    lock: Option<DirLock>,
}

/// One request, and who is told.
trait LedgerJob: Send {
    /// Does it in a transaction that is not committed yet. The failure of storage, where there was
    /// one: the whole transaction is worth nothing then.
    fn work(&mut self, facts: &Transaction<'_>) -> Option<LedgerError>;

    /// Answers, with the error of the transaction if it had one. A refusal stands in either case.
    fn answer(self: Box<Self>, transaction: &Result<(), LedgerError>);
}

struct LedgerRequest<T, W, A> {
    /// None once it was begun.
    work: Option<W>,
    result: Option<Result<T, LedgerError>>,
    answer: A,
}

impl<T, W, A> LedgerJob for LedgerRequest<T, W, A>
where
    T: Send,
    W: FnOnce(&Transaction<'_>) -> Result<T, LedgerError> + Send,
    A: FnOnce(Result<T, LedgerError>) + Send,
{
    fn work(&mut self, facts: &Transaction<'_>) -> Option<LedgerError> {
        let result = self.work.take()?(facts);
        let failed = result.as_ref().err().cloned();
        self.result = Some(result);
        failed.filter(|error| matches!(error, LedgerError::Storage(_)))
    }

    fn answer(self: Box<Self>, transaction: &Result<(), LedgerError>) {
        let committed = transaction.clone();
        (self.answer)(match self.result {
            Some(result) => result.and_then(|value| committed.map(|()| value)),
            // It was not begun, because one before it failed.
            None => Err(committed.err().unwrap_or(LedgerError::Closed)),
        });
    }
}

impl LedgerThread {
    /// Starts the thread. At most `room` requests wait, and at least one.
    ///
    /// # Errors
    /// The system's, where it gives no thread.
    pub fn start(ledger: Ledger, room: usize) -> io::Result<Self> {
        let room = room.max(1);
        let (queue, jobs) = sync_channel(room);
        let closed = Arc::new(Watch::new(Closed::default()));
        let end = Closing(closed.clone());
        let thread = thread::Builder::new().name("bowline-ledger".to_owned()).spawn(move || {
            // Its end is told after the ledger's, also where an answer panicked.
            let _end = end;
            run(ledger, &jobs, room);
        })?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Some(thread), room, closed })
    }

    /// Takes no more requests, commits and answers what has queued, and closes the database.
    /// Returns when nobody uses its files any more.
    pub async fn close(&self) {
        self.shut();
        self.closed.until(|closed| closed.is_closed.then_some(())).await;
    }

    /// Holds this lock until the database is closed, and its files are at rest.
    pub(crate) fn hold(&self, lock: DirLock) {
        self.closed.change(|closed| {
            // What is closed already holds nothing.
            closed.lock = (!closed.is_closed).then_some(lock);
        });
    }

    /// Whether the file is this hub's alone still: [`LedgerError::Overtaken`] where another hub has
    /// started on it. For `answer` see [`LedgerThread::record`].
    pub(crate) fn check(&self, answer: impl FnOnce(Result<(), LedgerError>) + Send + 'static) {
        // Every transaction looks for that first.
        self.queue(|_| Ok(()), answer);
    }

    /// Without a sender the thread takes what is left, and ends.
    fn shut(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// As [`Ledger::record`]. Never blocks.
    ///
    /// `answer` is called once: on the ledger's thread after the commit, or at once with
    /// [`LedgerError::Busy`] or [`LedgerError::Closed`]. It should only pass the answer on: while
    /// it runs, nothing is recorded.
    pub fn record(
        &self,
        record: FactRecord,
        answer: impl FnOnce(Result<(), LedgerError>) + Send + 'static,
    ) {
        self.queue(move |facts| facts.apply(Fact::Record(&record)).map(drop), answer);
    }

    /// As [`Ledger::change`]; for `answer` see [`LedgerThread::record`].
    pub fn change(
        &self,
        change: Change,
        answer: impl FnOnce(Result<bool, LedgerError>) + Send + 'static,
    ) {
        self.queue(move |facts| facts.apply(Fact::Change(&change)), answer);
    }

    /// As [`Ledger::issue`]; for `answer` see [`LedgerThread::record`].
    pub fn issue(
        &self,
        token: TokenRecord,
        answer: impl FnOnce(Result<(), LedgerError>) + Send + 'static,
    ) {
        self.queue(move |facts| facts.apply(Fact::Issue(&token)).map(drop), answer);
    }

    /// As [`Ledger::rotate_key`]; for `answer` see [`LedgerThread::record`].
    pub fn rotate_key(
        &self,
        rotation: KeyRotation,
        answer: impl FnOnce(Result<Vec<KeyRecord>, LedgerError>) + Send + 'static,
    ) {
        self.queue(move |facts| facts.rotate_key(&rotation), answer);
    }

    fn queue<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, LedgerError> + Send + 'static,
        answer: impl FnOnce(Result<T, LedgerError>) + Send + 'static,
    ) {
        let job: Box<dyn LedgerJob> =
            Box::new(LedgerRequest { work: Some(work), result: None, answer });
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = match queue.as_ref() {
            Some(queue) => queue.try_send(job),
            None => Err(TrySendError::Disconnected(job)),
        };
        // An answer may ask the next thing.
        drop(queue);
        match sent {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => job.answer(&Err(LedgerError::Busy(self.room))),
            Err(TrySendError::Disconnected(job)) => job.answer(&Err(LedgerError::Closed)),
        }
    }
}

impl fmt::Debug for LedgerThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerThread").field("room", &self.room).finish_non_exhaustive()
    }
}

impl Drop for LedgerThread {
    fn drop(&mut self) {
        self.shut();
        let Some(thread) = self.thread.take() else { return };
        // An answer may hold the last reference: a thread cannot wait for itself.
        if thread.thread().id() != thread::current().id() {
            // It ends in an error only if an answer panicked, and that was reported then.
            let _ = thread.join();
        }
    }
}

/// Tells that the thread has ended, and lets go of what it held.
struct Closing(Arc<Watch<Closed>>);

impl Drop for Closing {
    fn drop(&mut self) {
        let lock = self.0.change(|closed| {
            closed.is_closed = true;
            closed.lock.take()
        });
        drop(lock);
    }
}

fn run(mut ledger: Ledger, jobs: &Receiver<Box<dyn LedgerJob>>, room: usize) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        batch.extend(jobs.try_iter().take(room));
        commit(&mut ledger, batch);
    }
}

fn commit(ledger: &mut Ledger, mut batch: Vec<Box<dyn LedgerJob>>) {
    let transaction = ledger.in_transaction(|facts| {
        batch.iter_mut().try_for_each(|job| job.work(facts).map_or(Ok(()), Err))
    });
    for job in batch {
        job.answer(&transaction);
    }
}

#[cfg(test)]
mod tests;
