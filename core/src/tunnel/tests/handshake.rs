//! What the two ends agree on, and whom they refuse.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::crypto::aws_lc_rs::{cipher_suite, kx_group};
use rustls::server::{Acceptor, ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, CertificateError, Error, HandshakeKind};

use super::foreign::{Foreign, Offer, server_config};
use super::*;
use crate::id::PublicKey;

#[test]
fn both_ends_tell_what_was_agreed_and_the_client_whom_it_reached() {
    let limits = Limits::default();
    let (mut client, mut server) = (End::connect(&limits), End::accept(&limits));
    assert!(client.tunnel.secured().is_none() && !client.tunnel.is_open());
    carry(&mut client, &mut server, usize::MAX).unwrap();
    for end in [&client, &server] {
        assert!(end.tunnel.is_open() && !end.tunnel.peer_closed());
        let secured = end.tunnel.secured().unwrap();
        assert_eq!(secured.suite, "TLS13_AES_256_GCM_SHA384");
        assert_eq!(secured.group, "X25519MLKEM768");
    }
    assert!(server.tunnel.secured().unwrap().served.is_none());
    let served = client.tunnel.secured().unwrap().served.as_ref().unwrap();
    assert_eq!(served.pin, server_tls(1).pin());
    assert_eq!(served.chain, server_tls(1).chain());
}

#[test]
fn the_pin_is_that_of_the_certificates_public_key() {
    use aws_lc_rs::signature::KeyPair as _;
    let pair = Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap();
    let key = PublicKey(pair.public_key().as_ref().try_into().unwrap());
    assert_eq!(server_tls(1).pin(), key.pin());
    assert_ne!(server_tls(2).pin(), key.pin());
}

#[test]
fn it_works_byte_by_byte_in_both_directions() {
    let limits = Limits::default();
    let (mut client, mut server) = (End::connect(&limits), End::accept(&limits));
    for _ in 0..20_000 {
        drip(&mut client, &mut server);
        drip(&mut server, &mut client);
    }
    assert!(client.tunnel.is_open() && server.tunnel.is_open());
    client.seal(b"hello");
    carry(&mut client, &mut server, 1).unwrap();
    assert_eq!(server.taken(), b"hello");
}

#[test]
fn data_in_the_servers_first_flight_is_opened() {
    let mut client = End::connect(&Limits::default());
    let mut server = Foreign::server(server_config());
    server.feed(&client.sent()).unwrap();
    server.write(b"early bird");
    client.feed(&server.sent(), usize::MAX).unwrap();
    assert!(client.tunnel.is_open());
    assert_eq!(client.taken(), b"early bird");
    server.feed(&client.sent()).unwrap();
    assert!(!server.connection.is_handshaking());
}

#[test]
fn each_suite_and_each_group_is_spoken_and_no_other_group() {
    let suites = [
        (cipher_suite::TLS13_AES_256_GCM_SHA384, "TLS13_AES_256_GCM_SHA384"),
        (cipher_suite::TLS13_AES_128_GCM_SHA256, "TLS13_AES_128_GCM_SHA256"),
        (cipher_suite::TLS13_CHACHA20_POLY1305_SHA256, "TLS13_CHACHA20_POLY1305_SHA256"),
    ];
    for (suite, name) in suites {
        let mut server = End::accept(&Limits::default());
        let offer = Offer { suites: vec![suite], ..Offer::default() };
        Foreign::client(offer.client_config()).greet(&mut server).unwrap();
        assert_eq!(server.tunnel.secured().unwrap().suite, name);
    }
    let groups = [
        (kx_group::X25519MLKEM768, "X25519MLKEM768"),
        (kx_group::X25519, "X25519"),
        (kx_group::SECP256R1, "secp256r1"),
    ];
    for (group, name) in groups {
        let mut server = End::accept(&Limits::default());
        let offer = Offer { groups: vec![group], ..Offer::default() };
        Foreign::client(offer.client_config()).greet(&mut server).unwrap();
        assert_eq!(server.tunnel.secured().unwrap().group, name);
    }
    let mut server = End::accept(&Limits::default());
    let offer = Offer { groups: vec![kx_group::SECP384R1], ..Offer::default() };
    let refused = Foreign::client(offer.client_config()).greet(&mut server).unwrap_err();
    assert!(matches!(refused, TunnelError::Tls(Error::PeerIncompatible(_))), "{refused:?}");
    assert_eq!(server.sent(), [0x15, 3, 3, 0, 2, 2, 40]);
}

#[test]
fn a_client_of_an_older_version_is_refused_with_protocol_version() {
    let mut hello = End::connect(&Limits::default()).sent();
    // The supported_versions extension, which offers 1.3 alone (RFC 8446 §4.2.1).
    let offered = [0x00, 0x2B, 0x00, 0x03, 0x02, 0x03, 0x04];
    let at = hello.windows(7).position(|w| w == offered).unwrap();
    hello[at + 6] = 0x03;
    let mut server = End::accept(&Limits::default());
    let refused = server.feed(&hello, usize::MAX).unwrap_err();
    assert!(matches!(refused, TunnelError::Tls(Error::PeerIncompatible(_))), "{refused:?}");
    assert_eq!(server.sent(), [0x15, 3, 3, 0, 2, 2, 70]);
}

