//! The worked example of `spec/example-join.md`: a join, new credentials within its session, and
//! the way back by certificate, once to a hub that was put back. Our machines, given what §1 of the
//! page gives, say byte for byte what the page says.

mod page;

use std::sync::Arc;

use bowline_core::arrival::Arrival;
use bowline_core::ask::{Answer, Memory, PeerUpdate, Question};
use bowline_core::auth::{
    Credential, Dial, HubSnapshot, JoinToken, Joins, PeerCredentials, Transport, hub, peer,
};
use bowline_core::capability::Role;
use bowline_core::facts::{Draft, Issuer, KeyRecord, Mint};
use bowline_core::hub::{Hub, HubConfig, HubEvent};
use bowline_core::id::{Jti, LinkId, PeerId};
use bowline_core::identity::{Authority, HubIdentity, PeerKey};
use bowline_core::random::{Random, Seed};
use bowline_core::token::{KeyState, Rules, TokenKeys, TokenSigner};
use bowline_core::trust::KnownHub;
use bowline_core::tunnel::ClientTls;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{AuthBody, Refresh, Refreshed};
use page::Page;
use page::given::{NOW, key, limits, peer_nonce, served, server_tls, sha256, somewhere};

/// What the hub draws from, on each link.
const HUB_SEEDS: [Seed; 3] = [Seed([0x22; 32]), Seed([0x33; 32]), Seed([0x44; 32])];

fn page() -> Page {
    Page::of(include_str!("../../spec/example-join.md"))
}

/// Both ends, and what each keeps.
struct Story {
    page: Page,
    joins: Arc<Joins>,
    hub: Hub,
    ledger: Memory,
    /// Which start of the hub it is.
    generation: u64,
    /// What the peer keeps of the hub.
    known: KnownHub,
    /// The values of the page, as they come about.
    said: Vec<(&'static str, Vec<u8>)>,
}

impl Story {
    fn begin() -> Self {
        let page = page();
        let identity = HubIdentity(key(&page, "identity seed")).id();
        let mut serial = Random::new(&Seed([0; 32]));
        let ca = key(&page, "CA seed");
        let authority = Authority::certify(ca, &mut serial, identity, NOW.unix);
        let pkcs8 = key(&page, "token key seed").to_pkcs8();
        let signer = TokenSigner::from_pkcs8(&pkcs8).unwrap();
        let mut keys = TokenKeys::default();
        keys.insert(signer.key().clone(), KeyState::Active);
        let joins = Arc::new(Joins {
            authority: authority.into(),
            keys,
            signer: signer.into(),
            rules: Rules::JOIN,
        });
        let mut ledger = Memory::default();
        let record = KeyRecord {
            key: joins.signer.key().clone(),
            created: NOW.unix,
            state: KeyState::Active,
        };
        ledger.keep_keys(vec![record]);
        let mut said = Vec::new();
        let draft = Draft { role: Role::Agent, ..Draft::new("alice", 86_400, PeerId::operator()) };
        let jti = Jti(page.bytes("jti").try_into().unwrap());
        let mint = Mint { jti, issued: NOW.unix, draft };
        let issuer = Issuer {
            hub: identity,
            pins: vec![server_tls(&page).pin()],
            urls: vec!["wss://hub.example:7777".to_owned()],
        };
        let (record, token) = mint.sign(&joins.signer, issuer).unwrap();
        said.push(("join token", token.as_bytes().to_vec()));
        ledger.issue(record);
        let hub = Hub::new(config(5), ledger.durable(), &Seed([7; 32]));
        let known =
            KnownHub { hub: "hub".to_owned(), token_issuer: Some(identity), ..KnownHub::default() };
        Self { page, joins, hub, ledger, generation: 5, known, said }
    }

    /// The hub starts, and it is this start.
    fn start(&mut self, generation: u64) {
        self.generation = generation;
        self.hub = Hub::new(config(generation), self.ledger.durable(), &Seed([7; 32]));
    }

    fn snapshot(&self) -> Arc<HubSnapshot> {
        let identity = HubIdentity(key(&self.page, "identity seed"));
        Arc::new(HubSnapshot {
            tls: Some(server_tls(&self.page)),
            joins: Some(self.joins.clone()),
            generation: self.generation,
            limits: limits(),
            ..HubSnapshot::new(identity, "example hub")
        })
    }

