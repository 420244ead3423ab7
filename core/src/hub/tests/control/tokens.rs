//! `tokens` and `revoke-token`; and that tokens are forgotten in time, and none of them comes back.

use super::*;
use crate::facts::Revocation;
use crate::random::Seed;

fn revoke(desk: &mut IssuingHub, token: &TokenRecord, enrolled: bool) -> Result<String, String> {
    let jti = token.jti.to_string();
    let arguments = [("jti", Scalar::Text(&jti)), ("enrolled", Scalar::Boolean(enrolled))];
    desk.say("revoke-token", &arguments)
}

/// How a token stands in the list.
fn state(desk: &mut IssuingHub, token: &TokenRecord) -> String {
    let listed = desk.say("tokens", &[]).unwrap();
    let entry = listed.split("} ").find(|entry| entry.contains(&token.jti.to_string())).unwrap();
    entry.split("state=").nth(1).unwrap().split([' ', '}']).next().unwrap().to_owned()
}

#[test]
fn the_list_says_all_that_is_known_of_a_token_but_the_token() {
    let mut desk = IssuingHub::new();
    let token = desk.issue_with(&[
        ("uses", Scalar::Integer(2)),
        ("role", Scalar::Text("agent")),
        ("caps", Scalar::Text("serve")),
    ]);
    desk.join(&token, "web-1", 1).unwrap();
    let (jti, kid, ends) = (token.jti, token.kid, token.ends);
    assert_eq!(
        desk.say("tokens", &[]).unwrap(),
        format!(
            "[{{for=alice jti={jti} kid={kid} caps=[serve] ends={ends} role=agent used=1 uses=2 \
             state=open issued={NOON} issuer=operator used_by=[web-1]}}]"
        )
    );
    assert_eq!(desk.say("tokens", &[("after", Scalar::Text(&jti.to_string()))]).unwrap(), "[]");
}

#[test]
fn a_list_of_many_tokens_comes_in_pages_and_each_token_once() {
    let mut desk = IssuingHub::new();
    let most = 2000;
    for _ in 0..most {
        desk.issue();
    }
    let (mut listed, mut after, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let argument = after.as_deref().map(|after| ("after", Scalar::Text(after)));
        let page = desk.say("tokens", &argument.into_iter().collect::<Vec<_>>()).unwrap();
        let ids = page.split("jti=").skip(1).map(|rest| rest[..22].to_owned());
        let ids: Vec<_> = ids.collect();
        let Some(last) = ids.last() else { break };
        after = Some(last.clone());
        listed.extend(ids);
        pages += 1;
    }
    assert!(pages > 1, "{pages}");
    listed.sort();
    listed.dedup();
    assert_eq!(listed.len(), most);
}

#[test]
fn a_token_is_open_until_it_is_used_revoked_or_ended() {
    let mut desk = IssuingHub::new();
    let token = desk.issue();
    assert_eq!(state(&mut desk, &token), "open");
    desk.join(&token, "web-1", 1).unwrap();
    assert_eq!(state(&mut desk, &token), "used");
    assert_eq!(desk.join(&token, "web-2", 2), Err(Code::Used));
    revoke(&mut desk, &token, false).unwrap();
    assert_eq!(state(&mut desk, &token), "revoked");
    let short = desk.issue_with(&[("ttl_s", Scalar::Integer(60))]);
    desk.pass(60);
    assert_eq!(state(&mut desk, &short), "ended");
}

#[test]
fn a_revoked_token_admits_nobody_and_whom_it_enrolled_goes_on() {
    let mut desk = IssuingHub::new();
    let token = desk.issue_with(&[("uses", Scalar::Integer(2))]);
    let web = desk.join(&token, "web-1", 1).unwrap();
    let told = format!("{{jti={} ended=0 revoked=0}}", token.jti);
    assert_eq!(revoke(&mut desk, &token, false), Ok(told));
    assert_eq!(desk.closing(web), None);
    assert_eq!(desk.join(&token, "web-2", 2), Err(Code::Revoked));
    // Nor the one that used it before.
    assert_eq!(desk.join(&token, "web-1", 1), Err(Code::Revoked));
    assert_eq!(desk.ledger.memory.durable().tokens.values().next().unwrap().revoked, Some(NOON));
}

