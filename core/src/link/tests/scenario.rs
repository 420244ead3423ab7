//! A hub and a peer in memory: keys from seeds, a virtual clock, and a ferry that carries bytes in
//! pieces of a chosen size.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::joining::{draft, issuing, joins};
use crate::arrival::ProxyPath;
use crate::ask::issuing::Issuing;
use crate::ask::{Answer, AskId, LinkAnswer, LinkAsk, Memory, Question};
use crate::auth::{Credential, Dial, HubSnapshot, JoinToken, Secrets, SharedSecret, Transport};
use crate::hub::{Hub, HubConfig, Outbox, Source};
use crate::id::{LinkId, Pin, SecretNumber};
use crate::identity::{HubIdentity, PeerKey, SigningKey, TlsKey};
use crate::limits::Limits;
use crate::link::{EndReason, Ended, Event, Link, TimerKind};
use crate::random::{Random, Seed};
use crate::time::{Mono, Now};
use crate::trust::{KnownHub, Mode};
use crate::tunnel::{ClientTls, ServerTls};
use crate::wire::frame::Purpose;

/// When every scene begins, seconds since 1970.
pub(super) const START: u64 = 1_800_000_000;

/// What both ends are set up with.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Where the peer comes from, as the hub sees it.
    pub(super) source: Source,
    pub(super) mode: Mode,
    /// Whether the peer speaks TLS, and whether the hub does.
    pub(super) tls: (bool, bool),
    pub(super) credential: Credential,
    pub(super) purpose: Purpose,
    pub(super) known: KnownHub,
    pub(super) hub_secret: Option<SharedSecret>,
    /// The secret before the hub's, and when it ends.
    pub(super) hub_old_secret: Option<(SharedSecret, u64)>,
    pub(super) hub_open: bool,
    /// Whether the hub takes join tokens.
    pub(super) joins: bool,
    pub(super) peer: &'static str,
    pub(super) peer_key: u8,
    pub(super) limits: Limits,
    pub(super) hub_limits: Limits,
    /// What the hub is told of sources; its limits are `hub_limits`.
    pub(super) preauth: HubConfig,
    pub(super) external_pins: Vec<Pin>,
}

pub(super) fn secret(number: u8) -> SharedSecret {
    SharedSecret::new(&[number; 32]).unwrap()
}

/// Where the peers of these scenes come from.
pub(super) fn somewhere() -> Source {
    Source::Network(([127, 0, 0, 1], 0).into())
}

pub(super) fn signing_key(number: u8) -> SigningKey {
    SigningKey::generate(&mut Random::new(&Seed([number; 32])))
}

pub(super) fn identity() -> HubIdentity {
    HubIdentity(signing_key(1))
}

/// A TLS key of this number for `hub.example`.
pub(super) fn server_tls(number: u8) -> ServerTls {
    let mut random = Random::new(&Seed([number; 32]));
    let names = ["hub.example".to_owned()];
    let key = TlsKey::self_signed(&mut random, &names, "hub", START).unwrap();
    let (chain, key) = key.into_parts();
    ServerTls::new(chain, key).unwrap()
}

impl Plan {
    /// No TLS; the shared secret; serving; nothing known of the hub.
    pub(super) fn plain() -> Self {
        Self {
            source: somewhere(),
            mode: Mode::Plain,
            tls: (false, false),
            credential: Credential::Secret(secret(7)),
            purpose: Purpose::Serve,
            known: KnownHub { hub: "hub".to_owned(), ..KnownHub::default() },
            hub_secret: Some(secret(7)),
            hub_old_secret: None,
            hub_open: false,
            joins: false,
            peer: "web-1",
            peer_key: 2,
            limits: Limits::default(),
            hub_limits: Limits::default(),
            preauth: HubConfig::default(),
            external_pins: Vec::new(),
        }
    }

    /// The same over TLS, trusting the first contact that proves itself.
    pub(super) fn tofu() -> Self {
        Self { mode: Mode::Tofu, tls: (true, true), ..Self::plain() }
    }