    fn dial(&self, credential: Credential) -> Arc<Dial> {
        let tls = Transport::Tls(ClientTls::new().unwrap());
        let key = PeerKey(key(&self.page, "peer key seed"));
        Arc::new(Dial {
            known: self.known.clone(),
            credential,
            agent: "example/1".to_owned(),
            limits: limits(),
            ..Dial::new("hub.example:7777", tls, "web-1".parse().unwrap(), key)
        })
    }

    fn answer(&mut self, link: LinkId, question: &Question) -> Answer {
        match question {
            Question::Hub(ask) => self.hub.answer(link, ask, NOW).into(),
            store => self.ledger.answer(store).unwrap(),
        }
    }

    /// An admission; what each end has for new credentials, and what the peer keeps.
    fn admit(&mut self, credential: Credential, names: [&'static str; 4], seed: &Seed) -> Admitted {
        let (mut random, mut reply) = (Random::new(seed), Vec::new());
        let link = self.hub.arrive(somewhere(), NOW).unwrap();
        let nonce = peer_nonce(&self.page);
        let begun = hub::HubAuth::begin(self.snapshot(), somewhere(), nonce, Arrival::default());
        let hub::HubAuthStep::Ask(auth, question) = begun else { panic!("{begun:?}") };
        let answer = self.answer(link, &question);
        let step = auth.answer(answer, &mut random, NOW, &mut reply).unwrap();
        let hub::HubAuthStep::Wait(hub_auth) = step else { panic!("{step:?}") };
        let hello = core::mem::take(&mut reply);

        let served = served(&self.page);
        let peer_auth = peer::PeerAuth::new(self.dial(credential), nonce);
        let step = peer_auth.message(&hello, Some(&served), NOW, &mut reply).unwrap();
        let peer::PeerAuthStep::Wait(peer_auth, _) = step else { panic!("{step:?}") };
        let authenticate = core::mem::take(&mut reply);

        let mut step = hub_auth.message(&authenticate, None, &mut random, NOW).unwrap();
        while let hub::HubAuthStep::Ask(auth, question) = step {
            let answer = self.answer(link, &question);
            step = auth.answer(answer, &mut random, NOW, &mut reply).unwrap();
        }
        let hub::HubAuthStep::Admitted(_, Some(at_hub)) = step else { panic!("{step:?}") };
        let step = peer_auth.message(&reply, Some(&served), NOW, &mut Vec::new()).unwrap();
        let (step, kept) = match step {
            peer::PeerAuthStep::Ask(auth, Question::Store(kept)) => {
                (auth.answer(&Answer::Stored).unwrap(), Some(kept))
            }
            step => (step, None),
        };
        let peer::PeerAuthStep::Admitted(_, Some(at_peer)) = step else { panic!("{step:?}") };
        let welcome = reply;
        self.said.extend(names.into_iter().zip([
            hello.clone(),
            authenticate.clone(),
            transcript(&nonce.0, &hello, &authenticate),
            welcome,
        ]));
        Admitted { link, random, at_hub, at_peer, kept }
    }
}

/// A session.
struct Admitted {
    link: LinkId,
    random: Random,
    at_hub: Box<hub::HubRenewing>,
    at_peer: Box<peer::PeerRenewing>,
    kept: Option<Box<PeerUpdate>>,
}

fn config(generation: u64) -> HubConfig {
    HubConfig { limits: limits(), generation, ..HubConfig::default() }
}

/// By the formula of `admission.md` §3.
fn transcript(nonce: &[u8], hello: &[u8], authenticate: &[u8]) -> Vec<u8> {
    let Ok(Frame::Authenticate(auth)) = Frame::decode(authenticate) else { panic!() };
    let lengths = [hello, auth.body].map(|part| u32::try_from(part.len()).unwrap().to_be_bytes());
    let parts: [&[u8]; 6] =
        [b"bowline/1 transcript", nonce, &lengths[0], hello, &lengths[1], auth.body];
    sha256(&parts.concat())
}

/// Everything that the page shows, in its order.
fn told() -> (Page, Vec<(&'static str, Vec<u8>)>) {
    let mut story = Story::begin();
    let token = String::from_utf8(story.said[0].1.clone()).unwrap();
    let names = ["Hello", "Authenticate", "T", "Welcome"];
    let joined = story.admit(Credential::Join(JoinToken(token.into())), names, &HUB_SEEDS[0]);
    let Admitted { link, mut random, mut at_hub, mut at_peer, kept } = joined;
    let kept = kept.unwrap();
    let issued = kept.issued.unwrap();
    story.said.push(("certificate", issued.certificate.clone()));
    story.said.push(("refresh token", issued.refresh.to_vec()));
    story.said.push(("SHA-256 of the refresh token", sha256(&*issued.refresh)));

    assert_eq!(at_peer.ask(), Some(Question::Load));
    let asked = at_peer.answer(Answer::Loaded(Some(Box::new(issued))));
    let peer::PeerRenewed::Send(body, proof) = asked else { panic!("{asked:?}") };
    let mut refresh = Vec::new();
    let frame = Refresh { body: &body, proof: &proof };
    Frame::Refresh(frame).encode(&mut refresh);
    story.said.push(("RefreshBody", body.to_vec()));
    story.said.push(("proof", proof.to_vec()));
    story.said.push(("Refresh", refresh));
    let asked = at_hub.message(&frame, &mut random, NOW).unwrap();
    let hub::RefreshStep::Ask(mut question) = asked else { panic!("{asked:?}") };
    let refreshed = loop {
        let answer = story.answer(link, &question);
        match at_hub.answer(answer, &mut random).unwrap() {
            hub::HubRenewed::Ask(next) => question = next,
            hub::HubRenewed::Done(issued, expires) => {
                assert_eq!(expires, Some(NOW.unix + 86_400));
                break issued;
            }
            hub::HubRenewed::Denied(code) => panic!("{code}"),
        }
    };
    let mut message = Vec::new();
    Frame::Refreshed(Refreshed(refreshed.clone())).encode(&mut message);
    story.said.push(("Refreshed", message));

    story.hub.gone(link, NOW);
    let (_, _, held) = PeerCredentials::read(&refreshed).unwrap();
    story.start(7);
    let names = ["second Hello", "second Authenticate", "second T", "second Welcome"];
    let back = story.admit(Credential::Resume(held), names, &HUB_SEEDS[1]);
    // Nothing is minted on the way back.
    let kept = back.kept.unwrap();
    assert_eq!(kept.issued, None);

    // The hub is put back to start 5, and starts; the peer kept a later start of it.
    (story.known.entry, story.known.seen) = (kept.entry, kept.seen);
    story.start(6);
    let (_, _, held) = PeerCredentials::read(&refreshed).unwrap();
    let names = ["third Hello", "third Authenticate", "third T", "third Welcome"];
    let shown = story.admit(Credential::Resume(held), names, &HUB_SEEDS[2]);
    assert_eq!(shown.kept, None);
    let told = std::iter::from_fn(|| story.hub.poll_event()).find_map(|event| match event {
        HubEvent::RolledBack { restored, own } => Some((restored.generation, own)),
        _ => None,
    });
    assert_eq!(told, Some((7, 6)));
    (story.page, story.said)
}

/// What is shown of a later start is the nonce and the Hello of the second link.
#[test]
fn a_later_start_is_shown_as_the_page_says() {
    let page = page();
    let shown = [page.bytes("peer nonce"), page.bytes("second Hello")].concat();
    let Ok(Frame::Authenticate(auth)) = Frame::decode(page.bytes("third Authenticate")) else {
        panic!()
    };
    assert_eq!(AuthBody::decode(auth.body).unwrap().later, Some(shown));
}

#[test]
fn the_machines_say_what_the_page_says() {
    let (page, said) = told();
    for (name, bytes) in &said {
        let shown = match *name {
            "join token" => page.text(name).as_bytes(),
            _ => page.bytes(name),
        };
        assert_eq!(page::spell(shown), page::spell(bytes), "{name}");
    }
}

/// What no machine shows: by the formula of `session.md` §9.
#[test]
fn a_refresh_is_signed_as_the_page_says() {
    let page = page();
    let digest = sha256(page.bytes("RefreshBody"));
    assert_eq!(page.bytes("SHA-256 of RefreshBody"), digest);
    let signed = [b"bowline/1 refresh", page.bytes("T"), &digest].concat();
    assert_eq!(page.bytes("signed for Refresh"), signed);
    let signature = key(&page, "peer key seed").sign(&signed);
    assert_eq!(page.bytes("proof"), signature);
}
