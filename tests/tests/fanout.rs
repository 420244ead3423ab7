//! `bowline run` on several peers, each of them a process: what is printed, what is said at the
//! end, and the exit codes that scripts rely on.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use bowline_tests::bowline::{Running, bowline, outcome};
use bowline_tests::fleet::Fleet;
use bowline_tests::in_crossed_pairings;
use bowline_tests::on_each_runtime;
use bowline_tests::program::wait_gone;
use bowline_tests::wait::BOUND;
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
    let mut fleet = Fleet::with(&["--self-labels", "true"]);
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

/// Whether the hub spreads the command or the program goes through the peers looks the same.
const WAYS: [&[&str]; 2] = [&[], &["--batch", "1"]];

fn each_line_has_its_peer_before_it_and_the_summary_names_who_failed_and_who_is_missing() {
    let fleet = three();
    for way in WAYS {
        let (code, out, err) = outcome(fleet.run(&[&["all", "who"], way].concat()));
        assert_eq!(lines(&out), ["a: I am a", "a: unended", "b: I am b"], "{way:?}");
        assert_eq!(
            lines(&err),
            [
                "b: oops",
                "bowline:   b: exit code 3",
                "bowline:   c: offline: The peer is not connected.",
                "bowline: 3 peers: 1 answered, 1 failed, 1 missing",
            ],
            "{way:?}"
        );
        assert_eq!(code, Some(1), "{way:?}");
    }
}

fn a_command_is_for_those_with_all_of_the_labels_and_5_says_that_there_is_nobody() {
    let fleet = three();
    for way in WAYS {
        let (code, out, err) = outcome(fleet.run(&[&["role=web", "count"], way].concat()));
        assert_eq!((code, lines(&out)), (Some(0), vec!["a: 0", "b: 0"]), "{way:?}: {err}");
        let db = outcome(fleet.run(&[&["role=db", "who"], way].concat()));
        assert_eq!((db.0, db.1.as_str()), (Some(1), ""), "{way:?}: the labels that it left with");
        assert!(db.2.contains("1 peer: 0 answered, 0 failed, 1 missing"), "{way:?}: {}", db.2);
        let none = outcome(fleet.run(&[&["role=web,zone=eu", "who"], way].concat()));
        assert_eq!((none.0, none.1.as_str()), (Some(5), ""), "{way:?}");
        assert!(none.2.contains("no peer has the labels role=web,zone=eu"), "{}", none.2);
    }
}

/// A process whose standard output is read as it comes, whether or not a line has ended.
struct Shown {
    child: Child,
    come: Receiver<Vec<u8>>,
    text: String,
}

impl Shown {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let (send, come) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n @ 1..) = out.read(&mut bytes) {
                let _ = send.send(bytes[..n].to_vec());
            }
        });
        Self { child, come, text: String::new() }
    }

    /// Waits until it has shown this and nothing behind it.
    fn until(&mut self, wanted: &str) {
        while !self.text.ends_with(wanted) {
            let more = self.come.recv_timeout(BOUND);
            let more = more.unwrap_or_else(|_| panic!("{wanted:?} does not come: {:?}", self.text));
            self.text += &String::from_utf8_lossy(&more);
        }
    }

    /// All that it has shown in the end.
    fn end(mut self) -> String {
        for more in self.come.iter() {
            self.text += &String::from_utf8_lossy(&more);
        }
        assert!(self.child.wait().unwrap().success());
        self.text
    }
}

fn a_prompt_is_seen_before_it_is_answered_and_the_answer_goes_on_in_its_row() {
    let mut fleet = Fleet::new();
    let ask = "printf 'Name? '; read name; printf 'Hello '; read last; echo $name$last";
    fleet.peer("a", &format!("[commands.ask]\nrun = ['sh', '-c', \"{ask}\"]\n"));
    fleet.peer("b", "[commands.ask]\nrun = ['true']\n");
    for way in [&[][..], &["--json"]] {
        let mut typed = fleet.run(&[&["all", "ask"], way].concat());
        let mut shown = Shown::start({
            typed.stdin(Stdio::piped()).stderr(Stdio::null());
            typed
        });
        let mut input = shown.child.stdin.take().unwrap();
        if !way.is_empty() {
            input.write_all(b"A\nnn\n").unwrap();
            drop(input);
            assert!(shown.end().contains("Name? "));
            continue;
        }
        shown.until("a: Name? ");
        input.write_all(b"A\n").unwrap();
        shown.until("a: Name? Hello ");
        input.write_all(b"nn\n").unwrap();
        drop(input);
        assert_eq!(shown.end(), "a: Name? Hello Ann\n");
    }
}

