//! What the hub makes of this peer: its method, its secret, its clock, its id, what it may do.

use bowline_tests::bowline::outcome;
use bowline_tests::faketime;
use bowline_tests::in_crossed_pairings;
use bowline_tests::wait::BOUND;
use std::time::Instant;

use super::*;

/// Who is bound at the hub of a stage.
fn bound(stage: &ProcessFixture) -> Vec<String> {
    let data = stage.text("hub");
    let (code, out, err) = outcome(stage.bowline(&["peers", "list", "--json", "--data", &data]));
    assert_eq!(code, Some(0), "{err}");
    let rows = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| text(&row["id"]).to_owned()).collect()
}

/// What a hub with TLS and a secret takes.
const OFFERED: &str = "the hub offers secret and join and resume and refresh";

fn where_all_is_well_each_step_says_what_it_found() {
    let stage = enrolled();
    let found = peer(&stage, &[]);
    found.all_well();
    let (_, port) = stage.url.trim_end_matches("/link").rsplit_once(':').unwrap();
    assert_eq!(found.well("connection"), format!("127.0.0.1:{port}"));
    assert!(found.well("tls").starts_with("1.3, TLS13_"), "{found:#?}");
    assert_eq!(found.well("websocket"), "bowline.v1");
    assert!(found.well("hub").ends_with("trusted by identity"), "{found:#?}");
    assert_eq!(found.well("method"), OFFERED);
    let admitted = found.well("admission");
    assert!(admitted.starts_with("admitted as me by secret, as an operator, in "), "{admitted}");
    assert!(found.well("round-trip").ends_with(" ms"));
    assert_eq!(found.well("rights"), "serve, call");
    assert_eq!(bound(&stage), ["me"]);
    // People read the same, and a checklist.
    let secret = stage.secret();
    let (code, out, err) = outcome(stage.dial("doctor", &["--secret-file", &secret]));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("\nok       websocket       bowline.v1\n"), "{out}");
    assert!(out.contains("\nwell        configuration, data-directory, key, secret, "), "{out}");
    assert!(!out.contains("not well"), "{out}");
}

fn a_peer_without_a_key_is_not_enrolled_unless_that_is_asked_for() {
    let stage = ProcessFixture::with_hub();
    let found = peer(&stage, &[]);
    found.all_well();
    found.well("hub");
    assert!(found.skipped("admission").contains("--enrol"), "{found:#?}");
    assert_eq!(bound(&stage), Vec::<String>::new());
    assert!(!stage.at("me").exists());
    let found = peer(&stage, &["--enrol"]);
    found.all_well();
    found.well("rights");
    assert_eq!(bound(&stage), ["me"]);
    assert!(stage.at("me/peer.key").exists() && !stage.at("me/trust.toml").exists());
}

fn a_peer_that_serves_goes_on_beside_it() {
    let mut stage =
        ProcessFixture::with_peer("id = \"web\"\n[commands.hello]\nrun = [\"echo\", \"hi\"]\n");
    let (config, data, secret) = (stage.text("peer.toml"), stage.text("peer"), stage.secret());
    let mut doctor = stage.bowline(&["doctor", "--hub", &stage.url, "--config", &config]);
    doctor.args(["--data", &data, "--secret-file", &secret]);
    let found = found(doctor);
    found.all_well();
    assert!(found.well("admission").starts_with("admitted as web by secret"));
    assert_eq!(outcome(stage.run(&["web", "hello"])).1, "hi\n");
    let mut web = stage.peer.take().unwrap();
    web.signal(rustix::process::Signal::TERM);
    while let Some(line) = web.line_or_end() {
        assert!(!line.contains("superseded"), "{line}");
    }
}

fn a_wrong_secret_is_told_after_which_proof_the_hub_refused() {
    let stage = enrolled();
    let wrong = stage.private("wrong.key", &format!("{}\n", "A".repeat(43)));
    let found = found(stage.dial("doctor", &["--secret-file", &wrong]));
    let problem = found.problem("admission", "refused", 3);
    says(&problem["message"], &format!("by 'secret', with the secret from {wrong}"));
    says(&problem["remedy"], "'bowline secret show'");
    found.well("method");
}

fn authentication_at_one_end_only_is_told_with_both_methods() {
    // Off at the hub.
    let stage =
        hub_with(&["--auth-required", "false", "--auth-secret", "false", "--insecure-no-auth"]);
    let secret = stage.private("secret.key", &format!("{}\n", "A".repeat(43)));
    let found_off = found(stage.dial("doctor", &["--secret-file", &secret]));
    let problem = found_off.problem("method", "method-not-offered", 3);
    let both = (text(&problem["expected"]), text(&problem["seen"]));
    assert_eq!(both, ("'secret'", "'open' and 'join' and 'resume' and 'refresh'"));
    says(&problem["remedy"], "auth.secret = true");
    // Off at the peer.
    let stage = ProcessFixture::with_hub();
    let found_on = found(stage.dial("doctor", &[]));
    let problem = found_on.problem("secret", "no-secret", 2);
    says(&problem["remedy"], "bowline secret show");
    assert_eq!(found_on.well("method"), OFFERED);
    assert_eq!(found_on.skipped("admission"), "there is no secret to prove");
}

