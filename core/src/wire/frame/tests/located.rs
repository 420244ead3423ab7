//! Where a message stops being a frame.

use super::samples::{all, frame_again};
use crate::wire::frame::{AuthBody, Frame, HelloBody, WelcomeBody};
use crate::wire::{FrameMisread, WireError};

#[test]
fn the_item_that_is_wrong_is_named_by_its_first_byte() {
    for (message, error, at) in [
        (&b"\x82\x10\xA1\x00"[..], WireError::Short, 4),
        (b"\x82\x10\xA1\x00\x18\x01", WireError::NotShortest, 4),
        (b"\x82\x10\xA1\x00\xF6", WireError::Simple, 4),
        (b"\x82\x10\xA2\x00\x01\x05\x00", WireError::UnknownKey(5), 5),
        (b"\x82\x10\xA2\x00\x01\x00\x01", WireError::KeyOrder, 5),
        (b"\x82\x10\xA1\x00\x01\xFF", WireError::Trailing, 5),
        (b"\x82\x05\xA0", WireError::UnknownFrame(5), 1),
        (b"\x82\x10\xA0", WireError::MissingKey(0), 2),
        (b"\x82\x18\x25\xA2\x00\x01\x01\x66abc", WireError::Short, 7),
        (b"", WireError::Short, 0),
    ] {
        assert_eq!(Frame::examine(message), Err(FrameMisread { error, at }), "{message:02X?}");
    }
}

#[test]
fn a_body_is_counted_from_its_own_first_byte() {
    let missing = FrameMisread { error: WireError::MissingKey(0), at: 0 };
    assert_eq!(HelloBody::examine(b"\xA0"), Err(missing));
    assert_eq!(AuthBody::examine(b"\xA0"), Err(missing));
    assert_eq!(WelcomeBody::examine(b"\xA0"), Err(missing));
    let wrong = FrameMisread { error: WireError::WrongType, at: 2 };
    assert_eq!(AuthBody::examine(b"\xA1\x00\x40"), Err(wrong));
}

#[test]
fn both_ways_of_reading_agree_on_every_cut_of_every_frame() {
    let mut tried = 0;
    for sample in all().into_iter().filter(|sample| Frame::decode(&sample.bytes).is_ok()) {
        assert!(Frame::examine(&sample.bytes).is_ok(), "{}", sample.name);
        for len in 0..sample.bytes.len() {
            let cut = &sample.bytes[..len];
            let misread = Frame::examine(cut).unwrap_err();
            assert_eq!(frame_again(cut), Err(misread.error), "{} cut to {len}", sample.name);
            assert!(misread.at <= len, "{} cut to {len}: {misread}", sample.name);
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
}
