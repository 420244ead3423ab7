//! A call for several peers: who is meant, one result for each, the counts, and nobody harmed.

use super::*;
use crate::random::Seed;
use crate::wire::frame::{Delivery, Done};
use crate::wire::value::Labels;

/// What a link is sent of calls for several: as [`sent`], with the peer of a result.
pub(super) fn heard(hub: &mut Hub, link: LinkId) -> Vec<String> {
    let mut outbox = Outbox::default();
    hub.take_outbox(link, &mut outbox);
    let mut all = Vec::new();
    while let Some(frame) = outbox.front() {
        all.push(match &frame {
            Frame::Accepted(accepted) => {
                let to: String = accepted.sent.iter().map(|peer| format!(" {peer}")).collect();
                format!("accepted{to}")
            }
            Frame::Result(result) => {
                let peer = result.peer.map_or("-".to_owned(), |peer| peer.to_string());
                match result.status {
                    Status::Exited(code) => format!("{peer} exit {code}"),
                    Status::Signalled(signal) => format!("{peer} signal {signal}"),
                    Status::ExitedCut(exit) => format!("{peer} cut {exit}"),
                    Status::SignalledCut(signal) => format!("{peer} cut by signal {signal}"),
                    Status::Failed(code) => format!("{peer} {code}"),
                }
            }
            Frame::Done(done) => {
                let Done { answered, failed, missing, claimed, .. } = done;
                let claimed = match claimed {
                    0 => String::new(),
                    some => format!(", {some} claim it"),
                };
                format!("done {answered} {failed} {missing}{claimed}")
            }
            Frame::Deny(deny) => format!("deny {}: {}", deny.code, deny.text),
            Frame::Output(output) => format!("{} says {} bytes", output.peer, output.bytes.len()),
            Frame::Window(window) => format!("window {}", window.bytes),
            other => other.kind().to_owned(),
        });
        outbox.pop();
    }
    all
}

pub(super) fn everyone(id: u64, window: u64) -> Frame<'static> {
    call(id, Target::All, "uptime", window)
}

pub(super) fn labelled(id: u64, tests: &[(&str, &str)]) -> Frame<'static> {
    let tests = tests.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let bytes = Box::leak(Labels::encode(&tests).unwrap().into_boxed_slice());
    call(id, Target::Labels(Labels::parse(bytes).unwrap()), "uptime", 1000)
}

/// A peer that serves, and gives itself these labels.
fn serve_with(hub: &mut Hub, peer: &str, labels: &[(&str, &str)]) -> LinkId {
    let link = serve(hub, peer);
    let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    hub.links.session_mut(link).unwrap().claimed = labels.collect();
    link
}

fn ends(id: u64, status: Status) -> Frame<'static> {
    Frame::Result(CallResult { id: CallId(id), peer: None, status, value: None, text: "" })
}

/// Peers `p00`, `p01`, …, each serving.
fn fleet(hub: &mut Hub, size: usize) -> Vec<LinkId> {
    (0..size).map(|n| serve(hub, &format!("p{n:02}"))).collect()
}

#[test]
fn each_peer_is_called_answers_once_and_is_counted() {
    let mut hub = hub();
    let links = fleet(&mut hub, 4);
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &everyone(1, 1000));
    assert_eq!(heard(&mut hub, op), ["accepted p00 p01 p02 p03"]);
    for &link in &links {
        let mut outbox = Outbox::default();
        hub.take_outbox(link, &mut outbox);
        let Some(Frame::Call(call)) = outbox.front() else { panic!("no call") };
        let peer = hub.links.session(link).unwrap().peer;
        assert_eq!((call.id, call.target), (CallId(2), Target::Peer(peer)));
        assert_eq!((call.window, call.delivery), (125, Delivery::Attached));
    }
    input(&mut hub, links[2], &output(2));
    input(&mut hub, links[2], &ends(2, Status::Exited(0)));
    input(&mut hub, links[0], &ends(2, Status::Exited(3)));
    input(&mut hub, links[1], &ends(2, Status::Signalled(9)));
    assert_eq!(
        heard(&mut hub, op),
        ["p02 says 1 bytes", "p02 exit 0", "p00 exit 3", "p01 signal 9"]
    );
    input(&mut hub, links[2], &result(2));
    assert_eq!(heard(&mut hub, op), [] as [String; 0], "it has answered");
    input(&mut hub, links[3], &ends(2, Status::Failed(Code::NotStarted)));
    assert_eq!(heard(&mut hub, op), ["p03 not-started", "done 1 3 0"]);
    nothing_is_left(&hub);
}

