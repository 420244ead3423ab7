//! A peer beyond its rate is held back: exactly, in order, without loss, and alive.

use core::time::Duration;

use proptest::prelude::*;

use super::raw::*;
use super::scenario::*;
use crate::ask::{Memory, Question};
use crate::auth::Credential;
use crate::facts::Durable;
use crate::hub::{Hub, HubConfig, Source};
use crate::link::{EndReason, TimerKind};
use crate::random::Seed;
use crate::time::Now;
use crate::wire::Frame;
use crate::wire::frame::{
    Authenticate, Call, Command, Delivery, Method, Ping, Purpose, Register, Registered, Target,
};
use crate::wire::value::Arguments;

/// How long an end may hear nothing.
const SILENCE: Duration = Duration::from_secs(45);

/// A plan whose hub lets so many frames and bytes through in a second, and at once.
fn paced(plan: &Plan, frames: (u64, u64), bytes: (u64, u64)) -> Plan {
    let mut plan = plan.clone();
    (plan.hub_limits.frames_per_second, plan.hub_limits.frames_burst) = frames;
    (plan.hub_limits.bytes_per_second, plan.hub_limits.bytes_burst) = bytes;
    plan
}

const MANY: (u64, u64) = (1 << 40, 1 << 40);

/// A Register that can be told from others, of some length.
fn register(number: usize, length: usize) -> Register {
    let name = format!("c{number}").parse().unwrap();
    Register {
        commands: vec![Command { name, description: "x".repeat(length), arguments: Vec::new() }],
    }
}

fn send(world: &mut World, count: usize) {
    for number in 0..count {
        world.peer.link.send(&Frame::Register(register(number, 0))).unwrap();
    }
}

/// The numbers of the Registers that came, in the order in which they did.
fn came(end: &End) -> Vec<usize> {
    let number = |frame: &Vec<u8>| match Frame::decode(frame).unwrap() {
        Frame::Register(register) => register.commands[0].name.as_str()[1..].parse().unwrap(),
        other => panic!("{other:?}"),
    };
    end.frames.iter().map(number).collect()
}

fn at(world: &mut World, now: Now) {
    world.now = now;
    world.hub.link.handle_timeout(now);
    world.run();
}

fn later(nanos: u64) -> Now {
    let start = start();
    Now { mono: start.mono.after(Duration::from_nanos(nanos)), unix: start.unix }
}

#[test]
fn after_a_burst_of_frames_the_next_comes_when_there_is_a_token_and_not_before() {
    for plan in [Plan::plain(), Plan::tofu()] {
        let mut world = paced(&plan, (10, 3), MANY).admitted();
        send(&mut world, 5);
        world.run();
        assert_eq!(came(&world.hub), [0, 1, 2]);
        assert_eq!(world.hub.told.last().unwrap(), "held back Frames");
        let due = later(100_000_000).mono;
        assert_eq!(world.hub.link.poll_timeout(), Some((due, TimerKind::Pace)));
        assert!(world.hub.link.receive_buffer().is_empty(), "its socket is not read");
        at(&mut world, later(99_999_999));
        assert_eq!(came(&world.hub).len(), 3);
        at(&mut world, later(100_000_000));
        assert_eq!(came(&world.hub), [0, 1, 2, 3]);
        at(&mut world, later(200_000_000));
        assert_eq!(came(&world.hub), [0, 1, 2, 3, 4]);
        assert!(!world.hub.link.receive_buffer().is_empty());
        assert_eq!(world.hub.link.poll_timeout().unwrap().1, TimerKind::Heartbeat);
        let told = world.hub.told.iter().filter(|line| line.starts_with("held")).count();
        assert_eq!(told, 1, "{:?}", world.hub.told);
    }
}

#[test]
fn a_peer_within_its_burst_is_never_held_back() {
    let mut world = paced(&Plan::plain(), (1, 5), MANY).admitted();
    send(&mut world, 5);
    world.run();
    assert_eq!(world.hub.told, ["frame register"; 5]);
    assert_eq!(world.hub.link.poll_timeout().unwrap().1, TimerKind::Heartbeat);
}

#[test]
fn bytes_are_taken_while_any_are_there_and_what_was_overdrawn_is_waited_for() {
    let length = {
        let mut message = Vec::new();
        Frame::Register(register(0, 1000)).encode(&mut message);
        message.len() as u64
    };
    // One byte is left after the first; the second is taken on it.
    let mut world = paced(&Plan::plain(), MANY, (1000, length + 1)).admitted();
    for number in 0..3 {
        world.peer.link.send(&Frame::Register(register(number, 1000))).unwrap();
    }
    world.run();
    assert_eq!(came(&world.hub), [0, 1]);
    assert_eq!(world.hub.told.last().unwrap(), "held back Bytes");
    let due = later(length * 1_000_000).mono;
    assert_eq!(world.hub.link.poll_timeout(), Some((due, TimerKind::Pace)));
    at(&mut world, later(length * 1_000_000));
    assert_eq!(came(&world.hub), [0, 1, 2]);
}

