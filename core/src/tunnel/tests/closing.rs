//! The end of a stream: clean in every order, cut short, or with something behind it.

use super::foreign::{ALERT, forged_client};
use super::*;

#[test]
fn each_direction_closes_apart_whoever_is_first() {
    for client_first in [true, false] {
        let (mut first, mut second) = open_pair();
        if !client_first {
            core::mem::swap(&mut first, &mut second);
        }
        first.seal(b"last words");
        first.tunnel.close();
        carry(&mut first, &mut second, usize::MAX).unwrap();
        assert_eq!(second.taken(), b"last words");
        assert!(second.tunnel.peer_closed() && !first.tunnel.peer_closed());
        second.eof().unwrap();
        second.seal(b"and mine");
        second.tunnel.close();
        carry(&mut first, &mut second, usize::MAX).unwrap();
        assert_eq!(first.taken(), b"and mine");
        assert!(first.tunnel.peer_closed());
        first.eof().unwrap();
    }
}

#[test]
fn both_may_close_at_once() {
    let (mut client, mut server) = open_pair();
    client.tunnel.close();
    server.tunnel.close();
    let (from_client, from_server) = (client.sent(), server.sent());
    client.feed(&from_server, usize::MAX).unwrap();
    server.feed(&from_client, usize::MAX).unwrap();
    for end in [&mut client, &mut server] {
        assert!(end.tunnel.peer_closed());
        assert_eq!(end.eof(), Ok(()));
        assert!(end.sent().is_empty());
    }
}

#[test]
fn nothing_is_sealed_after_close_and_close_is_said_once() {
    let (mut client, _) = open_pair();
    client.tunnel.close();
    assert_eq!(client.sent().len(), 24);
    client.tunnel.close();
    let mut plain = Buffer::new();
    plain.extend(b"too late");
    client.tunnel.seal(&mut plain);
    assert_eq!(plain.filled(), b"too late");
    assert!(client.sent().is_empty());
}

#[test]
fn a_close_during_the_handshake_follows_it() {
    let limits = Limits::default();
    let (mut client, mut server) = (End::connect(&limits), End::accept(&limits));
    client.tunnel.close();
    carry(&mut client, &mut server, usize::MAX).unwrap();
    assert!(server.tunnel.peer_closed() && server.tunnel.is_open());
    assert_eq!(server.eof(), Ok(()));
}

#[test]
fn an_end_without_close_notify_is_truncation_and_stays_so() {
    let (mut client, mut server) = open_pair();
    client.seal(b"whole");
    let whole = client.sent();
    client.seal(b"cut short");
    let part = client.sent();
    server.feed(&whole, usize::MAX).unwrap();
    server.feed(&part[..part.len() - 1], usize::MAX).unwrap();
    assert_eq!(server.eof(), Err(TunnelError::Truncated));
    assert_eq!(server.taken(), b"whole");
    assert_eq!(server.feed(&part[part.len() - 1..], 1), Err(TunnelError::Truncated));
    assert!(server.taken().is_empty() && !server.tunnel.is_open());
    // Our own close_notify does not make their end a clean one.
    client.tunnel.close();
    assert_eq!(client.eof(), Err(TunnelError::Truncated));
}

#[test]
fn an_end_during_the_handshake_is_truncation() {
    let limits = Limits::default();
    let (mut client, mut server) = (End::connect(&limits), End::accept(&limits));
    let hello = client.sent();
    server.feed(&hello[..100], usize::MAX).unwrap();
    assert_eq!(server.eof(), Err(TunnelError::Truncated));
    assert_eq!(client.eof(), Err(TunnelError::Truncated));
    assert_eq!(End::accept(&limits).eof(), Err(TunnelError::Truncated));
}

#[test]
fn what_follows_close_notify_is_dropped_and_no_more_is_taken() {
    let (mut forge, mut server) = forged_client(&Limits::default());
    let mut bytes = forge.data(b"before");
    bytes.extend(forge.record(ALERT, &[1, 0], 0));
    bytes.extend(forge.data(b"after"));
    bytes.extend(b"junk");
    server.feed(&bytes, usize::MAX).unwrap();
    assert_eq!(server.taken(), b"before");
    assert!(server.tunnel.peer_closed());
    assert!(server.tunnel.receive_buffer(100).is_empty());
    assert_eq!(server.tunnel.open(&mut server.got), Ok(()));
    assert_eq!(server.eof(), Ok(()));
    server.seal(b"still ours");
    assert!(!server.sent().is_empty());
}

#[test]
fn a_close_notify_before_the_handshake_ends_is_no_clean_end() {
    let mut client = End::connect(&Limits::default());
    client.feed(&[0x15, 3, 3, 0, 2, 1, 0], usize::MAX).unwrap();
    assert!(!client.tunnel.peer_closed());
    assert_eq!(client.eof(), Err(TunnelError::Truncated));
}
