//! Any order of comings, calls, outputs, inputs, answers, cancels and goings, for one peer and for
//! several, attached and detached, with slices in between: each call ends once at its caller, each
//! peer of it once, nobody hears of a call that is not its own, no window is exceeded, and nothing
//! is left.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::detached::detached;
use super::fanout::{everyone, nothing_is_left};
use super::*;
use crate::limits::INPUT_WINDOW;

const PEERS: [&str; 4] = ["a", "b", "c", "d"];
/// Output credit that callers give at first.
const WINDOW: u64 = 40;

#[derive(Clone, Debug)]
enum Step {
    Come(usize),
    Go(usize),
    Call(usize, usize),
    Everyone(usize),
    Detached(usize, usize),
    DetachedForAll(usize),
    /// The runner, which of its calls, and how many bytes.
    Output(usize, usize, u64),
    Answer(usize, usize),
    /// The runner gives credit for the input that it got.
    Grant(usize, usize),
    /// The caller gives credit for the output that it got.
    GiveBack(usize, usize),
    /// The caller, which of its calls, how many bytes of input, and whether it is the end.
    Feed(usize, usize, u64, bool),
    /// The caller, and which of its calls.
    Cancel(usize, usize),
    Work,
    Late,
}

fn step() -> impl Strategy<Value = Step> {
    let peer = || 0..PEERS.len();
    let call = || (peer(), 0..8usize);
    prop_oneof![
        2 => peer().prop_map(Step::Come),
        1 => peer().prop_map(Step::Go),
        4 => (peer(), peer()).prop_map(|(from, to)| Step::Call(from, to)),
        3 => peer().prop_map(Step::Everyone),
        1 => (peer(), peer()).prop_map(|(from, to)| Step::Detached(from, to)),
        1 => peer().prop_map(Step::DetachedForAll),
        8 => (call(), 1..30u64).prop_map(|((peer, nth), len)| Step::Output(peer, nth, len)),
        5 => call().prop_map(|(peer, nth)| Step::Answer(peer, nth)),
        4 => call().prop_map(|(peer, nth)| Step::Grant(peer, nth)),
        4 => call().prop_map(|(peer, nth)| Step::GiveBack(peer, nth)),
        4 => (call(), 0..20_000u64, any::<bool>())
            .prop_map(|((peer, nth), len, end)| Step::Feed(peer, nth, len, end && len % 4 == 0)),
        2 => call().prop_map(|(peer, nth)| Step::Cancel(peer, nth)),
        6 => Just(Step::Work),
        1 => Just(Step::Late),
    ]
}

/// What one peer has seen of its link.
#[derive(Default)]
struct Seen {
    link: Option<LinkId>,
    /// Calls that it made.
    made: BTreeMap<u64, Made>,
    /// Calls that it was given and has not answered.
    runs: Vec<(u64, Run)>,
}

/// A call, as its caller sees it.
#[derive(Debug)]
struct Made {
    /// It is for several peers, and attached.
    several: bool,
    ends: usize,
    accepted: Vec<PeerId>,
    results: BTreeMap<PeerId, Status>,
    /// Output credit that the caller has given and that is not used.
    credit: u64,
    /// Output that came and that no credit was given for.
    read: u64,
    input_credit: u64,
    fed: u64,
    input_ended: bool,
}

/// A call, as its runner sees it.
#[derive(Debug)]
struct Run {
    credit: u64,
    said: u64,
    came: u64,
    granted: u64,
    input_ended: bool,
}

struct World {
    hub: Hub,
    seen: [Seen; PEERS.len()],
}

