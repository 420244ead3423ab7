//! SIGTERM and SIGHUP, as an operator sends them: processes of the program on each runtime, with
//! calls that run meanwhile.

use std::fs;
use std::path::Path;

use bowline_tests::bowline::{Outcome, Running, outcome};
use bowline_tests::certificates::{Authority, GOOD};
use bowline_tests::process_fixture::ProcessFixture;
use bowline_tests::program::wait_gone;
use bowline_tests::refusals::run_refused;
use rustix::process::Signal;

const RUNTIMES: [&str; 2] = ["tokio", "smol"];

const PEER: &str = r#"
id = "web"
[commands.hello]
run = ["echo", "hello, {name}"]
[commands.wait]
run = ["sh", "-c", "echo $$; while [ ! -e go ]; do sleep 0.02; done; echo done; exit 7"]
[commands.stay]
run = ["sh", "-c", "echo $$; exec sleep 1000"]
[commands.deaf]
run = ["sh", "-c", "trap '' TERM; echo $$; while :; do sleep 0.1; done"]
[commands.repeat]
run = ["cat"]
"#;

const BY_HUB: &str = "going-away: The hub is stopping, and the call did not end in the time that \
                      was left. Find out whether it was carried out before you try again.";
const BY_PEER: &str = "going-away: The peer is stopping, and the command did not end in the time \
                       that was left. Find out whether it was carried out before you try again.";

/// A hub and a peer on a runtime, each with these flags.
fn stage(runtime: &str, hub: &[&str], peer: &[&str]) -> ProcessFixture {
    let mut stage = ProcessFixture::empty();
    let data = stage.text("hub");
    let typed = ["--runtime", runtime, "hub", "--bind", "127.0.0.1:0", "--data", &data];
    stage.listen(stage.bowline(&[&typed, hub].concat()));
    fs::write(stage.at("peer.toml"), PEER).unwrap();
    let mut command = stage.peer_command();
    command.args(["--runtime", runtime]).args(peer);
    let mut running = Running::start(command);
    running.line("registered");
    stage.peer = Some(running);
    stage
}

/// A call that goes on, and the id of its program.
fn begun(stage: &ProcessFixture, command: &str) -> (Running, i32) {
    let mut running = Running::start(stage.run(&["web", command]));
    let program = running.line("").parse().unwrap();
    (running, program)
}

fn ends_well(running: Running, at: &str) {
    let (code, err) = running.end();
    assert_eq!(code, Some(0), "{at}: {err}");
}

/// The end of a call that was made by [`begun`], whose output was read.
fn silent(running: Running) -> Outcome {
    let (code, _, err) = running.outcome();
    (code, String::new(), err)
}

#[test]
fn a_call_that_ends_in_time_keeps_its_exit_code_whoever_is_told_to_stop() {
    for runtime in RUNTIMES {
        for (who, hub, peer) in
            [("hub", &["--drain", "10m"][..], &[][..]), ("peer", &[], &["--drain", "10m"])]
        {
            let at = format!("{runtime}, {who}");
            let mut stage = stage(runtime, hub, peer);
            let (call, program) = begun(&stage, "wait");
            let hub = stage.hub.as_mut().unwrap();
            if who == "hub" {
                hub.signal(Signal::TERM);
                hub.said("stopping: 1 call is open, and may go on for 10m; once more ends at once");
                let (code, _, err) = outcome(stage.run(&["web", "hello", "you"]));
                assert_eq!(code, Some(255), "{at}");
                assert!(err.contains("refused: going-away"), "{at}: {err}");
            } else {
                let peer = stage.peer.as_mut().unwrap();
                peer.signal(Signal::TERM);
                peer.line("{\"calls\":1,\"event\":\"stopping\",\"within_ms\":600000}");
                let (code, _, err) = outcome(stage.run(&["web", "hello", "you"]));
                assert_eq!(code, Some(255), "{at}");
                assert!(err.contains("offline: ") || err.contains("draining: "), "{at}: {err}");
            }
            fs::write(stage.at("go"), "").unwrap();
            let (code, out, err) = call.outcome();
            assert_eq!((code, err.as_str()), (Some(7), ""), "{at}");
            assert!(out.ends_with("done\n"), "{at}: {out}");
            wait_gone(program);
            let stopped = if who == "hub" { stage.hub.take() } else { stage.peer.take() };
            ends_well(stopped.unwrap(), &at);
        }
    }
}

