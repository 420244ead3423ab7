//! What a command wrote is told whole or the loss is told: at its end, and on the way in.

use bowline_tests::bowline::{Outcome, outcome};
use bowline_tests::fleet::Fleet;
use bowline_tests::in_each_pairing;
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
"#;

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

in_each_pairing! {
    what_comes_after_a_program_has_ended_is_told_and_a_daemon_that_let_go_holds_nothing_up,
    output_that_was_cut_is_no_success_anywhere,
    a_peer_says_that_it_cut_output,
}
