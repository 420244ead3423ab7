//! What holds for every link: however the bytes are cut, whatever is called in between.

use core::time::Duration;

use super::scenario::*;
use crate::code::Code;
use crate::link::{EndReason, Link};
use crate::time::{Mono, Now};
use crate::wire::Frame;
use crate::wire::frame::{Call, Command, OutputStream, Register, Target};

/// A whole life: admission, a call each way that matters, output, and the peer's leaving.
fn live(mut world: World) -> World {
    world.run();
    world.peer.link.send(&Frame::Register(Register::default())).unwrap();
    world.run();
    world.hub.link.send(&Frame::Call(call(2))).unwrap();
    world.run();
    let bytes = vec![0x5a; 40_000];
    assert_eq!(world.peer.link.output(crate::id::CallId(2), OutputStream::Out, &bytes), Ok(40_000));
    world.run();
    world.peer.link.close(Code::GoingAway, world.now);
    world.run();
    world
}

pub(super) fn call(id: u64) -> Call<'static> {
    Call {
        id: crate::id::CallId(id),
        target: Target::Peer("web-1".parse().unwrap()),
        name: "echo".parse().unwrap(),
        arguments: Default::default(),
        deadline_ms: 60_000,
        window: 1 << 20,
        delivery: Default::default(),
    }
}

/// What both ends told, and the frames.
fn story(world: &World) -> [(&[String], &[Vec<u8>]); 2] {
    [&world.peer, &world.hub].map(|end| (&end.told[..], &end.frames[..]))
}

#[test]
fn any_cut_of_the_bytes_gives_the_same_events_and_frames() {
    for plan in [Plan::plain(), Plan::tofu(), Plan::join()] {
        let whole = live(plan.world());
        assert_eq!(whole.hub.told.last().unwrap(), &format!("ended {}", whole.hub.reason()));
        assert!(whole.hub.frames.len() > 3);
        for piece in [1, 2, 3, 7, 100, 1000, 16 << 10] {
            let cut = live(plan.world().pieces(piece));
            assert_eq!(story(&cut), story(&whole), "{piece}");
        }
    }
}

#[test]
fn timeouts_that_are_not_due_rests_and_clocks_that_step_back_change_nothing() {
    fn spurious(link: &mut Link, now: Now) {
        let before = link.poll_timeout();
        link.handle_timeout(now);
        assert_eq!(link.poll_timeout(), before);
    }
    fn backwards(link: &mut Link, now: Now) {
        let before = link.poll_timeout();
        link.handle_timeout(Now { mono: Mono(now.mono.0 / 2), unix: now.unix - 10_000 });
        assert_eq!(link.poll_timeout(), before);
    }
    fn rest(link: &mut Link, _: Now) {
        link.rest();
    }
    for plan in [Plan::plain(), Plan::tofu()] {
        let whole = live(plan.world());
        for nuisance in [spurious as fn(&mut Link, Now), backwards, rest] {
            let mut world = plan.world().pieces(11);
            world.nuisance = Some(nuisance);
            assert_eq!(story(&live(world)), story(&whole));
        }
    }
}

#[test]
fn the_same_seed_and_inputs_give_the_same_bytes() {
    let bytes = |seed: u8| {
        let mut link =
            Link::connect(Plan::plain().dial(), &crate::random::Seed([seed; 32]), start()).unwrap();
        link.transmit().to_vec()
    };
    assert_eq!(bytes(1), bytes(1));
    assert_ne!(bytes(1), bytes(2));
    let sent = |world: World| {
        let mut world = world;
        let mut all = Vec::<u8>::new();
        while world.step() {
            all.extend(world.peer.wire.iter().chain(&world.hub.wire));
        }
        all
    };
    assert_eq!(sent(Plan::plain().world().pieces(5)), sent(Plan::plain().world().pieces(5)));
}

#[test]
fn a_link_that_has_ended_asks_for_nothing_and_takes_nothing() {
    for plan in [Plan::plain(), Plan::tofu()] {
        let mut world = plan.admitted();
        // A text frame: broken for good.
        let valid = {
            world.peer.link.send(&Frame::Register(Register::default())).unwrap();
            world.peer.sent(world.now)
        };
        world.hub.feed(&[0x17; 400], world.now);
        let _ = world.hub.sent(world.now);
        world.hub.drain();
        let told = world.hub.told.clone();
        assert!(world.hub.ended.is_some(), "{told:?}");
        let link = &mut world.hub.link;
        assert!(link.has_ended());
        for _ in 0..2 {
            assert!(link.receive_buffer().is_empty());
            assert!(link.transmit().is_empty());
            assert_eq!(link.poll_timeout(), None);
            assert_eq!(link.send(&Frame::Call(call(2))), Err(crate::session::SendError::Closed));
            link.received(valid.len(), world.now);
            link.received_eof(world.now);
            link.close(Code::GoingAway, world.now);
            link.handle_timeout(Now { mono: Mono::NEVER, unix: u64::MAX });
            assert!(link.poll_event().is_none());
            assert!(link.next_call().is_none());
        }
    }
}

