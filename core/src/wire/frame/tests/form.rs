//! Each rule of form, held against every place of every sample.

use super::samples::{Sample, all, bytes, frame_again};
use super::tree::Item;
use crate::wire::WireError;
use crate::wire::frame::Frame;

const NULL: &[u8] = &[0xF6];

/// Changes every place of every sample as `change` says, and gives what came of it to `judge`.
fn everywhere(
    change: impl Fn(&Item) -> Vec<Item>,
    mut judge: impl FnMut(&Sample, &Item, Result<Vec<u8>, WireError>),
) {
    let mut tried = 0;
    for sample in all() {
        for tree in Item::parse(&sample.bytes).changed(&change) {
            judge(&sample, &tree, (sample.again)(&tree.bytes()));
            tried += 1;
        }
    }
    assert!(tried > 0, "nothing was changed");
}

/// Every changed place is refused, and for this reason.
fn refused_everywhere(change: impl Fn(&Item) -> Vec<Item>, reason: WireError) {
    everywhere(change, |sample, tree, outcome| {
        assert_eq!(outcome, Err(reason), "{}: {tree:?}", sample.name);
    });
}

/// A change of the maps with unsigned keys.
fn of_fields(
    change: impl Fn(&[(Item, Item)]) -> Vec<Vec<(Item, Item)>>,
) -> impl Fn(&Item) -> Vec<Item> {
    move |item| match item.fields() {
        Some(fields) => change(fields).into_iter().map(Item::Map).collect(),
        None => vec![],
    }
}

/// The fields, and these keys with these values behind them.
fn with(fields: &[(Item, Item)], more: &[(u64, &[u8])]) -> Vec<(Item, Item)> {
    let more = more.iter().map(|(key, value)| (Item::Uint(*key), Item::Raw(value.to_vec())));
    fields.iter().cloned().chain(more).collect()
}

#[test]
fn every_sample_comes_out_as_it_went_in() {
    for sample in all() {
        assert_eq!((sample.again)(&sample.bytes), Ok(sample.bytes.clone()), "{}", sample.name);
    }
}

#[test]
fn an_unknown_key_below_0x80_is_refused_in_every_map() {
    for key in [0x0B, 0x7F] {
        refused_everywhere(
            of_fields(|fields| vec![with(fields, &[(key, &[0])])]),
            WireError::UnknownKey(key),
        );
    }
}

#[test]
fn unknown_keys_from_0x80_are_skipped_in_every_map() {
    // {0x80: [1.5, {1: h'00', "a": true}, -1], 2^64 - 1: 0}
    let anything = b"\x83\xF9\x3E\x00\xA2\x01\x41\x00\x61a\xF5\x20";
    everywhere(
        of_fields(|fields| vec![with(fields, &[(0x80, anything), (u64::MAX, &[0])])]),
        |sample, tree, outcome| {
            assert_eq!(outcome, Ok(sample.bytes.clone()), "{}: {tree:?}", sample.name);
        },
    );
}

#[test]
fn what_is_skipped_is_read_as_strictly_as_the_rest() {
    for (value, reason) in [
        (NULL, WireError::Simple),
        (b"\x18\x17", WireError::NotShortest),
        (b"\xFA\x3F\xC0\x00\x00", WireError::NotShortest),
        (b"\xF9\x7E\x00", WireError::NotANumber),
        (b"\x9F\xFF", WireError::Indefinite),
        (b"\xC0\x00", WireError::Tag),
        (b"\x61\xFF", WireError::Utf8),
        (b"\xA2\x01\x00\x01\x00", WireError::KeyOrder),
        (b"\xA2\x61a\x00\x01\x00", WireError::KeyOrder),
        (b"\xA1\x20\x00", WireError::WrongType),
        (b"\x1C", WireError::Reserved),
        (b"\x3B\x80\x00\x00\x00\x00\x00\x00\x00", WireError::Range),
    ] {
        refused_everywhere(of_fields(|fields| vec![with(fields, &[(0x80, value)])]), reason);
    }
}

#[test]
fn unknown_keys_are_held_to_order_too() {
    for keys in [[0x81, 0x80], [0x80, 0x80], [0x80, 0x0B]] {
        let more: [(u64, &[u8]); 2] = keys.map(|key| (key, [0].as_slice()));
        refused_everywhere(of_fields(|fields| vec![with(fields, &more)]), WireError::KeyOrder);
    }
}

