//! Frames and bodies in their exact bytes, both ways.

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use super::samples::{
    AUTH_BODY, FULL_WELCOME_BODY, HELLO_BODY, LEAST_AUTH_BODY, REFRESH_BODY, WELCOME_BODY,
    auth_body, frames, hello_body, issued, least_auth_body, unhex, welcome_body,
};
use crate::buffer::Buffer;
use crate::id::CallId;
use crate::wire::frame::*;

#[test]
fn every_frame_has_exactly_its_bytes_both_ways() {
    for (name, frame, hex) in frames() {
        let mut bytes = Vec::new();
        frame.encode(&mut bytes);
        assert_eq!(HEXLOWER.encode(&bytes), hex, "{name}");
        assert_eq!(Frame::decode(&unhex(hex)), Ok(frame), "{name}");
    }
}

#[test]
fn every_body_has_exactly_its_bytes_both_ways() {
    assert_eq!(HEXLOWER.encode(&hello_body().encode()), HELLO_BODY);
    assert_eq!(HelloBody::decode(&unhex(HELLO_BODY)), Ok(hello_body()));
    assert_eq!(HEXLOWER.encode(&auth_body().encode()), AUTH_BODY);
    assert_eq!(AuthBody::decode(&unhex(AUTH_BODY)), Ok(auth_body()));
    assert_eq!(HEXLOWER.encode(&least_auth_body().encode()), LEAST_AUTH_BODY);
    assert_eq!(AuthBody::decode(&unhex(LEAST_AUTH_BODY)), Ok(least_auth_body()));
    assert_eq!(HEXLOWER.encode(&welcome_body().encode()), WELCOME_BODY);
    assert_eq!(WelcomeBody::decode(&unhex(WELCOME_BODY)), Ok(welcome_body()));
    let full = WelcomeBody { issued: Some(issued()), ..welcome_body() };
    assert_eq!(HEXLOWER.encode(&full.encode()), FULL_WELCOME_BODY);
    assert_eq!(WelcomeBody::decode(&unhex(FULL_WELCOME_BODY)), Ok(full));
    let refresh = RefreshBody { refresh: Zeroizing::new([0x99; 32]) };
    assert_eq!(HEXLOWER.encode(&refresh.encode()), REFRESH_BODY);
    assert_eq!(RefreshBody::decode(&unhex(REFRESH_BODY)), Ok(refresh));
}

#[test]
fn a_frame_goes_behind_what_a_buffer_holds_and_says_its_length_before() {
    for (name, frame, hex) in frames() {
        let mut buffer = Buffer::new();
        buffer.extend(b"before");
        frame.encode(&mut buffer);
        assert_eq!(buffer.filled(), [b"before", unhex(hex).as_slice()].concat(), "{name}");
        assert_eq!(frame.encoded_len(), buffer.len() - 6, "{name}");
    }
}

#[test]
fn every_frame_says_its_number_and_its_name() {
    for (name, frame, hex) in frames() {
        // The first byte is the array; the type is one byte, or 0x18 and one byte.
        let message = unhex(hex);
        let number = if message[1] == 0x18 { message[2] } else { message[1] };
        assert_eq!(frame.number(), number, "{name}");
        assert!(name.starts_with(frame.kind()), "{name}");
    }
    assert_eq!((Frame::Unknown(0x90).number(), Frame::Unknown(0x90).kind()), (0x90, "unknown"));
}

#[test]
fn methods_purposes_and_sources_are_found_by_their_numbers() {
    let names = Method::ALL.iter().map(|method| method.name());
    assert!(names.eq(["open", "secret", "join", "resume", "refresh", "pass"]));
    for (number, &method) in (0..).zip(Method::ALL) {
        assert_eq!(Method::from_number(number), Some(method));
    }
    assert_eq!(Method::from_number(6), None);
    assert_eq!(Purpose::from_number(1), Some(Purpose::Operate));
    assert_eq!(Purpose::from_number(2), None);
    assert_eq!(
        Purpose::ALL.iter().map(|purpose| purpose.name()).collect::<Vec<_>>(),
        ["serve", "operate"]
    );
    assert_eq!(OutputStream::from_number(0), None);
    assert_eq!(OutputStream::from_number(2), Some(OutputStream::Err));
}

#[test]
fn what_is_shown_of_a_later_start_stands_last_and_whatever_else_stands_there_is_no_error() {
    let shown = AuthBody { later: Some(b"a Hello".to_vec()), ..auth_body() };
    let hex = format!("aa{}188047612048656c6c6f", &AUTH_BODY[2..]);
    assert_eq!(HEXLOWER.encode(&shown.encode()), hex);
    assert_eq!(AuthBody::decode(&unhex(&hex)), Ok(shown));
    for other in ["00", "f5", "6161", "8100", "a10000"] {
        let hex = format!("aa{}1880{other}", &AUTH_BODY[2..]);
        assert_eq!(AuthBody::decode(&unhex(&hex)), Ok(auth_body()), "{other}");
    }
}

#[test]
fn who_only_claims_the_labels_stands_last_in_done_and_whatever_else_stands_there_is_no_error() {
    let done = |claimed| {
        Frame::Done(Done { id: CallId(9), answered: 1, failed: 2, missing: 300, claimed })
    };
    let hex = "821824a50009010102020319012c188003";
    let mut bytes = Vec::new();
    done(3).encode(&mut bytes);
    assert_eq!(HEXLOWER.encode(&bytes), hex);
    assert_eq!(Frame::decode(&unhex(hex)), Ok(done(3)));
    for other in ["00", "20", "f5", "6161", "8100", "a10000"] {
        let hex = format!("821824a50009010102020319012c1880{other}");
        assert_eq!(Frame::decode(&unhex(&hex)), Ok(done(0)), "{other}");
    }
}
