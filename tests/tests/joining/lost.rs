//! Replies that a machine never had: it joins again, and nobody else can.

use std::fs;

use bowline_tests::bowline::Running;
use bowline_tests::in_crossed_pairings;
use rustix::fs::{FlockOperation, flock};
use rustix::process::Signal;

use super::*;

fn a_machine_that_is_killed_before_it_kept_anything_joins_again() {
    let stage = hub("");
    let token = issue(&stage, &[]);
    // Its key, and a lock that it waits for once the hub has answered.
    fs::create_dir(stage.at("web")).unwrap();
    let lock = stage.private("web/trust.lock", "");
    let lock = File::open(lock).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();

    let dying = Running::start(join_command(&stage, "web", &token, &["--id", "web-1"]));
    let until = std::time::Instant::now() + bowline_tests::wait::BOUND;
    while record(&stage, &token)["used"] != 1 {
        assert!(std::time::Instant::now() < until, "{dying:#?}");
    }
    dying.signal(Signal::KILL);
    assert_eq!(dying.end().0, None);
    assert!(stage.at("web/peer.key").exists() && !stage.at("web/enrolment").exists());
    drop(lock);

    // Whoever took the token has another key.
    kept_out(&stage, &join(&stage, "thief", &token, &["--id", "web-1"]), USED);
    joined(&stage, "web", &token, &["--id", "web-1"]);
    let _web = serve(&stage, "web");
    answers(&stage, "web-1");
    assert_eq!(record(&stage, &token)["used"], 1);
}

fn a_machine_that_cannot_keep_what_it_got_says_so_and_joins_once_it_can() {
    let stage = hub("");
    let token = issue(&stage, &[]);
    fs::create_dir(stage.at("web")).unwrap();
    fs::create_dir(stage.at("web/trust.toml")).unwrap();
    let (code, out, err) = join(&stage, "web", &token, &["--id", "web-1"]);
    assert_ne!(code, Some(0));
    assert_eq!(out, "", "{err}");
    assert!(!stage.at("web/enrolment").exists());
    fs::remove_dir(stage.at("web/trust.toml")).unwrap();
    joined(&stage, "web", &token, &["--id", "web-1"]);
    let _web = serve(&stage, "web");
    answers(&stage, "web-1");
}

fn the_same_token_again_on_the_same_machine_voids_what_it_got_before() {
    let stage = hub("");
    let token = issue(&stage, &[]);
    joined(&stage, "web", &token, &["--id", "web-1"]);
    let before = fs::read_to_string(stage.at("web/enrolment")).unwrap();
    joined(&stage, "web", &token, &[]);
    let after = fs::read_to_string(stage.at("web/enrolment")).unwrap();
    let _web = serve(&stage, "web");
    answers(&stage, "web-1");

    // A copy of the machine from before has another certificate, which is void.
    assert_ne!(before, after);
    fs::create_dir(stage.at("copy")).unwrap();
    stage.private("copy/enrolment", &before);
    stage.private("copy/peer.key", &fs::read_to_string(stage.at("web/peer.key")).unwrap());
    stage.private("copy/trust.toml", &fs::read_to_string(stage.at("web/trust.toml")).unwrap());
    let data = stage.text("copy");
    let copy = outcome(stage.bowline(&["ls", "--data", &data]));
    kept_out(&stage, &copy, VOIDED);
    answers(&stage, "web-1");
}

in_crossed_pairings! {
    a_machine_that_is_killed_before_it_kept_anything_joins_again,
    a_machine_that_cannot_keep_what_it_got_says_so_and_joins_once_it_can,
    the_same_token_again_on_the_same_machine_voids_what_it_got_before,
}