    /// TLS; the first token of [`issuing`], which names the hub.
    pub(super) fn join() -> Self {
        let (_, token) = issuing().issue(&draft(), start());
        let token_issuer = Some(identity().id());
        Self {
            joins: true,
            credential: Credential::Join(JoinToken(token.into())),
            known: KnownHub { token_issuer, ..Self::plain().known },
            ..Self::tofu()
        }
    }

    pub(super) fn snapshot(&self) -> Arc<HubSnapshot> {
        Arc::new(HubSnapshot {
            tls: self.tls.1.then(|| server_tls(3)),
            secrets: self.secrets(),
            joins: self.joins.then(|| Arc::new(joins(&issuing()))),
            open: self.hub_open,
            generation: 5,
            external_pins: self.external_pins.clone(),
            limits: self.hub_limits.clone(),
            ..HubSnapshot::new(identity(), "the hub")
        })
    }

    fn secrets(&self) -> Secrets {
        match (self.hub_secret.clone(), self.hub_old_secret.clone()) {
            (Some(secret), Some((old, _))) => {
                Secrets::numbered(SecretNumber(2), secret).with_old(SecretNumber::FIRST, old)
            }
            (secret, _) => secret.into(),
        }
    }

    pub(super) fn dial(&self) -> Arc<Dial> {
        let transport = match self.tls.0 {
            true => Transport::Tls(ClientTls::new().unwrap()),
            false => Transport::Plain,
        };
        let key = PeerKey(signing_key(self.peer_key));
        Arc::new(Dial {
            trust: self.mode,
            known: self.known.clone(),
            credential: self.credential.clone(),
            purpose: self.purpose,
            limits: self.limits.clone(),
            ..Dial::new("hub.example:7777", transport, self.peer.parse().unwrap(), key)
        })
    }

    pub(super) fn peer_link(&self) -> Link {
        Link::connect(self.dial(), &Seed([11; 32]), start()).unwrap()
    }

    pub(super) fn hub_link(&self) -> Link {
        Link::accept(self.snapshot(), self.source, &Seed([12; 32]), start()).unwrap()
    }

    pub(super) fn world(&self) -> World {
        World::new(self)
    }

    /// A world whose link is admitted and quiet, its events so far forgotten.
    pub(super) fn admitted(&self) -> World {
        let mut world = self.world();
        world.run();
        assert!(world.peer.link.is_admitted() && world.hub.link.is_admitted(), "{world:?}");
        world.peer.told.clear();
        world.hub.told.clear();
        world
    }
}

pub(super) fn start() -> Now {
    Now { mono: Mono(1_000_000_000), unix: START }
}

/// One end: its link, and all that it told.
#[derive(Debug)]
pub(super) struct End {
    pub(super) link: Link,
    /// One line for each event.
    pub(super) told: Vec<String>,
    /// The frames, encoded.
    pub(super) frames: Vec<Vec<u8>>,
    pub(super) asked: VecDeque<(AskId, Question)>,
    pub(super) ended: Option<Ended>,
    /// Bytes on their way from this end.
    pub(super) wire: VecDeque<u8>,
    /// Most bytes that one read or write of this end's socket moves.
    pub(super) piece: usize,
    /// Its socket is not read.
    pub(super) deaf: bool,
}

impl End {
    pub(super) fn new(link: Link) -> Self {
        Self {
            link,
            told: Vec::new(),
            frames: Vec::new(),
            asked: VecDeque::new(),
            ended: None,
            wire: VecDeque::new(),
            piece: usize::MAX,
            deaf: false,
        }
    }

    /// Events until there is none.
    pub(super) fn drain(&mut self) -> bool {
        let before = self.told.len();
        while let Some(event) = self.link.poll_event() {
            let line = line(&event);
            match event {
                // There is nothing to be seen of it.
                Event::Handled => continue,
                Event::Ask(id, question) => self.asked.push_back((id, question)),
                Event::Frame(frame) => {
                    let mut bytes = Vec::new();
                    frame.encode(&mut bytes);
                    self.frames.push(bytes);
                }
                Event::Ended(ended) => self.ended = Some(*ended),
                _ => {}
            }
            assert!(!self.told.last().is_some_and(|last| last.starts_with("ended")), "{line}");
            self.told.push(line);
        }
        self.told.len() > before
    }

