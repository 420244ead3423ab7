//! A network that goes and comes back, in a network namespace of its own.

use std::process::Command;

use bowline_tests::bowline::{Running, path, runtime};
use bowline_tests::on_each_runtime;
use bowline_tests::process_fixture::ProcessFixture;
use rustix::process::Signal;

fn a_peer_dials_at_once_when_its_network_is_there() {
    let stage = ProcessFixture::empty();
    std::fs::create_dir(stage.at("me")).unwrap();
    stage.private("me/trust.toml", "what no dial can be made with");
    let secret = stage.private("secret.key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
    let data = stage.text("me");
    let peer = ["peer", "--json", "--hub", "wss://127.0.0.1:9", "--id", "me", "--data", &data];
    let mut command = Command::new("unshare");
    command.args(["-n", "--"]).arg(path()).args(runtime(&peer)).args(peer);
    command.args(["--secret-file", &secret]).env("HOME", stage.dir.path());
    let mut peer = Running::start(command);
    // It waits a minute, and does not happen to dial by itself.
    let waits = peer.line("\"event\":\"retry\"");
    assert!(waits.contains("\"after_ms\":6"), "{waits}");
    let pid = peer.pid().as_raw_nonzero().to_string();
    let net = format!("--net=/proc/{pid}/ns/net");
    let up = Command::new("nsenter").args([&net, "ip", "link", "set", "lo", "up"]).status();
    assert!(up.unwrap().success());
    peer.line("\"by\":\"network\"");
    peer.line("\"event\":\"retry\"");
    peer.signal(Signal::TERM);
    assert_eq!(peer.end().0, Some(0));
}

on_each_runtime! {
    #[ignore = "needs iproute2, and root: ./test others"]
    a_peer_dials_at_once_when_its_network_is_there,
}