#[cfg(target_os = "linux")]
fn the_states_of_a_progress_bar_are_seen_on_a_terminal_as_they_come() {
    let mut fleet = Fleet::new();
    let bar = r"printf '10%%\r'; read x; printf '\033[2J20%%\r'; read x; printf 'done\n'";
    let config = format!("[commands.bar]\nrun = ['sh', '-c', '''{bar}''']\n");
    fleet.peer("a", &config);
    let steps = fleet.at("steps");
    assert!(Command::new("mkfifo").arg(&steps).status().unwrap().success());
    // script(1) makes a terminal and runs what it is given in a session of it.
    let inner = fleet.run(&["all", "bar"]);
    let parts = [inner.get_program()].into_iter().chain(inner.get_args());
    let parts: Vec<_> = parts.map(|part| format!("'{}'", part.to_str().unwrap())).collect();
    let line = format!("{} < '{}'", parts.join(" "), steps.display());
    let mut typed = Command::new("script");
    typed.args(["-qec", &line, "/dev/null"]).env("TERM", "dumb").stdin(Stdio::null());
    let mut shown = Shown::start(typed);
    let mut input = fs::OpenOptions::new().write(true).open(&steps).unwrap();
    shown.until("a: 10%");
    input.write_all(b"\n").unwrap();
    shown.until("a: 10%\r\na: \\u{1b}[2J20%");
    input.write_all(b"\n").unwrap();
    drop(input);
    let all = shown.end();
    assert!(all.starts_with("a: 10%\r\na: \\u{1b}[2J20%\r\na: done\r\n"), "{all:?}");
}

/// `a` ends once `d` has run: a batch that waited for all of its first peers would never end.
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
    let (code, out, err) = outcome(fleet.run(&["all", "mark", "--batch", "2", "--timeout", "20s"]));
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(out.lines().count(), 4);
    for line in out.lines() {
        let running: usize = line.split_once(": ").unwrap().1.parse().unwrap();
        assert!(running <= 2, "{out}");
    }
}

fn each_peer_gets_the_input_and_those_of_a_batch_get_none() {
    let fleet = three();
    let input = fleet.at("input");
    fs::write(&input, "seven77").unwrap();
    for (way, expected) in [(WAYS[0], ["a: 7", "b: 7"]), (WAYS[1], ["a: 0", "b: 0"])] {
        let mut run = fleet.run(&[&["role=web", "count"], way].concat());
        run.stdin(Stdio::from(fs::File::open(&input).unwrap()));
        assert_eq!(lines(&outcome(run).1), expected);
    }
}

