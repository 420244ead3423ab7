//! Programs as commands, written for `sh`, and processes that must be gone.

use std::time::{Duration, Instant};

use bowline_shell::arguments::CommandSpec;
use rustix::process::{Pid, test_kill_process};

use crate::wait::{BOUND, poll_for};

/// The command `name` that runs `run`; each `{placeholder}` takes any text.
///
/// # Panics
/// When that is no command.
#[must_use]
pub fn command(name: &str, run: &[&str]) -> CommandSpec {
    let run: Vec<String> = run.iter().map(|&element| element.to_owned()).collect();
    CommandSpec::new(name.parse().expect("a name"), &run, Vec::new()).expect("a command")
}

/// The command `name` that runs a script of `sh`.
#[must_use]
pub fn script(name: &str, script: &str) -> CommandSpec {
    command(name, &["sh", "-c", script])
}

/// Waits until no process has this id any more.
///
/// # Panics
/// When it does not go away.
pub async fn process_gone(id: i32) {
    let pid = Pid::from_raw(id).expect("a process id");
    poll_for(|| is_gone(pid).then_some(())).await;
}

/// Whether a process of this id runs.
///
/// # Panics
/// When that is none.
#[must_use]
pub fn process_runs(id: i32) -> bool {
    !is_gone(Pid::from_raw(id).expect("a process id"))
}

/// As [`process_gone`], for a test that is not asynchronous.
///
/// # Panics
/// When it does not go away.
pub fn wait_gone(id: i32) {
    let (pid, until) = (Pid::from_raw(id).expect("a process id"), Instant::now() + BOUND);
    while !is_gone(pid) {
        assert!(Instant::now() < until, "process {id} is still there");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A process that nobody has waited for is dead all the same.
fn is_gone(pid: Pid) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    test_kill_process(pid).is_err()
        || state.is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|s| s.starts_with(" Z")))
}

/// The process ids in a file, once `count` lines are in it.
///
/// # Panics
/// When they do not come, or are none.
pub async fn pids(file: &std::path::Path, count: usize) -> Vec<i32> {
    poll_for(|| {
        let text = std::fs::read_to_string(file).ok()?;
        let whole = text.ends_with('\n') && text.lines().count() == count;
        whole.then(|| text.lines().map(|line| line.trim().parse().expect("an id")).collect())
    })
    .await
}
