//! TLS on one end and plain on the other: both are told which expects what.

use super::sniff::{PLAIN_REFUSAL, TLS_REFUSAL};
use super::*;

const REQUEST: &[u8] = b"GET /link?n=x HTTP/1.1\r\nHost: hub\r\n\r\n";

#[test]
fn a_tls_client_at_a_plain_hub() {
    for piece in [1, usize::MAX] {
        let limits = Limits::default();
        let mut client = End::connect(&limits);
        let mut hub = End::new(Tunnel::accept_plain(&limits));
        let hello = client.sent();
        assert_eq!(hub.feed(&hello, piece), Err(TunnelError::TlsWherePlainExpected));
        assert!(hub.taken().is_empty() && !hub.tunnel.is_open());
        let answer = hub.sent();
        assert_eq!(answer, TLS_REFUSAL);
        assert_eq!(client.feed(&answer, piece), Err(TunnelError::PlainWhereTlsExpected));
        assert!(client.sent().is_empty());
        for end in [&mut client, &mut hub] {
            let mut plain = Buffer::new();
            plain.extend(b"too late");
            end.tunnel.seal(&mut plain);
            assert_eq!((plain.len(), end.sent().len()), (8, 0));
            assert!(end.tunnel.receive_buffer(1).is_empty());
        }
    }
}

#[test]
fn a_plain_client_at_a_tls_hub() {
    for piece in [1, usize::MAX] {
        let limits = Limits::default();
        let mut client = End::new(Tunnel::connect_plain(&limits));
        let mut hub = End::accept(&limits);
        client.seal(REQUEST);
        assert_eq!(hub.feed(&client.sent(), piece), Err(TunnelError::PlainWhereTlsExpected));
        let answer = hub.sent();
        assert_eq!(answer, PLAIN_REFUSAL);
        assert_eq!(client.feed(&answer, piece), Err(TunnelError::TlsWherePlainExpected));
        assert!(client.taken().is_empty());
    }
}

#[test]
fn plain_bytes_that_are_no_request_get_no_answer_at_a_tls_hub() {
    for bytes in [&b"SSH-2.0-OpenSSH_9.9\r\n"[..], &[0xFF; 30], b"\0"] {
        let mut hub = End::accept(&Limits::default());
        assert_eq!(hub.feed(bytes, 1), Err(TunnelError::PlainWhereTlsExpected));
        assert!(hub.sent().is_empty());
    }
    let mut hub = End::accept(&Limits::default());
    hub.feed(b"GE", 1).unwrap();
    assert_eq!(hub.eof(), Err(TunnelError::PlainWhereTlsExpected));
    assert!(hub.sent().is_empty());
}

#[test]
fn a_plain_server_that_answers_a_tls_client_in_http() {
    let mut client = End::connect(&Limits::default());
    let refused = client.feed(b"HTTP/1.1 400 Bad Request\r\n\r\n", 1);
    assert_eq!(refused, Err(TunnelError::PlainWhereTlsExpected));
}

#[test]
fn what_answers_tls_in_neither_language_is_no_hub() {
    for bytes in [&b"SSH-2.0-OpenSSH_9.9\r\n"[..], b"220 mail ESMTP\r\n", b"HTTX", &[0; 8]] {
        for piece in [1, usize::MAX] {
            let mut client = End::connect(&Limits::default());
            client.sent();
            assert_eq!(client.feed(bytes, piece), Err(TunnelError::Foreign));
            assert!(client.sent().is_empty());
        }
    }
    let mut client = End::connect(&Limits::default());
    client.feed(b"HTT", 1).unwrap();
    assert_eq!(client.eof(), Err(TunnelError::Foreign));
}

#[test]
fn a_tls_server_that_answers_a_plain_client_with_an_alert() {
    let mut client = End::new(Tunnel::connect_plain(&Limits::default()));
    let refused = client.feed(&[0x15, 3, 3, 0, 2, 2, 40], 1);
    assert_eq!(refused, Err(TunnelError::TlsWherePlainExpected));
}

#[test]
fn the_error_says_which_end_expects_what() {
    let plain_expected = TunnelError::TlsWherePlainExpected.to_string();
    assert!(plain_expected.contains("other end speaks TLS and this end expects plain"));
    let tls_expected = TunnelError::PlainWhereTlsExpected.to_string();
    assert!(tls_expected.contains("other end speaks plain text and this end expects TLS"));
}

#[test]
fn plain_to_plain_passes_bytes_and_ends_cleanly() {
    let limits = Limits::default();
    let mut client = End::new(Tunnel::connect_plain(&limits));
    let mut hub = End::new(Tunnel::accept_plain(&limits));
    assert!(client.tunnel.is_open() && client.tunnel.secured().is_none());
    client.seal(REQUEST);
    carry(&mut client, &mut hub, 1).unwrap();
    assert_eq!(hub.taken(), REQUEST);
    // As far as the second character it could be the refusal of a TLS port.
    hub.seal(b"HTTP/1.1 101 Switching Protocols\r\n\r\n");
    carry(&mut client, &mut hub, 1).unwrap();
    assert_eq!(client.taken(), b"HTTP/1.1 101 Switching Protocols\r\n\r\n");
    client.tunnel.close();
    let mut late = Buffer::new();
    late.extend(b"late");
    client.tunnel.seal(&mut late);
    assert_eq!((late.len(), client.sent().len()), (4, 0));
    assert!(!hub.tunnel.peer_closed());
    hub.eof().unwrap();
    assert!(hub.tunnel.peer_closed() && hub.tunnel.receive_buffer(1).is_empty());
    // What was held to be looked at is handed over where the stream ends.
    let mut client = End::new(Tunnel::connect_plain(&limits));
    client.feed(b"HTTP/1.1 4", 1).unwrap();
    assert!(client.taken().is_empty());
    client.eof().unwrap();
    assert_eq!(client.taken(), b"HTTP/1.1 4");
    assert!(client.tunnel.peer_closed());
}