#[test]
fn after_a_timeout_the_next_deadline_is_later() {
    for plan in [Plan::plain(), Plan::tofu(), Plan::join()] {
        for until in 0..12 {
            let mut world = plan.world();
            for _ in 0..until {
                world.step();
            }
            for seconds in [0, 1, 4, 5, 10, 15, 44, 45, 1_000_000] {
                let mono = world.now.mono.after(Duration::from_secs(seconds));
                let now = Now { mono, unix: START + seconds };
                for end in [&mut world.peer, &mut world.hub] {
                    end.link.handle_timeout(now);
                    assert!(end.link.poll_timeout().is_none_or(|(at, _)| at > mono));
                }
            }
        }
    }
}

#[test]
fn both_ends_flood_each_other_through_one_byte_writes_and_all_arrives() {
    for plan in [Plan::plain(), Plan::tofu()] {
        let mut world = plan.admitted();
        world.hub.link.send(&Frame::Call(call(2))).unwrap();
        world.run();
        world = world.pieces(1);
        let bytes: Vec<u8> = (0..200_000_u32).map(|i| (i % 251) as u8).collect();
        let (mut out, mut input) = (0, 0);
        let id = crate::id::CallId(2);
        let mut rounds = 0;
        while world.step() || out < bytes.len() || input < 50_000 {
            out += world.peer.link.output(id, OutputStream::Out, &bytes[out..]).unwrap();
            input += world.hub.link.input(id, &bytes[input..50_000], false).unwrap();
            rounds += 1;
            assert!(rounds < 2_000_000, "stuck at {out} and {input}");
        }
        let gathered = |frames: &[Vec<u8>]| {
            let mut all = Vec::new();
            for frame in frames {
                match Frame::decode(frame).unwrap() {
                    Frame::Output(output) => all.extend_from_slice(output.bytes),
                    Frame::Input(input) => all.extend_from_slice(input.bytes),
                    _ => {}
                }
            }
            all
        };
        assert_eq!(gathered(&world.hub.frames), bytes);
        assert_eq!(gathered(&world.peer.frames), bytes[..50_000]);
    }
}

#[test]
fn a_link_that_moved_a_mebibyte_and_rested_holds_no_buffer() {
    for plan in [Plan::plain(), Plan::tofu()] {
        let mut world = plan.admitted();
        world.hub.link.send(&Frame::Call(call(2))).unwrap();
        world.run();
        let bytes = vec![7; 1 << 20];
        let mut sent = 0;
        let mut most = 0;
        while sent < bytes.len() {
            sent += world
                .peer
                .link
                .output(crate::id::CallId(2), OutputStream::Out, &bytes[sent..])
                .unwrap();
            world.run();
            most = most.max(world.hub.link.memory());
        }
        assert!(most > 0);
        for end in [&mut world.peer, &mut world.hub] {
            end.link.rest();
            assert_eq!(end.link.memory(), 0);
        }
    }
}

#[test]
fn the_reason_for_the_end_is_told_to_the_other_end() {
    let world = live(Plan::tofu().world());
    assert_eq!(*world.peer.reason(), EndReason::Closed(Code::GoingAway));
    let EndReason::Goaway { code, .. } = world.hub.reason() else { panic!() };
    assert_eq!(*code, Code::GoingAway);
    assert_eq!(world.hub.told[world.hub.told.len() - 2], "frame goaway");
}

#[test]
fn a_hub_holds_one_record_before_admission_and_more_after_it() {
    /// How many bytes a link takes while nobody drains it.
    fn taken(link: &mut Link, now: Now) -> usize {
        let mut taken = 0;
        loop {
            let room = link.receive_buffer();
            let n = room.len();
            // The beginning of a TLS record that never becomes whole.
            room.fill(0x17);
            if n == 0 {
                return taken;
            }
            link.received(n, now);
            taken += n;
        }
    }
    let limits = crate::limits::Limits::default();
    let mut hub = Plan::tofu().hub_link();
    assert_eq!(taken(&mut hub, start()), crate::limits::TLS_RECORD);
    let mut world = Plan::tofu().admitted();
    assert_eq!(taken(&mut world.hub.link, start()), limits.tls_input);
}

#[test]
fn a_message_may_be_a_mebibyte_once_admitted() {
    let commands = (0..256)
        .map(|n| Command {
            name: format!("command-{n}").parse().unwrap(),
            description: "d".repeat(1024),
            arguments: Vec::new(),
        })
        .collect();
    let mut world = Plan::tofu().admitted();
    world.peer.link.send(&Frame::Register(Register { commands })).unwrap();
    world.run();
    assert_eq!(world.hub.told, ["frame register"]);
    assert!(world.hub.frames[0].len() > 256 << 10);
}
