//! A peer's life across links: when to dial, with what is known of the hub, and what an end means.
//!
//! ```text
//!            ┌───────────────────────────────────────────────┐
//!            ▼                                               │
//! Waiting ──due──► Dialling ──admitted──► Up ──ended──► back-off, or slow where nothing heals
//!  └─prompted─┘
//! ```
//!
//! What may have mended the last failure cuts a wait short: a person who asks, a credential that
//! changed, a network that changed. It is told by [`Peer::prompted`].
//!
//! A peer does not know [`Link`](crate::link::Link): the shell dials when told to, gives the link
//! what [`Peer::known`] says, and tells how it ended. Credentials are the shell's to read, anew for
//! each dial.

mod backoff;

pub use backoff::{Backoff, BackoffSpans};

use crate::ask::{Answer, Question};
use crate::random::Seed;
use crate::time::{Mono, Now};
use crate::trust::{Entry, KnownHub};

/// How the last link ended, as far as redialling cares: `EndReason` of the link says both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkOutcome {
    /// Whether another try can succeed with nobody doing anything.
    pub is_retryable: bool,
    /// Seconds that the hub asked to be left alone.
    pub retry_after: Option<u64>,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextDial {
    /// Dial: read the credential, connect a socket, make a link.
    Dial,
    /// Nothing before this moment.
    Wait(Mono),
    /// A link is being made or is up; tell how it ends.
    Busy,
}

/// Why a peer that waits should dial before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Somebody asked for it.
    Asked,
    /// What the peer proves itself with, or what it knows of the hub, was changed on its disk.
    Credential,
    /// This machine's network changed, and a way may lead to the hub.
    Network,
}

/// One peer and one configured hub.
#[derive(Debug)]
pub struct Peer {
    known: KnownHub,
    backoff: Backoff,
    state: DialState,
    /// When the last dial began.
    dialled: Option<Mono>,
}

#[derive(Debug)]
enum DialState {
    Waiting {
        due: Mono,
        /// Until when the hub asked to be left alone.
        asked: Mono,
    },
    Dialling,
    /// In a session since then.
    Up(Mono),
}

impl Peer {
    /// A peer that dials at once.
    #[must_use]
    pub fn new(known: KnownHub, pace: BackoffSpans, seed: &Seed, now: Now) -> Self {
        let state = DialState::Waiting { due: now.mono, asked: now.mono };
        Self { known, backoff: Backoff::new(pace, seed), state, dialled: None }
    }

    /// What is to be done at this moment. After [`NextDial::Dial`], report [`Peer::admitted`] and
    /// [`Peer::ended`].
    #[must_use]
    pub fn next(&mut self, now: Now) -> NextDial {
        match self.state {
            DialState::Waiting { due, .. } if due <= now.mono => {
                self.state = DialState::Dialling;
                self.dialled = Some(now.mono);
                NextDial::Dial
            }
            DialState::Waiting { due, .. } => NextDial::Wait(due),
            DialState::Dialling | DialState::Up(_) => NextDial::Busy,
        }
    }

    /// What the link is to be told of the hub.
    #[must_use]
    pub fn known(&self) -> &KnownHub {
        &self.known
    }

    /// What the ledger has kept of the hub is known from here on.
    pub fn stored(&mut self, question: &Question, answer: &Answer) {
        if let (Question::Store(kept), Answer::Stored) = (question, answer)
            && let Some(entry) = kept.entry
        {
            self.learn(entry);
            self.known.seen = kept.seen.clone().or(self.known.seen.take());
        }
    }

    /// Replaces what was kept of the hub, for instance after a person changed it.
    pub fn learn(&mut self, entry: Entry) {
        self.known.entry = Some(entry);
    }

    /// The peer dials another hub from here on, which has asked for nothing yet: it dials at once.
    pub fn another_hub(&mut self, now: Now) {
        self.backoff.reset();
        if let DialState::Waiting { .. } = self.state {
            self.state = DialState::Waiting { due: now.mono, asked: now.mono };
        }
    }

    /// What the peer waits for may have come: it dials now, and its back-off begins anew. Returns
    /// when the dial is due; `None` where nothing becomes earlier by it, as where the peer does not
    /// wait.
    ///
    /// It dials no sooner than [`BackoffSpans::apart`] after the last dial began. A hub that asked
    /// to be left alone is, unless somebody asks; and where nobody does, many peers may have the
    /// same reason at the same moment, and so each comes up to [`BackoffSpans::first`] later than
    /// it could.
    pub fn prompted(&mut self, by: Prompt, now: Now) -> Option<Mono> {
        let DialState::Waiting { due, asked } = self.state else { return None };
        let apart = self.backoff.pace().apart;
        let soonest = self.dialled.map_or(now.mono, |dialled| dialled.after(apart).max(now.mono));
        let earlier = match by {
            Prompt::Asked => soonest,
            Prompt::Credential | Prompt::Network => {
                soonest.max(asked).after(self.backoff.scatter())
            }
        };
        if earlier >= due {
            return None;
        }
        self.backoff.reset();
        self.state = DialState::Waiting { due: earlier, asked };
        Some(earlier)
    }

