//! A hub that was admitted and keeps no rule: what a peer's link does about it.

use core::time::Duration;

use super::joining::*;
use super::raw::*;
use super::scenario::*;
use crate::auth::Credential;
use crate::id::CallId;
use crate::link::{EndReason, TimerKind};
use crate::session::SessionError;
use crate::wire::Frame;
use crate::wire::frame::{
    Call, Delivery, Goaway, Method, Ping, Register, Registered, Target, Window,
};

/// How many calls of no argument to make at a time.
fn call(world: &mut World, count: usize) {
    for _ in 0..count {
        let id = world.hub.link.next_call().unwrap();
        let (name, target) = ("uptime".parse().unwrap(), Target::Peer("web-1".parse().unwrap()));
        let (arguments, delivery) = (Default::default(), Delivery::Attached);
        let (deadline_ms, window) = (u64::MAX, 0);
        let call = Call { id, target, name, arguments, deadline_ms, window, delivery };
        world.hub.link.send(&Frame::Call(call)).unwrap();
    }
}

/// A message of the hub's that its own session would not send.
fn say(world: &mut World, frame: &Frame<'_>) {
    let message = encoded(frame);
    world.hub.link.socket.write(&message, &mut world.hub.link.out);
}

#[test]
fn a_hub_that_calls_beyond_its_rate_is_held_back_and_nothing_is_lost() {
    for plan in [Plan::plain(), Plan::tofu()] {
        let mut plan = plan.clone();
        (plan.limits.calls_per_second, plan.limits.calls_burst) = (10, 3);
        let mut world = plan.admitted();
        call(&mut world, 5);
        world.run();
        assert_eq!(world.peer.told, ["frame call", "frame call", "frame call", "held back Calls"]);
        assert!(world.peer.link.receive_buffer().is_empty(), "its socket is not read");
        let due = start().mono.after(Duration::from_millis(100));
        assert_eq!(world.peer.link.poll_timeout(), Some((due, TimerKind::Pace)));
        for calls in 4..=5 {
            world.pass(Duration::from_millis(100));
            world.run();
            assert_eq!(world.peer.frames.len(), calls);
        }
        assert!(world.peer.ended.is_none() && world.hub.ended.is_none());
        let held = world.peer.told.iter().filter(|line| line.starts_with("held")).count();
        assert_eq!(held, 1, "it is told once a minute");
    }
}

#[test]
fn frames_of_every_kind_count_at_a_peer_and_those_of_a_burst_do_not_wait() {
    let mut plan = Plan::plain();
    (plan.limits.frames_per_second, plan.limits.frames_burst) = (1, 4);
    let ping = Frame::Ping(Ping { token: 1 });
    let goaway = Frame::Goaway(Goaway {
        code: crate::code::Code::GoingAway,
        text: "soon",
        reconnect_after: Some(u64::MAX),
    });
    for flood in [ping, goaway, Frame::Unknown(0x90), Frame::Pong(Ping { token: 9 })] {
        let mut world = plan.admitted();
        (0..4).for_each(|_| say(&mut world, &flood));
        world.run();
        assert!(!world.peer.told.contains(&"held back Frames".to_owned()), "{}", flood.kind());
        say(&mut world, &flood);
        world.run();
        assert_eq!(world.peer.told.last().unwrap(), "held back Frames", "{}", flood.kind());
        assert!(world.peer.ended.is_none());
    }
}

#[test]
fn frames_that_answer_nothing_end_the_link() {
    let never = || SessionError::NeverMade("window", CallId(7));
    let window = Frame::Window(Window { id: CallId(7), bytes: 1 << 63 });
    let registered = Frame::Registered(Registered { count: u64::MAX });
    for (forged, error) in [(registered.clone(), SessionError::NotAsked), (window, never())] {
        let mut world = Plan::plain().admitted();
        say(&mut world, &forged);
        world.run();
        assert_eq!(*world.peer.reason(), EndReason::Session(error));
    }
    // The one that answers is taken.
    let mut world = Plan::plain().admitted();
    world.peer.link.send(&Frame::Register(Register { commands: Vec::new() })).unwrap();
    world.run();
    say(&mut world, &registered);
    world.run();
    assert!(world.peer.ended.is_none());
    say(&mut world, &registered);
    world.run();
    assert_eq!(*world.peer.reason(), EndReason::Session(SessionError::NotAsked));
}

#[test]
fn a_flood_of_pings_is_answered_once_for_each_time_that_there_is_room() {
    let mut world = Plan::plain().admitted();
    (0..10_000).for_each(|token| say(&mut world, &Frame::Ping(Ping { token })));
    world.hub.deaf = true;
    world.run();
    let room = world.peer.link.memory();
    assert!(room <= 256 << 10, "{room} bytes for pings");
}

/// How often a session asks for new credentials whose limits are these, until it ends.
fn asks(renewals: u64) -> usize {
    let mut scene = Scene::joined();
    let held = Credential::Resume(scene.held());
    scene.dial(|dial| {
        dial.credential = held;
        dial.limits.renewals = renewals;
        dial.limits.renewal_pause = Duration::from_secs(30 * 86_400);
    });
    assert!(scene.is_admitted());
    while scene.world.peer.ended.is_none() {
        scene.world.next_deadline().unwrap();
        scene.world.run();
        if scene.world.now.mono.since(start().mono) > Duration::from_secs(4 * 86_400) {
            break;
        }
    }
    scene.world.peer.told.iter().filter(|line| *line == "ask held").count()
}

#[test]
fn new_credentials_are_asked_for_as_often_as_the_bound_says_whatever_their_dates_are() {
    assert_eq!(asks(1), 1);
    assert_eq!(asks(2), 2);
}

#[test]
fn a_hello_lists_as_many_keys_as_fit_and_a_message_above_the_bound_ends_the_link() {
    for (len, above) in [(16 << 10, false), ((16 << 10) + 1, true)] {
        let mut peer = End::new(Plan::plain().peer_link());
        let mut raw = Raw::hub();
        raw.exchange(&mut peer);
        raw.say(&vec![0xff; len]);
        raw.exchange(&mut peer);
        assert_eq!(matches!(peer.reason(), EndReason::Socket(_)), above, "{:?}", peer.told);
    }
    let pins = |count: u8| (0..count).map(|n| crate::id::Pin([n; 32])).collect::<Vec<_>>();
    for (count, taken) in [(16, true), (17, false)] {
        let mut peer = End::new(Plan::plain().peer_link());
        let mut raw = Raw::hub();
        raw.exchange(&mut peer);
        let hello = raw.hello_listing(&[Method::Secret], pins(count));
        raw.say(&hello);
        raw.exchange(&mut peer);
        let is_bound = matches!(&peer.ended, Some(ended)
            if matches!(ended.reason, EndReason::Auth(crate::auth::AuthError::Wire(_))));
        assert_eq!(is_bound, !taken, "{count}: {:?}", peer.told);
    }
}
