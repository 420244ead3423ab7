//! A hub without links: frames in, outboxes out.

mod calls;
mod control;
mod detached;
mod drain;
mod enrol;
mod fanout;
mod feeding;
mod guests;
mod issuing_hub;
mod labels;
mod listing;
mod operator;
mod outbox;
mod preauth;
mod property;
mod reload;
mod restart;
mod superseded;

use std::collections::BTreeMap;

use super::*;
use crate::ask::{
    Answer, AskRefusal, Cannot, Claim, Evidence, Grant, Later, LinkAnswer, LinkAsk, Question,
    Reservation, StoreAsk, Stored,
};
use crate::capability::Role;
use crate::facts::{Binding, Change, FactRecord};
use crate::id::{CallId, PeerId, PublicKey, SecretNumber, SessionId};
use crate::limits::Limits;
use crate::random::Seed;
use crate::wire::frame::{
    Call, CallResult, Cancel, Command, Input, Method, Output, OutputStream as Stream, Purpose,
    Register, Status, Target, Window,
};

fn hub_with(limits: Limits, role: Role) -> Hub {
    Hub::new(
        HubConfig { limits, secret_role: role, generation: 7, ..HubConfig::default() },
        Durable::default(),
        &Seed([7; 32]),
    )
}

fn hub() -> Hub {
    // Time stands still in most of these tests, and everybody comes in the same second.
    let limits = Limits { admissions_per_second: 1_000_000, ..Limits::default() };
    hub_with(limits, Role::Member)
}

fn claim(peer: &str, key: u8, purpose: Purpose) -> Claim {
    let identity = Some((peer.parse().unwrap(), PublicKey([key; 32])));
    let (agent, labels) = (String::new(), BTreeMap::new());
    Claim {
        method: Method::Secret,
        purpose,
        identity,
        evidence: Some(Evidence::Secret(SecretNumber::FIRST)),
        later: Later::Nothing,
        agent,
        labels,
    }
}

fn source(text: &str) -> Source {
    Source::Network(text.parse().unwrap())
}

fn somewhere() -> Source {
    source("127.0.0.1:0")
}

fn reserve(hub: &mut Hub, link: LinkId, claim: &Claim) -> Result<Grant, AskRefusal> {
    match hub.answer(link, &LinkAsk::Reserve(Box::new(claim.clone())), Now::default()) {
        Ok(LinkAnswer::Reserved(grant)) => Ok(*grant),
        Err(no) => Err(no),
        other => panic!("{other:?}"),
    }
}

fn commit(
    hub: &mut Hub,
    link: LinkId,
    claim: &Claim,
    grant: Grant,
) -> Result<LinkAnswer, AskRefusal> {
    let reservation = Reservation { claim: claim.clone(), grant, session: SessionId([1; 16]) };
    hub.answer(link, &LinkAsk::Commit(Box::new(reservation)), Now::default())
}

fn join(hub: &mut Hub, peer: &str, purpose: Purpose) -> LinkId {
    let link = hub.arrive(somewhere(), Now::default()).unwrap();
    let key = peer.bytes().fold(0, u8::wrapping_add);
    let claim = claim(peer, key, purpose);
    let grant = reserve(hub, link, &claim).unwrap();
    assert_eq!(commit(hub, link, &claim, grant), Ok(LinkAnswer::Committed));
    link
}

fn serve(hub: &mut Hub, peer: &str) -> LinkId {
    let link = join(hub, peer, Purpose::Serve);
    let name = "uptime".parse().unwrap();
    let command = Command { name, description: String::new(), arguments: Vec::new() };
    input(hub, link, &Frame::Register(Register { commands: vec![command] }));
    assert_eq!(sent(hub, link), ["registered"]);
    link
}

fn input(hub: &mut Hub, link: LinkId, frame: &Frame<'_>) {
    hub.input(link, frame, Now::default());
}

fn call(id: u64, target: Target<'static>, name: &str, window: u64) -> Frame<'static> {
    let name = name.parse().unwrap();
    let (arguments, delivery) = Default::default();
    let id = CallId(id);
    Frame::Call(Call { id, target, name, arguments, deadline_ms: 1000, window, delivery })
}

fn uptime(id: u64, peer: &str) -> Frame<'static> {
    call(id, Target::Peer(peer.parse().unwrap()), "uptime", 100)
}

