//! What an operator administers on the hub's own machine, as it is typed: real processes, exact words
//! and exit codes.

use std::fs;
use std::process::Command;

use bowline_tests::bowline::{Running, outcome};
use bowline_tests::stage::Stage;
use serde_json::Value;

const PEER: &str = r#"
labels = { role = "web" }
[commands.restart]
run = ["echo", "{unit}", "{wait}"]
description = "Restarts a unit"
[commands.restart.args.unit]
type = "choice"
choices = ["nginx", "app"]
[commands.restart.args.wait]
type = "integer"
optional = true
"#;

/// A hub with nothing but its own machine, and what is typed there.
struct Here(Stage);

impl Here {
    fn new() -> Self {
        let stage = Stage::with_hub();
        fs::write(stage.at("peer.toml"), PEER).unwrap();
        Self(stage)
    }

    /// The same hub, started again with more arguments.
    fn restart(&mut self, more: &[&str]) {
        self.0.hub = None;
        let data = self.0.text("hub");
        let base = ["hub", "--bind", "127.0.0.1:0", "--data", &data];
        self.0.listen(self.0.bowline(&[&base, more].concat()));
    }

    /// A peer of this id, whose data is in a directory of this name.
    fn peer(&self, id: &str, data: &str) -> Running {
        let (config, data, secret) = (self.0.text("peer.toml"), self.0.text(data), self.0.secret());
        let base = ["peer", "--json", "--hub", &self.0.url, "--config", &config, "--id", id];
        let mut command = self.0.bowline(&base);
        command.args(["--data", &data, "--secret-file", &secret]);
        Running::start(command)
    }

    /// A command at the hub's own machine.
    fn typed(&self, arguments: &[&str]) -> Command {
        let data = self.0.text("hub");
        self.0.bowline(&[arguments, &["--data", &data]].concat())
    }

    /// The same from elsewhere, by the shared secret.
    fn away(&self, arguments: &[&str]) -> Command {
        let (data, secret) = (self.0.text("elsewhere"), self.0.secret());
        let mut command = self.0.bowline(arguments);
        command.args(["--hub", &self.0.url, "--id", "me", "--data", &data]);
        command.args(["--secret-file", &secret]);
        command
    }

    fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let (code, out, err) = outcome(self.typed(&[arguments, &["--json"]].concat()));
        assert_eq!(code, Some(0), "{arguments:?}: {err}");
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[test]
fn peers_are_listed_shown_and_forgotten() {
    let here = Here::new();
    let mut web = here.peer("web-1", "web");
    web.line("registered");

    let listed = here.json(&["peers", "list"]);
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0]["id"], "web-1");
    assert_eq!((&listed[0]["state"], &listed[0]["method"]), (&"online".into(), &"secret".into()));
    assert_eq!(listed[0]["serves"], true);
    assert!(listed[0]["key"].as_str().unwrap().starts_with("sha256/"));

    let shown = here.json(&["peers", "show", "web-1"]);
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0]["key"], listed[0]["key"]);
    assert_eq!(shown[0]["labels"]["role"], "web");
    let restart = &shown[0]["commands"][0];
    assert_eq!(
        (&restart["name"], &restart["description"]),
        (&"restart".into(), &"Restarts a unit".into())
    );
    let unit = &restart["arguments"][0];
    assert_eq!(
        (&unit["name"], &unit["type"], &unit["optional"]),
        (&"unit".into(), &"choice".into(), &false.into())
    );
    assert_eq!(unit["choices"], serde_json::json!(["nginx", "app"]));
    let (code, out, _) = outcome(here.typed(&["peers", "show", "web-1"]));
    assert_eq!(code, Some(0));
    let usage = "restart unit=nginx|app [wait=integer]: Restarts a unit";
    assert!(out.contains(usage), "{out}");

    let (code, out, err) = outcome(here.typed(&["peers", "forget", "web-1"]));
    assert_eq!((code, out.as_str()), (Some(0), ""), "{err}");
    let told = "bowline: web-1 is forgotten, and free for another key; its session was ended\n";
    assert_eq!(err, told);
    let ended = web.line("\"ended\"");
    assert!(ended.contains("\"code\":\"revoked\""), "{ended}");
    let mut other = here.peer("web-1", "another-key");
    other.line("registered");

    let forgotten = here.json(&["peers", "forget", "web-1"]);
    assert_eq!(forgotten, [serde_json::json!({"id": "web-1", "forgotten": true, "ended": 1})]);
}

#[test]
fn a_peer_that_is_not_known_ends_with_5_and_a_member_is_denied_with_3() {
    let here = Here::new();
    for action in ["show", "forget"] {
        let (code, out, err) = outcome(here.typed(&["peers", action, "nobody"]));
        assert_eq!((code, out.as_str()), (Some(5), ""), "{action}");
        assert!(err.starts_with("bowline: unknown-peer: "), "{err}");
    }
    let away = here.away(&["peers", "forget", "nobody"]);
    let (code, out, err) = outcome(away);
    assert_eq!((code, out.as_str()), (Some(3), ""));
    assert!(err.starts_with("bowline: denied: ") && err.contains("'peer.admin'"), "{err}");
}

#[test]
fn whatever_the_secret_may_do_the_hubs_own_machine_administers() {
    let mut here = Here::new();
    here.restart(&["--secret-role", "agent"]);
    let mut web = here.peer("web-1", "web");
    web.line("registered");
    let (code, out, err) = outcome(here.typed(&["run", "web-1", "restart", "unit=app", "wait=3"]));
    assert_eq!((code, out.as_str()), (Some(0), "app 3\n"), "{err}");
    assert_eq!(here.json(&["ls"])[0]["id"], "web-1");
    // The secret alone, as it would be used elsewhere, does not even list.
    assert_eq!(outcome(here.away(&["ls"])).0, Some(3));

    here.restart(&["--auth-required", "false", "--auth-secret", "false", "--insecure-no-auth"]);
    assert_eq!(here.json(&["peers", "list"])[0]["state"], "offline");
}
