//! What a link costs: allocations on the steady path, and the heap of an idle link at a hub.
//!
//! Both ends run in this thread and in memory, with no runtime: what is counted is the core's own,
//! and for TLS that of rustls.

use std::collections::BTreeMap;
use std::sync::Arc;

use allocation_counter::measure;
use bowline_core::ask::{Answer, Claim, Evidence, Memory, Question, Reservation};
use bowline_core::auth::{Credential, Dial, HubSnapshot, SharedSecret, Transport};
use bowline_core::facts::Durable;
use bowline_core::hub::{Hub as Machine, HubConfig, Outbox, Source as From};
use bowline_core::id::{CallId, LinkId, PublicKey, SecretNumber, SessionId};
use bowline_core::identity::{HubIdentity, PeerKey, SigningKey, TlsKey};
use bowline_core::limits::Limits;
use bowline_core::link::{Event, Link};
use bowline_core::random::{Random, Seed};
use bowline_core::time::{Mono, Now};
use bowline_core::trust::{Known, Mode};
use bowline_core::tunnel::{ClientTls, ServerTls};
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{
    Call, CallResult, Command, Delivery, Method, Output, Purpose, Register, Source, Status, Target,
    Window,
};
use bowline_core::wire::value::Arguments;
use bowline_tests::carry::carry;

const NOW: Now = Now { mono: Mono(0), unix: 1_800_000_000 };

/// A hub's link and a serving peer's, in memory.
struct Pair {
    hub: Link,
    peer: Link,
    /// Whether the peer answers calls at once.
    answers: bool,
    /// Bytes of output, and results, that the hub was told of.
    output: usize,
    results: usize,
}

impl Pair {
    /// Two links, admitted and quiet.
    fn admitted(mode: Mode) -> Self {
        let from = From::Network("127.0.0.1:9".parse().unwrap());
        let hub = Link::accept(snapshot(mode), from, &Seed([11; 32]), NOW).unwrap();
        let peer = Link::connect(dial(mode), &Seed([12; 32]), NOW).unwrap();
        let mut pair = Self { hub, peer, answers: true, output: 0, results: 0 };
        let config = HubConfig::default();
        let mut registry = Machine::new(config, Durable::default(), &Seed([7; 32]));
        let id = registry.arrive(from, NOW).unwrap();
        let mut ledger = Memory::default();
        loop {
            let mut any = false;
            for link in [&mut pair.hub, &mut pair.peer] {
                while let Some(event) = link.poll_event() {
                    any = true;
                    if let Event::Ask(ask, question) = event {
                        let answer = registry.answer(id, &question, NOW);
                        let answer = answer.or_else(|| ledger.answer(&question)).unwrap();
                        link.answer(ask, answer, NOW);
                    }
                }
            }
            if !(any
                | carry(&mut pair.peer, &mut pair.hub, NOW)
                | carry(&mut pair.hub, &mut pair.peer, NOW))
            {
                break;
            }
        }
        assert!(pair.hub.is_admitted() && pair.peer.is_admitted());
        pair
    }

    /// Turns until nothing moves.
    fn settle(&mut self) {
        loop {
            let any = self.events();
            let up = carry(&mut self.peer, &mut self.hub, NOW);
            if !(any | up | carry(&mut self.hub, &mut self.peer, NOW)) {
                return;
            }
        }
    }

    fn events(&mut self) -> bool {
        let mut any = false;
        while let Some(event) = self.hub.poll_event() {
            any = true;
            match event {
                Event::Frame(Frame::Output(output)) => self.output += output.bytes.len(),
                Event::Frame(Frame::Result(_)) => self.results += 1,
                Event::Ended(ended) => panic!("{ended:?}"),
                _ => {}
            }
        }
        loop {
            let called = match self.peer.poll_event() {
                None => return any,
                Some(Event::Frame(Frame::Call(call))) => Some(call.id),
                Some(Event::Ended(ended)) => panic!("{ended:?}"),
                Some(_) => None,
            };
            any = true;
            if let Some(id) = called.filter(|_| self.answers) {
                self.peer.send(&result(id)).unwrap();
            }
        }
    }

