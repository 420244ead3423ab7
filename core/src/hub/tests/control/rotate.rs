//! `rotate-secret`: who is still admitted, whose sessions end, and when, by either clock.

use super::*;
use crate::ask::{AskId, Rotated};

const FIRST: SecretNumber = SecretNumber::FIRST;
const SECOND: SecretNumber = SecretNumber(2);
const THIRD: SecretNumber = SecretNumber(3);

fn at(mono_s: u64, unix: u64) -> Now {
    Now { mono: Mono::default().after(Duration::from_secs(mono_s)), unix }
}

fn rotate(hub: &mut Hub, link: LinkId, id: u64, grace: Option<i128>) {
    let grace = grace.map(|seconds| ("grace_s", Scalar::Integer(seconds)));
    ask(hub, link, id, "rotate-secret", &grace.into_iter().collect::<Vec<_>>());
}

/// The question for another secret.
fn asked(hub: &mut Hub) -> (AskId, SecretNumber, Option<u64>) {
    let Some((ask, StoreAsk::Rotate { number, grace })) = hub.poll_ask() else { panic!("nothing") };
    assert_eq!(hub.poll_ask(), None);
    (ask, number, grace)
}

fn done(old_until: Option<u64>) -> Result<Stored, Cannot> {
    Ok(Stored::Rotated(Rotated { file: "/x/secret.key".to_owned(), old_until }))
}

/// Rotates at once, with a grace until then where one is given.
fn rotated(hub: &mut Hub, operator: LinkId, id: u64, until: Option<u64>, now: Now) -> String {
    let grace = until.map(|until| i128::from(until - now.unix));
    rotate(hub, operator, id, grace);
    let (ask, _, _) = asked(hub);
    hub.answer_ask(ask, done(until), now);
    answered(hub, operator).unwrap()
}

/// A claim that this secret proved.
fn proved(peer: &str, secret: SecretNumber) -> Claim {
    Claim { evidence: Some(Evidence::Secret(secret)), ..claim(peer, 7, Purpose::Operate) }
}

fn reserve_at(hub: &mut Hub, link: LinkId, claim: &Claim, now: Now) -> Result<Grant, Code> {
    match hub.answer(link, &LinkAsk::Reserve(Box::new(claim.clone())), now) {
        Ok(LinkAnswer::Reserved(grant)) => Ok(*grant),
        Err(no) => Err(no.code),
        other => panic!("{other:?}"),
    }
}

fn commit_at(
    hub: &mut Hub,
    link: LinkId,
    claim: &Claim,
    grant: Grant,
    now: Now,
) -> Result<LinkAnswer, AskRefusal> {
    let reservation = Reservation { claim: claim.clone(), grant, session: SessionId([1; 16]) };
    hub.answer(link, &LinkAsk::Commit(Box::new(reservation)), now)
}

/// A session that this secret admits, or why it does not; when it ends.
fn admit(
    hub: &mut Hub,
    peer: &str,
    secret: SecretNumber,
    now: Now,
) -> Result<(LinkId, Option<u64>), Code> {
    let link = hub.arrive(somewhere(), now).unwrap();
    let claim = proved(peer, secret);
    let grant = reserve_at(hub, link, &claim, now)?;
    let expires = grant.expires;
    assert_eq!(commit_at(hub, link, &claim, grant, now), Ok(LinkAnswer::Committed));
    Ok((link, expires))
}

fn closing(hub: &mut Hub, link: LinkId) -> Option<Code> {
    hub.take_outbox(link, &mut Outbox::default())
}

fn ended_secrets(hub: &mut Hub) -> Vec<SecretNumber> {
    let events = core::iter::from_fn(|| hub.poll_event());
    events
        .filter_map(|event| match event {
            HubEvent::SecretEnded { number } => Some(number),
            _ => None,
        })
        .collect()
}

