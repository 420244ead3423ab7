//! What the core is made of: no runtime, no socket, no database among all that it needs.

use std::collections::BTreeSet;
use std::process::Command;

/// Every crate that the core is built with, itself included.
fn tree() -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "-p", "bowline-core", "-e", "normal", "--prefix", "none", "--offline"])
        .args(["--format", "{p}", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn nothing_below_the_core_opens_a_socket_runs_a_task_or_keeps_a_file() {
    let banned = [
        "async-executor",
        "async-io",
        "async-std",
        "crossbeam-channel",
        "futures-executor",
        "hyper",
        "libsqlite3-sys",
        "mio",
        "polling",
        "rusqlite",
        "rustix",
        "signal-hook",
        "smol",
        "socket2",
        "tempfile",
        "tokio",
        "tokio-rustls",
        "tokio-tungstenite",
        "toml",
        "tracing-subscriber",
        "bowline-shell",
        "bowline-tokio",
    ];
    let tree = tree();
    assert!(tree.contains("bowline-core") && tree.contains("rustls"), "{tree:?}");
    let found: Vec<_> = banned.iter().filter(|&&name| tree.contains(name)).collect();
    assert!(found.is_empty(), "the core depends on {found:?}");
}

#[test]
fn the_cores_lints_ban_clocks_sockets_and_files() {
    let clippy = include_str!("../../core/clippy.toml");
    for call in ["Instant::now", "SystemTime::now", "TcpStream", "fs::", "env::var"] {
        assert!(clippy.contains(call), "core/clippy.toml says nothing of {call}");
    }
}
