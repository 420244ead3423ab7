//! A hub on its own machine.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;

use bowline_core::facts::{Change, Restored, Sign};
use bowline_shell::files::{DataDir, DirLock};
use bowline_shell::ledger::Ledger;
use bowline_tests::bowline::bowline;
use bowline_tests::certificates::{Authority, Dates, EXPIRED, FUTURE, GOOD};
use bowline_tests::in_crossed_pairings;
use bowline_tests::on_each_runtime;
use bowline_tests::skip::skipped;
use rustix::process::Signal;

use super::*;

/// Doctor of the hub of a stage.
fn hub(stage: &ProcessFixture, rest: &[&str]) -> Found {
    let data = stage.text("hub");
    found(stage.bowline(&[&["doctor", "--role", "hub", "--data", &data], rest].concat()))
}

/// A hub that ran and was stopped.
fn stopped() -> ProcessFixture {
    let mut stage = ProcessFixture::with_hub();
    let hub = stage.hub.take().unwrap();
    hub.signal(Signal::TERM);
    assert_eq!(hub.end().0, Some(0));
    stage
}

fn a_hub_that_runs_says_where_and_answers_as_itself() {
    let mut stage = ProcessFixture::with_hub();
    fs::write(stage.at("peer.toml"), "id = \"web\"\n").unwrap();
    stage.start_peer();
    // Nothing has to say that this is a hub's machine.
    let data = stage.text("hub");
    let found = found(stage.bowline(&["doctor", "--data", &data]));
    found.all_well();
    assert!(found.well("running").contains("1 session, 1 peer serving"), "{found:#?}");
    assert_eq!(found.well("bind"), format!("listening on {}", stage.address()));
    assert!(found.well("answer").starts_with(&stage.url), "{found:#?}");
    assert!(found.well("exposure").contains("only this machine can connect"));
    assert_eq!(found.well("addresses"), stage.url);
    assert_eq!(found.well("ledger"), "1 id bound, 1 start");
    found.well("certificate");
}

fn a_hub_that_does_not_run_is_looked_at_as_it_would_start() {
    let stage = stopped();
    let before: Vec<_> =
        fs::read_dir(stage.at("hub")).unwrap().map(|e| e.unwrap().path()).collect();
    let found = hub(&stage, &["--bind", "127.0.0.1:0"]);
    found.all_well();
    found.note("running", "not-running");
    assert_eq!(found.well("bind"), "127.0.0.1:0 is free");
    assert_eq!(found.skipped("answer"), "the hub is not running");
    let after: Vec<_> = fs::read_dir(stage.at("hub")).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(after, before);
    // Where none has run yet, everything is still to be made.
    let empty = ProcessFixture::empty();
    let found = hub(&empty, &["--bind", "127.0.0.1:0"]);
    found.all_well();
    assert_eq!(found.skipped("keys"), "the first start makes them");
    assert!(!empty.at("hub").exists());
}

fn a_hub_that_was_killed_is_told_with_its_process() {
    let mut stage = ProcessFixture::with_hub();
    let killed = stage.hub.take().unwrap();
    killed.signal(Signal::KILL);
    killed.end();
    let found = hub(&stage, &["--bind", "127.0.0.1:0"]);
    let problem = found.problem("running", "killed", 4);
    says(&problem["message"], &stage.url);
    says(&problem["remedy"], "'bowline hub'");
    found.note("ledger", "ledger-not-closed");
}

/// Only its lock says that it does not run: its number is still its own, and then another's.
fn a_hub_that_was_killed_is_told_so_whoever_has_its_number() {
    let mut stage = ProcessFixture::with_hub();
    let killed = stage.hub.take().unwrap();
    let pid = killed.pid().as_raw_nonzero().to_string();
    killed.signal(Signal::KILL);
    let told = |stage: &ProcessFixture| {
        let found = hub(stage, &["--bind", "127.0.0.1:0"]);
        let problem = found.problem("running", "killed", 4);
        says(&problem["message"], "nobody holds its data directory");
        assert_eq!(found.well("bind"), "127.0.0.1:0 is free");
        assert_eq!(found.skipped("answer"), "the hub is not running");
        assert_eq!(found.summary["problems"].as_array().unwrap().len(), 1, "{found:#?}");
    };
    let data = DataDir::open(&stage.at("hub")).unwrap();
    while DirLock::holder(&data).unwrap().is_some() {}
    // Nobody has asked how it ended.
    told(&stage);
    drop(killed);
    let said = fs::read_to_string(stage.at("hub/endpoint")).unwrap();
    stage.private("hub/endpoint", &said.replace(&pid, &std::process::id().to_string()));
    told(&stage);
}

