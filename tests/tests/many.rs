//! A call for a thousand peers, each behind a link of its own, all in memory: what the sessions at
//! both ends hold each other to, and that everybody gets and says everything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use bowline_core::ask::Memory;
use bowline_core::auth::{Credential, Dial, HubSnapshot, SharedSecret, Transport};
use bowline_core::facts::Durable;
use bowline_core::hub::{Hub, HubConfig, Outbox, Source as From};
use bowline_core::id::{CallId, LinkId, PeerId};
use bowline_core::identity::{HubIdentity, PeerKey, SigningKey};
use bowline_core::limits::Limits;
use bowline_core::link::{Event, Link};
use bowline_core::random::{Random, Seed};
use bowline_core::time::{Mono, Now};
use bowline_core::trust::Known;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{
    Call, CallResult, Command, Delivery, Done, Purpose, Register, Source, Status, Target,
};
use bowline_tests::carry::carry;

const NOW: Now = Now { mono: Mono(0), unix: 1_800_000_000 };
const PEERS: usize = 1000;
/// Bytes that each peer says, far more than its part of the window.
const SAID: usize = 3000;
/// Bytes that everybody is fed, more than the input window.
const FED: usize = 70_000;
const WINDOW: u64 = 256 << 10;

/// Both ends of a link, and what is done at the peer's.
struct Node {
    id: LinkId,
    at_hub: Link,
    outbox: Outbox,
    peer: Link,
    ledger: Memory,
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
    hub: Hub,
    ledger: Memory,
    snapshot: Arc<HubSnapshot>,
    secret: SharedSecret,
    random: Random,
    nodes: Vec<Node>,
    places: BTreeMap<LinkId, usize>,
    slices: usize,
}

impl World {
    fn new() -> Self {
        let mut random = Random::new(&Seed([3; 32]));
        let secret = SharedSecret::new(&[7; 32]).unwrap();
        // They all come at once.
        let mut limits = Limits::default();
        limits.admissions_per_second = 2 * PEERS as u64;
        let snapshot = HubSnapshot {
            identity: Arc::new(HubIdentity(SigningKey::generate(&mut random))),
            name: "hub".to_owned(),
            tls: None,
            external_pins: Vec::new(),
            secrets: secret.clone().into(),
            joins: None,
            open: false,
            generation: 1,
            policy: Arc::default(),
            limits: Limits::default(),
        };
        Self {
            hub: Hub::new(
                HubConfig { limits, ..HubConfig::default() },
                Durable::default(),
                &Seed([7; 32]),
            ),
            ledger: Memory::default(),
            snapshot: Arc::new(snapshot),
            secret,
            random,
            nodes: Vec::new(),
            places: BTreeMap::new(),
            slices: 0,
        }
    }

    fn join(&mut self, peer: PeerId, purpose: Purpose, role: Role) {
        let source = From::Network("127.0.0.1:9".parse().unwrap());
        let id = self.hub.arrive(source, NOW).unwrap();
        let key = PeerKey(SigningKey::generate(&mut self.random));
        let dial = Dial {
            known: Known { hub: "hub".to_owned(), ..Known::default() },
            credential: Credential::Secret(self.secret.clone()),
            purpose,
            ..Dial::new("hub.example:7777", Transport::Plain, peer, key)
        };
        let seeds = [self.random.seed(), self.random.seed()];
        let at_hub = Link::accept(self.snapshot.clone(), source, &seeds[0], NOW).unwrap();
        let link = Link::connect(Arc::new(dial), &seeds[1], NOW).unwrap();
        let (outbox, ledger) = (Outbox::default(), Memory::default());
        self.places.insert(id, self.nodes.len());
        self.nodes.push(Node { id, at_hub, outbox, peer: link, ledger, role });
        self.settle([self.nodes.len() - 1]);
    }

    /// Turns of these nodes, and of those that the hub wakes, until nothing moves.
    fn settle(&mut self, first: impl IntoIterator<Item = usize>) {
        let mut due: BTreeSet<usize> = first.into_iter().collect();
        loop {
            while let Some(link) = self.hub.poll_wake() {
                due.insert(self.places[&link]);
            }
            while self.hub.poll_event().is_some() {}
            if let Some(at) = due.pop_first() {
                self.turn(at);
            } else if self.hub.has_work() {
                self.hub.work(NOW);
                self.slices += 1;
            } else {
                return;
            }
        }
    }

