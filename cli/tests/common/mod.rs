//! The program, run with a home of its own and nothing of ours in the environment.

// Each test is a program of its own and uses what it needs of this.
#![allow(dead_code)]

use std::ffi::OsStr;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use assert_cmd::Command;

/// None of what is run here has to wait for anything: what hangs is a failure.
const BOUND: Duration = Duration::from_secs(20);

pub(crate) fn command(home: &Path) -> Command {
    let mut command = Command::cargo_bin("bowline").unwrap();
    command.env_remove("BOWLINE_SECRET").env_remove("BOWLINE_LOG").env_remove("XDG_DATA_HOME");
    command.env_remove("BOWLINE_TOKEN");
    command.env("HOME", home).timeout(BOUND);
    command
}

pub(crate) fn bowline<A: AsRef<OsStr>>(home: &Path, arguments: &[A]) -> Output {
    command(home).args(arguments).output().unwrap()
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

pub(crate) fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub(crate) fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

pub(crate) fn json(output: &Output) -> serde_json::Value {
    serde_json::from_str(stdout(output)).unwrap()
}
