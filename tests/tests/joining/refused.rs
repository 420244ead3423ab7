//! Who is kept out, and who is put out.

use std::time::UNIX_EPOCH;

use bowline_core::capability::Role;
use bowline_core::id::Jti;
use bowline_core::token::{
    Invitation, JoinClaims, KeyState, Rules, TokenKeys, TokenSigner, issue_join, verify_join,
};
use bowline_tests::in_crossed_pairings;
use data_encoding::BASE64;

use super::*;

const ELSEWHERE: &str = "this peer is enrolled with HUB as 'ID' (FILE): another token would take the \
                         place of that; give --force where it may, or another directory with --data";

/// The id of the hub that a machine is enrolled with.
fn hub_of(stage: &ProcessFixture, name: &str) -> String {
    let text = fs::read_to_string(stage.at(name).join("enrolment")).unwrap();
    text.lines().find_map(|line| line.strip_prefix("hub ")).unwrap().to_owned()
}

/// The peer's session ended with this code, at once.
fn put_out(mut peer: Running, code: &str) {
    let line = peer.line("\"ended\"");
    let ended: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&ended["code"], &ended["admitted"]), (&code.into(), &true.into()), "{line}");
}

fn a_token_that_was_used_is_nothing_to_whoever_stole_it() {
    let stage = hub("");
    let token = issue(&stage, &[]);
    joined(&stage, "web", &token, &["--id", "web-1"]);
    for id in ["web-1", "web-2"] {
        let stolen = join(&stage, "thief", &token, &["--id", id]);
        kept_out(&stage, &stolen, USED);
    }
    assert!(!stage.at("thief/enrolment").exists());
    // Nor does the machine itself get a second id by it.
    let other = join(&stage, "web", &token, &["--id", "web-2", "--force"]);
    kept_out(&stage, &other, USED);
    let _web = serve(&stage, "web");
    answers(&stage, "web-1");
}

fn a_token_that_was_revoked_admits_nobody_new_and_leaves_who_came() {
    let stage = hub("");
    let token = issue(&stage, &["--reusable", "--max-uses", "2"]);
    joined(&stage, "web", &token, &["--id", "web-1"]);
    let _web = serve(&stage, "web");
    let gone = told(&stage, &["token", "revoke", text(&token["jti"])]);
    assert_eq!((&gone["revoked"], &gone["ended"]), (&0.into(), &0.into()));
    kept_out(&stage, &join(&stage, "b", &token, &["--id", "b"]), REVOKED);
    answers(&stage, "web-1");
    assert_eq!(record(&stage, &token)["state"], "revoked");
}

fn a_token_that_is_revoked_with_what_it_enrolled_puts_them_out_at_once() {
    let stage = hub("");
    let token = issue(&stage, &[]);
    joined(&stage, "web", &token, &["--id", "web-1"]);
    let web = serve(&stage, "web");
    let gone = told(&stage, &["token", "revoke", text(&token["jti"]), "--enrolled"]);
    assert_eq!((&gone["revoked"], &gone["ended"]), (&1.into(), &1.into()));
    put_out(web, "revoked");
    let data = stage.text("web");
    kept_out(&stage, &outcome(stage.bowline(&["ls", "--data", &data])), PUT_OUT);
}

fn a_peer_that_is_revoked_is_put_out_and_joins_anew_once_it_is_allowed() {
    let stage = hub("");
    let token = issue(&stage, &[]);
    joined(&stage, "web", &token, &["--id", "web-1"]);
    let web = serve(&stage, "web");
    let gone = told(&stage, &["peers", "revoke", "web-1", "--reason", "stolen"]);
    assert_eq!(gone["ended"], 1);
    put_out(web, "revoked");
    assert_eq!(told(&stage, &["peers", "show", "web-1"])["revoked"]["reason"], "stolen");
    let data = stage.text("web");
    let list = || outcome(stage.bowline(&["ls", "--data", &data]));
    kept_out(&stage, &list(), PUT_OUT);
    let another = issue(&stage, &["--id", "web-1"]);
    kept_out(&stage, &join(&stage, "web", &another, &[]), REVOKED);

    let (place, because) = (stage.text("hub"), ["--reason", "stolen", "--data"]);
    let revoke = [&["peers", "revoke", "web-1"], &because[..], &[&place]].concat();
    let (_, _, err) = outcome(stage.bowline(&revoke));
    assert!(err.ends_with("lets it join again, with a new token\n"), "{err}");
    assert_eq!(told(&stage, &["peers", "allow", "web-1"])["was_revoked"], true);
    // What it had stays void, and nobody is asked to allow it once more.
    kept_out(&stage, &list(), VOIDED);
    joined(&stage, "web", &another, &[]);
    let _web = serve(&stage, "web");
    answers(&stage, "web-1");
}

