//! A machine that says of itself what its token does not say.

use std::fs;

use bowline_tests::bowline::{Outcome, outcome};
use bowline_tests::in_crossed_pairings;

use super::*;

const NOTE: &str = "bowline: 1 peer claims role=db, but labels that peers give themselves do not \
                    count here (self-labels); see 'bowline ls'\n";

const LISTED: &str = "bowline: 1 peer gives itself labels that do not count, in parentheses: join \
                      tokens give labels, or the hub takes peers at their word (auth.self-labels)\n";

/// Runs `hello` on those of a target.
fn hello(stage: &ProcessFixture, target: &str, rest: &[&str]) -> Outcome {
    outcome(stage.run(&[&[target, "hello", "name=Ada"], rest].concat()))
}

/// `liar`, whose token says `zone=b`, and which says `role=db` and `zone=a`.
fn liar(config: &str) -> (ProcessFixture, Running) {
    let stage = hub(config);
    let said = format!("labels = {{ role = 'db', zone = 'a' }}\n{PEER}");
    fs::write(stage.at("peer.toml"), said).unwrap();
    let token = issue(&stage, &["--id", "liar", "--label", "zone=b"]);
    joined(&stage, "a", &token, &[]);
    let peer = serve(&stage, "a");
    (stage, peer)
}

fn who_gives_itself_a_label_gets_no_call_by_it_and_the_operator_is_told() {
    let (stage, _peer) = liar("");
    for way in [&[][..], &["--batch", "1"]] {
        let (code, out, err) = hello(&stage, "role=db", way);
        assert_eq!((code, out.as_str()), (Some(5), ""), "{way:?}: {err}");
        assert!(err.starts_with(NOTE), "{way:?}: {err}");
        let (code, out, err) = hello(&stage, "role=db", &[way, &["--json"]].concat());
        assert_eq!(code, Some(5), "{way:?}: {err}");
        assert!(err.starts_with(NOTE), "{way:?}: {err}");
        let summary: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        assert_eq!(summary["summary"]["claimed"], 1, "{way:?}: {out}");
        let zone = hello(&stage, "zone=b", way);
        assert_eq!(
            (zone.0, zone.1.as_str()),
            (Some(0), "liar: hello, Ada\n"),
            "{way:?}: {}",
            zone.2
        );
        // A token goes before what the machine says, so that it does not even claim this one.
        let (code, out, err) = hello(&stage, "zone=a", way);
        assert_eq!((code, out.as_str()), (Some(5), ""), "{way:?}: {err}");
        assert!(!err.contains("claims"), "{way:?}: {err}");
    }
    let (code, out, err) = hello(&stage, "role=db", &["--detach", "--json"]);
    assert_eq!((code, err.as_str()), (Some(0), NOTE), "{out}");
    let kept: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(kept["claimed"], 1);

    let (_, out, err) = operator(&stage, &["ls"]);
    assert!(out.contains("zone=b,(role=db),(zone=a)"), "{out}");
    assert_eq!(err, LISTED);
    let listed = told(&stage, &["ls"]);
    assert_eq!(listed["labels"], serde_json::json!({"zone": "b"}));
    assert_eq!(listed["claimed"], serde_json::json!({"role": "db", "zone": "a"}));
    let shown = told(&stage, &["peers", "show", "liar"]);
    assert_eq!(shown["labels"], listed["labels"]);
    assert_eq!(shown["claimed"], listed["claimed"]);
}

fn a_hub_that_is_told_to_takes_peers_at_their_word_until_it_is_told_not_to() {
    let (stage, _peer) = liar("[auth]\nself-labels = true\n");
    let (code, out, err) = hello(&stage, "role=db,zone=b", &[]);
    assert_eq!((code, out.as_str()), (Some(0), "liar: hello, Ada\n"), "{err}");
    assert_eq!(hello(&stage, "zone=a", &[]).0, Some(5));
    fs::write(stage.at("hub.toml"), "[auth]\nself-labels = false\n").unwrap();
    stage.hub.as_ref().unwrap().signal(rustix::process::Signal::HUP);
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let (code, _, err) = hello(&stage, "role=db,zone=b", &[]);
        if code == Some(5) {
            assert!(err.contains("1 peer claims role=db,zone=b, but labels"), "{err}");
            break;
        }
        assert!(std::time::Instant::now() < until, "{code:?}: {err}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

in_crossed_pairings! {
    who_gives_itself_a_label_gets_no_call_by_it_and_the_operator_is_told,
    a_hub_that_is_told_to_takes_peers_at_their_word_until_it_is_told_not_to,
}
