//! `bowline whoami`: what is known here, and what the hub says.

use bowline_tests::bowline::outcome;
use bowline_tests::in_crossed_pairings;
use bowline_tests::on_each_runtime;
use bowline_tests::process_fixture::ProcessFixture;
use serde_json::{Value, json};

type Outcome = (Option<i32>, String, String);

fn object(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.1).unwrap_or_else(|error| panic!("{error}: {outcome:?}"))
}

fn peer(stage: &ProcessFixture, secret: &str, rest: &[&str]) -> Outcome {
    outcome(stage.dial("whoami", &[&["--secret-file", secret], rest].concat()))
}

fn on_the_hubs_own_machine_it_is_the_operator() {
    let stage = ProcessFixture::with_hub();
    let data = stage.text("hub");
    let done = outcome(stage.bowline(&["whoami", "--json", "--data", &data]));
    assert_eq!((done.0, done.2.as_str()), (Some(0), ""));
    let told = object(&done);
    assert_eq!((&told["id"], &told["method"]), (&json!("operator"), &json!("local socket")));
    assert_eq!((&told["key"], &told["error"]), (&Value::Null, &Value::Null));
    assert_eq!((&told["hub"], &told["data"]), (&json!(stage.url), &json!(data)));
    assert_eq!(told["live"]["role"], "admin");
    assert_eq!(told["hub_id"], told["live"]["hub_id"]);
    assert!(told["live"]["rtt_ms"].as_f64().unwrap() > 0.0);
}

fn elsewhere_it_is_the_peer_with_what_it_has_learnt_of_the_hub() {
    let stage = ProcessFixture::with_hub();
    let first = peer(&stage, &stage.secret(), &["--json"]);
    assert_eq!((first.0, first.2.as_str()), (Some(0), ""));
    let told = object(&first);
    assert_eq!((&told["id"], &told["method"]), (&json!("me"), &json!("secret")));
    let key = told["key"].as_str().unwrap();
    assert!(key.starts_with("ed25519/"), "{key}");
    // The same key as the hub's lists have it, in both forms.
    let data = stage.text("hub");
    let shown =
        object(&outcome(stage.bowline(&["peers", "show", "me", "--json", "--data", &data])));
    assert_eq!((&shown["public_key"], &shown["key"]), (&told["key"], &told["key_pin"]));
    assert!(told["key_pin"].as_str().unwrap().starts_with("sha256/"), "{told}");
    // A first contact: what it has just learnt is told with it.
    assert_eq!(told["trust"]["identity"], told["live"]["hub_id"]);
    assert_eq!(told["live"]["role"], "member");
    assert_eq!(told["live"]["capabilities"], json!(["serve", "call", "publish", "subscribe"]));
    assert_eq!(told["live"]["expires"], Value::Null);

    let text = peer(&stage, &stage.secret(), &[]);
    for expected in [
        format!("id            me\nkey           {key}\nkey pin       sha256/"),
        format!("\nhub           {}\n", stage.url),
        format!("\nlast pin      {}\n", told["trust"]["pin"].as_str().unwrap()),
        "\nadmitted as   me by secret\nrole          member\n".to_owned(),
        "\nexpires       never\nround trip    ".to_owned(),
    ] {
        assert!(text.1.contains(&expected), "{expected:?} is not in\n{}", text.1);
    }
}

fn without_a_session_what_is_known_here_is_told_all_the_same() {
    let mut stage = ProcessFixture::with_hub();
    let (secret, url) = (stage.secret(), stage.url.clone());
    let known = object(&peer(&stage, &secret, &["--json"]));

    let wrong = stage.private("wrong.key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
    let refused = peer(&stage, &wrong, &["--json"]);
    assert_eq!(refused.0, Some(3), "{}", refused.2);
    let told = object(&refused);
    assert_eq!(told["live"], Value::Null);
    assert_eq!((&told["key"], &told["trust"]), (&known["key"], &known["trust"]));
    let reason = told["error"].as_str().unwrap();
    assert!(reason.contains("refused"), "{reason}");
    assert_eq!(refused.2, format!("bowline: {reason}\n"));

    stage.hub = None;
    let gone = peer(&stage, &secret, &[]);
    assert_eq!(gone.0, Some(4));
    assert!(gone.1.contains(&format!("hub         {url}\n")), "{}", gone.1);
    assert!(gone.1.ends_with("\nsession     none\n"), "{}", gone.1);
    assert!(gone.2.starts_with(&format!("bowline: cannot reach {url}")), "{}", gone.2);
}

fn a_machine_that_knows_no_hub_says_so_and_makes_nothing() {
    let stage = ProcessFixture::empty();
    let (code, out, err) = outcome(stage.bowline(&["whoami", "--id", "me"]));
    assert_eq!(code, Some(2));
    assert!(out.starts_with("id       me\nkey      none yet: "), "{out}");
    assert!(out.contains("\nhub      -\n"), "{out}");
    assert!(err.contains("no hub is given: use --hub URL"), "{err}");
    assert!(!stage.at(".local").exists());
}

in_crossed_pairings! {
    on_the_hubs_own_machine_it_is_the_operator,
    elsewhere_it_is_the_peer_with_what_it_has_learnt_of_the_hub,
    without_a_session_what_is_known_here_is_told_all_the_same,
}

on_each_runtime! {
    a_machine_that_knows_no_hub_says_so_and_makes_nothing,
}
