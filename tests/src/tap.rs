//! A process whose standard output is read only as far as a test says, and what processes hold.

use std::fs;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::wait::BOUND;

/// Such a process; killed when dropped.
#[derive(Debug)]
pub struct Tap {
    child: Child,
}

impl Tap {
    /// Starts it. Its standard error is read at its end, so it is to be short.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { child: command.spawn().expect("the program starts") }
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

    /// So many bytes of its standard output, and not one more.
    ///
    /// # Panics
    /// When they do not come.
    pub fn read(&mut self, bytes: usize) -> Vec<u8> {
        let mut read = vec![0; bytes];
        let out = self.child.stdout.as_mut().expect("a pipe");
        out.read_exact(&mut read).expect("as much as was asked for");
        read
    }

    /// Reads to the end of its standard output: how many bytes, and how many of them were not zero.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn read_all(&mut self) -> (u64, u64) {
        let (mut all, mut other) = (0, 0);
        let mut piece = vec![0; 64 << 10];
        let out = self.child.stdout.as_mut().expect("a pipe");
        loop {
            let n = out.read(&mut piece).expect("a pipe that can be read");
            if n == 0 {
                return (all, other);
            }
            all += n as u64;
            other += piece[..n].iter().filter(|&&byte| byte != 0).count() as u64;
        }
    }

    /// Sends a signal to it, and to nothing else.
    ///
    /// # Panics
    /// When it is gone.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it runs");
    }

    /// Waits for its end while nobody reads what it writes: the exit code, and standard error.
    ///
    /// # Panics
    /// When it does not end.
    pub fn end_unread(&mut self) -> (Option<i32>, String) {
        let until = Instant::now() + BOUND;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                let mut said = String::new();
                let err = self.child.stderr.as_mut().expect("a pipe");
                err.read_to_string(&mut said).expect("text");
                return (status.code(), said);
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("it does not end: {self:?}");
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        // It may have ended already; it is ours until it has been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Pours `bytes` zeros into a pipe as fast as it takes them, and closes it; how many it took so
/// far.
pub fn pour(mut into: ChildStdin, bytes: u64) -> Arc<AtomicU64> {
    let poured = Arc::new(AtomicU64::new(0));
    let count = poured.clone();
    thread::spawn(move || {
        let piece = [0; 4096];
        let mut left = bytes;
        while left > 0 {
            let n = left.min(piece.len() as u64);
            // Whoever was to take it has ended.
            if into.write_all(&piece[..n as usize]).is_err() {
                return;
            }
            count.fetch_add(n, Ordering::Relaxed);
            left -= n;
        }
    });
    poured
}

/// The most memory that a process held at one time, in bytes.
///
/// # Panics
/// When it is gone, or the system does not say.
#[must_use]
pub fn peak(process: Pid) -> u64 {
    number(process, "status", "VmHWM:") << 10
}

/// How many bytes a process has written, to whatever.
///
/// # Panics
/// As [`peak`].
#[must_use]
pub fn written(process: Pid) -> u64 {
    number(process, "io", "wchar:")
}

fn number(process: Pid, file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/{file}", process.as_raw_nonzero()));
    let text = text.expect("the process runs");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
    line.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number")
}
