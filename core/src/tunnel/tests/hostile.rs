//! What a stranger may send: junk, bad records, and good ones where they do not belong.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;
use rustls::server::UnbufferedServerConnection;
use rustls::{AlertDescription, Error, InvalidMessage};

use super::foreign::{ALERT, Foreign, HANDSHAKE, Offer, forged_client};
use super::*;

/// A record of the first 4 of 65,540 bytes of a ClientHello: rustls waits for the rest.
const FRAGMENT: [u8; 9] = [0x16, 3, 1, 0, 4, 1, 0, 0xFF, 0xFF];

/// A second one, which is no handshake message: an error while the first still waits.
const INTERLEAVED: [u8; 7] = [0x15, 3, 1, 0, 2, 1, 90];

#[test]
fn junk_that_begins_like_tls_is_refused_with_an_alert_and_for_good() {
    let mut server = End::accept(&Limits::default());
    let junk = [0x16, 3, 1, 0, 5, 99, 0, 0, 1, 0];
    let refused = server.feed(&junk, usize::MAX).unwrap_err();
    assert!(matches!(refused, TunnelError::Tls(_)), "{refused:?}");
    let alert = server.sent();
    assert_eq!(alert[..6], [0x15, 3, 3, 0, 2, 2], "{alert:?}");
    let hello = End::connect(&Limits::default()).sent();
    assert_eq!(server.feed(&hello, usize::MAX), Err(refused));
    assert!(server.sent().is_empty());
}

#[test]
fn junk_after_the_handshake_is_refused_at_its_header() {
    let (_, mut server) = open_pair();
    server.feed(b"XXXX", 1).unwrap();
    let refused = server.feed(b"X", 1).unwrap_err();
    let bad = Error::InvalidMessage(InvalidMessage::InvalidContentType);
    assert_eq!(refused, TunnelError::Tls(bad));
    assert_eq!(server.sent().len(), 24);
}

#[test]
fn a_valid_record_after_an_invalid_one_is_refused() {
    let (mut forge, mut server) = forged_client(&Limits::default());
    let mut bad = forge.data(b"bad");
    forge.seq_back();
    let good = forge.data(b"good");
    *bad.last_mut().unwrap() ^= 1;
    let refused = TunnelError::Tls(Error::DecryptError);
    // In one piece, and apart.
    assert_eq!(server.feed(&[&bad[..], &good].concat(), usize::MAX), Err(refused.clone()));
    assert_eq!(server.feed(&good, usize::MAX), Err(refused.clone()));
    assert_eq!(server.tunnel.open(&mut server.got), Err(refused));
    assert!(server.taken().is_empty());
    assert!(server.tunnel.receive_buffer(1).is_empty());
    let mut plain = Buffer::new();
    plain.extend(b"x");
    server.sent();
    server.tunnel.seal(&mut plain);
    server.tunnel.close();
    assert_eq!((plain.len(), server.sent().len()), (1, 0));
}

#[test]
fn the_other_end_is_told_of_a_bad_record_once() {
    let mut server = End::accept(&Limits::default());
    let mut client = Foreign::client(Offer::default().client_config());
    client.greet(&mut server).unwrap();
    client.write(b"bad");
    let mut bad = client.sent();
    bad[7] ^= 1;
    server.feed(&bad, usize::MAX).unwrap_err();
    let alert = server.sent();
    assert_eq!(alert.len(), 24);
    let told = client.feed(&alert).unwrap_err();
    assert_eq!(told, Error::AlertReceived(AlertDescription::BadRecordMac));
}

