//! Authenticate and Welcome that are made by hand, where tokens and certificates are brought and
//! minted: what is missing, not proved, or another's.

use std::sync::Arc;

use super::joining::Scene;
use super::raw::{SESSION_LIMITS, auth_body, encoded, transcript};
use super::scenario::*;
use crate::arrival::{Arrival, ProxyPath};
use crate::ask::{LinkAnswer, LinkAsk, Question};
use crate::auth::hub::{HubAuth, HubAuthStep, HubAuthStop};
use crate::auth::peer::{self, PeerAuth};
use crate::auth::{AuthError, Credential};
use crate::id::{HubId, Nonce, SessionId};
use crate::identity::{Authority, PeerKey, Transcript};
use crate::random::{Random, Seed};
use crate::tunnel::Served;
use crate::wire::Frame;
use crate::wire::frame::{
    AuthBody, Authenticate, Hello, HelloBody, Issued, Method, Welcome, WelcomeBody,
};

const NONCE: Nonce = Nonce([9; 32]);

/// What a hub with TLS makes of this body, once proved so. `shown` was in the TLS handshake.
fn hub_takes(
    body: &AuthBody,
    shown: Option<&[u8]>,
    prove: impl FnOnce(&Transcript) -> Vec<u8>,
) -> Result<Question, AuthError> {
    let mut random = Random::new(&Seed([4; 32]));
    let snapshot = Plan::join().snapshot();
    let begun = HubAuth::begin(snapshot, somewhere(), NONCE, Arrival::default());
    let HubAuthStep::Ask(auth, Question::Hub(LinkAsk::Arrive(_))) = begun else {
        panic!("{begun:?}")
    };
    let mut hello = Vec::new();
    let arrived = LinkAnswer::Arrived(ProxyPath::Direct).into();
    let waits = auth.answer(arrived, &mut random, start(), &mut hello).unwrap();
    let HubAuthStep::Wait(auth) = waits else { panic!("{waits:?}") };
    let body = body.encode();
    let proof = prove(&transcript(NONCE, &hello, &body));
    let frame = encoded(&Frame::Authenticate(Authenticate { body: &body, proof: &proof }));
    match auth.message(&frame, shown, &mut random, start()) {
        Ok(HubAuthStep::Ask(_, question)) => Ok(question),
        Ok(other) => panic!("{other:?}"),
        Err(HubAuthStop { error, .. }) => Err(error),
    }
}

/// What the peer of [`Plan::join`] says by this method, with each of the credentials that it may
/// have.
fn said(method: Method) -> AuthBody {
    let scene = Scene::joined();
    let credential = match (method, scene.token()) {
        (Method::Join, Credential::Join(token)) => token.0.as_bytes().to_vec(),
        (Method::Resume, _) => scene.held().certificate,
        _ => scene.held().refresh.0.to_vec(),
    };
    let seen = Some(server_tls(3).pin());
    AuthBody { seen, credential: Some(credential), ..auth_body(&Plan::join().dial(), method) }
}

fn possession(transcript: &Transcript) -> Vec<u8> {
    PeerKey(signing_key(2)).sign_possession(transcript).to_vec()
}

const METHODS: [Method; 3] = [Method::Join, Method::Resume, Method::Refresh];

#[test]
fn each_of_them_is_believed_where_possession_is_proved_and_only_there() {
    for method in METHODS {
        let body = said(method);
        assert!(matches!(
            hub_takes(&body, None, possession),
            Ok(Question::Hub(LinkAsk::Reserve(_)))
        ));
        for bit in [0, 511] {
            let wrong = hub_takes(&body, None, |transcript| {
                let mut proof = possession(transcript);
                proof[bit / 8] ^= 1 << (bit % 8);
                proof
            });
            assert_eq!(wrong, Err(AuthError::NoPossession), "{method:?}");
        }
        let other = hub_takes(&body, None, |_| possession(&Transcript([7; 32])));
        assert_eq!(other, Err(AuthError::NoPossession), "of another link");
        let other = |transcript: &_| PeerKey(signing_key(20)).sign_possession(transcript).to_vec();
        assert_eq!(hub_takes(&body, None, other), Err(AuthError::NoPossession));
        for length in [0, 96] {
            let form = Err(AuthError::Form("it is proved by 64 bytes"));
            assert_eq!(hub_takes(&body, None, |_| vec![1; length]), form, "{method:?}");
        }
        for length in [63, 65] {
            let error = hub_takes(&body, None, |_| vec![1; length]).unwrap_err();
            assert!(matches!(error, AuthError::Wire(_)), "{method:?}: {error}");
        }
    }
}