#[test]
fn without_a_grace_the_old_secrets_sessions_end_at_once_and_nobody_elses() {
    let mut hub = hub();
    let now = at(1, 1000);
    let (old, _) = admit(&mut hub, "web-1", FIRST, now).unwrap();
    let guest = hub.arrive(somewhere(), now).unwrap();
    let (method, identity, evidence) = (Method::Open, None, None);
    let open = Claim { method, identity, evidence, ..claim("x", 0, Purpose::Operate) };
    let grant = reserve_at(&mut hub, guest, &open, now).unwrap();
    assert_eq!(commit_at(&mut hub, guest, &open, grant, now), Ok(LinkAnswer::Committed));
    let operator = operator(&mut hub);

    rotate(&mut hub, operator, 1, None);
    let (ask, number, grace) = asked(&mut hub);
    assert_eq!((number, grace), (SECOND, None));
    // Nothing has changed as long as it is not on the disk.
    assert_eq!(closing(&mut hub, old), None);
    admit(&mut hub, "web-2", FIRST, now).unwrap();
    hub.answer_ask(ask, done(None), now);
    assert_eq!(answered(&mut hub, operator), Ok("{file=/x/secret.key ended=2}".to_owned()));

    assert_eq!(closing(&mut hub, old), Some(Code::SessionExpired));
    assert_eq!((closing(&mut hub, guest), closing(&mut hub, operator)), (None, None));
    assert_eq!(admit(&mut hub, "web-3", FIRST, now), Err(Code::Expired));
    assert_eq!(admit(&mut hub, "web-3", SECOND, now).unwrap().1, None);
    assert_eq!((hub.poll_timeout(), ended_secrets(&mut hub)), (None, vec![]));
}

#[test]
fn during_a_grace_both_admit_and_what_the_old_one_admits_ends_with_it() {
    let mut hub = hub();
    let (before, expires) = admit(&mut hub, "web-1", FIRST, at(1, 1000)).unwrap();
    assert_eq!(expires, None);
    let operator = operator(&mut hub);
    let told = rotated(&mut hub, operator, 1, Some(1060), at(1, 1000));
    assert_eq!(told, "{file=/x/secret.key ended=0 old_until=1060}");
    assert_eq!(closing(&mut hub, before), None);
    let (within, expires) = admit(&mut hub, "web-2", FIRST, at(30, 1029)).unwrap();
    assert_eq!(expires, Some(1060));
    let (new, expires) = admit(&mut hub, "web-3", SECOND, at(30, 1029)).unwrap();
    assert_eq!(expires, None);
    assert_eq!(hub.poll_timeout(), Some(at(61, 0).mono));

    hub.handle_timeout(at(60, 1059));
    assert_eq!((closing(&mut hub, before), closing(&mut hub, within)), (None, None));
    hub.handle_timeout(at(61, 1060));
    for link in [before, within] {
        assert_eq!(closing(&mut hub, link), Some(Code::SessionExpired));
    }
    assert_eq!((closing(&mut hub, new), closing(&mut hub, operator)), (None, None));
    assert_eq!(ended_secrets(&mut hub), [FIRST]);
    assert_eq!(admit(&mut hub, "web-4", FIRST, at(61, 1060)), Err(Code::Expired));
    // It ends once.
    hub.handle_timeout(at(62, 1061));
    assert_eq!((hub.poll_timeout(), ended_secrets(&mut hub)), (None, vec![]));
}

#[test]
fn a_date_that_steps_back_does_not_lengthen_a_grace_and_one_that_steps_forward_ends_it() {
    // The seconds that both clocks showed; whether the old secret still admits then.
    let steps: [&[(u64, u64, bool)]; 4] = [
        &[(30, 500, true), (60, 500, true), (61, 500, false)],
        &[(2, 1059, true), (2, 1060, false)],
        &[(2, 9_999_999, false), (3, 1000, false)],
        // Forward by half, and back: the half that was seen to be left is what is left.
        &[(10, 1030, true), (39, 1000, true), (40, 1000, false)],
    ];
    for (n, steps) in steps.into_iter().enumerate() {
        let mut hub = hub();
        let operator = operator(&mut hub);
        let (link, _) = admit(&mut hub, "web-1", FIRST, at(1, 1000)).unwrap();
        rotated(&mut hub, operator, 1, Some(1060), at(1, 1000));
        for &(mono, unix, holds) in steps {
            let tried = admit(&mut hub, "web-2", FIRST, at(mono, unix));
            assert_eq!(tried.is_ok(), holds, "{n}: {mono} {unix}");
        }
        // The admission that found out told the sessions too.
        assert_eq!(closing(&mut hub, link), Some(Code::SessionExpired), "{n}");
    }
}

