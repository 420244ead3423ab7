//! Back-pressure from end to end, on real sockets: whoever stops reading slows its own call only,
//! and nobody holds what it does not read.
//!
//! How a slow reader is told from a flood in turns rather than in time: `tests/turns.rs`. Four
//! gigabytes past a stalled reader: the example `pour`.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::Instant;

use bowline_tests::bowline::outcome;
use bowline_tests::in_crossed_pairings;
use bowline_tests::process_fixture::ProcessFixture;
use bowline_tests::program::wait_gone;
use bowline_tests::tap::{Tap, peak, pour, written};
use bowline_tests::wait::BOUND;
use rustix::pipe::fcntl_setpipe_size;
use rustix::process::{Pid, Signal};
use serde_json::Value;

const PEER: &str = r#"
id = "web"
[commands.pour]
run = ["sh", "-c", "echo $$ > pouring; exec cat /dev/zero"]
[commands.much]
run = ["head", "-c", "33554432", "/dev/zero"]
[commands.hello]
run = ["echo", "hello"]
[commands.idle]
run = ["sh", "-c", "echo $$; exec sleep 1000"]
[commands.late]
run = ["sh", "-c", "echo ready; until [ -e go ]; do sleep 0.05; done; exec wc -c"]
[commands.count]
run = ["wc", "-c"]
"#;

/// What `much` pours.
const MUCH: u64 = 32 << 20;

/// More than the windows, lanes and pipes on the way of one call hold together: 1 MiB of credit, a
/// pipe and two buffers of 64 KiB at each end.
const ON_THE_WAY: u64 = 2 << 20;

/// The same of input, whose credit is 64 KiB.
const INPUT_ON_THE_WAY: u64 = 1 << 20;

/// By how much a process may grow while it does not hold what flows through it.
const GROWTH: u64 = 16 << 20;