#[test]
fn with_those_that_it_enrolled_their_sessions_end_at_once_and_nobody_elses() {
    let mut desk = IssuingHub::new();
    let (token, other) = (desk.issue_with(&[("uses", Scalar::Integer(2))]), desk.issue());
    let (one, two) = (desk.join(&token, "a", 1).unwrap(), desk.join(&token, "b", 2).unwrap());
    let third = desk.join(&other, "c", 3).unwrap();
    let told = format!("{{jti={} ended=2 revoked=2}}", token.jti);
    assert_eq!(revoke(&mut desk, &token, true), Ok(told));
    assert_eq!(
        [one, two, third].map(|link| desk.closing(link)),
        [Some(Code::Revoked), Some(Code::Revoked), None]
    );
    let reason = format!("token {} was revoked", token.jti);
    let on_disk = desk.ledger.memory.durable().peers;
    let revoked: Vec<_> = on_disk.into_values().map(|peer| peer.revoked).collect();
    let revocation = Some(Revocation { at: NOON, reason });
    assert_eq!(revoked, [revocation.clone(), revocation, None]);
    // Once more: there is nobody left.
    let told = format!("{{jti={} ended=0 revoked=0}}", token.jti);
    assert_eq!(revoke(&mut desk, &token, true), Ok(told));
}

#[test]
fn who_was_admitted_while_the_ledger_wrote_is_revoked_too() {
    let mut desk = IssuingHub::new();
    let token = desk.issue();
    let claim = invited(&token, "web-1", 1);
    let link = desk.hub.arrive(somewhere(), desk.now).unwrap();
    let grant = desk.reserve(link, &claim).unwrap();
    desk.record(&grant).unwrap();
    let jti = token.jti.to_string();
    let mut arguments = ArgumentsBuf::new();
    arguments.named("jti", Scalar::Text(&jti)).unwrap();
    arguments.named("enrolled", Scalar::Boolean(true)).unwrap();
    desk.ask(desk.operator, "revoke-token", &arguments);
    let (ask, question) = desk.hub.poll_ask().unwrap();
    assert_eq!(question, StoreAsk::Change(Change::RevokeToken(token.jti, NOON, vec![])));
    assert_eq!(desk.commit(link, &claim, grant), Ok(LinkAnswer::Committed));
    let answer = desk.ledger.store(&question, desk.now);
    desk.hub.answer_ask(ask, answer, desk.now);
    let told = format!("{{jti={jti} ended=1 revoked=1}}");
    assert_eq!(answered(&mut desk.hub, desk.operator), Ok(told));
    assert_eq!(desk.closing(link), Some(Code::Revoked));
    desk.settle();
    assert!(desk.ledger.memory.durable().peers.values().next().unwrap().revoked.is_some());
}

#[test]
fn an_admission_under_way_by_a_revoked_token_is_asked_for_again_and_refused() {
    let mut desk = IssuingHub::new();
    let token = desk.issue();
    let claim = invited(&token, "web-1", 1);
    let link = desk.hub.arrive(somewhere(), desk.now).unwrap();
    let grant = desk.reserve(link, &claim).unwrap();
    desk.record(&grant).unwrap();
    revoke(&mut desk, &token, false).unwrap();
    assert_eq!(desk.commit(link, &claim, grant), Ok(LinkAnswer::Stale));
    assert_eq!(desk.reserve(link, &claim), Err(Code::Revoked));
}

