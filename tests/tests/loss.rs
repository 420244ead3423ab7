//! What a command wrote is told whole or the loss is told: at its end, and on the way in.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use bowline_tests::bowline::{Outcome, outcome};
use bowline_tests::fleet::Fleet;
use bowline_tests::in_each_pairing;
use bowline_tests::process_fixture::ProcessFixture;
use bowline_tests::refusals::{refused, run_refused};
use rustix::pipe::PipeFlags;
use serde_json::{Value, json};

const CONFIG: &str = r#"
[commands.late]
run = ["bash", "-c", "exec > >(sleep 1; cat); echo hi"]
[commands.held]
run = ["sh", "-c", "echo up; sleep 1000 & exit 0"]
linger = "300ms"
[commands.failed]
run = ["sh", "-c", "sleep 1000 & exit 7"]
linger = "300ms"
[commands.daemon]
run = ["sh", "-c", "sleep 4 >/dev/null 2>&1 & echo started"]
linger = "1h"
[commands.count]
run = ["wc", "-c"]
[commands.much]
run = ["head", "-c", "1000000", "/dev/zero"]
"#;

/// A pipe that does not block, and that no other child of this test keeps open.
const FLAGS: PipeFlags = PipeFlags::NONBLOCK.union(PipeFlags::CLOEXEC);

const CUT: &str = "output-cut: a process that it left behind held its output in silence for too long \
                   (linger) and was killed";

fn fleet() -> Fleet {
    let mut fleet = Fleet::new();
    fleet.peer("a", CONFIG);
    fleet
}

fn whole(code: i32, out: &str, err: &str) -> Outcome {
    (Some(code), out.to_owned(), err.to_owned())
}

fn what_comes_after_a_program_has_ended_is_told_and_a_daemon_that_let_go_holds_nothing_up() {
    let fleet = fleet();
    assert_eq!(outcome(fleet.run(&["a", "late"])), whole(0, "hi\n", ""));
    let begun = std::time::Instant::now();
    assert_eq!(outcome(fleet.run(&["a", "daemon"])), whole(0, "started\n", ""));
    assert!(begun.elapsed().as_secs() < 4, "{:?}", begun.elapsed());
}

fn output_that_was_cut_is_no_success_anywhere() {
    let fleet = fleet();
    let said = format!("bowline: {CUT}\n");
    assert_eq!(outcome(fleet.run(&["a", "held"])), whole(1, "up\n", &said));
    assert_eq!(outcome(fleet.run(&["a", "failed"])), whole(7, "", &said));

    let (code, out, _) = outcome(fleet.run(&["a", "held", "--json"]));
    let last: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!((code, &last["result"]), (Some(1), &json!({"exit": 0, "output-cut": true})));

    for way in [&[][..], &["--batch", "1"]] {
        let (code, out, err) = outcome(fleet.run(&[&["all", "held"], way].concat()));
        assert_eq!((code, out.as_str()), (Some(1), "a: up\n"), "{err}");
        assert!(err.contains("1 peer: 0 answered, 1 failed, 0 missing"), "{err}");
        assert!(err.contains(&format!("  a: exit code 0, {CUT}")), "{err}");
    }
}

fn a_peer_says_that_it_cut_output() {
    let mut fleet = fleet();
    assert_eq!(outcome(fleet.run(&["a", "held"])).0, Some(1));
    let told = fleet.take("a").line(r#""event":"answered""#);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["status"], json!({"exit": 0, "output-cut": true}));
}

fn an_input_that_would_block_is_waited_for() {
    let fleet = fleet();
    let (read, write) = rustix::pipe::pipe_with(FLAGS).unwrap();
    let feeding = thread::spawn(move || {
        let mut write = File::from(write);
        for _ in 0..5 {
            thread::sleep(Duration::from_millis(200));
            write.write_all(b"1234567\n").unwrap();
        }
    });
    let mut count = fleet.run(&["a", "count"]);
    count.stdin(Stdio::from(read));
    let (code, out, err) = outcome(count);
    assert_eq!((code, out.trim(), err.as_str()), (Some(0), "40", ""));
    feeding.join().unwrap();
}

fn an_input_that_cannot_be_read_is_an_error_and_not_its_end() {
    let fleet = fleet();
    let reason = "Is a directory (os error 21)";
    let says = "standard input: REASON. The command was cancelled: give it another input, such as \
                </dev/null";
    let mut count = fleet.run(&["a", "count"]);
    count.stdin(File::open("/").unwrap());
    run_refused(&outcome(count), 1, says, &[("REASON", reason)]);
    let mut count = fleet.run(&["all", "count"]);
    count.stdin(File::open("/").unwrap());
    let (code, _, err) = outcome(count);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains(&says.replace("REASON", reason)), "{err}");
}

fn an_output_that_would_block_is_waited_for() {
    let fleet = fleet();
    let (read, write) = rustix::pipe::pipe_with(FLAGS).unwrap();
    let mut much = fleet.run(&["a", "much"]);
    let mut child = much.stdin(Stdio::null()).stdout(write).spawn().unwrap();
    // The command and its descriptor go away, so that the pipe has an end.
    drop(much);
    thread::sleep(Duration::from_millis(500));
    let (mut read, mut got) = (File::from(read), vec![]);
    loop {
        let mut piece = vec![0; 4096];
        match read.read(&mut piece) {
            Ok(0) => break,
            Ok(n) => got.extend_from_slice(&piece[..n]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((got.len(), child.wait().unwrap().code()), (1_000_000, Some(0)));
}

fn a_second_peer_of_one_directory_is_refused_and_the_first_goes_on() {
    let stage = ProcessFixture::with_peer(&format!("id = 'web'\n{CONFIG}"));
    let pid = stage.peer.as_ref().unwrap().pid().as_raw_nonzero().to_string();
    let place = stage.text("peer");
    let says = "another peer (process PID) serves from PLACE: a second one with the same key and id \
                would take its place and end what it runs. Stop that one, or give this one a \
                directory of its own with --data DIR";
    let names = [("PID", pid.as_str()), ("PLACE", place.as_str())];
    refused(&outcome(stage.peer_command()), 2, says, &names);
    assert_eq!(outcome(stage.run(&["web", "count"])), whole(0, "0\n", ""));
}

in_each_pairing! {
    a_second_peer_of_one_directory_is_refused_and_the_first_goes_on,
    an_input_that_would_block_is_waited_for,
    an_input_that_cannot_be_read_is_an_error_and_not_its_end,
    an_output_that_would_block_is_waited_for,
    what_comes_after_a_program_has_ended_is_told_and_a_daemon_that_let_go_holds_nothing_up,
    output_that_was_cut_is_no_success_anywhere,
    a_peer_says_that_it_cut_output,
}