fn a_hub_that_runs_and_cannot_be_found_is_told_and_nothing_else_contradicts_it() {
    let stage = ProcessFixture::with_hub();
    let running = stage.hub.as_ref().unwrap();
    let pid = format!("runs (process {})", running.pid().as_raw_nonzero());
    running.signal(Signal::STOP);
    fs::remove_file(stage.at("hub/control")).unwrap();
    let found_hidden = hub(&stage, &["--timeout", "1s"]);
    let problem = found_hidden.problem("running", "socket-missing", 4);
    says(&problem["message"], &pid);
    says(&problem["remedy"], "SIGHUP");
    assert_eq!(found_hidden.well("bind"), format!("listening at {}", stage.url));

    fs::remove_file(stage.at("hub/endpoint")).unwrap();
    let found_unsaid = hub(&stage, &["--timeout", "1s"]);
    let problem = found_unsaid.problem("running", "socket-missing", 4);
    says(&problem["message"], &pid);
    for check in ["bind", "answer"] {
        assert_eq!(found_unsaid.skipped(check), "the hub runs, and does not say where");
    }
    running.signal(Signal::CONT);
}

/// What doctor does at a hub is no attack on it, and its log says nothing; who has another secret,
/// or none of TLS, is told as before.
fn the_hubs_log_says_nothing_of_doctor() {
    let mut stage = ProcessFixture::with_hub();
    enrol(&stage);
    let secret = stage.secret();
    hub(&stage, &[]).all_well();
    peer(&stage, &[]).all_well();
    // Without a key it stops at a look.
    let looked = ["--data", &stage.text("new"), "--secret-file", &secret];
    let found = found(
        stage.bowline(&[&["doctor", "--hub", &stage.url, "--id", "new"], &looked[..]].concat()),
    );
    assert_eq!(found.exit, Some(0), "{found:#?}");
    drop(std::net::TcpStream::connect(stage.address()).unwrap());
    let wrong = stage.private("wrong.key", &format!("{}\n", "A".repeat(43)));
    assert_eq!(outcome(stage.dial("doctor", &["--secret-file", &wrong])).0, Some(3));
    let hub = stage.hub.as_mut().unwrap();
    let told = hub.said("");
    assert!(told.contains("WARN") && told.contains("not admitted"), "{told}");
    assert!(told.contains("code=refused"), "{told}");
    hub.signal(Signal::TERM);
    let (code, said) = stage.hub.take().unwrap().end();
    assert_eq!((code, said.lines().count()), (Some(0), 1), "{said}");
}

fn a_ledger_from_a_backup_is_told_until_it_is_accepted() {
    let mut stage = stopped();
    let mut ledger = Ledger::open(&stage.at("hub/ledger.db")).unwrap();
    ledger
        .change(&Change::Restored(Restored {
            generation: 9,
            issue: 0,
            sign: Sign::Hello,
            by: Some("web-1".parse().unwrap()),
            at: 1_800_000_000,
        }))
        .unwrap();
    drop(ledger);
    let (data, address) = (stage.text("hub"), stage.address());
    let told = |stage: &ProcessFixture, options: &[&str]| {
        let found = hub(stage, options);
        let problem = found.problem("ledger", "ledger-restored", 2);
        says(&problem["message"], "peer web-1 showed the Hello of start 9 of this hub (2027-01-15");
        says(&problem["remedy"], "--accept-restored");
    };
    told(&stage, &["--bind", "127.0.0.1:0"]);
    // While it runs, too, and at its start.
    stage.start_hub(&address);
    let warning = stage.hub.as_mut().unwrap().said("warning: the ledger was restored");
    assert!(warning.contains("(peer web-1 showed the Hello of start 9 of this hub)"), "{warning}");
    told(&stage, &[]);
    let running = stage.hub.take().unwrap();
    running.signal(Signal::TERM);
    assert_eq!(running.end().0, Some(0));
    stage.listen(stage.bowline(&["hub", "--bind", &address, "--data", &data, "--accept-restored"]));
    stage.hub.as_mut().unwrap().said("the restored ledger was accepted");
    assert_eq!(hub(&stage, &[]).well("ledger"), "0 ids bound, 65546 starts");
}

