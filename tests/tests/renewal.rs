//! New credentials within sessions, over the core alone: two programs of one peer that get them in
//! turn, from one disk.

use std::time::Duration;

use bowline_core::ask::{Answer, Question};
use bowline_core::auth::{Credential, Dial, JoinToken, PeerCredentials};
use bowline_core::code::Code;
use bowline_core::hub::{HubConfig, Lives};
use bowline_core::link::Event;
use bowline_core::trust::{KnownHub, Mode};
use bowline_core::wire::frame::{Issued, Purpose};
use bowline_testkit::{Clock, Pair, TestHub, dial};

/// A certificate's life.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A hub, one peer's disk, and its sessions.
struct Scene {
    hub: TestHub,
    token: JoinToken,
    /// What the peer's programs keep, and whether they look there before they ask for more.
    disk: Option<Issued>,
    looks: bool,
    sessions: Vec<Session>,
    clock: Clock,
}

struct Session {
    pair: Pair,
    /// How often it got new credentials.
    renewed: u64,
    ended: Option<Code>,
}

impl Scene {
    fn new(looks: bool) -> Self {
        Self::with(looks, Lives::default())
    }

    fn with(looks: bool, lives: Lives) -> Self {
        let (hub, token) = TestHub::issuing(HubConfig { lives, ..HubConfig::default() });
        let clock = Clock::default();
        Self { hub, token, disk: None, looks, sessions: Vec::new(), clock }
    }

    /// Another program of the peer comes: the first joins, those after it resume.
    fn comes(&mut self) -> usize {
        let credential = match &self.disk {
            None => Credential::Join(self.token.clone()),
            Some(issued) => Credential::Resume(credentials(issued)),
        };
        let known = KnownHub {
            hub: "hub".to_owned(),
            token_issuer: Some(self.hub.snapshot.identity.id()),
            ..KnownHub::default()
        };
        let purpose = Purpose::Operate;
        let dial = Dial { known, credential, purpose, ..dial(Mode::Tofu, "web-1") };
        let pair = self.hub.connect(dial, self.clock.now());
        let number = self.sessions.len();
        self.sessions.push(Session { pair, renewed: 0, ended: None });
        self.settle();
        assert!(self.sessions[number].pair.peer.is_admitted(), "{:?}", self.sessions[number].ended);
        number
    }

    fn settle(&mut self) {
        while self.turn() {}
    }

    fn turn(&mut self) -> bool {
        let Self { hub, disk, looks, sessions, clock, .. } = self;
        let (now, mut moved) = (clock.now(), false);
        for Session { pair, renewed, ended } in sessions {
            while let Some(event) = pair.peer.poll_event() {
                moved = true;
                match event {
                    Event::Ask(ask, Question::Store(kept)) => {
                        *disk = kept.issued.or(disk.take());
                        pair.peer.answer(ask, Answer::Stored, now);
                    }
                    Event::Ask(ask, Question::Load) => {
                        let held = disk.clone().filter(|_| *looks).map(Box::new);
                        pair.peer.answer(ask, Answer::Loaded(held), now);
                    }
                    Event::Renewed(_) => *renewed += 1,
                    Event::Ended(end) => *ended = Some(end.reason.code()),
                    _ => {}
                }
            }
            moved |= hub.turn(pair, now);
        }
        moved
    }

    /// So much time goes by, in steps short enough for heartbeats.
    fn pass(&mut self, span: Duration) {
        self.pass_in(span, Duration::from_secs(10));
    }

    fn pass_in(&mut self, span: Duration, step: Duration) {
        for _ in 0..span.as_secs() / step.as_secs() {
            self.clock.pass(step);
            for session in &mut self.sessions {
                session.pair.handle_timeout(self.clock.now());
            }
            self.settle();
        }
    }

    fn renewed(&self) -> Vec<u64> {
        self.sessions.iter().map(|session| session.renewed).collect()
    }

    fn ends(&self) -> Vec<Option<Code>> {
        self.sessions.iter().map(|session| session.ended).collect()
    }
}

fn credentials(issued: &Issued) -> PeerCredentials {
    PeerCredentials::read(issued).unwrap().2
}

#[test]
fn a_session_goes_on_for_days_by_what_it_gets_in_time() {
    let mut scene = Scene::new(true);
    scene.comes();
    scene.pass(DAY * 3);
    assert_eq!(scene.ends(), [None]);
    // At two thirds of a day, a tenth of it sooner or later.
    assert!((3..=5).contains(&scene.renewed()[0]), "{:?}", scene.renewed());
}

#[test]
fn a_short_certificate_is_renewed_in_time_and_not_over_and_over() {
    // It begins a minute before it was minted, so two thirds of its life have gone by then.
    let mut scene = Scene::with(true, Lives { certificate: 20, ..Lives::default() });
    scene.comes();
    scene.pass_in(Duration::from_secs(300), Duration::from_secs(1));
    assert_eq!(scene.ends(), [None]);
    assert!((50..=61).contains(&scene.renewed()[0]), "{:?}", scene.renewed());
}

#[test]
fn two_programs_of_one_peer_get_new_credentials_in_turn_and_neither_voids_the_others() {
    let mut scene = Scene::new(true);
    scene.comes();
    scene.pass(DAY / 8);
    scene.comes();
    scene.pass(DAY * 3);
    assert_eq!(scene.ends(), [None, None]);
    assert!(scene.renewed().iter().all(|&renewed| renewed >= 3), "{:?}", scene.renewed());
    // And what the disk has is good for a third.
    scene.comes();
    assert_eq!(scene.ends(), [None; 3]);
}

#[test]
fn a_program_that_presents_what_it_came_with_is_taken_for_a_thief() {
    let mut scene = Scene::new(false);
    scene.comes();
    scene.pass(DAY / 8);
    scene.comes();
    scene.pass(DAY * 3);
    assert_eq!(scene.ends(), [Some(Code::Revoked); 2]);
}
