//! Plaintext there and back: packed, cut, in bulk, across key updates, and without memory growing.

use proptest::prelude::*;

use super::foreign::{Foreign, HANDSHAKE, Offer, forged_client, server_config};
use super::*;

#[test]
fn nothing_is_sealed_before_the_handshake_is_done() {
    let limits = Limits::default();
    let (mut client, mut server) = (End::connect(&limits), End::accept(&limits));
    let mut plain = Buffer::new();
    plain.extend(b"wait");
    client.sent();
    for end in [&mut client, &mut server] {
        end.tunnel.seal(&mut plain);
        assert_eq!((plain.len(), end.sent().len()), (4, 0));
    }
    let (mut client, mut server) = (End::connect(&limits), End::accept(&limits));
    server.feed(&client.sent(), usize::MAX).unwrap();
    let flight = server.tunnel.transmit().len();
    // Its own flight is out, and it still waits for the client's Finished.
    server.tunnel.seal(&mut plain);
    assert_eq!((plain.len(), server.tunnel.transmit().len()), (4, flight));
    assert!(!server.tunnel.is_open());
}

#[test]
fn packed_records_come_out_whole_and_in_order() {
    let (mut client, mut server) = open_pair();
    for n in 0..100u8 {
        client.seal(&[n; 3]);
    }
    let bytes = client.sent();
    assert_eq!(bytes.len(), 100 * (3 + 22));
    server.feed(&bytes, usize::MAX).unwrap();
    let expected: Vec<u8> = (0..100u8).flat_map(|n| [n; 3]).collect();
    assert_eq!(server.taken(), expected);
}

#[test]
fn a_lot_of_plaintext_goes_in_full_records_no_further_ahead_than_the_bound() {
    let (mut client, mut server) = open_pair();
    let all = pattern(1 << 20);
    let mut plain = Buffer::new();
    plain.extend(&all);
    while !plain.is_empty() {
        client.tunnel.seal(&mut plain);
        let sent = client.sent();
        assert!(sent.len() <= Limits::default().sealed, "{}", sent.len());
        let [_, _, _, high, low] = sent[..5] else { panic!() };
        let first = usize::from(u16::from_be_bytes([high, low]));
        assert!(first == 16_384 + 17 || plain.is_empty());
        server.feed(&sent, 10_000).unwrap();
    }
    assert_eq!(server.taken(), all);
}

#[test]
fn a_key_update_is_answered_with_the_next_write_and_data_goes_on_both_ways() {
    let mut server = End::accept(&Limits::default());
    let mut client = Foreign::client(Offer::default().client_config());
    client.greet(&mut server).unwrap();
    for round in 0..3u8 {
        client.connection.refresh_traffic_keys().unwrap();
        client.write(&[round; 10]);
        server.feed(&client.sent(), 9).unwrap();
        assert_eq!(server.taken(), [round; 10]);
        assert!(server.tunnel.transmit().is_empty());
        server.seal(b"answer");
        let answer = server.sent();
        assert_eq!(answer.len(), (5 + 22) + (6 + 22));
        assert_eq!(client.feed(&answer).unwrap(), b"answer");
        server.seal(b"more");
        assert_eq!(client.feed(&server.sent()).unwrap(), b"more");
    }
}

/// However often it was asked while it had nothing to say: one answer goes before what it says
/// next.
#[test]
fn an_end_that_only_reads_takes_new_keys_once_it_says_anything() {
    let mut client = End::connect(&Limits::default());
    let mut server = Foreign::server(server_config());
    server.greet(&mut client).unwrap();
    for round in 0..20u8 {
        server.connection.refresh_traffic_keys().unwrap();
        server.write(&[round; 10]);
        client.feed(&server.sent(), 9).unwrap();
        assert_eq!(client.taken(), [round; 10]);
        assert!(client.tunnel.transmit().is_empty());
    }
    client.seal(b"pong");
    let said = client.sent();
    assert_eq!(said.len(), (5 + 22) + (4 + 22));
    assert_eq!(server.feed(&said).unwrap(), b"pong");
}

