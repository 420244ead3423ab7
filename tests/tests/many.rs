//! A call for a thousand peers, each behind a link of its own, all in memory: what the sessions at
//! both ends hold each other to, and that everybody gets and says everything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use bowline_core::auth::Dial;
use bowline_core::hub::HubConfig;
use bowline_core::id::{CallId, LinkId, PeerId};
use bowline_core::limits::Limits;
use bowline_core::link::{Event, Link};
use bowline_core::trust::Mode;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{Call, Done, OutputStream, Purpose, Status, Target};
use bowline_testkit::{Pair, START, TestHub, call, dial, register, snapshot, success};

const PEERS: usize = 1000;
/// Bytes that each peer says, far more than its part of the window.
const SAID: usize = 3000;
/// Bytes that everybody is fed, more than the input window.
const FED: usize = 70_000;
const WINDOW: u64 = 256 << 10;

/// A link, and what is done at the peer's end.
struct Node {
    pair: Pair,
    role: Role,
}

enum Role {
    /// Says its name again and again once it has had all its input.
    Runner {
        name: PeerId,
        run: Option<CallId>,
        fed: usize,
        ended: bool,
        said: usize,
    },
    Caller(Box<Caller>),
}

#[derive(Default)]
struct Caller {
    call: Option<CallId>,
    fed: usize,
    accepted: Vec<PeerId>,
    frames: usize,
    output: BTreeMap<PeerId, Vec<u8>>,
    results: BTreeMap<PeerId, Status>,
    done: Option<Done>,
}

struct World {
    hub: TestHub,
    nodes: Vec<Node>,
    places: BTreeMap<LinkId, usize>,
    slices: usize,
}

impl World {
    fn new() -> Self {
        // They all come at once.
        let mut limits = Limits::default();
        limits.admissions_per_second = 2 * PEERS as u64;
        let config = HubConfig { limits, ..HubConfig::default() };
        Self {
            hub: TestHub::new(snapshot(Mode::Plain), config),
            nodes: Vec::new(),
            places: BTreeMap::new(),
            slices: 0,
        }
    }

    fn join(&mut self, peer: PeerId, purpose: Purpose, role: Role) {
        let dial = Dial { purpose, ..dial(Mode::Plain, peer.as_str()) };
        let pair = self.hub.connect(dial, START);
        self.places.insert(pair.id, self.nodes.len());
        self.nodes.push(Node { pair, role });
        self.settle([self.nodes.len() - 1]);
    }

    /// Turns of these nodes, and of those that the hub wakes, until nothing moves.
    fn settle(&mut self, first: impl IntoIterator<Item = usize>) {
        let mut due: BTreeSet<usize> = first.into_iter().collect();
        loop {
            while let Some(link) = self.hub.hub.poll_wake() {
                due.insert(self.places[&link]);
            }
            while self.hub.hub.poll_event().is_some() {}
            if let Some(at) = due.pop_first() {
                self.turn(at);
            } else if self.hub.hub.has_work() {
                self.hub.hub.work(START);
                self.slices += 1;
            } else {
                return;
            }
        }
    }

    fn turn(&mut self, at: usize) {
        let Self { hub, nodes, .. } = self;
        let Node { pair, role } = &mut nodes[at];
        loop {
            let mut moved = hub.hand_out(pair, START) | role.act(&mut pair.peer);
            while let Some(event) = pair.peer.poll_event() {
                moved = true;
                match event {
                    Event::Ask(ask, question) => pair.answer(ask, &question, START),
                    Event::Ended(ended) => panic!("{ended:?}"),
                    Event::Frame(frame) => {
                        if let Some((id, bytes)) = role.hear(&frame) {
                            pair.peer.grant(id, bytes);
                        }
                    }
                    _ => {}
                }
            }
            moved |= hub.take(pair, START);
            assert!(pair.ended.is_none(), "{:?}", pair.ended);
            if !(moved | pair.carry(START)) {
                return;
            }
        }
    }

    fn caller(&self) -> &Caller {
        match &self.nodes.last().unwrap().role {
            Role::Caller(caller) => caller,
            Role::Runner { .. } => panic!("the caller came last"),
        }
    }
}