fn output(id: u64) -> Frame<'static> {
    let (peer, source) = ("liar".parse().unwrap(), Stream::Out);
    Frame::Output(Output { id: CallId(id), peer, source, offset: 0, bytes: b"x" })
}

fn result(id: u64) -> Frame<'static> {
    let status = Status::Exited(0);
    Frame::Result(CallResult { id: CallId(id), peer: None, status, value: None, text: "" })
}

fn window(id: u64, bytes: u64) -> Frame<'static> {
    Frame::Window(Window { id: CallId(id), bytes })
}

fn cancel(id: u64) -> Frame<'static> {
    Frame::Cancel(Cancel { id: CallId(id), reason: "" })
}

/// What a link is sent: kind, call, and the code or the name that matters in it.
fn sent(hub: &mut Hub, link: LinkId) -> Vec<String> {
    let mut outbox = Outbox::default();
    hub.take_outbox(link, &mut outbox);
    let mut all = Vec::new();
    while let Some(frame) = outbox.front() {
        all.push(match &frame {
            Frame::Call(call) => format!("call {}", call.id),
            Frame::Output(output) => format!("output {} {}", output.id, output.peer),
            Frame::Input(input) => format!("input {}", input.id),
            Frame::Window(window) => format!("window {} {}", window.id, window.bytes),
            Frame::Cancel(cancel) => format!("cancel {}", cancel.id),
            Frame::Result(result) => match result.status {
                Status::Failed(code) => format!("result {} {code}", result.id),
                _ => format!("result {} done", result.id),
            },
            Frame::Deny(deny) => {
                let required = deny.required.map(|c| c.to_string()).unwrap_or_default();
                format!("deny {} {} {required}", deny.id.unwrap(), deny.code)
            }
            Frame::Accepted(accepted) => {
                let to: String = accepted.sent.iter().map(|peer| format!(" {peer}")).collect();
                format!("accepted {}{to}", accepted.id)
            }
            Frame::Done(done) => {
                format!("done {} {} {} {}", done.id, done.answered, done.failed, done.missing)
            }
            other => other.kind().to_owned(),
        });
        outbox.pop();
    }
    all
}

#[test]
fn an_id_belongs_to_the_first_key_even_where_two_were_reserved() {
    let mut hub = hub();
    let (one, two) = (claim("web-1", 1, Purpose::Serve), claim("web-1", 2, Purpose::Serve));
    let links = [
        hub.arrive(somewhere(), Now::default()).unwrap(),
        hub.arrive(somewhere(), Now::default()).unwrap(),
    ];
    let first = reserve(&mut hub, links[0], &one).unwrap();
    let second = reserve(&mut hub, links[1], &two).unwrap();
    assert_eq!(commit(&mut hub, links[0], &one, first), Ok(LinkAnswer::Committed));
    assert_eq!(commit(&mut hub, links[1], &two, second), Err(Code::IdTaken.into()));
    let third = hub.arrive(somewhere(), Now::default()).unwrap();
    assert_eq!(reserve(&mut hub, third, &two).unwrap_err().code, Code::IdTaken);
}

#[test]
fn a_full_hub_refuses_another_and_not_the_one_that_asks_again() {
    for limits in
        [Limits { sessions: 1, ..Limits::default() }, Limits { peers: 1, ..Limits::default() }]
    {
        let mut hub = hub_with(limits, Role::Member);
        let (one, two) = (
            hub.arrive(somewhere(), Now::default()).unwrap(),
            hub.arrive(somewhere(), Now::default()).unwrap(),
        );
        let claimed = claim("web-1", 1, Purpose::Serve);
        reserve(&mut hub, one, &claimed).unwrap();
        let other = claim("web-2", 2, Purpose::Serve);
        assert_eq!(reserve(&mut hub, two, &other).unwrap_err().code, Code::Full);
        assert!(reserve(&mut hub, one, &claimed).is_ok());
        hub.gone(one, Now::default());
        assert!(reserve(&mut hub, two, &other).is_ok());
    }
}

#[test]
fn a_grant_of_an_older_epoch_is_stale() {
    let mut hub = hub();
    let link = hub.arrive(somewhere(), Now::default()).unwrap();
    let claim = claim("web-1", 1, Purpose::Serve);
    let mut grant = reserve(&mut hub, link, &claim).unwrap();
    grant.epoch += 1;
    assert_eq!(commit(&mut hub, link, &claim, grant), Ok(LinkAnswer::Stale));
}

