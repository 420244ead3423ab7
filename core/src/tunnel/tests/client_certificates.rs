//! Certificates that clients show: what a server learns, and to whom a client shows its own.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::version::TLS13;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, Error, PeerIncompatible, SignatureAlgorithm,
    SignatureScheme,
};

use super::super::verifier::Provisional;
use super::foreign::Foreign;
use super::*;
use crate::id::HubId;
use crate::identity::{Authority, PeerKey, SigningKey as OwnKey, TlsKey};
use crate::random::{Random, Seed};

const RSA_PEM: &str = include_str!("../../identity/testdata/rsa.pem");

/// 2026-01-01T00:00:00Z.
const NOW: u64 = 1_767_225_600;
const HUB: HubId = HubId([7; 16]);

/// What goes out before CertificateRequest is answered, for the sake of middleboxes
/// (RFC 8446 §D.4): the same six bytes from everyone.
const CHANGE_CIPHER_SPEC: [u8; 6] = [20, 3, 3, 0, 1, 1];

fn random(byte: u8) -> Random {
    Random::new(&Seed([byte; 32]))
}

fn authority(byte: u8) -> Authority {
    Authority::generate(&mut random(byte), HUB, NOW)
}

fn peer(byte: u8) -> Arc<PeerKey> {
    Arc::new(PeerKey(OwnKey::generate(&mut random(byte))))
}

/// What the authority of this number mints for the peer of that.
fn minted(by: u8, number: u8) -> Vec<u8> {
    let (id, key) = ("web-1".parse().unwrap(), peer(number).public());
    authority(by).mint(&mut random(9), id, key, 1, NOW, NOW + 1).unwrap()
}

fn asking() -> ServerTls {
    let (chain, key) = identity(1);
    ServerTls::asking(chain, key, &authority(1).public().subject()).unwrap()
}

fn accept(tls: &ServerTls) -> End {
    End::new(Tunnel::accept_tls(tls, &Limits::default()).unwrap())
}

fn connect(tls: &ClientTls) -> End {
    End::new(Tunnel::connect_tls(tls, "hub.example", &Limits::default()).unwrap())
}

/// A client that shows the certificate of peer 2 to who serves one of these keys.
fn showing(pins: Vec<Pin>) -> ClientTls {
    ClientTls::with_certificate(minted(1, 2), peer(2).for_tls(), pins).unwrap()
}

fn shown(server: &End) -> Option<&[u8]> {
    server.tunnel.secured().unwrap().shown.as_deref()
}

#[test]
fn a_server_that_asks_learns_the_certificate_and_that_its_key_is_held() {
    for piece in [1, 100, usize::MAX] {
        let tls = asking();
        let mut client = connect(&showing(vec![server_tls(9).pin(), tls.pin()]));
        let mut server = accept(&tls);
        carry(&mut client, &mut server, piece).unwrap();
        assert!(client.tunnel.is_open() && server.tunnel.is_open());
        assert_eq!(shown(&server), Some(&minted(1, 2)[..]));
        assert!(server.tunnel.secured().unwrap().served.is_none());
        let reached = client.tunnel.secured().unwrap();
        assert!(reached.shown.is_none());
        assert_eq!(reached.served.as_ref().unwrap().pin, tls.pin());
        client.seal(b"hello");
        carry(&mut client, &mut server, piece).unwrap();
        assert_eq!(server.taken(), b"hello");
    }
}

#[test]
fn a_client_without_a_certificate_comes_in_and_none_is_told() {
    let mut client = connect(&ClientTls::new().unwrap());
    let mut server = accept(&asking());
    carry(&mut client, &mut server, usize::MAX).unwrap();
    assert!(client.tunnel.is_open() && server.tunnel.is_open());
    assert_eq!(shown(&server), None);
}

#[test]
fn a_server_that_does_not_ask_is_shown_nothing() {
    let tls = server_tls(1);
    let mut client = connect(&showing(vec![tls.pin()]));
    let mut server = accept(&tls);
    carry(&mut client, &mut server, usize::MAX).unwrap();
    assert!(client.tunnel.is_open() && server.tunnel.is_open());
    assert_eq!(shown(&server), None);
}

#[test]
fn a_server_that_asks_for_another_authoritys_certificate_is_shown_none() {
    let (chain, key) = identity(1);
    let elsewhere = Authority::generate(&mut random(1), HubId([8; 16]), NOW);
    let tls = ServerTls::asking(chain, key, &elsewhere.public().subject()).unwrap();
    let mut client = connect(&showing(vec![tls.pin()]));
    let mut server = accept(&tls);
    carry(&mut client, &mut server, usize::MAX).unwrap();
    assert!(client.tunnel.is_open() && server.tunnel.is_open());
    assert_eq!(shown(&server), None);
}

