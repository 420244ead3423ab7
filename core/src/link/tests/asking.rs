//! Asking a hub which ids exist. To whoever has no valid credential every id is the same: code,
//! text, retry-after, the questions asked and their order, what counts against the source, what is
//! drawn and what is told of it.

use super::joining::*;
use super::raw::{auth_body, encoded, transcript};
use super::scenario::*;
use crate::arrival::Arrival;
use crate::ask::{Claim, Later, LinkAnswer, LinkAsk, Question, Reservation};
use crate::auth::hub::{HubAuth, HubAuthStep};
use crate::auth::{Credential, HubSnapshot};
use crate::code::Code;
use crate::facts::{Change, Draft, Durable, Restored, Revocation, Sign};
use crate::hub::{Hub, HubConfig};
use crate::id::{Nonce, PeerId, SessionId};
use crate::identity::{PeerKey, Transcript};
use crate::limits::Limits;
use crate::random::{Random, Seed};
use crate::token::TokenSigner;
use crate::wire::Frame;
use crate::wire::frame::{Authenticate, Method, Purpose};
use core::time::Duration;
use std::sync::Arc;

/// The key of whoever asks.
const OWN: u8 = 99;

fn own() -> PeerKey {
    PeerKey(signing_key(OWN))
}

fn id(text: &str) -> PeerId {
    text.parse().unwrap()
}

/// A hub with an id of each kind.
fn peopled() -> Scene {
    let mut scene = Scene::joined();
    let joins = |scene: &mut Scene, peer: &str, key| {
        let token = scene.another(&draft());
        scene.dial(|dial| {
            (dial.credential, dial.peer) = (token, id(peer));
            dial.key = Arc::new(PeerKey(signing_key(key)));
        });
        assert!(scene.is_admitted(), "{peer}");
    };
    joins(&mut scene, "revoked-1", 20);
    let revocation = Revocation { at: START, reason: "stolen".to_owned() };
    scene.change(Change::Revoke(vec![id("revoked-1")], revocation));
    // What was this key's is somebody else's.
    joins(&mut scene, "moved-1", OWN);
    scene.change(Change::Forget(id("moved-1")));
    joins(&mut scene, "moved-1", 21);
    joins(&mut scene, "gone-1", OWN);
    scene.change(Change::Forget(id("gone-1")));
    joins(&mut scene, "own-1", OWN);
    scene.dial(|dial| {
        (dial.credential, dial.peer) = (Credential::Secret(secret(7)), id("secret-1"));
        dial.key = Arc::new(PeerKey(signing_key(22)));
    });
    assert!(scene.is_admitted());
    guest(&mut scene);
    // Two machines take each other's place.
    let held = credentials(&scene.world.peer_ledger.issued().unwrap().clone());
    for _ in 0..3 {
        let held = Credential::Resume(held.clone());
        scene.dial(|dial| {
            (dial.credential, dial.peer) = (held, id("own-1"));
            dial.key = Arc::new(own());
        });
    }
    scene.events();
    scene
}

/// Somebody serves under an id that the hub gave.
fn guest(scene: &mut Scene) {
    let (hub, now) = (&mut scene.world.registry, scene.world.now);
    let link = hub.arrive(somewhere(), now).unwrap();
    let claim = Claim {
        method: Method::Open,
        purpose: Purpose::Serve,
        identity: None,
        evidence: None,
        later: Later::Nothing,
        agent: String::new(),
        labels: Default::default(),
    };
    let reserve = LinkAsk::Reserve(Box::new(claim.clone()));
    let Ok(LinkAnswer::Reserved(grant)) = hub.answer(link, &reserve, now) else { panic!() };
    assert_eq!(grant.peer, id("guest-1"));
    let reservation = Reservation { claim, grant: *grant, session: SessionId([1; 16]) };
    let commit = LinkAsk::Commit(Box::new(reservation));
    assert_eq!(hub.answer(link, &commit, now), Ok(LinkAnswer::Committed));
}

/// The ids; nobody has the first. `own-1` is the asker's and not among them.
const IDS: [&str; 9] = [
    "nobody-1",
    "web-1",
    "revoked-1",
    "moved-1",
    "gone-1",
    "secret-1",
    "guest-1",
    "guest-2",
    "operator",
];

/// Something to be brought for an id, which admits nobody by it.
struct Attempt {
    name: &'static str,
    method: Method,
    credential: Box<dyn Fn(PeerId) -> Option<Vec<u8>>>,
    proof: fn(&Transcript) -> Vec<u8>,
    /// What it is answered with.
    code: Code,
}

fn possession(transcript: &Transcript) -> Vec<u8> {
    own().sign_possession(transcript).to_vec()
}

