use std::path::Path;
use std::pin::pin;
use std::sync::Barrier;
use std::sync::mpsc::channel;
use std::task::{Context, Waker};
use std::time::Duration;

use bowline_core::code::Code;
use bowline_core::facts::Binding;
use bowline_core::id::PublicKey;
use bowline_core::wire::frame::Method;

use super::*;
use crate::files::{DataDir, FileError};

fn bind(
    thread: &LedgerThread,
    binding: Binding,
    answer: impl FnOnce(Result<(), LedgerError>) + Send + 'static,
) {
    thread.record(FactRecord::Bind(binding), answer);
}

fn forget(
    thread: &LedgerThread,
    peer: &str,
    answer: impl FnOnce(Result<bool, LedgerError>) + Send + 'static,
) {
    thread.change(Change::Forget(peer.parse().unwrap()), answer);
}

fn bound(ledger: &mut Ledger) -> Vec<Binding> {
    ledger.durable().unwrap().peers.into_values().map(|peer| peer.binding).collect()
}

fn peer(id: &str, key: u8) -> Binding {
    Binding {
        peer: id.parse().unwrap(),
        key: PublicKey([key; 32]),
        method: Method::Secret,
        first_seen: 1,
        serves: true,
    }
}

fn open(path: &Path) -> Ledger {
    Ledger::open(path).unwrap()
}

/// Holds the thread inside an answer until the returned closure is called, so that a test decides
/// what has queued by then.
fn hold(thread: &LedgerThread) -> impl FnOnce() + use<> {
    let (entered, release) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (inside, until) = (entered.clone(), release.clone());
    forget(thread, "none", move |_| {
        inside.wait();
        until.wait();
    });
    entered.wait();
    move || {
        release.wait();
    }
}

#[test]
fn a_hundred_requests_at_once_are_all_recorded_and_answered() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let ledger = Arc::new(LedgerThread::start(open(&path), 100).unwrap());
    let (answers, answered) = channel();
    let askers: Vec<_> = (0..100)
        .map(|i| {
            let (ledger, answers) = (ledger.clone(), answers.clone());
            thread::spawn(move || {
                bind(&ledger, peer(&format!("p{i}"), 1), move |end| {
                    answers.send(end).unwrap();
                });
            })
        })
        .collect();
    for asker in askers {
        asker.join().unwrap();
    }
    drop(answers);
    let ends: Vec<_> = answered.iter().collect();
    assert_eq!(ends, vec![Ok(()); 100]);
    drop(ledger);
    assert_eq!(bound(&mut open(&path)).len(), 100);
}

#[test]
fn what_has_queued_is_one_transaction_and_no_answer_comes_before_its_commit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let thread = LedgerThread::start(open(&path), 100).unwrap();
    let release = hold(&thread);
    let (counts, counted) = channel();
    for i in 0..50 {
        let (counts, path) = (counts.clone(), path.clone());
        // What another connection sees while the answer is given.
        bind(&thread, peer(&format!("p{i}"), 1), move |end| {
            end.unwrap();
            counts.send(bound(&mut open(&path)).len()).unwrap();
        });
    }
    release();
    drop(counts);
    assert_eq!(counted.iter().collect::<Vec<_>>(), vec![50; 50]);
}

#[test]
fn a_full_queue_answers_at_once_and_takes_the_next_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let thread = LedgerThread::start(open(&dir.path().join("l")), 3).unwrap();
    let release = hold(&thread);
    let (answers, answered) = channel();
    for i in 0..4 {
        let answers = answers.clone();
        bind(&thread, peer(&format!("p{i}"), 1), move |end| answers.send((i, end)).unwrap());
    }
    assert_eq!(answered.try_recv(), Ok((3, Err(LedgerError::Busy(3)))));
    assert!(answered.try_recv().is_err());
    release();
    drop(answers);
    let ends: Vec<_> = answered.iter().collect();
    assert_eq!(ends, (0..3).map(|i| (i, Ok(()))).collect::<Vec<_>>());
    let (answer, end) = channel();
    bind(&thread, peer("p3", 1), move |result| answer.send(result).unwrap());
    assert_eq!(end.recv(), Ok(Ok(())));
}

#[test]
fn a_refusal_in_a_batch_harms_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let thread = LedgerThread::start(open(&path), 100).unwrap();
    let release = hold(&thread);
    let (answers, answered) = channel();
    for row in [peer("a", 1), peer("a", 2), peer("b", 2), peer("a", 1)] {
        let answers = answers.clone();
        bind(&thread, row, move |end| answers.send(end).unwrap());
    }
    release();
    drop(answers);
    let taken = Err(LedgerError::Refused(Code::IdTaken));
    let ends: Vec<_> = answered.iter().collect();
    assert_eq!(ends, [Ok(()), taken, Ok(()), Ok(())]);
    drop(thread);
    assert_eq!(bound(&mut open(&path)), vec![peer("a", 1), peer("b", 2)]);
}