#[cfg(target_os = "linux")]
fn a_clock_that_is_off_is_told_with_both_times_and_which_is_ahead() {
    let mut stage = ProcessFixture::empty();
    let data = stage.text("hub");
    let mut hub = stage.bowline(&["hub", "--bind", "127.0.0.1:0", "--data", &data]);
    faketime::shift(&mut hub, 300);
    stage.listen(hub);
    enrol(&stage);
    let off = peer(&stage, &[]);
    let problem = off.problem("clock", "clock-off", 2);
    let message = text(&problem["message"]);
    let seconds: u64 = message.split(' ').nth(4).unwrap().parse().unwrap();
    assert!((295..=305).contains(&seconds), "{message}");
    assert!(message.ends_with("s behind the hub's"), "{message}");
    says(&problem["seen"], "UTC here");
    says(&problem["expected"], "UTC at the hub, give or take 60 s");
    // The rest is well: a secret does not look at the clock.
    off.well("rights");

    let secret = stage.secret();
    let mut doctor = stage.dial("doctor", &["--secret-file", &secret]);
    faketime::shift(&mut doctor, 600);
    let ahead = found(doctor);
    let message = text(&ahead.problem("clock", "clock-off", 2)["message"]).to_owned();
    assert!(message.ends_with("s ahead of the hub's"), "{message}");
    let mut doctor = stage.dial("doctor", &["--secret-file", &secret]);
    faketime::shift(&mut doctor, 300);
    found(doctor).all_well();
}

fn an_id_that_is_taken_is_told_as_such() {
    let stage = enrolled();
    let (data, secret) = (stage.text("other"), stage.secret());
    let mut doctor = stage.bowline(&["doctor", "--hub", &stage.url, "--id", "me", "--enrol"]);
    doctor.args(["--data", &data, "--secret-file", &secret]);
    let found = found(doctor);
    let problem = found.problem("admission", "id-taken", 3);
    assert_eq!(problem["seen"], "me");
    says(&problem["remedy"], "--id");
}

fn an_address_that_the_hub_turns_away_is_told_before_anything_is_known_of_the_hub() {
    let stage = hub_with(&["--allow-ip", "192.0.2.0/24"]);
    let found = peer(&stage, &[]);
    let problem = found.problem("admission", "address-not-allowed", 3);
    says(&problem["message"], "127.0.0.1");
    found.well("websocket");
    assert_eq!(found.skipped("hub"), "not reached: see admission");
}

fn too_many_failures_are_told_with_when_to_come_back() {
    let stage = hub_with(&["--failures-per-minute", "1"]);
    enrol(&stage);
    let wrong = stage.private("wrong.key", &format!("{}\n", "A".repeat(43)));
    let until = Instant::now() + BOUND;
    let limited = loop {
        let found = found(stage.dial("doctor", &["--secret-file", &wrong]));
        if found.summary["code"] == "rate-limited" {
            break found;
        }
        assert!(Instant::now() < until, "{found:#?}");
    };
    let problem = limited.problem("admission", "rate-limited", 3);
    says(&problem["message"], "It asks to be left alone for ");
}

fn a_hub_without_room_is_told_with_when_to_come_back() {
    let mut stage = hub_with(&["--max-sessions", "1"]);
    std::fs::write(stage.at("peer.toml"), "id = \"web\"\n").unwrap();
    stage.start_peer();
    let found = peer(&stage, &["--enrol"]);
    let problem = found.problem("admission", "full", 3);
    says(&problem["message"], "It asks to be left alone for ");
    assert_eq!(bound(&stage), ["web"]);
}

fn a_peer_whose_commands_the_hub_does_not_let_it_serve_is_told_so() {
    let stage = ProcessFixture::with_hub();
    let (hub, data, token) = (stage.text("hub"), stage.text("caller"), stage.text("token.txt"));
    let issue = ["token", "issue", "--data", &hub, "--local", "--cap", "call", "--out", &token];
    let join = ["join", "--data", &data, "--id", "caller", "--token-file", &token];
    for typed in [&issue[..], &join] {
        let (code, _, err) = outcome(stage.bowline(typed));
        assert_eq!(code, Some(0), "{err}");
    }
    let config = stage.private("peer.toml", "[commands.hello]\nrun = [\"echo\"]\n");
    let found = found(stage.bowline(&["doctor", "--data", &data, "--config", &config]));
    let problem = found.problem("rights", "denied", 3);
    assert_eq!((&problem["expected"], &problem["seen"]), (&"serve".into(), &"call".into()));
    says(&problem["remedy"], "'bowline token issue --role agent'");
    // Who serves nothing misses nothing.
    super::found(stage.bowline(&["doctor", "--data", &data])).all_well();
}

in_crossed_pairings! {
    where_all_is_well_each_step_says_what_it_found,
    a_peer_without_a_key_is_not_enrolled_unless_that_is_asked_for,
    a_peer_that_serves_goes_on_beside_it,
    a_wrong_secret_is_told_after_which_proof_the_hub_refused,
    authentication_at_one_end_only_is_told_with_both_methods,
    #[cfg(target_os = "linux")]
    #[ignore = "needs libfaketime: ./test others"]
    a_clock_that_is_off_is_told_with_both_times_and_which_is_ahead,
    an_id_that_is_taken_is_told_as_such,
    an_address_that_the_hub_turns_away_is_told_before_anything_is_known_of_the_hub,
    too_many_failures_are_told_with_when_to_come_back,
    a_hub_without_room_is_told_with_when_to_come_back,
    a_peer_whose_commands_the_hub_does_not_let_it_serve_is_told_so,
}
