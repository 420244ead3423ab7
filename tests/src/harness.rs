//! A hub, a serving peer and an operator over the core alone, which move in turns: what one waits
//! for is counted, and no clock is asked.
//!
//! A turn: each end takes what came and answers it, the hub hands out what it has for each link,
//! and each socket carries at most [`PIECE`] bytes each way.

use std::collections::BTreeMap;

use bowline_core::auth::Dial;
use bowline_core::hub::HubConfig;
use bowline_core::id::{CallId, CommandName};
use bowline_core::link::Event;
use bowline_core::trust::Mode;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{Call, OutputStream, Purpose, Target};
use bowline_testkit::{Pair, START, TestHub, call, dial, ferry, register, snapshot, success};

/// What a socket carries in a turn, each way.
pub const PIECE: usize = 16 << 10;

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
pub struct Harness {
    hub: TestHub,
    peer: Pair,
    operator: Pair,
    /// Whether the operator's socket is read.
    heard: bool,
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

/// What an operator does with the output of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// It has stopped reading.
    Stalled,
    /// It reads whatever comes, and gives credit for it.
    Fast,
}

impl Harness {
    /// Everybody is admitted, and the peer can be called.
    ///
    /// # Panics
    /// When the setting up fails.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        let mut hub = TestHub::new(snapshot(mode), HubConfig::default());
        let peer = hub.connect(dial(mode, "web"), START);
        let operates = Dial { purpose: Purpose::Operate, ..dial(mode, "ops") };
        let operator = hub.connect(operates, START);
        let mut house = Self {
            hub,
            peer,
            operator,
            heard: true,
            runs: BTreeMap::new(),
            flowed: BTreeMap::new(),
            read: BTreeMap::new(),
            ended: Vec::new(),
            turns: 0,
        };
        house.settle();
        assert!(house.peer.peer.is_admitted() && house.operator.peer.is_admitted());
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
        let id = self.operator.peer.next_call().expect("a link that calls");
        let call = call(id, Target::Peer("web".parse().expect("an id")), name);
        self.operator.peer.send(&Frame::Call(call)).expect("room for a call");
        self.read.insert(id, (0, reader));
        id
    }

    /// Gives a call input; how much of it is taken.
    ///
    /// # Panics
    /// When the call is over.
    pub fn feed(&mut self, id: CallId, bytes: &[u8]) -> usize {
        self.operator.peer.input(id, bytes, false).expect("a call that runs")
    }

    /// The operator's socket is read, or not.
    pub fn hear(&mut self, heard: bool) {
        self.heard = heard;
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
        self.peer.rest();
        self.operator.rest();
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
        let Self { hub, peer, operator, heard, .. } = self;
        moved |= hub.take(peer, START) | hub.take(operator, START);
        while hub.hub.work(START) {}
        while hub.hub.poll_wake().is_some() {}
        for (pair, heard) in [(peer, true), (operator, *heard)] {
            assert!(pair.ended.is_none(), "{:?}", pair.ended);
            moved |= hub.hand_out(pair, START);
            moved |= ferry(&mut pair.peer, &mut pair.hub, PIECE, START);
            moved |= heard && ferry(&mut pair.hub, &mut pair.peer, PIECE, START);
        }
        moved
    }

    fn peer_acts(&mut self) -> bool {
        let Self { peer: pair, runs, flowed, .. } = self;
        let mut moved = false;
        while let Some(event) = pair.peer.poll_event() {
            moved = true;
            match event {
                Event::Ask(ask, question) => pair.answer(ask, &question, START),
                Event::Admitted(_) => {
                    pair.peer.send(&register(&[SMALL, POUR, DEAF, SINK])).expect("room");
                }
                Event::Frame(Frame::Call(Call { id, name, .. })) if name.as_str() == SMALL => {
                    pair.peer.send(&success(id)).expect("room");
                }
                Event::Frame(Frame::Call(Call { id, name, .. })) => {
                    runs.insert(id, name);
                }
                Event::Frame(Frame::Input(input)) => {
                    let (id, len) = (input.id, input.bytes.len() as u64);
                    *flowed.entry(id).or_default() += len;
                    if runs[&id].as_str() == SINK {
                        pair.peer.grant(id, len);
                    }
                }
                Event::Ended(ended) => panic!("{ended:?}"),
                _ => {}
            }
        }
        for (&id, _) in runs.iter().filter(|(_, name)| name.as_str() == POUR) {
            let taken =
                pair.peer.output(id, OutputStream::Out, &[0; 64 << 10]).expect("a call that runs");
            *flowed.entry(id).or_default() += taken as u64;
            moved |= taken > 0;
        }
        moved
    }

    fn operator_acts(&mut self) -> bool {
        let Self { operator: pair, read, ended, .. } = self;
        let mut moved = false;
        while let Some(event) = pair.peer.poll_event() {
            moved = true;
            match event {
                Event::Ask(ask, question) => pair.answer(ask, &question, START),
                Event::Frame(Frame::Output(output)) => {
                    let (id, len) = (output.id, output.bytes.len() as u64);
                    let (came, reader) = read.get_mut(&id).expect("a call of ours");
                    *came += len;
                    if *reader == Reader::Fast {
                        pair.peer.grant(id, len);
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
