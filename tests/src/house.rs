//! A hub, a serving peer and an operator over the core alone, which move in turns: what one waits for
//! is counted, and no clock is asked.
//!
//! A turn: each end takes what came and answers it, the hub hands out what it has for each link, and
//! each socket carries at most [`PIECE`] bytes each way.

use std::collections::BTreeMap;
use std::sync::Arc;

use bowline_core::ask::Memory;
use bowline_core::auth::{Credential, Dial, HubSnapshot, SharedSecret, Transport};
use bowline_core::facts::Durable;
use bowline_core::hub::{Hub, HubConfig, Outbox, Source as From};
use bowline_core::id::{CallId, CommandName, LinkId};
use bowline_core::identity::{HubIdentity, PeerKey, SigningKey, TlsKey};
use bowline_core::limits::Limits;
use bowline_core::link::{Event, Link};
use bowline_core::random::{Random, Seed};
use bowline_core::session::SendError;
use bowline_core::time::{Mono, Now};
use bowline_core::trust::{Known, Mode};
use bowline_core::tunnel::{ClientTls, ServerTls};
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{
    Call, CallResult, Command, Delivery, Purpose, Register, Source, Status, Target,
};

/// What a socket carries in a turn, each way.
pub const PIECE: usize = 16 << 10;

const NOW: Now = Now { mono: Mono(0), unix: 1_800_000_000 };

/// The command that ends at once.
const SMALL: &str = "small";
/// The command that writes as fast as it may, and never ends.
const POUR: &str = "pour";
/// The command that reads nothing, and never ends.
const DEAF: &str = "deaf";
/// The command that reads whatever comes, and never ends.
const SINK: &str = "sink";

/// All of it.
#[derive(Debug)]
pub struct House {
    hub: Hub,
    ledger: Memory,
    peer: Conn,
    operator: Conn,
    /// What the peer runs.
    runs: BTreeMap<CallId, CommandName>,
    /// What was made of it, by call: bytes of output or input that the peer's link took or brought.
    flowed: BTreeMap<CallId, u64>,
    /// By call of the operator: bytes of output that came, and whether they are granted anew.
    read: BTreeMap<CallId, (u64, Reader)>,
    /// Calls that have ended, at the operator.
    ended: Vec<CallId>,
    turns: u64,
}

/// One connection: the member's end, and the hub's.
#[derive(Debug)]
struct Conn {
    id: LinkId,
    link: Link,
    ledger: Memory,
    served: Link,
    outbox: Outbox,
    /// The member's socket is read.
    heard: bool,
}

/// What an operator does with the output of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// It has stopped reading.
    Stalled,
    /// It reads whatever comes, and gives credit for it.
    Fast,
}

