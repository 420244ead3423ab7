//! `--runtime`: the program behaves the same on tokio and on smol, in every pairing of hub and
//! peer, and for whoever calls.

use std::fs;
use std::path::Path;

use bowline_tests::bowline::{Outcome, Running, bowline, outcome};
use bowline_tests::impostor;
use bowline_tests::in_each_pairing;
use bowline_tests::pairing::Pairing;
use bowline_tests::process_fixture::ProcessFixture;
use bowline_tests::program::wait_gone;
use bowline_tests::refusals::run_refused;
use rustix::process::{Pid, Signal};
use serde_json::Value;

const RUNTIMES: [&str; 2] = ["tokio", "smol"];

/// Hub and peer.
const PAIRS: [(&str, &str); 4] =
    [("tokio", "tokio"), ("tokio", "smol"), ("smol", "tokio"), ("smol", "smol")];

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
[commands.deaf]
run = ["sh", "-c", "trap '' TERM; echo $$; while :; do sleep 1; done"]
"#;

/// A hub and a peer, each on its runtime.
fn stage(hub: &str, peer: &str) -> ProcessFixture {
    let mut stage = ProcessFixture::empty();
    start_hub(&mut stage, hub, "127.0.0.1:0");
    fs::write(stage.at("peer.toml"), PEER).unwrap();
    let mut command = stage.peer_command();
    // Behind the command it means the same as before it.
    command.args(["--runtime", peer]);
    let mut peer = Running::start(command);
    peer.line("registered");
    stage.peer = Some(peer);
    stage
}

fn start_hub(stage: &mut ProcessFixture, runtime: &str, bind: &str) {
    let data = stage.text("hub");
    let typed = ["--runtime", runtime, "hub", "--bind", bind, "--data", &data];
    stage.listen(stage.bowline(&typed));
}

fn run(stage: &ProcessFixture, runtime: &str, rest: &[&str]) -> Outcome {
    outcome(stage.run(&[&["--runtime", runtime], rest].concat()))
}

/// A call that goes on, and the id of its program.
fn begun(stage: &ProcessFixture, runtime: &str, command: &str) -> (Running, i32) {
    let mut running = Running::start(stage.run(&["--runtime", runtime, "web", command]));
    let program = running.line("").parse().unwrap();
    (running, program)
}

/// The names of a process's threads.
fn threads(process: Pid) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{}/task", process.as_raw_nonzero())).unwrap();
    // One may end while we look.
    tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("comm")).ok()).collect()
}

/// Asserts what a process runs on, by what each runtime calls its threads.
fn runs_on(process: Pid, runtime: &str) {
    let threads = threads(process);
    let has = |start: &str| threads.iter().any(|name| name.starts_with(start));
    let found = (has("tokio-"), has("smol"));
    assert_eq!(found, (runtime == "tokio", runtime == "smol"), "{runtime}: {threads:?}");
}

/// The processes that this one has started.
fn children(parent: Pid) -> Vec<Pid> {
    let parent = parent.as_raw_nonzero().to_string();
    let is_child = |dir: &Path| {
        let stat = fs::read_to_string(dir.join("stat")).ok()?;
        // Behind the name, which is in parentheses: the state, and the parent.
        let (_, rest) = stat.rsplit_once(')')?;
        (rest.split_whitespace().nth(1) == Some(parent.as_str())).then_some(())
    };
    let processes = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let ours = processes.filter(|dir| is_child(dir).is_some());
    ours.filter_map(|dir| Pid::from_raw(dir.file_name()?.to_str()?.parse().ok()?)).collect()
}

#[test]
fn in_each_pairing_output_exit_code_and_input_are_the_same() {
    for (hub, peer) in PAIRS {
        let stage = stage(hub, peer);
        runs_on(stage.hub.as_ref().unwrap().pid(), hub);
        runs_on(stage.peer.as_ref().unwrap().pid(), peer);
        let input = stage.at("input");
        fs::write(&input, vec![7; 1_000_000]).unwrap();
        for caller in RUNTIMES {
            let at = format!("hub {hub}, peer {peer}, caller {caller}");
            let done = run(&stage, caller, &["web", "hello", "name=Ada"]);
            assert_eq!(done, (Some(0), "hello, Ada\n".to_owned(), String::new()), "{at}");
            let done = run(&stage, caller, &["web", "three"]);
            assert_eq!(done, (Some(3), String::new(), "oops\n".to_owned()), "{at}");
            assert_eq!(run(&stage, caller, &["web", "die"]).0, Some(128 + 9), "{at}");
            let mut count = stage.run(&["web", "count", "--runtime", caller]);
            count.stdin(fs::File::open(&input).unwrap());
            let (code, out, err) = outcome(count);
            assert_eq!((code, out.trim(), err.as_str()), (Some(0), "1000000", ""), "{at}");
        }
    }
}

