//! Detached calls: a number at once, output kept to its bounds, and a life of their own.

use super::fanout::{heard, nothing_is_left};
use super::*;
use crate::control::CallName;
use crate::hub::calls::CallNumber;
use crate::wire::frame::Delivery;

pub(super) fn detached(id: u64, target: Target<'static>) -> Frame<'static> {
    let Frame::Call(call) = call(id, target, "uptime", 100) else { unreachable!() };
    Frame::Call(Call { delivery: Delivery::Detached, ..call })
}

fn to(peer: &str) -> Target<'static> {
    Target::Peer(peer.parse().unwrap())
}

/// The answer to a detached call: its name, or why there is none.
pub(super) fn name(hub: &mut Hub, link: LinkId) -> Result<String, String> {
    let mut outbox = Outbox::default();
    hub.take_outbox(link, &mut outbox);
    let Some(Frame::Result(result)) = outbox.front() else { panic!("no result") };
    match result.status {
        Status::Exited(0) => Ok(result.value.unwrap().text().unwrap().to_owned()),
        Status::Failed(code) => Err(format!("{code}: {}", result.text)),
        other => panic!("{other:?}"),
    }
}

fn says(hub: &mut Hub, link: LinkId, id: u64, source: Stream, bytes: &[u8]) {
    let peer = "liar".parse().unwrap();
    input(hub, link, &Frame::Output(Output { id: CallId(id), peer, source, offset: 0, bytes }));
}

/// What is kept of the first leg of a call.
fn kept(hub: &Hub, name: &str, source: Stream) -> (Vec<u8>, u64) {
    let number = CallNumber(name.parse::<CallName>().unwrap().number);
    let kept = hub.calls.known(number).unwrap().legs().unwrap()[0].kept.unwrap();
    (kept.tail(source).to_vec(), kept.tail(source).dropped())
}

#[test]
fn the_caller_gets_a_number_and_may_leave_and_the_call_goes_on() {
    let mut hub = hub();
    let web = serve(&mut hub, "web-1");
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &uptime(1, "web-1"));
    input(&mut hub, op, &detached(3, to("web-1")));
    let name = name(&mut hub, op).unwrap();
    assert_eq!(name, "7-2");
    hub.gone(op, Now::default());
    let told = ["call 2", "call 4", "input 4", "cancel 2"];
    assert_eq!(sent(&mut hub, web), told, "it has no input, and is not cancelled");
    says(&mut hub, web, 4, Stream::Out, b"up");
    says(&mut hub, web, 4, Stream::Err, b"!");
    says(&mut hub, web, 4, Stream::Out, b" 3 days");
    assert_eq!(sent(&mut hub, web), ["window 4 10"], "the hub takes it all");
    assert_eq!(kept(&hub, &name, Stream::Out), (b"up 3 days".to_vec(), 0));
    assert_eq!(kept(&hub, &name, Stream::Err), (b"!".to_vec(), 0));
    input(&mut hub, web, &result(4));
    assert_eq!(kept(&hub, &name, Stream::Out), (b"up 3 days".to_vec(), 0), "and after its end");
    input(&mut hub, web, &result(2));
    nothing_is_left(&hub);
}

#[test]
fn a_detached_call_for_several_answers_its_caller_once_and_with_no_more() {
    let mut hub = hub_with(Limits { slice: 1, ..Limits::default() }, Role::Member);
    let links = ["a", "b"].map(|peer| serve(&mut hub, peer));
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &detached(1, Target::All));
    assert_eq!(name(&mut hub, op).unwrap(), "7-1");
    while hub.work(Now::default()) {}
    for link in links {
        assert_eq!(sent(&mut hub, link), ["call 2", "input 2"]);
        says(&mut hub, link, 2, Stream::Out, b"x");
        input(&mut hub, link, &result(2));
    }
    assert_eq!(heard(&mut hub, op), [] as [String; 0]);
    let fanout = hub.calls.iter().next().unwrap().to_record();
    assert_eq!((fanout.counts.answered, fanout.ended), (2, Some(0)));
    nothing_is_left(&hub);
}

#[test]
fn a_call_for_one_peer_that_is_not_taken_is_not_kept() {
    let mut hub = hub_with(Limits { open_calls: 1, ..Limits::default() }, Role::Member);
    let gone = serve(&mut hub, "gone");
    hub.gone(gone, Now::default());
    serve(&mut hub, "web-1");
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &uptime(1, "web-1"));
    let absent = Target::Peer("nobody".parse().unwrap());
    for (n, (target, code)) in [
        (absent, Code::UnknownPeer),
        (to("gone"), Code::Offline),
        (Target::Hub, Code::BadArgument),
        (to("web-1"), Code::Busy),
    ]
    .into_iter()
    .enumerate()
    {
        input(&mut hub, op, &detached(2 * n as u64 + 3, target));
        let text = code.row().meaning;
        assert_eq!(name(&mut hub, op), Err(format!("{code}: {text}")));
    }
    assert_eq!((hub.calls.fanouts().len(), hub.calls.kept()), (0, 0));
}