impl House {
    /// Everybody is admitted, and the peer can be called.
    ///
    /// # Panics
    /// When the setting up fails.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        let limits = Limits::default();
        let mut hub = Hub::new(
            HubConfig { limits, ..HubConfig::default() },
            Durable::default(),
            &Seed([7; 32]),
        );
        let snapshot = snapshot(mode);
        let peer = Conn::new(&mut hub, &snapshot, mode, "web", Purpose::Serve);
        let operator = Conn::new(&mut hub, &snapshot, mode, "ops", Purpose::Operate);
        let mut house = Self {
            hub,
            ledger: Memory::default(),
            peer,
            operator,
            runs: BTreeMap::new(),
            flowed: BTreeMap::new(),
            read: BTreeMap::new(),
            ended: Vec::new(),
            turns: 0,
        };
        house.settle();
        assert!(house.peer.link.is_admitted() && house.operator.link.is_admitted());
        house
    }

    /// Calls the command that ends at once.
    pub fn small(&mut self) -> CallId {
        self.call(SMALL, Reader::Fast)
    }

    /// Calls the command that writes without end.
    pub fn pour(&mut self, reader: Reader) -> CallId {
        self.call(POUR, reader)
    }

    /// Calls the command that reads nothing.
    pub fn deaf(&mut self) -> CallId {
        self.call(DEAF, Reader::Fast)
    }

    /// Calls the command that reads everything.
    pub fn sink(&mut self) -> CallId {
        self.call(SINK, Reader::Fast)
    }

    fn call(&mut self, name: &str, reader: Reader) -> CallId {
        let id = self.operator.link.next_call().expect("a link that calls");
        let call = Call {
            id,
            target: Target::Peer("web".parse().expect("an id")),
            name: name.parse().expect("a name"),
            arguments: Default::default(),
            deadline_ms: 60_000,
            window: 1 << 20,
            delivery: Delivery::Attached,
        };
        self.operator.link.send(&Frame::Call(call)).expect("room for a call");
        self.read.insert(id, (0, reader));
        id
    }

    /// Gives a call input; how much of it is taken.
    ///
    /// # Panics
    /// When the call is over.
    pub fn feed(&mut self, id: CallId, bytes: &[u8]) -> usize {
        self.operator.link.input(id, bytes, false).expect("a call that runs")
    }

    /// The operator's socket is read, or not.
    pub fn hear(&mut self, heard: bool) {
        self.operator.heard = heard;
    }

    /// Bytes of output of a call that came to the operator.
    ///
    /// # Panics
    /// When it made no such call.
    #[must_use]
    pub fn output(&self, id: CallId) -> u64 {
        self.read[&id].0
    }

    /// Bytes of all calls' output that the peer's link took, or of their input that it brought.
    #[must_use]
    pub fn flowed(&self) -> u64 {
        self.flowed.values().sum()
    }

    /// Turns until nothing moves any more; then everybody rests.
    pub fn settle(&mut self) {
        while self.turn() {}
        for conn in [&mut self.peer, &mut self.operator] {
            conn.link.rest();
            conn.served.rest();
            conn.outbox.rest();
        }
    }

    /// Whether the end of a call came to the operator.
    #[must_use]
    pub fn has_ended(&self, id: CallId) -> bool {
        self.ended.contains(&id)
    }

    /// Turns from here on until a call has ended.
    ///
    /// # Panics
    /// When it has not after a thousand, which is far more than any flood explains.
    pub fn turns_to_end(&mut self, id: CallId) -> u64 {
        let before = self.turns;
        while !self.has_ended(id) {
            assert!(self.turns - before < 1000, "the call does not end");
            self.turn();
        }
        self.turns - before
    }

    /// One turn; `false` where nothing moved.
    pub fn turn(&mut self) -> bool {
        self.turns += 1;
        let mut moved = self.peer_acts() | self.operator_acts();
        let Self { hub, ledger, peer, operator, .. } = self;
        for conn in [&mut *peer, &mut *operator] {
            moved |= conn.hub_acts(hub, ledger);
        }
        while hub.work(NOW) {}
        while hub.poll_wake().is_some() {}
        for conn in [peer, operator] {
            moved |= conn.hand_out(hub);
            moved |= conn.carry();
        }
        moved
    }

    fn peer_acts(&mut self) -> bool {
        let Self { peer: Conn { link, ledger, .. }, runs, flowed, .. } = self;
        let mut moved = false;
        while let Some(event) = link.poll_event() {
            moved = true;
            match event {
                Event::Ask(ask, question) => {
                    let answer = ledger.answer(&question).expect("an answer");
                    link.answer(ask, answer, NOW);
                }
                Event::Admitted(_) => {
                    let command = |name: &str| {
                        let name = name.parse().expect("a name");
                        Command { name, description: String::new(), arguments: Vec::new() }
                    };
                    let commands = [SMALL, POUR, DEAF, SINK].map(command).to_vec();
                    link.send(&Frame::Register(Register { commands })).expect("room");
                }
                Event::Frame(Frame::Call(Call { id, name, .. })) if name.as_str() == SMALL => {
                    let status = Status::Exited(0);
                    let result = CallResult { id, peer: None, status, value: None, text: "" };
                    link.send(&Frame::Result(result)).expect("room");
                }
                Event::Frame(Frame::Call(Call { id, name, .. })) => {
                    runs.insert(id, name);
                }
                Event::Frame(Frame::Input(input)) => {
                    let (id, len) = (input.id, input.bytes.len() as u64);
                    *flowed.entry(id).or_default() += len;
                    if runs[&id].as_str() == SINK {
                        link.grant(id, len);
                    }
                }
                Event::Ended(ended) => panic!("{ended:?}"),
                _ => {}
            }
        }
        for (&id, _) in runs.iter().filter(|(_, name)| name.as_str() == POUR) {
            let taken = link.output(id, Source::Out, &[0; 64 << 10]).expect("a call that runs");
            *flowed.entry(id).or_default() += taken as u64;
            moved |= taken > 0;
        }
        moved
    }

    fn operator_acts(&mut self) -> bool {
        let Self { operator: Conn { link, ledger, .. }, read, ended, .. } = self;
        let mut moved = false;
        while let Some(event) = link.poll_event() {
            moved = true;
            match event {
                Event::Ask(ask, question) => {
                    let answer = ledger.answer(&question).expect("an answer");
                    link.answer(ask, answer, NOW);
                }
                Event::Frame(Frame::Output(output)) => {
                    let (id, len) = (output.id, output.bytes.len() as u64);
                    let (came, reader) = read.get_mut(&id).expect("a call of ours");
                    *came += len;
                    if *reader == Reader::Fast {
                        link.grant(id, len);
                    }
                }
                Event::Frame(Frame::Result(result)) => ended.push(result.id),
                Event::Ended(ended) => panic!("{ended:?}"),
                _ => {}
            }
        }
        moved
    }
}