#[test]
fn none_of_them_is_believed_without_an_id_a_key_and_a_credential() {
    let form = Err(AuthError::Form("it carries a peer id, a key and a credential"));
    for method in METHODS {
        let body = said(method);
        for lacking in [
            AuthBody { peer: None, ..body.clone() },
            AuthBody { key: None, ..body.clone() },
            AuthBody { credential: None, ..body.clone() },
        ] {
            assert_eq!(hub_takes(&lacking, None, possession), form, "{method:?}");
        }
        let open = AuthBody { seen: None, ..body };
        let error = hub_takes(&open, None, possession).unwrap_err();
        assert!(matches!(error, AuthError::OtherKeySeen { .. }), "{error}");
    }
}

#[test]
fn credentials_that_are_cut_or_padded_are_refused() {
    for method in METHODS {
        let body = said(method);
        let whole = body.credential.clone().unwrap();
        for bytes in [whole[..whole.len() - 1].to_vec(), [&whole[..], b"A"].concat()] {
            let cut = AuthBody { credential: Some(bytes), ..body.clone() };
            let error = hub_takes(&cut, None, possession).unwrap_err();
            assert_eq!(error.code(), crate::code::Code::Refused, "{method:?}: {error}");
        }
    }
}

#[test]
fn the_certificate_in_the_handshake_is_the_one_that_is_brought_or_none() {
    let body = said(Method::Resume);
    let brought = body.credential.clone().unwrap();
    assert!(hub_takes(&body, Some(&brought), possession).is_ok());
    let other = Scene::joined().forged(|_| {}).certificate;
    let refused = hub_takes(&body, Some(&other), possession);
    assert_eq!(refused, Err(AuthError::OtherCertificate));
}

#[test]
fn possession_is_looked_at_before_the_dates_and_after_the_token() {
    let wrong = |_: &Transcript| vec![1; 64];
    let scene = Scene::joined();
    let future = scene.forged(|forged| forged.dates = (START + 1000, START + 2000));
    let body = AuthBody { credential: Some(future.certificate), ..said(Method::Resume) };
    assert_eq!(hub_takes(&body, None, wrong), Err(AuthError::NoPossession));
    assert_eq!(hub_takes(&body, None, possession), Err(AuthError::NotYetValid { by: 1000 }));
    let body = AuthBody { credential: Some(b"no token".to_vec()), ..said(Method::Join) };
    assert!(matches!(hub_takes(&body, None, wrong), Err(AuthError::Token(_))));
}

#[test]
fn a_hub_without_tls_offers_none_of_them_and_takes_none() {
    let plan = Plan { joins: true, ..Plan::plain() };
    assert_eq!(plan.snapshot().methods(somewhere()), [Method::Secret]);
    let plan = Plan::join();
    let offered = [Method::Secret, Method::Join, Method::Resume, Method::Refresh];
    assert_eq!(plan.snapshot().methods(somewhere()), offered);
}

