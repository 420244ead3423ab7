//! Frames after the upgrade: messages, pings, the Close, and each frame that is refused.

use super::*;

/// Holds that `bytes` break an accepting end with `error`, which is due the close code `code`, and
/// that nothing but an ending goes on afterwards.
fn assert_broken(bytes: &[u8], error: SocketError, code: CloseCode) {
    let mut end = End::accepted();
    assert_eq!(end.take(bytes), Err(error.clone()), "{bytes:02x?}");
    assert_eq!((error.close_code(), error.status()), (Some(code), None));
    assert!(end.out.is_empty(), "the link sends the Close in its own order");
    // Fused: a good message is not read.
    assert_eq!(end.take(&masked(FIN | BINARY, b"late")), Err(error));
    end.socket.write(b"goaway", &mut end.out);
    end.socket.close(code, "", &mut end.out);
    let expected = [bare(FIN | BINARY, b"goaway"), bare(FIN | CLOSE, &close_with(code.0, ""))];
    assert_eq!(end.sent(), expected.concat());
}

#[test]
fn a_message_written_is_the_message_read_on_both_sides() {
    let limits = Limits { message_before_admission: 70_000, ..Limits::default() };
    let (mut connecting, mut accepting) = End::pair(&limits);
    for length in [0, 1, 7, 8, 9, 124, 125, 126, 127, 65_535, 65_536, 70_000] {
        let bytes: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        connecting.socket.write(&bytes, &mut connecting.out);
        assert_eq!(accepting.take_from(&mut connecting), Ok(vec![message(&bytes)]));
        accepting.socket.write(&bytes, &mut accepting.out);
        // The accepting side masks nothing, so its bytes can be told in full.
        assert_eq!(accepting.out.filled(), bare(FIN | BINARY, &bytes));
        assert_eq!(connecting.take_from(&mut accepting), Ok(vec![message(&bytes)]));
    }
}

#[test]
fn the_connecting_side_masks_each_frame_with_a_new_key_from_its_seed() {
    let written = || {
        let (mut end, _) = End::pair(&Limits::default());
        end.socket.write(b"message", &mut end.out);
        end.socket.write(b"message", &mut end.out);
        end.sent()
    };
    let sent = written();
    let (first, second) = sent.split_at(2 + 4 + 7);
    let key_of = |frame: &[u8]| -> [u8; 4] { frame[2..6].try_into().unwrap() };
    assert_eq!(first, frame(FIN | BINARY, b"message", Some(key_of(first))));
    assert_eq!(second, frame(FIN | BINARY, b"message", Some(key_of(second))));
    assert_ne!(key_of(first), key_of(second));
    assert_eq!(sent, written());
}

#[test]
fn a_message_in_one_frame_is_lent_where_it_lies() {
    let mut end = End::accepted();
    end.plain.extend(&masked(FIN | BINARY, b"in place"));
    let held = end.plain.filled().as_ptr_range();
    let Ok(Some(Incoming::Message(lent))) = end.socket.read(&mut end.plain, &mut end.out) else {
        panic!("no message");
    };
    assert_eq!(lent, b"in place");
    assert!(held.contains(&lent.as_ptr()));
    assert_eq!(end.socket.read(&mut end.plain, &mut end.out), Ok(None));
    assert!(end.plain.is_empty());
}

#[test]
fn after_warm_up_the_buffers_keep_their_size() {
    let (mut connecting, mut accepting) = End::pair(&Limits::default());
    let mut turn = |length| {
        connecting.socket.write(&vec![1; length], &mut connecting.out);
        accepting.plain.extend(connecting.out.filled());
        connecting.out.clear();
        assert_eq!(accepting.drain().0.len(), 1);
        (connecting.out.capacity(), accepting.plain.capacity())
    };
    let warm = turn(4096);
    for length in [0, 1, 125, 126, 4000, 4096] {
        assert_eq!(turn(length), warm);
    }
}

#[test]
fn fragments_are_put_together_around_control_frames() {
    let mut end = End::accepted();
    let bytes = [
        masked(BINARY, b"one "),
        masked(FIN | PING, b"p"),
        masked(CONTINUE, b""),
        masked(CONTINUE, b"two "),
        masked(FIN | PONG, b""),
        masked(FIN | CONTINUE, b"three"),
        masked(FIN | BINARY, b"next"),
        masked(BINARY, b""),
        masked(FIN | CONTINUE, b""),
    ]
    .concat();
    let expected = vec![message(b"one two three"), message(b"next"), message(b"")];
    assert_eq!(end.take(&bytes), Ok(expected));
    assert_eq!(end.sent(), bare(FIN | PONG, b"p"));
}