impl Role {
    /// What the program at the peer's end does by itself.
    fn act(&mut self, link: &mut Link) -> bool {
        match self {
            Self::Runner { name, run: run @ Some(_), ended: true, said, .. } => {
                let Some(id) = *run else { return false };
                let text = saying(*name);
                let taken = link.output(id, OutputStream::Out, &text[*said..]).unwrap();
                *said += taken;
                if *said == text.len() {
                    link.send(&success(id)).unwrap();
                    *run = None;
                }
                taken > 0
            }
            Self::Runner { .. } => false,
            Self::Caller(caller) => {
                let Some(id) = caller.call.filter(|_| caller.fed < FED) else { return false };
                let taken = link.input(id, &FODDER[caller.fed..], true).unwrap();
                caller.fed += taken;
                taken > 0
            }
        }
    }

    /// Takes a frame; the credit to give for it.
    fn hear(&mut self, frame: &Frame<'_>) -> Option<(CallId, u64)> {
        match (self, frame) {
            (Self::Runner { name, run, .. }, Frame::Call(call)) => {
                assert_eq!(call.target, Target::Peer(*name));
                *run = Some(call.id);
                None
            }
            (Self::Runner { fed, ended, .. }, Frame::Input(input)) => {
                assert_eq!(input.bytes, &FODDER[*fed..*fed + input.bytes.len()]);
                *fed += input.bytes.len();
                *ended = input.end;
                Some((input.id, input.bytes.len() as u64))
            }
            (Self::Caller(caller), frame) => caller.hear(frame),
            _ => None,
        }
    }
}

impl Caller {
    fn hear(&mut self, frame: &Frame<'_>) -> Option<(CallId, u64)> {
        match frame {
            Frame::Accepted(accepted) => {
                self.frames += 1;
                self.accepted.extend(&accepted.sent);
            }
            Frame::Output(output) => {
                self.output.entry(output.peer).or_default().extend(output.bytes);
                return Some((output.id, output.bytes.len() as u64));
            }
            Frame::Result(result) => {
                let before = self.results.insert(result.peer.unwrap(), result.status);
                assert_eq!(before, None, "a second result");
            }
            Frame::Done(done) => self.done = Some(*done),
            _ => {}
        }
        None
    }
}

fn name(n: usize) -> PeerId {
    format!("p{n:04}").parse().unwrap()
}

/// What a peer says.
fn saying(peer: PeerId) -> Vec<u8> {
    peer.as_str().bytes().cycle().take(SAID).collect()
}

/// What everybody is fed.
static FODDER: LazyLock<Vec<u8>> = LazyLock::new(|| (0..FED).map(|at| (at % 251) as u8).collect());

#[test]
fn a_thousand_peers_get_all_input_and_are_heard_in_full_within_one_window() {
    let mut world = World::new();
    for n in 0..PEERS {
        let name = name(n);
        let role = Role::Runner { name, run: None, fed: 0, ended: false, said: 0 };
        world.join(name, Purpose::Serve, role);
        world.nodes[n].pair.peer.send(&register(&["echo"])).unwrap();
        world.settle([n]);
    }
    world.join("op".parse().unwrap(), Purpose::Operate, Role::Caller(Box::default()));
    let Node { pair, role } = world.nodes.last_mut().unwrap();
    let id = pair.peer.next_call().unwrap();
    let call = Call { window: WINDOW, ..call(id, Target::All, "echo") };
    pair.peer.send(&Frame::Call(call)).unwrap();
    let Role::Caller(caller) = role else { unreachable!() };
    caller.call = Some(id);
    world.settle([PEERS]);

    let names: Vec<_> = (0..PEERS).map(name).collect();
    let caller = world.caller();
    assert_eq!((&caller.accepted, caller.frames), (&names, PEERS.div_ceil(256)));
    assert_eq!(
        caller.done,
        Some(Done { id, answered: PEERS as u64, failed: 0, missing: 0, claimed: 0 })
    );
    assert!(caller.results.values().all(|status| *status == Status::Exited(0)));
    assert_eq!(caller.results.len(), PEERS);
    for name in names {
        assert_eq!(caller.output[&name], saying(name), "{name}");
    }
    // Nobody held the lock for all of it.
    assert!(world.slices >= PEERS / 256, "{}", world.slices);
}
