//! The worked example of `spec/example.md`: our machines, given what §1 of the page gives, say
//! byte for byte what the page says. `tests/interop/test_example.py` makes the same page's values
//! without our code.

mod page;

use std::sync::Arc;

use bowline_core::arrival::Arrival;
use bowline_core::ask::{
    Answer, Claim, Evidence, LinkAnswer, LinkAsk, Memory, Question, Reservation,
};
use bowline_core::auth::{Credential, Dial, HubSnapshot, SharedSecret, Transport, hub, peer};
use bowline_core::buffer::Buffer;
use bowline_core::capability::Role;
use bowline_core::code::Code;
use bowline_core::facts::Durable;
use bowline_core::hub::{Hub, HubConfig, Outbox};
use bowline_core::id::{CallId, LinkId, Pin, SecretNumber};
use bowline_core::identity::{HubIdentity, PeerKey, SigningKey};
use bowline_core::random::{Random, Seed};
use bowline_core::socket::{Incoming, Socket, UpgradePolicy, UpgradeRequest};
use bowline_core::tunnel::ClientTls;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{
    Argument, ArgumentKind, Call, CallResult, Command, Goaway, HelloBody, Method, Output,
    OutputStream, Purpose, Register, Registered, Status, Target,
};
use bowline_core::wire::value::{ArgumentsBuf, Scalar};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use page::Page;
use page::given::{NOW, key, limits, peer_nonce, served, server_tls, sha256, somewhere};
use sha2::Sha256;

fn page() -> Page {
    Page::of(include_str!("../../spec/example.md"))
}

/// What the peer's socket draws its key and its masks from, and the hub its nonce and session id.
const PEER_SEED: Seed = Seed([0x11; 32]);
const HUB_SEED: Seed = Seed([0x22; 32]);
fn secret(page: &Page) -> SharedSecret {
    SharedSecret::new(page.bytes("secret")).unwrap()
}

fn snapshot(page: &Page) -> Arc<HubSnapshot> {
    let identity = HubIdentity(key(page, "identity seed"));
    Arc::new(HubSnapshot {
        tls: Some(server_tls(page)),
        secrets: secret(page).into(),
        generation: 5,
        limits: limits(),
        ..HubSnapshot::new(identity, "example hub")
    })
}