#[test]
fn a_key_update_counts_as_a_record_without_content() {
    let limits = Limits { empty_records: 0, ..Limits::default() };
    let (mut forge, mut server) = forged_client(&limits);
    let update = forge.record(HANDSHAKE, &[24, 0, 0, 1, 0], 0);
    assert_eq!(server.feed(&update, usize::MAX), Err(TunnelError::EmptyRecords));
}

#[test]
fn two_ends_that_flood_each_other_through_a_narrow_pipe_both_get_all() {
    let (mut client, mut server) = open_pair();
    let all = pattern(40_000);
    let mut waiting = [Buffer::new(), Buffer::new()];
    waiting.iter_mut().for_each(|buffer| buffer.extend(&all));
    while client.got.len() < all.len() || server.got.len() < all.len() {
        client.tunnel.seal(&mut waiting[0]);
        server.tunnel.seal(&mut waiting[1]);
        drip(&mut client, &mut server);
        drip(&mut server, &mut client);
    }
    assert_eq!(client.taken(), all);
    assert_eq!(server.taken(), all);
}

#[test]
fn memory_does_not_grow_on_the_steady_path_and_rest_gives_all_of_it_back() {
    let (mut client, mut server) = open_pair();
    let (mut plain, message) = (Buffer::new(), pattern(256));
    let mut round = |client: &mut End, server: &mut End| {
        plain.extend(&message);
        client.tunnel.seal(&mut plain);
        let sent = client.tunnel.transmit();
        server.tunnel.receive_buffer(sent.len()).copy_from_slice(sent);
        let n = sent.len();
        client.tunnel.transmitted(n);
        server.tunnel.received(n);
        server.tunnel.open(&mut server.got).unwrap();
        server.got.clear();
        (client.tunnel.memory(), server.tunnel.memory(), plain.capacity(), server.got.capacity())
    };
    let warm = round(&mut client, &mut server);
    assert!(warm.0 > 0 && warm.1 > 0);
    for _ in 0..1000 {
        assert_eq!(round(&mut client, &mut server), warm);
    }
    for end in [&mut client, &mut server] {
        end.tunnel.rest();
        assert_eq!(end.tunnel.memory(), 0);
    }
    round(&mut client, &mut server);
}

#[test]
fn rest_keeps_what_is_held() {
    let (mut client, mut server) = open_pair();
    client.seal(b"held");
    client.tunnel.rest();
    let sent = client.sent();
    server.feed(&sent[..10], usize::MAX).unwrap();
    server.tunnel.rest();
    server.feed(&sent[10..], usize::MAX).unwrap();
    assert_eq!(server.taken(), b"held");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_chunking_of_the_network_bytes_gives_the_same_plaintext(
        pieces in prop::collection::vec(1..3000usize, 1..20),
        messages in prop::collection::vec(0..20_000usize, 1..6),
        close: bool,
    ) {
        let limits = Limits::default();
        let (mut client, mut server) = (End::connect(&limits), End::accept(&limits));
        let mut pieces = pieces.into_iter().cycle();
        carry(&mut client, &mut server, pieces.next().unwrap()).unwrap();
        let (mut sent, mut plain, mut network) = (Vec::new(), Buffer::new(), Vec::new());
        for size in messages {
            let message = pattern(size);
            plain.extend(&message);
            sent.extend(message);
            while !plain.is_empty() {
                client.tunnel.seal(&mut plain);
                network.extend(client.sent());
            }
        }
        if close {
            client.tunnel.close();
            network.extend(client.sent());
        }
        let mut rest = &network[..];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(pieces.next().unwrap().min(rest.len()));
            server.feed(now, now.len()).unwrap();
            rest = later;
        }
        prop_assert_eq!(server.taken(), sent);
        prop_assert_eq!(server.tunnel.peer_closed(), close);
        let end = if close { Ok(()) } else { Err(TunnelError::Truncated) };
        prop_assert_eq!(server.eof(), end);
    }
}
