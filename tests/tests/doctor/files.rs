//! What is on a peer's disk and in its configuration.

use bowline_tests::in_crossed_pairings;
use bowline_tests::on_each_runtime;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::*;

fn chmod(stage: &ProcessFixture, name: &str, mode: u32) {
    fs::set_permissions(stage.at(name), Permissions::from_mode(mode)).unwrap();
}

/// Every file of a directory, with its mode and what is in it.
fn snapshot(stage: &ProcessFixture, name: &str) -> Vec<(String, u32, Vec<u8>)> {
    let entries = fs::read_dir(stage.at(name)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .map(|path| {
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            (path.display().to_string(), mode, fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn nothing_on_the_disk_is_changed() {
    let stage = enrolled();
    let before = snapshot(&stage, "me");
    peer(&stage, &[]).all_well();
    assert_eq!(snapshot(&stage, "me"), before);
    // A first contact keeps nothing either, here or where there is no directory yet.
    fs::remove_file(stage.at("me/trust.toml")).unwrap();
    let before = snapshot(&stage, "me");
    peer(&stage, &[]).all_well();
    assert_eq!(snapshot(&stage, "me"), before);
    fs::remove_dir_all(stage.at("me")).unwrap();
    peer(&stage, &[]).all_well();
    assert!(!stage.at("me").exists());
}

fn files_that_others_can_read_or_change_are_told_with_the_command() {
    let stage = enrolled();
    let secret = stage.private("secret.key", &fs::read_to_string(stage.secret()).unwrap());
    for (name, mode, check, right) in [
        ("me/peer.key", 0o644, "key", "0600"),
        ("me/peer.key", 0o640, "key", "0600"),
        ("secret.key", 0o604, "secret", "0600"),
        ("me/trust.toml", 0o622, "trust", "0600"),
        ("me", 0o770, "data-directory", "0700"),
    ] {
        let was = fs::metadata(stage.at(name)).unwrap().permissions();
        chmod(&stage, name, mode);
        let found = found(stage.dial("doctor", &["--secret-file", &secret]));
        let problem = found.problem(check, "exposed", 2);
        says(&problem["message"], &format!("has mode {mode:04o}"));
        says(&problem["remedy"], &format!("Run 'chmod {} {}'", &right[1..], stage.text(name)));
        assert_eq!(problem["expected"], format!("mode {right}"));
        fs::set_permissions(stage.at(name), was).unwrap();
    }
    found(stage.dial("doctor", &["--secret-file", &secret])).all_well();
}

fn a_secret_that_is_none_is_told_and_the_hub_is_looked_at_all_the_same() {
    let stage = enrolled();
    for (content, says_why) in
        [("change-me", "a placeholder"), ("", "it is empty"), ("short", "it has 5 characters")]
    {
        let secret = stage.private("secret.key", content);
        let found = found(stage.dial("doctor", &["--secret-file", &secret]));
        let problem = found.problem("secret", "bad-secret", 2);
        says(&problem["message"], says_why);
        found.well("hub");
        assert_eq!(found.skipped("admission"), "there is no secret to prove");
    }
    let weak = stage.private("secret.key", "a secret that I made up");
    let found = found(stage.dial("doctor", &["--secret-file", &weak, "--insecure-weak-secret"]));
    found.note("secret", "weak-secret");
}

fn a_trust_file_that_cannot_be_read_ends_it_before_the_hub_is_dialled() {
    let stage = enrolled();
    stage.private("me/trust.toml", "[hub\n");
    let found = peer(&stage, &[]);
    let problem = found.problem("trust", "damaged", 2);
    says(&problem["message"], "line 1");
    assert_eq!(found.skipped("connection"), "what is known of the hub cannot be read");
}

fn a_configuration_that_cannot_be_used_is_the_only_finding() {
    let stage = ProcessFixture::with_hub();
    let config = stage.private("peer.toml", "[tls]\nmdoe = 'tofu'\n");
    let plain = stage.url.replace("wss://127.0.0.1", "ws://192.0.2.1");
    for (arguments, wanted) in [
        (vec!["--config", &config], "tls.mdoe"),
        (vec!["--hub", &plain, "--tls", "plain"], "refusing to connect"),
        (vec!["--role", "peer"], "no hub is given"),
        (vec!["--hub", "wss://h", "--tls", "plain"], "does not go with TLS mode"),
    ] {
        let mut doctor = stage.bowline(&["doctor"]);
        doctor.args(arguments);
        let found = found(doctor);
        says(&found.check("configuration")["message"], wanted);
        assert_eq!((found.exit, text(&found.summary["code"])), (Some(2), "bad-configuration"));
        assert_eq!(found.skipped("rights"), "the configuration cannot be used");
    }
}

in_crossed_pairings! {
    files_that_others_can_read_or_change_are_told_with_the_command,
    a_secret_that_is_none_is_told_and_the_hub_is_looked_at_all_the_same,
}

on_each_runtime! {
    nothing_on_the_disk_is_changed,
    a_trust_file_that_cannot_be_read_ends_it_before_the_hub_is_dialled,
    a_configuration_that_cannot_be_used_is_the_only_finding,
}