    /// A call from the hub; its id.
    fn call(&mut self) -> CallId {
        let id = self.hub.next_call().unwrap();
        let call = Call {
            id,
            target: Target::Peer("web".parse().unwrap()),
            name: "ok".parse().unwrap(),
            arguments: Arguments::default(),
            deadline_ms: 60_000,
            window: 1 << 20,
            delivery: Delivery::Attached,
        };
        self.hub.send(&Frame::Call(call)).unwrap();
        id
    }

    /// The heap that the hub's link holds: what is freed with it.
    fn hub_heap(self) -> i64 {
        let Self { hub, .. } = self;
        -measure(|| drop(hub)).bytes_current
    }
}

fn result(id: CallId) -> Frame<'static> {
    let status = Status::Exited(0);
    Frame::Result(CallResult { id, peer: None, status, value: None, text: "" })
}

fn key(number: u8) -> SigningKey {
    SigningKey::generate(&mut Random::new(&Seed([number; 32])))
}

fn secret() -> SharedSecret {
    SharedSecret::new(&[7; 32]).unwrap()
}

fn snapshot(mode: Mode) -> Arc<HubSnapshot> {
    let tls = (mode == Mode::Tofu).then(|| {
        let names = ["hub.example".to_owned()];
        let mut random = Random::new(&Seed([3; 32]));
        let key = TlsKey::self_signed(&mut random, &names, "hub", NOW.unix).unwrap();
        let (chain, key) = key.into_parts();
        ServerTls::new(chain, key).unwrap()
    });
    Arc::new(HubSnapshot {
        identity: Arc::new(HubIdentity(key(1))),
        name: "hub".to_owned(),
        tls,
        secrets: secret().into(),
        joins: None,
        open: false,
        generation: 1,
        external_pins: Vec::new(),
        policy: Arc::default(),
        limits: Limits::default(),
    })
}

fn dial(mode: Mode) -> Arc<Dial> {
    let transport = match mode {
        Mode::Plain => Transport::Plain,
        Mode::Tofu | Mode::Strict => Transport::Tls(ClientTls::new().unwrap()),
    };
    Arc::new(Dial {
        known: Known { hub: "hub".to_owned(), ..Known::default() },
        credential: Credential::Secret(secret()),
        ..Dial::new("hub.example:7777", transport, "web".parse().unwrap(), PeerKey(key(2)))
    })
}

/// What was allocated by `rounds` calls and their results, once the buffers had their size.
fn allocations(mode: Mode, rounds: usize) -> u64 {
    let mut pair = Pair::admitted(mode);
    let mut round = || {
        pair.call();
        pair.settle();
    };
    (0..200).for_each(|_| round());
    let info = measure(|| (0..rounds).for_each(|_| round()));
    assert_eq!(pair.results, 200 + rounds);
    info.count_total
}

#[test]
fn a_small_call_and_its_result_allocate_nothing_once_the_buffers_have_their_size() {
    assert_eq!(allocations(Mode::Plain, 1000), 0);
}

/// rustls allocates for each record that it seals and each that it opens; a round is two records.
#[test]
fn over_tls_only_rustls_allocates_for_a_small_call_and_its_result() {
    assert_eq!(allocations(Mode::Tofu, 1000), 4 * 1000);
}