#[test]
fn a_transaction_that_finds_no_room_refuses_all_of_it_and_records_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let ledger = open(&path);
    ledger.connection().pragma_update(None, "max_page_count", 1).unwrap();
    let thread = LedgerThread::start(ledger, 1000).unwrap();
    let release = hold(&thread);
    let (answers, answered) = channel();
    // More than the pages that are there can hold.
    for i in 0..500 {
        let answers = answers.clone();
        bind(&thread, peer(&format!("p{i}"), 1), move |end| answers.send(end).unwrap());
    }
    release();
    drop(answers);
    let ends: Vec<_> = answered.iter().collect();
    assert_eq!(ends.len(), 500);
    assert!(ends.iter().all(|end| matches!(end, Err(LedgerError::Storage(_)))), "{:?}", ends[0]);
    // The thread goes on.
    let (answer, end) = channel();
    forget(&thread, "p0", move |result| answer.send(result).unwrap());
    assert_eq!(end.recv(), Ok(Ok(false)));
    drop(thread);
    assert_eq!(bound(&mut open(&path)), vec![]);
}

#[test]
fn dropping_it_commits_what_has_queued() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let thread = LedgerThread::start(open(&path), 100).unwrap();
    let release = hold(&thread);
    for i in 0..20 {
        bind(&thread, peer(&format!("p{i}"), 1), |end| assert_eq!(end, Ok(())));
    }
    let dropping = thread::spawn(move || drop(thread));
    release();
    dropping.join().unwrap();
    assert_eq!(bound(&mut open(&path)).len(), 20);
}

#[test]
fn closing_waits_until_what_has_queued_is_committed_and_the_files_are_at_rest() {
    let dir = tempfile::tempdir().unwrap();
    let thread = LedgerThread::start(open(&dir.path().join("l")), 100).unwrap();
    let release = hold(&thread);
    let (answers, answered) = channel();
    let answer = answers.clone();
    bind(&thread, peer("a", 1), move |end| answer.send(end).unwrap());
    let mut closing = pin!(thread.close());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(closing.as_mut().poll(&mut cx).is_pending());
    bind(&thread, peer("b", 1), move |end| answers.send(end).unwrap());
    assert_eq!(answered.recv(), Ok(Err(LedgerError::Closed)));
    release();
    let waited = (0..3000).any(|_| {
        thread::sleep(Duration::from_millis(10));
        closing.as_mut().poll(&mut cx).is_ready()
    });
    assert!(waited);
    assert_eq!(answered.try_recv(), Ok(Ok(())));
    let left: Vec<_> = dir.path().read_dir().unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["l"]);
    assert_eq!(bound(&mut open(&dir.path().join("l"))), [peer("a", 1)]);
}

#[test]
fn an_answer_that_holds_the_last_reference_does_not_wait_for_itself() {
    let dir = tempfile::tempdir().unwrap();
    let thread = Arc::new(LedgerThread::start(open(&dir.path().join("l")), 10).unwrap());
    let (answer, end) = channel();
    let release = hold(&thread);
    let held = thread.clone();
    forget(&thread, "a", move |_| {
        drop(held);
        answer.send(()).unwrap();
    });
    drop(thread);
    release();
    assert_eq!(end.recv_timeout(Duration::from_secs(30)), Ok(()));
}

#[test]
fn a_lock_is_held_until_the_files_are_at_rest_and_by_what_is_closed_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let data = DataDir::create(dir.path()).unwrap();
    let thread = LedgerThread::start(open(&data.ledger()), 10).unwrap();
    let closed = thread.closed.clone();
    let release = hold(&thread);
    thread.hold(DirLock::take(&data).unwrap());
    let dropping = thread::spawn(move || drop(thread));
    assert!(matches!(DirLock::take(&data), Err(FileError::Locked { .. })));
    release();
    dropping.join().unwrap();
    assert!(closed.look(|closed| closed.is_closed));
    assert!(DirLock::take(&data).is_ok());

    let thread = LedgerThread::start(open(&data.ledger()), 10).unwrap();
    thread.shut();
    while !thread.closed.look(|closed| closed.is_closed) {
        thread::sleep(Duration::from_millis(1));
    }
    thread.hold(DirLock::take(&data).unwrap());
    assert!(DirLock::take(&data).is_ok());
}
