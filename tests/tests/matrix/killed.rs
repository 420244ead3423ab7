//! Processes that are killed or interrupted in a call: what is told, what ends, and what survives.

use std::fs;
use std::process::Stdio;

use bowline_tests::bowline::{Running, outcome};
use bowline_tests::in_each_pairing;
use bowline_tests::process_fixture::ProcessFixture;
use bowline_tests::program::{process_gone, process_runs};
use bowline_tests::refusals::{refused, run_refused};
use rustix::process::{Pid, Signal, kill_process};

const PEER: &str = r#"
id = "web"
[commands.hello]
run = ["echo", "hello"]
[commands.stay]
run = ["sh", "-c", "echo $$; exec sleep 1000"]
[commands.deaf]
run = ["sh", "-c", "trap '' TERM; echo $$; while :; do sleep 0.1; done"]
[commands.tidy]
run = ["sh", "-c", "trap 'sleep 0.3; : > tidied; exit' TERM; echo $$; while :; do sleep 0.05; done"]
[commands.write]
run = ["sh", "-c", "echo $$; while :; do echo more; sleep 0.05; done"]
[commands.read]
run = ["sh", "-c", "echo $$; exec cat"]
"#;

const LOST: &str = "lost: A link died during the call; its outcome is unknown. Find out whether it \
                    was carried out before you try again.";
const BY_HUB: &str = "going-away: The hub is stopping, and the call did not end in the time that \
                      was left. Find out whether it was carried out before you try again.";
const BY_PEER: &str = "going-away: The peer is stopping, and the command did not end in the time \
                       that was left. Find out whether it was carried out before you try again.";
const CANCELLED: &str = "cancelled: The caller cancelled the call.";

/// A call of this command that has begun; its program's process.
fn begun(stage: &ProcessFixture, command: &str) -> (Running, i32) {
    let mut typed = stage.run(&["web", command]);
    // Open for as long as the caller runs, as at a terminal.
    typed.stdin(Stdio::piped());
    let mut running = Running::start(typed);
    let pid = running.line("").parse().unwrap();
    (running, pid)
}

/// Ends a program of ours that nobody else will.
fn put_away(pid: i32) {
    let _ = kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL);
}

/// What `SECURITY.md` says of a peer that is killed: its commands stay behind, their pipes break,
/// and what ignores that goes on.
async fn a_peer_that_is_killed_loses_its_calls_and_leaves_what_ignores_broken_pipes() {
    let mut stage = ProcessFixture::with_peer(PEER);
    let mut healthy = stage.healthy().await;
    let calls = ["stay", "write", "read"].map(|command| begun(&stage, command));
    stage.peer.take().unwrap().signal(Signal::KILL);
    let mut programs = Vec::new();
    for (running, pid) in calls {
        let (code, _, err) = running.outcome();
        run_refused(&(code, String::new(), err), 4, LOST, &[]);
        programs.push(pid);
    }
    process_gone(programs[1]).await;
    process_gone(programs[2]).await;
    assert!(process_runs(programs[0]), "it had no pipe to miss");
    put_away(programs[0]);
    healthy.goes_on().await;
    assert_eq!(healthy.calls("web", "hello").await.code().name(), "offline");

    stage.start_peer();
    assert_eq!(outcome(stage.run(&["web", "hello"])).1, "hello\n");
    healthy.goes_on().await;
}

async fn a_hub_that_is_killed_loses_its_calls_and_every_peer_comes_back_to_the_next() {
    let mut stage = ProcessFixture::with_peer(PEER);
    let (running, program) = begun(&stage, "stay");
    let (hub, address) = (stage.hub.take().unwrap(), stage.address());
    let before = fs::read(stage.at("peer/trust.toml")).unwrap();
    hub.signal(Signal::KILL);
    let (code, _, err) = running.outcome();
    run_refused(&(code, String::new(), err), 4, LOST, &[]);
    process_gone(program).await;
    let ended = stage.peer.as_mut().unwrap().line("\"event\":\"ended\"");
    assert!(ended.contains("\"code\":\"lost\""), "{ended}");

    stage.start_hub(&address);
    stage.peer.as_mut().unwrap().line("registered");
    assert_eq!(outcome(stage.run(&["web", "hello"])).1, "hello\n");
    // It is the same hub to its peer, and the id is still bound to its key.
    let identity = |trust: &[u8]| {
        let text = String::from_utf8_lossy(trust).into_owned();
        text.lines().find(|line| line.starts_with("identity")).map(str::to_owned)
    };
    let after = fs::read(stage.at("peer/trust.toml")).unwrap();
    assert!(identity(&after).is_some());
    assert_eq!(identity(&after), identity(&before));
    let (data, secret) = (stage.text("other"), stage.secret());
    let other = ["ls", "--hub", &stage.url, "--id", "web", "--data", &data, "--secret-file"];
    let says = "HUB: the hub refused: id-taken: This peer id is bound to another key. Give this \
                peer another --id, or the key that it had; 'bowline peers forget ID' at the hub \
                frees the id.";
    let outcome = outcome(stage.bowline(&[&other[..], &[&secret]].concat()));
    refused(&outcome, 3, says, &[("HUB", &stage.url)]);
}