fn a_machine_whose_role_may_not_serve_is_told_which_role_may() {
    let stage = hub("");
    let token = issue(&stage, &["--cap", "call"]);
    joined(&stage, "web", &token, &["--id", "web-1"]);
    let (data, config) = (stage.text("web"), stage.text("peer.toml"));
    let command = stage.bowline(&["peer", "--config", &config, "--data", &data]);
    let mut peer = Running::start(command);
    let said = peer.said("the hub refused");
    let says = MAY_NOT_SERVE.trim_start_matches("HUB: ");
    assert_eq!(said, format!("bowline: {says}"));
    refusals::documented(3, MAY_NOT_SERVE);
    peer.signal(rustix::process::Signal::TERM);
    assert_eq!(peer.end().0, Some(0));
}

const MAY_NOT_SERVE: &str = "HUB: the hub refused: may-not-serve: What this peer was admitted as may \
                             not serve commands. Ask the hub's administrator for a token with a \
                             role that serves ('bowline token issue --role agent'), and run \
                             'bowline join' with it; or only call from here.";

fn another_key_voids_open_tokens_at_once_or_lets_them_be_used() {
    let stage = hub("");
    let [a, b] = [(); 2].map(|()| issue(&stage, &[]));
    let kept = told(&stage, &["key", "rotate"]);
    joined(&stage, "a", &a, &["--id", "a"]);
    let now = told(&stage, &["key", "rotate", "--now"]);
    assert_ne!(kept["kid"], now["kid"]);
    assert_eq!(now["void"], 1);
    kept_out(&stage, &join(&stage, "b", &b, &["--id", "b"]), REVOKED);
    // Who has joined stays, and the new key signs.
    let _a = serve(&stage, "a");
    answers(&stage, "a");
    joined(&stage, "b", &issue(&stage, &[]), &["--id", "b"]);
    let (_, out, _) = operator(&stage, &["key", "list"]);
    let states = ["active", "revoked", "revoked"].map(|state| out.matches(state).count());
    assert_eq!(states, [1, 2, 2], "{out}");
    let (code, out, _) = operator(&stage, &["key", "export"]);
    let set: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, set["keys"][0]["kid"].as_str()), (Some(0), now["kid"].as_str()));
}

fn a_machine_that_is_enrolled_elsewhere_is_asked_before_that_goes() {
    let (one, two) = (hub(""), hub(""));
    joined(&one, "web", &issue(&one, &[]), &["--id", "web-1"]);
    let token = issue(&two, &[]);
    let data = one.text("web");
    let file = one.private("token", text(&token["token"]));
    let with = |rest: &[&str]| {
        let words = ["join", "--token-file", &file, "--data", &data, "--json"];
        outcome(one.bowline(&[&words, rest].concat()))
    };
    let (id, enrolment) = (hub_of(&one, "web"), one.text("web/enrolment"));
    let names: &[(&str, &str)] = &[("HUB", &id), ("ID", "web-1"), ("FILE", &enrolment)];
    refusals::refused(&with(&[]), 2, ELSEWHERE, names);
    assert_eq!(record(&two, &token)["used"], 0);
    let web = serve(&one, "web");
    answers(&one, "web-1");
    let (code, _, err) = with(&["--force"]);
    assert_eq!(code, Some(0), "{err}");
    drop(web);
    let _web = serve(&one, "web");
    answers(&two, "web-1");
}