fn a_port_that_is_taken_is_told_with_the_hub_that_has_it() {
    let stage = stopped();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let bind = other.local_addr().unwrap().to_string();
    let found = hub(&stage, &["--bind", &bind, "--timeout", "1s"]);
    let problem = found.problem("bind", "port-taken", 2);
    says(&problem["message"], &format!("cannot listen on {bind}"));
    says(&problem["remedy"], "give another --bind");
    assert_eq!(problem["seen"], Value::Null);

    let hub_there = ProcessFixture::with_hub();
    let found = hub(&stage, &["--bind", &hub_there.address()]);
    let problem = found.problem("bind", "port-taken", 2);
    says(&problem["seen"], "the hub hub_");
}

fn an_address_that_is_not_this_machines_and_a_port_that_needs_a_privilege_are_told() {
    let stage = stopped();
    let found_elsewhere = hub(&stage, &["--bind", "192.0.2.1:7777"]);
    let problem = found_elsewhere.problem("bind", "not-our-address", 2);
    says(&problem["remedy"], "not an address of this machine");

    // As nobody, where we may become nobody and nobody can reach the program.
    let first = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    let guarded = first.is_ok_and(|port| port.trim().parse::<u32>().is_ok_and(|port| port > 1));
    let as_nobody = |arguments: &[&str]| {
        let mut command = bowline(arguments, std::path::Path::new("/"));
        if rustix::process::geteuid().is_root() {
            command.uid(65534).gid(65534);
        }
        command
    };
    if !guarded || as_nobody(&["--version"]).output().is_err() {
        return skipped("to become nobody, and a guard on low ports");
    }
    let nowhere = ["doctor", "--role", "hub", "--data", "/nonexistent", "--bind", "127.0.0.1:1"];
    let found = found(as_nobody(&nowhere));
    let problem = found.problem("bind", "needs-privilege", 2);
    says(&problem["remedy"], "take one above 1023");
}

fn keys_that_others_can_read_and_a_ledger_that_is_none_are_told() {
    let stage = stopped();
    for (name, mode, check) in [
        ("identity.key", 0o644, "keys"),
        ("ca.key", 0o604, "keys"),
        ("token.key", 0o660, "keys"),
        ("tls.key", 0o640, "keys"),
        ("secret.key", 0o644, "secret"),
        ("ledger.db", 0o666, "ledger"),
    ] {
        let path = stage.at("hub").join(name);
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let found = hub(&stage, &["--bind", "127.0.0.1:0"]);
        let problem = found.problem(check, "exposed", 2);
        says(&problem["message"], name);
        says(&problem["remedy"], "chmod 600");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    }
    stage.private("hub/ledger.db", &"no database ".repeat(1000));
    let found = hub(&stage, &["--bind", "127.0.0.1:0"]);
    found.problem("ledger", "ledger-unusable", 2);
}

fn risks_are_noted_where_the_hub_can_be_reached_from_outside() {
    // There is no other way to be reached from outside than to listen there; the secret guards it.
    let mut stage = ProcessFixture::empty();
    let data = stage.text("hub");
    let everywhere = ["hub", "--bind", "0.0.0.0:0", "--data", &data];
    stage.listen(stage.bowline(&everywhere));
    let found = hub(&stage, &[]);
    found.all_well();
    found.note("exposure", "all-addresses");
    assert!(found.well("addresses").starts_with("wss://127.0.0.1:"), "{found:#?}");
    stage.hub = None;

    let weak = stage.private("weak.key", "a secret that I made up");
    let risky = [
        "--tls",
        "plain",
        "--auth-required",
        "false",
        "--insecure-no-auth",
        "--insecure-allow-plain",
        "--insecure-weak-secret",
        "--secret-file",
        &weak,
    ];
    stage.listen(stage.bowline(&[&everywhere[..], &risky].concat()));
    let found = hub(&stage, &[]);
    found.all_well();
    for code in ["risky-plain", "risky-open", "weak-secret"] {
        let note = found.note("exposure", code);
        says(&note["message"], "--insecure-");
    }
    assert_eq!(found.summary["notes"].as_array().unwrap().len(), 3, "{found:#?}");
    stage.hub = None;

    // Before it starts, the switches decide.
    let refused = hub(&stage, &["--bind", "0.0.0.0:0", "--tls", "plain"]);
    let problem = refused.problem("configuration", "bad-configuration", 2);
    says(&problem["remedy"], "--insecure-allow-plain");
    let plain = ["--bind", "0.0.0.0:0", "--tls", "plain", "--insecure-allow-plain"];
    hub(&stage, &plain).note("exposure", "risky-plain");
}