#[test]
fn an_idle_link_at_a_hub_holds_ten_kilobytes_of_heap_at_most_after_a_megabyte() {
    const BYTES: usize = 1 << 20;
    let mut pair = Pair::admitted(Mode::Tofu);
    pair.answers = false;
    let id = pair.call();
    pair.settle();
    let (data, mut sent) = (vec![7; BYTES], 0);
    while sent < BYTES {
        sent += pair.peer.output(id, Source::Out, &data[sent..]).unwrap();
        pair.settle();
    }
    pair.peer.send(&result(id)).unwrap();
    pair.settle();
    assert_eq!((pair.output, pair.results), (BYTES, 1));
    let busy = pair.hub.traffic().0;
    assert!(busy > BYTES as u64);
    pair.hub.rest();
    let heap = pair.hub_heap();
    assert!((1..=10 << 10).contains(&heap), "{heap} bytes");
}

/// A session at a hub without links.
fn session(hub: &mut Machine, peer: &str, purpose: Purpose) -> LinkId {
    let link = hub.arrive(From::Network("127.0.0.1:9".parse().unwrap()), NOW).unwrap();
    let claim = Claim {
        method: Method::Secret,
        purpose,
        identity: Some((peer.parse().unwrap(), PublicKey([peer.len() as u8; 32]))),
        evidence: Some(Evidence::Secret(SecretNumber::FIRST)),
        later: Default::default(),
        agent: String::new(),
        labels: BTreeMap::new(),
    };
    let reserve = Question::Reserve(Box::new(claim.clone()));
    let Some(Answer::Reserved(grant)) = hub.answer(link, &reserve, NOW) else { panic!() };
    let reservation = Reservation { claim, grant: *grant, session: SessionId([1; 16]) };
    let commit = Question::Commit(Box::new(reservation));
    assert_eq!(hub.answer(link, &commit, NOW), Some(Answer::Committed));
    link
}

/// Takes what a hub has for a link; how many frames.
fn taken(hub: &mut Machine, link: LinkId, outbox: &mut Outbox) -> usize {
    assert_eq!(hub.take_outbox(link, outbox), None);
    let mut frames = 0;
    while outbox.front().is_some() {
        outbox.pop();
        frames += 1;
    }
    frames
}

#[test]
fn a_hub_routes_a_call_its_output_credit_and_result_without_an_allocation() {
    let mut hub = Machine::new(HubConfig::default(), Durable::default(), &Seed([7; 32]));
    let web = session(&mut hub, "web", Purpose::Serve);
    let (name, description, arguments) = ("ok".parse().unwrap(), String::new(), Vec::new());
    let commands = vec![Command { name, description, arguments }];
    hub.input(web, &Frame::Register(Register { commands }), NOW);
    let op = session(&mut hub, "op", Purpose::Operate);
    let (mut to_web, mut to_op) = (Outbox::default(), Outbox::default());
    assert_eq!(taken(&mut hub, web, &mut to_web), 1);
    while hub.poll_event().is_some() {}
    let (target, arguments, delivery) =
        (Target::Peer("web".parse().unwrap()), Default::default(), Delivery::Attached);
    let (mut at_op, mut at_web) = (CallId(1), CallId(2));
    let mut round = || {
        let call =
            Call { id: at_op, target, name, arguments, deadline_ms: 60_000, window: 100, delivery };
        hub.input(op, &Frame::Call(call), NOW);
        let (peer, source) = ("liar".parse().unwrap(), Source::Out);
        let output = Output { id: at_web, peer, source, offset: 0, bytes: &[7; 10] };
        hub.input(web, &Frame::Output(output), NOW);
        hub.input(op, &Frame::Window(Window { id: at_op, bytes: 10 }), NOW);
        assert_eq!(taken(&mut hub, web, &mut to_web), 2);
        hub.input(web, &result(at_web), NOW);
        assert_eq!(taken(&mut hub, op, &mut to_op), 2);
        while hub.poll_wake().is_some() {}
        assert!(!hub.has_work() && hub.poll_event().is_none());
        (at_op, at_web) = (CallId(at_op.0 + 2), CallId(at_web.0 + 2));
    };
    (0..2000).for_each(|_| round());
    assert_eq!(measure(|| (0..2000).for_each(|_| round())).count_total, 0);
}
