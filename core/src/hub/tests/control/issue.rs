//! `issue-token`: what a token may say, who may make it, and that its record is on the disk first.

use super::*;
use crate::token::{Rules, verify_join};
use crate::wire::value::ValueBuf;

const FOR: (&str, Scalar<'_>) = ("for", Scalar::Text("alice"));

/// The only result that waits: its code and its sentence.
fn told(hub: &mut Hub, link: LinkId) -> (String, String) {
    let mut outbox = Outbox::default();
    hub.take_outbox(link, &mut outbox);
    let Some(Frame::Result(result)) = outbox.front() else { panic!("no result") };
    let Status::Failed(code) = result.status else { panic!("it went well") };
    (code.to_string(), result.text.to_owned())
}

#[test]
fn a_token_says_what_was_asked_for_and_is_told_once_its_record_is_on_the_disk() {
    let mut desk = IssuingHub::new();
    let mut arguments = ArgumentsBuf::new();
    arguments.named("for", Scalar::Text("alice")).unwrap();
    arguments.named("role", Scalar::Text("member")).unwrap();
    arguments.named("ttl_s", Scalar::Integer(3600)).unwrap();
    arguments.named("id", Scalar::Text("web-1")).unwrap();
    arguments.named("rooms", Scalar::Text("lobby")).unwrap();
    arguments.named("local", Scalar::Boolean(true)).unwrap();
    let caps = ["serve", "call:uptime"].map(ValueBuf::text);
    arguments.named_value("caps", ValueBuf::array(caps).unwrap().as_value()).unwrap();
    let labels = ValueBuf::map([("zone", ValueBuf::text("b"))]).unwrap();
    arguments.named_value("labels", labels.as_value()).unwrap();
    desk.ask(desk.operator, "issue-token", &arguments);
    let (ask, question) = desk.hub.poll_ask().unwrap();
    let StoreAsk::Issue(mint) = &question else { panic!("{question:?}") };
    assert!(mint.draft.local);
    // No answer, no token.
    assert_eq!((desk.hub.members.token_count(), desk.hub.poll_ask()), (0, None));
    assert_eq!(sent(&mut desk.hub, desk.operator), Vec::<String>::new());

    let answer = desk.ledger.store(&question, desk.now);
    let Ok(Stored::Issued(record, secret)) = answer.clone() else { panic!("{answer:?}") };
    desk.hub.answer_ask(ask, answer, desk.now);
    let (jti, token, ends) = (record.jti, secret.0.as_str(), NOON + 3600);
    let expected = format!(
        "{{for=alice jti={jti} ends={ends} role=member urls=[wss://hub.example:7777/link] uses=1 \
         token={token}}}"
    );
    assert_eq!(answered(&mut desk.hub, desk.operator), Ok(expected));
    let (keys, hub) = (desk.ledger.keys(), HubId([9; 16]));
    let verified = verify_join(token.as_bytes(), &keys, hub, NOON, &Rules::JOIN).unwrap();
    let claims = verified.claims;
    let names: Vec<_> = claims.capabilities().iter().map(|cap| cap.to_string()).collect();
    assert_eq!(names, ["serve", "call:uptime"]);
    assert_eq!((claims.id, claims.exp), (Some("web-1".parse().unwrap()), ends));
    assert_eq!(claims.labels, BTreeMap::from([("zone".to_owned(), "b".to_owned())]));
    assert_eq!(claims.rooms[0].to_string(), "lobby");
    assert_eq!(desk.hub.members.token(jti), Some(&*record));
    assert_eq!(record.issuer, PeerId::operator());
}

#[test]
fn what_is_not_said_is_a_member_for_one_key_and_a_day() {
    let mut desk = IssuingHub::new();
    let record = desk.issue();
    assert_eq!((record.role, record.uses, record.caps), (Role::Member, 1, None));
    assert_eq!((record.issued, record.ends, record.id), (NOON, NOON + 86_400, None));
}

#[test]
fn nobody_grants_what_it_does_not_hold() {
    let mut desk = IssuingHub::new();
    let mut arguments = ArgumentsBuf::new();
    arguments.named("for", Scalar::Text("deputy")).unwrap();
    arguments.named("role", Scalar::Text("admin")).unwrap();
    let caps = ["serve", "call:uptime", "call", "token.admin"].map(ValueBuf::text);
    arguments.named_value("caps", ValueBuf::array(caps).unwrap().as_value()).unwrap();
    desk.ask(desk.operator, "issue-token", &arguments);
    desk.settle();
    answered(&mut desk.hub, desk.operator).unwrap();
    let token = desk.hub.members.tokens(None).next().unwrap().clone();
    let deputy = desk.join(&token, "deputy", 3).unwrap();

    for (arguments, missing) in [
        (&[FOR][..], "publish"),
        (&[FOR, ("role", Scalar::Text("admin"))], "publish"),
        (&[FOR, ("role", Scalar::Text("read-only"))], "subscribe"),
        (&[FOR, ("role", Scalar::Text("admin")), ("caps", Scalar::Text("key.admin"))], "key.admin"),
    ] {
        let denied = Err(format!("denied {missing}"));
        assert_eq!(desk.say_as(deputy, "issue-token", arguments), denied);
    }
    assert_eq!(desk.hub.members.token_count(), 1);
    for arguments in [
        &[FOR, ("role", Scalar::Text("agent"))][..],
        &[FOR, ("caps", Scalar::Text("call:reboot"))],
        &[FOR, ("role", Scalar::Text("admin")), ("caps", Scalar::Text("token.admin"))],
    ] {
        assert!(desk.say_as(deputy, "issue-token", arguments).is_ok());
    }
    let issuers = desk.hub.members.tokens(None).filter(|token| token.issuer.as_str() == "deputy");
    assert_eq!(issuers.count(), 3);
}

#[test]
fn it_is_for_who_administers_tokens() {
    let mut desk = IssuingHub::new();
    let member = join(&mut desk.hub, "ops", Purpose::Operate);
    let denied = Err("denied token.admin".to_owned());
    assert_eq!(desk.say_as(member, "issue-token", &[FOR]), denied);
    assert_eq!(desk.hub.poll_ask(), None);
}

#[test]
fn every_bound_holds_at_n_and_at_one_more() {
    let long = "x".repeat(65);
    let text = Scalar::Text;
    let whole = Scalar::Integer;
    let cases: [(&[(&str, Scalar<'_>)], bool); 26] = [
        (&[("for", text(&long[..64]))], true),
        (&[("for", text(&long))], false),
        (&[("for", text(""))], false),
        (&[("for", text("a\tb"))], false),
        (&[("for", whole(5))], false),
        (&[], false),
        (&[FOR, ("ttl_s", whole(60))], true),
        (&[FOR, ("ttl_s", whole(59))], false),
        (&[FOR, ("ttl_s", whole(604_800))], true),
        (&[FOR, ("ttl_s", whole(604_801))], false),
        (&[FOR, ("ttl_s", whole(-60))], false),
        (&[FOR, ("ttl_s", text("3600"))], false),
        (&[FOR, ("uses", whole(0))], false),
        (&[FOR, ("uses", whole(10_000))], true),
        (&[FOR, ("uses", whole(10_001))], false),
        (&[FOR, ("uses", whole(1)), ("id", text("web-1"))], true),
        (&[FOR, ("uses", whole(2)), ("id", text("web-1"))], false),
        (&[FOR, ("id", text("Web 1"))], false),
        (&[FOR, ("role", text("king"))], false),
        (&[FOR, ("caps", text("fly"))], false),
        // Not the role's.
        (&[FOR, ("role", text("agent")), ("caps", text("call"))], false),
        (&[FOR, ("rooms", text("No Room"))], false),
        (&[FOR, ("labels", text("zone=b"))], true),
        (&[FOR, ("labels", text("zone"))], false),
        (&[FOR, ("local", text("yes"))], false),
        (&[FOR, ("colour", text("red"))], false),
    ];
    let mut desk = IssuingHub::new();
    for (arguments, taken) in cases {
        let told = desk.say("issue-token", arguments);
        let expected = if taken { None } else { Some("bad-argument".to_owned()) };
        assert_eq!(told.err(), expected, "{arguments:?}");
    }
}

#[test]
fn lists_are_bounded_too() {
    for (name, most, of) in [("caps", 64, "call:c"), ("rooms", 16, "r"), ("labels", 32, "k=v")] {
        for (count, taken) in [(most, true), (most + 1, false), (0, name != "caps")] {
            let mut desk = IssuingHub::new();
            let items = (0..count).map(|n| match name {
                "labels" => ValueBuf::text(&format!("k{n}=v")),
                _ => ValueBuf::text(&format!("{of}{n}")),
            });
            let mut arguments = ArgumentsBuf::new();
            arguments.named("for", Scalar::Text("alice")).unwrap();
            arguments.named_value(name, ValueBuf::array(items).unwrap().as_value()).unwrap();
            desk.ask(desk.operator, "issue-token", &arguments);
            desk.settle();
            let told = answered(&mut desk.hub, desk.operator);
            assert_eq!(told.is_ok(), taken, "{name} {count}: {told:?}");
        }
    }
}

#[test]
fn a_hub_keeps_so_many_tokens_and_says_why_it_makes_no_more() {
    let limits = Limits { tokens: 2, ..Limits::default() };
    let mut desk = IssuingHub::with(limits);
    desk.issue_with(&[("ttl_s", Scalar::Integer(60))]);
    // One that the ledger is at work on counts.
    let mut arguments = ArgumentsBuf::new();
    arguments.named("for", Scalar::Text("bob")).unwrap();
    desk.ask(desk.operator, "issue-token", &arguments);
    desk.ask(desk.operator, "issue-token", &arguments);
    let (code, why) = told(&mut desk.hub, desk.operator);
    assert_eq!(code, "busy");
    assert!(why.contains("keeps 2 tokens"), "{why}");
    desk.settle();
    assert!(answered(&mut desk.hub, desk.operator).is_ok());
    assert_eq!(desk.say("issue-token", &[FOR]), Err("busy".to_owned()));
    // Within the hour the one that has ended is forgotten.
    desk.hub.handle_timeout(desk.now);
    desk.pass(3600);
    desk.hub.handle_timeout(desk.now);
    desk.settle();
    assert!(desk.say("issue-token", &[FOR]).is_ok());
}

#[test]
fn what_cannot_be_made_changes_nothing_and_the_caller_hears_why() {
    let mut desk = IssuingHub::new();
    let mut arguments = ArgumentsBuf::new();
    arguments.named("for", Scalar::Text("bob")).unwrap();
    let reason = "'advertise' names only this machine".to_owned();
    for (answer, code, why) in [
        (Err(Cannot::because(Code::Failed, &reason)), "failed", &*reason),
        (Err(Code::Unavailable.into()), "unavailable", Code::Unavailable.row().meaning),
        (Ok(Stored::Changed(true)), "failed", Code::Failed.row().meaning),
    ] {
        desk.ask(desk.operator, "issue-token", &arguments);
        let (ask, _) = desk.hub.poll_ask().unwrap();
        desk.hub.answer_ask(ask, answer, desk.now);
        assert_eq!(told(&mut desk.hub, desk.operator), (code.to_owned(), why.to_owned()));
        assert_eq!(desk.hub.members.token_count(), 0);
    }
}

#[test]
fn a_token_whose_caller_left_is_known_all_the_same() {
    let mut desk = IssuingHub::new();
    let mut arguments = ArgumentsBuf::new();
    arguments.named("for", Scalar::Text("bob")).unwrap();
    desk.ask(desk.operator, "issue-token", &arguments);
    desk.hub.gone(desk.operator, desk.now);
    desk.settle();
    assert_eq!(desk.hub.members.token_count(), 1);
}

#[test]
fn a_hub_that_was_restored_makes_no_token_that_nobody_could_use() {
    let mut desk = IssuingHub::new();
    let token = desk.issue();
    let seen = Claim { later: Later::Verified(9), ..invited(&token, "a", 1) };
    assert_eq!(desk.admit(&seen), Err(Code::Unavailable));
    let mut arguments = ArgumentsBuf::new();
    arguments.named("for", Scalar::Text("bob")).unwrap();
    desk.settle();
    desk.ask(desk.operator, "issue-token", &arguments);
    let (code, why) = told(&mut desk.hub, desk.operator);
    assert_eq!(code, "unavailable");
    assert!(why.contains("peer a showed the Hello of start 9"), "{why}");
    assert!(why.contains("--accept-restored"), "{why}");
    assert_eq!(desk.hub.poll_ask(), None);
}