    /// Writes one piece of what waits.
    pub(super) fn write(&mut self, now: Now) -> bool {
        let waiting = self.link.transmit();
        let n = waiting.len().min(self.piece);
        self.wire.extend(&waiting[..n]);
        if n > 0 {
            self.link.transmitted(n, now);
        }
        n > 0
    }

    /// Reads one piece of what `from` holds.
    pub(super) fn read(&mut self, from: &mut VecDeque<u8>, now: Now) -> bool {
        if self.deaf {
            return false;
        }
        let room = self.link.receive_buffer();
        let n = room.len().min(from.len()).min(self.piece);
        for (to, byte) in room.iter_mut().zip(from.drain(..n)) {
            *to = byte;
        }
        if n > 0 {
            self.link.received(n, now);
        }
        n > 0
    }

    /// Gives it all of `bytes`, as far as it takes them, and drains.
    pub(super) fn feed(&mut self, bytes: &[u8], now: Now) {
        let mut bytes: VecDeque<u8> = bytes.iter().copied().collect();
        self.drain();
        while self.read(&mut bytes, now) {
            self.drain();
        }
    }

    /// Answers Arrive as a hub does that has nothing against the source.
    pub(super) fn let_in(&mut self) {
        if let Some(&(id, Question::Hub(LinkAsk::Arrive(_)))) = self.asked.front() {
            self.asked.pop_front();
            self.link.answer(id, LinkAnswer::Arrived(ProxyPath::Direct).into(), start());
            self.drain();
        }
    }

    /// Everything that it has to write.
    pub(super) fn sent(&mut self, now: Now) -> Vec<u8> {
        self.drain();
        while self.write(now) {
            self.drain();
        }
        self.wire.drain(..).collect()
    }

    pub(super) fn reason(&self) -> &EndReason {
        &self.ended.as_ref().expect("the link has not ended").reason
    }
}

/// An event in one line: what it is, and what matters of it.
pub(super) fn line(event: &Event<'_>) -> String {
    match event {
        Event::Secured(security) => match security.tls {
            None => "secured plain".to_owned(),
            Some(_) => "secured tls".to_owned(),
        },
        Event::Upgraded => "upgraded".to_owned(),
        Event::Learnt(learnt) => format!("learnt {:?}", learnt.how),
        Event::Ask(_, question) => format!("ask {}", name(question)),
        Event::Failed => "failed".to_owned(),
        Event::Admitted(admitted) => format!(
            "admitted {} {} {}",
            admitted.peer,
            admitted.method.name(),
            admitted.purpose.name()
        ),
        Event::Frame(frame) => format!("frame {}", frame.kind()),
        Event::Handled => "handled".to_owned(),
        Event::RoundTrip(took) => format!("round trip {took:?}"),
        Event::Renewed(expires) => format!("renewed {expires:?}"),
        Event::HeldBack(measure) => format!("held back {measure:?}"),
        Event::Overdue => "overdue".to_owned(),
        Event::Ended(ended) => format!("ended {}", ended.reason),
    }
}

pub(super) fn name(question: &Question) -> &'static str {
    match question {
        Question::Hub(LinkAsk::Arrive(_)) => "arrive",
        Question::Hub(LinkAsk::Reserve(_)) => "reserve",
        Question::Record(_) => "record",
        Question::Hub(LinkAsk::Commit(_)) => "commit",
        Question::Store(_) => "keep",
        Question::Load => "held",
        Question::Hub(LinkAsk::Renew(_)) => "renew",
        Question::Hub(LinkAsk::Renewed(_)) => "renewed",
    }
}

/// Both ends, the hub and both ledgers.
#[derive(Debug)]
pub(super) struct World {
    pub(super) now: Now,
    pub(super) peer: End,
    pub(super) hub: End,
    pub(super) registry: Hub,
    pub(super) id: LinkId,
    pub(super) hub_ledger: Issuing,
    pub(super) peer_ledger: Memory,
    /// Answers to give in place of the true ones, by the question's name, the first first.
    pub(super) instead: BTreeMap<&'static str, VecDeque<Answer>>,
    /// Questions that are left unanswered.
    pub(super) withhold: BTreeSet<&'static str>,
    /// Called before each step at both links; what a test wants to happen at any time.
    pub(super) nuisance: Option<fn(&mut Link, Now)>,
}

