//! Peers that a join token brought: who is admitted by what, in which order things take effect, and
//! what a storage that is older than the hub leads to.

use super::issuing_hub::{IssuingHub, NOON, invited};
use super::*;
use crate::ask::{Certified, Later, Renewal};
use crate::facts::{Durable, Enrolled, Family, PeerRecord, Restored, Sign, TokenRecord};
use crate::id::{Jti, RefreshHash};
use crate::random::Seed;
use crate::wire::value::Scalar;

fn id(text: &str) -> PeerId {
    text.parse().unwrap()
}

fn hash(n: u8) -> RefreshHash {
    RefreshHash([n; 32])
}

/// `web-1` comes by its refresh token, and brings a fresh one.
fn refresh(presented: u8, fresh: u8) -> Claim {
    let evidence = Evidence::Refresh { presented: hash(presented), fresh: hash(fresh) };
    let claim = claim("web-1", 1, Purpose::Serve);
    Claim { method: Method::Refresh, evidence: Some(evidence), ..claim }
}

/// `web-1` comes by its certificate.
fn resume(issue: u32, not_after: u64, expired: bool) -> Claim {
    let certified = Certified { issue, not_after, expired };
    let evidence = Evidence::Resume { certified, fresh: hash(99) };
    let claim = claim("web-1", 1, Purpose::Serve);
    Claim { method: Method::Resume, evidence: Some(evidence), ..claim }
}

/// `web-1` comes by a token, and brings a fresh refresh token.
fn joins(token: &TokenRecord, fresh: u8) -> Claim {
    let Claim { evidence, .. } = invited(token, "web-1", 1);
    let Some(Evidence::Join { invited: what, .. }) = evidence else { unreachable!() };
    let evidence = Some(Evidence::Join { invited: what, fresh: hash(fresh) });
    Claim { evidence, ..invited(token, "web-1", 1) }
}

/// What the hub knows of `web-1`, which is what the ledger knows.
fn enrolled(desk: &IssuingHub) -> Enrolled {
    let here = desk.hub.members.known(id("web-1")).unwrap();
    let durable = desk.ledger.memory.durable();
    let PeerRecord { enrolled: there, revoked, .. } = &durable.peers[&id("web-1")];
    assert_eq!((&here.enrolled, &here.revoked), (there, revoked));
    here.enrolled.clone().unwrap()
}

fn events(desk: &mut IssuingHub) -> Vec<HubEvent> {
    core::iter::from_fn(|| desk.hub.poll_event()).collect()
}

/// An admission that got as far as the ledger's record.
fn recorded(desk: &mut IssuingHub, claim: &Claim) -> (LinkId, Grant) {
    let link = desk.hub.arrive(somewhere(), desk.now).unwrap();
    let grant = desk.reserve(link, claim).unwrap();
    desk.record(&grant).unwrap();
    (link, grant)
}