#[test]
fn a_name_is_sent_for_a_dns_name_and_not_for_an_address() {
    let client = ClientTls::new().unwrap();
    let named = [
        ("hub.example", Some("hub.example")),
        ("127.0.0.1", None),
        ("::1", None),
        ("[2001:db8::1]", None),
    ];
    for (name, sent) in named {
        let tunnel = Tunnel::connect_tls(&client, name, &Limits::default()).unwrap();
        let mut acceptor = Acceptor::default();
        acceptor.read_tls(&mut tunnel.transmit()).unwrap();
        let accepted = acceptor.accept().unwrap().unwrap();
        assert_eq!(accepted.client_hello().server_name(), sent, "{name}");
        assert!(accepted.client_hello().alpn().is_none());
    }
    for bad in ["", "a b", "hub:7777", "[::1", "-.-", "256.1.1.1:1", &"x".repeat(300)] {
        let refused = Tunnel::connect_tls(&client, bad, &Limits::default()).unwrap_err();
        assert!(matches!(refused, TunnelError::BadName(_)), "{bad}: {refused:?}");
    }
}

#[test]
fn no_session_is_ever_resumed() {
    // A client that would resume, at our server.
    let config = Arc::new(Offer::default().client_config());
    let tls = server_tls(1);
    for _ in 0..2 {
        let mut server = End::new(Tunnel::accept_tls(&tls, &Limits::default()).unwrap());
        let mut client = Foreign::client(Arc::clone(&config));
        client.greet(&mut server).unwrap();
        assert_eq!(client.connection.handshake_kind(), Some(HandshakeKind::Full));
        let rustls::Connection::Client(client) = client.connection else { panic!() };
        assert_eq!(client.tls13_tickets_received(), 0);
    }
    // A server that gives tickets and would take them, and our client.
    let (tls, config) = (ClientTls::new().unwrap(), Arc::new(server_config()));
    for _ in 0..2 {
        let tunnel = Tunnel::connect_tls(&tls, "hub.example", &Limits::default()).unwrap();
        let mut client = End::new(tunnel);
        let mut server = Foreign::server(Arc::clone(&config));
        server.greet(&mut client).unwrap();
        assert_eq!(server.connection.handshake_kind(), Some(HandshakeKind::Full));
    }
}

#[test]
fn a_copied_certificate_without_its_key_is_refused() {
    let (chain, _) = identity(1);
    let (_, other_key) = identity(2);
    let mut client = End::connect(&Limits::default());
    let mut impostor = Foreign::presenting(Arc::new(Fixed::new(chain, &other_key)));
    let refused = impostor.greet(&mut client).unwrap_err();
    let bad = Error::InvalidCertificate(CertificateError::BadSignature);
    assert_eq!(refused, TunnelError::Tls(bad));
    assert!(client.tunnel.secured().is_none());
    let told = impostor.feed(&client.sent()).unwrap_err();
    assert_eq!(told, Error::AlertReceived(AlertDescription::DecryptError));
}

#[test]
fn a_certificate_that_cannot_be_read_is_refused() {
    let (_, key) = identity(1);
    let mut client = End::connect(&Limits::default());
    let garbage = CertificateDer::from(vec![0x30, 0x03, 0x02, 0x01, 0x01]);
    let mut server = Foreign::presenting(Arc::new(Fixed::new(vec![garbage], &key)));
    let refused = server.greet(&mut client).unwrap_err();
    let bad = Error::InvalidCertificate(CertificateError::BadEncoding);
    assert_eq!(refused, TunnelError::Tls(bad));
}

#[test]
fn a_server_is_made_only_from_a_certificate_and_its_own_key() {
    let (chain, key) = identity(1);
    let (_, other_key) = identity(2);
    let garbage = vec![CertificateDer::from(vec![1, 2, 3])];
    let cases = [(vec![], key.clone_key()), (garbage, key.clone_key()), (chain, other_key)];
    for (chain, key) in cases {
        let refused = ServerTls::new(chain, key).unwrap_err();
        assert!(matches!(refused, TunnelError::Config(_)), "{refused:?}");
    }
}

/// Presents a chain with a key that may belong to another.
#[derive(Debug)]
struct Fixed(Arc<CertifiedKey>);

impl Fixed {
    fn new(chain: Vec<CertificateDer<'static>>, key: &PrivateKeyDer<'_>) -> Self {
        Self(Arc::new(CertifiedKey::new(chain, any_supported_type(key).unwrap())))
    }
}

impl ResolvesServerCert for Fixed {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
