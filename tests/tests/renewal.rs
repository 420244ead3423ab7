//! New credentials within sessions, over the core alone: two programs of one peer that get them in
//! turn, from one disk.

use std::sync::Arc;
use std::time::Duration;

use bowline_core::ask::{Answer, Memory, Question};
use bowline_core::auth::{
    Credential, Dial, HubSnapshot, JoinToken, Joins, PeerCredentials, Secrets, Transport,
};
use bowline_core::capability::Role;
use bowline_core::code::Code;
use bowline_core::facts::{Draft, Durable, Issuer, KeyRecord, Mint};
use bowline_core::hub::{Hub, HubConfig, Lives, Outbox, Source};
use bowline_core::id::{Jti, LinkId};
use bowline_core::identity::{Authority, HubIdentity, PeerKey, SigningKey, TlsKey};
use bowline_core::limits::Limits;
use bowline_core::link::{Event, Link};
use bowline_core::random::{Random, Seed};
use bowline_core::time::{Mono, Now};
use bowline_core::token::{KeyState, Rules, Signer, TokenKeys};
use bowline_core::trust::Known;
use bowline_core::tunnel::{ClientTls, ServerTls};
use bowline_core::wire::frame::{Issued, Purpose};
use bowline_tests::carry::carry;

const START: u64 = 1_800_000_000;
/// A certificate's life.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn random(number: u8) -> Random {
    Random::new(&Seed([number; 32]))
}

/// A hub, one peer's disk, and its sessions.
struct Scene {
    hub: Hub,
    ledger: Memory,
    snapshot: Arc<HubSnapshot>,
    token: String,
    /// What the peer's programs keep, and whether they look there before they ask for more.
    disk: Option<Issued>,
    looks: bool,
    sessions: Vec<Session>,
    now: Now,
}

struct Session {
    id: LinkId,
    link: Link,
    served: Link,
    outbox: Outbox,
    /// How often it got new credentials.
    renewed: u64,
    ended: Option<Code>,
}

impl Scene {
    fn new(looks: bool) -> Self {
        Self::with(looks, Lives::default())
    }

    fn with(looks: bool, lives: Lives) -> Self {
        let identity = HubIdentity(SigningKey::generate(&mut random(1)));
        let signer = Signer::generate(&mut random(2)).unwrap();
        let mut keys = TokenKeys::default();
        keys.insert(signer.key().clone(), KeyState::Active);
        let key = KeyRecord { key: signer.key().clone(), created: START, state: KeyState::Active };
        let draft =
            Draft { role: Role::Member, ..Draft::new("alice", 3600, "ops".parse().unwrap()) };
        let mint = Mint { jti: Jti([5; 16]), issued: START, draft };
        let urls = vec!["wss://hub.example:7777/link".to_owned()];
        let issuer = Issuer { hub: identity.id(), pins: Vec::new(), urls };
        let (record, token) = mint.sign(&signer, issuer).unwrap();
        let mut ledger = Memory::default();
        ledger.issue(record);
        let durable = Durable { keys: vec![key], ..ledger.durable() };
        let names = ["hub.example".to_owned()];
        let tls = TlsKey::self_signed(&mut random(3), &names, "hub", START).unwrap();
        let (chain, key) = tls.into_parts();
        let authority = Arc::new(Authority::generate(&mut random(4), identity.id(), START));
        let joins = Joins { authority, keys, signer: Arc::new(signer), rules: Rules::JOIN };
        let snapshot = Arc::new(HubSnapshot {
            identity: Arc::new(identity),
            name: "hub".to_owned(),
            tls: Some(ServerTls::new(chain, key).unwrap()),
            secrets: Secrets::default(),
            joins: Some(joins.into()),
            open: false,
            generation: 1,
            external_pins: Vec::new(),
            policy: Arc::default(),
            limits: Limits::default(),
        });
        Self {
            hub: Hub::new(HubConfig { lives, ..HubConfig::default() }, durable, &Seed([7; 32])),
            ledger,
            snapshot,
            token: token.to_string(),
            disk: None,
            looks,
            sessions: Vec::new(),
            now: Now { mono: Mono(1), unix: START },
        }
    }