impl World {
    fn new() -> Self {
        let limits = Limits {
            slice: 1,
            open_legs: 30,
            kept_calls: 2,
            kept_output: 6000,
            kept_output_per_leg: 50,
            ended_calls: 3,
            caller_credit: 100_000,
            ..Limits::default()
        };
        Self { hub: hub_with(limits, Role::Member), seen: Default::default() }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Come(peer) => self.come(peer),
            Step::Go(peer) => {
                if let Some(link) = self.seen[peer].link.take() {
                    self.hub.gone(link, Now::default());
                }
            }
            Step::Call(from, to) => self.call(from, false, |id| {
                call(id, Target::Peer(PEERS[to].parse().unwrap()), "uptime", WINDOW)
            }),
            Step::Everyone(from) => self.call(from, true, |id| everyone(id, WINDOW)),
            Step::Detached(from, to) => {
                self.call(from, false, |id| detached(id, Target::Peer(PEERS[to].parse().unwrap())))
            }
            Step::DetachedForAll(from) => {
                self.call(from, false, |id| detached(id, Target::All));
            }
            Step::Output(peer, nth, len) => self.say(peer, nth, len),
            Step::Answer(peer, nth) => {
                let seen = &mut self.seen[peer];
                if let Some(link) = seen.link.filter(|_| nth < seen.runs.len()) {
                    let (id, _) = seen.runs.remove(nth);
                    input(&mut self.hub, link, &result(id));
                }
            }
            Step::Grant(peer, nth) => {
                let seen = &mut self.seen[peer];
                let (Some(link), Some((id, run))) = (seen.link, seen.runs.get_mut(nth)) else {
                    return;
                };
                let bytes = run.came - run.granted;
                run.granted = run.came;
                if bytes > 0 {
                    input(&mut self.hub, link, &window(*id, bytes));
                }
            }
            Step::GiveBack(peer, nth) => {
                let seen = &mut self.seen[peer];
                let made = seen.made.iter_mut().filter(|(_, made)| made.ends == 0).nth(nth);
                let (Some(link), Some((&id, made))) = (seen.link, made) else { return };
                let bytes = core::mem::take(&mut made.read);
                made.credit += bytes;
                if bytes > 0 {
                    input(&mut self.hub, link, &window(id, bytes));
                }
            }
            Step::Feed(peer, nth, len, end) => self.feed(peer, nth, len, end),
            Step::Cancel(peer, nth) => {
                let seen = &self.seen[peer];
                if let (Some(link), Some(&id)) = (seen.link, seen.made.keys().nth(nth)) {
                    input(&mut self.hub, link, &cancel(id));
                }
            }
            Step::Work => {
                self.hub.work(Now::default());
            }
            Step::Late => self.hub.handle_timeout(Now { mono: Mono(u64::MAX - 1), unix: 0 }),
        }
        self.look();
    }

    fn come(&mut self, peer: usize) {
        if self.seen[peer].link.is_none() {
            // A link that is new has no frames of calls in its outbox, or `serve` would fail.
            self.seen[peer] =
                Seen { link: Some(serve(&mut self.hub, PEERS[peer])), ..Seen::default() };
        }
    }

    fn call(&mut self, from: usize, several: bool, frame: impl Fn(u64) -> Frame<'static>) {
        let Some(link) = self.seen[from].link else { return };
        let id = 2 * self.seen[from].made.len() as u64 + 1;
        let made = Made {
            several,
            ends: 0,
            accepted: Vec::new(),
            results: BTreeMap::new(),
            credit: WINDOW,
            read: 0,
            input_credit: INPUT_WINDOW,
            fed: 0,
            input_ended: false,
        };
        self.seen[from].made.insert(id, made);
        input(&mut self.hub, link, &frame(id));
    }

    fn say(&mut self, peer: usize, nth: usize, len: u64) {
        let seen = &mut self.seen[peer];
        let (Some(link), Some((id, run))) = (seen.link, seen.runs.get_mut(nth)) else { return };
        let len = len.min(run.credit);
        if len > 0 {
            let bytes = vec![7; len as usize];
            let (peer, source) = ("liar".parse().unwrap(), Stream::Out);
            let (id, offset) = (CallId(*id), run.said);
            (run.credit, run.said) = (run.credit - len, run.said + len);
            let output = Output { id, peer, source, offset, bytes: &bytes };
            input(&mut self.hub, link, &Frame::Output(output));
        }
    }

    fn feed(&mut self, peer: usize, nth: usize, len: u64, end: bool) {
        let seen = &mut self.seen[peer];
        let made = seen.made.iter_mut().filter(|(_, m)| m.ends == 0 && !m.input_ended).nth(nth);
        let (Some(link), Some((&id, made))) = (seen.link, made) else { return };
        let len = len.min(made.input_credit);
        if len > 0 || end {
            let bytes: Vec<u8> = (made.fed..made.fed + len).map(|at| at as u8).collect();
            let fed = Input { id: CallId(id), offset: made.fed, bytes: &bytes, end };
            made.fed += len;
            made.input_credit -= len;
            made.input_ended = end;
            input(&mut self.hub, link, &Frame::Input(fed));
        }
    }

    /// Takes what everybody was sent, and checks that it is theirs, and that all is counted.
    fn look(&mut self) {
        self.hub.calls.assert_counted();
        for peer in 0..PEERS.len() {
            let Some(link) = self.seen[peer].link else { continue };
            let mut outbox = Outbox::default();
            self.hub.take_outbox(link, &mut outbox);
            while let Some(frame) = outbox.front() {
                self.seen[peer].hear(&frame);
                outbox.pop();
            }
        }
    }

    /// Everybody answers all that they run, and what is long is done; then each call has ended.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            let running = (0..PEERS.len())
                .find(|&peer| self.seen[peer].link.is_some() && !self.seen[peer].runs.is_empty());
            match running {
                Some(peer) => self.take(&Step::Answer(peer, 0)),
                None if self.hub.has_work() => self.take(&Step::Work),
                None => break,
            }
        }
        for seen in self.seen.iter().filter(|seen| seen.link.is_some()) {
            for made in seen.made.values() {
                assert_eq!(made.ends, 1, "{made:?}");
            }
        }
        nothing_is_left(&self.hub);
        assert!(!self.hub.has_work());
        let limits = &self.hub.config.limits;
        assert!(self.hub.calls.kept() <= limits.kept_output);
        assert!(self.hub.calls.fanouts().len() <= limits.kept_calls);
    }
}