/// No fan-out, no route, no credit.
pub(super) fn nothing_is_left(hub: &Hub) {
    assert_eq!(hub.calls.fanouts_running(), 0);
    hub.calls.assert_counted();
    for (link, live) in hub.links.live() {
        assert!(hub.calls.has_nothing(link), "{}", live.peer);
    }
}

#[test]
fn who_is_absent_is_missing_and_who_does_not_serve_the_command_failed() {
    let mut hub = hub();
    let gone = serve(&mut hub, "gone");
    hub.gone(gone, Now::default());
    join(&mut hub, "mute", Purpose::Serve);
    let other = join(&mut hub, "other", Purpose::Serve);
    input(&mut hub, other, &Frame::Register(Register { commands: Vec::new() }));
    let web = serve(&mut hub, "web");
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &everyone(1, 1000));
    let told = ["accepted web", "gone offline", "mute not-ready", "other unknown-command"];
    assert_eq!(heard(&mut hub, op), told);
    input(&mut hub, web, &result(2));
    assert_eq!(heard(&mut hub, op), ["web exit 0", "done 1 1 2"]);
    nothing_is_left(&hub);
}

#[test]
fn label_tests_must_all_hold_for_those_who_are_there_and_those_who_left() {
    let mut hub = hub();
    hub.reconfigure(HubConfig { self_labels: true, ..hub.config.clone() });
    let left = serve_with(&mut hub, "left", &[("role", "web"), ("zone", "eu")]);
    hub.gone(left, Now::default());
    let eu = serve_with(&mut hub, "eu", &[("role", "web"), ("zone", "eu")]);
    serve_with(&mut hub, "us", &[("role", "web"), ("zone", "us")]);
    serve(&mut hub, "bare");
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &labelled(1, &[("role", "web"), ("zone", "eu")]));
    assert_eq!(heard(&mut hub, op), ["accepted eu", "left offline"]);
    input(&mut hub, eu, &result(2));
    assert_eq!(heard(&mut hub, op), ["eu exit 0", "done 1 0 1"]);
    input(&mut hub, op, &labelled(3, &[("role", "db")]));
    assert_eq!(heard(&mut hub, op), ["done 0 0 0"], "nobody is meant");
    nothing_is_left(&hub);
}

#[test]
fn a_peer_that_served_before_the_hub_started_is_meant_by_all_and_by_no_label() {
    let binding = Binding {
        peer: "old".parse().unwrap(),
        key: PublicKey([1; 32]),
        method: Method::Secret,
        first_seen: 0,
        serves: true,
    };
    let mut hub = Hub::new(HubConfig::default(), Durable::bound([binding]), &Seed([7; 32]));
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &labelled(1, &[("role", "web")]));
    assert_eq!(heard(&mut hub, op), ["done 0 0 0"]);
    input(&mut hub, op, &everyone(3, 0));
    assert_eq!(heard(&mut hub, op), ["accepted", "old offline", "done 0 0 1"]);
}

#[test]
fn a_denied_call_for_several_is_denied_as_one_for_one_peer_is() {
    let mut hub = hub_with(Limits::default(), Role::Agent);
    let agent = serve(&mut hub, "web-1");
    input(&mut hub, agent, &everyone(1, 100));
    assert_eq!(sent(&mut hub, agent), ["deny 1 denied call:uptime"]);
}

#[test]
fn a_window_has_a_byte_for_each_peer_that_is_going_to_run_it() {
    let mut hub = hub();
    let links = fleet(&mut hub, 3);
    join(&mut hub, "mute", Purpose::Serve);
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &everyone(1, 2));
    let text = "the window, 2 bytes, is smaller than the number of targets, 3";
    assert_eq!(heard(&mut hub, op), [format!("deny bad-argument: {text}")]);
    for &link in &links {
        assert!(sent(&mut hub, link).is_empty());
    }
    nothing_is_left(&hub);
    input(&mut hub, op, &everyone(3, 3));
    assert_eq!(heard(&mut hub, op), ["accepted p00 p01 p02", "mute not-ready"]);
}

