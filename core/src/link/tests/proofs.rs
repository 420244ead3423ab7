//! Proofs that are wrong, missing, or of another connection, from ends that are made by hand.

use super::raw::{Raw, SESSION_LIMITS, auth_body, transcript};
use super::scenario::*;
use crate::ask::LinkAnswer;
use crate::auth::AuthError;
use crate::buffer::Buffer;
use crate::code::{CloseCode, Code};
use crate::id::{PeerId, SessionId};
use crate::identity::Transcript;
use crate::limits::Limits;
use crate::link::EndReason;
use crate::trust::TrustError;
use crate::tunnel::{ClientTls, Tunnel};
use crate::wire::Frame;
use crate::wire::frame::{Authenticate, Method, Welcome, WelcomeBody};

#[test]
fn a_hub_refuses_methods_that_it_does_not_offer() {
    for method in [Method::Open, Method::Join, Method::Pass] {
        let plan = Plan::plain();
        let mut hub = End::new(plan.hub_link());
        let mut raw = Raw::peer();
        raw.exchange(&mut hub);
        let body = auth_body(&plan.dial(), method).encode();
        raw.say_frame(&Frame::Authenticate(Authenticate { body: &body, proof: &[] }));
        raw.exchange(&mut hub);
        let error = AuthError::MethodNotOffered(method.number());
        assert_eq!(*hub.reason(), EndReason::Auth(error));
        assert_eq!(raw.kinds(), ["hello", "refuse"]);
        let Frame::Refuse(refuse) = raw.last() else { panic!() };
        assert_eq!(refuse.code, Code::MethodNotOffered);
        assert_eq!(raw.closed, Some(CloseCode::REFUSED));
    }
}

#[test]
fn open_is_not_believed_with_an_id_a_key_or_a_proof() {
    let mut plan = Plan::plain();
    plan.hub_open = true;
    for proof in [&[][..], &[1; 96]] {
        let mut body = auth_body(&plan.dial(), Method::Open);
        if !proof.is_empty() {
            (body.peer, body.key) = (None, None);
        }
        let (hub, raw) = authenticated(&plan, &body.encode(), |_| proof.to_vec());
        assert!(matches!(hub.reason(), EndReason::Auth(AuthError::Form(_))), "{:?}", hub.told);
        let Frame::Refuse(refuse) = raw.last() else { panic!() };
        assert_eq!(refuse.code, Code::Refused);
    }
}

/// A hub of this plan, after a raw peer sent Authenticate with what `prove` makes of T.
fn authenticated(
    plan: &Plan,
    body: &[u8],
    prove: impl FnOnce(&Transcript) -> Vec<u8>,
) -> (End, Raw) {
    let mut hub = End::new(plan.hub_link());
    let mut raw = Raw::peer();
    raw.exchange(&mut hub);
    let proof = prove(&transcript(raw.nonce.unwrap(), &raw.got[0], body));
    raw.say_frame(&Frame::Authenticate(Authenticate { body, proof: &proof }));
    raw.exchange(&mut hub);
    (hub, raw)
}

#[test]
fn the_proof_of_a_secret_peer_is_possession_and_the_mac_over_the_written_transcript() {
    let plan = Plan::plain();
    let dial = plan.dial();
    let body = auth_body(&dial, Method::Secret).encode();
    let right = |t: &_| [&dial.key.sign_possession(t)[..], &secret(7).peer_mac(t)].concat();
    let (hub, _) = authenticated(&plan, &body, right);
    assert_eq!(hub.told, ["secured plain", "upgraded", "ask arrive", "ask reserve"]);

    let cases: [(&str, AuthError); 3] = [
        ("no mac", AuthError::Form("'secret' is proved by 96 bytes")),
        ("possession", AuthError::NoPossession),
        ("mac", AuthError::WrongSecret),
    ];
    for (case, error) in cases {
        let (hub, raw) = authenticated(&plan, &body, |t| {
            let mut proof = right(t);
            match case {
                "no mac" => proof.truncate(64),
                "possession" => proof[0] ^= 1,
                _ => proof[95] ^= 1,
            }
            proof
        });
        assert_eq!(*hub.reason(), EndReason::Auth(error), "{case}");
        let Frame::Refuse(refuse) = raw.last() else { panic!() };
        assert_eq!((refuse.code, refuse.unix), (Code::Refused, START));
    }
}