fn a_hub_that_takes_no_tokens_any_more_says_what_it_lacks_and_where_to_allow_it() {
    let mut stage = hub("");
    let token = issue(&stage, &[]);
    joined(&stage, "web", &token, &["--id", "web-1"]);
    let address = stage.address();
    stop(&mut stage);
    fs::write(stage.at("hub.toml"), "[auth]\njoin = false\n").unwrap();
    stage.listen(hub_command(&stage, &address));
    let data = stage.text("web");
    for (outcome, method) in [
        (outcome(stage.bowline(&["ls", "--data", &data])), "resume"),
        (join(&stage, "web", &token, &[]), "join"),
    ] {
        refusals::refused(&outcome, 3, LACKS, &[("HUB", &stage.url), ("METHOD", method)]);
    }
    let made = operator(&stage, &["token", "issue", "--local"]);
    refused(&made, 1, "failed: this hub takes no join tokens");
}

const LACKS: &str = "HUB: method-not-offered: the hub does not offer 'METHOD', which this peer uses; it \
                     offers 'secret'. Enable it at the hub: auth.join = true (--auth-join true), and \
                     TLS: a hub without it takes no join tokens.";

fn what_is_no_join_token_is_told_by_what_is_wrong_with_it() {
    let stage = hub("");
    let whole = issue(&stage, &[]);
    let with = |text: &str| join(&stage, "web", &serde_json::json!({ "token": text }), &[]);
    refused(&with("hunter2"), 2, "not a join token: ");
    refusals::refused(&with(""), 2, "standard input holds no join token: it is empty", &[]);
    let cut = &text(&whole["token"])[..200];
    let told = with(cut);
    refused(&told, 2, "not a join token: ");
    assert!(!told.2.contains(cut), "{}", told.2);
    let lines = |width: usize, before: &str, after: &str| -> String {
        let pieces = text(&whole["token"]).as_bytes().chunks(width);
        let pieces = pieces.map(|piece| String::from_utf8_lossy(piece).into_owned());
        pieces.map(|piece| format!("{before}{piece}{after}")).collect()
    };
    for (token, says) in [
        (
            lines(72, "> ", "\n"),
            "its lines begin with '>', as a mail that is quoted has them: copy it from the mail that \
             brought it, or take the '>' out",
        ),
        (
            lines(75, "", "=\r\n"),
            "its lines end in '=', as the source of a mail has them (quoted-printable): copy it from \
             the mail as it is shown, or save it as an attachment",
        ),
        ("A".repeat(43), "it is a shared secret and no token: give it with --secret-file"),
    ] {
        refusals::refused(&with(&token), 2, &format!("not a join token: {says}"), &[]);
    }
    // More than a token, and a character that nobody sees.
    let letter = format!("Here is your token.\n\n{}\n", text(&whole["token"]));
    refused(&with(&letter), 2, "give the token alone, which begins with 'eyJ'");
    refused(&with(&lines(72, "\u{200b}", "\n")), 2, "its character 1 is a zero-width space");
    // A signature that is another's reaches the hub, which says nothing of it.
    let forged = text(&whole["token"]).rsplit_once('.').unwrap().0.to_owned();
    let forged = format!("{forged}.{}", "A".repeat(86));
    let id = join(&stage, "web", &serde_json::json!({ "token": forged }), &["--id", "web-1"]);
    refused(&id, 3, "the hub refused: refused: ");
    assert_eq!(record(&stage, &whole)["used"], 0);
    // What a mail only wrapped is put together.
    let wrapped = format!("\u{feff}{}", lines(76, "  ", " \r\n"));
    let told = join(&stage, "web", &serde_json::json!({ "token": wrapped }), &["--id", "web-1"]);
    assert_eq!(told.0, Some(0), "{}", told.2);
}

/// The claims of a token of the hub's, and the key that signed it.
fn stolen(stage: &ProcessFixture, token: &Value) -> (JoinClaims, TokenSigner) {
    let pem = fs::read_to_string(stage.at("hub/token.key")).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let signer = TokenSigner::from_pkcs8(&BASE64.decode(body.as_bytes()).unwrap()).unwrap();
    let mut keys = TokenKeys::new();
    keys.insert(signer.key().clone(), KeyState::Active);
    let token = text(&token["token"]).as_bytes();
    let (hub, now) =
        (Invitation::read(token).unwrap().hub, UNIX_EPOCH.elapsed().unwrap().as_secs());
    let verified = verify_join(token, &keys, hub, now, &Rules::JOIN);
    (verified.unwrap().claims, signer)
}