#[test]
fn a_key_that_stands_twice_is_refused_in_every_map() {
    let twice = |fields: &[(Item, Item)]| {
        let copy = |at: usize| [&fields[..=at], &fields[at..]].concat();
        (0..fields.len()).map(copy).collect()
    };
    refused_everywhere(of_fields(twice), WireError::KeyOrder);
}

#[test]
fn keys_that_do_not_rise_are_refused_in_every_map() {
    let swapped = |fields: &[(Item, Item)]| {
        let swap = |at: usize| {
            let mut fields = fields.to_vec();
            fields.swap(at - 1, at);
            fields
        };
        (1..fields.len()).map(swap).collect()
    };
    everywhere(of_fields(swapped), |sample, tree, outcome| {
        // The earlier key is missing where it is looked for, or late where it may be absent.
        let refused = matches!(outcome, Err(WireError::KeyOrder | WireError::MissingKey(_)));
        assert!(refused, "{}: {tree:?}: {outcome:?}", sample.name);
    });
}

#[test]
fn only_the_optional_keys_may_be_left_out() {
    let mut absent = Vec::new();
    for sample in all() {
        let without = |fields: &[(Item, Item)]| {
            let leave = |at: usize| [&fields[..at], &fields[at + 1..]].concat();
            (0..fields.len()).map(leave).collect()
        };
        let whole = Item::parse(&sample.bytes);
        let keys = whole.changed(&of_fields(|fields| {
            fields.iter().map(|(key, _)| vec![(key.clone(), Item::Uint(0))]).collect()
        }));
        for (tree, key) in whole.changed(&of_fields(without)).into_iter().zip(keys) {
            let key = last_single_key(&key);
            match (sample.again)(&tree.bytes()) {
                Ok(again) => {
                    assert_eq!(again, tree.bytes(), "{} without {key}", sample.name);
                    absent.push(format!("{} {key}", sample.name));
                }
                Err(WireError::MissingKey(missing)) => {
                    assert_eq!(missing, key, "{}", sample.name);
                }
                // Empty input without its end is no input.
                Err(reason) => {
                    assert_eq!((sample.name, key, reason), ("input, end", 3, WireError::Range));
                }
            }
        }
    }
    assert_eq!(
        absent,
        [
            "refuse 3",
            "register 3",
            "register 3",
            "call 3",
            "call 4",
            "call, detached 7",
            "result, exited 1",
            "result, signalled 1",
            "result, signalled 5",
            "result, failed 7",
            "deny 0",
            "deny 3",
            "goaway 2",
            "auth body 2",
            "auth body 3",
            "auth body 4",
            "auth body 5",
            "auth body 7",
            "auth body 8",
            "welcome body 4",
            "full welcome body 4",
            "full welcome body 7",
        ]
    );
}

/// The key of the map `{key: 0}` somewhere in `tree`, which a test put there.
fn last_single_key(tree: &Item) -> u64 {
    fn find(tree: &Item) -> Option<u64> {
        match tree {
            Item::Array(elements) => elements.iter().find_map(find),
            Item::Map(entries) => match entries.as_slice() {
                [(Item::Uint(key), Item::Uint(0))] => Some(*key),
                entries => entries.iter().find_map(|(_, value)| find(value)),
            },
            Item::Uint(_) | Item::Bytes(_) | Item::Text(_) | Item::Raw(_) => None,
        }
    }
    find(tree).unwrap()
}

#[test]
fn null_undefined_and_other_simple_values_are_refused_in_every_place() {
    for simple in [NULL, &[0xF7], &[0xE0], &[0xF8, 0xFF], &[0xF8, 0x14]] {
        refused_everywhere(|_| vec![Item::Raw(simple.to_vec())], WireError::Simple);
    }
}

#[test]
fn a_tag_is_refused_in_every_place() {
    refused_everywhere(|item| vec![Item::Raw([vec![0xC1], item.bytes()].concat())], WireError::Tag);
}