#[test]
fn rest_frees_the_reassembly_buffer_only_between_messages() {
    let mut end = End::accepted();
    assert_eq!(end.take(&masked(BINARY, &[1; 1000])), Ok(vec![]));
    end.socket.rest();
    assert_eq!(end.take(&masked(FIN | CONTINUE, &[2; 10])).unwrap().len(), 1);
    assert!(end.socket.reader.reassembly_capacity() >= 1010);
    end.socket.rest();
    assert_eq!(end.socket.reader.reassembly_capacity(), 0);
}

#[test]
fn a_ping_is_answered_with_its_payload_and_a_pong_is_not() {
    let mut accepted = End::accepted();
    let payload = [9; 125];
    assert_eq!(accepted.take(&masked(FIN | PING, &payload)), Ok(vec![]));
    assert_eq!(accepted.sent(), bare(FIN | PONG, &payload));
    assert_eq!(accepted.take(&masked(FIN | PONG, b"unasked")), Ok(vec![]));
    assert_eq!(accepted.sent(), b"");

    let mut connected = End::connected();
    assert_eq!(connected.take(&bare(FIN | PING, b"p")), Ok(vec![]));
    let sent = connected.sent();
    assert_eq!(sent, frame(FIN | PONG, b"p", Some(sent[2..6].try_into().unwrap())));
}

#[test]
fn a_close_is_answered_once_with_its_code() {
    let mut end = End::accepted();
    let close = masked(FIN | CLOSE, &close_with(4014, "replaced"));
    let closed = Event::Closed(Some(CloseCode::SUPERSEDED), "replaced".to_owned());
    assert_eq!(end.take(&close), Ok(vec![closed]));
    assert_eq!(end.sent(), bare(FIN | CLOSE, &close_with(4014, "")));
    assert!(end.socket.close_sent() && end.socket.close_received() && !end.socket.is_open());
    end.socket.close(CloseCode::NORMAL, "again", &mut end.out);
    end.socket.write(b"late", &mut end.out);
    assert!(end.out.is_empty());
    assert_eq!(end.drain(), (vec![], None));
}

#[test]
fn a_close_without_a_code_is_answered_without_one() {
    let mut end = End::accepted();
    assert_eq!(end.take(&masked(FIN | CLOSE, b"")), Ok(vec![Event::Closed(None, String::new())]));
    assert_eq!(end.sent(), bare(FIN | CLOSE, b""));
}

#[test]
fn our_own_close_comes_first_and_is_not_repeated() {
    let mut end = End::accepted();
    end.socket.close(CloseCode::GOING_AWAY, "stopping", &mut end.out);
    assert_eq!(end.sent(), bare(FIN | CLOSE, &close_with(1001, "stopping")));
    assert!(end.socket.close_sent() && !end.socket.close_received());
    end.socket.close(CloseCode::NORMAL, "", &mut end.out);
    end.socket.write(b"late", &mut end.out);
    // What was on its way still comes; pings are answered no more.
    let bytes = [masked(FIN | BINARY, b"early"), masked(FIN | PING, b"p")].concat();
    assert_eq!(end.take(&bytes), Ok(vec![message(b"early")]));
    let closed = Event::Closed(Some(CloseCode::GOING_AWAY), String::new());
    assert_eq!(end.take(&masked(FIN | CLOSE, &close_with(1001, ""))), Ok(vec![closed]));
    assert!(end.out.is_empty() && end.socket.close_received());
}

#[test]
fn a_close_between_fragments_is_taken() {
    let mut end = End::accepted();
    let bytes = [masked(BINARY, b"half"), masked(FIN | CLOSE, &close_with(1000, ""))].concat();
    let closed = Event::Closed(Some(CloseCode::NORMAL), String::new());
    assert_eq!(end.take(&bytes), Ok(vec![closed]));
}

#[test]
fn a_close_reason_is_cut_between_characters() {
    for (reason, kept) in [
        ("x".repeat(123), 123),
        ("x".repeat(124), 123),
        (format!("{}é", "x".repeat(121)), 123),
        (format!("{}é", "x".repeat(122)), 122),
        ("é".repeat(100), 122),
    ] {
        let mut end = End::accepted();
        end.socket.close(CloseCode::NORMAL, &reason, &mut end.out);
        assert_eq!(end.sent(), bare(FIN | CLOSE, &close_with(1000, &reason[..kept])));
    }
}

#[test]
fn a_text_message_is_1003() {
    for bytes in [masked(FIN | TEXT, b"hello"), masked(TEXT, b"hel")] {
        assert_broken(&bytes, SocketError::Text, CloseCode::UNSUPPORTED);
    }
}

#[test]
fn a_reserved_bit_is_1002() {
    for bit in [0x40, 0x20, 0x10] {
        let bytes = masked(FIN | bit | BINARY, b"x");
        assert_broken(&bytes, SocketError::ReservedBits, CloseCode::WEBSOCKET);
    }
}

