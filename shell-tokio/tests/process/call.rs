//! A call that is not one: what a program writes is kept, its input is made up, credit is given
//! out in the amounts that a test asks for.

use std::future::Future;
use std::process::Command;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bowline_core::wire::frame::Source;
use bowline_shell::process::{CallIo, Gone, Grace, Outcome, Stop, run};
use bowline_tokio::Tokio;
use rustix::process::{Pid, test_kill_process};
use tokio::time::{sleep, sleep_until, timeout};

/// What the program gets and what it gave.
pub(crate) struct Call {
    pub(crate) out: Vec<u8>,
    pub(crate) err: Vec<u8>,
    input: Vec<u8>,
    given: usize,
    /// Called once, when the input has been taken to its end.
    on_input_end: Option<Box<dyn FnOnce() + Send>>,
    /// Bytes of credit for each time that the call is polled.
    credit: usize,
    left: usize,
    /// Asked before any credit is given.
    is_closed: Option<Gate>,
    stop: Option<(Stop, Condition)>,
    gone: Option<Condition>,
    waker: Option<Waker>,
}

/// Whether there is no credit at all; sees to it that the task is woken when there is.
type Gate = Box<dyn FnMut(&mut Context<'_>) -> bool + Send>;

/// Something about both outputs so far.
pub(crate) type Condition = Box<dyn Fn(&[u8], &[u8]) -> bool + Send>;

impl Call {
    pub(crate) fn new() -> Self {
        Self {
            out: Vec::new(),
            err: Vec::new(),
            input: Vec::new(),
            given: 0,
            on_input_end: None,
            credit: usize::MAX,
            left: 0,
            is_closed: None,
            stop: None,
            gone: None,
            waker: None,
        }
    }

    pub(crate) fn with_input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    pub(crate) fn when_input_ends(mut self, then: impl FnOnce() + Send + 'static) -> Self {
        self.on_input_end = Some(Box::new(then));
        self
    }

    pub(crate) fn with_credit_each_turn(mut self, bytes: usize) -> Self {
        self.credit = bytes;
        self
    }

    /// No credit while `is_closed`, which must see to it that the task is woken.
    pub(crate) fn closed_while(
        mut self,
        is_closed: impl FnMut(&mut Context<'_>) -> bool + Send + 'static,
    ) -> Self {
        self.is_closed = Some(Box::new(is_closed));
        self
    }

    /// No credit until `span` after the first bytes were offered.
    pub(crate) fn closed_for(self, span: Duration) -> Self {
        let mut opens = None;
        self.closed_while(move |cx| {
            let opens = *opens.get_or_insert_with(|| {
                let at = Instant::now() + span;
                let waker = cx.waker().clone();
                tokio::spawn(async move {
                    sleep_until(at.into()).await;
                    waker.wake();
                });
                at
            });
            Instant::now() < opens
        })
    }

    pub(crate) fn stopping(
        mut self,
        stop: Stop,
        when: impl Fn(&[u8], &[u8]) -> bool + Send + 'static,
    ) -> Self {
        self.stop = Some((stop, Box::new(when)));
        self
    }

    pub(crate) fn gone_once(
        mut self,
        when: impl Fn(&[u8], &[u8]) -> bool + Send + 'static,
    ) -> Self {
        self.gone = Some(Box::new(when));
        self
    }

    /// Runs a shell script to its end.
    pub(crate) async fn sh(&mut self, script: &str, grace: Grace) -> Outcome {
        let mut command = Command::new("sh");
        command.arg("-c").arg(script);
        self.run(command, grace).await
    }

    pub(crate) async fn run(&mut self, command: Command, grace: Grace) -> Outcome {
        within_bounds(run(&Tokio, command, self, grace)).await
    }

    /// The numbers in the first line of the output: process ids that a script printed.
    pub(crate) fn pids(&self) -> Vec<i32> {
        pids(&self.out)
    }
}

impl CallIo for Call {
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        source: Source,
        bytes: &[u8],
    ) -> Poll<Result<usize, Gone>> {
        assert!(!bytes.is_empty());
        if self.gone.as_ref().is_some_and(|gone| gone(&self.out, &self.err)) {
            return Poll::Ready(Err(Gone));
        }
        if self.is_closed.as_mut().is_some_and(|is_closed| is_closed(cx)) {
            return Poll::Pending;
        }
        if self.left == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let n = bytes.len().min(self.left);
        self.left -= n;
        match source {
            Source::Out => self.out.extend_from_slice(&bytes[..n]),
            Source::Err => self.err.extend_from_slice(&bytes[..n]),
        }
        self.waker.iter().for_each(Waker::wake_by_ref);
        Poll::Ready(Ok(n))
    }

    fn poll_input(&mut self, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Result<usize, Gone>> {
        let rest = &self.input[self.given..];
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        self.given += n;
        if n == 0
            && let Some(then) = self.on_input_end.take()
        {
            then();
        }
        Poll::Ready(Ok(n))
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>) -> Poll<Stop> {
        self.left = self.credit;
        match &self.stop {
            Some((stop, when)) if when(&self.out, &self.err) => Poll::Ready(*stop),
            // More output may be what it waits for.
            Some(_) => {
                self.waker = Some(cx.waker().clone());
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }
}

pub(crate) fn a_line_was_written(out: &[u8], _: &[u8]) -> bool {
    out.contains(&b'\n')
}

pub(crate) fn pids(out: &[u8]) -> Vec<i32> {
    let line = String::from_utf8_lossy(out.split(|&byte| byte == b'\n').next().unwrap());
    line.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

/// A test that waits this long has failed.
pub(crate) async fn within_bounds<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("it should have ended long ago")
}

/// Returns once none of `pids` runs any more.
pub(crate) async fn all_end(pids: &[i32]) {
    within_bounds(async {
        while pids.iter().any(|&pid| is_running(pid)) {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

/// Whether a process runs; a zombie, which waits for a parent that is not ours, does not.
pub(crate) fn is_running(pid: i32) -> bool {
    if test_kill_process(Pid::from_raw(pid).unwrap()).is_err() {
        return false;
    }
    let state = Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output().unwrap();
    !state.stdout.is_empty() && !state.stdout.starts_with(b"Z")
}
