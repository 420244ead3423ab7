//! One peer and a hub that takes join tokens, over several links.

use std::sync::Arc;

use super::scenario::*;
use crate::ask::issuing::Issuing;
use crate::ask::{Claim, LinkAnswer, LinkAsk, Reservation, StoreAsk};
use crate::auth::{Credential, Dial, HubSnapshot, JoinToken, Joins, PeerCredentials};
use crate::capability::Role;
use crate::code::Code;
use crate::facts::{Change, Draft, Enrolled};
use crate::hub::{Hub, HubConfig, HubEvent, Outbox, Source};
use crate::id::{CallId, Jti, LinkId, PeerId, PublicKey, SessionId};
use crate::identity::{Authority, PeerCertificate};
use crate::link::{EndReason, Link};
use crate::random::{Random, Seed};
use crate::token::Rules;
use crate::wire::Frame;
use crate::wire::frame::{Call, Issued, Method, Purpose, Status, Target};
use crate::wire::value::{ArgumentsBuf, Scalar};

/// The hub's ledger at the beginning: a key, and nothing else.
pub(super) fn issuing() -> Issuing {
    Issuing::new(identity().id(), 5, start())
}

/// What the hub takes tokens, and mints, with.
pub(super) fn joins(ledger: &Issuing) -> Joins {
    Joins {
        authority: Arc::new(authority(1)),
        keys: ledger.keys(),
        signer: Arc::new(ledger.signer()),
        rules: Rules::JOIN,
    }
}

/// A CA of this hub's name, with the key of this number.
pub(super) fn authority(number: u8) -> Authority {
    Authority::generate(&mut Random::new(&Seed([number; 32])), identity().id(), START)
}

/// A token for a member and one key.
pub(super) fn draft() -> Draft {
    Draft { role: Role::Member, ..Draft::new("alice", 86_400, PeerId::operator()) }
}

/// The world of the link that is looked at, and those that are not.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) world: World,
    plan: Plan,
    dials: u8,
    parked: Vec<(LinkId, End, End)>,
}

impl Scene {
    /// Nobody has come yet, and there is a token: that of [`Plan::join`].
    pub(super) fn new() -> Self {
        let plan = Plan::join();
        Self { world: plan.world(), plan, dials: 0, parked: Vec::new() }
    }

    /// The peer has joined, and its session goes on.
    pub(super) fn joined() -> Self {
        let mut scene = Self::new();
        scene.world.run();
        assert!(scene.is_admitted(), "{scene:?}");
        scene
    }

    /// The number of the first token.
    pub(super) fn jti(&self) -> Jti {
        self.world.hub_ledger.durable().tokens.values().next().unwrap().jti
    }

    /// The first token.
    pub(super) fn token(&self) -> Credential {
        self.plan.credential.clone()
    }

    /// Another token.
    pub(super) fn another(&mut self, draft: &Draft) -> Credential {
        let token = self.unknown(draft);
        self.restart();
        token
    }

    /// Another token, which the hub knows nothing of.
    pub(super) fn unknown(&mut self, draft: &Draft) -> Credential {
        let (_, token) = self.world.hub_ledger.issue(draft, self.world.now);
        Credential::Join(JoinToken(token.into()))
    }

    /// The hub starts anew, and every link is gone.
    pub(super) fn restart(&mut self) {
        let config = HubConfig::default();
        self.world.registry = Hub::new(config, self.world.hub_ledger.durable(), &Seed([7; 32]));
        self.parked.clear();
    }

    /// What the peer has on its disk.
    pub(super) fn held(&self) -> PeerCredentials {
        credentials(self.world.peer_ledger.issued().unwrap())
    }

    pub(super) fn resume(&mut self) {
        let held = Credential::Resume(self.held());
        self.dial(|dial| dial.credential = held);
    }

    pub(super) fn refresh(&mut self) {
        let held = Credential::Refresh(self.held());
        self.dial(|dial| dial.credential = held);
    }

    /// Another link, until nothing moves; the one before goes on unseen.
    pub(super) fn dial(&mut self, change: impl FnOnce(&mut Dial)) {
        self.begin(change);
        self.world.run();
    }

    /// The same, with nothing sent yet.
    pub(super) fn begin(&mut self, change: impl FnOnce(&mut Dial)) {
        self.dials += 1;
        let mut dial = Dial::clone(&self.plan.dial());
        change(&mut dial);
        let joins = Some(Arc::new(joins(&self.world.hub_ledger)));
        let hub = HubSnapshot { joins, ..HubSnapshot::clone(&self.plan.snapshot()) };
        let seed = |end: u8| Seed([end, self.dials, 7, 7].repeat(8).try_into().unwrap());
        let now = self.world.now;
        let peer = End::new(Link::connect(Arc::new(dial), &seed(1), now).unwrap());
        let hub = Link::accept(Arc::new(hub), self.plan.source, &seed(2), now).unwrap();
        let id = self.world.registry.arrive(self.plan.source, now).unwrap();
        let id = core::mem::replace(&mut self.world.id, id);
        let peer = core::mem::replace(&mut self.world.peer, peer);
        let hub = core::mem::replace(&mut self.world.hub, End::new(hub));
        self.parked.push((id, peer, hub));
    }

