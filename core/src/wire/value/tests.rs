//! Values, arguments and labels: read, made, and printed.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// RFC 8949 Appendix A, in the forms that a value may have.
#[test]
fn scalars_are_read_and_made_in_their_one_spelling() {
    let cases: &[(Scalar<'_>, &[u8])] = &[
        (Scalar::Integer(0), b"\x00"),
        (Scalar::Integer(24), b"\x18\x18"),
        (Scalar::Integer(u64::MAX.into()), b"\x1B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
        (Scalar::Integer(-1), b"\x20"),
        (Scalar::Integer(-1000), b"\x39\x03\xE7"),
        (Scalar::Integer(i64::MIN.into()), b"\x3B\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
        (Scalar::Float(1.5), b"\xF9\x3E\x00"),
        (Scalar::Float(1.0), b"\xF9\x3C\x00"),
        (Scalar::Float(100_000.0), b"\xFA\x47\xC3\x50\x00"),
        (Scalar::Float(1.1), b"\xFB\x3F\xF1\x99\x99\x99\x99\x99\x9A"),
        (Scalar::Float(f64::NEG_INFINITY), b"\xF9\xFC\x00"),
        (Scalar::Boolean(false), b"\xF4"),
        (Scalar::Boolean(true), b"\xF5"),
        (Scalar::Bytes(&[1, 2, 3, 4]), b"\x44\x01\x02\x03\x04"),
        (Scalar::Text("ü"), b"\x62\xC3\xBC"),
        (Scalar::Text(""), b"\x60"),
    ];
    for (scalar, bytes) in cases {
        let value = Value::parse(bytes).unwrap();
        assert!(value.scalar() == Some(*scalar), "{bytes:x?}");
        assert_eq!(ValueBuf::scalar(*scalar).unwrap().as_value(), value);
        assert_eq!(value.as_bytes(), *bytes);
        assert!(value.items().is_none() && value.entries().is_none());
    }
}

#[test]
fn numbers_that_no_value_can_hold_are_not_made_and_not_read() {
    for scalar in [
        Scalar::Float(f64::NAN),
        Scalar::Integer(i128::from(u64::MAX) + 1),
        Scalar::Integer(i128::from(i64::MIN) - 1),
    ] {
        assert_eq!(ValueBuf::scalar(scalar).map(drop), Err(ValueError::Range));
        assert_eq!(ArgumentsBuf::new().push(scalar).map(drop), Err(ValueError::Range));
        assert_eq!(ArgumentsBuf::new().named("a", scalar).map(drop), Err(ValueError::Range));
    }
    for nan in [
        &b"\xF9\x7E\x00"[..],
        b"\xFA\x7F\xC0\x00\x00",
        b"\xFB\xFF\xF8\0\0\0\0\0\0",
        b"\xF9\xFE\x01",
    ] {
        assert_eq!(Value::parse(nan), Err(WireError::NotANumber));
    }
    assert_eq!(Value::parse(b"\x3B\x80\0\0\0\0\0\0\0"), Err(WireError::Range));
}

#[test]
fn a_float_in_more_bytes_than_it_needs_is_refused() {
    for long in [
        &b"\xFA\x3F\xC0\x00\x00"[..],
        b"\xFB\x3F\xF8\0\0\0\0\0\0",
        b"\xFB\x40\xF8\x6A\0\0\0\0\0",
        b"\xFA\x7F\x80\x00\x00",
        b"\xFA\x80\x00\x00\x00",
    ] {
        assert_eq!(Value::parse(long), Err(WireError::NotShortest), "{long:x?}");
    }
}

#[test]
fn a_value_is_one_item_with_text_keys_in_order() {
    for (bytes, reason) in [
        (&b""[..], WireError::Short),
        (b"\x00\x00", WireError::Trailing),
        (b"\xF6", WireError::Simple),
        (b"\x82\x00\xF7", WireError::Simple),
        (b"\xA1\x00\x00", WireError::WrongType),
        (b"\xA1\x41a\x00", WireError::WrongType),
        (b"\xA2\x62aa\x00\x61b\x00", WireError::KeyOrder),
        (b"\xA2\x61b\x00\x61a\x00", WireError::KeyOrder),
        (b"\xA2\x61a\x00\x61a\x00", WireError::KeyOrder),
        (b"\x81\xA1\x61\xFF\x00", WireError::Utf8),
        (b"\xC2\x41\x01", WireError::Tag),
        (b"\x7F\xFF", WireError::Indefinite),
    ] {
        assert_eq!(Value::parse(bytes), Err(reason), "{bytes:x?}");
    }
}

/// What the hub says of its peers: an array of maps.
#[test]
fn arrays_and_maps_are_made_in_any_order_and_read_in_one() {
    let peer = |id, ready| {
        ValueBuf::map([("ready", ValueBuf::boolean(ready)), ("id", ValueBuf::text(id))]).unwrap()
    };
    let peers = ValueBuf::array([peer("web1", true), peer("web2", false)]).unwrap();
    let bytes = b"\x82\xA2\x62id\x64web1\x65ready\xF5\xA2\x62id\x64web2\x65ready\xF4";
    assert_eq!(peers.as_value().as_bytes(), bytes);
    let value = Value::parse(bytes).unwrap();
    assert!(value.scalar().is_none() && value.entries().is_none());
    let read: Vec<_> = value
        .items()
        .unwrap()
        .map(|peer| {
            let keys: Vec<_> = peer.entries().unwrap().map(|(key, _)| key).collect();
            assert_eq!(keys, ["id", "ready"]);
            (peer.entry("id").unwrap().text(), peer.entry("ready").unwrap().scalar())
        })
        .collect();
    assert_eq!(
        read,
        [(Some("web1"), Some(Scalar::Boolean(true))), (Some("web2"), Some(Scalar::Boolean(false)))]
    );
    assert_eq!(Value::parse(b"\x80").unwrap().items().unwrap().count(), 0);
    assert_eq!(Value::parse(b"\xA0").unwrap().entries().unwrap().count(), 0);
}

#[test]
fn a_key_stands_once_and_nesting_ends_at_its_bound() {
    let twice = [("a", ValueBuf::uint(1)), ("a", ValueBuf::uint(2))];
    assert_eq!(ValueBuf::map(twice).map(drop), Err(ValueError::Duplicate));
    let mut value = ValueBuf::uint(0);
    for _ in 0..5 {
        value = ValueBuf::from(value.as_value());
        value = ValueBuf::array([value]).unwrap();
    }
    assert_eq!(Value::parse(value.as_value().as_bytes()), Ok(value.as_value()));
    assert_eq!(ValueBuf::array([value.clone()]).map(drop), Err(ValueError::TooDeep));
    let copy = ValueBuf::from(value.as_value());
    assert_eq!(ValueBuf::map([("a", copy)]).map(drop), Err(ValueError::TooDeep));
}

#[test]
fn arguments_are_made_in_any_order_and_read_in_one() {
    let mut buf = ArgumentsBuf::new();
    assert!(buf.as_arguments().is_empty());
    assert_eq!(buf.as_arguments(), Arguments::default());
    buf.push_text("x").unwrap().named("to", Scalar::Integer(1)).unwrap();
    buf.named("a", Scalar::Boolean(true)).unwrap().push(Scalar::Float(0.5)).unwrap();
    let arguments = buf.as_arguments();
    let (positional, named) = arguments.as_bytes();
    assert_eq!(positional, b"\x82\x61x\xF9\x38\x00");
    assert_eq!(named, b"\xA2\x61a\xF5\x62to\x01");
    assert_eq!(Arguments::parse(positional, named), Ok(arguments));
    assert!(!arguments.is_empty());
    let read: Vec<_> = arguments.positional().map(|value| value.scalar().unwrap()).collect();
    assert_eq!(read, [Scalar::Text("x"), Scalar::Float(0.5)]);
    let read: Vec<_> = arguments.named().map(|(k, v)| (k, v.scalar().unwrap())).collect();
    assert_eq!(read, [("a", Scalar::Boolean(true)), ("to", Scalar::Integer(1))]);
    assert_eq!(ArgumentsBuf::from(arguments), buf);
}

#[test]
fn arguments_are_held_to_their_bounds_when_they_are_made() {
    let mut buf = ArgumentsBuf::new();
    assert_eq!(buf.named("", Scalar::Integer(0)).map(drop), Err(ValueError::Name));
    assert_eq!(buf.named(&"a".repeat(65), Scalar::Integer(0)).map(drop), Err(ValueError::Name));
    buf.named(&"a".repeat(64), Scalar::Integer(0)).unwrap();
    let again = buf.named(&"a".repeat(64), Scalar::Integer(1)).map(drop);
    assert_eq!(again, Err(ValueError::Duplicate));
    for _ in 0..63 {
        buf.push_text("").unwrap();
    }
    assert_eq!(buf.push_text("").map(drop), Err(ValueError::TooMany));
    assert_eq!(buf.named("b", Scalar::Integer(0)).map(drop), Err(ValueError::TooMany));
    let (positional, named) = buf.as_arguments().as_bytes();
    assert_eq!(Arguments::parse(positional, named), Ok(buf.as_arguments()));
}

#[test]
fn arguments_without_elements_have_no_bytes() {
    assert_eq!(Arguments::parse(b"", b""), Ok(Arguments::default()));
    assert_eq!(Arguments::parse(b"\x80", b""), Err(WireError::Range));
    assert_eq!(Arguments::parse(b"", b"\xA0"), Err(WireError::Range));
    assert_eq!(Arguments::parse(b"\xA0", b""), Err(WireError::WrongType));
    assert_eq!(Arguments::parse(b"\x81\x00\x00", b""), Err(WireError::Trailing));
    assert_eq!(Arguments::parse(b"", b"\xA1\x60\x00"), Err(WireError::Range));
    assert_eq!(Arguments::parse(b"", b"\xA2\x61b\x00\x61a\x00"), Err(WireError::KeyOrder));
}

#[test]
fn labels_are_read_and_made() {
    let labels: BTreeMap<_, _> = [("zone", "b"), ("rack", "7"), ("os", "")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
    let bytes = Labels::encode(&labels).unwrap();
    assert_eq!(bytes, b"\xA3\x62os\x60\x64rack\x617\x64zone\x61b");
    let read = Labels::parse(&bytes).unwrap();
    assert_eq!(read.as_bytes(), bytes);
    assert_eq!(read.iter().collect::<Vec<_>>(), [("os", ""), ("rack", "7"), ("zone", "b")]);
    for (bytes, reason) in [
        (&b"\xA0"[..], WireError::Range),
        (b"\xA1\x60\x60", WireError::Range),
        (b"\xA1\x61a\x01", WireError::WrongType),
        (b"\xA1\x00\x60", WireError::WrongType),
        (b"\xA2\x61b\x60\x61a\x60", WireError::KeyOrder),
    ] {
        assert_eq!(Labels::parse(bytes), Err(reason));
    }
}

#[test]
fn labels_are_held_to_their_bounds_when_they_are_made() {
    let labels = |n, key: usize, value: usize| {
        let label = |at: usize| (format!("{at:0key$}"), "v".repeat(value));
        Labels::encode(&(0..n).map(label).collect())
    };
    assert!(labels(32, 64, 1024).is_ok_and(|bytes| Labels::parse(&bytes).is_ok()));
    assert_eq!(labels(0, 1, 1), Err(ValueError::TooMany));
    assert_eq!(labels(33, 2, 1), Err(ValueError::TooMany));
    assert_eq!(labels(1, 65, 1), Err(ValueError::Name));
    assert_eq!(labels(1, 64, 1025), Err(ValueError::Range));
    let nameless = [(String::new(), String::new())].into();
    assert_eq!(Labels::encode(&nameless), Err(ValueError::Name));
}

proptest! {
    #[test]
    fn an_accepted_float_is_the_number_that_was_meant(value: f64) {
        prop_assume!(!value.is_nan());
        for value in [value, f64::from(value as f32)] {
            let item = ValueBuf::scalar(Scalar::Float(value)).unwrap();
            let bytes = item.as_value().as_bytes();
            let Some(Scalar::Float(read)) = Value::parse(bytes).unwrap().scalar() else {
                panic!("not a float");
            };
            prop_assert_eq!(read.to_bits(), value.to_bits());
        }
    }

    #[test]
    fn no_bytes_make_a_value_panic(bytes: Vec<u8>) {
        if let Ok(value) = Value::parse(&bytes) {
            prop_assert_eq!(value.as_bytes(), bytes.as_slice());
            prop_assert!(minicbor::Decoder::new(&bytes).skip().is_ok());
            let parts = value.items().into_iter().flatten().count()
                + value.entries().into_iter().flatten().count();
            prop_assert!(value.scalar().is_none() || parts == 0);
        }
        let _ = Labels::parse(&bytes);
        let _ = Arguments::parse(&bytes, &bytes);
    }
}