/// Goes on with an admission until it is committed, as a link does.
fn finish(
    desk: &mut IssuingHub,
    link: LinkId,
    claim: &Claim,
    mut grant: Grant,
) -> Result<Grant, Code> {
    loop {
        match desk.commit(link, claim, grant.clone()) {
            Ok(LinkAnswer::Committed) => return Ok(grant),
            Ok(LinkAnswer::Stale) => {
                grant = desk.reserve(link, claim)?;
                desk.record(&grant)?;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_key_uses_a_token_for_one_id_and_not_for_another() {
    let mut desk = IssuingHub::new();
    let token = desk.issue_with(&[("uses", Scalar::Integer(5))]);
    desk.join(&token, "web-1", 1).unwrap();
    events(&mut desk);
    assert_eq!(desk.join(&token, "web-2", 1), Err(Code::Used));
    let (peer, jti) = (id("web-2"), token.jti);
    assert_eq!(events(&mut desk), [HubEvent::Replayed { peer, jti }]);
    assert!(desk.join(&token, "web-1", 1).is_ok());
    // Two at one moment: the ledger has the last word.
    let both = ["a", "b"].map(|peer| {
        let claim = invited(&token, peer, 7);
        let link = desk.hub.arrive(somewhere(), desk.now).unwrap();
        desk.reserve(link, &claim).unwrap()
    });
    assert_eq!(both.map(|grant| desk.record(&grant)), [Ok(()), Err(Code::Used)]);
}

#[test]
fn a_token_for_one_key_that_two_use_at_one_moment_is_for_the_first_in_the_ledger() {
    let mut desk = IssuingHub::new();
    let token = desk.issue();
    let claims = [invited(&token, "web-1", 1), invited(&token, "web-2", 2)];
    let grants = claims.each_ref().map(|claim| {
        let link = desk.hub.arrive(somewhere(), desk.now).unwrap();
        desk.reserve(link, claim).unwrap()
    });
    let recorded = [1, 0].map(|n: usize| desk.record(&grants[n]));
    assert_eq!(recorded, [Ok(()), Err(Code::Used)]);
}

#[test]
fn what_was_signed_is_what_was_recorded_or_it_is_refused_and_the_operator_told() {
    let mut desk = IssuingHub::new();
    let token = desk.issue();
    events(&mut desk);
    let forged = |token: TokenRecord, claim| (token, Code::Refused, Some(claim));
    let with = |change: fn(&mut TokenRecord)| {
        let mut other = token.clone();
        change(&mut other);
        other
    };
    for (other, code, claim) in [
        forged(with(|token| token.jti = Jti([3; 16])), "jti"),
        forged(with(|token| token.sub = "mallory".to_owned()), "sub"),
        forged(with(|token| token.issued -= 1), "iat"),
        forged(with(|token| token.ends += 1), "exp"),
        forged(with(|token| token.uses = 10_000), "max_uses"),
        forged(with(|token| token.role = Role::Admin), "role"),
        forged(with(|token| token.caps = Some(Role::Agent.capabilities())), "caps"),
        forged(with(|token| token.rooms = vec!["vault".to_owned()]), "rooms"),
        forged(with(|token| drop(token.labels.insert("role".into(), "db".into()))), "labels"),
        forged(with(|token| token.id = Some(id("web-1"))), "id"),
        // No key of this number ever signed anything here.
        (with(|token| token.kid = crate::id::KeyId([3; 32])), Code::Revoked, None),
    ] {
        assert_eq!(desk.join(&other, "web-1", 1), Err(code), "{claim:?}");
        let (peer, jti) = (id("web-1"), other.jti);
        let told = claim.map(|claim| HubEvent::Forged { peer, jti, claim });
        assert_eq!(events(&mut desk), Vec::from_iter(told));
        // The storage holds to it by itself.
        if claim.is_some() {
            let link = desk.hub.arrive(somewhere(), desk.now).unwrap();
            let mut grant = desk.reserve(link, &invited(&token, "web-1", 1)).unwrap();
            let Some(FactRecord::Enrol(enrolment)) = &mut grant.record else { unreachable!() };
            enrolment.invited = other.claims();
            assert_eq!(desk.record(&grant), Err(Code::Refused), "{claim:?}");
        }
    }
    assert!(desk.ledger.memory.durable().peers.is_empty());
    assert!(desk.join(&token, "web-1", 1).is_ok());
}

#[test]
fn what_a_token_grants_is_what_was_recorded_of_it() {
    let mut desk = IssuingHub::new();
    let token = desk.issue_with(&[
        ("role", Scalar::Text("agent")),
        ("labels", Scalar::Text("zone=b")),
        ("uses", Scalar::Integer(2)),
    ]);
    let link = desk.hub.arrive(somewhere(), desk.now).unwrap();
    let own = [("zone".to_owned(), "a".to_owned()), ("os".to_owned(), "linux".to_owned())];
    let grant = desk.reserve(link, &Claim { labels: own.into(), ..joins(&token, 1) }).unwrap();
    assert_eq!(grant.capabilities, Role::Agent.capabilities());
    let Some(FactRecord::Enrol(enrolment)) = grant.record else { panic!() };
    assert_eq!((enrolment.enrolled.role, &enrolment.enrolled.labels), (token.role, &token.labels));
}

#[test]
fn there_is_room_before_a_token_is_spent() {
    let limits = Limits { peers: 1, ..Limits::default() };
    let mut desk = IssuingHub::with(limits);
    let (first, second) = (desk.issue(), desk.issue());
    let link = desk.join(&first, "web-1", 1).unwrap();
    assert_eq!(desk.join(&second, "web-2", 2), Err(Code::Full));
    assert!(desk.hub.members.token(second.jti).unwrap().used.is_empty());
    desk.hub.gone(link, desk.now);
    desk.say("forget", &[("id", Scalar::Text("web-1"))]).unwrap();
    assert!(desk.join(&second, "web-2", 2).is_ok());
}

#[test]
fn two_links_that_join_at_one_moment_take_effect_one_after_the_other() {
    for order in [[0, 1], [1, 0]] {
        for known in [false, true] {
            let mut desk = IssuingHub::new();
            let token = desk.issue();
            if known {
                desk.admit(&joins(&token, 50)).unwrap();
            }
            let claims = [joins(&token, 10), joins(&token, 11)];
            let under_way = claims.each_ref().map(|claim| recorded(&mut desk, claim));
            let issues = order.map(|n: usize| {
                let (link, grant) = under_way[n].clone();
                finish(&mut desk, link, &claims[n], grant).unwrap().issues.unwrap().issue
            });
            // What was minted last is what holds.
            assert!(issues[0] < issues[1], "{issues:?}");
            let holds = enrolled(&desk);
            let last = hash(10 + order[1] as u8);
            assert_eq!((holds.issue, holds.family.unwrap().current), (issues[1], last));
        }
    }
}

#[test]
fn two_links_that_refresh_at_one_moment_take_effect_one_after_the_other() {
    for order in [[0, 1], [1, 0]] {
        let mut desk = IssuingHub::new();
        let token = desk.issue();
        desk.admit(&joins(&token, 1)).unwrap();
        let claims = [refresh(1, 10), refresh(1, 11)];
        let under_way = claims.each_ref().map(|claim| recorded(&mut desk, claim));
        for n in order {
            let (link, grant) = under_way[n].clone();
            finish(&mut desk, link, &claims[n], grant).unwrap();
        }
        let family: Family = enrolled(&desk).family.unwrap();
        assert_eq!(family.successors.last().unwrap().0, hash(10 + order[1] as u8));
    }
}

#[test]
fn who_joins_again_leaves_what_it_had_and_its_sessions_come_back_by_what_it_has() {
    let mut desk = IssuingHub::new();
    let (token, other) = (desk.issue(), desk.issue());
    let serves = desk.admit(&joins(&token, 1)).unwrap();
    let calls = Claim { purpose: Purpose::Operate, ..resume(1, NOON + 86_400, false) };
    let calls = desk.admit(&calls).unwrap();
    let stranger = desk.join(&other, "web-2", 2).unwrap();
    let again = desk.admit(&joins(&token, 2)).unwrap();
    let ends = [serves, calls, stranger, again].map(|link| desk.closing(link));
    assert_eq!(ends, [Some(Code::Superseded), Some(Code::SessionExpired), None, None]);
    assert_eq!(desk.admit(&resume(1, NOON + 86_400, false)), Err(Code::Voided));
    // 'web-2' had the issue between.
    assert!(desk.admit(&resume(3, NOON + 86_400, false)).is_ok());
}

#[test]
fn what_an_earlier_session_still_asks_for_revokes_nobody_who_has_joined_again() {
    let mut desk = IssuingHub::new();
    let token = desk.issue();
    let joined = Claim { purpose: Purpose::Operate, ..joins(&token, 1) };
    let earlier = desk.admit(&joined).unwrap();
    let again = desk.admit(&joins(&token, 2)).unwrap();
    let identity = (id("web-1"), PublicKey([1; 32]));
    let mut renew = |link, presented, fresh| {
        let renewal = Renewal { identity, presented: hash(presented), fresh: hash(fresh) };
        desk.hub.answer(link, &LinkAsk::Renew(renewal), desk.now)
    };
    assert_eq!(renew(earlier, 1, 3), Err(Code::Refused.into()));
    assert!(matches!(renew(again, 2, 4), Ok(LinkAnswer::Reserved(_))));
    assert_eq!(enrolled(&desk).issue, 2);
    assert_eq!(desk.closing(again), None);
}

#[test]
fn an_id_that_the_secret_bound_is_upgraded_by_a_token_and_never_admitted_by_less() {
    let mut desk = IssuingHub::new();
    let token = desk.issue();
    let by_secret = claim("web-1", 1, Purpose::Operate);
    let before = desk.admit(&by_secret).unwrap();
    desk.admit(&joins(&token, 1)).unwrap();
    assert_eq!(desk.closing(before), Some(Code::SessionExpired));
    assert_eq!(desk.hub.members.known(id("web-1")).unwrap().binding.method, Method::Join);
    assert_eq!(desk.admit(&by_secret), Err(Code::IdTaken));
    assert_eq!(desk.ledger.memory.bindings().next().unwrap().method, Method::Join);
}

#[test]
fn a_certificate_that_ends_while_room_is_held_admits_nobody() {
    let mut desk = IssuingHub::new();
    let token = desk.issue();
    desk.admit(&joins(&token, 1)).unwrap();
    let ends = NOON + 86_400;
    desk.pass(86_400 - 1);
    let claim = resume(1, ends, false);
    let (link, grant) = recorded(&mut desk, &claim);
    desk.pass(1);
    // Something else moved the epoch.
    desk.say("rotate-keys", &[]).unwrap();
    assert_eq!(desk.commit(link, &claim, grant), Ok(LinkAnswer::Stale));
    assert_eq!(desk.reserve(link, &claim), Err(Code::Expired));
    // And a clock that steps back does not revive it; its refresh token does what it is for.
    desk.now.unix = NOON;
    assert_eq!(desk.admit(&resume(1, ends, false)), Err(Code::Expired));
    assert!(desk.admit(&refresh(1, 2)).is_ok());
    assert_eq!(enrolled(&desk).issue, 2);
}

#[test]
fn a_certificate_from_before_its_id_was_freed_stays_void_where_the_same_key_joins_again() {
    let mut desk = IssuingHub::new();
    let token = desk.issue_with(&[("uses", Scalar::Integer(2))]);
    desk.admit(&joins(&token, 1)).unwrap();
    let old = resume(1, NOON + 86_400, false);
    desk.say("forget", &[("id", Scalar::Text("web-1"))]).unwrap();
    desk.pass(1);
    desk.admit(&joins(&token, 2)).unwrap();
    // The counter of issues knows no peer and does not start again.
    assert_eq!(enrolled(&desk).issue, 2);
    assert_eq!(desk.admit(&old), Err(Code::Voided));
    assert!(desk.admit(&resume(2, NOON + 86_401, false)).is_ok());
    assert_eq!(desk.hub.members.restored(), None);
    assert_eq!(desk.ledger.memory.durable().issues, 2);
}

#[test]
fn issues_are_drawn_from_one_counter_for_all_peers_and_a_later_start_goes_on_with_it() {
    let mut desk = IssuingHub::new();
    let token = desk.issue_with(&[("uses", Scalar::Integer(9))]);
    desk.admit(&joins(&token, 1)).unwrap();
    desk.join(&token, "web-2", 2).unwrap();
    desk.admit(&joins(&token, 3)).unwrap();
    assert_eq!(enrolled(&desk).issue, 3);
    desk.say("forget", &[("id", Scalar::Text("web-1"))]).unwrap();
    desk.say("forget", &[("id", Scalar::Text("web-2"))]).unwrap();
    let durable = desk.ledger.memory.durable();
    assert_eq!((durable.issues, durable.peers.len()), (3, 0));
    let mut hub = Hub::new(HubConfig::default(), durable.clone(), &Seed([7; 32]));
    assert_eq!(hub.members.draw_issue(), Ok(4));
    // At its end nothing is minted, rather than the same again.
    let durable = Durable { issues: crate::identity::LAST_ISSUE, ..durable };
    let mut hub = Hub::new(HubConfig::default(), durable, &Seed([7; 32]));
    assert_eq!(hub.members.draw_issue(), Err(Code::Unavailable.into()));
}

#[test]
fn a_refresh_token_that_was_replaced_revokes_the_peer_on_the_disk_too() {
    let mut desk = IssuingHub::new();
    let token = desk.issue();
    desk.admit(&joins(&token, 1)).unwrap();
    desk.admit(&refresh(1, 2)).unwrap();
    let session = desk.admit(&refresh(2, 3)).unwrap();
    events(&mut desk);
    assert_eq!(desk.admit(&refresh(1, 4)), Err(Code::Revoked));
    let told = events(&mut desk);
    assert_eq!(told[0], HubEvent::Reused { peer: id("web-1") });
    assert!(matches!(&told[1], HubEvent::Revoked { peer, .. } if *peer == id("web-1")), "{told:?}");
    assert_eq!(desk.closing(session), Some(Code::Revoked));
    desk.settle();
    let now = enrolled(&desk);
    assert_eq!((now.issue, now.family), (2, None));
    for claim in [refresh(3, 5), resume(1, NOON + 86_400, false), joins(&token, 6)] {
        assert_eq!(desk.admit(&claim), Err(Code::Revoked));
    }
}

/// What `web-1` shows by a Hello of this generation.
fn by_hello(generation: u64) -> Restored {
    Restored { generation, issue: 0, sign: Sign::Hello, by: Some(id("web-1")), at: NOON }
}

/// A hub whose storage is from before `web-1` got its refresh token 3.
fn restored() -> (IssuingHub, TokenRecord) {
    let mut desk = IssuingHub::new();
    let token = desk.issue();
    let link = desk.admit(&joins(&token, 1)).unwrap();
    desk.hub.gone(link, desk.now);
    events(&mut desk);
    (desk, token)
}

#[test]
fn an_older_storage_does_not_take_the_newest_refresh_token_for_a_copy() {
    let (mut desk, _) = restored();
    let claim = Claim { later: Later::Verified(9), ..refresh(3, 4) };
    assert_eq!(desk.admit(&claim), Err(Code::Unavailable));
    let peer = id("web-1");
    let restored = by_hello(9);
    assert_eq!(events(&mut desk), [HubEvent::RolledBack { restored, own: 7 }]);
    desk.settle();
    assert_eq!(desk.ledger.memory.durable().restored, Some(restored));
    assert_eq!(desk.hub.members.known(peer).unwrap().revoked, None);
    // Whoever says nothing of it is not judged either; who has a certificate goes on.
    assert_eq!(desk.admit(&refresh(3, 5)), Err(Code::Unavailable));
    assert_eq!(desk.admit(&refresh(1, 5)), Err(Code::Unavailable));
    assert!(desk.admit(&resume(1, NOON + 86_400, false)).is_ok());
}

#[test]
fn a_join_that_shows_an_older_storage_spends_no_token() {
    let (mut desk, _) = restored();
    let token = desk.issue();
    let claim = Claim { later: Later::Verified(8), ..invited(&token, "web-2", 2) };
    assert_eq!(desk.admit(&claim), Err(Code::Unavailable));
    assert!(desk.hub.members.token(token.jti).unwrap().used.is_empty());
    assert_eq!(desk.join(&token, "web-3", 3), Err(Code::Unavailable));
}

#[test]
fn a_certificate_within_its_dates_of_an_issue_that_was_never_drawn_shows_an_older_storage() {
    let (mut desk, _) = restored();
    // Not by one that has ended: what was minted before the counter was kept may be of any issue.
    for (not_after, expired) in [(NOON, false), (NOON + 86_400, true)] {
        assert_eq!(desk.admit(&resume(2, not_after, expired)), Err(Code::Refused));
        assert_eq!(desk.hub.members.restored(), None);
    }
    // Nor by one that was drawn, for whomever.
    let (mut desk, _) = restored();
    let token = desk.issue();
    desk.join(&token, "web-2", 2).unwrap();
    assert_eq!(desk.admit(&resume(2, NOON + 86_400, false)), Err(Code::Refused));
    assert_eq!(desk.hub.members.restored(), None);

    assert_eq!(desk.admit(&resume(3, NOON + 86_400, false)), Err(Code::Unavailable));
    let shown = Restored { generation: 7, issue: 3, sign: Sign::Certificate, ..by_hello(7) };
    assert_eq!(desk.hub.members.restored(), Some(shown));
    desk.settle();
    assert_eq!(desk.ledger.memory.durable().restored, Some(shown));
    // Also by who is not known here: it joined after the backup.
    let (mut desk, _) = restored();
    let Claim { evidence, method, .. } = resume(9, NOON + 86_400, false);
    let unknown = Claim { evidence, method, ..claim("web-9", 9, Purpose::Serve) };
    assert_eq!(desk.admit(&unknown), Err(Code::Unavailable));
    assert_eq!(desk.hub.members.restored().unwrap().by, Some(id("web-9")));
}

#[test]
fn a_start_that_is_not_later_shows_nothing_and_nothing_is_looked_at_for_who_proves_nothing() {
    for (seen, noted) in [(6, false), (7, false), (8, true), (u64::MAX, true)] {
        let (mut desk, token) = restored();
        let claim = Claim { later: Later::Verified(seen), ..joins(&token, 1) };
        assert_eq!(desk.admit(&claim).is_err(), noted, "{seen}");
        assert_eq!(desk.hub.members.restored(), noted.then_some(by_hello(seen)));
    }
    // Whoever is proved is asked for what it shows, before it is judged further.
    let (mut desk, token) = restored();
    let link = desk.hub.arrive(somewhere(), desk.now).unwrap();
    let by_secret = claim("db-1", 5, Purpose::Serve);
    for proved in [joins(&token, 1), refresh(3, 4), resume(1, NOON + 1, false), by_secret] {
        let claim = Claim { later: Later::Shown, ..proved };
        let question = LinkAsk::Reserve(Box::new(claim));
        assert_eq!(desk.hub.answer(link, &question, desk.now), Ok(LinkAnswer::LookAtLater));
    }
    assert_eq!(desk.hub.members.known(id("web-1")).unwrap().revoked, None);
    let (mut desk, token) = restored();
    let stranger = Claim { identity: Some((id("web-1"), PublicKey([9; 32]))), ..refresh(1, 2) };
    let stranger = Claim { later: Later::Shown, ..stranger };
    assert_eq!(desk.admit(&stranger), Err(Code::Refused));
    let unknown = TokenRecord { jti: Jti([9; 16]), ..token };
    let stranger = Claim { later: Later::Shown, ..invited(&unknown, "web-2", 2) };
    assert_eq!(desk.admit(&stranger), Err(Code::Refused));
    assert_eq!(desk.hub.members.restored(), None);
}

#[test]
fn what_was_being_granted_when_an_older_storage_showed_is_asked_for_again() {
    let (mut desk, _) = restored();
    let token = desk.issue();
    let claim = invited(&token, "web-2", 2);
    let (link, grant) = recorded(&mut desk, &claim);
    let shows = Claim { later: Later::Verified(9), ..resume(1, NOON + 86_400, false) };
    desk.admit(&shows).unwrap();
    assert_eq!(desk.commit(link, &claim, grant), Ok(LinkAnswer::Stale));
    assert_eq!(desk.reserve(link, &claim), Err(Code::Unavailable));
}