#[test]
fn those_that_a_forgotten_token_enrolled_can_still_be_revoked_by_it() {
    let mut desk = IssuingHub::new();
    let token = desk.issue();
    let web = desk.join(&token, "web-1", 1).unwrap();
    desk.pass(2 * 86_400);
    desk.hub.handle_timeout(desk.now);
    desk.settle();
    assert_eq!(desk.hub.members.token_count(), 0);
    assert_eq!(revoke(&mut desk, &token, false), Err("unknown-token".to_owned()));
    let told = format!("{{jti={} ended=1 revoked=1}}", token.jti);
    assert_eq!(revoke(&mut desk, &token, true), Ok(told));
    assert_eq!(desk.closing(web), Some(Code::Revoked));
    assert!(desk.ledger.memory.durable().peers.values().next().unwrap().revoked.is_some());
    assert_eq!(revoke(&mut desk, &token, true), Err("unknown-token".to_owned()));
}

#[test]
fn nothing_is_revoked_that_the_ledger_could_not_record() {
    let mut desk = IssuingHub::new();
    let token = desk.issue();
    let web = desk.join(&token, "web-1", 1).unwrap();
    let jti = token.jti.to_string();
    let mut arguments = ArgumentsBuf::new();
    arguments.named("jti", Scalar::Text(&jti)).unwrap();
    arguments.named("enrolled", Scalar::Boolean(true)).unwrap();
    desk.ask(desk.operator, "revoke-token", &arguments);
    let (ask, _) = desk.hub.poll_ask().unwrap();
    desk.hub.answer_ask(ask, Err(Code::Unavailable.into()), desk.now);
    assert_eq!(answered(&mut desk.hub, desk.operator), Err("unavailable".to_owned()));
    assert_eq!(desk.closing(web), None);
    assert!(desk.join(&token, "web-1", 1).is_ok());
}

#[test]
fn both_are_for_who_administers_tokens_and_revoking_peers_for_who_administers_those() {
    let mut desk = IssuingHub::new();
    let member = join(&mut desk.hub, "ops", Purpose::Operate);
    for name in ["tokens", "revoke-token"] {
        assert_eq!(desk.say_as(member, name, &[]), Err("denied token.admin".to_owned()));
    }
    let token = desk.issue();
    let mut arguments = ArgumentsBuf::new();
    arguments.named("for", Scalar::Text("deputy")).unwrap();
    arguments.named("role", Scalar::Text("admin")).unwrap();
    let caps = ["serve", "call", "token.admin"].map(crate::wire::value::ValueBuf::text);
    let caps = crate::wire::value::ValueBuf::array(caps).unwrap();
    arguments.named_value("caps", caps.as_value()).unwrap();
    desk.ask(desk.operator, "issue-token", &arguments);
    desk.settle();
    answered(&mut desk.hub, desk.operator).unwrap();
    let deputy = desk.hub.members.tokens(None).find(|token| token.sub == "deputy").unwrap().clone();
    let deputy = desk.join(&deputy, "deputy", 3).unwrap();
    let jti = token.jti.to_string();
    let arguments = [("jti", Scalar::Text(&jti)), ("enrolled", Scalar::Boolean(true))];
    let denied = Err("denied peer.admin".to_owned());
    assert_eq!(desk.say_as(deputy, "revoke-token", &arguments), denied);
    assert!(desk.say_as(deputy, "revoke-token", &arguments[..1]).is_ok());
    for wrong in [&[][..], &[("jti", Scalar::Text("x"))], &[("id", Scalar::Text("web-1"))]] {
        assert_eq!(desk.say("revoke-token", wrong), Err("bad-argument".to_owned()));
    }
}

