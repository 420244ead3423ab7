//! Every bound, at n and at n + 1.

use rustls::{Error, InvalidMessage};

use super::foreign::{APPLICATION_DATA, HANDSHAKE, forged_client};
use super::*;
use crate::limits::TLS_RECORD;

/// Records of a ClientHello that says it has 60,000 bytes, `total` bytes of them.
fn endless_hello(total: usize) -> Vec<u8> {
    let mut message = vec![1, 0x00, 0xEA, 0x60];
    message.resize(60_000, 0);
    let mut bytes = Vec::new();
    for part in message.chunks(1000) {
        bytes.extend([0x16, 3, 1]);
        bytes.extend((part.len() as u16).to_be_bytes());
        bytes.extend(part);
    }
    bytes.truncate(total);
    bytes
}

#[test]
fn a_handshake_message_that_cannot_fit_the_input_is_refused() {
    let mut server = End::accept(&Limits::default());
    server.tunnel.set_input_limit(TLS_RECORD);
    server.feed(&endless_hello(TLS_RECORD - 1), 700).unwrap();
    assert_eq!(server.tunnel.receive_buffer(100).len(), 1);
    assert_eq!(server.feed(&[0], 1), Err(TunnelError::TooBig));
    assert!(server.tunnel.receive_buffer(1).is_empty());
    assert_eq!(server.tunnel.memory(), 0);
}

#[test]
fn a_handshake_message_that_just_fits_is_read() {
    // Whole at exactly the bound: rustls reads it, and does not like it.
    let mut server = End::accept(&Limits::default());
    server.tunnel.set_input_limit(TLS_RECORD);
    let size = TLS_RECORD - 2 * 5;
    let mut message = vec![1, 0, 0, 0];
    message[2..4].copy_from_slice(&((size - 4) as u16).to_be_bytes());
    message.resize(size, 0);
    let mut bytes = Vec::new();
    for part in message.chunks(10_000) {
        bytes.extend([0x16, 3, 1]);
        bytes.extend((part.len() as u16).to_be_bytes());
        bytes.extend(part);
    }
    assert_eq!(bytes.len(), TLS_RECORD);
    let refused = server.feed(&bytes, usize::MAX).unwrap_err();
    assert!(matches!(refused, TunnelError::Tls(Error::InvalidMessage(_))), "{refused:?}");
}

#[test]
fn the_bound_is_never_below_one_record_and_grows_when_told() {
    let mut server = End::accept(&Limits::default());
    server.tunnel.set_input_limit(0);
    assert_eq!(server.tunnel.receive_buffer(usize::MAX).len(), TLS_RECORD);
    assert_eq!(server.tunnel.receive_buffer(10).len(), 10);
    server.tunnel.set_input_limit(Limits::default().tls_input);
    assert_eq!(server.tunnel.receive_buffer(usize::MAX).len(), Limits::default().tls_input);
    // More than was lent cannot have been received.
    assert_eq!(server.tunnel.receive_buffer(3).len(), 3);
    server.tunnel.received(100);
    server.tunnel.received(100);
    assert_eq!(server.tunnel.receive_buffer(usize::MAX).len(), Limits::default().tls_input - 3);
}

#[test]
fn a_handshake_message_above_64_kib_is_refused_after_the_handshake_too() {
    let (mut forge, mut server) = forged_client(&Limits::default());
    let refused = server.feed(&forge.record(HANDSHAKE, &[24, 1, 0, 0], 0), usize::MAX);
    let large = InvalidMessage::HandshakePayloadTooLarge;
    assert_eq!(refused, Err(TunnelError::Tls(Error::InvalidMessage(large))));
}

#[test]
fn empty_records_are_counted_in_a_row_however_they_arrive() {
    for piece in [1, 50, usize::MAX] {
        let limits = Limits { empty_records: 3, ..Limits::default() };
        let (mut forge, mut server) = forged_client(&limits);
        for _ in 0..4 {
            let mut bytes = Vec::new();
            for padding in 0..3 {
                bytes.extend(forge.record(APPLICATION_DATA, b"", padding));
            }
            bytes.extend(forge.data(b"."));
            server.feed(&bytes, piece).unwrap();
        }
        assert_eq!(server.taken(), b"....");
        for _ in 0..3 {
            server.feed(&forge.data(b""), piece).unwrap();
        }
        assert_eq!(server.feed(&forge.data(b""), piece), Err(TunnelError::EmptyRecords));
        assert_eq!(server.feed(&forge.data(b"x"), piece), Err(TunnelError::EmptyRecords));
    }
}

#[test]
fn the_default_allows_32_empty_records() {
    let (mut forge, mut server) = forged_client(&Limits::default());
    let empty: Vec<u8> = (0..32).flat_map(|_| forge.data(b"")).collect();
    server.feed(&empty, usize::MAX).unwrap();
    assert_eq!(server.feed(&forge.data(b""), usize::MAX), Err(TunnelError::EmptyRecords));
}

#[test]
fn a_record_that_fills_the_sealed_bound_fits_and_one_byte_more_waits() {
    let limits = Limits { sealed: 1000, ..Limits::default() };
    let (mut client, mut server) = (End::connect(&limits), End::accept(&limits));
    carry(&mut client, &mut server, usize::MAX).unwrap();
    let mut plain = Buffer::new();
    plain.extend(&pattern(978));
    client.tunnel.seal(&mut plain);
    assert_eq!((plain.len(), client.tunnel.transmit().len()), (0, 1000));
    client.sent();
    plain.extend(&pattern(979));
    client.tunnel.seal(&mut plain);
    assert_eq!((plain.len(), client.tunnel.transmit().len()), (1, 1000));
    client.tunnel.transmitted(22);
    client.tunnel.seal(&mut plain);
    assert_eq!(plain.len(), 1);
    client.tunnel.transmitted(1);
    client.tunnel.seal(&mut plain);
    assert_eq!((plain.len(), client.tunnel.transmit().len()), (0, 1000));
}

#[test]
fn plain_has_the_same_bounds() {
    let limits = Limits { sealed: 1000, ..Limits::default() };
    let mut tunnel = Tunnel::connect_plain(&limits);
    let mut plain = Buffer::new();
    plain.extend(&pattern(1001));
    tunnel.seal(&mut plain);
    assert_eq!((plain.len(), tunnel.transmit().len()), (1, 1000));
    assert_eq!(tunnel.receive_buffer(usize::MAX).len(), limits.tls_input);
    tunnel.set_input_limit(TLS_RECORD);
    assert_eq!(tunnel.receive_buffer(usize::MAX).len(), TLS_RECORD);
}
