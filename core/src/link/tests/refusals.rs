//! Every no: who says it, with which code, and that nothing was kept or begun.

use core::time::Duration;

use super::raw::{Raw, SESSION_LIMITS, auth_body, transcript};
use super::scenario::*;
use crate::auth::{AuthError, Credential};
use crate::code::{CloseCode, Code};
use crate::id::{HubId, PeerId, SessionId};
use crate::ledger::{Answer, No};
use crate::link::{EndReason, TimerKind};
use crate::socket::SocketError;
use crate::trust::{Entry, Mode, TrustError};
use crate::tunnel::TunnelError;
use crate::wire::Frame;
use crate::wire::frame::{
    Authenticate, Goaway, Method, Ping, Refuse, Register, Welcome, WelcomeBody,
};

/// Runs a world that must not be admitted; nothing is kept, and both ends are told how it ended.
fn refused(mut world: World) -> World {
    world.run();
    assert!(!world.peer.ended.as_ref().unwrap().admitted, "{:?}", world.peer.told);
    assert!(!world.hub.ended.as_ref().unwrap().admitted, "{:?}", world.hub.told);
    assert_eq!(world.peer_ledger.entry(), None);
    assert!(!world.peer.told.contains(&"ask keep".to_owned()));
    world
}

fn code_told(world: &World) -> Code {
    match world.peer.reason() {
        EndReason::Refused(refusal) => refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_wrong_secret_is_refused_and_the_peer_is_not_told_why() {
    let mut plan = Plan::tofu();
    plan.credential = Credential::Secret(secret(8));
    let world = refused(plan.world());
    assert_eq!(*world.hub.reason(), EndReason::Auth(AuthError::WrongSecret));
    assert_eq!(code_told(&world), Code::Refused);
    assert_eq!(world.hub.told[..2], ["secured tls", "upgraded"]);
    assert_eq!(world.hub.told.len(), 3, "{:?}", world.hub.told);
}

#[test]
fn a_hub_that_does_not_offer_the_method_is_left_before_anything_is_sent() {
    let mut plan = Plan::plain();
    plan.hub_open = true;
    plan.hub_secret = None;
    let world = refused(plan.world());
    let EndReason::Auth(AuthError::HubLacksMethod { wanted, offered }) = world.peer.reason() else {
        panic!("{:?}", world.peer.told);
    };
    assert_eq!((*wanted, offered.as_str()), ("secret", "open"));
    let code = CloseCode::REFUSED;
    assert_eq!(*world.hub.reason(), EndReason::WebSocketClosed(Some(code)));
}

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
    prove: impl FnOnce(&crate::identity::Transcript) -> Vec<u8>,
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
    assert_eq!(hub.told, ["secured plain", "upgraded", "ask reserve"]);

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
    assert!(!hub.told.iter().any(|line| line.starts_with("ask")), "{:?}", hub.told);
}

#[test]
fn a_peer_without_tls_behind_a_relay_that_adds_it_is_told_of_the_other_key() {
    let mut world = Plan::plain();
    let peer = world.peer_link();
    world.tls.1 = true;
    let (mut peer, mut hub) = (End::new(peer), End::new(world.hub_link()));
    let mut relay = Relay::new();
    relay.to_peer = crate::tunnel::Tunnel::accept_plain(&world.limits);
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
    to_peer: crate::tunnel::Tunnel,
    to_hub: crate::tunnel::Tunnel,
    up: crate::buffer::Buffer,
    down: crate::buffer::Buffer,
}

impl Relay {
    fn new() -> Self {
        use crate::tunnel::{ClientTls, Tunnel};
        let limits = crate::limits::Limits::default();
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

fn entry(of: HubId) -> Entry {
    Entry { identity: of, pin: None, generation: 1, first_seen: 2 }
}

#[test]
fn a_hub_of_another_identity_is_left_before_anything_is_sent() {
    for mut plan in [Plan::plain(), Plan::tofu()] {
        let other = HubId::of(&signing_key(99).public());
        plan.known.entry = Some(entry(other));
        let world = refused(plan.world());
        let EndReason::Auth(AuthError::Trust(TrustError::IdentityMismatch { seen, .. })) =
            world.peer.reason()
        else {
            panic!("{:?}", world.peer.told);
        };
        assert_eq!(*seen, identity().id());
        assert_eq!(*world.hub.reason(), EndReason::WebSocketClosed(Some(CloseCode::NORMAL)));
    }
}

#[test]
fn an_unknown_hub_is_not_trusted_with_open() {
    let mut plan = Plan::plain();
    (plan.credential, plan.hub_open) = (Credential::Open, true);
    let world = refused(plan.world());
    let EndReason::Auth(AuthError::Trust(TrustError::UnknownHub { id, pin, .. })) =
        world.peer.reason()
    else {
        panic!("{:?}", world.peer.told);
    };
    assert_eq!((*id, *pin), (identity().id(), None));
}

#[test]
fn strict_trust_with_nothing_to_check_by_is_refused_by_the_peer() {
    let mut plan = Plan::tofu();
    plan.mode = Mode::Strict;
    let world = refused(plan.world());
    assert_eq!(world.peer.reason().code(), Code::NothingToCheckBy);
}

#[test]
fn an_id_bound_to_another_key_is_taken() {
    let mut world = Plan::plain().world();
    world.run();
    let mut second = Plan { peer_key: 20, ..Plan::plain() }.world();
    second.id = world.registry.arrive(crate::hub::Source::local()).unwrap();
    (second.registry, second.hub_ledger) = (world.registry, world.hub_ledger);
    let second = refused(second);
    assert_eq!(code_told(&second), Code::IdTaken);
    let peer = Some("web-1".parse().unwrap());
    assert_eq!(*second.hub.reason(), EndReason::Auth(AuthError::Refused(peer, Code::IdTaken)));
}

#[test]
fn a_full_hub_says_when_to_come_back() {
    let mut plan = Plan::plain();
    plan.hub_limits.sessions = 0;
    let world = refused(plan.world());
    assert_eq!(code_told(&world), Code::Full);
    assert_eq!(world.peer.reason().retry_after(), Some(10));
}

#[test]
fn what_the_hub_cannot_record_is_refused_before_it_commits() {
    let mut world = Plan::plain().world();
    let no = Answer::No(No { code: Code::Unavailable, retry_after: Some(3) });
    world.instead.entry("record").or_default().push_back(no);
    let world = refused(world);
    assert_eq!(code_told(&world), Code::Unavailable);
    assert_eq!(world.peer.reason().retry_after(), Some(3));
    assert!(!world.hub.told.contains(&"ask commit".to_owned()));
}

#[test]
fn a_peer_that_cannot_keep_the_hub_does_not_use_the_link() {
    let mut world = Plan::tofu().world();
    let no = Answer::No(Code::Unavailable.into());
    world.instead.entry("keep").or_default().push_back(no);
    world.run();
    assert_eq!(*world.peer.reason(), EndReason::Auth(AuthError::NotKept));
    assert!(!world.peer.ended.as_ref().unwrap().admitted);
    assert_eq!(world.peer_ledger.entry(), None);
    // The hub had admitted it, and sees it leave.
    assert!(world.hub.ended.as_ref().unwrap().admitted);
}

#[test]
fn an_answer_of_another_kind_is_no_answer() {
    for (question, wrong) in [
        ("reserve", Answer::Committed),
        ("record", Answer::Committed),
        ("commit", Answer::Recorded),
    ] {
        let mut world = Plan::plain().world();
        world.instead.entry(question).or_default().push_back(wrong);
        let world = refused(world);
        assert_eq!(*world.hub.reason(), EndReason::Auth(AuthError::OutOfTurn("answer")));
    }
}

#[test]
fn frames_before_admission_end_the_link_on_either_side() {
    let early = [
        Frame::Register(Register::default()),
        Frame::Ping(Ping { token: 1 }),
        Frame::Goaway(Goaway { code: Code::GoingAway, text: "", reconnect_after: None }),
    ];
    for frame in &early {
        let mut hub = End::new(Plan::plain().hub_link());
        let mut raw = Raw::peer();
        raw.exchange(&mut hub);
        raw.say_frame(frame);
        raw.exchange(&mut hub);
        assert_eq!(*hub.reason(), EndReason::Auth(AuthError::OutOfTurn(frame.kind())));
        assert_eq!(raw.kinds(), ["hello", "refuse"]);
        assert_eq!(raw.closed, Some(CloseCode::PROTOCOL_ERROR));

        let mut peer = End::new(Plan::plain().peer_link());
        let mut raw = Raw::hub();
        raw.exchange(&mut peer);
        raw.say_frame(frame);
        raw.exchange(&mut peer);
        assert_eq!(*peer.reason(), EndReason::Auth(AuthError::OutOfTurn(frame.kind())));
        assert!(raw.got.is_empty(), "nothing was sent");
        assert_eq!(raw.closed, Some(CloseCode::PROTOCOL_ERROR));
    }
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
    hub.link.answer(ask, Answer::Committed, start());
    assert!(!hub.drain(), "an answer that comes too late");
    assert_eq!(hub.told.len(), told);
}

#[test]
fn garbage_is_refused_at_every_stage() {
    let mut hub = End::new(Plan::plain().hub_link());
    hub.feed(b"\x00\xffnonsense\r\n\r\n", start());
    let _ = hub.sent(start());
    hub.drain();
    assert!(matches!(hub.reason(), EndReason::Socket(_)), "{:?}", hub.told);

    let mut hub = End::new(Plan::plain().hub_link());
    let mut raw = Raw::peer();
    raw.exchange(&mut hub);
    raw.say(b"garbage");
    raw.exchange(&mut hub);
    assert!(matches!(hub.reason(), EndReason::Auth(AuthError::Wire(_))));
    assert_eq!(raw.closed, Some(CloseCode::PROTOCOL_ERROR));
}

#[test]
fn a_message_above_the_limit_before_admission_ends_the_link() {
    for (len, above) in [(16 << 10, false), ((16 << 10) + 1, true)] {
        let mut hub = End::new(Plan::plain().hub_link());
        let mut raw = Raw::peer();
        raw.exchange(&mut hub);
        raw.say(&vec![0xff; len]);
        raw.exchange(&mut hub);
        let too_big = matches!(hub.reason(), EndReason::Socket(_));
        assert_eq!(too_big, above, "{:?}", hub.told);
        if too_big {
            assert_eq!(raw.closed, Some(CloseCode::TOO_BIG));
        }
    }
}

#[test]
fn refuse_in_place_of_hello_is_told_as_it_was_said() {
    let mut peer = End::new(Plan::plain().peer_link());
    let mut raw = Raw::hub();
    raw.exchange(&mut peer);
    raw.say_frame(&Frame::Refuse(Refuse {
        code: Code::RateLimited,
        text: "later",
        unix: 77,
        retry_after: Some(5),
    }));
    raw.exchange(&mut peer);
    let EndReason::Refused(refusal) = peer.reason() else { panic!("{:?}", peer.told) };
    assert_eq!((refusal.code, refusal.text.as_str()), (Code::RateLimited, "later"));
    assert_eq!((refusal.unix, refusal.retry_after), (77, Some(5)));
    assert!(raw.got.is_empty());
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

#[test]
fn an_upgrade_that_does_not_come_times_out_on_both_sides() {
    for plan in [Plan::plain(), Plan::tofu()] {
        let mut world = plan.world();
        (world.peer.deaf, world.hub.deaf) = (true, true);
        world.run();
        world.pass(Duration::from_nanos(9_999_999_999));
        world.run();
        assert!(world.peer.ended.is_none() && world.hub.ended.is_none());
        assert_eq!(world.next_deadline(), Some(TimerKind::Upgrade));
        world.run();
        for end in [&world.peer, &world.hub] {
            assert_eq!(*end.reason(), EndReason::TimedOut(TimerKind::Upgrade));
        }
    }
}

#[test]
fn an_admission_that_does_not_come_times_out_on_both_sides() {
    // The hub waits for Authenticate.
    let mut hub = End::new(Plan::plain().hub_link());
    let mut raw = Raw::peer();
    raw.exchange(&mut hub);
    let (at, kind) = hub.link.poll_timeout().unwrap();
    assert_eq!((at, kind), (start().mono.after(Duration::from_secs(5)), TimerKind::Admission));
    hub.link.handle_timeout(crate::time::Now { mono: at, unix: START + 5 });
    raw.exchange(&mut hub);
    assert_eq!(*hub.reason(), EndReason::TimedOut(TimerKind::Admission));
    let Frame::Refuse(refuse) = raw.last() else { panic!() };
    assert_eq!(refuse.code, Code::AdmissionTimeout);
    assert_eq!(raw.closed, Some(CloseCode::ADMISSION_TIMEOUT));

    // The peer waits for Hello.
    let mut peer = End::new(Plan::plain().peer_link());
    let mut raw = Raw::hub();
    raw.exchange(&mut peer);
    let (at, kind) = peer.link.poll_timeout().unwrap();
    assert_eq!((at, kind), (start().mono.after(Duration::from_secs(5)), TimerKind::Admission));
    peer.link.handle_timeout(crate::time::Now { mono: at, unix: START + 5 });
    raw.exchange(&mut peer);
    assert_eq!(*peer.reason(), EndReason::TimedOut(TimerKind::Admission));
    assert_eq!(raw.closed, Some(CloseCode::ADMISSION_TIMEOUT));
    assert!(raw.got.is_empty());
}

#[test]
fn tls_on_one_end_only_is_named_on_both_ends() {
    for tls in [(true, false), (false, true)] {
        let mut plan = Plan { tls, ..Plan::plain() };
        plan.mode = if tls.0 { Mode::Tofu } else { Mode::Plain };
        let world = refused(plan.world());
        let name = |plain_here| match plain_here {
            true => EndReason::Tunnel(TunnelError::TlsWherePlainExpected),
            false => EndReason::Tunnel(TunnelError::PlainWhereTlsExpected),
        };
        assert_eq!(*world.hub.reason(), name(!tls.1));
        assert_eq!(*world.peer.reason(), name(!tls.0));
        assert!(!world.peer.reason().heals());
    }
}

#[test]
fn a_stale_commit_is_asked_for_again_from_the_start() {
    let mut world = Plan::plain().world();
    world.instead.entry("commit").or_default().push_back(Answer::Stale);
    world.run();
    assert_eq!(
        world.hub.told[2..],
        [
            "ask reserve",
            "ask record",
            "ask commit",
            "ask reserve",
            "ask record",
            "ask commit",
            "admitted web-1 secret serve"
        ]
    );
    assert!(world.peer.link.is_admitted());
}

#[test]
fn an_end_of_stream_at_any_byte_of_admission_ends_both_and_admits_neither() {
    for plan in [Plan::plain(), Plan::tofu()] {
        // How many bytes a whole admission takes from the peer.
        let mut whole = plan.world();
        whole.withhold.insert("commit");
        whole.run();
        let total = whole.peer.link.traffic().1;
        let step = if plan.tls.0 { 7 } else { 1 };
        for cut in (0..total).step_by(step) {
            let mut world = plan.world();
            world.withhold.insert("commit");
            let mut sent = 0;
            loop {
                let now = world.now;
                world.answer();
                let from_peer = world.peer.sent(now);
                let left = usize::try_from(cut - sent).unwrap().min(from_peer.len());
                sent += left as u64;
                world.hub.feed(&from_peer[..left], now);
                let from_hub = world.hub.sent(now);
                world.peer.feed(&from_hub, now);
                if sent == cut || (from_peer.is_empty() && from_hub.is_empty()) {
                    break;
                }
            }
            world.hub.link.received_eof(world.now);
            world.peer.link.received_eof(world.now);
            let _ = (world.hub.sent(world.now), world.peer.sent(world.now));
            for end in [&mut world.hub, &mut world.peer] {
                end.drain();
                assert!(!end.ended.as_ref().expect("ended").admitted, "{cut}");
            }
        }
    }
}

#[test]
fn a_hub_that_upgrades_no_one_is_named() {
    let mut peer = End::new(Plan::plain().peer_link());
    peer.feed(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", start());
    let _ = peer.sent(start());
    peer.drain();
    assert!(
        matches!(peer.reason(), EndReason::Socket(SocketError::NotUpgraded { .. })),
        "{:?}",
        peer.told
    );
}