fn attempts(scene: &mut Scene) -> Vec<Attempt> {
    let mut all = Vec::new();
    let mut attempt = |name, method, credential: Option<Vec<u8>>, proof, code| {
        let credential = Box::new(move |_| credential.clone());
        all.push(Attempt { name, method, credential, proof, code });
    };
    let none: fn(&Transcript) -> Vec<u8> = |_| Vec::new();
    let wrong: fn(&Transcript) -> Vec<u8> = |_| vec![1; 64];
    attempt("an id where there is none", Method::Open, None, none, Code::Refused);

    let other_mac: fn(&Transcript) -> Vec<u8> =
        |t| [&possession(t)[..], &secret(8).peer_mac(t)].concat();
    let other_key: fn(&Transcript) -> Vec<u8> = |t| [&[1; 64][..], &secret(7).peer_mac(t)].concat();
    attempt("another secret", Method::Secret, None, other_mac, Code::Refused);
    attempt("the secret without a key", Method::Secret, None, other_key, Code::Refused);
    attempt("no MAC", Method::Secret, None, possession, Code::Refused);

    let token = |credential: Credential| match credential {
        Credential::Join(token) => Some(token.0.as_bytes().to_vec()),
        _ => None,
    };
    let used = token(scene.token());
    let unknown = token(scene.unknown(&Draft { ttl: 3600, ..draft() }));
    // It is on the disk, and not with the hub: as if it had been forgotten.
    attempt("a token that was used", Method::Join, used.clone(), possession, Code::Used);
    attempt("a token that is not known", Method::Join, unknown.clone(), possession, Code::Refused);
    attempt("a token without a key", Method::Join, unknown, wrong, Code::Refused);
    attempt("no token", Method::Join, Some(b"no.token.this".to_vec()), possession, Code::Refused);
    attempt("nothing at all", Method::Join, None, possession, Code::Refused);
    let signer = TokenSigner::generate(&mut Random::new(&Seed([66; 32]))).unwrap();
    let keys = scene.world.hub_ledger.keys();
    let (hub, now) = (identity().id(), scene.world.now.unix);
    let rules = crate::token::Rules::JOIN;
    let claims = crate::token::verify_join(&used.unwrap(), &keys, hub, now, &rules).unwrap().claims;
    let foreign = crate::token::issue_join(&signer, &claims).unwrap().into_bytes();
    attempt("a token of another key", Method::Join, Some(foreign), possession, Code::Refused);

    let held = scene.held();
    let certificate = Some(held.certificate.clone());
    attempt("another id's certificate", Method::Resume, certificate, possession, Code::Refused);
    attempt("no certificate", Method::Resume, Some(vec![0x30; 200]), possession, Code::Refused);
    let refresh = Some(held.refresh.0.to_vec());
    attempt("a token of one's own", Method::Refresh, refresh.clone(), possession, Code::Refused);
    attempt("the same, no key", Method::Refresh, refresh, wrong, Code::Refused);
    let random = Some(vec![77; 32]);
    attempt("a random token", Method::Refresh, random, possession, Code::Refused);
    attempt("a short token", Method::Refresh, Some(vec![77; 31]), possession, Code::Refused);
    attempt("a pass", Method::Pass, Some(vec![1]), possession, Code::MethodNotOffered);

    for (name, ca) in [("another CA's certificate", 2), ("one from before the id was freed", 1)] {
        let credential = Box::new(move |peer| {
            let (mut random, dates) = (Random::new(&Seed([3; 32])), (START - 60, START + 86_400));
            let (ca, key) = (authority(ca), own().public());
            Some(ca.mint(&mut random, peer, key, 1, dates.0, dates.1).unwrap())
        });
        let (method, code) = (Method::Resume, Code::Refused);
        all.push(Attempt { name, method, credential, proof: possession, code });
    }
    all
}