impl World {
    pub(super) fn new(plan: &Plan) -> Self {
        let config = HubConfig { limits: plan.hub_limits.clone(), ..plan.preauth.clone() };
        let mut hub_ledger = issuing();
        if plan.joins {
            hub_ledger.issue(&draft(), start());
        }
        let mut registry = Hub::new(config, hub_ledger.durable(), &Seed([7; 32]));
        if let Some((_, until)) = plan.hub_old_secret {
            registry.set_secrets(SecretNumber(2), Some((SecretNumber::FIRST, until)), start());
        }
        let id = registry.arrive(plan.source, start()).unwrap();
        Self {
            now: start(),
            peer: End::new(plan.peer_link()),
            hub: End::new(plan.hub_link()),
            registry,
            id,
            hub_ledger,
            peer_ledger: Memory::default(),
            instead: BTreeMap::new(),
            withhold: BTreeSet::new(),
            nuisance: None,
        }
    }

    /// Both sockets move at most so many bytes at a time.
    pub(super) fn pieces(mut self, piece: usize) -> Self {
        self.peer.piece = piece;
        self.hub.piece = piece;
        self
    }

    /// Runs until nothing moves.
    pub(super) fn run(&mut self) {
        while self.step() {}
    }

    /// One round at both ends; `false` where nothing moved.
    pub(super) fn step(&mut self) -> bool {
        let now = self.now;
        let mut moved = false;
        for end in [&mut self.peer, &mut self.hub] {
            if let Some(nuisance) = self.nuisance {
                nuisance(&mut end.link, now);
            }
            moved |= end.drain();
        }
        moved |= self.answer();
        moved |= self.peer.write(now) | self.hub.write(now);
        for end in [&mut self.peer, &mut self.hub] {
            moved |= end.drain();
        }
        moved |= self.hub.read(&mut self.peer.wire, now);
        moved |= self.peer.read(&mut self.hub.wire, now);
        moved
    }

    /// Answers what was asked.
    pub(super) fn answer(&mut self) -> bool {
        let mut answered = false;
        for at_hub in [false, true] {
            let end = if at_hub { &mut self.hub } else { &mut self.peer };
            while let Some((_, question)) = end.asked.front() {
                let kind = name(question);
                if self.withhold.contains(kind) {
                    break;
                }
                let (id, question) = end.asked.pop_front().unwrap();
                let instead = self.instead.get_mut(kind).and_then(VecDeque::pop_front);
                let answer = instead.unwrap_or_else(|| {
                    if !at_hub {
                        return self.peer_ledger.answer(&question).unwrap();
                    }
                    match &question {
                        Question::Hub(ask) => self.registry.answer(self.id, ask, self.now).into(),
                        store => self.hub_ledger.answer(store).unwrap(),
                    }
                });
                end.link.answer(id, answer, self.now);
                end.drain();
                answered = true;
            }
        }
        while let Some((id, question)) = self.registry.poll_ask() {
            let answer = self.hub_ledger.store(&question, self.now);
            self.registry.answer_ask(id, answer, self.now);
            answered = true;
        }
        if let Some(code) = self.registry.take_outbox(self.id, &mut Outbox::default()) {
            self.hub.link.close(code, self.now);
        }
        answered
    }

    /// Lets time pass, and both links know.
    pub(super) fn pass(&mut self, span: Duration) {
        self.now.mono = self.now.mono.after(span);
        self.now.unix += span.as_secs();
        self.peer.link.handle_timeout(self.now);
        self.hub.link.handle_timeout(self.now);
    }

    /// Goes to the next deadline of either link, and which it was.
    pub(super) fn next_deadline(&mut self) -> Option<TimerKind> {
        let next = [self.peer.link.poll_timeout(), self.hub.link.poll_timeout()];
        let (at, kind) = next.into_iter().flatten().min_by_key(|&(at, _)| at)?;
        let span = at.since(self.now.mono);
        self.pass(span);
        Some(kind)
    }
}
