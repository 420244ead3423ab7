//! `bowline doctor` against real set-ups, each with one thing that is wrong: the code, what decides
//! in the message, and the exit code.

mod admission;
mod files;
mod hub;
mod trust;
mod way;

use std::net::SocketAddr;
use std::process::Command;

use bowline_tests::bowline::outcome;
use bowline_tests::process_fixture::ProcessFixture;
use serde_json::Value;

/// What doctor found.
#[derive(Debug)]
struct Found {
    exit: Option<i32>,
    findings: Vec<Value>,
    summary: Value,
}

/// Runs doctor, which must print an object a line and a summary, and say nothing else.
#[track_caller]
fn found(mut command: Command) -> Found {
    command.arg("--json");
    let (exit, out, err) = outcome(command);
    assert_eq!(err, "", "{out}");
    let mut findings: Vec<Value> =
        out.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let summary = findings.pop().expect("a summary");
    assert_eq!(summary["check"], "summary");
    assert_eq!(summary["exit"].as_i64(), exit.map(i64::from), "{summary}");
    Found { exit, findings, summary }
}

impl Found {
    /// The first finding of a check.
    #[track_caller]
    fn check(&self, check: &str) -> &Value {
        self.findings
            .iter()
            .find(|finding| finding["check"] == check)
            .unwrap_or_else(|| panic!("nothing about {check} in {self:#?}"))
    }

    /// Holds that a check is well; its message.
    #[track_caller]
    fn well(&self, check: &str) -> &str {
        let finding = self.check(check);
        assert_eq!(finding["state"], "ok", "{finding}");
        text(&finding["message"])
    }

    /// Holds that a check was skipped; why.
    #[track_caller]
    fn skipped(&self, check: &str) -> &str {
        let finding = self.check(check);
        assert_eq!(finding["state"], "skipped", "{finding}");
        text(&finding["message"])
    }

    /// Holds that a check has a note with this code and a remedy, and that this is no problem.
    #[track_caller]
    fn note(&self, check: &str, code: &str) -> &Value {
        let noted = |finding: &&Value| finding["check"] == check && finding["code"] == code;
        let finding = self.findings.iter().find(noted);
        let finding = finding.unwrap_or_else(|| panic!("no {code} in {self:#?}"));
        assert_eq!(finding["state"], "note", "{finding}");
        assert!(finding["remedy"].is_string(), "{finding}");
        finding
    }

    /// Holds that the first problem is this one, which says what to do and gives the exit code.
    #[track_caller]
    fn problem(&self, check: &str, code: &str, exit: i32) -> &Value {
        let first = self.findings.iter().find(|finding| finding["state"] == "problem");
        let first = first.unwrap_or_else(|| panic!("no problem in {self:#?}"));
        assert_eq!((text(&first["check"]), text(&first["code"])), (check, code), "{first}");
        assert_eq!((self.exit, &self.summary["code"]), (Some(exit), &first["code"]), "{first}");
        assert!(first["remedy"].is_string(), "{first}");
        first
    }

    /// Holds that nothing is wrong.
    #[track_caller]
    fn all_well(&self) {
        assert_eq!((self.exit, &self.summary["state"]), (Some(0), &Value::from("ok")), "{self:#?}");
        assert_eq!(self.summary["problems"], Value::Array(Vec::new()));
    }
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// Holds that a text has this in it.
#[track_caller]
fn says(value: &Value, wanted: &str) {
    assert!(text(value).contains(wanted), "{wanted:?} is not in {value}");
}

/// The peer `me` and its way to the hub of the stage, with the hub's own secret.
fn peer(stage: &ProcessFixture, rest: &[&str]) -> Found {
    let secret = stage.secret();
    found(stage.dial("doctor", &[&["--secret-file", &secret], rest].concat()))
}

/// A peer that has its key and has been admitted once.
fn enrolled() -> ProcessFixture {
    let stage = ProcessFixture::with_hub();
    enrol(&stage);
    stage
}

#[track_caller]
fn enrol(stage: &ProcessFixture) {
    let secret = stage.secret();
    let done = outcome(stage.dial("ls", &["--secret-file", &secret]));
    assert_eq!(done.0, Some(0), "{done:?}");
}

/// The hub of a stage that was told this, without TLS where that is among it.
fn hub_with(rest: &[&str]) -> ProcessFixture {
    let mut stage = ProcessFixture::empty();
    let data = stage.text("hub");
    let hub = ["hub", "--bind", "127.0.0.1:0", "--data", &data];
    stage.listen(stage.bowline(&[&hub, rest].concat()));
    stage
}

/// Doctor of a peer with a secret, for whatever listens at this URL.
fn at(url: &str, rest: &[&str]) -> Found {
    let mut stage = ProcessFixture::empty();
    stage.url = url.to_owned();
    let secret = stage.private("secret.key", &format!("{}\n", "A".repeat(43)));
    let mode = if url.starts_with("ws://") { "plain" } else { "tofu" };
    let dial = ["--secret-file", &secret, "--tls", mode];
    found(stage.dial("doctor", &[&dial, rest].concat()))
}

/// The URLs of an address, with TLS and without.
fn urls(local: SocketAddr) -> [String; 2] {
    [format!("wss://{local}"), format!("ws://{local}")]
}