/// Everything that an attempt for this id leads to, but for the id itself.
fn ask(scene: &mut Scene, attempt: &Attempt, peer: PeerId, shown: Option<&[u8]>) -> Vec<String> {
    let now = scene.world.now;
    let joins = Some(Arc::new(joins(&scene.world.hub_ledger)));
    let snapshot =
        HubSnapshot { joins, open: true, ..HubSnapshot::clone(&Plan::join().snapshot()) };
    let seen = snapshot.served(somewhere());
    let (hub, ledger) = (&mut scene.world.registry, &mut scene.world.hub_ledger);
    let before = ledger.durable();
    let link = hub.arrive(somewhere(), now).unwrap();
    let (nonce, mut random, mut hello) = (Nonce([5; 32]), Random::new(&Seed([6; 32])), Vec::new());
    let arrival = Arrival::default();
    let begun = HubAuth::begin(Arc::new(snapshot), somewhere(), nonce, arrival);
    let HubAuthStep::Ask(auth, Question::Hub(arrive)) = begun else { panic!() };
    let mut told = Vec::new();
    let mut step = auth.answer(hub.answer(link, &arrive, now).into(), &mut random, now, &mut hello);
    if let Ok(HubAuthStep::Wait(auth)) = step {
        let mut body = auth_body(&Plan::join().dial(), attempt.method);
        (body.peer, body.key, body.seen) = (Some(peer), Some(own().public()), seen);
        body.credential = (attempt.credential)(peer);
        let body = body.encode();
        let proof = (attempt.proof)(&transcript(nonce, &hello, &body));
        let message = encoded(&Frame::Authenticate(Authenticate { body: &body, proof: &proof }));
        step = auth.message(&message, shown, &mut random, now);
    }
    loop {
        match step {
            Ok(HubAuthStep::Ask(auth, question)) => {
                let (kind, answer) = match &question {
                    Question::Hub(ask) => (format!("{ask:?}"), hub.answer(link, ask, now).into()),
                    store => (format!("{store:?}"), ledger.answer(store).unwrap()),
                };
                told.push(kind.split('(').next().unwrap().to_owned());
                step = auth.answer(answer, &mut random, now, &mut hello);
            }
            Ok(HubAuthStep::Wait(_) | HubAuthStep::Admitted(..)) => {
                panic!("{}: {peer}: {told:?}", attempt.name)
            }
            Err(stop) => {
                let (code, counts) = (stop.error.code(), stop.error.is_failed_attempt());
                let (said, retry) = (stop.error.said(), stop.retry_after);
                told.push(format!("{code}: {said} {retry:?} {counts}"));
                break;
            }
        }
    }
    while let Some((_, question)) = hub.poll_ask() {
        told.push(format!("{question:?}").replace(peer.as_str(), "ID"));
    }
    while let Some(event) = hub.poll_event() {
        told.push(format!("{event:?}").replace(peer.as_str(), "ID"));
    }
    told.push(format!("drawn: {:?}", random.bytes::<4>()));
    hub.gone(link, now);
    assert_eq!(ledger.durable(), before, "{}: {peer}", attempt.name);
    told
}

/// Asks for each id by each attempt.
fn compare(scene: &mut Scene, attempts: &[Attempt], code: Option<Code>) {
    for attempt in attempts {
        for shown in [None, Some(&[0x30_u8; 80][..])] {
            let nobody = ask(scene, attempt, id(IDS[0]), shown);
            let code = code.unwrap_or(attempt.code).to_string();
            assert!(
                nobody.iter().any(|line| line.starts_with(&code)),
                "{}: {nobody:?}",
                attempt.name
            );
            for peer in &IDS[1..] {
                assert_eq!(
                    ask(scene, attempt, id(peer), shown),
                    nobody,
                    "{}: {peer}",
                    attempt.name
                );
            }
        }
    }
}

#[test]
fn without_a_valid_credential_every_id_is_answered_alike() {
    let mut scene = peopled();
    let attempts = attempts(&mut scene);
    compare(&mut scene, &attempts, None);
}

#[test]
fn a_hub_that_is_full_or_was_restored_or_stops_answers_every_id_alike_too() {
    let mut scene = peopled();
    let mut attempts = attempts(&mut scene);
    // A hub that starts reads every token that is on the disk.
    attempts.retain(|attempt| attempt.name != "a token that is not known");
    let known = scene.world.hub_ledger.durable();
    let limits = Limits { sessions: 0, peers: 0, admissions_per_second: 1, ..Limits::default() };
    let full = HubConfig { limits, ..HubConfig::default() };
    scene.world.registry = Hub::new(full, known.clone(), &Seed([7; 32]));
    compare(&mut scene, &attempts, None);

    let (sign, by) = (Sign::Operator, None);
    let restored = Restored { generation: 9, issue: 0, sign, by, at: START };
    let restored = Durable { restored: Some(restored), ..known };
    scene.world.registry = Hub::new(HubConfig::default(), restored, &Seed([7; 32]));
    for attempt in &attempts {
        let nobody = ask(&mut scene, attempt, id(IDS[0]), None);
        for peer in &IDS[1..] {
            assert_eq!(ask(&mut scene, attempt, id(peer), None), nobody, "{}", attempt.name);
        }
    }

    scene.restart();
    scene.world.registry.drain(Duration::from_secs(1), scene.world.now);
    scene.events();
    compare(&mut scene, &attempts, Some(Code::GoingAway));
}

#[test]
fn a_name_that_no_peer_can_have_is_no_message_whatever_comes_with_it() {
    for name in [b"all", b"hub", b"A-1"] {
        for method in [Method::Secret, Method::Join, Method::Resume, Method::Refresh] {
            let mut body = auth_body(&Plan::join().dial(), method);
            (body.peer, body.credential) = (Some(id("zzz")), Some(vec![1; 32]));
            let mut body = body.encode();
            let at = body.windows(3).position(|bytes| bytes == b"zzz").unwrap();
            body[at..at + 3].copy_from_slice(name);
            assert!(crate::wire::frame::AuthBody::decode(&body).is_err(), "{method:?}");
        }
    }
}