#[test]
fn in_each_pairing_an_interrupt_cancels_and_a_deadline_kills() {
    for (hub, peer) in PAIRS {
        let stage = stage(hub, peer);
        for caller in RUNTIMES {
            let (running, program) = begun(&stage, caller, "stay");
            runs_on(running.pid(), caller);
            running.signal(Signal::INT);
            let (code, _, err) = running.outcome();
            let says = "cancelled: The caller cancelled the call.";
            run_refused(&(code, String::new(), err), 1, says, &[]);
            wait_gone(program);

            let (code, out, err) = run(&stage, caller, &["web", "stay", "--timeout", "500ms"]);
            let program = out.trim().parse().unwrap();
            assert_eq!(code, Some(255), "{err}");
            assert!(err.contains("deadline"), "{err}");
            wait_gone(program);
        }
    }
}

#[test]
fn on_each_runtime_the_second_interrupt_of_a_caller_does_not_wait() {
    for caller in RUNTIMES {
        let stage = stage("smol", "smol");
        let (running, program) = begun(&stage, caller, "deaf");
        running.signal(Signal::INT);
        running.signal(Signal::TERM);
        assert_eq!(running.end(), (Some(130), String::new()), "{caller}");
        wait_gone(program);
    }
}

#[test]
fn on_each_runtime_a_peer_and_a_hub_pass_over_sighup_and_end_cleanly_on_sigterm() {
    for runtime in RUNTIMES {
        let mut stage = stage(runtime, runtime);
        let (mut hub, peer) = (stage.hub.take().unwrap(), stage.peer.take().unwrap());
        hub.signal(Signal::HUP);
        peer.signal(Signal::HUP);
        hub.said("SIGHUP: nothing has changed");
        assert_eq!(run(&stage, runtime, &["web", "hello", "you"]).1, "hello, you\n");
        let (call, program) = begun(&stage, runtime, "stay");
        for running in [peer, hub] {
            running.signal(Signal::TERM);
            let (code, err) = running.end();
            assert_eq!(code, Some(0), "{runtime}: {err}");
        }
        wait_gone(program);
        assert_eq!(call.end().0, Some(255));
        assert!(!stage.at("hub/endpoint").exists(), "{runtime}");
    }
}

#[test]
fn on_each_runtime_the_second_interrupt_of_a_peer_does_not_wait_and_leaves_nothing_behind() {
    for runtime in RUNTIMES {
        let mut stage = stage("tokio", runtime);
        let (_call, program) = begun(&stage, "tokio", "deaf");
        let peer = stage.peer.take().unwrap();
        peer.signal(Signal::INT);
        peer.signal(Signal::TERM);
        assert_eq!(peer.end(), (Some(130), String::new()), "{runtime}");
        wait_gone(program);
    }
}

#[test]
fn a_peer_comes_back_to_a_hub_that_was_killed_and_started_again_on_the_other_runtime() {
    for (before, after) in [("tokio", "smol"), ("smol", "tokio")] {
        let mut stage = stage(before, after);
        let (hub, address) = (stage.hub.take().unwrap(), stage.address());
        hub.signal(Signal::KILL);
        assert_eq!(hub.end().0, None);
        start_hub(&mut stage, after, &address);
        stage.peer.as_mut().unwrap().line("registered");
        assert_eq!(run(&stage, before, &["web", "hello", "again"]).1, "hello, again\n");
    }
}

#[test]
fn peers_on_both_runtimes_answer_one_command() {
    for hub in RUNTIMES {
        let stage = stage(hub, "tokio");
        let (config, data, secret) = (stage.text("peer.toml"), stage.text("db"), stage.secret());
        let mut command = stage.bowline(&["peer", "--json", "--runtime", "smol", "--id", "db"]);
        command.args(["--hub", &stage.url, "--config", &config, "--data", &data]);
        command.args(["--secret-file", &secret]);
        let mut other = Running::start(command);
        other.line("registered");
        for caller in RUNTIMES {
            for way in [&[][..], &["--batch", "1"]] {
                let (code, out, err) =
                    run(&stage, caller, &[&["all", "hello", "all"], way].concat());
                let mut lines: Vec<_> = out.lines().collect();
                lines.sort_unstable();
                assert_eq!(lines, ["db: hello, all", "web: hello, all"], "{err}");
                assert_eq!(code, Some(0), "{err}");
                assert!(err.contains("2 peers: 2 answered, 0 failed, 0 missing"), "{err}");
            }
        }
    }
}

#[test]
fn a_wrong_secret_is_refused_the_same_way() {
    for hub in RUNTIMES {
        let mut stage = ProcessFixture::empty();
        start_hub(&mut stage, hub, "127.0.0.1:0");
        let wrong = stage.private("wrong", &format!("{}\n", "A".repeat(43)));
        let told = RUNTIMES.map(|caller| {
            outcome(stage.dial("ls", &["--secret-file", &wrong, "--runtime", caller]))
        });
        assert_eq!(told[0].0, Some(3), "{}", told[0].2);
        assert_eq!(told[0], told[1]);
    }
}