#[test]
fn a_server_with_another_key_gets_nothing_after_client_hello() {
    let others = vec![server_tls(2).pin(), server_tls(3).pin()];
    for pins in [others, vec![]] {
        for tls in [asking(), server_tls(1)] {
            for piece in [1, 100, usize::MAX] {
                let mut client = connect(&showing(pins.clone()));
                let mut server = accept(&tls);
                server.feed(&client.sent(), usize::MAX).unwrap();
                // All that the client sends while the server's flight comes in, piece by piece.
                let (mut answered, mut ended) = (Vec::new(), Ok(()));
                for part in server.sent().chunks(piece) {
                    ended = client.feed(part, usize::MAX);
                    answered.extend(client.sent());
                    if ended.is_err() {
                        break;
                    }
                }
                assert_eq!(ended, Err(TunnelError::NotShown { served: tls.pin() }));
                let none = answered.is_empty() || answered == CHANGE_CIPHER_SPEC;
                assert!(none, "{piece}: {answered:?}");
                // And nothing for good.
                let mut plain = Buffer::new();
                plain.extend(b"too late");
                client.tunnel.seal(&mut plain);
                client.tunnel.close();
                assert_eq!(client.eof(), ended);
                assert_eq!((plain.len(), client.sent()), (8, vec![]));
                assert!(client.tunnel.secured().is_none() && client.taken().is_empty());
                assert_eq!(server.feed(&answered, usize::MAX), Ok(()));
                assert!(!server.tunnel.is_open());
            }
        }
    }
}

#[test]
fn a_certificate_goes_with_its_own_key_only() {
    let pins = || vec![server_tls(1).pin()];
    let other_key = ClientTls::with_certificate(minted(1, 2), peer(3).for_tls(), pins());
    assert!(matches!(other_key.unwrap_err(), TunnelError::Config(_)));
    for garbage in [vec![], vec![0x30, 0], b"-----BEGIN".to_vec()] {
        let refused = ClientTls::with_certificate(garbage, peer(2).for_tls(), pins());
        assert!(matches!(refused.unwrap_err(), TunnelError::Config(_)));
    }
    assert_eq!(format!("{:?}", showing(pins())), "ClientTls");
}

/// Shows a chain and signs with a key, whether or not they belong together or were asked for, and
/// remembers what was asked for.
#[derive(Debug)]
struct Stubborn {
    own: Arc<CertifiedKey>,
    asked: Mutex<Vec<Asked>>,
}

/// Authorities and signature schemes.
type Asked = (Vec<Vec<u8>>, Vec<SignatureScheme>);

impl Stubborn {
    fn new(chain: Vec<CertificateDer<'static>>, key: Arc<dyn SigningKey>) -> Arc<Self> {
        let own = Arc::new(CertifiedKey::new(chain, key));
        Arc::new(Self { own, asked: Mutex::default() })
    }
}