#[test]
fn tokens_that_have_ended_are_forgotten_within_the_hour_and_only_once_the_floor_is_on_the_disk() {
    let mut desk = IssuingHub::new();
    assert_eq!(desk.hub.poll_timeout(), None);
    let short = desk.issue_with(&[("ttl_s", Scalar::Integer(60))]);
    let long = desk.issue();
    desk.hub.handle_timeout(desk.now);
    let hour = desk.now.mono.after(Duration::from_secs(3600));
    assert_eq!((desk.hub.poll_timeout(), desk.hub.poll_ask()), (Some(hour), None));
    // It has ended, and it is not time.
    desk.pass(3599);
    desk.hub.handle_timeout(desk.now);
    assert_eq!((desk.hub.poll_timeout(), desk.hub.poll_ask()), (Some(hour), None));
    desk.pass(1);
    desk.hub.handle_timeout(desk.now);
    let (ask, question) = desk.hub.poll_ask().unwrap();
    assert_eq!(question, StoreAsk::Change(Change::Purge(NOON + 3600 - 60)));
    // Idempotent; and nothing is forgotten before the answer.
    desk.hub.handle_timeout(desk.now);
    assert_eq!(desk.hub.poll_ask(), None);
    assert_eq!((desk.hub.members.token_count(), desk.hub.members.floor()), (2, 0));
    desk.hub.answer_ask(ask, Err(Code::Unavailable.into()), desk.now);
    assert_eq!((desk.hub.members.token_count(), desk.hub.members.floor()), (2, 0));
    // It is tried again an hour later.
    desk.pass(3600);
    desk.hub.handle_timeout(desk.now);
    desk.settle();
    assert_eq!(desk.hub.members.floor(), NOON + 7200 - 60);
    assert_eq!(desk.hub.members.token(short.jti), None);
    assert!(desk.hub.members.token(long.jti).is_some());
    let on_disk = desk.ledger.memory.durable();
    assert_eq!((on_disk.tokens.len(), on_disk.floor), (1, NOON + 7200 - 60));
}

#[test]
fn a_token_is_kept_as_long_as_clocks_that_differ_may_take_it() {
    for (passed, kept) in [(3600 - 1, 1), (3600, 0)] {
        let mut desk = IssuingHub::new();
        desk.issue_with(&[("ttl_s", Scalar::Integer(3600 - 60))]);
        desk.pass(passed);
        desk.hub.handle_timeout(desk.now);
        desk.settle();
        assert_eq!(desk.hub.members.token_count(), kept, "{passed}");
    }
}

#[test]
fn a_clock_that_jumps_eight_days_ahead_and_back_revives_no_token() {
    let mut desk = IssuingHub::new();
    let used = desk.issue();
    desk.join(&used, "web-1", 1).unwrap();
    let open = desk.issue_with(&[("ttl_s", Scalar::Integer(604_800))]);
    let right = desk.now.unix;
    desk.now.unix += 8 * 86_400;
    desk.hub.handle_timeout(desk.now);
    desk.settle();
    assert_eq!(desk.hub.members.token_count(), 0);
    desk.now.unix = right + 1;
    // Neither by whoever has used it, nor by another; and no restart changes that.
    let durable = desk.ledger.memory.durable();
    for restarted in [false, true] {
        if restarted {
            desk.hub = Hub::new(HubConfig::default(), durable.clone(), &Seed([7; 32]));
            desk.operator = operator(&mut desk.hub);
        }
        assert_eq!(desk.join(&used, "web-1", 1), Err(Code::Expired));
        assert_eq!(desk.join(&used, "web-2", 2), Err(Code::Expired));
        assert_eq!(desk.join(&open, "web-3", 3), Err(Code::Expired));
    }
    // The ledger says the same where the hub is asked nothing.
    let claim = invited(&open, "web-3", 3);
    let mut other = IssuingHub::new();
    other.hub.members.token_issued(&open);
    other.hub.members.keys_rotated(durable.keys);
    let link = other.hub.arrive(somewhere(), other.now).unwrap();
    let grant = other.reserve(link, &claim).unwrap();
    let record = Question::Record(grant.record.unwrap());
    assert_eq!(desk.ledger.answer(&record), Some(Answer::Refused(Code::Expired.into())));
    // Nor is one made that would be refused.
    assert_eq!(desk.say("issue-token", &[("for", Scalar::Text("x"))]), Err("failed".to_owned()));
    desk.now.unix = right + 8 * 86_400;
    assert!(desk.say("issue-token", &[("for", Scalar::Text("x"))]).is_ok());
}