#[test]
fn a_reserved_initial_byte_is_refused_in_every_place() {
    for initial in [0x1C, 0x5D, 0x7E, 0x9C, 0xBD, 0xDE, 0xFC] {
        refused_everywhere(|_| vec![Item::Raw(vec![initial])], WireError::Reserved);
    }
}

#[test]
fn an_indefinite_length_is_refused_in_every_place() {
    let indefinite = |item: &Item| {
        let content = |of: &Item| of.bytes()[1..].to_vec();
        let bytes = match item {
            Item::Bytes(_) => [vec![0x5F], item.bytes(), vec![0xFF]].concat(),
            Item::Text(_) => [vec![0x7F], item.bytes(), vec![0xFF]].concat(),
            Item::Array(_) => [vec![0x9F], content(item), vec![0xFF]].concat(),
            Item::Map(_) => [vec![0xBF], content(item), vec![0xFF]].concat(),
            Item::Uint(_) | Item::Raw(_) => vec![0xFF],
        };
        vec![Item::Raw(bytes)]
    };
    refused_everywhere(indefinite, WireError::Indefinite);
}

#[test]
fn a_number_or_a_length_in_a_longer_form_is_refused_in_every_place() {
    let longer = |item: &Item| {
        let bytes = item.bytes();
        let (initial, rest) = bytes.split_first().unwrap();
        let (major, info) = (initial & 0xE0, initial & 0x1F);
        let head = match info {
            _ if major == 0xE0 => return vec![],
            ..24 => vec![major | 24, info],
            24 => vec![major | 25, 0],
            25 => vec![major | 26, 0, 0],
            26 => vec![major | 27, 0, 0, 0, 0],
            _ => return vec![],
        };
        vec![Item::Raw([head, rest.to_vec()].concat())]
    };
    refused_everywhere(longer, WireError::NotShortest);
}

#[test]
fn text_that_is_not_utf8_is_refused_in_every_place() {
    let broken = |item: &Item| match item {
        // A surrogate, spelled as three bytes.
        Item::Text(_) => vec![Item::Raw(b"\x63\xED\xA0\x80".to_vec())],
        _ => vec![],
    };
    refused_everywhere(broken, WireError::Utf8);
}

#[test]
fn every_cut_is_short_and_every_byte_more_is_trailing() {
    for sample in all() {
        for len in 0..sample.bytes.len() {
            let outcome = (sample.again)(&sample.bytes[..len]);
            assert_eq!(outcome, Err(WireError::Short), "{} cut to {len}", sample.name);
        }
        for more in [0x00, 0xF6, 0xFF] {
            let outcome = (sample.again)(&[sample.bytes.as_slice(), &[more]].concat());
            assert_eq!(outcome, Err(WireError::Trailing), "{}", sample.name);
        }
    }
}

/// Puts `value` in place of every field, and returns where that was accepted.
fn accepted_in_place_of_fields(value: &[u8]) -> Vec<String> {
    let mut accepted = Vec::new();
    let instead = |fields: &[(Item, Item)]| {
        let replace = |at: usize| {
            let mut fields = fields.to_vec();
            fields[at].1 = Item::Raw(value.to_vec());
            fields
        };
        (0..fields.len()).map(replace).collect()
    };
    everywhere(of_fields(instead), |sample, tree, outcome| match outcome {
        Ok(again) => {
            assert_eq!(again, tree.bytes());
            accepted.push(sample.name.to_owned());
        }
        Err(reason) => assert_eq!(reason, WireError::WrongType, "{}: {tree:?}", sample.name),
    });
    accepted
}

#[test]
fn floats_booleans_and_negative_integers_stand_only_where_they_are_asked_for() {
    // 1.5: a value. -1: an exit code, a value. true: two flags of register, end of input, a value.
    assert_eq!(accepted_in_place_of_fields(&[0xF9, 0x3E, 0x00]), ["result, signalled"]);
    assert_eq!(accepted_in_place_of_fields(&[0x20]), ["result, exited", "result, signalled"]);
    assert_eq!(
        accepted_in_place_of_fields(&[0xF5]),
        ["register", "register", "result, signalled", "input, end"]
    );
}

