//! `bowline run --detach` and `bowline calls`: a call that goes on without its caller, and is found
//! again.

use std::fs;
use std::time::{Duration, Instant};

use bowline_tests::bowline::{Running, outcome};
use bowline_tests::fleet::Fleet;
use bowline_tests::in_crossed_pairings;
use bowline_tests::program::wait_gone;
use bowline_tests::wait::BOUND;
use rustix::process::Signal;
use serde_json::Value;

/// `a` says something on both outputs, `b` fails, `c` is away.
fn fleet() -> Fleet {
    let mut fleet = Fleet::with(&["--self-labels", "true"]);
    for (id, script) in [
        ("a", "echo well; printf unended; echo more >&2"),
        ("b", "cat; echo oops >&2; exit 3"),
        ("c", "true"),
    ] {
        let config = format!(
            "labels = {{ role = 'web' }}\n[commands.who]\nrun = ['sh', '-c', '{script}']\n\
             [commands.bytes]\nrun = ['printf', '\\377']\n\
             [commands.much]\nrun = ['sh', '-c', 'seq 1 200000']\n"
        );
        fleet.peer(id, &config);
    }
    fleet.away("c");
    fleet
}

/// Makes a detached call; its id.
fn detach(fleet: &Fleet, rest: &[&str]) -> String {
    let (code, out, err) = outcome(fleet.run(&[rest, &["--detach"]].concat()));
    assert_eq!((code, err.as_str()), (Some(0), ""), "{rest:?}");
    let id = out.strip_suffix('\n').unwrap();
    assert!(!id.is_empty() && !id.contains('\n'), "{out}");
    id.to_owned()
}

fn calls(fleet: &Fleet, action: &str, rest: &[&str]) -> (Option<i32>, String, String) {
    outcome(fleet.operator(&["calls", action], rest))
}