fn json_has_an_object_for_each_piece_and_each_result_and_a_summary_at_the_end() {
    let fleet = three();
    for way in WAYS {
        let (code, out, err) = outcome(fleet.run(&[&["all", "who", "--json"], way].concat()));
        assert_eq!((code, err.as_str()), (Some(1), ""), "{way:?}");
        let told = objects(&out);
        let text: String = told
            .iter()
            .filter(|line| line["peer"] == "a" && line["stream"] == "out")
            .filter_map(|line| line["text"].as_str())
            .collect();
        assert_eq!(text, "I am a\nunended");
        let mut results: Vec<String> = told
            .iter()
            .filter(|line| !line["result"].is_null())
            .map(|line| format!("{} {}", line["peer"].as_str().unwrap(), line["result"]))
            .collect();
        results.sort();
        let expected = [r#"a {"exit":0}"#, r#"b {"exit":3}"#, r#"c {"failed":"offline"}"#];
        assert_eq!(results, expected, "{way:?}");
        let counts = serde_json::json!({"answered": 1, "failed": 1, "missing": 1, "claimed": 0});
        let summary = serde_json::json!({ "summary": counts });
        assert_eq!(told.last().unwrap(), &summary, "{way:?}");
    }
}

/// Peers that stay until they are told to end, and say which process they are.
fn staying() -> Fleet {
    let mut fleet = Fleet::new();
    for id in ["a", "b", "c"] {
        let script = "echo $$; exec sleep 1000";
        fleet.peer(id, &format!("[commands.stay]\nrun = ['sh', '-c', '{script}']\n"));
    }
    fleet
}

/// The process of a line `PEER: PROCESS`.
fn process(line: &str) -> i32 {
    line.split_once(": ").unwrap().1.parse().unwrap()
}

fn an_interrupt_ends_it_on_each_peer_and_a_batch_calls_nobody_more() {
    let fleet = staying();
    for (way, running, last) in [
        (&[][..], 3, "c: cancelled: The caller cancelled the call."),
        (&["--batch", "2"], 2, "c: cancelled: not called any more"),
    ] {
        let mut run = Running::start(fleet.run(&[&["all", "stay"], way].concat()));
        let processes: Vec<i32> = (0..running).map(|_| process(&run.line(": "))).collect();
        run.signal(Signal::INT);
        let (code, err) = run.end();
        assert_eq!(code, Some(1), "{way:?}: {err}");
        for line in ["a: cancelled: ", "b: cancelled: ", last] {
            assert!(err.contains(line), "{way:?}: {line}: {err}");
        }
        processes.into_iter().for_each(wait_gone);
    }
}

fn a_second_interrupt_ends_the_program_at_once() {
    let mut fleet = Fleet::new();
    // It takes no notice of TERM, so that the first interrupt does not end it before the second.
    let script = "trap : TERM; echo ready; while :; do sleep 0.1; done";
    fleet.peer("a", &format!("[commands.stay]\nrun = ['sh', '-c', '{script}']\n"));
    for way in WAYS {
        let mut run = Running::start(fleet.run(&[&["all", "stay"], way].concat()));
        run.line("ready");
        run.signal(Signal::INT);
        run.said("cancelling");
        run.signal(Signal::INT);
        assert_eq!(run.end().0, Some(130), "{way:?}");
    }
}

fn a_caller_that_is_killed_ends_its_command_on_each_peer() {
    let fleet = staying();
    let mut run = Running::start(fleet.run(&["all", "stay"]));
    let processes: Vec<i32> = (0..3).map(|_| process(&run.line(": "))).collect();
    run.signal(Signal::KILL);
    assert_eq!(run.end().0, None);
    processes.into_iter().for_each(wait_gone);
}

fn a_hub_that_is_killed_ends_it_with_4_and_names_those_whose_answers_did_not_come() {
    for way in WAYS {
        let fleet = staying();
        let mut run = Running::start(fleet.run(&[&["all", "stay"], way].concat()));
        let processes = if way.is_empty() { 3 } else { 1 };
        let processes: Vec<i32> = (0..processes).map(|_| process(&run.line(": "))).collect();
        fleet.hub.signal(Signal::KILL);
        let (code, err) = run.end();
        assert_eq!(code, Some(4), "{way:?}: {err}");
        assert!(err.contains("3 peers: 0 answered, 0 failed, 3 missing"), "{way:?}: {err}");
        for line in ["  a: lost: ", "  b: lost: ", "  c: lost: ", "bowline: lost: "] {
            assert!(err.contains(line), "{way:?}: {line}: {err}");
        }
        processes.into_iter().for_each(wait_gone);
    }
}

fn who_may_not_call_is_refused_with_3_and_told_what_is_lacking() {
    let mut fleet = Fleet::with(&["--secret-role", "agent"]);
    peer(&mut fleet, "a", "role = 'web'", "true");
    for rest in [&["all", "who"][..], &["role=web", "who"], &["all", "who", "--batch", "1"]] {
        let (code, out, err) = outcome(fleet.elsewhere(&["run"], rest));
        assert_eq!((code, out.as_str()), (Some(3), ""), "{rest:?}: {err}");
        assert!(err.contains("denied") && err.contains("the capability 'call"), "{rest:?}: {err}");
    }
    let (code, out, err) = outcome(fleet.elsewhere(&["run"], &["a", "who", "--detach"]));
    assert_eq!((code, out.as_str()), (Some(3), ""), "{err}");
}

fn a_reader_that_goes_away_ends_it_as_it_ends_any_program() {
    let fleet = staying();
    for way in WAYS {
        let mut run = fleet.run(&[&["all", "stay"], way].concat());
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        run.stdout(writer);
        assert_eq!(outcome_of(run), Some(128 + 13), "{way:?}");
    }
}

/// The exit code of a program whose outputs are where they are.
fn outcome_of(mut command: Command) -> Option<i32> {
    command.stderr(Stdio::null()).status().unwrap().code()
}

fn an_interrupt_while_nothing_answers_ends_it_at_once() {
    let fleet = Fleet::new();
    for rest in [&["a", "who"][..], &["all", "who"], &["all", "who", "--batch", "2"]] {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("wss://{}", silent.local_addr().unwrap());
        let who = ["run", "--hub", &url, "--id", "me"];
        let mut run = bowline(&[&who, rest].concat(), &fleet.at(""));
        run.arg("--data").arg(fleet.at("me"));
        run.arg("--secret-file").arg(fleet.at("hub/secret.key"));
        let run = Running::start(run);
        let _held = silent.accept().unwrap();
        run.signal(Signal::INT);
        assert_eq!(run.end().0, Some(130), "{rest:?}");
    }
}

in_crossed_pairings! {
    a_prompt_is_seen_before_it_is_answered_and_the_answer_goes_on_in_its_row,
    #[cfg(target_os = "linux")]
    the_states_of_a_progress_bar_are_seen_on_a_terminal_as_they_come,
    each_line_has_its_peer_before_it_and_the_summary_names_who_failed_and_who_is_missing,
    a_command_is_for_those_with_all_of_the_labels_and_5_says_that_there_is_nobody,
    a_batch_goes_on_with_the_next_as_soon_as_one_has_ended_and_runs_no_more_at_once,
    each_peer_gets_the_input_and_those_of_a_batch_get_none,
    json_has_an_object_for_each_piece_and_each_result_and_a_summary_at_the_end,
    an_interrupt_ends_it_on_each_peer_and_a_batch_calls_nobody_more,
    a_second_interrupt_ends_the_program_at_once,
    a_caller_that_is_killed_ends_its_command_on_each_peer,
    a_hub_that_is_killed_ends_it_with_4_and_names_those_whose_answers_did_not_come,
    who_may_not_call_is_refused_with_3_and_told_what_is_lacking,
    a_reader_that_goes_away_ends_it_as_it_ends_any_program,
}

on_each_runtime! {
    an_interrupt_while_nothing_answers_ends_it_at_once,
}
