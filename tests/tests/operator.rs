//! What an operator administers on the hub's own machine, as it is typed: real processes, exact
//! words and exit codes.

use std::fs;
use std::process::Command;

use bowline_tests::bowline::{Running, outcome};
use bowline_tests::in_crossed_pairings;
use bowline_tests::on_each_runtime;
use bowline_tests::process_fixture::ProcessFixture;
use bowline_tests::refusals::refused;
use rustix::process::Signal;
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
struct Here(ProcessFixture);

impl Here {
    fn new() -> Self {
        let stage = ProcessFixture::with_hub();
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

fn peers_are_listed_shown_and_forgotten() {
    let here = Here::new();
    let (code, out, err) = outcome(here.typed(&["peers", "list"]));
    assert_eq!((code, out.lines().count()), (Some(0), 1), "{out}");
    assert!(err.starts_with("bowline: no id is bound to a key yet"), "{err}");
    assert!(here.json(&["peers", "list"]).is_empty());
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
    assert_eq!(shown[0]["labels"], serde_json::json!({}));
    assert_eq!(shown[0]["claimed"], serde_json::json!({"role": "web"}));
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

fn a_peer_by_the_secret_that_is_revoked_comes_back_as_it_came() {
    let here = Here::new();
    let known = || outcome(here.away(&["ls"])).0;
    assert_eq!(known(), Some(0));
    let (code, _, err) = outcome(here.typed(&["peers", "revoke", "me", "--reason", "lost"]));
    let told = "'bowline peers allow me' lets it come back as it came\n";
    assert!(code == Some(0) && err.ends_with(told), "{err}");
    assert_eq!(known(), Some(3));
    let (code, _, err) = outcome(here.typed(&["peers", "allow", "me"]));
    let told = "bowline: me may come back as it came: it needs no token\n";
    assert_eq!((code, err.as_str()), (Some(0), told));
    assert_eq!(known(), Some(0));
}

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

/// The secret as the file has it.
fn secret(here: &Here) -> String {
    fs::read_to_string(here.0.secret()).unwrap().trim().to_owned()
}

fn a_secret_is_rotated_by_the_hub_that_runs_and_never_printed() {
    let here = Here::new();
    let mut web = here.peer("web-1", "web");
    web.line("registered");
    let first = secret(&here);

    let (code, out, err) = outcome(here.typed(&["secret", "rotate"]));
    assert_eq!((code, out), (Some(0), format!("{}\n", here.0.secret())), "{err}");
    let told = "bowline: the old secret admits nobody any more; 1 session was ended. Give the file \
                to each peer, by a way that you trust\n";
    assert_eq!(err, told);
    let second = secret(&here);
    assert_ne!(first, second);
    // The peer reads the hub's own file: it comes back by itself.
    web.line("registered");

    let told = here.json(&["secret", "rotate", "--grace", "1h"]);
    assert_eq!((&told[0]["file"], &told[0]["ended"]), (&here.0.secret().into(), &0.into()));
    assert!(told[0]["old_until"].as_u64().unwrap() > 3600);
    let third = secret(&here);
    let (_, out, err) = outcome(here.typed(&["secret", "rotate", "--grace", "60s"]));
    assert!(err.contains("the old secret admits until 20") && err.contains("(in "), "{err}");
    for secret in [first, second, third, secret(&here)] {
        assert!(![&out, &err].iter().any(|text| text.contains(&secret)));
    }
    // Its session was by the second secret, which the last rotation left no place for.
    web.line("registered");
    assert_eq!(here.json(&["ls"])[0]["state"], "online");
}

fn where_no_hub_runs_the_secret_is_rotated_in_its_place() {
    let mut here = Here::new();
    let first = here.0.private("first.key", &format!("{}\n", secret(&here)));
    // Killed, so that its endpoint and its socket stay behind.
    here.0.hub = None;
    let (code, out, err) = outcome(here.typed(&["secret", "rotate", "--grace", "1h"]));
    assert_eq!((code, out), (Some(0), format!("{}\n", here.0.secret())), "{err}");
    assert!(err.contains("no hub runs here"), "{err}");
    assert_ne!(fs::read_to_string(&first).unwrap().trim(), secret(&here));
    here.restart(&[]);
    let dial = |secret: &str| outcome(here.0.dial("ls", &["--secret-file", secret])).0;
    assert_eq!((dial(&first), dial(&here.0.secret())), (Some(0), Some(0)));
    here.0.hub = None;
    let told = here.json(&["secret", "rotate"]);
    assert_eq!((&told[0]["old_until"], &told[0]["ended"]), (&Value::Null, &Value::Null));
    here.restart(&[]);
    let dial = |secret: &str| outcome(here.0.dial("ls", &["--secret-file", secret])).0;
    assert_eq!((dial(&first), dial(&here.0.secret())), (Some(3), Some(0)));
}

fn what_cannot_be_rotated_says_why_and_stays() {
    let mut here = Here::new();
    let file = here.0.secret();
    let names = [("FILE", file.as_str())];
    for grace in ["0s", "500ms", "8d"] {
        let says = "--grace: expected whole seconds, from 1s to 7d";
        refused(&outcome(here.typed(&["secret", "rotate", "--grace", grace])), 2, says, &[]);
    }
    let (code, _, err) = outcome(here.away(&["secret", "rotate"]));
    assert_eq!(code, Some(3));
    assert!(err.starts_with("bowline: denied: ") && err.contains("'key.admin'"), "{err}");

    // A person changed the file under the hub that runs.
    let before = secret(&here);
    here.0.private("hub/secret.key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
    let says = "failed: FILE holds another secret than the hub, so it was changed since the hub \
                started: start the hub again to take it, or put the hub's own back";
    refused(&outcome(here.typed(&["secret", "rotate"])), 1, says, &names);
    assert_eq!(secret(&here), "A".repeat(43));

    // The hub was given its secret, and has no file to write another one to.
    here.0.hub = None;
    let data = here.0.text("hub");
    let mut hub = here.0.bowline(&["hub", "--bind", "127.0.0.1:0", "--data", &data]);
    hub.env("BOWLINE_SECRET", &before);
    here.0.listen(hub);
    let says = "failed: the secret came from BOWLINE_SECRET, which cannot be written: put another \
                one there and start the hub again, or start it with a file (--secret-file, or \
                auth.secret-file)";
    refused(&outcome(here.typed(&["secret", "rotate", "--grace", "1h"])), 1, says, &[]);
    assert_eq!(secret(&here), "A".repeat(43));

    // There is none.
    here.restart(&["--auth-required", "false", "--auth-secret", "false", "--insecure-no-auth"]);
    let says = "failed: this hub has no shared secret: auth.secret is false";
    refused(&outcome(here.typed(&["secret", "rotate"])), 1, says, &[]);

    // Nor is there a hub, nor a file.
    here.0.hub = None;
    fs::remove_file(here.0.secret()).unwrap();
    let says = "FILE is not there: 'bowline hub' makes it at its first start; where the hub's \
                secret is elsewhere, start the hub and rotate it then";
    refused(&outcome(here.typed(&["secret", "rotate"])), 2, says, &names);
}

fn the_secret_is_given_no_role_that_administers() {
    let here = Here::new();
    let says = "auth.secret-role = \"admin\" (--secret-role admin): whoever has the secret never \
                administers; set it to member or agent. The hub's own machine administers without \
                the secret";
    let data = here.0.text("another");
    let hub = ["hub", "--bind", "127.0.0.1:0", "--data", &data, "--secret-role", "admin"];
    refused(&outcome(here.0.bowline(&hub)), 2, says, &[]);
}

fn a_secret_that_a_flag_named_is_rotated_where_it_is() {
    let mut here = Here::new();
    here.0.hub = None;
    let named = here.0.private("named.key", &format!("{}\n", secret(&here)));
    let untouched = secret(&here);
    here.restart(&["--secret-file", &named]);
    let told = here.json(&["secret", "rotate"]);
    assert_eq!(told[0]["file"], *named);
    assert_eq!(secret(&here), untouched);
    assert_ne!(fs::read_to_string(&named).unwrap().trim(), untouched);
    assert_eq!(outcome(here.0.dial("ls", &["--secret-file", &named])).0, Some(0));
}

fn where_the_hub_could_make_no_socket_the_secret_may_come_by_standard_input() {
    let here = Here::new();
    let endpoint = here.0.at("hub/endpoint");
    let two =
        |text: String| text.lines().take(2).map(|line| format!("{line}\n")).collect::<String>();
    fs::write(&endpoint, two(fs::read_to_string(&endpoint).unwrap())).unwrap();
    let mut ls = here.typed(&["ls", "--secret-file", "-"]);
    ls.stdin(fs::File::open(here.0.secret()).unwrap());
    let (code, _, err) = outcome(ls);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(outcome(here.typed(&["ls"])).0, Some(0));
}

/// A peer that stands still and reads nothing: what waits for it does not put off its end.
fn a_peer_that_reads_nothing_is_cut_off_all_the_same() {
    let mut here = Here::new();
    here.0.hub = None;
    let data = here.0.text("hub");
    let hub = ["hub", "--bind", "127.0.0.1:0", "--data", &data, "--json"];
    let mut hub = Running::start(here.0.bowline(&hub));
    let listening: Value = serde_json::from_str(&hub.line("listening")).unwrap();
    here.0.url = listening["url"].as_str().unwrap().to_owned();
    let mut web = here.peer("web-1", "web");
    web.line("registered");
    web.signal(Signal::STOP);
    // More than the sockets, the lanes and the outbox hold: one more call finds no room.
    let named: Vec<String> = (0..8).map(|i| format!("a{i}={}", "x".repeat(120 << 10))).collect();
    let call = |more: &[&str]| {
        let mut run = here.typed(&["run", "web-1", "restart"]);
        run.args(&named).args(more);
        run
    };
    let calls: Vec<_> = (0..40).map(|_| Running::start(call(&[]))).collect();
    let is_full = || outcome(call(&["--timeout", "100ms"])).2.contains("busy");
    assert!((0..3).any(|_| is_full()));
    let (code, _, err) = outcome(here.typed(&["peers", "forget", "web-1"]));
    assert_eq!(code, Some(0), "{err}");
    let ended = hub.line("\"revoked\"");
    assert!(ended.contains("\"ended\""), "{ended}");
    drop(calls);
}

in_crossed_pairings! {
    peers_are_listed_shown_and_forgotten,
    a_peer_by_the_secret_that_is_revoked_comes_back_as_it_came,
    a_peer_that_is_not_known_ends_with_5_and_a_member_is_denied_with_3,
    whatever_the_secret_may_do_the_hubs_own_machine_administers,
    a_secret_is_rotated_by_the_hub_that_runs_and_never_printed,
    where_no_hub_runs_the_secret_is_rotated_in_its_place,
    what_cannot_be_rotated_says_why_and_stays,
    a_secret_that_a_flag_named_is_rotated_where_it_is,
    where_the_hub_could_make_no_socket_the_secret_may_come_by_standard_input,
    a_peer_that_reads_nothing_is_cut_off_all_the_same,
}

on_each_runtime! {
    the_secret_is_given_no_role_that_administers,
}
