//! The program, as processes of its own: `bowline` from the folder that the tests were built into.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::pairing::Pairing;
use crate::wait::BOUND;

/// Where the program is.
///
/// # Panics
/// When it was not built: `cargo build -p bowline` builds it.
#[must_use]
pub fn path() -> PathBuf {
    let tests = std::env::current_exe().expect("a path");
    let path = tests.ancestors().nth(2).expect("a folder").join("bowline");
    assert!(path.exists(), "{} is missing: run cargo build -p bowline", path.display());
    path
}

/// The program with these arguments, and nothing of this environment that it would look at; on the
/// runtime of its part where the test is in a pairing.
#[must_use]
pub fn bowline(arguments: &[&str], home: &Path) -> Command {
    let mut command = Command::new(path());
    command.args(runtime(arguments)).args(arguments).env("HOME", home).stdin(Stdio::null());
    for name in ["XDG_DATA_HOME", "BOWLINE_SECRET", "BOWLINE_TOKEN", "BOWLINE_LOG"] {
        command.env_remove(name);
    }
    command
}

/// What goes before these arguments in the pairing of the test.
#[must_use]
pub fn runtime(arguments: &[&str]) -> Vec<&'static str> {
    let pairing = Pairing::current();
    pairing.map_or_else(Vec::new, |pairing| vec!["--runtime", pairing.runtime(arguments)])
}

/// A process whose outputs are read line by line; killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    out: Lines,
    err: Lines,
}

/// One output, read by a thread of its own.
#[derive(Debug)]
struct Lines {
    come: mpsc::Receiver<String>,
    seen: Vec<String>,
}

impl Lines {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let (send, come) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Self { come, seen: Vec::new() }
    }

    /// The next line with `wanted` in it.
    fn next(&mut self, wanted: &str) -> Option<String> {
        self.next_within(wanted, BOUND)
    }

    fn next_within(&mut self, wanted: &str, bound: Duration) -> Option<String> {
        let until = Instant::now() + bound;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = self.come.recv_timeout(left).ok()?;
            self.seen.push(line.clone());
            if line.contains(wanted) {
                return Some(line);
            }
        }
    }

    /// Everything, once the process has ended.
    fn all(mut self) -> String {
        self.seen.extend(self.come.iter());
        self.seen.iter().map(|line| format!("{line}\n")).collect()
    }
}

impl Running {
    /// Starts it.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let out = Lines::of(child.stdout.take().expect("a pipe"));
        let err = Lines::of(child.stderr.take().expect("a pipe"));
        Self { child, out, err }
    }

    /// The process.
    ///
    /// # Panics
    /// When it has no number.
    #[must_use]
    pub fn pid(&self) -> Pid {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id")
    }

    /// Its standard input, where that is a pipe; once.
    #[must_use]
    pub fn input(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// The next line of its standard output that has `wanted` in it.
    ///
    /// # Panics
    /// When it does not come.
    pub fn line(&mut self, wanted: &str) -> String {
        let found = self.out.next(wanted);
        found.unwrap_or_else(|| panic!("no line with {wanted:?} in {self:#?}"))
    }

    /// The same, where it has to come before something else would bring it about.
    ///
    /// # Panics
    /// When it does not come by then.
    pub fn line_within(&mut self, wanted: &str, bound: Duration) -> String {
        let found = self.out.next_within(wanted, bound);
        found.unwrap_or_else(|| panic!("no line with {wanted:?} within {bound:?} in {self:#?}"))
    }

    /// The lines of its standard output that were waited for or passed over so far.
    #[must_use]
    pub fn seen(&self) -> &[String] {
        &self.out.seen
    }

    /// The next line of its standard output, if there is one more.
    pub fn line_or_end(&mut self) -> Option<String> {
        self.out.next("")
    }

    /// The next line of its standard error that has `wanted` in it.
    ///
    /// # Panics
    /// When it does not come.
    pub fn said(&mut self, wanted: &str) -> String {
        let found = self.err.next(wanted);
        found.unwrap_or_else(|| panic!("nothing with {wanted:?} was said in {self:#?}"))
    }

    /// Sends a signal to it, and to nothing else.
    ///
    /// # Panics
    /// When it is gone.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it runs");
    }

    /// Waits for its end: the exit code, and standard error.
    ///
    /// # Panics
    /// When it does not end.
    pub fn end(self) -> (Option<i32>, String) {
        let (code, _, err) = self.outcome();
        (code, err)
    }

    /// Waits for its end: the exit code, and everything that both outputs had.
    ///
    /// # Panics
    /// When it does not end.
    pub fn outcome(mut self) -> Outcome {
        let until = Instant::now() + BOUND;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                let none = || Lines { come: mpsc::channel().1, seen: Vec::new() };
                let out = core::mem::replace(&mut self.out, none());
                let err = core::mem::replace(&mut self.err, none());
                return (status.code(), out.all(), err.all());
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("it does not end: {self:#?}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already; it is ours until it has been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a process came to: exit code, standard output, standard error.
pub type Outcome = (Option<i32>, String, String);

/// What a process comes to.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn outcome(mut command: Command) -> Outcome {
    let process::Output { status, stdout, stderr } = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (status.code(), text(stdout), text(stderr))
}
