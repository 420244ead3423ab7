//! What packages are built with: the core without any runtime, socket or database, and a peer whose
//! commands are closures without SQLite and configuration files.

use std::collections::BTreeSet;
use std::process::Command;

use super::root;

/// Every crate that a package of ours is built with, itself included.
fn tree(package: &str, edges: &str, features: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "-p", package, "-e", edges, "--prefix", "none", "--offline"])
        .args(["--format", "{p}", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .args(features)
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
    let tree = tree("bowline-core", "normal", &[]);
    assert!(tree.contains("bowline-core") && tree.contains("rustls"), "{tree:?}");
    let found: Vec<_> = banned.iter().filter(|&&name| tree.contains(name)).collect();
    assert!(found.is_empty(), "the core depends on {found:?}");
}

#[test]
fn a_peer_with_closures_for_commands_is_built_without_sqlite_and_toml() {
    let left_out =
        ["arc-swap", "libsqlite3-sys", "nix", "regex-lite", "rusqlite", "toml", "winnow"];
    for shell in ["bowline-tokio", "bowline-smol"] {
        let whole = tree(shell, "normal,build", &[]);
        let peer = tree(shell, "normal,build", &["--no-default-features"]);
        assert!(left_out.iter().all(|&name| whole.contains(name)), "{whole:?}");
        let found: Vec<_> = left_out.iter().filter(|&&name| peer.contains(name)).collect();
        assert!(found.is_empty(), "{shell} without features depends on {found:?}");
        assert!(peer.len() + 15 <= whole.len(), "{} of {}", peer.len(), whole.len());
    }
}

#[test]
fn the_cores_lints_ban_clocks_sockets_and_files() {
    let clippy = include_str!("../../../core/clippy.toml");
    for call in ["Instant::now", "SystemTime::now", "TcpStream", "fs::", "env::var"] {
        assert!(clippy.contains(call), "core/clippy.toml says nothing of {call}");
    }
}
