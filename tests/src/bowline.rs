//! The program, as processes of its own: `bowline` from the folder that the tests were built into.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

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

/// The program with these arguments, and nothing of this environment that it would look at.
#[must_use]
pub fn bowline(arguments: &[&str], home: &Path) -> Command {
    let mut command = Command::new(path());
    command.args(arguments).env("HOME", home).stdin(Stdio::null());
    for name in ["XDG_DATA_HOME", "BOWLINE_SECRET", "BOWLINE_LOG"] {
        command.env_remove(name);
    }
    command
}

/// A process whose standard output is read line by line; killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
    seen: Vec<String>,
    errors: Option<thread::JoinHandle<String>>,
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
        let (out, mut err) = (child.stdout.take(), child.stderr.take());
        let (send, lines) = mpsc::channel();
        let reader = BufReader::new(out.expect("a pipe"));
        thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        let errors = thread::spawn(move || {
            let mut text = String::new();
            if let Some(err) = &mut err {
                let _ = err.read_to_string(&mut text);
            }
            text
        });
        Self { child, lines, seen: Vec::new(), errors: Some(errors) }
    }

    /// The next line of its standard output that has `wanted` in it.
    ///
    /// # Panics
    /// When it does not come.
    pub fn line(&mut self, wanted: &str) -> String {
        let until = Instant::now() + BOUND;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("no line with {wanted:?} in {:#?}", self.seen);
            };
            self.seen.push(line.clone());
            if line.contains(wanted) {
                return line;
            }
        }
    }

    /// Sends a signal to it, and to nothing else.
    ///
    /// # Panics
    /// When it is gone.
    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(id.expect("a process id"), signal).expect("it runs");
    }

    /// Waits for its end: the exit code, and standard error.
    ///
    /// # Panics
    /// When it does not end.
    pub fn end(mut self) -> (Option<i32>, String) {
        let until = Instant::now() + BOUND;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                let errors = self.errors.take().and_then(|errors| errors.join().ok());
                return (status.code(), errors.unwrap_or_default());
            }
            thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("it does not end; it said {:#?}", self.seen);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already; it is ours until it has been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a process came to: code, standard output, standard error.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn outcome(mut command: Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (status.code(), text(stdout), text(stderr))
}
