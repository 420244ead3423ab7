//! A hub that stops, in virtual time.

use super::*;
use crate::arrival::Arrival;
use crate::wire::frame::{Delivery, Goaway};

const BOUND: Duration = Duration::from_secs(3);

fn at(millis: u64) -> Now {
    Now { mono: Mono::default().after(Duration::from_millis(millis)), unix: 1000 + millis / 1000 }
}

fn all(id: u64) -> Frame<'static> {
    call(id, Target::All, "uptime", 1000)
}

fn detached(id: u64, target: Target<'static>) -> Frame<'static> {
    match call(id, target, "uptime", 0) {
        Frame::Call(call) => Frame::Call(Call { delivery: Delivery::Detached, ..call }),
        frame => frame,
    }
}

/// What a link is sent, and the code with which it is closed then.
fn last(hub: &mut Hub, link: LinkId) -> (Vec<String>, Option<Code>) {
    let all = sent(hub, link);
    (all, hub.take_outbox(link, &mut Outbox::default()))
}

fn closed(words: &[&str]) -> (Vec<String>, Option<Code>) {
    (words.iter().map(|&word| word.to_owned()).collect(), Some(Code::GoingAway))
}

fn open(words: &[&str]) -> (Vec<String>, Option<Code>) {
    (closed(words).0, None)
}

fn work(hub: &mut Hub, now: Now) {
    while hub.work(now) {}
}

fn events(hub: &mut Hub) -> Vec<HubEvent> {
    std::iter::from_fn(|| hub.poll_event()).collect()
}

fn is_over(hub: &mut Hub) -> bool {
    events(hub).contains(&HubEvent::Drained)
}

/// The reconnect-after of the Goaway that a link is sent first.
fn asked_to_wait(hub: &mut Hub, link: LinkId) -> Option<u64> {
    let mut outbox = Outbox::default();
    hub.take_outbox(link, &mut outbox);
    match outbox.front() {
        Some(Frame::Goaway(Goaway { code: Code::GoingAway, reconnect_after, .. })) => {
            reconnect_after
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_hub_with_no_call_open_closes_every_link_at_once_and_is_back_soon() {
    let mut hub = hub();
    let (web, op) = (serve(&mut hub, "web-1"), join(&mut hub, "op", Purpose::Operate));
    hub.drain(BOUND, at(0));
    assert_eq!(asked_to_wait(&mut hub, web), Some(1));
    assert_eq!(last(&mut hub, op), closed(&["goaway"]));
    assert!(!is_over(&mut hub));
    hub.gone(web, at(1));
    hub.gone(op, at(1));
    assert!(is_over(&mut hub));
    let mut empty = hub_with(Limits::default(), Role::Member);
    empty.drain(BOUND, at(0));
    assert!(is_over(&mut empty));
}

#[test]
fn a_call_that_ends_in_time_has_its_own_result_and_then_its_links_close() {
    let mut hub = hub();
    let (web, op) = (serve(&mut hub, "web-1"), join(&mut hub, "op", Purpose::Operate));
    let idle = serve(&mut hub, "web-2");
    input(&mut hub, op, &uptime(1, "web-1"));
    assert_eq!(sent(&mut hub, web), ["call 2"]);
    hub.drain(BOUND, at(0));
    assert_eq!(asked_to_wait(&mut hub, idle), Some(3), "the hub may be there for so long");
    for link in [web, op] {
        assert_eq!(last(&mut hub, link), open(&["goaway"]));
    }
    hub.input(web, &output(2), at(2999));
    hub.input(op, &window(1, 50), at(2999));
    assert_eq!(last(&mut hub, web), open(&["window 2 50"]));
    hub.input(web, &result(2), at(2999));
    assert_eq!(last(&mut hub, web), closed(&[]));
    assert_eq!(last(&mut hub, op), closed(&["output 1 web-1", "result 1 done"]));
}

#[test]
fn a_call_that_does_not_end_in_time_ends_as_going_away_at_both_ends() {
    let mut hub = hub();
    let (web, op) = (serve(&mut hub, "web-1"), join(&mut hub, "op", Purpose::Operate));
    let Frame::Call(long) = uptime(1, "web-1") else { panic!("no call") };
    hub.input(op, &Frame::Call(Call { deadline_ms: 60_000, ..long }), at(0));
    sent(&mut hub, web);
    hub.drain(BOUND, at(0));
    for link in [web, op] {
        assert_eq!(last(&mut hub, link), open(&["goaway"]));
    }
    assert_eq!(hub.poll_timeout(), Some(at(3000).mono));
    hub.handle_timeout(at(2999));
    assert!(!hub.has_work());
    hub.handle_timeout(at(3000));
    work(&mut hub, at(3000));
    let mut outbox = Outbox::default();
    hub.take_outbox(op, &mut outbox);
    let Some(Frame::Result(said)) = outbox.front() else { panic!("{outbox:?}") };
    assert_eq!((said.status, said.peer), (Status::Failed(Code::GoingAway), "web-1".parse().ok()));
    assert_eq!(
        said.text,
        "The hub is stopping, and the call did not end in the time that was left."
    );
    outbox.pop();
    assert_eq!(hub.take_outbox(op, &mut outbox), Some(Code::GoingAway));
    hub.take_outbox(web, &mut outbox);
    let Some(Frame::Cancel(cancel)) = outbox.front() else { panic!("{outbox:?}") };
    assert_eq!((cancel.id, cancel.reason), (CallId(2), "the hub is stopping"));
    outbox.pop();
    assert_eq!(hub.take_outbox(web, &mut outbox), Some(Code::GoingAway));
    // The runner's own end comes too late for anybody.
    hub.input(web, &result(2), at(3001));
    assert_eq!(last(&mut hub, op).0, [""; 0]);
    assert_eq!(hub.calls.credit_of(op), 0);
}

#[test]
fn no_call_is_taken_by_a_hub_that_stops() {
    let mut hub = hub();
    let (web, op) = (serve(&mut hub, "web-1"), join(&mut hub, "op", Purpose::Operate));
    input(&mut hub, op, &uptime(1, "web-1"));
    sent(&mut hub, web);
    hub.drain(BOUND, at(0));
    sent(&mut hub, op);
    let web_1 = Target::Peer("web-1".parse().unwrap());
    for (frame, said) in [
        (uptime(3, "web-1"), "result 3 draining"),
        (uptime(5, "nobody"), "result 5 draining"),
        (call(7, Target::Hub, "peers", 0), "result 7 draining"),
        (all(9), "deny 9 draining "),
        (detached(11, Target::All), "result 11 draining"),
        (detached(13, web_1), "result 13 draining"),
    ] {
        hub.input(op, &frame, at(1));
        assert_eq!(last(&mut hub, op), open(&[said]));
    }
    assert_eq!(sent(&mut hub, web), ["goaway"]);
}

#[test]
fn nobody_is_admitted_by_a_hub_that_stops_and_each_is_told_when_to_come() {
    let mut hub = hub();
    let (web, op) = (serve(&mut hub, "web-1"), join(&mut hub, "op", Purpose::Operate));
    input(&mut hub, op, &uptime(1, "web-1"));
    let claimed = claim("web-2", 2, Purpose::Serve);
    let [arriving, reserving, committing] =
        [(); 3].map(|()| hub.arrive(somewhere(), at(0)).unwrap());
    let grant = reserve(&mut hub, committing, &claimed).unwrap();
    hub.drain(BOUND, at(0));
    let no = |seconds| Err(AskRefusal::later(Code::GoingAway, Some(seconds)));
    let arrive = LinkAsk::Arrive(Arrival::default());
    assert_eq!(hub.answer(arriving, &arrive, at(500)), no(3));
    let reserve = LinkAsk::Reserve(Box::new(claimed.clone()));
    assert_eq!(hub.answer(reserving, &reserve, at(2000)), no(1));
    assert_eq!(commit(&mut hub, committing, &claimed, grant), no(3));
    let local = hub.arrive(Source::Local, at(2500)).unwrap();
    assert_eq!(hub.answer(local, &arrive, at(2500)), no(1));
    for link in [arriving, reserving, committing, local, web, op] {
        assert!(!is_over(&mut hub));
        hub.gone(link, at(2600));
    }
    assert!(is_over(&mut hub));
}

#[test]
fn a_caller_that_leaves_while_the_hub_stops_takes_its_call_with_it() {
    let mut hub = hub();
    let (web, op) = (serve(&mut hub, "web-1"), join(&mut hub, "op", Purpose::Operate));
    input(&mut hub, op, &uptime(1, "web-1"));
    sent(&mut hub, web);
    hub.drain(BOUND, at(0));
    hub.gone(op, at(1));
    assert_eq!(last(&mut hub, web), closed(&["goaway", "cancel 2"]));
}

#[test]
fn a_call_for_several_ends_with_one_result_for_each_whatever_its_peers_do() {
    let limits = Limits { slice: 2, admissions_per_second: 1000, ..Limits::default() };
    let mut hub = hub_with(limits, Role::Member);
    let webs: Vec<_> = (1..=5).map(|n| serve(&mut hub, &format!("web-{n}"))).collect();
    let op = join(&mut hub, "op", Purpose::Operate);
    // One slice: two peers are called, the turn of the others has not come.
    hub.input(op, &all(1), at(0));
    assert_eq!(sent(&mut hub, op), ["accepted 1 web-1 web-2"]);
    hub.drain(BOUND, at(0));
    work(&mut hub, at(0));
    assert_eq!(
        last(&mut hub, op),
        open(&[
            "goaway",
            "accepted 1",
            "result 1 draining",
            "result 1 draining",
            "accepted 1",
            "result 1 draining",
        ])
    );
    assert_eq!(last(&mut hub, webs[4]), closed(&["goaway"]));
    hub.input(webs[0], &result(2), at(1));
    assert_eq!(last(&mut hub, webs[0]), closed(&["call 2", "goaway"]));
    hub.handle_timeout(at(3000));
    work(&mut hub, at(3000));
    let ends = ["result 1 done", "result 1 going-away", "done 1 1 0 4"];
    assert_eq!(last(&mut hub, op), closed(&ends));
    assert_eq!(last(&mut hub, webs[1]), closed(&["call 2", "goaway", "cancel 2"]));
}

#[test]
fn a_detached_call_holds_the_hub_until_it_ends_or_its_time_is_over() {
    let mut hub = hub();
    let (one, two) = (serve(&mut hub, "web-1"), serve(&mut hub, "web-2"));
    let op = join(&mut hub, "op", Purpose::Operate);
    hub.input(op, &detached(1, Target::All), at(0));
    assert_eq!(sent(&mut hub, op), ["result 1 done"]);
    assert_eq!(hub.open_calls(), 1);
    hub.drain(BOUND, at(0));
    assert_eq!(last(&mut hub, op), closed(&["goaway"]), "it is the hub's, and not its caller's");
    hub.input(one, &result(2), at(1));
    assert_eq!(last(&mut hub, one), closed(&["call 2", "input 2", "goaway"]));
    assert_eq!(last(&mut hub, two), open(&["call 2", "input 2", "goaway"]));
    hub.handle_timeout(at(3000));
    work(&mut hub, at(3000));
    assert_eq!(last(&mut hub, two), closed(&["cancel 2"]));
    assert_eq!(hub.open_calls(), 0);
}

#[test]
fn a_detached_call_is_named_before_its_callers_link_closes() {
    let limits = Limits { slice: 1, admissions_per_second: 1000, ..Limits::default() };
    let mut hub = hub_with(limits, Role::Member);
    // Eight peers are looked at in a slice, so the ninth leaves it choosing.
    for n in 1..=9 {
        serve(&mut hub, &format!("web-{n}"));
    }
    let op = join(&mut hub, "op", Purpose::Operate);
    hub.input(op, &detached(1, Target::All), at(0));
    hub.drain(BOUND, at(0));
    assert_eq!(last(&mut hub, op), open(&["goaway"]));
    work(&mut hub, at(1));
    assert_eq!(last(&mut hub, op), closed(&["result 1 done"]));
}

#[test]
fn a_question_to_the_ledger_is_waited_for_as_long_as_a_call() {
    let mut hub = hub();
    let local = hub.arrive(Source::Local, at(0)).unwrap();
    let claimed = Claim {
        method: Method::Open,
        identity: None,
        evidence: None,
        ..claim("op", 1, Purpose::Operate)
    };
    let grant = reserve(&mut hub, local, &claimed).unwrap();
    assert_eq!(commit(&mut hub, local, &claimed, grant), Ok(LinkAnswer::Committed));
    hub.input(local, &call(1, Target::Hub, "rotate-secret", 0), at(0));
    let (ask, _) = hub.poll_ask().expect("a question");
    hub.drain(BOUND, at(0));
    assert_eq!(last(&mut hub, local), open(&["goaway"]));
    hub.answer_ask(ask, Err(Code::Unavailable.into()), at(1));
    assert_eq!(last(&mut hub, local), closed(&["result 1 unavailable"]));
}

#[test]
fn no_time_at_all_ends_what_is_open_at_once() {
    let mut hub = hub();
    let (web, op) = (serve(&mut hub, "web-1"), join(&mut hub, "op", Purpose::Operate));
    input(&mut hub, op, &uptime(1, "web-1"));
    hub.drain(Duration::ZERO, at(0));
    hub.handle_timeout(at(0));
    work(&mut hub, at(0));
    assert_eq!(last(&mut hub, op), closed(&["goaway", "result 1 going-away"]));
    assert_eq!(last(&mut hub, web), closed(&["call 2", "goaway", "cancel 2"]));
}

#[test]
fn a_second_word_and_a_spurious_timeout_change_nothing() {
    let mut hub = hub();
    let (web, op) = (serve(&mut hub, "web-1"), join(&mut hub, "op", Purpose::Operate));
    input(&mut hub, op, &uptime(1, "web-1"));
    sent(&mut hub, web);
    hub.drain(BOUND, at(0));
    hub.drain(Duration::ZERO, at(100));
    for millis in [0, 100, 2999] {
        hub.handle_timeout(at(millis));
        work(&mut hub, at(millis));
    }
    assert_eq!(last(&mut hub, op), open(&["goaway"]));
    assert_eq!(last(&mut hub, web), open(&["goaway"]));
    hub.handle_timeout(at(9000));
    hub.handle_timeout(at(9000));
    work(&mut hub, at(9000));
    assert_eq!(last(&mut hub, op), closed(&["result 1 going-away"]));
    assert!(hub.poll_timeout().is_none_or(|due| due > at(9000).mono));
}

#[test]
fn a_peer_that_leaves_is_called_no_more_and_what_it_runs_goes_on() {
    let mut hub = hub();
    let (web, op) = (serve(&mut hub, "web-1"), join(&mut hub, "op", Purpose::Operate));
    input(&mut hub, op, &uptime(1, "web-1"));
    let goaway = Goaway { code: Code::GoingAway, text: "", reconnect_after: None };
    input(&mut hub, web, &Frame::Goaway(goaway));
    input(&mut hub, op, &uptime(3, "web-1"));
    input(&mut hub, op, &all(5));
    assert_eq!(
        sent(&mut hub, op),
        ["result 3 offline", "accepted 5", "result 5 offline", "done 5 0 0 1"]
    );
    input(&mut hub, web, &uptime(1, "web-1"));
    assert_eq!(last(&mut hub, web), open(&["call 2", "result 1 draining"]));
    input(&mut hub, web, &result(2));
    assert_eq!(sent(&mut hub, op), ["result 1 done"]);
    // It comes back before its older link has ended.
    let newer = serve(&mut hub, "web-1");
    hub.gone(web, at(1));
    input(&mut hub, op, &uptime(7, "web-1"));
    assert_eq!(sent(&mut hub, newer), ["call 2"]);
}

#[test]
fn many_links_end_in_slices() {
    let limits = Limits {
        slice: 256,
        admissions_per_second: 1_000_000,
        open_calls: 20_000,
        ..Limits::default()
    };
    let mut hub = hub_with(limits, Role::Member);
    let op = join(&mut hub, "op", Purpose::Operate);
    let mut webs = Vec::new();
    for n in 0..3000 {
        let name = format!("web-{n}");
        webs.push(serve(&mut hub, &name));
        input(&mut hub, op, &call(2 * n + 1, Target::Peer(name.parse().unwrap()), "uptime", 1));
        sent(&mut hub, webs[n as usize]);
    }
    for n in 0..300 {
        let caller = join(&mut hub, &format!("op-{n}"), Purpose::Operate);
        input(&mut hub, caller, &uptime(1, "web-0"));
    }
    hub.drain(BOUND, at(0));
    hub.handle_timeout(at(3000));
    let mut slices = 1;
    while hub.work(at(3000)) {
        slices += 1;
    }
    // 3,301 links.
    assert_eq!(slices, 13);
    assert_eq!(hub.open_calls(), 0);
    for link in webs {
        assert_eq!(last(&mut hub, link).1, Some(Code::GoingAway));
    }
}