#[test]
fn arguments_for_everybody_together_are_bounded() {
    let mut hub = hub_with(Limits { caller_credit: 100, ..Limits::default() }, Role::Member);
    fleet(&mut hub, 2);
    let op = join(&mut hub, "op", Purpose::Operate);
    let mut big = |id, len| {
        let mut arguments = crate::wire::value::ArgumentsBuf::new();
        arguments.push_text(&"x".repeat(len)).unwrap();
        let Frame::Call(call) = everyone(id, 10) else { unreachable!() };
        input(&mut hub, op, &Frame::Call(Call { arguments: arguments.as_arguments(), ..call }));
        heard(&mut hub, op)
    };
    // An array of one text: three bytes more than the text.
    assert_eq!(big(1, 47), ["accepted p00 p01"], "n");
    let text = "the arguments, 51 bytes, are more than 100 bytes for all 2 targets";
    assert_eq!(big(3, 48), [format!("deny bad-argument: {text}")], "n + 1");
}

#[test]
fn a_call_for_very_many_is_carried_out_in_slices_with_the_lock_free_in_between() {
    let mut hub = hub_with(Limits { slice: 2, ..Limits::default() }, Role::Member);
    let links = fleet(&mut hub, 21);
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &everyone(1, 1000));
    assert_eq!(heard(&mut hub, op), [] as [String; 0], "16 were looked at");
    assert!(hub.has_work());
    assert!(hub.work(Now::default()));
    assert_eq!(heard(&mut hub, op), ["accepted p00 p01"]);
    // Others come in between; who was chosen and left is missing.
    input(&mut hub, op, &uptime(3, "p05"));
    assert_eq!(sent(&mut hub, links[5]), ["call 2"]);
    hub.gone(links[20], Now::default());
    input(&mut hub, links[0], &result(2));
    let mut rest = Vec::new();
    while hub.work(Now::default()) {
        rest.extend(heard(&mut hub, op));
    }
    rest.extend(heard(&mut hub, op));
    assert_eq!(rest[..3], ["p00 exit 0", "accepted p02 p03", "accepted p04 p05"]);
    assert_eq!(rest[rest.len() - 2..], ["accepted", "p20 offline"]);
    for (n, &link) in links[..20].iter().enumerate().skip(1) {
        let id = if n == 5 { 4 } else { 2 };
        input(&mut hub, link, &result(id));
    }
    assert_eq!(heard(&mut hub, op).last().unwrap(), "done 20 0 1");
    input(&mut hub, links[5], &result(2));
    nothing_is_left(&hub);
    assert!(!hub.has_work());
}

#[test]
fn a_lost_link_ends_its_leg_and_no_other() {
    let mut hub = hub();
    let links = fleet(&mut hub, 2);
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &everyone(1, 1000));
    hub.gone(links[0], Now::default());
    assert_eq!(heard(&mut hub, op), ["accepted p00 p01", "p00 lost"]);
    input(&mut hub, links[1], &result(2));
    assert_eq!(heard(&mut hub, op), ["p01 exit 0", "done 1 0 1"]);
    nothing_is_left(&hub);
}

#[test]
fn a_cancel_goes_to_every_leg_once_and_those_not_begun_end() {
    let mut hub = hub_with(Limits { slice: 2, ..Limits::default() }, Role::Member);
    let links = fleet(&mut hub, 3);
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &everyone(1, 1000));
    assert_eq!(heard(&mut hub, op), ["accepted p00 p01"]);
    input(&mut hub, op, &cancel(1));
    input(&mut hub, op, &cancel(1));
    while hub.work(Now::default()) {}
    assert_eq!(sent(&mut hub, links[0]), ["call 2", "cancel 2"]);
    assert_eq!(sent(&mut hub, links[1]), ["call 2", "cancel 2"]);
    assert_eq!(sent(&mut hub, links[2]), [] as [String; 0]);
    assert_eq!(heard(&mut hub, op), ["p02 cancelled"]);
    input(&mut hub, links[0], &ends(2, Status::Failed(Code::Cancelled)));
    input(&mut hub, links[1], &result(2));
    assert_eq!(heard(&mut hub, op), ["p00 cancelled", "p01 exit 0", "done 1 2 0"]);
    nothing_is_left(&hub);
}