fn dial(page: &Page) -> Arc<Dial> {
    let tls = Transport::Tls(ClientTls::new().unwrap());
    let key = PeerKey(key(page, "peer key seed"));
    Arc::new(Dial {
        credential: Credential::Secret(secret(page)),
        agent: "example/1".to_owned(),
        labels: [("role".to_owned(), "web".to_owned())].into(),
        limits: limits(),
        ..Dial::new("hub.example:7777", tls, "web-1".parse().unwrap(), key)
    })
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

#[test]
fn keys_ids_and_pins_are_the_pages() {
    let page = page();
    let identity = key(&page, "identity seed").public();
    assert_eq!(identity.0, page.bytes("identity"));
    assert_eq!(page.text("hub id"), HubIdentity(key(&page, "identity seed")).id().to_string());
    let tls = key(&page, "TLS key seed").public();
    assert_eq!(tls.0, page.bytes("TLS key"));
    assert_eq!(tls.pin().0, page.bytes("pin"));
    assert_eq!(server_tls(&page).pin().to_string(), page.text("pin as text"));
    assert_eq!(key(&page, "peer key seed").public().0, page.bytes("peer key"));
    for (key, spki) in [("identity", "SPKI of the identity"), ("TLS key", "SPKI of the TLS key")] {
        let expected = [&page::hex("302a300506032b6570032100"), page.bytes(key)].concat();
        assert_eq!(page.bytes(spki), expected);
    }
    assert_eq!(page.bytes("pin"), sha256(page.bytes("SPKI of the TLS key")));
}

/// The steps between, which no machine shows: by the formulas of `admission.md` §3.
#[test]
fn hashes_and_macs_are_the_pages() {
    let page = page();
    let bytes = |name| page.bytes(name);
    assert_eq!(bytes("k_peer"), hmac(bytes("secret"), b"bowline/1 secret peer"));
    assert_eq!(bytes("k_hub"), hmac(bytes("secret"), b"bowline/1 secret hub"));
    assert_eq!(bytes("SHA-256 of HelloBody"), sha256(bytes("HelloBody")));
    let digest = bytes("SHA-256 of HelloBody");
    let signed = [b"bowline/1 hello", bytes("peer nonce"), digest].concat();
    assert_eq!(bytes("signed by the identity"), signed);
    let (hello, auth_body) = (bytes("Hello"), bytes("AuthBody"));
    let lengths = [hello, auth_body].map(|part| u32::try_from(part.len()).unwrap().to_be_bytes());
    assert_eq!([bytes("length of Hello"), bytes("length of AuthBody")], lengths);
    let parts: [&[u8]; 6] =
        [b"bowline/1 transcript", bytes("peer nonce"), &lengths[0], hello, &lengths[1], auth_body];
    assert_eq!(bytes("T"), sha256(&parts.concat()));
    assert_eq!(bytes("signed by the peer key"), [b"bowline/1 possession", bytes("T")].concat());
    assert_eq!(bytes("peer MAC"), hmac(bytes("k_peer"), bytes("T")));
    assert_eq!(bytes("SHA-256 of WelcomeBody"), sha256(bytes("WelcomeBody")));
    let covered = [bytes("T"), bytes("SHA-256 of WelcomeBody")].concat();
    assert_eq!(bytes("hub MAC"), hmac(bytes("k_hub"), &covered));
}

/// A frame's message is put together from the parts that the page shows alone.
#[test]
fn proved_frames_hold_the_bodies_and_proofs_that_are_shown_alone() {
    let page = page();
    let bytes = |name| page.bytes(name);
    let Ok(Frame::Hello(hello)) = Frame::decode(bytes("Hello")) else { panic!("Hello") };
    assert_eq!((hello.body, &hello.signature[..]), (bytes("HelloBody"), bytes("signature")));
    assert_eq!(HelloBody::decode(hello.body).unwrap().nonce.0, *bytes("hub nonce"));
    let Ok(Frame::Authenticate(auth)) = Frame::decode(bytes("Authenticate")) else { panic!() };
    let proof = [bytes("possession"), bytes("peer MAC")].concat();
    assert_eq!((auth.body, auth.proof), (bytes("AuthBody"), &proof[..]));
    let Ok(Frame::Welcome(welcome)) = Frame::decode(bytes("Welcome")) else { panic!() };
    assert_eq!((welcome.body, welcome.proof), (bytes("WelcomeBody"), bytes("hub MAC")));
}

#[test]
fn the_hub_says_the_pages_hello_and_welcome() {
    let page = page();
    let (mut random, mut said) = (Random::new(&HUB_SEED), Vec::new());
    let nonce = peer_nonce(&page);
    let config = HubConfig { limits: limits(), secret_role: Role::Agent, ..HubConfig::default() };
    let (mut hub, mut ledger) =
        (Hub::new(config, Durable::default(), &Seed([7; 32])), Memory::default());
    let link = hub.arrive(somewhere(), NOW).unwrap();
    let begun = hub::HubAuth::begin(snapshot(&page), somewhere(), nonce, Arrival::default());
    let hub::HubAuthStep::Ask(auth, Question::Hub(arrive)) = begun else { panic!("{begun:?}") };
    let answer = hub.answer(link, &arrive, NOW);
    let step = auth.answer(answer.into(), &mut random, NOW, &mut said).unwrap();
    let hub::HubAuthStep::Wait(auth) = step else { panic!("{step:?}") };
    assert_eq!(said, page.bytes("Hello"));
    said.clear();
    let mut step = auth.message(page.bytes("Authenticate"), None, &mut random, NOW).unwrap();
    while let hub::HubAuthStep::Ask(auth, question) = step {
        let answer = match &question {
            Question::Hub(ask) => hub.answer(link, ask, NOW).into(),
            store => ledger.answer(store).unwrap(),
        };
        step = auth.answer(answer, &mut random, NOW, &mut said).unwrap();
    }
    assert_eq!(said, page.bytes("Welcome"));
}

#[test]
fn the_peer_answers_the_pages_hello_and_takes_its_welcome() {
    let page = page();
    let (dial, mut said) = (dial(&page), Vec::new());
    let served = served(&page);
    let auth = peer::PeerAuth::new(dial, peer_nonce(&page));
    let step = auth.message(page.bytes("Hello"), Some(&served), NOW, &mut said).unwrap();
    assert_eq!(said, page.bytes("Authenticate"));
    let peer::PeerAuthStep::Wait(auth, learnt) = step else { panic!("{step:?}") };
    assert_eq!(learnt.hub.to_string(), page.text("hub id"));
    assert_eq!(learnt.pin, Some(Pin(page.bytes("pin").try_into().unwrap())));
    let step = auth.message(page.bytes("Welcome"), Some(&served), NOW, &mut said).unwrap();
    let peer::PeerAuthStep::Ask(auth, Question::Store(_)) = step else { panic!("{step:?}") };
    let step = auth.answer(&Answer::Stored).unwrap();
    let peer::PeerAuthStep::Admitted(admitted, None) = step else { panic!("{step:?}") };
    assert_eq!(admitted.session.0, page.bytes("session"));
}

/// Takes what one end wrote, and gives the message that came of it.
fn incoming(socket: &mut Socket, from: &mut Buffer, out: &mut Buffer) -> Vec<u8> {
    let message = match socket.read(from, out).unwrap() {
        Some(Incoming::Message(message)) => message.to_vec(),
        _ => Vec::new(),
    };
    assert!(matches!(socket.read(from, out), Ok(None)));
    message
}

fn taken(buffer: &mut Buffer) -> Vec<u8> {
    let bytes = buffer.filled().to_vec();
    buffer.clear();
    bytes
}

#[test]
fn the_upgrade_and_the_websockets_frames_are_the_pages() {
    let page = page();
    let request = UpgradeRequest {
        host: "hub.example:7777".to_owned(),
        path: "/link".to_owned(),
        nonce: peer_nonce(&page),
    };
    let (mut to_hub, mut to_peer) = (Buffer::new(), Buffer::new());
    let mut peer = Socket::connect(&request, Random::new(&PEER_SEED), &limits(), &mut to_hub);
    let mut hub = Socket::accept(Arc::new(UpgradePolicy::default()), &limits());
    assert_eq!(to_hub.filled(), page.head(0));
    let key = format!("Key: {}\r\n", BASE64.encode(page.bytes("WebSocket key")));
    assert!(String::from_utf8_lossy(page.head(0)).contains(&key));
    incoming(&mut hub, &mut to_hub, &mut to_peer);
    assert_eq!(to_peer.filled(), page.head(1));
    incoming(&mut peer, &mut to_peer, &mut to_hub);

    hub.write(page.bytes("Hello"), &mut to_peer);
    let framed = [page.bytes("header of Hello's frame"), page.bytes("Hello")].concat();
    assert_eq!(to_peer.filled(), framed);
    assert_eq!(incoming(&mut peer, &mut to_peer, &mut to_hub), page.bytes("Hello"));

    peer.write(page.bytes("Authenticate"), &mut to_hub);
    assert_eq!(to_hub.filled(), page.bytes("Authenticate's frame"));
    assert_eq!(to_hub.filled()[4..8], *page.bytes("mask of Authenticate"));
    assert_eq!(incoming(&mut hub, &mut to_hub, &mut to_peer), page.bytes("Authenticate"));

    for frame in ["Register", "Output, peer to hub", "Result, peer to hub"] {
        peer.write(page.bytes(frame), &mut to_hub);
        taken(&mut to_hub);
    }
    hub.close(Code::GoingAway.close(), "", &mut to_peer);
    assert_eq!(to_peer.filled(), page.bytes("the hub's Close"));
    assert!(matches!(peer.read(&mut to_peer, &mut to_hub), Ok(Some(Incoming::Closed { .. }))));
    assert_eq!(to_hub.filled(), page.bytes("the peer's Close"));
    assert_eq!(to_hub.filled()[2..6], *page.bytes("mask of the peer's Close"));
}

fn encoded(frame: &Frame<'_>) -> Vec<u8> {
    let mut message = Vec::new();
    frame.encode(&mut message);
    message
}

#[test]
fn frames_of_the_session_are_the_pages() {
    let page = page();
    let argument =
        Argument { name: "name".to_owned(), kind: ArgumentKind::String, optional: false };
    let command = Command {
        name: "greet".parse().unwrap(),
        description: "A greeting".to_owned(),
        arguments: vec![argument],
    };
    let mut arguments = ArgumentsBuf::new();
    arguments.named("name", Scalar::Text("you")).unwrap();
    let web_1 = "web-1".parse().unwrap();
    let call = |id| {
        Frame::Call(Call {
            id: CallId(id),
            target: Target::Peer(web_1),
            name: "greet".parse().unwrap(),
            arguments: arguments.as_arguments(),
            deadline_ms: 30_000,
            window: 65_536,
            delivery: Default::default(),
        })
    };
    let output = |id| {
        let (id, source, bytes) = (CallId(id), OutputStream::Out, b"hello you\n");
        Frame::Output(Output { id, peer: web_1, source, offset: 0, bytes })
    };
    let result = |id, peer| {
        let (id, status) = (CallId(id), Status::Exited(0));
        Frame::Result(CallResult { id, peer, status, value: None, text: "" })
    };
    let goaway = Goaway { code: Code::GoingAway, text: "", reconnect_after: Some(2) };
    for (name, frame) in [
        ("Register", Frame::Register(Register { commands: vec![command] })),
        ("Registered", Frame::Registered(Registered { count: 1 })),
        ("Call, operator to hub", call(1)),
        ("Call, hub to peer", call(2)),
        ("Output, peer to hub", output(2)),
        ("Output, hub to operator", output(1)),
        ("Result, peer to hub", result(2, None)),
        ("Result, hub to operator", result(1, Some(web_1))),
        ("Goaway", Frame::Goaway(goaway)),
    ] {
        assert_eq!(page::spell(&encoded(&frame)), page::spell(page.bytes(name)), "{name}");
    }
}

/// A link that is admitted without proofs: routing asks for none.
fn join(hub: &mut Hub, name: &str, purpose: Purpose) -> LinkId {
    let link = hub.arrive(somewhere(), NOW).unwrap();
    let key = SigningKey::generate(&mut Random::new(&Seed([name.len() as u8; 32]))).public();
    let claim = Claim {
        method: Method::Secret,
        purpose,
        identity: Some((name.parse().unwrap(), key)),
        evidence: Some(Evidence::Secret(SecretNumber::FIRST)),
        later: Default::default(),
        agent: String::new(),
        labels: Default::default(),
    };
    let question = LinkAsk::Reserve(Box::new(claim.clone()));
    let Ok(LinkAnswer::Reserved(grant)) = hub.answer(link, &question, NOW) else { panic!() };
    let session = bowline_core::id::SessionId([0; 16]);
    let reservation = Reservation { claim, grant: *grant, session };
    let question = LinkAsk::Commit(Box::new(reservation));
    assert_eq!(hub.answer(link, &question, NOW), Ok(LinkAnswer::Committed));
    link
}

#[test]
fn the_hub_routes_the_pages_call_as_the_page_does() {
    let page = page();
    let config = HubConfig { limits: limits(), ..HubConfig::default() };
    let mut hub = Hub::new(config, Durable::default(), &Seed([7; 32]));
    let web_1 = join(&mut hub, "web-1", Purpose::Serve);
    let operator = join(&mut hub, "ops", Purpose::Operate);
    for (from, said, to, passed_on) in [
        (web_1, "Register", web_1, "Registered"),
        (operator, "Call, operator to hub", web_1, "Call, hub to peer"),
        (web_1, "Output, peer to hub", operator, "Output, hub to operator"),
        (web_1, "Result, peer to hub", operator, "Result, hub to operator"),
    ] {
        hub.input(from, &Frame::decode(page.bytes(said)).unwrap(), NOW);
        let mut outbox = Outbox::default();
        assert_eq!(hub.take_outbox(to, &mut outbox), None);
        let sent = outbox.front().map(|frame| encoded(&frame)).unwrap_or_default();
        assert_eq!(page::spell(&sent), page::spell(page.bytes(passed_on)), "{passed_on}");
        outbox.pop();
        assert!(outbox.is_empty());
    }
}