/// A `hub.toml` with a certificate from elsewhere.
fn configured(stage: &ProcessFixture, names: &[&str], dates: Dates) -> String {
    let (certificate, key) = Authority::new("Example Root").issue(names, dates);
    stage.private("tls.crt", &certificate);
    stage.private("tls.key", &key);
    let text = "bind = '127.0.0.1:0'\nadvertise = ['wss://hub.example:7777']\n[tls]\n\
                source = 'files'\ncert = 'tls.crt'\nkey = 'tls.key'\n";
    stage.private("hub.toml", text)
}

fn a_certificate_is_judged_by_its_dates_its_names_and_its_key() {
    let stage = stopped();
    let config = configured(&stage, &["hub.example"], GOOD);
    let good = hub(&stage, &["--config", &config]);
    good.all_well();
    assert!(good.well("certificate").starts_with("hub.example until "), "{good:#?}");
    for (dates, wanted) in [(EXPIRED, "ended at 2021-01-01"), (FUTURE, "not valid before 2998")] {
        let config = configured(&stage, &["hub.example"], dates);
        let found = hub(&stage, &["--config", &config]);
        let problem = found.problem("certificate", "certificate-dates", 2);
        says(&problem["message"], wanted);
        says(&problem["remedy"], "Renew it");
    }
    let config = configured(&stage, &["other.example"], GOOD);
    let found = hub(&stage, &["--config", &config]);
    let note = found.note("certificate", "certificate-names");
    let both = (text(&note["expected"]), text(&note["seen"]));
    assert_eq!(both, ("hub.example", "other.example"));

    let (_, other) = Authority::new("Example Root").issue(&["hub.example"], GOOD);
    stage.private("tls.key", &other);
    let found = hub(&stage, &["--config", &config]);
    found.problem("certificate", "certificate-unusable", 2);
}

fn of_a_certificate_from_elsewhere_what_the_hub_says_is_told() {
    let mut stage = ProcessFixture::empty();
    let config = configured(&stage, &["hub.example"], GOOD);
    let data = stage.text("hub");
    stage.listen(stage.bowline(&["hub", "--config", &config, "--data", &data]));
    // Without its configuration only what the hub itself says is known.
    let found = hub(&stage, &[]);
    found.all_well();
    assert!(found.well("certificate").contains("--config"), "{found:#?}");
}

in_crossed_pairings! {
    a_hub_that_runs_says_where_and_answers_as_itself,
    a_hub_that_was_killed_is_told_with_its_process,
    a_hub_that_was_killed_is_told_so_whoever_has_its_number,
    a_hub_that_runs_and_cannot_be_found_is_told_and_nothing_else_contradicts_it,
    the_hubs_log_says_nothing_of_doctor,
    a_ledger_from_a_backup_is_told_until_it_is_accepted,
    a_port_that_is_taken_is_told_with_the_hub_that_has_it,
}

on_each_runtime! {
    a_hub_that_does_not_run_is_looked_at_as_it_would_start,
    an_address_that_is_not_this_machines_and_a_port_that_needs_a_privilege_are_told,
    keys_that_others_can_read_and_a_ledger_that_is_none_are_told,
    risks_are_noted_where_the_hub_can_be_reached_from_outside,
    a_certificate_is_judged_by_its_dates_its_names_and_its_key,
    of_a_certificate_from_elsewhere_what_the_hub_says_is_told,
}