#[test]
fn a_reserved_opcode_is_1002() {
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        let bytes = masked(FIN | opcode, b"x");
        assert_broken(&bytes, SocketError::Opcode { opcode }, CloseCode::WEBSOCKET);
    }
}

#[test]
fn a_length_in_more_bytes_than_it_needs_is_1002() {
    for length in [0u16, 125] {
        let mut bytes = vec![FIN | BINARY, 0x80 | 126];
        bytes.extend(length.to_be_bytes());
        bytes.extend(KEY);
        let length = u64::from(length);
        assert_broken(&bytes, SocketError::LongLength { length }, CloseCode::WEBSOCKET);
    }
    for length in [0u64, 125, 126, 65_535] {
        let mut bytes = vec![FIN | BINARY, 0x80 | 127];
        bytes.extend(length.to_be_bytes());
        bytes.extend(KEY);
        assert_broken(&bytes, SocketError::LongLength { length }, CloseCode::WEBSOCKET);
    }
}

#[test]
fn a_length_with_its_top_bit_set_is_1002() {
    for length in [1 << 63, u64::MAX] {
        let bytes = head(FIN | BINARY, length, Some(KEY));
        assert_broken(&bytes, SocketError::HugeLength, CloseCode::WEBSOCKET);
    }
}

#[test]
fn wrong_masking_is_1002_on_either_side() {
    let bytes = bare(FIN | BINARY, b"x");
    assert_broken(&bytes, SocketError::Unmasked, CloseCode::WEBSOCKET);
    let error = End::connected().error(&masked(FIN | BINARY, b"x"));
    assert_eq!((error.close_code(), error), (Some(CloseCode::WEBSOCKET), SocketError::Masked));
}

#[test]
fn a_fragmented_or_long_control_frame_is_1002() {
    for opcode in [CLOSE, PING, PONG] {
        let bytes = masked(opcode, b"");
        assert_broken(&bytes, SocketError::FragmentedControl, CloseCode::WEBSOCKET);
        let bytes = masked(FIN | opcode, &[0; 126]);
        assert_broken(&bytes, SocketError::LongControl { length: 126 }, CloseCode::WEBSOCKET);
    }
}

#[test]
fn a_continuation_of_nothing_is_1002() {
    for first in [CONTINUE, FIN | CONTINUE] {
        let bytes = masked(first, b"x");
        assert_broken(&bytes, SocketError::Continuation, CloseCode::WEBSOCKET);
    }
    let mut end = End::accepted();
    let whole = [masked(BINARY, b"a"), masked(FIN | CONTINUE, b"b")].concat();
    assert_eq!(end.take(&whole), Ok(vec![message(b"ab")]));
    assert_eq!(end.take(&masked(FIN | CONTINUE, b"c")), Err(SocketError::Continuation));
}

#[test]
fn a_new_message_inside_a_fragmented_one_is_1002() {
    for second in [BINARY, FIN | BINARY] {
        let bytes = [masked(BINARY, b"a"), masked(second, b"b")].concat();
        assert_broken(&bytes, SocketError::Interrupted, CloseCode::WEBSOCKET);
    }
}

#[test]
fn a_malformed_close_is_1002_and_is_not_answered_in_kind() {
    let one = masked(FIN | CLOSE, &[3]);
    assert_broken(&one, SocketError::HalfCloseCode, CloseCode::WEBSOCKET);
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535] {
        let bytes = masked(FIN | CLOSE, &close_with(code, ""));
        assert_broken(&bytes, SocketError::CloseCode { code }, CloseCode::WEBSOCKET);
    }
    let bytes = masked(FIN | CLOSE, &[0x03, 0xE8, 0xC3]);
    assert_broken(&bytes, SocketError::CloseReason, CloseCode::WEBSOCKET);
}

#[test]
fn each_code_that_may_be_sent_is_taken() {
    for code in [1000, 1001, 1002, 1003, 1007, 1010, 1011, 1014, 3000, 3999, 4000, 4999] {
        let mut end = End::accepted();
        let closed = Event::Closed(Some(CloseCode(code)), String::new());
        assert_eq!(end.take(&masked(FIN | CLOSE, &close_with(code, ""))), Ok(vec![closed]));
    }
}

#[test]
fn anything_after_the_close_is_an_error_that_nobody_is_told() {
    let close = masked(FIN | CLOSE, &close_with(1000, ""));
    for more in [&masked(FIN | BINARY, b"x")[..], &close, &[0]] {
        let mut end = End::accepted();
        assert_eq!(end.take(&close).unwrap().len(), 1);
        end.sent();
        assert_eq!(end.take(more), Err(SocketError::AfterClose));
        end.socket.close(CloseCode::WEBSOCKET, "", &mut end.out);
        assert!(end.out.is_empty());
    }
}

#[test]
fn what_is_printed_of_a_message_is_its_length() {
    assert_eq!(format!("{:?}", Incoming::Message(b"secret")), "Message(6 bytes)");
}