/// The objects that `calls show --json` prints once the call has ended: the call, and its peers.
fn ended(fleet: &Fleet, id: &str) -> (Value, Vec<Value>) {
    let until = Instant::now() + BOUND;
    loop {
        let (code, out, err) = calls(fleet, "show", &[id, "--json"]);
        assert_eq!(code, Some(0), "{err}");
        let mut told: Vec<Value> =
            out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let call = told.remove(0);
        if call["state"] == "ended" {
            return (call, told);
        }
        assert!(Instant::now() < until, "{id} does not end: {out}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn a_detached_call_is_found_again_with_its_results_and_what_it_said() {
    let fleet = fleet();
    let id = detach(&fleet, &["role=web", "who"]);
    let (call, peers) = ended(&fleet, &id);
    for (key, expected) in [
        ("id", id.as_str()),
        ("command", "who"),
        ("target", "role=web"),
        ("caller", "operator"),
        ("delivery", "detached"),
    ] {
        assert_eq!(call[key], expected, "{key}");
    }
    let count = |key: &str| call[key].as_u64().unwrap();
    let counts = ["targets", "answered", "failed", "missing"].map(count);
    assert_eq!(counts, [3, 1, 1, 1]);
    let of = |n: usize, key: &str| &peers[n][key];
    assert_eq!((of(0, "peer"), &of(0, "result")["exit"]), (&"a".into(), &0.into()));
    assert_eq!(of(0, "out")["text"], "well\nunended");
    assert_eq!(of(0, "err")["text"], "more\n");
    // Its input was empty, so 'cat' ended.
    assert_eq!((of(1, "peer"), &of(1, "result")["exit"]), (&"b".into(), &3.into()));
    assert_eq!(of(1, "err")["text"], "oops\n");
    assert_eq!((of(2, "peer"), &of(2, "result")["failed"]), (&"c".into(), &"offline".into()));

    let (code, out, err) = calls(&fleet, "show", &[&id]);
    assert_eq!(code, Some(0), "{err}");
    for expected in [
        "role=web",
        "3: 1 answered, 1 failed, 1 missing",
        "exit code 0",
        "exit code 3",
        "offline: The peer is not connected.",
        "\na: well\na: unended\n",
    ] {
        assert!(out.contains(expected), "{expected}: {out}");
    }
    assert_eq!(err, "a: more\nb: oops\n");
}

fn kept_output_comes_alone_as_it_was_or_a_line_at_a_time() {
    let fleet = fleet();
    let id = detach(&fleet, &["all", "who"]);
    ended(&fleet, &id);
    let one = calls(&fleet, "show", &[&id, "--output", "a"]);
    assert_eq!(one, (Some(0), "well\nunended".to_owned(), "more\n".to_owned()));
    let all = calls(&fleet, "show", &[&id, "--output", "all"]);
    let (out, err) = ("a: well\na: unended\n", "a: more\nb: oops\n");
    assert_eq!(all, (Some(0), out.to_owned(), err.to_owned()));
    let (code, out, err) = calls(&fleet, "show", &[&id, "--output", "elsewhere"]);
    assert_eq!((code, out.as_str()), (Some(5), ""));
    assert!(err.contains("was not for 'elsewhere'"), "{err}");

    let id = detach(&fleet, &["a", "bytes"]);
    let (_, peers) = ended(&fleet, &id);
    assert_eq!(peers[0]["out"]["base64"], "/w==");
}

fn the_end_of_much_output_is_kept_and_what_went_before_is_counted() {
    let fleet = fleet();
    let id = detach(&fleet, &["a", "much"]);
    let (_, peers) = ended(&fleet, &id);
    let out = &peers[0]["out"];
    let (text, dropped) = (out["text"].as_str().unwrap(), out["dropped"].as_u64().unwrap());
    let all: String = (1..=200_000).map(|n| format!("{n}\n")).collect();
    assert!(dropped > 0 && text.len() as u64 + dropped == all.len() as u64, "{dropped}");
    assert!(all.ends_with(text));
    let (code, raw, err) = calls(&fleet, "show", &[&id, "--output", "a"]);
    assert_eq!((code, raw.as_str()), (Some(0), text));
    assert!(err.contains(&format!("the first {dropped} bytes of a's standard output")), "{err}");
    let (_, shown, _) = calls(&fleet, "show", &[&id]);
    assert!(shown.contains(&format!("{} bytes, {dropped} before dropped", text.len())), "{shown}");
}

fn a_call_that_stays_is_listed_and_cancelled_with_everything_that_it_started() {
    let mut fleet = Fleet::new();
    let file = fleet.at("pids");
    let script = format!("sleep 1000 & echo $$ $! > {0}.new; mv {0}.new {0}; wait", file.display());
    fleet.peer("a", &format!("[commands.stay]\nrun = [\"sh\", \"-c\", \"{script}\"]\n"));
    let id = detach(&fleet, &["a", "stay"]);
    let until = Instant::now() + BOUND;
    let text = loop {
        match fs::read_to_string(&file) {
            Ok(text) => break text,
            Err(_) => assert!(Instant::now() < until, "nothing was started"),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let (code, out, err) = calls(&fleet, "list", &[]);
    assert_eq!(code, Some(0), "{err}");
    let row = out
        .lines()
        .find(|line| line.trim_start().starts_with(&id))
        .unwrap_or_else(|| panic!("{out}"));
    assert!(row.contains("running") && row.contains("stay"), "{row}");

    let (code, out, err) = calls(&fleet, "cancel", &[&id]);
    assert_eq!((code, out.as_str()), (Some(0), ""), "{err}");
    assert!(err.contains(&format!("bowline calls show {id}")), "{err}");
    for process in text.split_whitespace() {
        wait_gone(process.parse().unwrap());
    }
    let (_, peers) = ended(&fleet, &id);
    assert_eq!(peers[0]["result"]["failed"], "cancelled");
    let again = calls(&fleet, "cancel", &[&id, "--json"]);
    let again: Value = serde_json::from_str(&again.1).unwrap();
    assert_eq!(again, serde_json::json!({"call": id, "was_running": false}));
}

fn attached_calls_are_listed_too_and_theirs_was_told_to_their_caller_alone() {
    let fleet = fleet();
    let mut run = Running::start(fleet.run(&["all", "much"]));
    run.line("a: 1");
    drop(run);
    assert_eq!(outcome(fleet.run(&["a", "who"])).0, Some(0));
    let (code, out, err) = calls(&fleet, "list", &["--json"]);
    assert_eq!(code, Some(0), "{err}");
    let rows: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [all, one] = rows.as_slice() else { panic!("{out}") };
    assert_eq!((&all["target"], &one["target"]), (&"all".into(), &"a".into()));
    assert_eq!((&one["state"], &one["delivery"]), (&"ended".into(), &"attached".into()));
    let (call, peers) = ended(&fleet, one["id"].as_str().unwrap());
    assert_eq!((call["answered"].as_u64(), peers.len()), (Some(1), 1));
    let id = all["id"].as_str().unwrap();
    ended(&fleet, id);
    let (_, shown, _) = calls(&fleet, "show", &[id]);
    assert!(shown.contains("told to its caller alone"), "{shown}");
}

fn a_call_that_nobody_knows_is_5_and_one_that_was_not_taken_says_why() {
    let fleet = fleet();
    for action in ["show", "cancel"] {
        for (id, expected, reason) in
            [("1-77", 5, "unknown-call"), ("77-1", 5, "unknown-call"), ("web-1", 2, "two numbers")]
        {
            let (code, out, err) = calls(&fleet, action, &[id]);
            assert_eq!((code, out.as_str()), (Some(expected), ""), "{action} {id}: {err}");
            assert!(err.contains(reason) && err.contains("bowline calls list"), "{err}");
        }
    }
    for (rest, expected, reason) in [
        (["c", "who"], 5, "offline"),
        (["nobody", "who"], 5, "no peer is called 'nobody'"),
        (["a", "nothing"], 1, "unknown-command"),
    ] {
        let (code, out, err) = outcome(fleet.run(&[&rest[..], &["--detach"]].concat()));
        assert_eq!((code, out.as_str()), (Some(expected), ""), "{rest:?}: {err}");
        assert!(err.contains(reason), "{rest:?}: {err}");
    }
}

fn a_member_sees_and_stops_their_own_calls_and_an_administrator_all() {
    let fleet = fleet();
    let theirs = detach(&fleet, &["a", "who"]);
    let (code, own, err) = outcome(fleet.elsewhere(&["run"], &["a", "who", "--detach"]));
    assert_eq!(code, Some(0), "{err}");
    let own = own.trim();
    let list = |command: std::process::Command| {
        let (code, out, err) = outcome(command);
        assert_eq!(code, Some(0), "{err}");
        let ids = out.lines().map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            row["id"].as_str().unwrap().to_owned()
        });
        ids.collect::<Vec<_>>()
    };
    assert_eq!(list(fleet.elsewhere(&["calls", "list"], &["--json"])), [own]);
    assert_eq!(list(fleet.operator(&["calls", "list"], &["--json"])), [&*theirs, own]);
    for action in ["show", "cancel"] {
        let (code, _, err) = outcome(fleet.elsewhere(&["calls", action], &[&theirs]));
        assert_eq!(code, Some(5), "{action}: {err}");
        assert!(err.contains("unknown-call"), "{action}: {err}");
        assert_eq!(calls(&fleet, action, &[own]).0, Some(0), "{action}");
    }
}

fn json_gives_the_id_of_a_detached_call_and_its_caller_may_be_killed_at_once() {
    let fleet = fleet();
    let mut run = Running::start(fleet.run(&["a", "who", "--detach", "--json"]));
    let told: Value = serde_json::from_str(&run.line("call")).unwrap();
    run.signal(Signal::KILL);
    run.end();
    let (_, peers) = ended(&fleet, told["call"].as_str().unwrap());
    assert_eq!(peers[0]["out"]["text"], "well\nunended");
}

in_crossed_pairings! {
    a_detached_call_is_found_again_with_its_results_and_what_it_said,
    kept_output_comes_alone_as_it_was_or_a_line_at_a_time,
    the_end_of_much_output_is_kept_and_what_went_before_is_counted,
    a_call_that_stays_is_listed_and_cancelled_with_everything_that_it_started,
    attached_calls_are_listed_too_and_theirs_was_told_to_their_caller_alone,
    a_call_that_nobody_knows_is_5_and_one_that_was_not_taken_says_why,
    a_member_sees_and_stops_their_own_calls_and_an_administrator_all,
    json_gives_the_id_of_a_detached_call_and_its_caller_may_be_killed_at_once,
}