impl Seen {
    fn hear(&mut self, frame: &Frame<'_>) {
        match frame {
            Frame::Call(call) => {
                let (credit, said, came, granted, input_ended) = (call.window, 0, 0, 0, false);
                self.runs.push((call.id.0, Run { credit, said, came, granted, input_ended }));
            }
            Frame::Input(input) => {
                // It is not sent behind its call's answer, which the link would not know.
                let Some(run) = self.run(input.id) else { return };
                assert_eq!(input.offset, run.came, "in order");
                assert!(!run.input_ended);
                let numbered = (input.offset..).zip(input.bytes);
                assert!({ numbered }.all(|(at, byte)| at as u8 == *byte), "as it was fed");
                run.came += input.bytes.len() as u64;
                run.input_ended = input.end;
                assert!(run.came - run.granted <= INPUT_WINDOW, "overrun");
            }
            Frame::Window(window) if window.id.0.is_multiple_of(2) => {
                if let Some(run) = self.run(window.id) {
                    run.credit += window.bytes;
                }
            }
            Frame::Cancel(cancel) => assert!(cancel.id.0.is_multiple_of(2)),
            Frame::Window(window) => self.open(window.id).input_credit += window.bytes,
            Frame::Output(output) => {
                let made = self.open(output.id);
                let len = output.bytes.len() as u64;
                assert!(len <= made.credit, "beyond the window: {made:?}");
                assert!(!made.results.contains_key(&output.peer), "output behind its result");
                made.credit -= len;
                made.read += len;
            }
            Frame::Accepted(accepted) => {
                let made = self.open(accepted.id);
                assert!(made.several && accepted.queued.is_empty());
                made.accepted.extend(&accepted.sent);
            }
            Frame::Result(result) => {
                let made = self.open(result.id);
                if made.several {
                    let before = made.results.insert(result.peer.unwrap(), result.status);
                    assert_eq!(before, None, "a second result of one peer");
                } else {
                    made.ends += 1;
                }
            }
            Frame::Deny(deny) => self.open(deny.id.unwrap()).ends += 1,
            Frame::Done(done) => {
                let made = self.open(done.id);
                made.ends += 1;
                let total = done.answered + done.failed + done.missing;
                let well = made.results.values().filter(|status| **status == Status::Exited(0));
                assert_eq!(made.results.len() as u64, total);
                assert_eq!(well.count() as u64, done.answered);
                let had = |peer: &PeerId| made.results.contains_key(peer);
                assert!(made.several && made.accepted.iter().all(had), "{made:?}");
            }
            other => panic!("{} was sent", other.kind()),
        }
    }

    fn run(&mut self, id: CallId) -> Option<&mut Run> {
        self.runs.iter_mut().find(|(run, _)| *run == id.0).map(|(_, run)| run)
    }

    /// A call that it made and that has not ended.
    fn open(&mut self, id: CallId) -> &mut Made {
        let made = self.made.get_mut(&id.0).expect("a frame of another's call");
        assert_eq!(made.ends, 0, "a frame behind the end of {id}");
        made
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn each_call_and_each_peer_of_it_ends_once_at_its_caller_and_nothing_is_left(
        steps in proptest::collection::vec(step(), 1..150),
    ) {
        let mut world = World::new();
        (0..PEERS.len()).for_each(|peer| world.come(peer));
        steps.iter().for_each(|step| world.take(step));
        world.settle();
        (0..PEERS.len()).for_each(|peer| world.take(&Step::Go(peer)));
        prop_assert!(world.hub.links.iter().next().is_none());
        for peer in PEERS {
            prop_assert_eq!(world.hub.members.serving(peer.parse().unwrap()), None);
        }
    }
}