#[test]
fn a_newer_server_supersedes_and_an_operator_does_not() {
    let mut hub = hub();
    let older = serve(&mut hub, "web-1");
    join(&mut hub, "web-1", Purpose::Operate);
    assert_eq!(hub.take_outbox(older, &mut Outbox::default()), None);
    join(&mut hub, "web-1", Purpose::Serve);
    assert_eq!(hub.take_outbox(older, &mut Outbox::default()), Some(Code::Superseded));
}

#[test]
fn a_call_that_finds_nobody_says_why() {
    let mut hub = hub();
    let gone = serve(&mut hub, "gone");
    hub.gone(gone, Now::default());
    join(&mut hub, "mute", Purpose::Serve);
    serve(&mut hub, "web-1");
    let op = join(&mut hub, "op", Purpose::Operate);
    let web = Target::Peer("web-1".parse().unwrap());
    for (n, (frame, said)) in [
        (uptime(1, "nobody"), "result 1 unknown-peer"),
        (uptime(3, "op"), "result 3 unknown-peer"),
        (uptime(5, "gone"), "result 5 offline"),
        (uptime(7, "mute"), "result 7 not-ready"),
        (call(9, web, "reboot", 0), "result 9 unknown-command"),
        (call(11, Target::All, "uptime", (64 << 20) + 1), "deny 11 busy "),
        (call(13, Target::Hub, "reboot", 0), "result 13 unknown-command"),
        (call(15, web, "uptime", (64 << 20) + 1), "result 15 busy"),
        (call(17, web, "uptime", 64 << 20), ""),
        (call(19, web, "uptime", 1), "result 19 busy"),
    ]
    .into_iter()
    .enumerate()
    {
        input(&mut hub, op, &frame);
        let expected: &[&str] = if said.is_empty() { &[] } else { &[said] };
        assert_eq!(sent(&mut hub, op), expected, "{n}");
    }
}

#[test]
fn a_denied_call_names_the_capability_and_a_role_without_serve_is_not_admitted() {
    let mut agents = hub_with(Limits::default(), Role::Agent);
    let agent = serve(&mut agents, "web-1");
    input(&mut agents, agent, &uptime(1, "web-1"));
    input(&mut agents, agent, &call(3, Target::Hub, "peers", 0));
    assert_eq!(sent(&mut agents, agent), ["deny 1 denied call:uptime", "deny 3 denied call"]);
    let mut readers = hub_with(Limits::default(), Role::ReadOnly);
    let link = readers.arrive(somewhere(), Now::default()).unwrap();
    let claim = claim("web-1", 1, Purpose::Serve);
    assert_eq!(reserve(&mut readers, link, &claim).unwrap_err().code, Code::MayNotServe);
}

#[test]
fn every_frame_of_a_call_is_mapped_both_ways_and_nobody_else_can_touch_it() {
    let mut hub = hub();
    let (web, other) = (serve(&mut hub, "web-1"), serve(&mut hub, "web-2"));
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &uptime(1, "web-1"));
    assert_eq!(sent(&mut hub, web), ["call 2"]);
    let bytes = Input { id: CallId(1), offset: 0, bytes: b"x", end: false };
    for stranger in [other, web] {
        for frame in [Frame::Input(bytes), cancel(1), window(1, 1), result(1), output(1)] {
            input(&mut hub, stranger, &frame);
        }
    }
    for frame in [output(2), result(2), window(2, 1), cancel(2)] {
        input(&mut hub, other, &frame);
    }
    for link in [web, other, op] {
        assert!(sent(&mut hub, link).is_empty());
    }
    for frame in [Frame::Input(bytes), window(1, 7), cancel(1), cancel(1)] {
        input(&mut hub, op, &frame);
    }
    assert_eq!(sent(&mut hub, web), ["input 2", "cancel 2", "window 2 7"]);
    for frame in [window(2, 9), output(2)] {
        input(&mut hub, web, &frame);
    }
    assert_eq!(sent(&mut hub, op), ["output 1 web-1", "window 1 9"]);
    for frame in [window(2, 1), result(2), result(2), output(2)] {
        input(&mut hub, web, &frame);
    }
    assert_eq!(sent(&mut hub, op), ["result 1 done"], "credit for an ended call is not sent");
    assert_eq!(hub.calls.credit_of(op), 0);
}

