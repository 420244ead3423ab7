//! A hub that starts again, and all its peers that come back at once, in virtual time.

use core::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::*;
use crate::arrival::Arrival;
use crate::peer::{BackoffSpans as BackOff, LinkOutcome, NextDial, Peer};
use crate::random::Seed;
use crate::trust::KnownHub;

const PEERS: u32 = 2_000;
const SECOND: u64 = 1_000_000_000;
/// From a connection to its Authenticate.
const ROUND_TRIP: u64 = SECOND / 25;

/// What a peer does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Dial(u32),
    Prove(u32, LinkId),
}

/// Everybody, and when they are due.
struct Crowd {
    hub: Hub,
    peers: Vec<Peer>,
    due: BinaryHeap<Reverse<(Mono, Due)>>,
    /// When sessions began.
    began: Vec<Mono>,
}

fn now(mono: Mono) -> Now {
    Now { mono, unix: mono.0 / SECOND }
}

impl Crowd {
    /// Everybody lost their link at the same moment.
    fn new(limits: Limits) -> Self {
        let hub = hub_with(limits, Role::Member);
        let seed = |nth: u32| {
            let mut seed = [3; 32];
            seed[..4].copy_from_slice(&nth.to_le_bytes());
            Seed(seed)
        };
        let start = now(Mono(SECOND));
        let mut peers: Vec<_> = (0..PEERS)
            .map(|nth| Peer::new(KnownHub::default(), BackOff::default(), &seed(nth), start))
            .collect();
        let mut due = BinaryHeap::new();
        for (nth, peer) in (0..).zip(&mut peers) {
            assert_eq!(peer.next(start), NextDial::Dial);
            let at = peer.ended(LinkOutcome { is_retryable: true, retry_after: None }, start);
            due.push(Reverse((at, Due::Dial(nth))));
        }
        Self { hub, peers, due, began: Vec::new() }
    }

    fn run(&mut self) {
        while let Some(Reverse((at, due))) = self.due.pop() {
            assert!(at.0 < 600 * SECOND, "{} of {PEERS} are back", self.began.len());
            match due {
                Due::Dial(nth) => self.dial(nth, at),
                Due::Prove(nth, link) => self.prove(nth, link, at),
            }
        }
    }

    fn dial(&mut self, nth: u32, at: Mono) {
        assert_eq!(self.peers[nth as usize].next(now(at)), NextDial::Dial);
        let [_, b, c, d] = nth.to_be_bytes();
        let source = Source::Network(([10, b, c, d], 1).into());
        let Ok(link) = self.hub.arrive(source, now(at)) else { return self.refused(nth, None, at) };
        let arrive = LinkAsk::Arrive(Arrival::default());
        match self.hub.answer(link, &arrive, now(at)) {
            Ok(LinkAnswer::Arrived(_)) => {
                self.due.push(Reverse((Mono(at.0 + ROUND_TRIP), Due::Prove(nth, link))));
            }
            Ok(LinkAnswer::TurnedAway(why)) => {
                self.hub.gone(link, now(at));
                self.refused(nth, why.retry_after, at);
            }
            other => panic!("{other:?}"),
        }
    }

    fn prove(&mut self, nth: u32, link: LinkId, at: Mono) {
        let claim = claim(&format!("p{nth}"), 1, Purpose::Serve);
        let reserve = LinkAsk::Reserve(Box::new(claim.clone()));
        match self.hub.answer(link, &reserve, now(at)) {
            Ok(LinkAnswer::Reserved(grant)) => {
                assert_eq!(commit(&mut self.hub, link, &claim, *grant), Ok(LinkAnswer::Committed));
                self.peers[nth as usize].admitted(now(at));
                self.began.push(at);
            }
            Err(no) => {
                self.hub.gone(link, now(at));
                self.refused(nth, no.retry_after, at);
            }
            other => panic!("{other:?}"),
        }
    }

    fn refused(&mut self, nth: u32, retry_after: Option<u64>, at: Mono) {
        let outcome = LinkOutcome { is_retryable: true, retry_after };
        let at = self.peers[nth as usize].ended(outcome, now(at));
        self.due.push(Reverse((at, Due::Dial(nth))));
    }
}

#[test]
fn two_thousand_peers_of_a_hub_that_starts_again_are_back_within_a_minute_and_never_too_many_at_once()
 {
    let limits = Limits::default();
    let most = limits.admissions_per_second as usize;
    let mut crowd = Crowd::new(limits);
    crowd.run();
    assert_eq!(crowd.began.len(), PEERS as usize);
    let mut window = VecDeque::new();
    for &at in &crowd.began {
        window.push_back(at.0);
        while window.front().is_some_and(|&first| first + SECOND <= at.0) {
            window.pop_front();
        }
        assert!(window.len() <= most, "{} within a second", window.len());
    }
    let last = crowd.began.last().unwrap();
    assert!(last.0 <= 61 * SECOND, "{last:?}");
}