#[test]
fn the_deadline_ends_every_leg_that_has_not_answered() {
    let mut hub = hub_with(Limits { slice: 2, ..Limits::default() }, Role::Member);
    let links = fleet(&mut hub, 3);
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &everyone(1, 1000));
    while hub.work(Now::default()) {}
    input(&mut hub, links[1], &result(2));
    heard(&mut hub, op);
    let at = hub.poll_timeout().unwrap();
    assert_eq!(at, Mono::default().after(Duration::from_secs(11)));
    hub.handle_timeout(Now { mono: at, unix: 0 });
    while hub.work(Now::default()) {}
    assert_eq!(heard(&mut hub, op), ["p00 deadline", "p02 deadline", "done 1 0 2"]);
    for link in [links[0], links[2]] {
        assert_eq!(sent(&mut hub, link), ["call 2", "cancel 2"]);
        input(&mut hub, link, &result(2));
    }
    assert_eq!(heard(&mut hub, op), [] as [String; 0]);
    nothing_is_left(&hub);
}

#[test]
fn a_caller_that_leaves_has_every_leg_cancelled() {
    let mut hub = hub_with(Limits { slice: 2, ..Limits::default() }, Role::Member);
    let links = fleet(&mut hub, 3);
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &everyone(1, 1000));
    while hub.work(Now::default()) {}
    hub.gone(op, Now::default());
    while hub.work(Now::default()) {}
    for &link in &links {
        assert_eq!(sent(&mut hub, link), ["call 2", "cancel 2"]);
        input(&mut hub, link, &result(2));
    }
    nothing_is_left(&hub);
}

#[test]
fn a_runner_without_room_is_busy_and_the_others_are_called() {
    let mut hub = hub_with(Limits { open_calls: 1, ..Limits::default() }, Role::Member);
    let links = fleet(&mut hub, 2);
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &uptime(1, "p00"));
    input(&mut hub, op, &everyone(3, 1000));
    assert_eq!(heard(&mut hub, op), ["accepted p01", "p00 busy"]);
    input(&mut hub, links[1], &result(2));
    assert_eq!(heard(&mut hub, op), ["p01 exit 0", "done 1 1 0"]);
}

#[test]
fn a_result_that_cannot_be_passed_on_is_lost_and_the_others_are_not() {
    let mut hub = hub_with(Limits { answer_lane: 150, ..Limits::default() }, Role::Member);
    let links = fleet(&mut hub, 3);
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &everyone(1, 1000));
    let value = crate::wire::value::ValueBuf::text(&"x".repeat(200));
    for &link in &links {
        let (id, peer, value) = (CallId(2), None, Some(value.as_value()));
        let status = Status::Exited(0);
        input(&mut hub, link, &Frame::Result(CallResult { id, peer, status, value, text: "" }));
    }
    let told = ["accepted p00 p01 p02", "p00 exit 0", "p01 lost", "p02 lost", "done 1 0 2"];
    assert_eq!(heard(&mut hub, op), told);
}

#[test]
fn the_legs_of_one_caller_are_bounded_and_so_are_results_that_it_does_not_read() {
    let limits = Limits { open_legs: 4, ..Limits::default() };
    let mut hub = hub_with(limits, Role::Member);
    let links = fleet(&mut hub, 2);
    let (op, other) =
        (join(&mut hub, "op", Purpose::Operate), join(&mut hub, "x", Purpose::Operate));
    input(&mut hub, op, &everyone(1, 100));
    input(&mut hub, op, &everyone(3, 100));
    assert_eq!(heard(&mut hub, op), ["accepted p00 p01", "accepted p00 p01"], "n");
    input(&mut hub, op, &everyone(5, 100));
    let text = "the calls of one caller are for 4 peers at most";
    assert_eq!(heard(&mut hub, op), [format!("deny busy: {text}")], "n + 1");
    input(&mut hub, other, &everyone(1, 100));
    assert_eq!(heard(&mut hub, other), ["accepted p00 p01"], "another caller has its own");
    for id in [2, 4] {
        links.iter().for_each(|&link| input(&mut hub, link, &result(id)));
    }
    // Four results wait for it.
    input(&mut hub, op, &everyone(7, 100));
    assert_eq!(heard(&mut hub, op).last().unwrap(), &format!("deny busy: {text}"));
    input(&mut hub, op, &everyone(9, 100));
    assert_eq!(heard(&mut hub, op), ["accepted p00 p01"]);
}