/// What the peer of `credential` makes of a Welcome with these credentials.
fn peer_takes(
    credential: Credential,
    issued: Option<Issued>,
) -> Result<peer::PeerAuthStep, peer::PeerAuthStop> {
    let plan = Plan { credential, ..Plan::join() };
    let dial = plan.dial();
    let method = dial.credential.method();
    let body = HelloBody {
        identity: identity().0.public(),
        name: "the hub".to_owned(),
        nonce: Nonce([4; 32]),
        methods: vec![method.number()],
        unix: START,
        tls_keys: vec![server_tls(3).pin()],
        generation: 5,
        limits: SESSION_LIMITS,
    }
    .encode();
    let signature = identity().sign_hello(&NONCE, &body);
    let hello = encoded(&Frame::Hello(Hello { body: &body, signature: &signature }));
    let served = Served { chain: vec![vec![1].into()], pin: server_tls(3).pin() };
    let auth = PeerAuth::new(dial.clone(), NONCE);
    let mut said = Vec::new();
    let peer::PeerAuthStep::Wait(auth, _) =
        auth.message(&hello, Some(&served), start(), &mut said)?
    else {
        panic!("it asks before Welcome")
    };
    let Ok(Frame::Authenticate(authenticate)) = Frame::decode(&said) else { panic!() };
    let transcript = transcript(NONCE, &hello, authenticate.body);
    let body = WelcomeBody {
        session: SessionId([1; 16]),
        peer: dial.peer,
        capabilities: Vec::new(),
        expires: Some(START + 86_400),
        heartbeat: 15,
        limits: SESSION_LIMITS,
        issued,
    }
    .encode();
    let mac = secret(7).hub_mac(&transcript, &body);
    let proof = if method == Method::Secret { &mac[..] } else { &[] };
    let welcome = encoded(&Frame::Welcome(Welcome { body: &body, proof }));
    auth.message(&welcome, Some(&served), start(), &mut said)
}

fn refused(taken: Result<peer::PeerAuthStep, peer::PeerAuthStop>) -> &'static str {
    match taken {
        Err(peer::PeerAuthStop::Failed(AuthError::NotOurs(why))) => why,
        other => panic!("{other:?}"),
    }
}

/// Credentials for this key number and id, of this hub.
fn minted(hub: HubId, peer: &str, key: u8) -> Issued {
    let mut random = Random::new(&Seed([1; 32]));
    let ca = Authority::generate(&mut random, hub, START);
    let key = PeerKey(signing_key(key)).public();
    let peer = peer.parse().unwrap();
    let certificate = ca.mint(&mut random, peer, key, 1, START, START + 86_400).unwrap();
    Issued { certificate, refresh: [7; 32].into(), refresh_ends: START + 100 }
}

#[test]
fn a_peer_keeps_credentials_of_this_hub_for_its_own_id_and_key_and_no_others() {
    let hub = identity().id();
    let token = || Plan::join().credential;
    let right = peer_takes(token(), Some(minted(hub, "web-1", 2)));
    let Ok(peer::PeerAuthStep::Ask(_, Question::Store(kept))) = right else { panic!("{right:?}") };
    assert_eq!(kept.issued, Some(minted(hub, "web-1", 2)));

    let garbage = Issued { certificate: vec![1, 2, 3], ..minted(hub, "web-1", 2) };
    for (issued, why) in [
        (minted(hub, "web-2", 2), "the certificate is for another id"),
        (minted(hub, "web-1", 20), "the certificate is for another key"),
        (minted(HubId([7; 16]), "web-1", 2), "the certificate is another hub's"),
        (garbage, "the certificate is not one of a hub's"),
    ] {
        assert_eq!(refused(peer_takes(token(), Some(issued.clone()))), why);
        let held = Scene::joined().held();
        for credential in [Credential::Resume(held.clone()), Credential::Refresh(held)] {
            assert_eq!(refused(peer_takes(credential, Some(issued.clone()))), why);
        }
    }
}

#[test]
fn a_peer_that_joins_or_refreshes_gets_credentials_and_one_by_the_secret_does_not() {
    let held = Scene::joined().held();
    for credential in [Plan::join().credential, Credential::Refresh(held.clone())] {
        assert_eq!(refused(peer_takes(credential, None)), "none came");
    }
    let secret = Credential::Secret(secret(7));
    let issued = minted(identity().id(), "web-1", 2);
    // It knows the hub's identity by the token's issuer here, which is no matter.
    assert_eq!(refused(peer_takes(secret, Some(issued))), "nobody asked for them");
    // One that resumes needs none.
    assert!(peer_takes(Credential::Resume(held), None).is_ok());
}

#[test]
fn a_shared_snapshot_prints_no_key() {
    let snapshot: Arc<_> = Plan::join().snapshot();
    let printed = format!("{:?}", snapshot.joins.as_ref().unwrap());
    assert!(printed.starts_with("Joins(") && printed.len() < 60, "{printed}");
}