#[test]
fn a_peer_may_call_itself() {
    let mut hub = hub();
    let web = serve(&mut hub, "web-1");
    input(&mut hub, web, &uptime(1, "web-1"));
    input(&mut hub, web, &result(2));
    assert_eq!(sent(&mut hub, web), ["call 2", "result 1 done"]);
    input(&mut hub, web, &uptime(3, "web-1"));
    hub.gone(web, Now::default());
    assert!(hub.links.iter().next().is_none());
}

#[test]
fn a_call_whose_caller_left_is_cancelled_and_counts_until_its_runner_ends_it() {
    let mut hub = hub_with(Limits { open_calls: 1, ..Limits::default() }, Role::Member);
    let web = serve(&mut hub, "web-1");
    let (one, two) = (join(&mut hub, "a", Purpose::Operate), join(&mut hub, "b", Purpose::Operate));
    input(&mut hub, one, &uptime(1, "web-1"));
    hub.gone(one, Now::default());
    assert_eq!(sent(&mut hub, web), ["call 2", "cancel 2"]);
    input(&mut hub, two, &uptime(1, "web-1"));
    assert_eq!(sent(&mut hub, two), ["result 1 busy"]);
    input(&mut hub, web, &output(2));
    input(&mut hub, web, &result(2));
    input(&mut hub, two, &uptime(3, "web-1"));
    assert!(sent(&mut hub, two).is_empty());
    assert_eq!(sent(&mut hub, web), ["call 4"]);
}

#[test]
fn a_call_whose_runner_left_is_lost() {
    let mut hub = hub();
    let (web, op) = (serve(&mut hub, "web-1"), join(&mut hub, "op", Purpose::Operate));
    input(&mut hub, op, &uptime(1, "web-1"));
    hub.gone(web, Now::default());
    assert_eq!(sent(&mut hub, op), ["result 1 lost"]);
    assert_eq!(hub.calls.credit_of(op), 0);
}

#[test]
fn a_deadline_ends_a_call_once_its_grace_has_passed() {
    let mut hub = hub();
    let (web, op) = (serve(&mut hub, "web-1"), join(&mut hub, "op", Purpose::Operate));
    input(&mut hub, op, &uptime(1, "web-1"));
    let at = hub.poll_timeout().unwrap();
    assert_eq!(at, Mono::default().after(Duration::from_secs(11)));
    hub.handle_timeout(Now { mono: Mono(at.0 - 1), unix: 0 });
    assert!(sent(&mut hub, op).is_empty());
    hub.handle_timeout(Now { mono: at, unix: 0 });
    assert_eq!(sent(&mut hub, op), ["result 1 deadline"]);
    assert_eq!(sent(&mut hub, web), ["call 2", "cancel 2"]);
    input(&mut hub, web, &result(2));
    assert!(sent(&mut hub, op).is_empty());
}

#[test]
fn deadlines_of_callers_that_left_do_not_pile_up() {
    let mut hub = hub();
    let web = serve(&mut hub, "web-1");
    for _ in 0..2000 {
        let op = join(&mut hub, "op", Purpose::Operate);
        input(&mut hub, op, &uptime(1, "web-1"));
        hub.gone(op, Now::default());
        for said in sent(&mut hub, web) {
            if let Some(id) = said.strip_prefix("call ") {
                input(&mut hub, web, &result(id.parse().unwrap()));
            }
        }
    }
    let left = hub.calls.deadlines();
    assert!(left <= 512, "{left}");
}

#[test]
fn a_link_is_woken_once_until_its_outbox_is_taken_and_closed_after_its_last_frame() {
    let mut hub = hub();
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &uptime(1, "nobody"));
    input(&mut hub, op, &uptime(3, "nobody"));
    while let Some(woken) = hub.poll_wake() {
        assert_eq!((woken, hub.poll_wake()), (op, None));
    }
    let mut held = Outbox::default();
    assert_eq!(hub.take_outbox(op, &mut held), None);
    input(&mut hub, op, &uptime(5, "nobody"));
    assert_eq!(hub.poll_wake(), Some(op));
    hub.close_all(Code::GoingAway);
    assert_eq!(hub.take_outbox(op, &mut held), None, "frames wait");
    held.pop();
    held.pop();
    assert_eq!(hub.take_outbox(op, &mut held), Some(Code::GoingAway));
}