#[test]
fn credit_goes_back_to_the_leg_that_consumed_and_never_beyond_what_the_caller_gave() {
    let mut hub = hub();
    let links = fleet(&mut hub, 2);
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &everyone(1, 4));
    assert_eq!(hub.calls.credit_of(op), 4);
    let (mut heard_of, mut granted) = (0, 1);
    // One leg says all that the window allows, less what the other can count on.
    while granted > 0 {
        input(&mut hub, links[0], &output(2));
        granted +=
            sent(&mut hub, links[0]).iter().filter(|line| line.starts_with("window")).count();
        granted -= 1;
        heard_of += 1;
    }
    assert_eq!((heard_of, hub.calls.credit_of(op)), (3, 1));
    input(&mut hub, op, &window(1, 3));
    assert_eq!(sent(&mut hub, links[0]), ["window 2 2"], "one can count on one, and half the rest");
    assert_eq!(hub.calls.credit_of(op), 4);
    input(&mut hub, links[1], &output(2));
    assert_eq!(sent(&mut hub, links[1]), ["call 2", "window 2 1"]);
    links.iter().for_each(|&link| input(&mut hub, link, &result(2)));
    nothing_is_left(&hub);
}

#[test]
fn what_a_leg_held_when_it_ended_goes_to_one_that_waits() {
    let mut hub = hub();
    let links = fleet(&mut hub, 2);
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &everyone(1, 4));
    (0..3).for_each(|_| input(&mut hub, links[0], &output(2)));
    assert_eq!(sent(&mut hub, links[0]), ["call 2", "window 2 2"], "one byte is the other's");
    input(&mut hub, links[1], &result(2));
    assert_eq!(sent(&mut hub, links[0]), ["window 2 1"]);
}

#[test]
fn output_beyond_a_legs_credit_ends_that_leg() {
    let mut hub = hub();
    let links = fleet(&mut hub, 2);
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &everyone(1, 4));
    let (peer, source) = ("liar".parse().unwrap(), Stream::Out);
    let beyond = Output { id: CallId(2), peer, source, offset: 0, bytes: &[7; 5] };
    input(&mut hub, links[0], &Frame::Output(beyond));
    assert_eq!(heard(&mut hub, op), ["accepted p00 p01", "p00 lost"]);
    assert_eq!(sent(&mut hub, links[0]), ["call 2", "cancel 2"]);
    input(&mut hub, links[1], &result(2));
    assert_eq!(heard(&mut hub, op), ["p01 exit 0", "done 1 0 1"]);
}

#[test]
fn credit_beyond_what_a_caller_may_hold_ends_its_call() {
    let mut hub = hub_with(Limits { caller_credit: 10, ..Limits::default() }, Role::Member);
    let links = fleet(&mut hub, 2);
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &everyone(1, 10));
    input(&mut hub, op, &window(1, 1));
    while hub.work(Now::default()) {}
    let told = ["accepted p00 p01", "p00 busy", "p01 busy", "done 0 2 0"];
    assert_eq!(heard(&mut hub, op), told);
    for link in links {
        assert_eq!(sent(&mut hub, link), ["call 2", "cancel 2"]);
        input(&mut hub, link, &result(2));
    }
    nothing_is_left(&hub);
}

#[test]
fn a_peer_may_call_everybody_itself_among_them() {
    let mut hub = hub();
    let web = serve(&mut hub, "web-1");
    input(&mut hub, web, &everyone(1, 100));
    assert_eq!(sent(&mut hub, web), ["call 2", "accepted 1 web-1"]);
    input(&mut hub, web, &result(2));
    assert_eq!(sent(&mut hub, web), ["result 1 done", "done 1 1 0 0"]);
    input(&mut hub, web, &everyone(3, 100));
    hub.gone(web, Now::default());
    while hub.work(Now::default()) {}
    assert!(hub.links.iter().next().is_none());
    nothing_is_left(&hub);
}