#[test]
fn a_relay_that_ends_tls_with_its_own_key_is_found_at_the_first_contact() {
    // The peer meets the relay's key (9), which the hub's Hello does not list.
    let plan = Plan::tofu();
    let relay_pin = server_tls(9).pin();
    let mut peer = End::new(plan.peer_link());
    let mut hub = End::new(plan.hub_link());
    let mut relay = Relay::new();
    for _ in 0..40 {
        relay.turn(&mut peer, &mut hub);
    }
    let EndReason::Auth(AuthError::Trust(TrustError::KeyNotVouched { seen, listed, .. })) =
        peer.reason()
    else {
        panic!("{:?}", peer.told);
    };
    assert_eq!((*seen, &listed[..]), (relay_pin, &[server_tls(3).pin()][..]));
    assert_eq!(peer.told[..2], ["secured tls", "upgraded"]);
    assert_eq!(peer.told.len(), 3, "nothing learnt, nothing asked: {:?}", peer.told);
    assert!(!hub.told.iter().any(|line| line == "ask reserve"), "{:?}", hub.told);
}

#[test]
fn a_peer_without_tls_behind_a_relay_that_adds_it_is_told_of_the_other_key() {
    let mut world = Plan::plain();
    let peer = world.peer_link();
    world.tls.1 = true;
    let (mut peer, mut hub) = (End::new(peer), End::new(world.hub_link()));
    let mut relay = Relay::new();
    relay.to_peer = Tunnel::accept_plain(&world.limits);
    for _ in 0..40 {
        relay.turn(&mut peer, &mut hub);
    }
    let error = AuthError::OtherKeySeen {
        seen: "none".to_owned(),
        served: server_tls(3).pin().to_string(),
    };
    assert_eq!(*hub.reason(), EndReason::Auth(error));
    let EndReason::Refused(refusal) = peer.reason() else { panic!("{:?}", peer.told) };
    assert_eq!(refusal.code, Code::OtherKeySeen);
}

/// Ends TLS towards the peer with a key of its own, and begins it again towards the hub.
struct Relay {
    to_peer: Tunnel,
    to_hub: Tunnel,
    up: Buffer,
    down: Buffer,
}

impl Relay {
    fn new() -> Self {
        let limits = Limits::default();
        Self {
            to_peer: Tunnel::accept_tls(&server_tls(9), &limits).unwrap(),
            to_hub: Tunnel::connect_tls(&ClientTls::new().unwrap(), "hub.example", &limits)
                .unwrap(),
            up: Default::default(),
            down: Default::default(),
        }
    }

    fn turn(&mut self, peer: &mut End, hub: &mut End) {
        let now = start();
        let Self { to_peer, to_hub, up, down } = self;
        for (end, tunnel, into) in [(peer, to_peer, &mut *up), (hub, to_hub, &mut *down)] {
            let bytes = end.sent(now);
            tunnel.receive_buffer(bytes.len()).copy_from_slice(&bytes);
            tunnel.received(bytes.len());
            let _ = tunnel.open(into);
            let bytes = tunnel.transmit().to_vec();
            tunnel.transmitted(bytes.len());
            end.feed(&bytes, now);
            end.let_in();
        }
        self.to_hub.seal(&mut self.up);
        self.to_peer.seal(&mut self.down);
    }
}

#[test]
fn a_hub_without_the_secret_is_not_kept() {
    let plan = Plan::plain();
    for proof in [&[][..], &[0; 32]] {
        let (peer, raw) = welcomed(&plan, proof, "web-1");
        assert_eq!(*peer.reason(), EndReason::Auth(AuthError::HubNotProved));
        assert_eq!(peer.told[..3], ["secured plain", "upgraded", "learnt FirstContact"]);
        assert_eq!(peer.told.len(), 4, "no question: {:?}", peer.told);
        assert_eq!(raw.kinds(), ["authenticate"]);
        assert_eq!(raw.closed, Some(CloseCode::NORMAL));
    }
}

