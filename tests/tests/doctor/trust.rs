//! Whether the hub is the one that it should be: both values, and the lines that accept the one
//! seen.

use std::fs;

use bowline_tests::impostor;
use bowline_tests::in_crossed_pairings;
use bowline_tests::relay::Relay;

use super::*;

const PIN: &str = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

/// Runs the commands that a remedy shows, which are for a shell.
#[track_caller]
fn paste(stage: &ProcessFixture, remedy: &Value) {
    let lines = text(remedy).lines().filter_map(|line| line.strip_prefix("  bowline "));
    let mut pasted = 0;
    for line in lines {
        let words: Vec<_> = line.split(' ').collect();
        let done = outcome(stage.bowline(&words));
        assert_eq!(done.0, Some(0), "{line}: {done:?}");
        pasted += 1;
    }
    assert!(pasted > 0, "{remedy}");
}

fn a_wrong_pin_is_told_with_both_and_the_line_that_pins_the_one_seen() {
    let stage = ProcessFixture::with_hub();
    let found = peer(&stage, &["--pin", PIN]);
    let problem = found.problem("hub", "pin-mismatch", 3);
    assert_eq!(problem["expected"], PIN);
    let seen = text(&problem["seen"]);
    assert!(found.well("tls").ends_with(seen), "{found:#?}");
    let line = format!("bowline trust --data {} pin {} {seen}", stage.text("me"), stage.url);
    says(&problem["remedy"], &line);
    found.skipped("admission");
    paste(&stage, &problem["remedy"]);
    peer(&stage, &["--pin", PIN]).all_well();
}

fn another_identity_on_the_same_port_is_told_with_both_and_the_lines_that_accept_it() {
    let mut stage = enrolled();
    let known = text(&peer(&stage, &[]).check("trust")["message"]).to_owned();
    let (address, secret) = (stage.address(), fs::read_to_string(stage.secret()).unwrap());
    stage.hub = None;
    fs::rename(stage.at("hub"), stage.at("before")).unwrap();
    fs::create_dir(stage.at("hub")).unwrap();
    stage.private("hub/secret.key", &secret);
    stage.start_hub(&address);

    let kept = fs::read(stage.at("me/trust.toml")).unwrap();
    let found = peer(&stage, &[]);
    let problem = found.problem("hub", "identity-mismatch", 3);
    assert!(known.ends_with(text(&problem["expected"])), "{known}: {problem}");
    let seen = text(&problem["seen"]);
    let data = stage.text("me");
    let line = format!("bowline trust --data {data} pin {} {seen}", stage.url);
    says(&problem["remedy"], &format!("bowline trust --data {data} forget {}", stage.url));
    says(&problem["remedy"], &line);
    says(&problem["remedy"], "Another machine may be posing as the hub");
    assert_eq!(fs::read(stage.at("me/trust.toml")).unwrap(), kept);
    paste(&stage, &problem["remedy"]);
    peer(&stage, &[]).all_well();
}

async fn a_relay_that_ends_tls_with_a_key_of_its_own_is_not_vouched_for() {
    let mut stage = enrolled();
    let hub = stage.address().parse().unwrap();
    let relay = Relay::start(hub).await;
    stage.url = relay.url().to_string();
    let pin = relay.pin().to_string();
    let found = tokio::task::spawn_blocking(move || peer(&stage, &[])).await.unwrap();
    let problem = found.problem("hub", "key-not-vouched", 3);
    assert_eq!(problem["seen"], pin);
    found.skipped("admission");
}

fn strict_with_nothing_to_check_by_shows_the_pin_that_could_be() {
    let stage = ProcessFixture::with_hub();
    let found = peer(&stage, &["--tls", "strict"]);
    let problem = found.problem("hub", "nothing-to-check-by", 3);
    let pin = text(&problem["seen"]);
    let found = peer(&stage, &["--tls", "strict", "--pin", pin]);
    found.all_well();
}

fn a_hub_that_admits_without_the_secret_is_told_as_one_that_poses() {
    let mut stage = enrolled();
    let impostor = impostor::impostor();
    stage.url = format!("ws://{impostor}");
    let found = peer(&stage, &["--tls", "plain"]);
    let problem = found.problem("admission", "hub-not-proved", 3);
    says(&problem["remedy"], "may be posing as the hub");
}

in_crossed_pairings! {
    a_wrong_pin_is_told_with_both_and_the_line_that_pins_the_one_seen,
    another_identity_on_the_same_port_is_told_with_both_and_the_lines_that_accept_it,
    strict_with_nothing_to_check_by_shows_the_pin_that_could_be,
    a_hub_that_admits_without_the_secret_is_told_as_one_that_poses,
    ; async
    a_relay_that_ends_tls_with_a_key_of_its_own_is_not_vouched_for,
}
