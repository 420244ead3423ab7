//! A hub whose data directory came from a backup: said by its operator, accepted or dismissed, and
//! a copy that is to be another hub.

use std::path::Path;

use bowline_tests::in_crossed_pairings;

use super::*;

/// What a machine is told by a hub that was restored.
const UNAVAILABLE: &str = "the hub refused: unavailable: The hub was restored from a backup, and \
                           takes no token until its operator has accepted that. Ask its operator: \
                           'bowline hub --accept-restored' there takes tokens again that are made \
                           after that.";

/// Starts the hub again, at the address that it had.
fn start(stage: &mut ProcessFixture, rest: &[&str]) {
    let address = stage.address();
    let (data, config) = (stage.text("hub"), stage.text("hub.toml"));
    let words = ["hub", "--bind", &address, "--data", &data, "--config", &config];
    stage.listen(stage.bowline(&[&words[..], rest].concat()));
}

fn restore(stage: &ProcessFixture, name: &str, rest: &[&str]) -> Outcome {
    let data = stage.text(name);
    outcome(stage.bowline(&[&["restore", "--data", &data], rest].concat()))
}

fn what_the_operator_put_back_takes_no_token_until_that_is_accepted() {
    let mut stage = hub("");
    let old = issue(&stage, &[]);
    // Not under a hub that runs.
    refused(&restore(&stage, "hub", &[]), 2, "stop it");
    stop(&mut stage);
    let (code, out, err) = restore(&stage, "hub", &[]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("takes no join token") && out.contains("--accept-restored"), "{out}");
    let (_, again, _) = restore(&stage, "hub", &["--json"]);
    assert_eq!(serde_json::from_str::<Value>(&again).unwrap()["already"], true);

    start(&mut stage, &[]);
    let said = stage.hub.as_mut().unwrap().said("warning: the ledger was restored");
    assert!(said.contains("its operator said so by 'bowline restore'"), "{said}");
    refused(&join(&stage, "web", &old, &["--id", "web-1"]), 3, UNAVAILABLE);
    let (code, _, err) = operator(&stage, &["token", "issue", "--local"]);
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("its operator said so"), "{err}");
    stop(&mut stage);
    start(&mut stage, &["--accept-restored"]);
    kept_out(&stage, &join(&stage, "web", &old, &["--id", "web-1"]), REVOKED);
    joined(&stage, "web", &issue(&stage, &[]), &["--id", "web-1"]);
}

fn what_showed_a_restored_hub_is_dismissed_and_no_token_is_revoked() {
    let mut stage = hub("");
    let old = issue(&stage, &[]);
    joined(&stage, "web", &issue(&stage, &[]), &["--id", "web-1"]);
    // A copy of the hub runs elsewhere, under its name: `web-1` sees later starts there.
    stop(&mut stage);
    copy(&stage.at("hub"), &stage.at("elsewhere"));
    for _ in 0..3 {
        start(&mut stage, &[]);
        whoami(&stage);
        stop(&mut stage);
    }
    fs::remove_dir_all(stage.at("hub")).unwrap();
    copy(&stage.at("elsewhere"), &stage.at("hub"));
    start(&mut stage, &[]);
    whoami(&stage);
    refused(&join(&stage, "db", &old, &["--id", "db-1"]), 3, UNAVAILABLE);
    stop(&mut stage);
    start(&mut stage, &["--accept-restored", "--keep-tokens"]);
    // What it kept of the copy is below from here on.
    whoami(&stage);
    joined(&stage, "db", &old, &["--id", "db-1"]);
}

fn a_copy_with_a_new_identity_is_another_hub() {
    let mut stage = hub("");
    let old = issue(&stage, &[]);
    joined(&stage, "web", &issue(&stage, &[]), &["--id", "web-1"]);
    stop(&mut stage);
    copy(&stage.at("hub"), &stage.at("original"));
    let before = fs::read(stage.at("hub/secret.key")).unwrap();
    let (code, out, err) = restore(&stage, "hub", &["--new-identity", "--json"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let anew: Value = serde_json::from_str(&out).unwrap();
    start(&mut stage, &[]);
    assert_ne!(fs::read(stage.at("hub/secret.key")).unwrap(), before);
    for key in ["identity.key", "ca.key", "token.key", "tls.key"] {
        let [here, there] = ["hub", "original"].map(|dir| fs::read(stage.at(dir).join(key)));
        assert_ne!(here.unwrap(), there.unwrap(), "{key}");
    }
    // Who knows the original does not take it for that, and its tokens are not this hub's.
    let data = stage.text("web");
    let (code, _, err) = outcome(stage.bowline(&["ls", "--data", &data]));
    assert_ne!(code, Some(0));
    assert!(err.contains(text(&anew["hub"])), "{err}");
    let (code, _, err) = join(&stage, "db", &old, &["--id", "db-1"]);
    assert_ne!(code, Some(0), "{err}");
    joined(&stage, "app", &issue(&stage, &[]), &["--id", "app-1"]);
    // The id stays with its key.
    let (code, _, err) = join(&stage, "thief", &issue(&stage, &[]), &["--id", "web-1"]);
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("id-taken"), "{err}");
}

/// The machine `web` comes back, by what it has.
fn whoami(stage: &ProcessFixture) {
    let data = stage.text("web");
    let (code, out, err) = outcome(stage.bowline(&["whoami", "--json", "--data", &data]));
    assert_eq!(code, Some(0), "{err}");
    let who: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(who["live"]["method"], "resume", "{out}");
}

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(done.success());
}

in_crossed_pairings! {
    what_the_operator_put_back_takes_no_token_until_that_is_accepted,
    what_showed_a_restored_hub_is_dismissed_and_no_token_is_revoked,
    a_copy_with_a_new_identity_is_another_hub,
}
