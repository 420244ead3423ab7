//! `bowline run` on several peers, each of them a process: what is printed, what is said at the
//! end, and the exit codes that scripts rely on.

use std::fs;
use std::process::Stdio;

use bowline_tests::bowline::{Running, outcome};
use bowline_tests::fleet::Fleet;
use rustix::process::Signal;
use serde_json::Value;

/// A peer that says who it is; `end` is what its script does then.
fn peer(fleet: &mut Fleet, id: &str, labels: &str, end: &str) {
    let config = format!(
        r#"
labels = {{ {labels} }}
[commands.who]
run = ["sh", "-c", "echo I am {id}; {end}"]
[commands.count]
run = ["wc", "-c"]
"#
    );
    fleet.peer(id, &config);
}

/// Three peers: `a` is well, `b` fails, `c` is away.
fn three() -> Fleet {
    let mut fleet = Fleet::new();
    peer(&mut fleet, "a", "role = 'web'", "printf unended");
    peer(&mut fleet, "b", "role = 'web'", "echo oops >&2; exit 3");
    peer(&mut fleet, "c", "role = 'db'", "true");
    fleet.away("c");
    fleet
}

/// The lines of an output, in the order of their text: peers do not wait for each other.
fn lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

fn objects(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_batch_tells_each_line_with_its_peer_and_names_who_failed_and_who_is_missing() {
    let fleet = three();
    let (code, out, err) = outcome(fleet.run(&["all", "who", "--batch", "1"]));
    assert_eq!(lines(&out), ["a: I am a", "a: unended", "b: I am b"]);
    assert_eq!(
        lines(&err),
        [
            "b: oops",
            "bowline:   b: exit code 3",
            "bowline:   c: offline: The peer is not connected.",
            "bowline: 3 peers: 1 answered, 1 failed, 1 missing",
        ]
    );
    assert_eq!(code, Some(1));
}

#[test]
fn a_batch_is_for_those_with_all_of_the_labels() {
    let fleet = three();
    let (code, out, err) = outcome(fleet.run(&["role=web", "count", "--batch", "9"]));
    assert_eq!((code, lines(&out)), (Some(0), vec!["a: 0", "b: 0"]), "{err}");
    let none = outcome(fleet.run(&["role=web,zone=eu", "who", "--batch", "9"]));
    assert_eq!((none.0, none.1.as_str()), (Some(5), ""));
    assert!(none.2.contains("no peer has the labels role=web,zone=eu"), "{}", none.2);
}

/// `a` ends once `d` has run: a batch that waited for all of its first peers would never end.
#[test]
fn a_batch_goes_on_with_the_next_as_soon_as_one_has_ended_and_runs_no_more_at_once() {
    let mut fleet = Fleet::new();
    let dir = fleet.at("marks");
    fs::create_dir(&dir).unwrap();
    let dir = dir.to_str().unwrap();
    for (id, until) in [("a", "ran.d"), ("b", "run.b"), ("c", "run.c"), ("d", "run.d")] {
        let script = format!(
            "cd {dir}; touch run.{id}; ls | grep -c ^run; until [ -e {until} ]; do sleep 0.01; \
             done; touch ran.{id}; rm run.{id}"
        );
        fleet.peer(id, &format!("[commands.mark]\nrun = [\"sh\", \"-c\", \"{script}\"]\n"));
    }
    let (code, out, err) = outcome(fleet.run(&["all", "mark", "--batch", "2"]));
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(out.lines().count(), 4);
    for line in out.lines() {
        let running: usize = line.split_once(": ").unwrap().1.parse().unwrap();
        assert!(running <= 2, "{out}");
    }
}

#[test]
fn a_batch_passes_no_input_on() {
    let fleet = three();
    let mut run = fleet.run(&["role=web", "count", "--batch", "2"]);
    let input = fleet.at("input");
    fs::write(&input, "seven77").unwrap();
    run.stdin(Stdio::from(fs::File::open(input).unwrap()));
    assert_eq!(lines(&outcome(run).1), ["a: 0", "b: 0"]);
}

#[test]
fn json_has_an_object_for_each_piece_and_each_result_and_a_summary_at_the_end() {
    let fleet = three();
    let (code, out, err) = outcome(fleet.run(&["all", "who", "--json", "--batch", "1"]));
    assert_eq!((code, err.as_str()), (Some(1), ""));
    let told = objects(&out);
    let text: String = told
        .iter()
        .filter(|line| line["peer"] == "a" && line["stream"] == "out")
        .filter_map(|line| line["text"].as_str())
        .collect();
    assert_eq!(text, "I am a\nunended");
    let results: Vec<String> = told
        .iter()
        .filter(|line| !line["result"].is_null())
        .map(|line| format!("{} {}", line["peer"].as_str().unwrap(), line["result"]))
        .collect();
    let expected = [r#"a {"exit":0}"#, r#"b {"exit":3}"#, r#"c {"failed":"offline"}"#];
    assert_eq!(results, expected);
    let summary = serde_json::json!({"summary": {"answered": 1, "failed": 1, "missing": 1}});
    assert_eq!(told.last().unwrap(), &summary);
}

#[test]
fn an_interrupt_ends_a_batch_on_each_peer_and_calls_nobody_more() {
    let mut fleet = Fleet::new();
    for id in ["a", "b", "c"] {
        peer(&mut fleet, id, "", "exec sleep 1000");
    }
    let mut run = Running::start(fleet.run(&["all", "who", "--batch", "2"]));
    run.line("I am");
    run.line("I am");
    run.signal(Signal::INT);
    let (code, err) = run.end();
    assert_eq!(code, Some(1), "{err}");
    for line in ["a: cancelled: ", "b: cancelled: ", "c: cancelled: not called any more"] {
        assert!(err.contains(line), "{line}: {err}");
    }
}
