//! Processes whose clock is wrong, by libfaketime (Debian's package `faketime`).

use std::path::{Path, PathBuf};
use std::process::Command;

/// Has the wall clock of `command` be so many seconds ahead, or behind where it is negative.
///
/// # Panics
/// Where libfaketime is not installed: `./test others` does that.
pub fn shift(command: &mut Command, seconds: i64) {
    let library = library().expect("libfaketime: install the package 'faketime'");
    // What waits goes by the monotonic clock, which is left alone.
    command
        .env("LD_PRELOAD", library)
        .env("FAKETIME", format!("{seconds:+}s"))
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("DONT_FAKE_MONOTONIC", "1");
}

/// Has the wall clock of `command` run as much ahead as `file` says at that moment: `+0`, `+1h`.
///
/// # Panics
/// As [`shift`].
pub fn follow(command: &mut Command, file: &Path) {
    shift(command, 0);
    command.env_remove("FAKETIME").env("FAKETIME_TIMESTAMP_FILE", file);
    command.env("FAKETIME_NO_CACHE", "1");
}

fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    let at = |folder: PathBuf| folder.join("faketime/libfaketimeMT.so.1");
    let all = std::iter::once(PathBuf::from("/usr/lib")).chain(folders);
    all.map(at).find(|path| path.exists())
}