#[test]
fn neither_end_takes_the_other_for_dead_while_one_is_held_back() {
    // Many small messages, and few whose debt alone lasts longer than the silence.
    for (frames, bytes, count, length) in [((1, 1), MANY, 150, 0), (MANY, (10, 1), 3, 800)] {
        let mut world = paced(&Plan::tofu(), frames, bytes).admitted();
        for number in 0..count {
            world.peer.link.send(&Frame::Register(register(number, length))).unwrap();
        }
        world.run();
        let mut steps = 0;
        while came(&world.hub).len() < count {
            assert!(world.next_deadline().is_some());
            steps += 1;
            assert!(steps < 1000, "it never comes");
            world.run();
            assert!(world.hub.ended.is_none() && world.peer.ended.is_none(), "{world:?}");
        }
        assert_eq!(came(&world.hub), (0..count).collect::<Vec<_>>());
        assert!(world.now.mono.since(start().mono) > 3 * SILENCE);
        // Once it is listened to again, its silence counts.
        world.hub.deaf = true;
        world.peer.deaf = true;
        while world.hub.ended.is_none() {
            assert!(world.next_deadline().is_some());
            world.run();
            steps += 1;
            assert!(steps < 1000, "it is never missed");
        }
        assert_eq!(*world.hub.reason(), EndReason::TimedOut(TimerKind::Silence));
    }
}

#[test]
fn a_stream_that_ends_while_its_frames_are_held_back_is_not_written_to_and_loses_none() {
    let mut world = paced(&Plan::plain(), (1, 1), MANY).admitted();
    send(&mut world, 4);
    world.run();
    world.hub.link.received_eof(world.now);
    world.hub.link.send(&Frame::Registered(Registered { count: 1 })).unwrap();
    world.hub.drain();
    assert!(world.hub.link.transmit().is_empty());
    assert!(world.hub.link.receive_buffer().is_empty());
    assert_eq!(world.hub.link.poll_timeout(), Some((later(1_000_000_000).mono, TimerKind::Pace)));
    for second in 1..=3 {
        assert!(world.hub.ended.is_none());
        at(&mut world, later(second * 1_000_000_000));
    }
    assert_eq!(came(&world.hub), [0, 1, 2, 3]);
    assert_eq!(*world.hub.reason(), EndReason::Cut);
}

#[test]
fn a_hub_that_closes_does_not_wait_for_what_it_holds_back() {
    let mut world = paced(&Plan::tofu(), (1, 1), MANY).admitted();
    send(&mut world, 4);
    world.run();
    world.hub.link.close(crate::code::Code::GoingAway, world.now);
    world.run();
    assert!(world.hub.ended.is_some() && world.peer.ended.is_some(), "{world:?}");
    assert_eq!(came(&world.hub), [0]);
}

#[test]
fn the_operator_of_the_hubs_machine_is_not_held_back() {
    let mut plan = paced(&Plan::plain(), (1, 1), (1, 1));
    plan = Plan {
        source: Source::Local,
        credential: Credential::Open,
        purpose: Purpose::Operate,
        ..plan
    };
    plan.known.hub_id = Some(identity().id());
    let mut world = plan.admitted();
    for number in 0..50 {
        let id = world.peer.link.next_call().unwrap();
        assert_eq!(id.0, 2 * number + 1);
        let call = Call {
            id,
            target: Target::Hub,
            name: "peers".parse().unwrap(),
            arguments: Arguments::default(),
            deadline_ms: 1000,
            window: 0,
            delivery: Delivery::Attached,
        };
        world.peer.link.send(&Frame::Call(call)).unwrap();
    }
    world.run();
    assert_eq!(world.hub.told, ["frame call"; 50]);
}

