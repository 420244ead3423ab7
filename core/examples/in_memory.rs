//! A hub and two peers in one process, with no runtime and no sockets.

use std::sync::Arc;

use bowline_core::ask::{Memory, Question};
use bowline_core::auth::{Credential, Dial, HubSnapshot, SharedSecret, Transport};
use bowline_core::facts::Durable;
use bowline_core::hub::{Hub, HubConfig, Outbox, Source as From};
use bowline_core::id::LinkId;
use bowline_core::identity::{HubIdentity, PeerKey, SigningKey};
use bowline_core::link::{Event, Link};
use bowline_core::random::{Random, Seed};
use bowline_core::time::{Mono, Now};
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{
    Call, CallResult, Command, Delivery, OutputStream, Purpose, Register, Status, Target,
};

/// One connection: the peer's end with its ledger, and the hub's end with its number.
struct Connection {
    id: LinkId,
    peer: Link,
    ledger: Memory,
    served: Link,
}

/// Bytes from one end to the other: what a socket would do.
fn ferry(from: &mut Link, to: &mut Link, now: Now) -> bool {
    let (bytes, room) = (from.transmit(), to.receive_buffer());
    let n = bytes.len().min(room.len());
    room[..n].copy_from_slice(&bytes[..n]);
    from.transmitted(n, now);
    to.received(n, now);
    n > 0
}

/// The peer's program: serves `uptime`, or calls it and prints what comes.
fn peer_events(connection: &mut Connection, now: Now, printed: &mut String) {
    let Connection { peer: link, ledger, .. } = connection;
    let (web, uptime) = ("web-1".parse().unwrap(), "uptime".parse().unwrap());
    while let Some(event) = link.poll_event() {
        match event {
            Event::Ask(ask, question) => {
                let answer = ledger.answer(&question).expect("a peer's questions are the ledger's");
                link.answer(ask, answer, now);
            }
            Event::Admitted(admitted) if admitted.purpose == Purpose::Serve => {
                let (description, arguments) = (String::new(), Vec::new());
                let commands = vec![Command { name: uptime, description, arguments }];
                link.send(&Frame::Register(Register { commands })).unwrap();
            }
            Event::Admitted(_) => {
                let (id, target) = (link.next_call().unwrap(), Target::Peer(web));
                let (deadline_ms, window) = (5_000, 1 << 16);
                let (name, arguments, delivery) = (uptime, Default::default(), Delivery::Attached);
                let call = Call { id, target, name, arguments, deadline_ms, window, delivery };
                link.send(&Frame::Call(call)).unwrap();
            }
            Event::Frame(Frame::Call(Call { id, .. })) => {
                link.output(id, OutputStream::Out, b"up 3 days\n").unwrap();
                let (peer, status) = (Some(web), Status::Exited(0));
                let result = CallResult { id, peer, status, value: None, text: "" };
                link.send(&Frame::Result(result)).unwrap();
            }
            Event::Frame(Frame::Output(output)) => {
                printed.push_str(core::str::from_utf8(output.bytes).unwrap());
            }
            Event::Frame(Frame::Result(result)) => {
                printed.push_str(&format!("{:?}", result.status))
            }
            _ => {}
        }
    }
}

/// The hub's side of one link.
fn hub_events(connection: &mut Connection, hub: &mut Hub, ledger: &mut Memory, now: Now) {
    let Connection { served: link, id, .. } = connection;
    while let Some(event) = link.poll_event() {
        match event {
            Event::Ask(ask, question) => {
                let answer = match &question {
                    Question::Hub(asked) => hub.answer(*id, asked, now).into(),
                    store => ledger.answer(store).expect("the ledger's"),
                };
                link.answer(ask, answer, now);
            }
            Event::Frame(frame) => hub.input(*id, &frame, now),
            Event::Ended(_) => hub.gone(*id, now),
            _ => {}
        }
    }
}

fn main() {
    let now = Now { mono: Mono(0), unix: 1_800_000_000 };
    let mut random = Random::new(&Seed([1; 32])); // A shell asks the operating system for 32 bytes.
    let secret = SharedSecret::new(&random.bytes::<32>()).unwrap();
    let mut hub = Hub::new(HubConfig::default(), Durable::default(), &random.seed());
    let mut hub_ledger = Memory::default();
    let identity = HubIdentity(SigningKey::generate(&mut random));
    // With `ServerTls` here, and `Transport::Tls` below, the same link is encrypted.
    let snapshot =
        HubSnapshot { secrets: secret.clone().into(), ..HubSnapshot::new(identity, "example") };
    let snapshot = Arc::new(snapshot);
    let (mut connections, mut printed) = (Vec::<Connection>::new(), String::new());
    for (name, purpose) in [("web-1", Purpose::Serve), ("ops", Purpose::Operate)] {
        let key = PeerKey(SigningKey::generate(&mut random));
        let dial = Dial {
            credential: Credential::Secret(secret.clone()),
            purpose,
            ..Dial::new("hub.example:7777", Transport::Plain, name.parse().unwrap(), key)
        };
        let from = From::Network(([192, 0, 2, 1], 49_152).into());
        connections.push(Connection {
            id: hub.arrive(from, now).unwrap(),
            peer: Link::connect(Arc::new(dial), &random.seed(), now).unwrap(),
            ledger: Memory::default(),
            served: Link::accept(snapshot.clone(), from, &random.seed(), now).unwrap(),
        });
        // Until nothing moves: drain both ends, carry bytes, hand out what the hub routed.
        let mut moving = true;
        while core::mem::take(&mut moving) {
            for connection in &mut connections {
                peer_events(connection, now, &mut printed);
                hub_events(connection, &mut hub, &mut hub_ledger, now);
                moving |= ferry(&mut connection.peer, &mut connection.served, now);
                moving |= ferry(&mut connection.served, &mut connection.peer, now);
            }
            while hub.work(now) {} // What was too long for one hold of a hub's lock: none of this.
            while let Some(id) = hub.poll_wake() {
                let connection = connections.iter_mut().find(|c| c.id == id).unwrap();
                let mut outbox = Outbox::default();
                let _ = hub.take_outbox(id, &mut outbox);
                while let Some(frame) = outbox.first() {
                    connection.served.send_encoded(frame).unwrap();
                    outbox.pop();
                }
                moving = true;
            }
        }
    }
    assert_eq!(printed, "up 3 days\nExited(0)");
}
