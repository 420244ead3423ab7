//! Each bound of the frames, at n and at n + 1.

use super::*;

/// Small bounds, so that each is reached quickly.
fn small() -> Limits {
    Limits {
        message_before_admission: 1000,
        fragments: 4,
        idle_frames: 3,
        pong_room: 200,
        ..Limits::default()
    }
}

fn accepted() -> End {
    End::pair(&small()).1
}

fn repeated(frame: Vec<u8>, count: usize) -> Vec<u8> {
    frame.repeat(count)
}

#[test]
fn a_message_of_the_limit_passes_and_one_byte_more_is_1009() {
    let mut end = accepted();
    assert_eq!(end.take(&masked(FIN | BINARY, &[1; 1000])), Ok(vec![message(&[1; 1000])]));
    let error = accepted().error(&masked(FIN | BINARY, &[1; 1001]));
    assert_eq!(error, SocketError::TooBig { length: 1001, limit: 1000 });
    assert_eq!(error.close_code(), Some(CloseCode::TOO_BIG));
}

#[test]
fn the_default_limits_are_16_kib_before_admission_and_what_is_set_after_it() {
    let mut end = End::accepted();
    let whole = masked(FIN | BINARY, &[1; 16 << 10]);
    assert_eq!(end.take(&whole).unwrap().len(), 1);
    end.socket.set_message_limit(1 << 20);
    assert_eq!(end.take(&masked(FIN | BINARY, &vec![1; 1 << 20])).unwrap().len(), 1);
    let limit = 1 << 20;
    let error = end.take(&head(FIN | BINARY, limit + 1, Some(KEY))).unwrap_err();
    assert_eq!(error, SocketError::TooBig { length: limit + 1, limit: 1 << 20 });
}

#[test]
fn a_message_too_big_is_refused_by_its_header_before_any_payload() {
    for length in [1001, 65_536, 1 << 40, (1 << 63) - 1] {
        let error = accepted().error(&head(FIN | BINARY, length, Some(KEY)));
        assert_eq!(error, SocketError::TooBig { length, limit: 1000 });
    }
}

#[test]
fn fragments_count_together_towards_the_message_limit() {
    let half = masked(BINARY, &[1; 500]);
    let mut end = accepted();
    let whole = [half.clone(), masked(FIN | CONTINUE, &[1; 500])].concat();
    assert_eq!(end.take(&whole), Ok(vec![message(&[1; 1000])]));
    let error = accepted().error(&[half, head(CONTINUE, 501, Some(KEY))].concat());
    assert_eq!(error, SocketError::TooBig { length: 1001, limit: 1000 });
}

#[test]
fn a_message_of_the_last_allowed_fragment_passes_and_one_more_is_4008() {
    let start = masked(BINARY, b"a");
    let more = masked(CONTINUE, b"b");
    let last = masked(FIN | CONTINUE, b"c");
    let four = [start.clone(), repeated(more.clone(), 2), last.clone()].concat();
    let mut end = accepted();
    // The count begins anew with each message.
    assert_eq!(end.take(&repeated(four, 3)), Ok(vec![message(b"abbc"); 3]));
    let error = accepted().error(&[start, repeated(more, 3), last].concat());
    assert_eq!(error, SocketError::Fragments { limit: 4 });
    assert_eq!(error.close_code(), Some(CloseCode::RATE_LIMITED));
}

#[test]
fn pings_pongs_and_empty_frames_are_counted_between_whole_messages() {
    let idle = [
        masked(FIN | PING, b"p"),
        masked(FIN | PONG, b"p"),
        masked(FIN | BINARY, b""),
        [masked(BINARY, b""), masked(FIN | CONTINUE, b"x")].concat(),
    ];
    for one in &idle[..3] {
        let mut end = accepted();
        assert!(end.take(&repeated(one.clone(), 3)).is_ok());
        // A message with a byte in it starts the count anew.
        assert!(end.take(&masked(FIN | BINARY, b"x")).is_ok());
        assert!(end.take(&repeated(one.clone(), 3)).is_ok());
        let error = end.take(one).unwrap_err();
        assert_eq!(error, SocketError::IdleFrames { limit: 3 });
        assert_eq!(error.close_code(), Some(CloseCode::RATE_LIMITED));
    }
    // An empty fragment counts; the message that it ends in resets.
    let mut end = accepted();
    assert!(end.take(&repeated(masked(FIN | PING, b""), 2)).is_ok());
    assert!(end.take(&repeated(idle[3].clone(), 5)).is_ok());
    assert!(end.take(&repeated(masked(FIN | PING, b""), 3)).is_ok());
    assert_eq!(end.take(&masked(BINARY, b"")), Err(SocketError::IdleFrames { limit: 3 }));
    let mut end = accepted();
    let empty = [masked(BINARY, b""), repeated(masked(CONTINUE, b""), 2)].concat();
    assert_eq!(end.take(&empty), Ok(vec![]));
    assert_eq!(end.take(&masked(CONTINUE, b"")), Err(SocketError::IdleFrames { limit: 3 }));
}

#[test]
fn an_idle_frame_that_is_not_whole_is_counted_once() {
    let mut end = accepted();
    let pings = repeated(masked(FIN | PING, b"abc"), 3);
    for byte in pings {
        assert_eq!(end.take(&[byte]), Ok(vec![]));
    }
}

#[test]
fn a_close_is_taken_where_no_ping_would_be() {
    let mut end = accepted();
    assert!(end.take(&repeated(masked(FIN | PING, b""), 3)).is_ok());
    assert_eq!(end.take(&masked(FIN | CLOSE, b"")).unwrap().len(), 1);
}

#[test]
fn pings_stay_unanswered_while_their_sender_reads_nothing() {
    let mut end = accepted();
    // 125 bytes take 127 on the way back: one fits below the 200, the second goes over, the third
    // finds no room.
    assert!(end.take(&repeated(masked(FIN | PING, &[1; 125]), 3)).is_ok());
    assert_eq!(end.sent(), repeated(bare(FIN | PONG, &[1; 125]), 2));
    for (waiting, answered) in [(199, 2), (200, 0)] {
        let mut end = accepted();
        end.out.extend(&vec![0; waiting]);
        assert!(end.take(&masked(FIN | PING, b"")).is_ok());
        assert_eq!(end.out.len(), waiting + answered);
    }
}

#[test]
fn the_room_that_is_wanted_is_enough_for_the_largest_message() {
    let limits = Limits { message_before_admission: 70_000, ..Limits::default() };
    let (_, mut end) = End::pair(&limits);
    let largest = masked(FIN | BINARY, &[1; 70_000]);
    assert_eq!(end.socket.wants(), largest.len());
    end.socket.set_message_limit(80_000);
    assert_eq!(end.socket.wants(), 80_014);
    // A control frame is allowed even where messages are smaller.
    end.socket.set_message_limit(0);
    assert!(end.socket.wants() >= masked(FIN | PING, &[1; 125]).len());
    assert_eq!(end.take(&masked(FIN | PING, &[1; 125])), Ok(vec![]));
}