impl Conn {
    fn new(
        hub: &mut Hub,
        snapshot: &Arc<HubSnapshot>,
        mode: Mode,
        name: &str,
        purpose: Purpose,
    ) -> Self {
        let from = From::Network(([192, 0, 2, 1], 49_152).into());
        let seed = |end: u8| {
            Seed([name.len() as u8 ^ name.as_bytes()[0], end].repeat(16).try_into().expect("32"))
        };
        let id = hub.arrive(from, NOW).expect("room");
        let link = Link::connect(dial(mode, name, purpose), &seed(1), NOW).expect("a link");
        let served = Link::accept(snapshot.clone(), from, &seed(2), NOW).expect("a link");
        let (ledger, outbox) = (Memory::default(), Outbox::default());
        Self { id, link, ledger, served, outbox, heard: true }
    }

    /// The hub's end takes what came.
    fn hub_acts(&mut self, hub: &mut Hub, ledger: &mut Memory) -> bool {
        let mut moved = false;
        while let Some(event) = self.served.poll_event() {
            moved = true;
            match event {
                Event::Ask(ask, question) => {
                    let answer = hub.answer(self.id, &question, NOW);
                    let answer = answer.or_else(|| ledger.answer(&question)).expect("an answer");
                    self.served.answer(ask, answer, NOW);
                }
                Event::Frame(frame) => hub.input(self.id, &frame, NOW),
                Event::Ended(ended) => panic!("{ended:?}"),
                _ => {}
            }
        }
        moved
    }

    /// What the hub has for the member goes to its link, as far as there is room.
    fn hand_out(&mut self, hub: &mut Hub) -> bool {
        let mut moved = false;
        loop {
            while let Some(frame) = self.outbox.first() {
                match self.served.send_encoded(frame) {
                    Ok(()) | Err(SendError::NotOpen(_)) => {}
                    Err(SendError::Full) => return moved,
                    Err(error) => panic!("{error}"),
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

    fn carry(&mut self) -> bool {
        let up = carry(&mut self.link, &mut self.served);
        up | (self.heard && carry(&mut self.served, &mut self.link))
    }
}

/// One turn of a socket, one way.
fn carry(from: &mut Link, to: &mut Link) -> bool {
    let (room, bytes) = (to.receive_buffer(), from.transmit());
    let n = bytes.len().min(room.len()).min(PIECE);
    if n > 0 {
        room[..n].copy_from_slice(&bytes[..n]);
        from.transmitted(n, NOW);
        to.received(n, NOW);
    }
    n > 0
}

fn key(number: u8) -> SigningKey {
    SigningKey::generate(&mut Random::new(&Seed([number; 32])))
}

fn secret() -> SharedSecret {
    SharedSecret::new(&[7; 32]).expect("long enough")
}

fn snapshot(mode: Mode) -> Arc<HubSnapshot> {
    let tls = (mode != Mode::Plain).then(|| {
        let (mut random, names) = (Random::new(&Seed([3; 32])), ["hub.example".to_owned()]);
        let key = TlsKey::self_signed(&mut random, &names, "hub", NOW.unix).expect("a key");
        let (chain, key) = key.into_parts();
        ServerTls::new(chain, key).expect("TLS")
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

fn dial(mode: Mode, name: &str, purpose: Purpose) -> Arc<Dial> {
    let transport = match mode {
        Mode::Plain => Transport::Plain,
        Mode::Tofu | Mode::Strict => Transport::Tls(ClientTls::new().expect("TLS")),
    };
    let key = PeerKey(key(name.as_bytes()[0]));
    Arc::new(Dial {
        known: Known { hub: "hub".to_owned(), ..Known::default() },
        credential: Credential::Secret(secret()),
        purpose,
        ..Dial::new("hub.example:7777", transport, name.parse().expect("an id"), key)
    })
}