async fn a_caller_that_is_killed_takes_its_program_with_it_and_nothing_else() {
    let stage = ProcessFixture::with_peer(PEER);
    let mut healthy = stage.healthy().await;
    let (other, stays) = begun(&stage, "stay");
    let (running, program) = begun(&stage, "stay");
    running.signal(Signal::KILL);
    assert_eq!(running.end().0, None);
    process_gone(program).await;
    healthy.goes_on().await;
    assert!(process_runs(stays), "another call's program");
    assert_eq!(outcome(stage.run(&["web", "hello"])).1, "hello\n");
    other.signal(Signal::TERM);
    assert_eq!(other.end().0, Some(255));
    process_gone(stays).await;
}

async fn one_interrupt_cancels_the_call_and_the_second_does_not_wait() {
    let stage = ProcessFixture::with_peer(PEER);
    let mut healthy = stage.healthy().await;
    let (running, program) = begun(&stage, "stay");
    running.signal(Signal::INT);
    let (code, _, err) = running.outcome();
    run_refused(&(code, String::new(), err), 1, CANCELLED, &[]);
    process_gone(program).await;

    // A program that takes its time to end.
    let (running, program) = begun(&stage, "deaf");
    running.signal(Signal::INT);
    running.signal(Signal::TERM);
    assert_eq!(running.end(), (Some(130), String::new()));
    healthy.goes_on().await;
    process_gone(program).await;
    healthy.goes_on().await;
}

/// Programs that end when they are told are waited for, and those that do not are killed: a peer
/// that was asked to end leaves nothing behind.
async fn one_interrupt_ends_a_peer_cleanly_with_its_programs() {
    let mut stage = ProcessFixture::with_peer(PEER);
    let mut healthy = stage.healthy().await;
    let calls = ["stay", "tidy", "deaf"].map(|command| begun(&stage, command));
    let peer = stage.peer.take().unwrap();
    peer.signal(Signal::INT);
    let (code, err) = peer.end();
    assert_eq!(code, Some(0), "{err}");
    assert!(stage.at("tidied").exists(), "it had time to clean up");
    for (running, pid) in calls {
        let (code, _, err) = running.outcome();
        run_refused(&(code, String::new(), err), 4, BY_PEER, &[]);
        process_gone(pid).await;
    }
    healthy.goes_on().await;
}

async fn the_second_interrupt_of_a_peer_does_not_wait_and_still_leaves_nothing_behind() {
    let mut stage = ProcessFixture::with_peer(PEER);
    let mut healthy = stage.healthy().await;
    let (running, program) = begun(&stage, "deaf");
    let peer = stage.peer.take().unwrap();
    peer.signal(Signal::INT);
    peer.signal(Signal::TERM);
    assert_eq!(peer.end(), (Some(130), String::new()));
    let (code, _, err) = running.outcome();
    run_refused(&(code, String::new(), err), 4, LOST, &[]);
    process_gone(program).await;
    healthy.goes_on().await;
}

async fn one_interrupt_ends_a_hub_with_goaway_on_every_link() {
    let mut stage = ProcessFixture::with_peer(PEER);
    let (running, program) = begun(&stage, "stay");
    let hub = stage.hub.take().unwrap();
    hub.signal(Signal::INT);
    let (code, err) = hub.end();
    assert_eq!(code, Some(0), "{err}");
    let ended = stage.peer.as_mut().unwrap().line("\"event\":\"ended\"");
    assert!(ended.contains("\"code\":\"going-away\""), "{ended}");
    let (code, _, err) = running.outcome();
    run_refused(&(code, String::new(), err), 4, BY_HUB, &[]);
    process_gone(program).await;
    assert!(!stage.at("hub/endpoint").exists());
}

in_each_pairing! {
    ; async
    a_peer_that_is_killed_loses_its_calls_and_leaves_what_ignores_broken_pipes,
    a_hub_that_is_killed_loses_its_calls_and_every_peer_comes_back_to_the_next,
    a_caller_that_is_killed_takes_its_program_with_it_and_nothing_else,
    one_interrupt_cancels_the_call_and_the_second_does_not_wait,
    one_interrupt_ends_a_peer_cleanly_with_its_programs,
    the_second_interrupt_of_a_peer_does_not_wait_and_still_leaves_nothing_behind,
    one_interrupt_ends_a_hub_with_goaway_on_every_link,
}