    /// The link was admitted. Once the session has lasted for [`BackoffSpans::settled`], the next
    /// back-off starts from the beginning.
    pub fn admitted(&mut self, now: Now) {
        self.state = DialState::Up(now.mono);
    }

    /// The link, or the attempt to connect, has ended. Returns when the next dial is due.
    pub fn ended(&mut self, outcome: LinkOutcome, now: Now) -> Mono {
        if let DialState::Up(since) = self.state {
            self.backoff.lasted(now.mono.since(since));
        }
        let asked = now.mono.after(backoff::asked(outcome));
        let due = now.mono.after(self.backoff.next(outcome));
        self.state = DialState::Waiting { due, asked };
        due
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::ask::PeerUpdate;

    const CUT: LinkOutcome = LinkOutcome { is_retryable: true, retry_after: None };

    fn at(seconds: u64) -> Now {
        Now { mono: Mono::default().after(Duration::from_secs(seconds)), unix: seconds }
    }

    #[test]
    fn a_peer_dials_once_and_again_only_when_its_wait_is_over() {
        let mut peer =
            Peer::new(KnownHub::default(), BackoffSpans::default(), &Seed([1; 32]), at(1));
        assert_eq!(peer.next(at(1)), NextDial::Dial);
        assert_eq!(peer.next(at(1)), NextDial::Busy);
        let due = peer.ended(CUT, at(2));
        assert!(due >= at(2).mono && due <= at(2).mono.after(Duration::from_millis(500)));
        if due > at(2).mono {
            assert_eq!(peer.next(at(2)), NextDial::Wait(due));
        }
        assert_eq!(peer.next(at(3)), NextDial::Dial);
    }

    #[test]
    fn what_the_ledger_kept_of_the_hub_is_known_at_the_next_dial_and_a_refusal_is_not() {
        let mut peer =
            Peer::new(KnownHub::default(), BackoffSpans::default(), &Seed([1; 32]), at(1));
        let identity = crate::id::HubId([9; 16]);
        let entry = Entry { identity, pin: None, generation: 7, first_seen: 1 };
        let question =
            Question::Store(Box::new(PeerUpdate { entry: Some(entry), seen: None, issued: None }));
        peer.stored(&question, &Answer::Refused(crate::code::Code::Unavailable.into()));
        assert_eq!(peer.known().entry, None);
        peer.stored(&question, &Answer::Stored);
        peer.ended(CUT, at(2));
        assert_eq!(peer.next(at(10)), NextDial::Dial);
        assert_eq!(peer.known().entry, Some(entry));
    }

    #[test]
    fn a_peer_that_was_told_to_wait_dials_then_and_one_that_cannot_heal_dials_slowly() {
        let ends = [
            LinkOutcome { is_retryable: true, retry_after: Some(30) },
            LinkOutcome { is_retryable: false, retry_after: None },
            LinkOutcome { is_retryable: false, retry_after: Some(90) },
        ];
        for (outcome, least) in ends.into_iter().zip([30, 60, 90]) {
            let mut peer =
                Peer::new(KnownHub::default(), BackoffSpans::default(), &Seed([1; 32]), at(0));
            assert_eq!(peer.next(at(0)), NextDial::Dial);
            let due = peer.ended(outcome, at(0));
            assert_eq!(peer.next(at(least - 1)), NextDial::Wait(due));
            assert_eq!(peer.next(at(least + 1)), NextDial::Dial, "{outcome:?}");
        }
    }

    #[test]
    fn a_peer_of_another_hub_does_not_wait_as_the_one_before_asked() {
        let mut peer =
            Peer::new(KnownHub::default(), BackoffSpans::default(), &Seed([1; 32]), at(0));
        assert_eq!(peer.next(at(0)), NextDial::Dial);
        peer.another_hub(at(0));
        assert_eq!(peer.next(at(0)), NextDial::Busy);
        peer.ended(LinkOutcome { is_retryable: false, retry_after: Some(90) }, at(0));
        peer.another_hub(at(1));
        assert_eq!(peer.next(at(1)), NextDial::Dial);
        assert!(peer.ended(CUT, at(1)) <= at(1).mono.after(Duration::from_millis(500)));
    }

    /// A peer whose dial at 0 s ended so, and when it is due.
    fn waiting(outcome: LinkOutcome) -> (Peer, Mono) {
        let mut peer =
            Peer::new(KnownHub::default(), BackoffSpans::default(), &Seed([1; 32]), at(0));
        assert_eq!(peer.next(at(0)), NextDial::Dial);
        let due = peer.ended(outcome, at(0));
        (peer, due)
    }

    #[test]
    fn a_peer_that_waits_dials_at_once_where_what_it_waits_for_may_have_come() {
        for by in [Prompt::Asked, Prompt::Credential, Prompt::Network] {
            let (mut peer, due) = waiting(LinkOutcome { is_retryable: false, retry_after: None });
            let earlier = peer.prompted(by, at(5)).unwrap();
            assert!(
                earlier < due && earlier <= at(5).mono.after(BackoffSpans::default().first),
                "{by:?}"
            );
            assert_eq!(peer.next(Now { mono: earlier, unix: 5 }), NextDial::Dial, "{by:?}");
        }
        let (mut peer, _) = waiting(LinkOutcome { is_retryable: false, retry_after: None });
        assert_eq!(peer.prompted(Prompt::Asked, at(5)), Some(at(5).mono));
    }

    #[test]
    fn after_a_prompt_the_back_off_begins_anew() {
        let (mut peer, _) = waiting(CUT);
        (0..20).for_each(|_| assert!(peer.ended(CUT, at(0)) >= at(0).mono));
        assert!(peer.prompted(Prompt::Network, at(1)).is_some());
        assert_eq!(peer.next(at(2)), NextDial::Dial);
        assert!(peer.ended(CUT, at(2)) <= at(2).mono.after(Duration::from_millis(500)));
    }

    #[test]
    fn a_hub_that_asked_to_be_left_alone_is_unless_somebody_asks() {
        let busy = LinkOutcome { is_retryable: true, retry_after: Some(90) };
        for by in [Prompt::Credential, Prompt::Network] {
            let (mut peer, _) = waiting(busy);
            let _ = peer.prompted(by, at(5));
            let NextDial::Wait(due) = peer.next(at(89)) else { panic!("dialled, {by:?}") };
            assert!(due >= at(90).mono, "{by:?}");
        }
        let (mut peer, _) = waiting(busy);
        assert_eq!(peer.prompted(Prompt::Asked, at(5)), Some(at(5).mono));
    }

    #[test]
    fn whoever_prompts_without_end_is_dialled_for_once_a_second() {
        let refused = LinkOutcome { is_retryable: false, retry_after: None };
        for by in [Prompt::Asked, Prompt::Credential, Prompt::Network] {
            for (outcome, most) in [(refused, 60), (CUT, 120)] {
                let mut peer =
                    Peer::new(KnownHub::default(), BackoffSpans::default(), &Seed([1; 32]), at(0));
                let (mut now, mut dials) = (at(0), 0);
                while now.mono < at(60).mono {
                    peer.prompted(by, now);
                    if peer.next(now) == NextDial::Dial {
                        dials += 1;
                        peer.ended(outcome, now);
                    }
                    now.mono = now.mono.after(Duration::from_millis(10));
                }
                assert!((30..=most).contains(&dials), "{dials} dials in a minute, {by:?}");
            }
        }
    }

    #[test]
    fn a_prompt_is_nothing_to_a_peer_that_dials_or_is_in_a_session() {
        let mut peer =
            Peer::new(KnownHub::default(), BackoffSpans::default(), &Seed([1; 32]), at(0));
        assert_eq!(peer.prompted(Prompt::Asked, at(0)), None, "it dials at once");
        assert_eq!(peer.next(at(0)), NextDial::Dial);
        assert_eq!(peer.prompted(Prompt::Asked, at(0)), None);
        peer.admitted(at(0));
        assert_eq!(peer.prompted(Prompt::Asked, at(1)), None);
        assert_eq!(peer.next(at(1)), NextDial::Busy);
    }

    #[test]
    fn a_session_that_lasted_makes_the_next_wait_short_again() {
        let mut peer =
            Peer::new(KnownHub::default(), BackoffSpans::default(), &Seed([1; 32]), at(0));
        for _ in 0..20 {
            peer.ended(CUT, at(0));
        }
        peer.admitted(at(0));
        assert_eq!(peer.next(at(0)), NextDial::Busy);
        assert!(peer.ended(CUT, at(10)) <= at(10).mono.after(Duration::from_millis(500)));
    }

    #[test]
    fn a_hub_that_admits_and_closes_at_once_is_dialled_ever_more_seldom() {
        let mut peer =
            Peer::new(KnownHub::default(), BackoffSpans::default(), &Seed([1; 32]), at(0));
        let (mut now, mut dials) = (at(0), 0);
        while now.mono < at(600).mono {
            assert_eq!(peer.next(now), NextDial::Dial);
            dials += 1;
            peer.admitted(now);
            now.mono = peer.ended(LinkOutcome { is_retryable: true, retry_after: Some(0) }, now);
        }
        // Six waits that double, and then one of 15 s on average.
        assert!(dials < 80, "{dials} dials in ten minutes");
    }
}
