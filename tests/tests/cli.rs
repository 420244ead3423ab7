//! The program on the whole system: processes that are killed, and the exit codes that scripts
//! rely on.

use std::fs;

use bowline_tests::bowline::{Running, bowline, outcome};
use bowline_tests::in_crossed_pairings;
use bowline_tests::on_each_runtime;
use bowline_tests::process_fixture::ProcessFixture;
use bowline_tests::program::wait_gone;
use bowline_tests::refusals::refused;
use rustix::process::Signal;

const PEER: &str = r#"
id = "web"
[commands.hello]
run = ["echo", "hello, {name}"]
[commands.three]
run = ["sh", "-c", "echo oops >&2; exit 3"]
[commands.die]
run = ["sh", "-c", "kill -KILL $$"]
[commands.count]
run = ["wc", "-c"]
[commands.stay]
run = ["sh", "-c", "echo $$; exec sleep 1000"]
"#;

fn stage() -> ProcessFixture {
    ProcessFixture::with_peer(PEER)
}

fn run_gives_the_commands_own_output_and_code() {
    let stage = stage();
    let done = outcome(stage.run(&["web", "hello", "name=Ada"]));
    assert_eq!(done, (Some(0), "hello, Ada\n".to_owned(), String::new()));
    let done = outcome(stage.run(&["web", "three"]));
    assert_eq!(done, (Some(3), String::new(), "oops\n".to_owned()));
    assert_eq!(outcome(stage.run(&["web", "die"])).0, Some(128 + 9));
}

fn run_feeds_its_standard_input_to_the_command() {
    let stage = stage();
    let input = stage.at("input");
    fs::write(&input, vec![7; 1_000_000]).unwrap();
    let mut command = stage.run(&["web", "count"]);
    command.stdin(fs::File::open(input).unwrap());
    let (code, out, _) = outcome(command);
    assert_eq!((code, out.trim()), (Some(0), "1000000"));
}

fn ls_lists_the_peers_from_another_machine_too() {
    let mut stage = stage();
    let secret = stage.secret();
    let (code, out, err) = outcome(stage.dial("ls", &["--secret-file", &secret]));
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("web"), "{out}");
    stage.hub = None;
    let says = "cannot reach HUB: not-listening: nothing listens at ADDRESS (connection refused). \
                Check the host and the port, and that the hub is running: 'bowline hub' prints \
                where it listens, which is its own machine alone (127.0.0.1) unless --bind says \
                more.";
    let names = [("HUB", stage.url.as_str()), ("ADDRESS", &stage.address())];
    refused(&outcome(stage.dial("ls", &["--secret-file", &secret])), 4, says, &names);
}

fn a_peer_comes_back_by_itself_to_a_hub_that_was_killed_and_started_again() {
    let mut stage = stage();
    let (hub, address) = (stage.hub.take().unwrap(), stage.address());
    hub.signal(Signal::KILL);
    assert_eq!(hub.end().0, None);
    stage.start_hub(&address);
    stage.peer.as_mut().unwrap().line("registered");
    assert_eq!(outcome(stage.run(&["web", "hello", "again"])).1, "hello, again\n");
}

fn two_runs_at_once_beside_a_serving_peer_do_not_disturb_each_other() {
    let stage = stage();
    let mut stay = Running::start(stage.run(&["web", "stay"]));
    let program: i32 = stay.line("").parse().unwrap();
    let runs: Vec<_> = (0..2)
        .map(|n| (n, Running::start(stage.run(&["web", "hello", &format!("number {n}")]))))
        .collect();
    for (n, mut run) in runs {
        run.line(&format!("hello, number {n}"));
        assert_eq!(run.end().0, Some(0));
    }
    stay.signal(Signal::INT);
    let (code, err) = stay.end();
    assert_eq!(code, Some(255), "{err}");
    assert!(err.contains("cancelled"), "{err}");
    wait_gone(program);
}

fn a_hub_and_a_peer_end_cleanly_on_sigterm() {
    let mut stage = stage();
    for running in [stage.peer.take(), stage.hub.take()] {
        let running = running.unwrap();
        running.signal(Signal::TERM);
        let (code, err) = running.end();
        assert_eq!(code, Some(0), "{err}");
    }
    assert!(!stage.at("hub/endpoint").exists());
}

fn two_demos_at_once_succeed_and_leave_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let temp = dir.path().join("tmp");
    fs::create_dir(&temp).unwrap();
    let demos: Vec<_> = (0..2)
        .map(|_| {
            let mut command = bowline(&["demo"], dir.path());
            command.env("TMPDIR", &temp);
            Running::start(command)
        })
        .collect();
    for mut demo in demos {
        demo.line("hello");
        demo.line("tick 5");
        let (code, err) = demo.end();
        assert_eq!(code, Some(0), "{err}");
    }
    assert_eq!(fs::read_dir(&temp).unwrap().count(), 0);
}

in_crossed_pairings! {
    run_gives_the_commands_own_output_and_code,
    run_feeds_its_standard_input_to_the_command,
    ls_lists_the_peers_from_another_machine_too,
    a_peer_comes_back_by_itself_to_a_hub_that_was_killed_and_started_again,
    two_runs_at_once_beside_a_serving_peer_do_not_disturb_each_other,
    a_hub_and_a_peer_end_cleanly_on_sigterm,
}

on_each_runtime! {
    two_demos_at_once_succeed_and_leave_nothing_behind,
}