    /// The link before is looked at again, until nothing moves. What was looked at is parked.
    pub(super) fn back(&mut self) {
        let (id, peer, hub) = self.parked.pop().unwrap();
        let id = core::mem::replace(&mut self.world.id, id);
        let peer = core::mem::replace(&mut self.world.peer, peer);
        let hub = core::mem::replace(&mut self.world.hub, hub);
        self.parked.insert(0, (id, peer, hub));
        self.world.run();
    }

    /// The link is cut, at both ends.
    pub(super) fn cut(&mut self) {
        self.world.registry.gone(self.world.id, self.world.now);
    }

    /// Something is changed on the hub's disk, and in the hub as it starts anew.
    pub(super) fn change(&mut self, change: Change) {
        self.world.hub_ledger.store(&StoreAsk::Change(change), self.world.now).unwrap();
        self.restart();
    }

    /// The operator of the hub's machine calls one of the hub's own commands.
    pub(super) fn command(&mut self, name: &str, arguments: &[(&str, &str)]) {
        let mut buf = ArgumentsBuf::new();
        for (name, value) in arguments {
            buf.named(name, Scalar::Text(value)).unwrap();
        }
        self.call(name, &buf);
    }

    pub(super) fn rotate_keys(&mut self, at_once: bool) {
        let mut buf = ArgumentsBuf::new();
        buf.named("now", Scalar::Boolean(at_once)).unwrap();
        self.call("rotate-keys", &buf);
    }

    fn call(&mut self, name: &str, arguments: &ArgumentsBuf) {
        let World { registry, hub_ledger, now, .. } = &mut self.world;
        let link = registry.arrive(Source::Local, *now).unwrap();
        let claim = Claim {
            method: Method::Open,
            purpose: Purpose::Operate,
            identity: None,
            evidence: None,
            later: Default::default(),
            agent: String::new(),
            labels: Default::default(),
        };
        let reserve = LinkAsk::Reserve(Box::new(claim.clone()));
        let Ok(LinkAnswer::Reserved(grant)) = registry.answer(link, &reserve, *now) else {
            panic!()
        };
        let session = SessionId([3; 16]);
        let commit = LinkAsk::Commit(Box::new(Reservation { claim, grant: *grant, session }));
        assert_eq!(registry.answer(link, &commit, *now), Ok(LinkAnswer::Committed));
        let (id, target, delivery) = (CallId(1), Target::Hub, Default::default());
        let (name, arguments) = (name.parse().unwrap(), arguments.as_arguments());
        let call = Call { id, target, name, arguments, deadline_ms: 1000, window: 0, delivery };
        registry.input(link, &Frame::Call(call), *now);
        while let Some((ask, question)) = registry.poll_ask() {
            let answer = hub_ledger.store(&question, *now);
            registry.answer_ask(ask, answer, *now);
        }
        let mut outbox = Outbox::default();
        registry.take_outbox(link, &mut outbox);
        let Some(Frame::Result(result)) = outbox.front() else { panic!("no result") };
        assert_eq!(result.status, Status::Exited(0), "{}", result.text);
        registry.gone(link, *now);
    }

    pub(super) fn is_admitted(&self) -> bool {
        self.world.peer.link.is_admitted() && self.world.hub.link.is_admitted()
    }

    /// What the hub refused the peer with, which it told it as well.
    #[track_caller]
    pub(super) fn refused(&self) -> Code {
        let (hub, peer) = (self.world.hub.reason(), self.world.peer.reason());
        assert_eq!(hub.code(), peer.code(), "{hub} at the hub, {peer} at the peer");
        assert!(matches!(peer, EndReason::Refused(_)), "{peer}");
        hub.code()
    }

    pub(super) fn events(&mut self) -> Vec<HubEvent> {
        core::iter::from_fn(|| self.world.registry.poll_event()).collect()
    }

    /// What the hub's disk knows of the peer.
    pub(super) fn enrolled(&self) -> Enrolled {
        self.world.hub_ledger.durable().peers.values().next().unwrap().enrolled.clone().unwrap()
    }

    /// The certificate that the peer has on its disk.
    pub(super) fn certificate(&self) -> PeerCertificate {
        PeerCertificate::read(&self.held().certificate).unwrap().1
    }

    /// Credentials of the peer with a certificate that is made so.
    pub(super) fn forged(&self, forge: impl FnOnce(&mut Forged)) -> PeerCredentials {
        let dial = self.plan.dial();
        let now = self.world.now.unix;
        let mut forged = Forged {
            ca: 1,
            peer: dial.peer,
            key: dial.key.public(),
            issue: 1,
            dates: (now - 60, now + 86_400),
        };
        forge(&mut forged);
        let Forged { ca, peer, key, issue, dates: (from, to) } = forged;
        let mut random = Random::new(&Seed([77; 32]));
        let certificate = authority(ca).mint(&mut random, peer, key, issue, from, to).unwrap();
        PeerCredentials { certificate, not_before: from, not_after: to, ..self.held() }
    }
}

/// What a certificate says.
pub(super) struct Forged {
    pub(super) ca: u8,
    pub(super) peer: PeerId,
    pub(super) key: PublicKey,
    pub(super) issue: u32,
    pub(super) dates: (u64, u64),
}

pub(super) fn web() -> PeerId {
    "web-1".parse().unwrap()
}

pub(super) fn credentials(issued: &Issued) -> PeerCredentials {
    PeerCredentials::read(issued).unwrap().2
}