#[test]
fn registrations_that_nobody_reads_end_their_link() {
    let mut hub = hub_with(Limits { answer_lane: 10, ..Limits::default() }, Role::Member);
    let web = join(&mut hub, "web-1", Purpose::Serve);
    for _ in 0..10 {
        input(&mut hub, web, &Frame::Register(Register { commands: Vec::new() }));
    }
    let mut outbox = Outbox::default();
    assert_eq!(hub.take_outbox(web, &mut outbox), Some(Code::Overload));
}

#[test]
fn peers_lists_who_serves_and_served_and_nobody_else() {
    let mut hub = hub();
    let gone = serve(&mut hub, "b");
    hub.gone(gone, Now::default());
    serve(&mut hub, "a");
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &call(1, Target::Hub, "peers", 0));
    let mut outbox = Outbox::default();
    hub.take_outbox(op, &mut outbox);
    let Some(Frame::Result(result)) = outbox.front() else { panic!("no result") };
    let text = |value: &crate::wire::Value<'_>, key| {
        value.entry(key).and_then(|value| value.text().map(str::to_owned)).unwrap()
    };
    let value = result.value.unwrap();
    let listed: Vec<_> =
        value.items().unwrap().map(|peer| (text(&peer, "id"), text(&peer, "state"))).collect();
    let expected = [("a", "online"), ("b", "offline")].map(|(id, s)| (id.into(), s.into()));
    assert_eq!(listed, expected);
}

#[test]
fn a_call_that_ends_gives_back_only_the_credit_that_it_still_held() {
    let limits = Limits { caller_credit: 200, ..Limits::default() };
    let mut hub = hub_with(limits, Role::Member);
    let (caller, runner) = (join(&mut hub, "me", Purpose::Operate), serve(&mut hub, "web-1"));
    let target = || Target::Peer("web-1".parse().unwrap());
    input(&mut hub, caller, &call(1, target(), "uptime", 100));
    input(&mut hub, caller, &call(3, target(), "uptime", 100));
    let (peer, source) = ("web-1".parse().unwrap(), Stream::Out);
    let written = Output { id: CallId(2), peer, source, offset: 0, bytes: &[7; 60] };
    input(&mut hub, runner, &Frame::Output(written));
    input(&mut hub, runner, &result(2));
    assert_eq!(sent(&mut hub, caller), ["output 1 web-1", "result 1 done"]);
    input(&mut hub, caller, &call(5, target(), "uptime", 101));
    assert_eq!(sent(&mut hub, caller), ["result 5 busy"]);
    input(&mut hub, caller, &call(7, target(), "uptime", 100));
    assert_eq!(sent(&mut hub, caller), [] as [String; 0]);
}

#[test]
fn a_guest_takes_no_id_that_was_bound_while_it_was_being_admitted() {
    let mut hub = hub();
    let keyed = claim("guest-1", 1, Purpose::Serve);
    let guest = Claim {
        method: Method::Open,
        identity: None,
        evidence: None,
        later: Later::Nothing,
        ..keyed.clone()
    };
    let links = [
        hub.arrive(somewhere(), Now::default()).unwrap(),
        hub.arrive(somewhere(), Now::default()).unwrap(),
    ];
    let granted = reserve(&mut hub, links[0], &guest).unwrap();
    assert_eq!(granted.peer.as_str(), "guest-1");
    let bound = reserve(&mut hub, links[1], &keyed).unwrap();
    assert_eq!(commit(&mut hub, links[1], &keyed, bound), Ok(LinkAnswer::Committed));
    assert_eq!(commit(&mut hub, links[0], &guest, granted), Ok(LinkAnswer::Stale));
    let again = reserve(&mut hub, links[0], &guest).unwrap();
    assert_eq!(again.peer.as_str(), "guest-2");
    assert_eq!(commit(&mut hub, links[0], &guest, again), Ok(LinkAnswer::Committed));
    assert_eq!(hub.members.serving("guest-1".parse().unwrap()), Some(links[1]));
}