#[test]
fn a_call_that_does_not_end_in_time_says_why_and_leaves_no_program_behind() {
    for runtime in RUNTIMES {
        let mut hub = stage(runtime, &["--drain", "300ms"], &[]);
        let (call, program) = begun(&hub, "stay");
        hub.hub.as_ref().unwrap().signal(Signal::TERM);
        run_refused(&silent(call), 4, BY_HUB, &[]);
        ends_well(hub.hub.take().unwrap(), runtime);
        wait_gone(program);

        let mut peer = stage(runtime, &[], &["--drain", "300ms"]);
        let calls = ["stay", "deaf"].map(|command| begun(&peer, command));
        peer.peer.as_ref().unwrap().signal(Signal::INT);
        for (call, program) in calls {
            run_refused(&silent(call), 4, BY_PEER, &[]);
            wait_gone(program);
        }
        ends_well(peer.peer.take().unwrap(), runtime);
    }
}

#[test]
fn no_time_at_all_is_a_time_and_more_than_an_hour_is_none() {
    let mut none = stage("tokio", &["--drain", "0s"], &[]);
    let (call, program) = begun(&none, "stay");
    none.hub.as_ref().unwrap().signal(Signal::TERM);
    run_refused(&silent(call), 4, BY_HUB, &[]);
    ends_well(none.hub.take().unwrap(), "0s");
    wait_gone(program);
    for command in ["hub", "peer"] {
        let typed = none.bowline(&[command, "--drain", "61m", "--hub", "wss://h"][..3]);
        let (code, _, err) = outcome(typed);
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains("limits.drain") && err.contains("expected 0s to 1h"), "{err}");
    }
}

#[test]
fn a_second_signal_ends_a_hub_at_once() {
    for runtime in RUNTIMES {
        let mut stage = stage(runtime, &["--drain", "10m"], &[]);
        let (call, program) = begun(&stage, "stay");
        let mut hub = stage.hub.take().unwrap();
        hub.signal(Signal::TERM);
        hub.said("stopping: 1 call is open");
        hub.signal(Signal::INT);
        assert_eq!(hub.end().0, Some(130), "{runtime}");
        // The caller and the peer find the link cut.
        assert_eq!(call.end().0, Some(255));
        wait_gone(program);
    }
}

/// A certificate with a key of its own, below the stage's directory.
fn issue(stage: &ProcessFixture, cert: &str, key: &str) {
    let (certificate, private) = Authority::new("Example Root").issue(&["localhost"], GOOD);
    stage.private(cert, &certificate);
    stage.private(key, &private);
}

fn pin(stage: &ProcessFixture) -> String {
    let (code, out, err) = outcome(stage.bowline(&["tls", "info", "--hub", &stage.url]));
    assert_eq!(code, Some(0), "{err}");
    let mut lines = out.lines().map(str::trim_start);
    let line = lines.find(|line| line.starts_with("pin ")).unwrap_or_else(|| panic!("{out}"));
    line.split_whitespace().nth(1).unwrap().to_owned()
}

