//! What happens, as JSON lines for a reader of standard output who may stop reading.
//!
//! Links tell what happens in the midst of their work, so they never wait: one thread writes, and
//! so many lines wait for it. What comes beyond is left out, and counted in a line of its own at
//! the place where it would have stood.

use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::output;

/// Lines that wait, at most.
const WAITING: usize = 1024;
/// The longest that the end of the program waits for the reader.
const PATIENCE: Duration = Duration::from_millis(500);

static JOURNAL: OnceLock<Journal> = OnceLock::new();

/// Has one thing written that has happened; never waits.
pub(crate) fn event(what: Value) {
    // That its reader went away is no reason to stop.
    JOURNAL.get_or_init(|| Journal::start(|line| drop(output::try_line(line)))).tell(what);
}

/// Waits until what was told is written, but not long.
pub(crate) fn finish() {
    if let Some(journal) = JOURNAL.get() {
        journal.finish(PATIENCE);
    }
}

struct Journal {
    send: SyncSender<Value>,
    count: Arc<(Mutex<Count>, Condvar)>,
}

#[derive(Default)]
struct Count {
    waiting: usize,
    left_out: u64,
}

impl Journal {
    fn start(write: impl FnMut(Value) + Send + 'static) -> Self {
        // As many as may be counted as waiting, so that a send never waits.
        let (send, come) = mpsc::sync_channel(WAITING);
        let count = Arc::<(Mutex<Count>, Condvar)>::default();
        let counted = count.clone();
        // Without a thread every line is left out.
        let _ = thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || write_all(&come, &counted, write));
        Self { send, count }
    }

    fn tell(&self, what: Value) {
        let mut count = self.count.0.lock().unwrap_or_else(PoisonError::into_inner);
        if count.left_out > 0 && self.pass_on(&mut count, left_out) {
            count.left_out = 0;
        }
        if count.left_out > 0 || !self.pass_on(&mut count, |_| what) {
            count.left_out += 1;
        }
    }

    /// Gives the thread a line; `false` where it has too many.
    fn pass_on(&self, count: &mut Count, line: impl FnOnce(&Count) -> Value) -> bool {
        let passed = count.waiting < WAITING && self.send.try_send(line(count)).is_ok();
        count.waiting += usize::from(passed);
        passed
    }

    fn finish(&self, patience: Duration) {
        let (count, changed) = &*self.count;
        let mut count = count.lock().unwrap_or_else(PoisonError::into_inner);
        if count.left_out > 0 && self.pass_on(&mut count, left_out) {
            count.left_out = 0;
        }
        // Whoever panicked has written nothing, and so it is not waited for.
        drop(changed.wait_timeout_while(count, patience, |count| count.waiting > 0));
    }
}

fn write_all(
    come: &Receiver<Value>,
    count: &(Mutex<Count>, Condvar),
    mut write: impl FnMut(Value),
) {
    for line in come {
        write(line);
        count.0.lock().unwrap_or_else(PoisonError::into_inner).waiting -= 1;
        count.1.notify_all();
    }
}

fn left_out(count: &Count) -> Value {
    json!({"event": "left-out", "count": count.left_out})
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A journal whose reader takes a line whenever it is let, and the lines that it took.
    fn stalled() -> (Journal, mpsc::Sender<()>, Receiver<Value>) {
        let (allow, allowed) = mpsc::channel::<()>();
        let (took, taken) = mpsc::channel();
        let journal = Journal::start(move |line| {
            if allowed.recv().is_ok() {
                took.send(line).unwrap();
            }
        });
        (journal, allow, taken)
    }

    #[test]
    fn nobody_waits_for_a_reader_and_what_is_left_out_is_counted_where_it_would_have_stood() {
        let (journal, allow, taken) = stalled();
        for n in 0..WAITING + 10 {
            journal.tell(n.into());
        }
        // It waits no longer than it is to.
        journal.finish(Duration::from_millis(1));
        for n in 0..WAITING {
            allow.send(()).unwrap();
            assert_eq!(taken.recv().unwrap(), n);
        }
        (0..2).for_each(|_| allow.send(()).unwrap());
        // The last line may be taken, and not yet counted as written.
        while journal.count.0.lock().unwrap().waiting > 0 {
            thread::yield_now();
        }
        journal.tell("on".into());
        assert_eq!(taken.recv().unwrap(), json!({"event": "left-out", "count": 10}));
        assert_eq!(taken.recv().unwrap(), "on");
    }

    #[test]
    fn the_end_waits_for_what_was_told() {
        let (journal, allow, taken) = stalled();
        for n in 0..100 {
            journal.tell(n.into());
            allow.send(()).unwrap();
        }
        journal.finish(Duration::from_secs(60));
        assert_eq!(taken.try_iter().count(), 100);
    }

    #[test]
    fn what_was_left_out_last_is_counted_at_the_end() {
        let (journal, allow, taken) = stalled();
        for n in 0..=WAITING {
            journal.tell(n.into());
        }
        (0..=WAITING).for_each(|_| allow.send(()).unwrap());
        while journal.count.0.lock().unwrap().waiting > 0 {
            thread::yield_now();
        }
        journal.finish(Duration::from_secs(60));
        assert_eq!(taken.try_iter().last().unwrap(), json!({"event": "left-out", "count": 1}));
    }
}