#[test]
fn an_admission_under_way_is_asked_for_again_by_whichever_secret_it_was_proved() {
    for (until, again) in [(None, Err(Code::Expired)), (Some(1060), Ok(Some(1060)))] {
        let mut hub = hub();
        let operator = operator(&mut hub);
        let now = at(1, 1000);
        let link = hub.arrive(somewhere(), now).unwrap();
        let claim = proved("web-1", FIRST);
        let grant = reserve_at(&mut hub, link, &claim, now).unwrap();
        assert_eq!(grant.expires, None);
        rotated(&mut hub, operator, 1, until, now);
        assert_eq!(commit_at(&mut hub, link, &claim, grant, now), Ok(LinkAnswer::Stale));
        let granted = reserve_at(&mut hub, link, &claim, now).map(|grant| grant.expires);
        assert_eq!(granted, again);
    }
}

#[test]
fn a_grace_that_ends_between_room_and_session_lets_nobody_in() {
    let mut hub = hub();
    let operator = operator(&mut hub);
    rotated(&mut hub, operator, 1, Some(1060), at(1, 1000));
    let link = hub.arrive(somewhere(), at(2, 1001)).unwrap();
    let claim = proved("web-1", FIRST);
    let grant = reserve_at(&mut hub, link, &claim, at(2, 1001)).unwrap();
    // No timer was kept in between.
    assert_eq!(commit_at(&mut hub, link, &claim, grant, at(61, 1060)), Ok(LinkAnswer::Stale));
    assert_eq!(reserve_at(&mut hub, link, &claim, at(61, 1060)), Err(Code::Expired));
}

#[test]
fn a_second_rotation_in_a_grace_leaves_the_two_newest() {
    let mut hub = hub();
    let operator = operator(&mut hub);
    let now = at(1, 1000);
    let (first, _) = admit(&mut hub, "web-1", FIRST, now).unwrap();
    rotated(&mut hub, operator, 1, Some(1060), now);
    let (second, _) = admit(&mut hub, "web-2", SECOND, now).unwrap();
    let told = rotated(&mut hub, operator, 3, Some(1030), now);
    assert_eq!(told, "{file=/x/secret.key ended=1 old_until=1030}");
    assert_eq!(closing(&mut hub, first), Some(Code::SessionExpired));
    assert_eq!(closing(&mut hub, second), None);
    assert_eq!(admit(&mut hub, "web-3", FIRST, now), Err(Code::Expired));
    assert_eq!(admit(&mut hub, "web-3", SECOND, now).unwrap().1, Some(1030));
    let (third, expires) = admit(&mut hub, "web-4", THIRD, now).unwrap();
    assert_eq!(expires, None);
    // And without a grace only the newest.
    rotated(&mut hub, operator, 5, None, now);
    for link in [second, third] {
        assert_eq!(closing(&mut hub, link), Some(Code::SessionExpired));
    }
    assert_eq!(hub.poll_timeout(), None);
}

#[test]
fn a_hub_that_starts_during_a_grace_goes_on_with_it() {
    let now = at(1, 1000);
    let mut hub = hub();
    hub.set_secrets(SECOND, Some((FIRST, 1060)), now);
    assert_eq!(admit(&mut hub, "web-1", FIRST, now).unwrap().1, Some(1060));
    assert_eq!(admit(&mut hub, "web-2", SECOND, now).unwrap().1, None);
    let operator = operator(&mut hub);
    rotate(&mut hub, operator, 1, None);
    assert_eq!(asked(&mut hub).1, THIRD);
    // One that is over when it starts is over.
    hub.set_secrets(SECOND, Some((FIRST, 1000)), now);
    assert_eq!(ended_secrets(&mut hub), [FIRST]);
    assert_eq!(admit(&mut hub, "web-3", FIRST, now), Err(Code::Expired));
}

#[test]
fn what_cannot_be_written_changes_nothing_and_the_caller_hears_why() {
    let mut hub = hub();
    let now = at(1, 1000);
    let (web, _) = admit(&mut hub, "web-1", FIRST, now).unwrap();
    let operator = operator(&mut hub);
    rotate(&mut hub, operator, 1, None);
    let (ask, _, _) = asked(&mut hub);
    let reason = "the disk is full".to_owned();
    hub.answer_ask(ask, Err(Cannot::because(Code::Unavailable, reason)), now);
    let mut outbox = Outbox::default();
    hub.take_outbox(operator, &mut outbox);
    let Some(Frame::Result(result)) = outbox.front() else { panic!("no result") };
    assert_eq!(result.status, Status::Failed(Code::Unavailable));
    assert_eq!(result.text, "the disk is full");
    assert_eq!(closing(&mut hub, web), None);
    admit(&mut hub, "web-2", FIRST, now).unwrap();
    // The number was not used up.
    rotate(&mut hub, operator, 3, None);
    assert_eq!(asked(&mut hub).1, SECOND);
}

