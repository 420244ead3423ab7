use std::time::Duration;

use bowline_core::id::{HubId, Pin};

use super::*;
use crate::config::TlsMode;

fn parse(text: &str) -> Result<PeerSettings, ConfigError> {
    PeerSettings::parse(Path::new("/etc/bowline/peer.toml"), text)
}

fn complaint(text: &str) -> String {
    let error = parse(text).unwrap_err().to_string();
    error.strip_prefix("/etc/bowline/peer.toml: line ").unwrap().to_owned()
}

/// Every key, each type of argument, and names that need quotes.
const WHOLE: &str = r#"
id = "web-1"
hub = "wss://hub.example"
labels = { role = "web", "a.b" = "c \"d\"" }
secret-file = "secret"
trusted-group = "ops"
[tls]
mode = "strict"
pins = ["sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]
hub-id = "hub_aaaaaaaaaaaaaaaaaaaaaaaaaa"
roots = "/roots.pem"
[limits]
drain = "1m"
[commands.uptime]
run = ["uptime"]
description = "How long this machine has been up"
[commands."a.b"]
run = ["p", "{s}-{{}}", "{i}", "{n}", "{b}", "{c}", "{p}", "{free}"]
timeout = "1500ms"
linger = "2500ms"
pass-env = ["REGION"]
[commands."a.b".args.s]
max-length = "1KiB"
pattern = '[a-z]+\d'
allow-dash = true
[commands."a.b".args.i]
type = "integer"
min = -5
max = 0x10
[commands."a.b".args.n]
type = "number"
min = 0.1
max = 1e300
optional = true
[commands."a.b".args.b]
type = "boolean"
[commands."a.b".args.c]
type = "choice"
choices = ["x", "y"]
[commands."a.b".args.p]
type = "path"
root = "files"
as = "descriptor"
open = "append"
"#;

#[test]
fn every_key_reaches_the_configuration() {
    let config = parse(WHOLE).unwrap().resolve().unwrap();
    assert_eq!(config.id().unwrap().as_str(), "web-1");
    assert_eq!(config.hub().unwrap().to_string(), "wss://hub.example:7777/link");
    assert_eq!(config.labels["a.b"], "c \"d\"");
    assert_eq!(config.secret_file, Some("/etc/bowline/secret".into()));
    assert_eq!(config.trusted_group, Some("ops".parse().unwrap()));
    assert_eq!(config.mode, TlsMode::Strict);
    assert_eq!(config.pins, [Pin([0; 32])]);
    assert_eq!(config.hub_id, Some(HubId([0; 16])));
    assert_eq!(config.roots, Some("/roots.pem".into()));
    assert_eq!(config.drain, Duration::from_secs(60));
    let names: Vec<_> = config.commands.iter().map(|c| c.name().to_string()).collect();
    assert_eq!(names, ["a.b", "uptime"]);
    assert_eq!(config.commands[0].timeout(), Some(Duration::from_millis(1500)));
    let lingers = [&config.commands[0], &config.commands[1]].map(|command| command.linger());
    assert_eq!(lingers, [Duration::from_millis(2500), Duration::from_secs(10)]);
    let kinds: Vec<_> = config.commands[0].arguments().iter().map(|a| a.kind.expected()).collect();
    assert_eq!(
        kinds,
        [
            r"text of at most 1024 bytes that matches [a-z]+\d",
            "a whole number, -5 to 16",
            &format!("a number, 0.1 to {}", 1e300),
            "true or false",
            "one of x, y",
            "a path that stays below its root",
            "text of at most 4096 bytes",
        ]
    );
    assert_eq!(config.commands[1].description(), "How long this machine has been up");
}

#[test]
fn what_is_in_force_prints_as_a_file_that_reads_back_as_the_same() {
    for text in [WHOLE, ""] {
        let config = parse(text).unwrap().resolve().unwrap();
        let elsewhere = Path::new("/tmp/other.toml");
        let again = PeerSettings::parse(elsewhere, &config.to_toml()).unwrap().resolve().unwrap();
        assert_eq!(again, config);
    }
}

#[test]
fn a_command_has_the_environment_that_its_table_says() {
    let text =
        "[commands.a]\nrun = ['a']\npass-env = ['REGION']\nenv = { MODE = 's3cret', B = '' }";
    let config = parse(text).unwrap().resolve().unwrap();
    let environment = config.commands[0].environment();
    assert_eq!(environment.set().collect::<Vec<_>>(), ["B", "MODE"]);
    assert_eq!(environment.passed().collect::<Vec<_>>(), ["REGION"]);
    let ours = |name: &str| Some(format!("our {name}").into());
    let built = environment.build(ours);
    let value = |name: &str| built[std::ffi::OsStr::new(name)].to_str().unwrap();
    assert_eq!((value("MODE"), value("B"), value("REGION")), ("s3cret", "", "our REGION"));

    let printed = config.to_toml();
    assert!(printed.contains("pass-env = [\"REGION\"]\n"), "{printed}");
    assert!(printed.contains("# env: B, MODE; values are not printed\n"), "{printed}");
    assert!(!printed.contains("s3cret") && !format!("{config:?}").contains("s3cret"), "{printed}");
    assert!(parse(&printed).is_ok());
}

#[test]
fn what_no_command_may_have_in_its_environment_is_complained_of_by_its_name() {
    let refused = |keys: &str| complaint(&format!("[commands.a]\nrun = ['a']\n{keys}"));
    for keys in ["env = { BOWLINE_SECRET = 's3cret' }", "pass-env = ['BOWLINE_SECRET']"] {
        let said = refused(keys);
        assert!(said.contains("'BOWLINE_SECRET' is one of bowline's own variables"), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
    assert!(refused("env = { 'A=B' = '' }").contains("'A=B' is not a variable's name"));
    assert!(refused("pass-env = ['A', '']").contains("'' is not a variable's name"));
    assert!(refused("env = { A = 1 }").contains("expected text in quotes"));
    assert!(refused("env = 'A=B'").contains("env"));
}

#[test]
fn another_value_in_an_environment_is_a_change_although_it_is_not_printed() {
    let config = |value: &str| {
        let text = format!("[commands.a]\nrun = ['a']\nenv = {{ A = '{value}' }}");
        parse(&text).unwrap().resolve().unwrap()
    };
    assert_eq!(config("one").to_toml(), config("two").to_toml());
    assert_eq!(Change::keys(config("one").changes(&config("two"))), ["commands.a"]);
    assert_eq!(config("one").changes(&config("one")), []);
}

#[test]
fn calls_have_an_hour_to_end_at_most_and_three_seconds_where_nothing_is_said() {
    let drain = |text: &str| parse(text)?.resolve().map(|config| config.drain);
    assert_eq!(drain("").unwrap(), Duration::from_secs(3));
    assert_eq!(drain("[limits]\ndrain = '0s'").unwrap(), Duration::ZERO);
    assert_eq!(drain("[limits]\ndrain = '1h'").unwrap(), Duration::from_secs(3600));
    let error = drain("[limits]\ndrain = '3600001ms'").unwrap_err().to_string();
    assert!(error.contains("limits.drain") && error.contains("expected 0s to 1h"), "{error}");
    assert!(complaint("[limits]\ndrain = 3").contains("'limits.drain': expected text in quotes"));
    assert!(complaint("[limits]\npeers = 3").contains("unknown key 'limits.peers'"));
}

#[test]
fn the_url_must_go_with_the_mode() {
    for (url, mode, fits) in [
        ("wss", "tofu", true),
        ("wss", "strict", true),
        ("ws", "plain", true),
        ("ws", "tofu", false),
        ("ws", "strict", false),
        ("wss", "plain", false),
    ] {
        let text = format!("hub = '{url}://h'\n[tls]\nmode = '{mode}'");
        assert_eq!(parse(&text).unwrap().resolve().is_ok(), fits, "{text}");
    }
    // The default mode is no exception.
    let error = parse("hub = 'ws://h'").unwrap().resolve().unwrap_err().to_string();
    assert!(error.starts_with("'ws://h:7777/link' does not go with TLS mode 'tofu'"), "{error}");
}

#[test]
fn ids_and_pins_are_parsed_when_the_file_is_read() {
    for (text, start) in [
        ("id = 'All'", "1: 'id': 'All' is not a peer id"),
        ("[tls]\npins = ['']", "2: 'tls.pins': '' is not a pin"),
        ("[tls]\nhub-id = 'hub_'", "2: 'tls.hub-id': 'hub_' is not a hub id"),
        ("labels = { 'a=b' = 'c' }", "1: 'labels.a=b': 'a=b' is not a label's name"),
        ("[commands.'A b']\nrun = ['x']", "1: 'commands.A b': 'A b' is not a command name"),
    ] {
        let complaint = complaint(text);
        assert!(complaint.starts_with(start), "{complaint}");
    }
}

#[test]
fn a_command_that_is_declared_wrongly_is_refused_with_its_place() {
    for (text, sentence) in [
        (
            "[commands.x]\nrnu = ['a']",
            "2: unknown key 'commands.x.rnu'; did you mean 'commands.x.run'?",
        ),
        (
            "[commands.x]",
            "1: 'commands.x': 'run' must name a program: run = [\"PROGRAM\", \"ARGUMENT\", …]",
        ),
        (
            "[commands.x]\nrun = 'ls -l'",
            "2: 'commands.x.run': expected an array of text, found text",
        ),
        (
            "[commands.x]\nrun = ['a']\n[commands.x.args.y]",
            "1: 'commands.x': argument 'y' is declared but never used; put {y} into 'run'",
        ),
        (
            "[commands.x]\nrun = ['a', '{y']",
            "1: 'commands.x': '{y' in 'run': write a placeholder as {name}, and a brace itself as {{ or }}",
        ),
        (
            "[commands.x]\nrun = ['a']\ntimeout = '30'",
            "3: 'commands.x.timeout': '30' is not a span of time: a whole number and ms, s, m, h or d, such as 30s",
        ),
        (
            "[commands.x.args.y]\ntype = 'text'",
            "2: 'commands.x.args.y.type': 'text' is none of string, integer, number, boolean, choice, path",
        ),
        (
            "[commands.x.args.y]\ntype = 'boolean'\nmin = 1",
            "1: 'commands.x.args.y': 'min' does not go with type 'boolean'",
        ),
        (
            "[commands.x.args.y]\ntype = 'path'",
            "1: 'commands.x.args.y': type 'path' needs 'root': the directory that paths are kept under",
        ),
        (
            "[commands.x.args.y]\ntype = 'path'\nroot = '/srv'\nas = 'file'",
            "4: 'commands.x.args.y.as': expected path or descriptor",
        ),
        (
            "[commands.x.args.y]\ntype = 'path'\nroot = '/srv'\nas = 'descriptor'\nopen = 'rw'",
            "5: 'commands.x.args.y.open': expected read, write or append",
        ),
        (
            "[commands.x.args.y]\ntype = 'path'\nroot = '/srv'\nopen = 'read'",
            "4: 'commands.x.args.y.open': 'open' goes with as = \"descriptor\" alone: a program opens a path itself",
        ),
        (
            "[commands.x.args.y]\nas = 'path'",
            "1: 'commands.x.args.y': 'as' does not go with type 'string'",
        ),
        (
            "[commands.x.args.y]\nmax-length = 65537",
            "2: 'commands.x.args.y.max-length': expected 1 to 65536 bytes",
        ),
        (
            "[commands.x.args.y]\nmax-length = 0",
            "2: 'commands.x.args.y.max-length': expected 1 to 65536 bytes",
        ),
        (
            "[commands.x.args.y]\nmaximum = 1",
            "2: unknown key 'commands.x.args.y.maximum'; known here: type, max-length, pattern, allow-dash, optional",
        ),
    ] {
        assert_eq!(complaint(text), sentence);
    }
}

#[test]
fn labels_are_bounded() {
    let labels = |n: usize| {
        let labels = (0..n).map(|i| (format!("l{i}"), String::new())).collect();
        PeerSettings { labels: Some(labels), ..PeerSettings::default() }.resolve()
    };
    assert!(labels(32).is_ok());
    assert!(matches!(labels(33), Err(ConfigError::Setting { key: "labels", .. })));
}

#[test]
fn a_peer_without_a_hub_is_told_how_to_give_one() {
    let config = parse("").unwrap().resolve().unwrap();
    assert_eq!(config.hub(), Err(ConfigError::NoHub));
}

#[test]
fn flags_stand_above_the_file_key_by_key() {
    let flags = PeerSettings {
        id: Some("web-2".parse().unwrap()),
        pins: Some(vec![Pin([1; 32]), Pin([1; 32])]),
        ..PeerSettings::default()
    };
    let file = parse(WHOLE).unwrap();
    let mut expected = file.clone().resolve().unwrap();
    expected.id = Some("web-2".parse().unwrap());
    expected.pins = vec![Pin([1; 32])];
    assert_eq!(flags.over(file).resolve().unwrap(), expected);
}
