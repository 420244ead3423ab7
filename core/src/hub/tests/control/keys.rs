//! `keys`, `rotate-keys` and `export-keys`.

use super::*;
use crate::token::{KeyState, MOST_KEYS, TokenKeys};

#[test]
fn a_rotation_leaves_open_tokens_and_one_at_once_voids_them() {
    for (at_once, void, code) in [(false, 0, None), (true, 2, Some(Code::Revoked))] {
        let mut desk = IssuingHub::new();
        let tokens = [desk.issue(), desk.issue()];
        let used = desk.issue();
        let web = desk.join(&used, "web-1", 1).unwrap();
        let told = desk.say("rotate-keys", &[("now", Scalar::Boolean(at_once))]).unwrap();
        let new = desk.ledger.keys();
        let active = new.iter().find(|(_, state)| *state == KeyState::Active).unwrap().0.id();
        assert_ne!(active, used.kid);
        assert_eq!(told, format!("{{kid={active} void={void}}}"));
        assert_eq!(desk.join(&tokens[0], "web-2", 2).err(), code);
        // Whom it enrolled goes on, and comes back by certificate.
        assert_eq!(desk.closing(web), None);
        let token = desk.issue();
        assert_eq!(token.kid, active);
        assert!(desk.join(&token, "web-3", 3).is_ok());
    }
}

#[test]
fn an_admission_under_way_by_a_key_that_is_revoked_is_asked_for_again_and_refused() {
    for (at_once, again) in [(false, Ok(())), (true, Err(Code::Revoked))] {
        let mut desk = IssuingHub::new();
        let token = desk.issue();
        let claim = invited(&token, "web-1", 1);
        let link = desk.hub.arrive(somewhere(), desk.now).unwrap();
        let grant = desk.reserve(link, &claim).unwrap();
        desk.record(&grant).unwrap();
        desk.say("rotate-keys", &[("now", Scalar::Boolean(at_once))]).unwrap();
        assert_eq!(desk.commit(link, &claim, grant), Ok(LinkAnswer::Stale));
        assert_eq!(desk.reserve(link, &claim).map(drop), again);
    }
}

#[test]
fn the_list_says_which_key_signs_and_until_when_the_others_verify() {
    let mut desk = IssuingHub::new();
    let first = desk.issue();
    desk.pass(10);
    desk.say("rotate-keys", &[]).unwrap();
    let second = desk.issue();
    let (old, until) = (first.kid, first.ends);
    let new = second.kid;
    assert_eq!(
        desk.say("keys", &[]).unwrap(),
        format!(
            "[{{kid={new} state=active created={} algorithm=EdDSA}} \
             {{kid={old} state=verify-only until={until} created={NOON} algorithm=EdDSA}}]",
            NOON + 10
        )
    );
    desk.say("rotate-keys", &[("now", Scalar::Boolean(true))]).unwrap();
    let listed = desk.say("keys", &[]).unwrap();
    assert_eq!(listed.matches("state=revoked").count(), 2, "{listed}");
}

#[test]
fn what_is_exported_are_the_keys_that_verify() {
    let mut desk = IssuingHub::new();
    let token = desk.issue();
    desk.say("rotate-keys", &[]).unwrap();
    let told = desk.say("export-keys", &[]).unwrap();
    let exported = TokenKeys::from_jwks(told.as_bytes()).unwrap();
    assert_eq!(exported.iter().count(), 2);
    assert!(exported.get(token.kid).is_some());
    desk.say("rotate-keys", &[("now", Scalar::Boolean(true))]).unwrap();
    let told = desk.say("export-keys", &[]).unwrap();
    let exported = TokenKeys::from_jwks(told.as_bytes()).unwrap();
    assert_eq!((exported.iter().count(), exported.get(token.kid)), (1, None));
}

#[test]
fn a_rotation_that_failed_changes_nothing_and_one_waits_for_the_other() {
    let mut desk = IssuingHub::new();
    let token = desk.issue();
    let none = ArgumentsBuf::new();
    desk.ask(desk.operator, "rotate-keys", &none);
    desk.ask(desk.operator, "rotate-keys", &none);
    assert_eq!(answered(&mut desk.hub, desk.operator), Err("busy".to_owned()));
    let (ask, question) = desk.hub.poll_ask().unwrap();
    assert_eq!(question, StoreAsk::RotateKeys { now: false });
    let reason = "the disk is full".to_owned();
    desk.hub.answer_ask(ask, Err(Cannot::because(Code::Unavailable, reason)), desk.now);
    assert_eq!(answered(&mut desk.hub, desk.operator), Err("unavailable".to_owned()));
    assert!(desk.join(&token, "web-1", 1).is_ok());
    assert!(desk.say("rotate-keys", &[]).is_ok());
}

#[test]
fn as_many_keys_verify_as_others_read_in_a_set_and_no_more() {
    let mut desk = IssuingHub::new();
    for n in 2..=MOST_KEYS {
        assert!(desk.say("rotate-keys", &[]).is_ok(), "{n}");
    }
    let told = desk.say("export-keys", &[]).unwrap();
    assert_eq!(TokenKeys::from_jwks(told.as_bytes()).unwrap().iter().count(), MOST_KEYS);
    assert_eq!(desk.say("rotate-keys", &[]), Err("busy".to_owned()));
    assert!(desk.say("rotate-keys", &[("now", Scalar::Boolean(true))]).is_ok());
    assert!(desk.say("rotate-keys", &[]).is_ok());
}

#[test]
fn all_three_are_for_who_administers_keys() {
    let mut desk = IssuingHub::new();
    let member = join(&mut desk.hub, "ops", Purpose::Operate);
    for name in ["keys", "rotate-keys", "export-keys"] {
        assert_eq!(desk.say_as(member, name, &[]), Err("denied key.admin".to_owned()));
        let wrong = [("kid", Scalar::Text("x"))];
        assert_eq!(desk.say(name, &wrong), Err("bad-argument".to_owned()));
    }
    let wrong = [("now", Scalar::Text("yes"))];
    assert_eq!(desk.say("rotate-keys", &wrong), Err("bad-argument".to_owned()));
}