#[test]
fn a_key_that_is_not_an_unsigned_integer_is_refused_in_every_map() {
    for key in [&[0x20], &[0x40], &[0x60], &[0x80], &[0xA0], &[0xF4]] {
        let first = |fields: &[(Item, Item)]| {
            let mut fields = fields.to_vec();
            fields[0].0 = Item::Raw(key.to_vec());
            vec![fields]
        };
        refused_everywhere(of_fields(first), WireError::WrongType);
    }
}

#[test]
fn text_keys_rise_in_the_order_of_their_encoding() {
    let swapped = |item: &Item| match item {
        Item::Map(entries) if item.fields().is_none() && entries.len() > 1 => {
            vec![
                Item::Map(entries.iter().rev().cloned().collect()),
                Item::Map([&entries[..1], &entries[..1]].concat()),
            ]
        }
        _ => vec![],
    };
    // The named arguments of the call, and the labels of the peer.
    refused_everywhere(swapped, WireError::KeyOrder);
}

#[test]
fn what_is_skipped_fills_the_depth_of_a_frame_and_no_more() {
    let nested = |levels: usize| [vec![0x81; levels - 1], vec![0x80]].concat();
    let ping = |value: &[u8]| [b"\x82\x10\xA2\x00\x01\x18\x80", value].concat();
    assert_eq!(frame_again(&ping(&nested(6))), Ok(bytes("ping")));
    assert_eq!(frame_again(&ping(&nested(7))), Err(WireError::TooDeep));
    assert_eq!(frame_again(&ping(&nested(200_000))), Err(WireError::TooDeep));
    // A declared argument stands in six: frame, body, commands, command, arguments, itself.
    let argument = |value: &[u8]| {
        [b"\x82\x12\xA1\x00\x81\xA3\x00\x61c\x01\x60\x02\x81\xA3\x00\x61a\x01\x00\x18\x80", value]
            .concat()
    };
    assert!(Frame::decode(&argument(&nested(2))).is_ok());
    assert_eq!(Frame::decode(&argument(&nested(3))), Err(WireError::TooDeep));
}

#[test]
fn every_type_is_known_or_refused_below_0x80_and_ignored_above() {
    let known = [
        0x01, 0x02, 0x03, 0x04, 0x10, 0x11, 0x12, 0x13, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26,
        0x27, 0x40, 0x41, 0x50, 0x51,
    ];
    for number in 0..=u8::MAX {
        let frame = |parts: &[&[u8]]| {
            let raw = parts.iter().map(|part| Item::Raw(part.to_vec()));
            Item::Array([Item::Uint(number.into())].into_iter().chain(raw).collect()).bytes()
        };
        let body = frame(&[b"\xA1\x00\x00"]);
        let proved = frame(&[b"\x40", b"\x40"]);
        match number {
            0x80.. => {
                assert_eq!(Frame::decode(&body), Ok(Frame::Unknown(number)));
                assert_eq!(Frame::decode(&proved), Ok(Frame::Unknown(number)));
                assert_eq!(Frame::decode(&frame(&[])), Err(WireError::WrongLength));
                assert_eq!(Frame::decode(&frame(&[b"\x40"])), Err(WireError::WrongType));
                assert_eq!(Frame::decode(&frame(&[b"\xA1\x00\xF6"])), Err(WireError::Simple));
                let twice = frame(&[b"\xA2\x00\x00\x00\x00"]);
                assert_eq!(Frame::decode(&twice), Err(WireError::KeyOrder));
            }
            _ if known.contains(&number) => {
                let other = if matches!(number, ..0x04 | 0x40) { body } else { proved };
                assert_eq!(Frame::decode(&other), Err(WireError::WrongLength), "{number:#x}");
            }
            _ => {
                assert_eq!(Frame::decode(&body), Err(WireError::UnknownFrame(number)));
                assert_eq!(Frame::decode(&proved), Err(WireError::UnknownFrame(number)));
            }
        }
    }
    assert_eq!(Frame::decode(b"\x82\x19\x01\x00\xA0"), Err(WireError::Range));
    assert_eq!(Frame::decode(b"\x80"), Err(WireError::WrongLength));
    assert_eq!(Frame::decode(b"\x84\x10\xA1\x00\x01\x00\x00"), Err(WireError::TooMany));
    assert_eq!(Frame::decode(b"\xA1\x10\xA0"), Err(WireError::WrongType));
}