    /// Another program of the peer comes: the first joins, those after it resume.
    fn comes(&mut self) -> usize {
        let credential = match &self.disk {
            None => Credential::Join(JoinToken(self.token.clone().into())),
            Some(issued) => Credential::Resume(credentials(issued)),
        };
        let known = Known {
            hub: "hub".to_owned(),
            token_issuer: Some(self.snapshot.identity.id()),
            ..Known::default()
        };
        let tls = Transport::Tls(ClientTls::new().unwrap());
        let key = PeerKey(SigningKey::generate(&mut random(9)));
        let dial = Arc::new(Dial {
            known,
            credential,
            purpose: Purpose::Operate,
            ..Dial::new("hub.example:7777", tls, "web-1".parse().unwrap(), key)
        });
        let number = self.sessions.len();
        let seed = |end: u8| Seed([10 * (number as u8 + 1) + end; 32]);
        let from = Source::Network(([192, 0, 2, 1], 49_152).into());
        let session = Session {
            id: self.hub.arrive(from, self.now).unwrap(),
            link: Link::connect(dial, &seed(1), self.now).unwrap(),
            served: Link::accept(self.snapshot.clone(), from, &seed(2), self.now).unwrap(),
            outbox: Outbox::default(),
            renewed: 0,
            ended: None,
        };
        self.sessions.push(session);
        self.settle();
        assert!(self.sessions[number].link.is_admitted(), "{:?}", self.sessions[number].ended);
        number
    }

    fn settle(&mut self) {
        while self.turn() {}
    }

    fn turn(&mut self) -> bool {
        let Self { hub, ledger, disk, looks, sessions, now, .. } = self;
        let (now, mut moved) = (*now, false);
        for session in sessions.iter_mut() {
            while let Some(event) = session.link.poll_event() {
                moved = true;
                match event {
                    Event::Ask(ask, Question::Keep(kept)) => {
                        *disk = kept.issued.or(disk.take());
                        session.link.answer(ask, Answer::Kept, now);
                    }
                    Event::Ask(ask, Question::Held) => {
                        let held = disk.clone().filter(|_| *looks).map(Box::new);
                        session.link.answer(ask, Answer::Held(held), now);
                    }
                    Event::Renewed(_) => session.renewed += 1,
                    Event::Ended(ended) => session.ended = Some(ended.reason.code()),
                    _ => {}
                }
            }
            while let Some(event) = session.served.poll_event() {
                moved = true;
                match event {
                    Event::Ask(ask, question) => {
                        let answer = hub.answer(session.id, &question, now);
                        let answer = answer.or_else(|| ledger.answer(&question)).unwrap();
                        session.served.answer(ask, answer, now);
                    }
                    Event::Frame(frame) => hub.input(session.id, &frame, now),
                    _ => {}
                }
            }
            while hub.work(now) {}
            while hub.poll_wake().is_some() {}
            if let Some(ending) = hub.take_outbox(session.id, &mut session.outbox) {
                session.served.close(ending, now);
            }
            while let Some(frame) = session.outbox.front() {
                session.served.send(&frame).unwrap();
                session.outbox.pop();
            }
            moved |= carry(&mut session.link, &mut session.served, now);
            moved |= carry(&mut session.served, &mut session.link, now);
        }
        moved
    }

    /// So much time goes by, in steps short enough for heartbeats.
    fn pass(&mut self, span: Duration) {
        self.pass_in(span, Duration::from_secs(10));
    }

    fn pass_in(&mut self, span: Duration, step: Duration) {
        for _ in 0..span.as_secs() / step.as_secs() {
            self.now.mono = self.now.mono.after(step);
            self.now.unix += step.as_secs();
            for session in &mut self.sessions {
                session.link.handle_timeout(self.now);
                session.served.handle_timeout(self.now);
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