/// The lines of `doctor --json` as objects, without what differs from one dial to the next.
fn doctor(stage: &ProcessFixture, rest: &[&str]) -> (Option<i32>, Vec<Value>) {
    let secret = stage.secret();
    let (code, out, err) = outcome(
        stage.dial("doctor", &[&["--json", "--enrol", "--secret-file", &secret], rest].concat()),
    );
    assert_eq!(err, "", "{out}");
    (code, out.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn doctor_and_whoami_find_the_same_on_each_runtime() {
    let stage = stage("smol", "tokio");
    // The first makes the key and learns the hub, which the next find.
    doctor(&stage, &[]);
    let found = RUNTIMES.map(|runtime| {
        let (code, lines) = doctor(&stage, &["--runtime", runtime]);
        assert_eq!(code, Some(0), "{lines:?}");
        lines.iter().map(|line| (line["check"].clone(), line["state"].clone())).collect::<Vec<_>>()
    });
    assert_eq!(found[0], found[1]);
    assert!(found[0].len() > 8, "{found:?}");

    let told = RUNTIMES.map(|runtime| {
        let secret = stage.secret();
        let (code, out, err) =
            outcome(stage.dial("whoami", &["--secret-file", &secret, "--runtime", runtime]));
        assert_eq!(code, Some(0), "{err}");
        out.lines().map(|line| line.split("  ").next().unwrap().to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(told[0], told[1]);
    assert!(told[0].iter().any(|line| line.starts_with("round trip")), "{told:?}");
}

#[test]
fn doctor_reads_what_something_else_says_by_itself_on_each_runtime() {
    let mut stage = stage("tokio", "tokio");
    let ssh = impostor::greeting("SSH-2.0-OpenSSH_9.9p1 Debian-1\r\n");
    stage.url = format!("wss://{ssh}/link");
    for runtime in RUNTIMES {
        let (code, lines) = doctor(&stage, &["--runtime", runtime]);
        assert_ne!(code, Some(0));
        let saw = |line: &Value| line["seen"] == "'SSH-2.0-OpenSSH_9.9p1 Debian-1'";
        assert!(lines.iter().any(saw), "{runtime}: {lines:?}");
    }
}

#[test]
fn a_demo_is_on_one_runtime_with_its_processes_and_leaves_nothing_behind() {
    for (runtime, interrupted) in [("smol", false), ("tokio", false), ("smol", true)] {
        let dir = tempfile::tempdir().unwrap();
        let temp = dir.path().join("tmp");
        fs::create_dir(&temp).unwrap();
        let mut command = bowline(&["demo", "--runtime", runtime], dir.path());
        command.env("TMPDIR", &temp);
        let mut demo = Running::start(command);
        demo.line("hello, Bowline");
        demo.line("tick 1");
        let children = children(demo.pid());
        assert_eq!(children.len(), 2);
        for process in children.iter().copied().chain([demo.pid()]) {
            runs_on(process, runtime);
        }
        if interrupted {
            demo.signal(Signal::INT);
        } else {
            demo.line("tick 5");
        }
        let (code, out, err) = demo.outcome();
        let end = "both processes have ended and their folder is removed";
        assert!(out.contains(end), "{out}");
        assert_eq!(code, Some(if interrupted { 130 } else { 0 }), "{err}");
        children.iter().for_each(|child| wait_gone(child.as_raw_nonzero().get()));
        assert_eq!(fs::read_dir(&temp).unwrap().count(), 0);
    }
}

#[test]
fn another_runtime_is_none() {
    let dir = tempfile::tempdir().unwrap();
    for typed in [["--runtime", "other", "ls"], ["ls", "--runtime", "other"]] {
        let (code, out, err) = outcome(bowline(&typed, dir.path()));
        assert_eq!((code, out.as_str()), (Some(2), ""));
        assert!(err.contains("possible values: tokio, smol"), "{err}");
    }
}

/// What the tests of the program rely on.
fn whatever_a_test_starts_runs_on_what_its_pairing_says() {
    let pairing = Pairing::current().unwrap();
    let stage = ProcessFixture::with_peer(PEER);
    runs_on(stage.hub.as_ref().unwrap().pid(), pairing.hub);
    runs_on(stage.peer.as_ref().unwrap().pid(), pairing.peer);
    let mut caller = Running::start(stage.run(&["web", "stay"]));
    caller.line("");
    runs_on(caller.pid(), pairing.peer);
}

in_each_pairing! {
    whatever_a_test_starts_runs_on_what_its_pairing_says,
}
