//! A call on its way through a hub and back, over links: how often each frame is read and written.

use super::scenario::{Plan, start};
use crate::ask::{Memory, Question};
use crate::facts::Durable;
use crate::hub::{Hub, HubConfig, Outbox};
use crate::id::{CallId, LinkId};
use crate::link::{Event, Link};
use crate::random::Seed;
use crate::wire::Frame;
use crate::wire::frame::{
    Call, CallResult, Command, Delivery, OutputStream, Purpose, Register, Status, Target, count,
};

/// A hub, and links of which each has both ends here.
struct Passage {
    hub: Hub,
    ledger: Memory,
    /// Who serves, and who calls.
    conns: [Conn; 2],
}

struct Conn {
    id: LinkId,
    member: Link,
    served: Link,
    /// Frames that came to the member, but for their words.
    came: Vec<&'static str>,
}

impl Passage {
    /// Both are admitted, and the first serves a command.
    fn new() -> Self {
        let mut hub = Hub::new(HubConfig::default(), Durable::default(), &Seed([7; 32]));
        let mut conn = |peer, peer_key, purpose| {
            let plan = Plan { peer, peer_key, purpose, ..Plan::plain() };
            Conn {
                id: hub.arrive(plan.source, start()).unwrap(),
                member: Link::connect(plan.dial(), &Seed([peer_key; 32]), start()).unwrap(),
                served: plan.hub_link(),
                came: Vec::new(),
            }
        };
        let conns = [conn("web-1", 2, Purpose::Serve), conn("ops", 3, Purpose::Operate)];
        let mut passage = Self { hub, ledger: Memory::default(), conns };
        passage.settle();
        let (name, description, arguments) = ("echo".parse().unwrap(), String::new(), Vec::new());
        let commands = vec![Command { name, description, arguments }];
        passage.runner().send(&Frame::Register(Register { commands })).unwrap();
        passage.settle();
        passage
    }

    fn runner(&mut self) -> &mut Link {
        &mut self.conns[0].member
    }

    fn call(&mut self) {
        let id = self.conns[1].member.next_call().unwrap();
        let (target, name) = (Target::Peer("web-1".parse().unwrap()), "echo".parse().unwrap());
        let (arguments, delivery) = (Default::default(), Delivery::Attached);
        let (deadline_ms, window) = (1000, 1 << 16);
        let call = Call { id, target, name, arguments, deadline_ms, window, delivery };
        self.conns[1].member.send(&Frame::Call(call)).unwrap();
    }

    /// Until nothing moves.
    fn settle(&mut self) {
        let mut moved = true;
        while core::mem::take(&mut moved) {
            for conn in &mut self.conns {
                moved |= conn.turn(&mut self.hub, &mut self.ledger);
            }
            while self.hub.poll_wake().is_some() {
                moved = true;
            }
        }
    }
}

impl Conn {
    fn turn(&mut self, hub: &mut Hub, ledger: &mut Memory) -> bool {
        while let Some(event) = self.member.poll_event() {
            match event {
                Event::Ask(ask, question) => {
                    let answer = ledger.answer(&question).unwrap();
                    self.member.answer(ask, answer, start());
                }
                Event::Frame(frame) => self.came.push(frame.kind()),
                _ => {}
            }
        }
        while let Some(event) = self.served.poll_event() {
            match event {
                Event::Ask(ask, question) => {
                    let answer = match &question {
                        Question::Hub(ask) => hub.answer(self.id, ask, start()).into(),
                        store => ledger.answer(store).unwrap(),
                    };
                    self.served.answer(ask, answer, start());
                }
                Event::Frame(frame) => hub.input(self.id, &frame, start()),
                _ => {}
            }
        }
        let mut outbox = Outbox::default();
        assert_eq!(hub.take_outbox(self.id, &mut outbox), None);
        while let Some(frame) = outbox.first() {
            self.served.send_encoded(frame).unwrap();
            outbox.pop();
        }
        ferry(&mut self.member, &mut self.served) | ferry(&mut self.served, &mut self.member)
    }
}

fn ferry(from: &mut Link, to: &mut Link) -> bool {
    let (bytes, room) = (from.transmit(), to.receive_buffer());
    let n = bytes.len().min(room.len());
    room[..n].copy_from_slice(&bytes[..n]);
    from.transmitted(n, start());
    to.received(n, start());
    n > 0
}

#[test]
fn a_frame_is_read_once_and_written_once_at_each_end_and_at_the_hub_between_them() {
    let mut passage = Passage::new();
    // Read by the hub and by the other end; written by the one end and by the hub.
    let each_once = (2, 2);
    let id = CallId(2);
    let output = |passage: &mut Passage| {
        passage.runner().output(id, OutputStream::Out, &[7; 256]).unwrap();
        passage.settle();
    };
    assert_eq!(
        count::during(|| {
            passage.call();
            passage.settle();
        }),
        each_once
    );
    for _ in 0..3 {
        assert_eq!(count::during(|| output(&mut passage)), each_once);
    }
    let end = count::during(|| {
        let status = Status::Exited(0);
        let result = CallResult { id, peer: None, status, value: None, text: "" };
        passage.runner().send(&Frame::Result(result)).unwrap();
        passage.settle();
    });
    assert_eq!(end, each_once);
    assert_eq!(passage.conns[0].came, ["registered", "call"]);
    assert_eq!(passage.conns[1].came, ["output", "output", "output", "result"]);
}
