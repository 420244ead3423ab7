//! From one string to a first call, and what the machine may do from then on.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use bowline_tests::bowline::outcome;
use bowline_tests::in_each_pairing;

use super::*;

fn one_string_brings_a_machine_that_serves_and_calls_with_no_secret() {
    let stage = hub("name = \"Acme core\"\n");
    let token = issue(&stage, &["--for", "alice"]);
    assert_eq!((&token["role"], &token["uses"]), (&"member".into(), &1.into()));

    let (code, out, err) = join(&stage, "web", &token, &["--id", "web-1"]);
    assert_eq!(code, Some(0), "{err}");
    let hub = fs::read_to_string(stage.at("web/trust.toml")).unwrap();
    for line in [
        "hub           Acme core\n",
        &format!("url           {}\n", stage.url),
        "id            web-1\n",
        "role          member\n",
        "capabilities  serve, call, publish, subscribe\n",
    ] {
        assert!(out.contains(line), "{line}: {out}");
    }
    let id = out.lines().find_map(|line| line.strip_prefix("hub id        ")).unwrap();
    assert!(hub.contains(id), "{hub}");
    assert!(err.contains("'bowline peer --data "), "{err}");

    let _web = serve(&stage, "web");
    answers(&stage, "web-1");
    // And it calls, as itself.
    let data = stage.text("web");
    let calls = ["run", "--data", &data, "web-1", "hello", "name=Ada"];
    assert_eq!(outcome(stage.bowline(&calls)).1, "hello, Ada\n");
    let (code, out, err) = outcome(stage.bowline(&["whoami", "--json", "--data", &data]));
    assert_eq!(code, Some(0), "{err}");
    let who: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&who["method"], &who["id"]), (&"resume".into(), &"web-1".into()));
    assert_eq!(who["live"]["method"], "resume");
    assert_eq!(who["live"]["expires"], who["enrolment"]["certificate_ends"]);
    assert_eq!(who["enrolment"]["token"], token["jti"]);

    // No secret is anywhere, and nobody else may read what is.
    let mut names: Vec<_> = fs::read_dir(&data).unwrap().map(|file| file.unwrap()).collect();
    names.retain(|file| !file.file_name().to_str().unwrap().ends_with(".lock"));
    names.sort_by_key(std::fs::DirEntry::file_name);
    for (file, name) in names.iter().zip(["enrolment", "peer.key", "trust.toml"]) {
        assert_eq!(file.file_name(), name);
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    assert_eq!(names.len(), 3);
    assert_eq!(record(&stage, &token)["used_by"], serde_json::json!(["web-1"]));
}

fn a_token_says_who_a_machine_is_and_how_much_it_may_do() {
    let stage = hub("");
    let narrow = ["--id", "agent-7", "--role", "agent", "--label", "zone=eu", "--ttl", "10m"];
    let token = issue(&stage, &narrow);
    refused(
        &join(&stage, "a", &token, &["--id", "web-1"]),
        2,
        "the token is for the id 'agent-7', not 'web-1'",
    );
    let done = joined(&stage, "a", &token, &[]);
    assert_eq!(done["id"], "agent-7");
    assert_eq!(done["capabilities"], serde_json::json!(["serve"]));

    let _agent = serve(&stage, "a");
    answers(&stage, "agent-7");
    let zone = outcome(stage.run(&["zone=eu", "hello", "name=Ada"]));
    assert_eq!(zone.1, "agent-7: hello, Ada\n", "{}", zone.2);
    // It serves, and that is all.
    let data = stage.text("a");
    let calls = ["run", "--data", &data, "agent-7", "hello", "name=Ada"];
    let (code, _, err) = outcome(stage.bowline(&calls));
    assert_eq!(code, Some(255), "{err}");
    assert!(err.contains("denied"), "{err}");
    let shown = told(&stage, &["peers", "show", "agent-7"]);
    assert_eq!((&shown["method"], &shown["role"]), (&"join".into(), &"agent".into()));
    assert_eq!(shown["token_labels"]["zone"], "eu");

    let (code, _, err) = outcome(stage.bowline(&["peer", "--id", "other", "--data", &data]));
    assert_eq!(code, Some(2));
    assert!(err.contains("this machine is enrolled as 'agent-7'"), "{err}");
}

fn a_token_for_several_machines_brings_as_many_and_not_one_more() {
    let stage = hub("");
    let token = issue(&stage, &["--reusable", "--max-uses", "2"]);
    joined(&stage, "a", &token, &["--id", "a"]);
    joined(&stage, "b", &token, &["--id", "b"]);
    // One that came already is none more.
    joined(&stage, "a", &token, &["--id", "a"]);
    refused(&join(&stage, "c", &token, &["--id", "c"]), 3, "the hub refused: used: ");
    let record = record(&stage, &token);
    let by = record["used_by"].as_array().unwrap().iter().map(text);
    assert_eq!(by.collect::<BTreeSet<_>>(), BTreeSet::from(["a", "b"]));
}

fn a_token_comes_from_a_file_or_the_environment_and_a_typed_one_with_a_warning() {
    let stage = hub("");
    let token = issue(&stage, &["--reusable", "--max-uses", "3"]);
    let file = stage.private("file", &format!("\n {}\n", text(&token["token"])));
    let data = ["a", "b", "c"].map(|name| stage.text(name));
    let words = |data, id| ["join", "--id", id, "--data", data];
    let mut named = stage.bowline(&words(&data[0], "a"));
    named.args(["--token-file", &file]);
    assert_eq!(outcome(named).0, Some(0));

    let mut environment = stage.bowline(&words(&data[1], "b"));
    environment.env("BOWLINE_TOKEN", text(&token["token"]));
    assert_eq!(outcome(environment).0, Some(0));

    let mut typed = stage.bowline(&words(&data[2], "c"));
    typed.arg(text(&token["token"]));
    let (code, out, err) = outcome(typed);
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("warning: a token that is typed is kept by the shell"), "{err}");
    // Nothing repeats it.
    assert!(!(out + &err).contains(text(&token["token"])));

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let mut exposed = stage.bowline(&words(&data[0], "a"));
    exposed.args(["--token-file", &file]);
    refused(&outcome(exposed), 2, "has mode 0644: other users may read it");
    refused(&outcome(stage.bowline(&words(&data[0], "a"))), 2, "a join token is needed");
}

fn doctor_finds_a_machine_that_joined_well() {
    let stage = hub("");
    let token = issue(&stage, &[]);
    joined(&stage, "web", &token, &["--id", "web-1"]);
    let data = stage.text("web");
    let (code, out, err) = outcome(stage.bowline(&["doctor", "--data", &data]));
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("none is needed: enrolled by a token"), "{out}");
    assert!(out.contains("admitted as web-1 by resume, as an operator"), "{out}");
    assert!(!out.contains("not well"), "{out}");
}

in_each_pairing! {
    one_string_brings_a_machine_that_serves_and_calls_with_no_secret,
    a_token_says_who_a_machine_is_and_how_much_it_may_do,
    a_token_for_several_machines_brings_as_many_and_not_one_more,
    a_token_comes_from_a_file_or_the_environment_and_a_typed_one_with_a_warning,
    doctor_finds_a_machine_that_joined_well,
}