impl ResolvesClientCert for Stubborn {
    fn resolve(
        &self,
        authorities: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        let authorities = authorities.iter().map(|name| name.to_vec()).collect();
        self.asked.lock().unwrap().push((authorities, schemes.to_vec()));
        Some(Arc::clone(&self.own))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Signs with RSA, whatever is offered.
#[derive(Debug)]
struct Rsa(Arc<dyn SigningKey>);

impl SigningKey for Rsa {
    fn choose_scheme(&self, _offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        self.0.choose_scheme(&[SignatureScheme::RSA_PSS_SHA256])
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

fn foreign(shows: Arc<dyn ResolvesClientCert>) -> Foreign {
    let provider = Arc::new(default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Provisional::new(provider)))
        .with_client_cert_resolver(shows);
    Foreign::client(config)
}

#[test]
fn a_server_asks_for_its_authoritys_certificates_signed_with_ed25519() {
    let shows = Stubborn::new(vec![minted(1, 2).into()], peer(2).for_tls());
    foreign(Arc::clone(&shows) as Arc<dyn ResolvesClientCert>)
        .greet(&mut accept(&asking()))
        .unwrap();
    let subject = authority(1).public().subject();
    let asked = vec![(vec![subject], vec![SignatureScheme::ED25519])];
    assert_eq!(*shows.asked.lock().unwrap(), asked);
}

#[test]
fn a_strangers_certificate_is_told_like_any_other() {
    let (chain, key) = identity(5);
    let self_signed = (chain[0].clone(), any_supported_type(&key).unwrap());
    let of_another_authority = (minted(4, 2).into(), peer(2).for_tls());
    for (certificate, key) in [self_signed, of_another_authority] {
        let mut server = accept(&asking());
        let mut client = foreign(Stubborn::new(vec![certificate.clone()], key));
        client.greet(&mut server).unwrap();
        assert_eq!(shown(&server), Some(&certificate[..]));
        client.write(b"secret, all the same");
        server.feed(&client.sent(), usize::MAX).unwrap();
        assert_eq!(server.taken(), b"secret, all the same");
    }
}

#[test]
fn of_a_chain_only_the_clients_own_certificate_is_told() {
    let chain = vec![minted(1, 2).into(), authority(1).certificate().to_vec().into()];
    let mut server = accept(&asking());
    foreign(Stubborn::new(chain, peer(2).for_tls())).greet(&mut server).unwrap();
    assert_eq!(shown(&server), Some(&minted(1, 2)[..]));
}

/// What the server makes of this client, and the alert that it answers with.
fn refused(shows: Arc<dyn ResolvesClientCert>) -> (TunnelError, Error) {
    let mut server = accept(&asking());
    let mut client = foreign(shows);
    let refused = client.greet(&mut server).unwrap_err();
    assert!(!server.tunnel.is_open() && server.tunnel.secured().is_none());
    let told = client.feed(&server.sent()).unwrap_err();
    (refused, told)
}

#[test]
fn a_copied_client_certificate_without_its_key_is_refused() {
    let (refused, told) = refused(Stubborn::new(vec![minted(1, 2).into()], peer(3).for_tls()));
    let bad = Error::InvalidCertificate(CertificateError::BadSignature);
    assert_eq!(refused, TunnelError::Tls(bad));
    assert_eq!(told, Error::AlertReceived(AlertDescription::DecryptError));
}

#[test]
fn a_client_certificate_that_cannot_be_read_is_refused() {
    let garbage = vec![vec![0x30, 0x03, 0x02, 0x01, 0x01].into()];
    let (refused, _) = refused(Stubborn::new(garbage, peer(2).for_tls()));
    let bad = Error::InvalidCertificate(CertificateError::BadEncoding);
    assert_eq!(refused, TunnelError::Tls(bad));
}

#[test]
fn an_rsa_client_certificate_is_not_shown_and_where_it_is_it_is_refused() {
    let (chain, key) =
        TlsKey::from_pem(RSA_PEM.as_bytes(), RSA_PEM.as_bytes()).unwrap().into_parts();
    let key = any_supported_type(&key).unwrap();
    // A client that follows the rules sees that it has no signature to offer, and comes in without.
    let mut server = accept(&asking());
    foreign(Stubborn::new(chain.clone(), Arc::clone(&key))).greet(&mut server).unwrap();
    assert_eq!(shown(&server), None);

    let (refused, told) = refused(Stubborn::new(chain, Arc::new(Rsa(key))));
    let none = Error::PeerIncompatible(PeerIncompatible::NoSignatureSchemesInCommon);
    assert_eq!(refused, TunnelError::Tls(none));
    assert_eq!(told, Error::AlertReceived(AlertDescription::HandshakeFailure));
}

#[test]
fn a_chain_of_a_hundred_certificates_is_more_than_a_server_holds() {
    let chain = vec![CertificateDer::from(minted(1, 2)); 100];
    let length: usize = chain.iter().map(|certificate| certificate.len()).sum();
    let mut server = accept(&asking());
    server.tunnel.set_input_limit(0);
    assert!(length > 2 * crate::limits::TLS_RECORD);
    let mut client = foreign(Stubborn::new(chain, peer(2).for_tls()));
    assert_eq!(client.greet(&mut server), Err(TunnelError::TooBig));
    assert!(server.tunnel.memory() <= 2 * crate::limits::TLS_RECORD);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_change_of_what_the_client_answers_is_taken(
        at in any::<prop::sample::Index>(), bit in 0..8u8, piece in 1..2000usize,
    ) {
        let tls = asking();
        let mut client = connect(&showing(vec![tls.pin()]));
        let mut server = accept(&tls);
        server.feed(&client.sent(), usize::MAX).unwrap();
        client.feed(&server.sent(), usize::MAX).unwrap();
        // Behind ChangeCipherSpec there is one record that is sealed, of which the header is not.
        let mut flight = client.sent();
        let sealed = CHANGE_CIPHER_SPEC.len() + 5;
        let at = sealed + at.index(flight.len() - sealed);
        flight[at] ^= 1 << bit;
        prop_assert!(server.feed(&flight, piece).is_err());
        prop_assert!(!server.tunnel.is_open() && server.tunnel.secured().is_none());
    }
}
