//! A call that is not one: what a program writes is kept, its input is made up, credit is given
//! out in the amounts that a test asks for.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Command;
use std::task::{Context, Poll, Waker, ready};

use bowline_core::wire::frame::OutputStream;
use bowline_shell::process::{CallIo, Gone, Grace, Outcome, Program, Stop, run};
use bowline_tests::shells::Shell;
use bowline_tests::wait::{poll_for, within};
use rustix::process::{Pid, test_kill_process};

/// What the program gets and what it gave.
pub(crate) struct Call<S> {
    runtime: S,
    pub(crate) out: Vec<u8>,
    pub(crate) err: Vec<u8>,
    input: Vec<u8>,
    given: usize,
    /// Called once, when the input has been taken to its end.
    on_input_end: Option<Box<dyn FnOnce() + Send>>,
    /// Bytes of credit for each time that the call is polled.
    credit: usize,
    left: usize,
    /// There is no credit at all until this is done.
    opens: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    stop: Option<(Stop, Condition)>,
    gone: Option<Condition>,
    waker: Option<Waker>,
    /// It was told to stop, and is not to be asked again.
    is_over: bool,
}

/// Something about both outputs so far.
pub(crate) type Condition = Box<dyn Fn(&[u8], &[u8]) -> bool + Send>;

impl<S: Shell> Call<S> {
    pub(crate) fn new() -> Self {
        Self {
            runtime: S::default(),
            out: Vec::new(),
            err: Vec::new(),
            input: Vec::new(),
            given: 0,
            on_input_end: None,
            credit: usize::MAX,
            left: 0,
            opens: None,
            stop: None,
            gone: None,
            waker: None,
            is_over: false,
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

    /// No credit until `opens` is done.
    pub(crate) fn closed_until(mut self, opens: impl Future<Output = ()> + Send + 'static) -> Self {
        self.opens = Some(Box::pin(opens));
        self
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

    pub(crate) async fn run(&mut self, program: impl Into<Program>, grace: Grace) -> Outcome {
        let runtime = self.runtime.clone();
        within(run(&runtime, program, self, grace)).await
    }

    /// The numbers in the first line of the output: process ids that a script printed.
    pub(crate) fn pids(&self) -> Vec<i32> {
        pids(&self.out)
    }
}

impl<S: Shell> CallIo for Call<S> {
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        source: OutputStream,
        bytes: &[u8],
    ) -> Poll<Result<usize, Gone>> {
        assert!(!bytes.is_empty() && !self.is_over);
        if self.gone.as_ref().is_some_and(|gone| gone(&self.out, &self.err)) {
            return Poll::Ready(Err(Gone));
        }
        if let Some(opens) = &mut self.opens {
            ready!(opens.as_mut().poll(cx));
            self.opens = None;
        }
        if self.left == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let n = bytes.len().min(self.left);
        self.left -= n;
        match source {
            OutputStream::Out => self.out.extend_from_slice(&bytes[..n]),
            OutputStream::Err => self.err.extend_from_slice(&bytes[..n]),
        }
        self.waker.iter().for_each(Waker::wake_by_ref);
        Poll::Ready(Ok(n))
    }

    fn poll_input(&mut self, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Result<usize, Gone>> {
        assert!(!self.is_over);
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
        assert!(!self.is_over);
        self.left = self.credit;
        match &self.stop {
            Some((stop, when)) if when(&self.out, &self.err) => {
                self.is_over = true;
                Poll::Ready(*stop)
            }
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

/// Returns once none of `pids` runs any more.
pub(crate) async fn all_end(pids: &[i32]) {
    poll_for(|| (!pids.iter().any(|&pid| is_running(pid))).then_some(())).await;
}

/// Returns once there is a file at `path`.
pub(crate) async fn exists(path: PathBuf) {
    poll_for(|| path.exists().then_some(())).await;
}

/// Whether a process runs; a zombie, which waits for a parent that is not ours, does not.
pub(crate) fn is_running(pid: i32) -> bool {
    if test_kill_process(Pid::from_raw(pid).unwrap()).is_err() {
        return false;
    }
    let state = Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output().unwrap();
    !state.stdout.is_empty() && !state.stdout.starts_with(b"Z")
}