fn a_token_that_was_signed_with_a_stolen_key_is_refused_and_the_operator_told() {
    let mut stage = hub("");
    let token = issue(&stage, &["--role", "agent", "--label", "zone=b"]);
    let (claims, signer) = stolen(&stage, &token);
    let labels = [("zone".to_owned(), "b".to_owned()), ("role".to_owned(), "db".to_owned())].into();
    for (claim, claims) in [
        ("role", JoinClaims { role: Role::Admin, ..claims.clone() }),
        ("labels", JoinClaims { labels, ..claims.clone() }),
        ("exp", JoinClaims { exp: claims.exp + 60, ..claims.clone() }),
        ("jti", JoinClaims { jti: Jti([9; 16]), ..claims.clone() }),
    ] {
        let signed = serde_json::json!({ "token": issue_join(&signer, &claims).unwrap() });
        kept_out(&stage, &join(&stage, "thief", &signed, &["--id", "thief"]), REFUSED);
        let told = stage.hub.as_mut().unwrap().said("token.key may be stolen");
        assert!(told.contains(&format!("claim=\"{claim}\"")), "{told}");
        assert!(told.contains(&claims.jti.to_string()), "{told}");
        assert!(told.contains("bowline key rotate --now"), "{told}");
    }
    assert!(!stage.at("thief/enrolment").exists());
    assert_eq!(record(&stage, &token)["used"], 0);
    // The one that the hub made, and what the operator is told to do.
    joined(&stage, "web", &token, &["--id", "web-1"]);
    told(&stage, &["key", "rotate", "--now"]);
    let signed = serde_json::json!({ "token": issue_join(&signer, &claims).unwrap() });
    kept_out(&stage, &join(&stage, "thief", &signed, &["--id", "thief"]), REVOKED);
}

const REFUSED: &str = "HUB: the hub refused: refused: The hub did not admit this peer; its log \
                       says why. Check that this is the whole token, and of this hub; else ask \
                       the hub's administrator for a new one.";

const UNKNOWN: &str = "HUB: the hub refused: refused: The hub did not admit this peer; its log \
                       says why. The hub does not know this machine by the key that it has: \
                       'bowline peers show ID' there tells whose the id is. If it was forgotten, \
                       or the hub was set up anew, ask its administrator for a new token, and \
                       run 'bowline join' with it.";

fn a_hub_tells_a_stranger_no_more_of_one_id_than_of_another() {
    let stage = hub("");
    joined(&stage, "own", &issue(&stage, &[]), &["--id", "own-1"]);
    told(&stage, &["peers", "forget", "own-1"]);
    joined(&stage, "own-again", &issue(&stage, &[]), &["--id", "own-1"]);
    // The key that was this id's is a stranger's, as if nobody had the id.
    let enrolled = fs::read_to_string(stage.at("own/enrolment")).unwrap();
    let data = stage.text("own");
    kept_out(&stage, &outcome(stage.bowline(&["ls", "--data", &data])), UNKNOWN);
    told(&stage, &["peers", "forget", "own-1"]);
    kept_out(&stage, &outcome(stage.bowline(&["ls", "--data", &data])), UNKNOWN);
    assert_eq!(fs::read_to_string(stage.at("own/enrolment")).unwrap(), enrolled);
}

in_crossed_pairings! {
    a_hub_tells_a_stranger_no_more_of_one_id_than_of_another,
    a_token_that_was_signed_with_a_stolen_key_is_refused_and_the_operator_told,
    a_token_that_was_used_is_nothing_to_whoever_stole_it,
    a_token_that_was_revoked_admits_nobody_new_and_leaves_who_came,
    a_token_that_is_revoked_with_what_it_enrolled_puts_them_out_at_once,
    a_peer_that_is_revoked_is_put_out_and_joins_anew_once_it_is_allowed,
    another_key_voids_open_tokens_at_once_or_lets_them_be_used,
    a_machine_that_is_enrolled_elsewhere_is_asked_before_that_goes,
    a_machine_whose_role_may_not_serve_is_told_which_role_may,
    a_hub_that_takes_no_tokens_any_more_says_what_it_lacks_and_where_to_allow_it,
    what_is_no_join_token_is_told_by_what_is_wrong_with_it,
}