/// A hub with an admitted peer that writes its frames by hand.
fn raw(plan: &Plan) -> (End, Raw) {
    let (mut hub, mut raw) = (End::new(plan.hub_link()), Raw::peer());
    raw.exchange(&mut hub);
    let dial = plan.dial();
    let body = auth_body(&dial, Method::Secret).encode();
    let transcript = transcript(raw.nonce.unwrap(), &raw.got[0], &body);
    let possession = dial.key.sign_possession(&transcript);
    let proof = [possession.as_slice(), &secret(7).peer_mac(&transcript)].concat();
    raw.say_frame(&Frame::Authenticate(Authenticate { body: &body, proof: &proof }));
    raw.exchange(&mut hub);
    let (mut registry, mut ledger) =
        (Hub::new(HubConfig::default(), Durable::default(), &Seed([7; 32])), Memory::default());
    let id = registry.arrive(somewhere(), start()).unwrap();
    while let Some((ask, question)) = hub.asked.pop_front() {
        let answer = match &question {
            Question::Hub(ask) => registry.answer(id, ask, start()).into(),
            store => ledger.answer(store).unwrap(),
        };
        hub.link.answer(ask, answer, start());
        hub.drain();
    }
    raw.exchange(&mut hub);
    assert!(hub.link.is_admitted());
    (hub, raw)
}

#[test]
fn a_message_that_was_put_together_survives_the_rest_while_it_waits() {
    let (mut hub, mut raw) = raw(&paced(&Plan::plain(), (1, 1), MANY));
    let message = encoded(&Frame::Register(register(7, 100)));
    raw.say(&encoded(&Frame::Register(register(6, 0))));
    // Two fragments under an empty mask (RFC 6455 §5.2).
    let (first, rest) = message.split_at(50);
    for (opcode, part) in [(0x02, first), (0x80, rest)] {
        raw.out.extend(&[opcode, 0x80 | part.len() as u8, 0, 0, 0, 0]);
        raw.out.extend(part);
    }
    raw.say(&encoded(&Frame::Register(register(8, 0))));
    raw.exchange(&mut hub);
    assert_eq!(came(&hub), [6]);
    for second in 1..=2 {
        hub.link.rest();
        hub.link.handle_timeout(later(second * 1_000_000_000));
        hub.drain();
    }
    assert_eq!(came(&hub), [6, 7, 8]);
    assert_eq!(hub.frames[1], message);
}

#[test]
fn pings_cost_what_other_frames_cost() {
    let (mut hub, mut raw) = raw(&paced(&Plan::plain(), (1, 4), MANY));
    (0..10).for_each(|token| raw.say_frame(&Frame::Ping(Ping { token })));
    raw.exchange(&mut hub);
    assert!(hub.told.contains(&"held back Frames".to_owned()), "{:?}", hub.told);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is sent, in whatever pieces, and whenever the shell wakes: all of it comes, in its
    /// order, never faster than the rates, and a link that holds something back sleeps until it is
    /// due.
    #[test]
    fn what_is_held_back_comes_in_order_and_in_time(
        frames in (1u64..40, 1u64..6),
        bytes in (300u64..3000, 1u64..2000),
        lengths in prop::collection::vec(0usize..900, 1..25),
        piece in 1usize..700,
        naps in prop::collection::vec(0u64..400_000_000, 1..40),
        tls in any::<bool>(),
    ) {
        let plan = if tls { Plan::tofu() } else { Plan::plain() };
        let mut world = paced(&plan, frames, bytes).admitted().pieces(piece);
        let mut sizes = Vec::new();
        for (number, &length) in lengths.iter().enumerate() {
            let frame = Frame::Register(register(number, length));
            sizes.push(encoded(&frame).len() as u64);
            world.peer.link.send(&frame).unwrap();
        }
        let mut naps = naps.into_iter().cycle();
        let mut rounds = 0;
        loop {
            world.run();
            let count = came(&world.hub).len();
            prop_assert!(world.hub.ended.is_none() && world.peer.ended.is_none());
            prop_assert_eq!(came(&world.hub), (0..count).collect::<Vec<_>>());
            let passed = u128::from(world.now.mono.0 - start().mono.0);
            let scale = 1_000_000_000;
            // Pings count too, so this is a bound and not what comes exactly.
            prop_assert!(count as u128 * scale <= u128::from(frames.1) * scale + u128::from(frames.0) * passed);
            let before: u64 = sizes[..count.saturating_sub(1)].iter().sum();
            prop_assert!(u128::from(before) * scale <= u128::from(bytes.1) * scale + u128::from(bytes.0) * passed);
            let (due, _) = world.hub.link.poll_timeout().unwrap();
            prop_assert!(due > world.now.mono, "nothing is left to do until then");
            if count == lengths.len() {
                break;
            }
            // Early, late or on time.
            world.pass(Duration::from_nanos(naps.next().unwrap()));
            rounds += 1;
            prop_assert!(rounds < 100_000);
        }
        prop_assert!(world.hub.told.iter().filter(|line| line.starts_with("held")).count() <= 1 + usize::try_from((world.now.mono.since(start().mono)).as_secs() / 60).unwrap());
    }
}