#[test]
fn rustls_panics_when_its_input_gets_shorter_and_the_tunnel_never_does_that() {
    let raw = || UnbufferedServerConnection::new(server_tls(1).config).unwrap();
    // The reason for the rule: if this stops, the rule may be looked at again.
    let mut connection = raw();
    let _ = connection.process_tls_records(&mut FRAGMENT.clone());
    let shorter = catch_unwind(AssertUnwindSafe(|| {
        let _ = connection.process_tls_records(&mut []);
    }));
    assert!(shorter.is_err());

    for piece in [1, 5, usize::MAX] {
        let mut server = End::accept(&Limits::default());
        server.feed(&FRAGMENT, piece).unwrap();
        server.tunnel.rest();
        for _ in 0..3 {
            server.tunnel.open(&mut server.got).unwrap();
        }
        let refused = server.feed(&INTERLEAVED, piece).unwrap_err();
        assert!(matches!(refused, TunnelError::Tls(_)), "{refused:?}");
        assert_eq!(server.tunnel.open(&mut server.got), Err(refused.clone()));
        assert_eq!(server.eof(), Err(refused));
    }
    let mut server = End::accept(&Limits::default());
    server.feed(&FRAGMENT, usize::MAX).unwrap();
    assert_eq!(server.eof(), Err(TunnelError::Truncated));
}

#[test]
fn data_between_the_parts_of_a_handshake_message_is_refused() {
    let (mut forge, mut server) = forged_client(&Limits::default());
    let part = forge.record(HANDSHAKE, &[24, 0], 0);
    server.feed(&part, usize::MAX).unwrap();
    server.seal(b"may still be written");
    assert!(!server.sent().is_empty());
    assert!(server.feed(&forge.data(b"between"), usize::MAX).is_err());
    assert!(server.taken().is_empty());
}

#[test]
fn a_fatal_alert_ends_it_and_is_not_answered() {
    let (mut forge, mut server) = forged_client(&Limits::default());
    let alert = forge.record(ALERT, &[2, 80], 0);
    let received = Error::AlertReceived(AlertDescription::InternalError);
    assert_eq!(server.feed(&alert, usize::MAX), Err(TunnelError::Tls(received)));
    assert!(server.sent().is_empty());
}

#[test]
fn a_forged_record_with_padding_is_opened() {
    let (mut forge, mut server) = forged_client(&Limits::default());
    let bytes = [forge.record(23, b"pad", 1000), forge.data(b"ded")].concat();
    server.feed(&bytes, 7).unwrap();
    assert_eq!(server.taken(), b"padded");
}

/// Where the headers of `records` hold the outer type and the legacy version (RFC 8446 §5.2).
/// rustls does not look at them in a sealed record; what is in it is no less authentic for that.
fn unprotected_bytes(records: &[u8]) -> Vec<usize> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some([_, _, _, high, low]) = records[at..].first_chunk() {
        found.extend([at, at + 1, at + 2]);
        at += 5 + usize::from(u16::from_be_bytes([*high, *low]));
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_handshake_never_opens_to_a_lie_and_never_panics(
        at in any::<prop::sample::Index>(), bit in 0..8u8, of_server: bool, piece in 1..2000usize,
    ) {
        let limits = Limits::default();
        let (mut client, mut server) = (End::connect(&limits), End::accept(&limits));
        let mut flight = client.sent();
        if of_server {
            server.feed(&flight, usize::MAX).unwrap();
            flight = server.sent();
        }
        let at = at.index(flight.len());
        let ignored = unprotected_bytes(&flight).contains(&at);
        flight[at] ^= 1 << bit;
        let target = if of_server { &mut client } else { &mut server };
        let fed = target.feed(&flight, piece);
        let again = target.tunnel.open(&mut target.got);
        prop_assert_eq!(&again, &fed);
        if !of_server {
            // The server may answer; then the client sees that its hello was changed.
            let _ = client.feed(&server.sent(), usize::MAX);
        }
        prop_assert!(ignored || !client.tunnel.is_open());
    }

    #[test]
    fn junk_never_panics(
        junk in prop::collection::vec(any::<u8>(), 0..400), piece in 1..100usize, open: bool,
    ) {
        let mut server = if open { open_pair().1 } else { End::accept(&Limits::default()) };
        let mut bytes = if open { vec![0x17, 3, 3, 0] } else { vec![0x16, 3, 1, 0] };
        bytes.extend(junk);
        let _ = server.feed(&bytes, piece);
        prop_assert!(server.eof().is_err());
        prop_assert!(server.taken().is_empty());
    }
}
