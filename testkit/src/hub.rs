//! A hub with its storage in memory, and all that its shell does for it.

use std::sync::Arc;

use bowline_core::ask::{Claim, Evidence, LinkAnswer, LinkAsk, Memory, Question, Reservation};
use bowline_core::auth::{Dial, HubSnapshot, JoinToken, Secrets};
use bowline_core::hub::{Hub, HubConfig, Outbox, Source};
use bowline_core::id::{LinkId, PublicKey, SecretNumber, SessionId};
use bowline_core::link::{Event, Link};
use bowline_core::random::{Random, Seed};
use bowline_core::session::SendError;
use bowline_core::time::Now;
use bowline_core::trust::Mode;
use bowline_core::wire::frame::{Method, Purpose};

use crate::joins::{issue, joins, mint};
use crate::pair::Pair;
use crate::setup::{random, snapshot};

/// A hub, and what it is made of.
#[derive(Debug)]
pub struct TestHub {
    /// The machine.
    pub hub: Hub,
    /// What is on its disk.
    pub ledger: Memory,
    /// What its links are set up with.
    pub snapshot: Arc<HubSnapshot>,
    random: Random,
}

impl TestHub {
    /// A hub that nobody has come to.
    #[must_use]
    pub fn new(snapshot: HubSnapshot, config: HubConfig) -> Self {
        Self::on(Memory::default(), snapshot, config)
    }

    /// A hub that starts with this on its disk, such as tokens of [`issue`](crate::issue).
    #[must_use]
    pub fn on(ledger: Memory, snapshot: HubSnapshot, config: HubConfig) -> Self {
        let mut random = random(0);
        let hub = Hub::new(config, ledger.durable(), &random.seed());
        Self { hub, ledger, snapshot: Arc::new(snapshot), random }
    }

    /// A hub over TLS that takes join tokens and no secret, and the token of [`mint`](crate::mint).
    /// Who is to come by it gives the hub's id, `snapshot.identity.id()`, as the issuer of the
    /// token.
    ///
    /// # Panics
    /// Where the cryptography fails.
    #[must_use]
    pub fn issuing(config: HubConfig) -> (Self, JoinToken) {
        let (snapshot, mut ledger) = (snapshot(Mode::Tofu), Memory::default());
        let id = snapshot.identity.id();
        let joins = joins(id, &Seed([2; 32]));
        let token = issue(&joins, id, &mint(), &mut ledger);
        let (secrets, joins) = (Secrets::default(), Some(joins.into()));
        (Self::on(ledger, HubSnapshot { secrets, joins, ..snapshot }, config), token)
    }

    /// A pair that is admitted and quiet. What its peer was told but questions is dropped.
    ///
    /// # Panics
    /// Where it is not admitted.
    pub fn admit(&mut self, dial: Dial, now: Now) -> Pair {
        let mut pair = self.connect(dial, now);
        let mut moving = true;
        while core::mem::take(&mut moving) {
            while let Some(event) = pair.peer.poll_event() {
                moving = true;
                match event {
                    Event::Ask(ask, question) => pair.answer(ask, &question, now),
                    Event::Ended(ended) => panic!("{ended:?}"),
                    _ => {}
                }
            }
            moving |= self.turn(&mut pair, now);
        }
        assert!(pair.peer.is_admitted() && pair.hub.is_admitted(), "{pair:?}");
        pair
    }

    /// A connection from [`somewhere`]: nothing was carried yet.
    ///
    /// # Panics
    /// Where the hub turns it away.
    pub fn connect(&mut self, dial: Dial, now: Now) -> Pair {
        let id = self.hub.arrive(somewhere(), now).expect("room");
        let peer = Link::connect(Arc::new(dial), &self.random.seed(), now).expect("a link");
        let seed = self.random.seed();
        let hub = Link::accept(self.snapshot.clone(), somewhere(), &seed, now).expect("a link");
        let (ledger, outbox) = (Memory::default(), Outbox::default());
        Pair { id, peer, ledger, hub, outbox, ended: None }
    }

    /// Does everything for a pair but what its peer's program does; whether anything moved.
    pub fn turn(&mut self, pair: &mut Pair, now: Now) -> bool {
        let taken = self.take(pair, now);
        while self.hub.work(now) {}
        while self.hub.poll_wake().is_some() {}
        taken | self.hand_out(pair, now) | pair.carry(now)
    }

    /// Takes what came to the hub's end of a pair; whether anything did.
    ///
    /// # Panics
    /// Where neither the hub nor its storage has an answer.
    pub fn take(&mut self, pair: &mut Pair, now: Now) -> bool {
        let mut moved = false;
        while let Some(event) = pair.hub.poll_event() {
            moved = true;
            match event {
                Event::Ask(ask, question) => {
                    let answer = match &question {
                        Question::Hub(ask) => self.hub.answer(pair.id, ask, now).into(),
                        store => self.ledger.answer(store).expect("an answer"),
                    };
                    pair.hub.answer(ask, answer, now);
                }
                Event::Frame(frame) => self.hub.input(pair.id, &frame, now),
                Event::Ended(ended) => {
                    self.hub.gone(pair.id, now);
                    pair.ended = Some(*ended);
                }
                _ => {}
            }
        }
        moved
    }

    /// Gives the hub's end of a pair what the hub has for it, as far as there is room, and closes
    /// it where the hub says so; whether anything was given.
    ///
    /// # Panics
    /// Where the link refuses a frame for another reason.
    pub fn hand_out(&mut self, pair: &mut Pair, now: Now) -> bool {
        let mut moved = false;
        loop {
            while let Some(frame) = pair.outbox.first() {
                match pair.hub.send_encoded(frame) {
                    Ok(()) | Err(SendError::NotOpen(_)) => {}
                    Err(SendError::Full) => return moved,
                    Err(error) => panic!("{error}"),
                }
                pair.outbox.pop();
                moved = true;
            }
            if let Some(code) = self.hub.take_outbox(pair.id, &mut pair.outbox) {
                pair.hub.close(code, now);
            }
            if pair.outbox.is_empty() {
                return moved;
            }
        }
    }
}

/// Where everybody comes from.
#[must_use]
pub fn somewhere() -> Source {
    Source::Network(([192, 0, 2, 1], 49_152).into())
}

/// A session without a link, for a test of the hub alone: it was admitted by the shared secret,
/// with a key that is drawn from the id.
///
/// # Panics
/// Where the hub does not admit it.
pub fn session(hub: &mut Hub, peer: &str, purpose: Purpose, now: Now) -> LinkId {
    let link = hub.arrive(somewhere(), now).expect("room");
    let key = PublicKey([peer.bytes().fold(0, u8::wrapping_add); 32]);
    let claim = Claim {
        method: Method::Secret,
        purpose,
        identity: Some((peer.parse().expect("an id"), key)),
        evidence: Some(Evidence::Secret(SecretNumber::FIRST)),
        later: Default::default(),
        agent: String::new(),
        labels: Default::default(),
    };
    let reserve = LinkAsk::Reserve(Box::new(claim.clone()));
    let Ok(LinkAnswer::Reserved(grant)) = hub.answer(link, &reserve, now) else {
        panic!("'{peer}' is not admitted")
    };
    let reservation = Reservation { claim, grant: *grant, session: SessionId([1; 16]) };
    let commit = LinkAsk::Commit(Box::new(reservation));
    assert_eq!(hub.answer(link, &commit, now), Ok(LinkAnswer::Committed));
    link
}
