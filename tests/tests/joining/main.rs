//! Machines that a join token brings, by the program: invited, refused, taken back, for days and
//! across wrong clocks.

mod clocks;
mod invited;
mod labels;
mod lives;
mod lost;
mod refused;
mod restored;

use std::fs::{self, File};
use std::process::Command;

use bowline_tests::bowline::{Outcome, Running, outcome};
use bowline_tests::process_fixture::ProcessFixture;
use bowline_tests::refusals;
use serde_json::Value;

const PEER: &str = "[commands.hello]\nrun = [\"echo\", \"hello, {name}\"]\n";

/// A hub with this `hub.toml`, and a `peer.toml` that names neither a hub nor an id.
fn hub(config: &str) -> ProcessFixture {
    let mut stage = ProcessFixture::empty();
    fs::write(stage.at("hub.toml"), config).unwrap();
    fs::write(stage.at("peer.toml"), PEER).unwrap();
    stage.listen(hub_command(&stage, "127.0.0.1:0"));
    stage
}

fn hub_command(stage: &ProcessFixture, bind: &str) -> Command {
    let (data, config) = (stage.text("hub"), stage.text("hub.toml"));
    stage.bowline(&["hub", "--bind", bind, "--data", &data, "--config", &config])
}

/// Ends the hub.
fn stop(stage: &mut ProcessFixture) {
    let hub = stage.hub.take().unwrap();
    hub.signal(rustix::process::Signal::TERM);
    assert_eq!(hub.end().0, Some(0));
}

/// A command of the hub's operator.
fn operator(stage: &ProcessFixture, words: &[&str]) -> Outcome {
    let data = stage.text("hub");
    outcome(stage.bowline(&[words, &["--data", &data]].concat()))
}

/// Its result as an object.
fn told(stage: &ProcessFixture, words: &[&str]) -> Value {
    let (code, out, err) = operator(stage, &[words, &["--json"]].concat());
    assert_eq!(code, Some(0), "{err}");
    serde_json::from_str(&out).unwrap()
}

/// A new token of the hub's, which may name this machine alone.
fn issue(stage: &ProcessFixture, rest: &[&str]) -> Value {
    told(stage, &[&["token", "issue", "--local"], rest].concat())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// `bowline join` on a machine that keeps its data in the directory `name`.
fn join_command(stage: &ProcessFixture, name: &str, token: &Value, rest: &[&str]) -> Command {
    let (data, file) = (stage.text(name), stage.private("token", text(&token["token"])));
    let mut command = stage.bowline(&[&["join", "-", "--data", &data], rest].concat());
    command.stdin(File::open(file).unwrap());
    command
}

fn join(stage: &ProcessFixture, name: &str, token: &Value, rest: &[&str]) -> Outcome {
    outcome(join_command(stage, name, token, rest))
}

/// The same, which has to succeed.
fn joined(stage: &ProcessFixture, name: &str, token: &Value, rest: &[&str]) -> Value {
    let (code, out, err) = join(stage, name, token, &[rest, &["--json"]].concat());
    assert_eq!(code, Some(0), "{err}");
    serde_json::from_str(&out).unwrap()
}

/// What another machine is told that a token was used.
const USED: &str = "HUB: the hub refused: used: This join token has been used: by another key, or for \
                    another id. Ask the hub's administrator for another token. If this one was meant \
                    for this machine alone, somebody else has it: 'bowline token revoke JTI \
                    --enrolled' there keeps them out.";

/// What a machine is told that was revoked, or whose token or its key was.
const REVOKED: &str = "HUB: the hub refused: revoked: This peer, its key or its token was \
                       revoked. Ask the hub's administrator for another token; where 'bowline \
                       peers show ID' there says that the id is revoked, 'bowline peers allow \
                       ID' comes first.";

/// The same of one that comes back.
const PUT_OUT: &str = "HUB: the hub refused: revoked: This peer, its key or its token was \
                       revoked. Ask the hub's administrator: 'bowline peers allow ID' there lets \
                       this machine join again, with a new token.";

/// What one is told that was allowed again, of what it had before.
const VOIDED: &str = "HUB: the hub refused: voided: This credential is void: a later one took \
                      its place, the peer was revoked and allowed again, or the hub was restored \
                      from a backup. Ask the hub's administrator for a new token, and run 'bowline \
                      join' with it.";

/// Refused by the hub, with a sentence of the page.
#[track_caller]
fn kept_out(stage: &ProcessFixture, outcome: &Outcome, says: &str) {
    refusals::refused(outcome, 3, says, &[("HUB", &stage.url)]);
}

/// Refused, for what begins with this.
#[track_caller]
fn refused(outcome: &Outcome, exit: i32, says: &str) {
    let (code, out, err) = outcome;
    assert_eq!((*code, out.as_str()), (Some(exit), ""), "{err}");
    assert!(err.contains(says), "{err}");
}

/// `bowline peer` on that machine, told nothing but what it serves.
fn peer_command(stage: &ProcessFixture, name: &str) -> Command {
    let (data, config) = (stage.text(name), stage.text("peer.toml"));
    stage.bowline(&["peer", "--json", "--config", &config, "--data", &data])
}

/// The same, once it can be called.
fn serve(stage: &ProcessFixture, name: &str) -> Running {
    let mut peer = Running::start(peer_command(stage, name));
    peer.line("\"registered\"");
    peer
}

/// A command is run on this peer, by the operator.
fn answers(stage: &ProcessFixture, id: &str) {
    let done = outcome(stage.run(&[id, "hello", "name=Ada"]));
    assert_eq!(done, (Some(0), "hello, Ada\n".to_owned(), String::new()));
}

/// The hub's record of a token.
fn record(stage: &ProcessFixture, token: &Value) -> Value {
    let (code, out, err) = operator(stage, &["token", "list", "--json"]);
    assert_eq!(code, Some(0), "{err}");
    let rows = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut of = rows.filter(|row| row["jti"] == token["jti"]);
    of.next().unwrap()
}