#[test]
fn nobody_meant_is_a_call_that_has_ended() {
    let mut hub = hub();
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &detached(1, Target::All));
    assert_eq!(name(&mut hub, op).unwrap(), "7-1");
    nothing_is_left(&hub);
}

#[test]
fn the_last_bytes_of_each_output_are_kept_to_the_bound() {
    let mut hub = hub_with(Limits { kept_output_per_leg: 4, ..Limits::default() }, Role::Member);
    let web = serve(&mut hub, "web-1");
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &detached(1, to("web-1")));
    let name = name(&mut hub, op).unwrap();
    says(&mut hub, web, 2, Stream::Out, b"abcd");
    assert_eq!(kept(&hub, &name, Stream::Out), (b"abcd".to_vec(), 0), "n");
    says(&mut hub, web, 2, Stream::Err, b"0");
    says(&mut hub, web, 2, Stream::Out, b"e");
    assert_eq!(kept(&hub, &name, Stream::Out), (b"bcde".to_vec(), 1), "n + 1");
    assert_eq!(kept(&hub, &name, Stream::Err), (b"0".to_vec(), 0), "each has its own bound");
}

#[test]
fn for_another_call_the_one_that_ended_first_is_forgotten_and_where_all_run_it_is_refused() {
    let mut hub = hub_with(Limits { kept_calls: 2, ..Limits::default() }, Role::Member);
    let web = serve(&mut hub, "web-1");
    let op = join(&mut hub, "op", Purpose::Operate);
    let numbers = |hub: &Hub| hub.calls.fanouts().iter().map(|fanout| fanout.0).collect::<Vec<_>>();
    for id in [1, 3] {
        input(&mut hub, op, &detached(id, to("web-1")));
        name(&mut hub, op).unwrap();
    }
    input(&mut hub, op, &detached(5, to("web-1")));
    let text = "busy: as many detached calls as the hub keeps are still running";
    assert_eq!(name(&mut hub, op), Err(text.to_owned()));
    input(&mut hub, web, &result(4));
    input(&mut hub, web, &result(2));
    input(&mut hub, op, &detached(7, to("web-1")));
    assert_eq!(name(&mut hub, op).unwrap(), "7-3");
    assert_eq!(numbers(&hub), [1, 3], "the second had ended first");
    hub.gone(web, Now::default());
    assert_eq!(hub.calls.fanouts().len(), 2);
}

#[test]
fn output_of_all_calls_is_kept_to_the_bound() {
    let mut hub = hub();
    let web = serve(&mut hub, "web-1");
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &detached(1, to("web-1")));
    let first = name(&mut hub, op).unwrap();
    let leg = hub.calls.kept();
    // Room for two calls, and ten bytes.
    hub.config.limits.kept_output = 2 * leg + 10;
    says(&mut hub, web, 2, Stream::Out, b"0123456789");
    assert_eq!(kept(&hub, &first, Stream::Out), (b"0123456789".to_vec(), 0));
    input(&mut hub, op, &detached(3, to("web-1")));
    let second = name(&mut hub, op).unwrap();
    assert_eq!(hub.calls.kept(), hub.config.limits.kept_output, "n");
    says(&mut hub, web, 2, Stream::Out, b"ab");
    assert_eq!(kept(&hub, &first, Stream::Out), (b"23456789ab".to_vec(), 2), "within what it has");
    says(&mut hub, web, 4, Stream::Out, b"cd");
    assert_eq!(kept(&hub, &second, Stream::Out), (vec![], 2), "n + 1: all run");
    input(&mut hub, op, &detached(5, to("web-1")));
    let text = "busy: as much as the hub keeps of detached calls is still running";
    assert_eq!(name(&mut hub, op), Err(text.to_owned()));
    input(&mut hub, web, &result(2));
    says(&mut hub, web, 4, Stream::Out, b"ef");
    assert_eq!(kept(&hub, &second, Stream::Out), (b"ef".to_vec(), 2), "the first was forgotten");
    assert_eq!(hub.calls.fanouts().len(), 1);
    assert_eq!(hub.calls.kept(), leg + 2);
}

#[test]
fn its_deadline_and_a_lost_link_end_it_as_any_other() {
    let mut hub = hub();
    let links = ["a", "b"].map(|peer| serve(&mut hub, peer));
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &detached(1, Target::All));
    name(&mut hub, op).unwrap();
    hub.gone(links[0], Now::default());
    let at = hub.poll_timeout().unwrap();
    hub.handle_timeout(Now { mono: at, unix: 8 });
    while hub.work(Now { mono: at, unix: 9 }) {}
    assert_eq!(sent(&mut hub, links[1]), ["call 2", "input 2", "cancel 2"]);
    input(&mut hub, links[1], &result(2));
    let fanout = hub.calls.iter().next().unwrap().to_record();
    assert_eq!((fanout.counts.missing, fanout.ended), (2, Some(9)));
    nothing_is_left(&hub);
}