/// Processes and the most memory that each had held when it was first looked at.
struct Watched(Vec<(&'static str, Pid, u64)>);

impl Watched {
    /// The hub and the peer.
    fn of(stage: &ProcessFixture) -> Self {
        let (hub, peer) = (stage.hub.as_ref().unwrap(), stage.peer.as_ref().unwrap());
        let mut watched = Self(Vec::new());
        watched.add("hub", hub.pid());
        watched.add("peer", peer.pid());
        watched
    }

    fn add(&mut self, name: &'static str, process: Pid) {
        self.0.push((name, process, peak(process)));
    }

    fn hold_nothing(&self) {
        for &(name, process, before) in &self.0 {
            let grown = peak(process) - before;
            assert!(grown < GROWTH, "the {name} has grown by {grown} bytes from {before}");
        }
    }
}

/// `bowline run` by one and the same operator, over the network.
fn run(stage: &ProcessFixture, rest: &[&str]) -> Tap {
    let secret = stage.secret();
    Tap::start(stage.dial("run", &[&["--secret-file", &secret], rest].concat()))
}

/// The same with a pipe for its input.
fn fed(stage: &ProcessFixture, rest: &[&str]) -> Tap {
    let secret = stage.secret();
    let mut command = stage.dial("run", &[&["--secret-file", &secret], rest].concat());
    command.stdin(Stdio::piped());
    Tap::start(command)
}

/// Another call of the same operator on the same peer is carried out.
fn others_go_on(stage: &ProcessFixture) {
    let secret = stage.secret();
    let hello = stage.dial("run", &["--secret-file", &secret, "web", "hello"]);
    assert_eq!(outcome(hello), (Some(0), "hello\n".to_owned(), String::new()));
}

fn pouring(stage: &ProcessFixture) -> Pid {
    let text = fs::read_to_string(stage.at("pouring")).unwrap();
    Pid::from_raw(text.trim().parse().unwrap()).unwrap()
}

fn a_reader_that_stops_slows_its_own_call_only_and_nobody_holds_what_it_does_not_read() {
    let stage = ProcessFixture::with_peer(PEER);
    let mut watched = Watched::of(&stage);
    let mut slow = run(&stage, &["web", "pour"]);
    slow.read(1);
    watched.add("stalled operator", slow.pid());
    let program = pouring(&stage);

    let mut fast = run(&stage, &["web", "much"]);
    assert_eq!(fast.read_all(), (MUCH, 0));
    for _ in 0..3 {
        // Now and then a byte: that opens no window.
        slow.read(1);
        others_go_on(&stage);
    }
    let poured = written(program);
    assert!(poured < ON_THE_WAY, "{poured} bytes were taken of the program that nobody reads");
    watched.hold_nothing();

    // It reads again, and everything is there and flows.
    assert!(slow.read(8 << 20).iter().all(|&byte| byte == 0));
    assert!(written(program) >= 8 << 20);
    drop(slow);
    wait_gone(program.as_raw_nonzero().get());
    watched.0.truncate(2);
    watched.hold_nothing();
}

/// Not even its socket is read: what waits for it waits at the hub, within the call's credit.
fn an_operator_that_stands_still_slows_its_own_call_only() {
    let stage = ProcessFixture::with_peer(PEER);
    let watched = Watched::of(&stage);
    let mut still = run(&stage, &["web", "pour"]);
    still.read(1);
    let program = pouring(&stage);
    still.signal(Signal::STOP);
    let mut fast = run(&stage, &["web", "much"]);
    assert_eq!(fast.read_all(), (MUCH, 0));
    others_go_on(&stage);
    assert!(written(program) < ON_THE_WAY);
    watched.hold_nothing();
    still.signal(Signal::CONT);
    assert!(still.read(8 << 20).iter().all(|&byte| byte == 0));
    drop(still);
    wait_gone(program.as_raw_nonzero().get());
}

fn a_command_that_does_not_read_stops_who_feeds_it_and_nobody_else() {
    let stage = ProcessFixture::with_peer(PEER);
    let mut watched = Watched::of(&stage);
    let mut late = fed(&stage, &["web", "late"]);
    assert_eq!(late.read(6), b"ready\n");
    watched.add("operator that feeds", late.pid());
    let given = pour(late.input().unwrap(), MUCH);

    // Another one feeds a command that reads.
    let mut count = fed(&stage, &["web", "count"]);
    pour(count.input().unwrap(), MUCH / 2);
    assert_eq!(count.read(9), format!("{}\n", MUCH / 2).into_bytes());
    others_go_on(&stage);
    let taken = given.load(Ordering::Relaxed);
    assert!(taken < INPUT_ON_THE_WAY, "{taken} bytes were taken for a command that reads none");
    watched.hold_nothing();

    fs::write(stage.at("go"), "").unwrap();
    assert_eq!(late.read(9), format!("{MUCH}\n").into_bytes());
    assert_eq!(late.end_unread(), (Some(0), String::new()));
    watched.0.pop();
    watched.hold_nothing();
}

/// The reader does not come back, and neither what it does not read nor what is fed keeps anybody.
fn an_interrupt_ends_a_call_whose_output_nobody_reads() {
    let stage = ProcessFixture::with_peer(PEER);
    for (way, signals) in [
        (&["web", "pour"][..], &[Signal::INT][..]),
        (&["web", "pour", "--json"], &[Signal::TERM, Signal::INT]),
        (&["all", "pour"], &[Signal::TERM]),
        (&["all", "pour", "--batch", "1"], &[Signal::INT, Signal::INT]),
    ] {
        let mut stalled = run(&stage, way);
        stalled.read(1);
        let program = pouring(&stage);
        // Its pipe is full once its credit is used up.
        others_go_on(&stage);
        signals.iter().for_each(|&signal| stalled.signal(signal));
        assert_eq!(stalled.end_unread().0, Some(130), "{way:?}");
        wait_gone(program.as_raw_nonzero().get());
        fs::remove_file(stage.at("pouring")).unwrap();
    }
}

fn an_interrupt_ends_a_call_that_feeds_what_nobody_reads() {
    let stage = ProcessFixture::with_peer(PEER);
    let mut feeding = fed(&stage, &["web", "idle"]);
    let given = pour(feeding.input().unwrap(), MUCH);
    let mut line = Vec::new();
    while line.last() != Some(&b'\n') {
        line.extend(feeding.read(1));
    }
    others_go_on(&stage);
    assert!(given.load(Ordering::Relaxed) < INPUT_ON_THE_WAY);
    feeding.signal(Signal::INT);
    let (code, said) = feeding.end_unread();
    assert_eq!(code, Some(255), "{said}");
    assert!(said.contains("cancelled"), "{said}");
    wait_gone(String::from_utf8(line).unwrap().trim().parse().unwrap());
}

/// The hub tells what happens, and nobody reads it: its pipe fills up, and nobody waits for that.
fn a_hub_and_a_peer_whose_events_nobody_reads_go_on() {
    let mut stage = ProcessFixture::empty();
    let (hub, peer) = (stage.text("hub"), stage.text("peer"));
    let unread = |mut command: Command| {
        let (reader, writer) = std::io::pipe().unwrap();
        fcntl_setpipe_size(&writer, 4096).unwrap();
        command.stdout(writer).stderr(Stdio::null());
        (reader, Ended(command.spawn().unwrap()))
    };
    let hub = ["hub", "--json", "--bind", "127.0.0.1:0", "--data", &hub];
    let (events, _hub) = unread(stage.bowline(&hub));
    let mut events = BufReader::new(events);
    let mut line = String::new();
    events.read_line(&mut line).unwrap();
    let listening: Value = serde_json::from_str(&line).unwrap();
    stage.url = listening["url"].as_str().unwrap().to_owned();
    fs::write(stage.at("peer.toml"), PEER).unwrap();
    let secret = stage.secret();
    let config = stage.text("peer.toml");
    let serving = ["peer", "--json", "--hub", &stage.url, "--config", &config, "--data", &peer];
    let (_unread, _peer) =
        unread(stage.bowline(&[&serving[..], &["--secret-file", &secret]].concat()));
    // Each of them is a link of its own, and some 900 bytes of what the hub tells.
    for _ in 0..20 {
        let ran = || {
            let hello = stage.dial("run", &["--secret-file", &secret, "web", "hello"]);
            outcome(hello).0 == Some(0)
        };
        // The peer may still be on its way.
        let until = Instant::now() + BOUND;
        while !ran() {
            assert!(Instant::now() < until);
        }
    }
    // Everything is there once somebody reads again.
    let lines = events.lines().map(Result::unwrap);
    assert_eq!(lines.filter(|line| line.contains("\"admitted\"")).take(21).count(), 21);
}

/// A process of ours; killed when dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

in_crossed_pairings! {
    a_reader_that_stops_slows_its_own_call_only_and_nobody_holds_what_it_does_not_read,
    an_operator_that_stands_still_slows_its_own_call_only,
    a_command_that_does_not_read_stops_who_feeds_it_and_nobody_else,
    an_interrupt_ends_a_call_whose_output_nobody_reads,
    an_interrupt_ends_a_call_that_feeds_what_nobody_reads,
    a_hub_and_a_peer_whose_events_nobody_reads_go_on,
}
