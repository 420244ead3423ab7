//! Any order of comings, calls, outputs, answers, cancels and goings: each call ends once at its
//! caller, nobody hears of a call that is not its own, and nothing is left.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const PEERS: [&str; 4] = ["a", "b", "c", "d"];

#[derive(Clone, Debug)]
enum Step {
    Come(usize),
    Go(usize),
    Call(usize, usize),
    /// The runner, and which of its calls.
    Output(usize, usize),
    Answer(usize, usize),
    Grant(usize, usize),
    /// The caller, and which of its calls.
    Cancel(usize, usize),
    Late,
}

fn step() -> impl Strategy<Value = Step> {
    let peer = 0..PEERS.len();
    let nth = 0..8usize;
    prop_oneof![
        2 => peer.clone().prop_map(Step::Come),
        1 => peer.clone().prop_map(Step::Go),
        6 => (peer.clone(), peer.clone()).prop_map(|(from, to)| Step::Call(from, to)),
        3 => (peer.clone(), nth.clone()).prop_map(|(peer, nth)| Step::Output(peer, nth)),
        4 => (peer.clone(), nth.clone()).prop_map(|(peer, nth)| Step::Answer(peer, nth)),
        2 => (peer.clone(), nth.clone()).prop_map(|(peer, nth)| Step::Grant(peer, nth)),
        2 => (peer, nth).prop_map(|(peer, nth)| Step::Cancel(peer, nth)),
        1 => Just(Step::Late),
    ]
}

/// What one peer has seen of its link.
#[derive(Default)]
struct Seen {
    link: Option<LinkId>,
    /// Calls that it made: how often each has ended.
    made: BTreeMap<u64, usize>,
    /// Calls that it was given and has not answered.
    runs: Vec<u64>,
}

struct World {
    hub: Hub,
    seen: [Seen; PEERS.len()],
}

impl World {
    fn take(&mut self, step: &Step) {
        match *step {
            Step::Come(peer) => self.come(peer),
            Step::Go(peer) => {
                if let Some(link) = self.seen[peer].link.take() {
                    self.hub.gone(link, Now::default());
                }
            }
            Step::Call(from, to) => {
                let Some(link) = self.seen[from].link else { return };
                let id = 2 * self.seen[from].made.len() as u64 + 1;
                self.seen[from].made.insert(id, 0);
                input(&mut self.hub, link, &uptime(id, PEERS[to]));
            }
            Step::Output(peer, nth) => self.of_run(peer, nth, output),
            Step::Answer(peer, nth) => {
                self.of_run(peer, nth, result);
                let runs = &mut self.seen[peer].runs;
                if self.seen[peer].link.is_some() && nth < runs.len() {
                    runs.remove(nth);
                }
            }
            Step::Grant(peer, nth) => self.of_run(peer, nth, |id| window(id, 1)),
            Step::Cancel(peer, nth) => {
                let seen = &self.seen[peer];
                if let (Some(link), Some(&id)) = (seen.link, seen.made.keys().nth(nth)) {
                    input(&mut self.hub, link, &cancel(id));
                }
            }
            Step::Late => self.hub.handle_timeout(Now { mono: Mono(u64::MAX - 1), unix: 0 }),
        }
        self.look();
    }

    fn come(&mut self, peer: usize) {
        if self.seen[peer].link.is_none() {
            self.seen[peer] =
                Seen { link: Some(serve(&mut self.hub, PEERS[peer])), ..Seen::default() };
        }
    }

    fn of_run(&mut self, peer: usize, nth: usize, frame: fn(u64) -> Frame<'static>) {
        let seen = &self.seen[peer];
        if let (Some(link), Some(&id)) = (seen.link, seen.runs.get(nth)) {
            input(&mut self.hub, link, &frame(id));
        }
    }

    /// Takes what everybody was sent, and checks that it is theirs.
    fn look(&mut self) {
        for seen in &mut self.seen {
            let Some(link) = seen.link else { continue };
            for line in sent(&mut self.hub, link) {
                let mut words = line.split(' ');
                let (kind, id) = (words.next().unwrap(), words.next().unwrap());
                let id: u64 = id.parse().unwrap();
                let ends = seen.made.get_mut(&id);
                match kind {
                    "call" => seen.runs.push(id),
                    "result" => *ends.expect("a result of another's call") += 1,
                    "output" => assert_eq!(ends, Some(&mut 0), "{line}"),
                    // A cancel names a call that runs there, a window either kind.
                    "cancel" => assert!(id.is_multiple_of(2), "{line}"),
                    "window" => assert!(id.is_multiple_of(2) || ends == Some(&mut 0), "{line}"),
                    other => panic!("{other} was sent"),
                }
                assert!(seen.made.values().all(|&ends| ends <= 1), "{line}");
            }
        }
    }

    /// Everybody answers all that they run; then each call has ended.
    fn settle(&mut self) {
        for peer in 0..PEERS.len() {
            while self.seen[peer].link.is_some() && !self.seen[peer].runs.is_empty() {
                self.take(&Step::Answer(peer, 0));
            }
        }
        for seen in self.seen.iter().filter(|seen| seen.link.is_some()) {
            assert!(seen.made.values().all(|&ends| ends == 1), "{:?}", seen.made);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn each_call_ends_once_at_its_caller_and_nothing_is_left(
        steps in proptest::collection::vec(step(), 1..120),
    ) {
        let mut world = World { hub: hub(), seen: Default::default() };
        (0..PEERS.len()).for_each(|peer| world.come(peer));
        steps.iter().for_each(|step| world.take(step));
        world.settle();
        (0..PEERS.len()).for_each(|peer| world.take(&Step::Go(peer)));
        prop_assert!(world.hub.links.is_empty());
        for peer in PEERS {
            prop_assert_eq!(world.hub.registry.serving(peer.parse().unwrap()), None);
        }
    }
}
