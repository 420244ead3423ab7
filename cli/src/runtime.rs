//! What the program runs on, as `--runtime` says, and what its commands need of any runtime.

use std::future::poll_fn;
use std::io;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use bowline_shell::runtime::{Alarm, Runtime};
use bowline_smol::Smol;
use bowline_tokio::Tokio;
use clap::ValueEnum;
use smol::{Executor, channel};

/// What tasks may take that cannot be dropped in between.
const ENDING: Duration = Duration::from_millis(500);

/// A runtime by its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum RuntimeChoice {
    #[default]
    Tokio,
    Smol,
}

impl RuntimeChoice {
    /// As it is typed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::Smol => "smol",
        }
    }
}

/// Does `work` on tokio. Then every task is dropped, and with it the programs that still run;
/// whoever looks a name up may still be waiting for it.
pub(crate) fn on_tokio<F: Future>(work: impl FnOnce(Tokio) -> F) -> io::Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(work(Tokio));
    runtime.shutdown_timeout(ENDING);
    Ok(done)
}

/// The same on smol, with as many threads. Not on its global executor, whose tasks nobody can drop.
pub(crate) fn on_smol<F: Future>(work: impl FnOnce(Smol) -> F) -> io::Result<F::Output> {
    let executor = Arc::new(Executor::new());
    // Nothing is sent on either: that all senders are gone is what is told.
    let (stop, stopped) = channel::bounded::<()>(1);
    let (running, ended) = mpsc::channel::<()>();
    for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
        let (executor, stopped, running) = (executor.clone(), stopped.clone(), running.clone());
        thread::Builder::new().name("smol".to_owned()).spawn(move || {
            // A task that panics ends alone, as on tokio.
            let run = || smol::block_on(executor.run(stopped.recv()));
            while catch_unwind(AssertUnwindSafe(run)).is_err() {}
            drop(executor);
            drop(running);
        })?;
    }
    drop(running);
    let done = smol::block_on(work(Smol::on(&executor)));
    drop(stop);
    let _ = ended.recv_timeout(ENDING);
    drop(executor);
    Ok(done)
}

/// What came of two.
pub(crate) enum Either<A, B> {
    /// Of the first.
    First(A),
    /// Of the second.
    Second(B),
}

/// Waits for one of two and drops the other. The first is asked first, so it is to be the one that
/// comes seldom: one that always has something would keep the other waiting.
pub(crate) async fn race<A, B>(
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> Either<A, B> {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|cx| {
        if let Poll::Ready(came) = first.as_mut().poll(cx) {
            return Poll::Ready(Either::First(came));
        }
        second.as_mut().poll(cx).map(Either::Second)
    })
    .await
}

/// What `work` gives; none where it took longer than `time`.
pub(crate) async fn within<T>(
    runtime: &impl Runtime,
    time: Duration,
    work: impl Future<Output = T>,
) -> Option<T> {
    match race(work, pause(runtime, time)).await {
        Either::First(done) => Some(done),
        Either::Second(()) => None,
    }
}

/// Lets `time` pass.
pub(crate) async fn pause(runtime: &impl Runtime, time: Duration) {
    let mut alarm = Alarm::new(runtime);
    // What is beyond the clock never comes.
    alarm.set(runtime.now().checked_add(time));
    poll_fn(|cx| alarm.poll(cx)).await;
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    /// A task that panics ends alone, one that follows still runs, and what never ends is dropped
    /// when the work is done.
    async fn tasks(runtime: impl Runtime, held: Arc<()>) {
        let (send, came) = channel::unbounded();
        for n in 0..50 {
            let (held, send) = (held.clone(), send.clone());
            runtime.spawn(async move {
                send.try_send(n).unwrap();
                assert_ne!(n % 2, 0, "this one panics, as it is to");
                pending::<()>().await;
                drop(held);
            });
        }
        for _ in 0..50 {
            came.recv().await.unwrap();
        }
    }

    #[test]
    fn every_task_is_dropped_when_the_work_is_done() {
        let held = [(); 2].map(|()| Arc::new(()));
        on_tokio(|tokio| tasks(tokio, held[0].clone())).unwrap();
        on_smol(|smol| tasks(smol, held[1].clone())).unwrap();
        assert_eq!(held.map(|held| Arc::strong_count(&held)), [1, 1]);
    }

    #[test]
    fn of_two_that_are_there_the_first_comes() {
        let both = smol::block_on(race(ready(1), ready(2)));
        assert!(matches!(both, Either::First(1)));
        let second = smol::block_on(race(pending::<()>(), ready(2)));
        assert!(matches!(second, Either::Second(2)));
    }

    async fn waits(runtime: impl Runtime) {
        let hour = Duration::from_secs(3600);
        let moment = Duration::from_millis(1);
        assert_eq!(within(&runtime, hour, ready(7)).await, Some(7));
        assert_eq!(within(&runtime, moment, pending::<()>()).await, None);
        // More than a clock can say is no limit.
        let paused = within(&runtime, Duration::MAX, pause(&runtime, moment)).await;
        assert_eq!(paused, Some(()));
    }

    #[test]
    fn work_is_waited_for_so_long_and_no_longer() {
        on_tokio(waits).unwrap();
        on_smol(waits).unwrap();
    }

    #[test]
    fn each_runtime_is_named_as_it_is_typed() {
        for choice in RuntimeChoice::value_variants() {
            assert_eq!(RuntimeChoice::from_str(choice.name(), false), Ok(*choice));
        }
    }
}