/// A peer of this plan, after a raw hub sent Hello and a Welcome with this proof.
fn welcomed(plan: &Plan, proof: &[u8], name: &str) -> (End, Raw) {
    let mut peer = End::new(plan.peer_link());
    let mut raw = Raw::hub();
    raw.exchange(&mut peer);
    let hello = raw.hello(&[Method::Open, Method::Secret]);
    raw.say(&hello);
    raw.exchange(&mut peer);
    let body = WelcomeBody {
        session: SessionId([1; 16]),
        peer: name.parse().unwrap(),
        capabilities: Vec::new(),
        expires: None,
        heartbeat: 15,
        limits: SESSION_LIMITS,
        issued: None,
    }
    .encode();
    let mac = raw.got.first().and_then(|message| {
        let Ok(Frame::Authenticate(auth)) = Frame::decode(message) else { return None };
        let t = transcript(raw.nonce.unwrap(), &hello, auth.body);
        Some(secret(7).hub_mac(&t, &body))
    });
    // One byte stands for "the right one".
    let proof = if proof.len() == 1 { mac.as_ref().unwrap() } else { proof };
    raw.say_frame(&Frame::Welcome(Welcome { body: &body, proof }));
    raw.exchange(&mut peer);
    (peer, raw)
}

#[test]
fn the_hubs_mac_over_the_written_transcript_is_taken_and_only_then_is_there_anything_to_keep() {
    let (peer, _) = welcomed(&Plan::plain(), &[1], "web-1");
    assert_eq!(peer.told.last().unwrap(), "ask keep");
    let (peer, _) = welcomed(&Plan::plain(), &[1], "web-2");
    let other: PeerId = "web-2".parse().unwrap();
    assert_eq!(*peer.reason(), EndReason::Auth(AuthError::OtherPeer(other)));
    assert_eq!(peer.asked.len(), 0);
}

#[test]
fn a_second_authenticate_while_the_hub_asks_ends_the_link() {
    let plan = Plan::plain();
    let dial = plan.dial();
    let body = auth_body(&dial, Method::Secret).encode();
    let (mut hub, mut raw) = authenticated(&plan, &body, |t| {
        [&dial.key.sign_possession(t)[..], &secret(7).peer_mac(t)].concat()
    });
    let (ask, _) = hub.asked.pop_front().unwrap();
    raw.say_frame(&Frame::Authenticate(Authenticate { body: &body, proof: &[0; 96] }));
    raw.exchange(&mut hub);
    assert_eq!(*hub.reason(), EndReason::Auth(AuthError::OutOfTurn("authenticate")));
    let told = hub.told.len();
    hub.link.answer(ask, LinkAnswer::Committed.into(), start());
    assert!(!hub.drain(), "an answer that comes too late");
    assert_eq!(hub.told.len(), told);
}

#[test]
fn a_peer_that_speaks_before_hello_is_judged_only_by_what_it_says() {
    // Authenticate before Hello was read cannot be bound to its nonce.
    let plan = Plan::plain();
    let body = auth_body(&plan.dial(), Method::Secret).encode();
    let mut hub = End::new(plan.hub_link());
    let mut raw = Raw::peer();
    let request = raw.out.filled().to_vec();
    let mut early = Raw::peer();
    early.exchange(&mut End::new(plan.hub_link()));
    early.out.clear();
    early.say_frame(&Frame::Authenticate(Authenticate { body: &body, proof: &[3; 96] }));
    hub.feed(&[request, early.out.filled().to_vec()].concat(), start());
    raw.out.clear();
    raw.exchange(&mut hub);
    assert_eq!(*hub.reason(), EndReason::Auth(AuthError::WrongSecret));
}