#[test]
fn one_rotation_waits_for_the_other() {
    let mut hub = hub();
    let operator = operator(&mut hub);
    rotate(&mut hub, operator, 1, None);
    let (ask, _, _) = asked(&mut hub);
    rotate(&mut hub, operator, 3, None);
    assert_eq!(answered(&mut hub, operator), Err("busy".to_owned()));
    hub.answer_ask(ask, done(None), Now::default());
    assert!(answered(&mut hub, operator).is_ok());
    rotate(&mut hub, operator, 5, None);
    assert_eq!(asked(&mut hub).1, THIRD);
}

#[test]
fn a_grace_is_a_second_to_seven_days_and_a_whole_number() {
    let mut hub = hub();
    let operator = operator(&mut hub);
    for (n, (grace, taken)) in
        [(0, false), (1, true), (604_800, true), (604_801, false), (-1, false)]
            .into_iter()
            .enumerate()
    {
        rotate(&mut hub, operator, 2 * n as u64 + 1, Some(grace));
        if taken {
            let (ask, _, asked) = asked(&mut hub);
            assert_eq!(asked, u64::try_from(grace).ok());
            hub.answer_ask(ask, Err(Code::Unavailable.into()), Now::default());
            assert_eq!(answered(&mut hub, operator), Err("unavailable".to_owned()));
        } else {
            assert_eq!(answered(&mut hub, operator), Err("bad-argument".to_owned()), "{grace}");
        }
    }
    let text = [("grace_s", Scalar::Text("60"))];
    let wrong = say(&mut hub, operator, 11, "rotate-secret", &text);
    assert_eq!(wrong, Err("bad-argument".to_owned()));
    assert_eq!(hub.poll_ask(), None);
}

#[test]
fn it_is_for_who_administers_keys() {
    let mut hub = hub();
    let member = join(&mut hub, "ops", Purpose::Operate);
    rotate(&mut hub, member, 1, None);
    assert_eq!(answered(&mut hub, member), Err("denied key.admin".to_owned()));
    assert_eq!(hub.poll_ask(), None);
}

#[test]
fn a_claim_by_the_secret_that_names_none_is_refused() {
    let mut hub = hub();
    let link = hub.arrive(somewhere(), Now::default()).unwrap();
    let claim =
        Claim { evidence: None, later: Later::Nothing, ..claim("web-1", 1, Purpose::Operate) };
    assert_eq!(reserve(&mut hub, link, &claim).unwrap_err().code, Code::Refused);
}

#[test]
fn a_session_whose_secret_has_ended_is_offline_at_once_and_is_counted_once() {
    let mut hub = hub();
    let web = serve(&mut hub, "web-1");
    let operator = operator(&mut hub);
    let now = at(1, 1000);
    assert!(rotated(&mut hub, operator, 1, None, now).contains("ended=1"));
    assert_eq!(hub.cut_off(web), Some(Code::SessionExpired));
    input(&mut hub, operator, &uptime(3, "web-1"));
    assert_eq!(sent(&mut hub, operator), ["result 3 offline"]);
    let entry = say(&mut hub, operator, 5, "peer", &[("id", Scalar::Text("web-1"))]).unwrap();
    assert!(entry.contains("state=offline") && entry.contains("since=1000"), "{entry}");
    // Its link is still there when the next rotation comes.
    assert!(rotated(&mut hub, operator, 7, None, now).contains("ended=0"));
}

#[test]
fn a_link_that_is_to_close_is_woken_again_where_its_session_is_cut_off() {
    let mut hub = hub();
    let web = serve(&mut hub, "web-1");
    let operator = operator(&mut hub);
    // It was told of a frame, and has not come for it.
    input(&mut hub, operator, &uptime(1, "web-1"));
    let wakes = |hub: &mut Hub| core::iter::from_fn(|| hub.poll_wake()).collect::<Vec<_>>();
    assert!(wakes(&mut hub).contains(&web));
    hub.sessions().close(web, Code::Superseded);
    assert!(!wakes(&mut hub).contains(&web));
    rotate(&mut hub, operator, 3, None);
    let (ask, _, _) = asked(&mut hub);
    hub.answer_ask(ask, done(None), at(1, 1000));
    assert!(wakes(&mut hub).contains(&web));
    // The end that leaves no choice stands above the one before.
    assert_eq!(hub.cut_off(web), Some(Code::SessionExpired));
}