#[test]
fn sighup_serves_another_certificate_and_an_open_call_does_not_notice() {
    for runtime in RUNTIMES {
        let mut stage = ProcessFixture::empty();
        issue(&stage, "cert.pem", "key.pem");
        let config = "name = \"one\"\n[tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"\n";
        let (file, data) = (stage.private("hub.toml", config), stage.text("hub"));
        let typed = ["hub", "--bind", "127.0.0.1:0", "--data", &data, "--config", &file];
        stage.listen(stage.bowline(&[&typed[..], &["--runtime", runtime]].concat()));
        fs::write(stage.at("peer.toml"), PEER).unwrap();
        stage.start_peer();
        // Over the network, so that it knows the hub by its identity.
        let secret = stage.secret();
        let mut typed = stage.dial("run", &["--secret-file", &secret, "web", "repeat"]);
        typed.stdin(std::process::Stdio::piped());
        let mut call = Running::start(typed);
        let mut input = call.input().unwrap();
        std::io::Write::write_all(&mut input, b"before\n").unwrap();
        call.line("before");
        let before = pin(&stage);

        issue(&stage, "cert.pem", "key.pem");
        fs::write(&file, config.replace("one", "two")).unwrap();
        let hub = stage.hub.as_mut().unwrap();
        hub.signal(Signal::HUP);
        hub.said("SIGHUP: in force from here on: name");
        let said = hub.said("SIGHUP: another certificate for links that come, with another key: ");
        let after = pin(&stage);
        assert!(said.ends_with(&after) && after != before, "{said}, {before}, {after}");
        let (code, out, err) = outcome(stage.dial("ls", &["--secret-file", &secret]));
        assert_eq!((code, out.contains("web")), (Some(0), true), "{err}");

        // What is bad is named, and changes nothing.
        fs::write(stage.at("cert.pem"), "none").unwrap();
        let hub = stage.hub.as_mut().unwrap();
        hub.signal(Signal::HUP);
        let said = hub.said("what is in force stays");
        assert!(said.contains("cert.pem") && said.starts_with("bowline: SIGHUP: "), "{said}");
        fs::write(&file, "nane = \"three\"").unwrap();
        hub.signal(Signal::HUP);
        let said = hub.said("what is in force stays");
        assert!(said.contains("hub.toml") && said.contains("nane"), "{said}");
        issue(&stage, "cert.pem", "key.pem");
        fs::write(&file, format!("bind = \"127.0.0.1:1\"\n{config}")).unwrap();
        let hub = stage.hub.as_mut().unwrap();
        hub.signal(Signal::HUP);
        hub.said("SIGHUP: another certificate");
        assert_ne!(pin(&stage), after);

        std::io::Write::write_all(&mut input, b"after\n").unwrap();
        call.line("after");
        drop(input);
        ends_well(call, runtime);
        let hub = stage.hub.as_mut().unwrap();
        hub.signal(Signal::HUP);
        hub.said("SIGHUP: nothing has changed");
    }
}

#[test]
fn sighup_names_what_a_hub_takes_at_its_next_start_only() {
    let mut stage = ProcessFixture::empty();
    let (file, data) = (stage.private("hub.toml", "bind = \"127.0.0.1:0\""), stage.text("hub"));
    stage.listen(stage.bowline(&["hub", "--data", &data, "--config", &file]));
    fs::write(&file, "bind = \"127.0.0.1:1\"\n[auth]\nsecret-file = \"elsewhere\"").unwrap();
    let hub = stage.hub.as_mut().unwrap();
    hub.signal(Signal::HUP);
    hub.said("SIGHUP: needs a restart, and stays as it was: auth.secret-file, bind");
    let secret = stage.secret();
    assert_eq!(outcome(stage.dial("ls", &["--secret-file", &secret])).0, Some(0));
}

fn rewrite(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from));
    fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn sighup_gives_a_peer_other_commands_while_its_calls_go_on() {
    for runtime in RUNTIMES {
        let mut stage = stage(runtime, &[], &[]);
        let (call, _program) = begun(&stage, "wait");
        let file = stage.at("peer.toml");
        rewrite(&file, "commands.hello", "commands.greet");
        rewrite(&file, "id = \"web\"", "id = \"other\"\nlabels = { role = \"db\" }");
        let peer = stage.peer.as_mut().unwrap();
        peer.signal(Signal::HUP);
        let said = peer.line("\"event\":\"reloaded\"");
        let changed = "\"changed\":[\"commands.greet\",\"commands.hello\"]";
        assert!(said.contains(changed), "{said}");
        assert!(said.contains("\"at_next_dial\":[\"labels.role\"]"), "{said}");
        assert!(said.contains("\"restart\":[\"id\"]"), "{said}");
        peer.line("registered");
        assert_eq!(outcome(stage.run(&["web", "greet", "you"])).1, "hello, you\n");
        let (code, _, err) = outcome(stage.run(&["web", "hello", "you"]));
        assert_eq!(code, Some(255));
        assert!(err.contains("unknown-command"), "{err}");

        rewrite(&file, "commands.greet", "commends.greet");
        let peer = stage.peer.as_mut().unwrap();
        peer.signal(Signal::HUP);
        let said = peer.line("\"event\":\"not-reloaded\"");
        assert!(said.contains("peer.toml") && said.contains("commends"), "{said}");
        assert_eq!(outcome(stage.run(&["web", "greet", "you"])).1, "hello, you\n");
        fs::write(stage.at("go"), "").unwrap();
        assert_eq!(call.end().0, Some(7), "{runtime}");
    }
}
