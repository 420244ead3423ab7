//! What a link costs: allocations on the steady path, and the heap of an idle link at a hub.
//!
//! Both ends run in this thread and in memory, with no runtime: what is counted is the core's own,
//! and for TLS that of rustls.

use allocation_counter::measure;
use bowline_core::facts::Durable;
use bowline_core::hub::{Hub as Machine, HubConfig, Outbox};
use bowline_core::id::{CallId, LinkId};
use bowline_core::link::{Event, Link};
use bowline_core::random::Seed;
use bowline_core::trust::Mode;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{Call, Output, OutputStream, Purpose, Target, Window};
use bowline_testkit::{
    Pair, START, TestHub, call, dial, ferry_all, register, session, snapshot, success,
};

/// A hub's link and a serving peer's, in memory.
struct Links {
    hub: Link,
    peer: Link,
    /// Whether the peer answers calls at once.
    answers: bool,
    /// Bytes of output, and results, that the hub was told of.
    output: usize,
    results: usize,
}

impl Links {
    /// Two links, admitted and quiet.
    fn admitted(mode: Mode) -> Self {
        let mut hub = TestHub::new(snapshot(mode), HubConfig::default());
        let Pair { hub, peer, .. } = hub.admit(dial(mode, "web"), START);
        Self { hub, peer, answers: true, output: 0, results: 0 }
    }

    /// Turns until nothing moves.
    fn settle(&mut self) {
        loop {
            let any = self.events();
            let up = ferry_all(&mut self.peer, &mut self.hub, START);
            if !(any | up | ferry_all(&mut self.hub, &mut self.peer, START)) {
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
                self.peer.send(&success(id)).unwrap();
            }
        }
    }

    /// A call from the hub; its id.
    fn call(&mut self) -> CallId {
        let id = self.hub.next_call().unwrap();
        let call = call(id, Target::Peer("web".parse().unwrap()), "ok");
        self.hub.send(&Frame::Call(call)).unwrap();
        id
    }

    /// The heap that the hub's link holds: what is freed with it.
    fn hub_heap(self) -> i64 {
        let Self { hub, .. } = self;
        -measure(|| drop(hub)).bytes_current
    }
}

/// What was allocated by `rounds` calls and their results, once the buffers had their size.
fn allocations(mode: Mode, rounds: usize) -> u64 {
    let mut links = Links::admitted(mode);
    let mut round = || {
        links.call();
        links.settle();
    };
    (0..200).for_each(|_| round());
    let info = measure(|| (0..rounds).for_each(|_| round()));
    assert_eq!(links.results, 200 + rounds);
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
    let mut links = Links::admitted(Mode::Tofu);
    links.answers = false;
    let id = links.call();
    links.settle();
    let (data, mut sent) = (vec![7; BYTES], 0);
    while sent < BYTES {
        sent += links.peer.output(id, OutputStream::Out, &data[sent..]).unwrap();
        links.settle();
    }
    links.peer.send(&success(id)).unwrap();
    links.settle();
    assert_eq!((links.output, links.results), (BYTES, 1));
    let busy = links.hub.traffic().0;
    assert!(busy > BYTES as u64);
    links.hub.rest();
    let heap = links.hub_heap();
    assert!((1..=10 << 10).contains(&heap), "{heap} bytes");
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
    let web = session(&mut hub, "web", Purpose::Serve, START);
    hub.input(web, &register(&["ok"]), START);
    let op = session(&mut hub, "op", Purpose::Operate, START);
    let (mut to_web, mut to_op) = (Outbox::default(), Outbox::default());
    assert_eq!(taken(&mut hub, web, &mut to_web), 1);
    while hub.poll_event().is_some() {}
    let target = Target::Peer("web".parse().unwrap());
    let (mut at_op, mut at_web) = (CallId(1), CallId(2));
    let mut round = || {
        let call = Call { window: 100, ..call(at_op, target, "ok") };
        hub.input(op, &Frame::Call(call), START);
        let (peer, source) = ("liar".parse().unwrap(), OutputStream::Out);
        let output = Output { id: at_web, peer, source, offset: 0, bytes: &[7; 10] };
        hub.input(web, &Frame::Output(output), START);
        hub.input(op, &Frame::Window(Window { id: at_op, bytes: 10 }), START);
        assert_eq!(taken(&mut hub, web, &mut to_web), 2);
        hub.input(web, &success(at_web), START);
        assert_eq!(taken(&mut hub, op, &mut to_op), 2);
        while hub.poll_wake().is_some() {}
        assert!(!hub.has_work() && hub.poll_event().is_none());
        (at_op, at_web) = (CallId(at_op.0 + 2), CallId(at_web.0 + 2));
    };
    (0..2000).for_each(|_| round());
    assert_eq!(measure(|| (0..2000).for_each(|_| round())).count_total, 0);
}