    fn turn(&mut self, at: usize) {
        let Self { hub, ledger, nodes, .. } = self;
        let node = &mut nodes[at];
        loop {
            let mut moved = node.pass_on(hub) | node.act();
            while let Some(event) = node.peer.poll_event() {
                moved = true;
                match event {
                    Event::Ask(ask, question) => {
                        let answer = node.ledger.answer(&question).unwrap();
                        node.peer.answer(ask, answer, NOW);
                    }
                    Event::Ended(ended) => panic!("{ended:?}"),
                    Event::Frame(frame) => {
                        let granted = node.role.hear(&frame);
                        if let Some((id, bytes)) = granted {
                            node.peer.grant(id, bytes);
                        }
                    }
                    _ => {}
                }
            }
            while let Some(event) = node.at_hub.poll_event() {
                moved = true;
                match event {
                    Event::Ask(ask, question) => {
                        let answer = hub.answer(node.id, &question, NOW);
                        let answer = answer.or_else(|| ledger.answer(&question)).unwrap();
                        node.at_hub.answer(ask, answer, NOW);
                    }
                    Event::Frame(frame) => hub.input(node.id, &frame, NOW),
                    Event::Ended(ended) => panic!("{ended:?}"),
                    _ => {}
                }
            }
            moved |= carry(&mut node.peer, &mut node.at_hub, NOW);
            moved |= carry(&mut node.at_hub, &mut node.peer, NOW);
            if !moved {
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

impl Node {
    /// Sends what the hub has for this link.
    fn pass_on(&mut self, hub: &mut Hub) -> bool {
        let mut moved = false;
        loop {
            while let Some(frame) = self.outbox.first() {
                match self.at_hub.send_encoded(frame) {
                    Ok(()) | Err(bowline_core::session::SendError::NotOpen(_)) => {}
                    Err(bowline_core::session::SendError::Full) => return moved,
                    Err(error) => panic!("{error}: {frame:?}"),
                }
                self.outbox.pop();
                moved = true;
            }
            assert_eq!(hub.take_outbox(self.id, &mut self.outbox), None);
            if self.outbox.is_empty() {
                return moved;
            }
        }
    }

    /// What the program at the peer's end does by itself.
    fn act(&mut self) -> bool {
        match &mut self.role {
            Role::Runner { name, run: run @ Some(_), ended: true, said, .. } => {
                let Some(id) = *run else { return false };
                let text = saying(*name);
                let taken = self.peer.output(id, Source::Out, &text[*said..]).unwrap();
                *said += taken;
                if *said == text.len() {
                    let (peer, status) = (None, Status::Exited(0));
                    let result = CallResult { id, peer, status, value: None, text: "" };
                    self.peer.send(&Frame::Result(result)).unwrap();
                    *run = None;
                }
                taken > 0
            }
            Role::Runner { .. } => false,
            Role::Caller(caller) => {
                let Some(id) = caller.call.filter(|_| caller.fed < FED) else { return false };
                let taken = self.peer.input(id, &FODDER[caller.fed..], true).unwrap();
                caller.fed += taken;
                taken > 0
            }
        }
    }
}

impl Role {
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
    let mut world: World = World::new();
    let command = "echo".parse().unwrap();
    for n in 0..PEERS {
        let name = name(n);
        let role = Role::Runner { name, run: None, fed: 0, ended: false, said: 0 };
        world.join(name, Purpose::Serve, role);
        let (description, arguments) = (String::new(), Vec::new());
        let commands = vec![Command { name: command, description, arguments }];
        world.nodes[n].peer.send(&Frame::Register(Register { commands })).unwrap();
        world.settle([n]);
    }
    world.join("op".parse().unwrap(), Purpose::Operate, Role::Caller(Box::default()));
    let node = world.nodes.last_mut().unwrap();
    let id = node.peer.next_call().unwrap();
    let call = Call {
        id,
        target: Target::All,
        name: command,
        arguments: Default::default(),
        deadline_ms: 60_000,
        window: WINDOW,
        delivery: Delivery::Attached,
    };
    node.peer.send(&Frame::Call(call)).unwrap();
    let Role::Caller(caller) = &mut node.role else { unreachable!() };
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
