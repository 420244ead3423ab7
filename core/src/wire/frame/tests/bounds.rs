//! Each bound at n, where it is read, and at n + 1, where it is refused.

use super::samples::{auth_body, command, hello_body, welcome_body};
use super::tree::Item;
use crate::id::Pin;
use crate::wire::WireError;
use crate::wire::bounds::*;
use crate::wire::frame::*;
use crate::wire::value::{Arguments, Labels, Value};

/// Whether `make(n)` is read, and `make(n + 1)` refused as too much.
fn holds<T>(
    n: usize,
    read: impl Fn(&[u8]) -> Result<T, WireError>,
    make: impl Fn(usize) -> Vec<u8>,
) {
    assert_eq!(read(&make(n)).map(drop), Ok(()), "at {n}");
    assert_eq!(read(&make(n + 1)).map(drop), Err(WireError::TooMany), "at {n} + 1");
}

fn frame(bytes: &[u8]) -> Result<(), WireError> {
    Frame::decode(bytes).map(drop)
}

fn text(len: usize) -> Item {
    Item::Text("a".repeat(len))
}

/// `[number, {0: …, 1: …, …}]`, with what is `None` absent.
fn body(number: u64, fields: &[Option<Item>]) -> Vec<u8> {
    Item::Array(vec![Item::Uint(number), map(fields)]).bytes()
}

fn map(fields: &[Option<Item>]) -> Item {
    let fields =
        (0..).zip(fields).filter_map(|(key, value)| Some((Item::Uint(key), value.clone()?)));
    Item::Map(fields.collect())
}

/// Names of one length, rising.
fn name(number: usize) -> Item {
    Item::Text(format!("n{number:06}"))
}

fn list(elements: impl Iterator<Item = Item>) -> Option<Item> {
    Some(Item::Array(elements.collect()))
}

const ZERO: Option<Item> = Some(Item::Uint(0));

fn register(description: usize, arguments: Option<Item>) -> Vec<u8> {
    let command = map(&[Some(name(0)), Some(text(description)), arguments]);
    body(0x12, &[list([command].into_iter())])
}

fn argument(name: Item) -> Item {
    map(&[Some(name), ZERO])
}

fn choice(choices: impl Iterator<Item = Item>) -> Option<Item> {
    let argument = map(&[Some(text(1)), Some(Item::Uint(4)), list(choices)]);
    list([argument].into_iter())
}

fn call(target: Item, positional: Option<Item>, named: Option<Item>) -> Vec<u8> {
    body(0x20, &[ZERO, Some(target), Some(text(1)), positional, named, ZERO, ZERO])
}

#[test]
fn texts_end_at_their_bound() {
    let long = |len| Some(text(len));
    let code = || Some(Item::Text("full".to_owned()));
    holds(TEXT, frame, |n| body(0x04, &[code(), long(n), ZERO]));
    holds(TEXT, frame, |n| body(0x51, &[code(), long(n)]));
    holds(TEXT, frame, |n| body(0x25, &[ZERO, long(n)]));
    holds(TEXT, frame, |n| body(0x50, &[None, code(), long(n), None, long(0)]));
    holds(TEXT, frame, |n| body(0x50, &[None, code(), long(0), long(n), long(0)]));
    holds(TEXT, frame, |n| body(0x50, &[None, code(), long(0), None, long(n)]));
    let failed = Some(Item::Uint(2));
    holds(TEXT, frame, |n| {
        body(0x23, &[ZERO, None, failed.clone(), None, None, None, code(), long(n)])
    });
    holds(TEXT, frame, |n| register(n, list([].into_iter())));
    holds(TEXT, frame, |n| register(0, choice([text(n)].into_iter())));
}

#[test]
fn names_end_at_their_bound() {
    holds(NAME, frame, |n| body(0x04, &[Some(text(n)), Some(text(0)), ZERO]));
    holds(NAME, frame, |n| register(0, list([argument(text(n))].into_iter())));
    let named = |key| Some(Item::Map(vec![(key, Item::Uint(0))]));
    holds(NAME, frame, |n| call(text(1), None, named(text(n))));
    holds(NAME, frame, |n| call(text(n), None, None));
    assert_eq!(frame(&call(text(1), None, named(text(0)))), Err(WireError::Range));
    assert_eq!(frame(&register(0, list([argument(text(0))].into_iter()))), Err(WireError::Range));
}

#[test]
fn lists_end_at_their_bound() {
    let names = |n| list((0..n).map(name));
    holds(PEERS, frame, |n| body(0x21, &[ZERO, names(n), names(0)]));
    holds(PEERS, frame, |n| body(0x21, &[ZERO, names(0), names(n)]));
    let command = |number| map(&[Some(name(number)), Some(text(0)), names(0)]);
    holds(COMMANDS, frame, |n| body(0x12, &[list((0..n).map(command))]));
    holds(ARGUMENTS, frame, |n| register(0, list((0..n).map(name).map(argument))));
    holds(CHOICES, frame, |n| register(0, choice((0..n).map(name))));
    holds(METHODS, HelloBody::decode, |n| {
        HelloBody { methods: (0..n as u64).collect(), ..hello_body() }.encode()
    });
    holds(TLS_KEYS, HelloBody::decode, |n| {
        HelloBody { tls_keys: (0..n as u8).map(|b| Pin([b; 32])).collect(), ..hello_body() }
            .encode()
    });
    holds(CAPABILITIES, WelcomeBody::decode, |n| {
        let names = (0..n).map(|number| command_named(&format!("n{number:06}")));
        WelcomeBody { capabilities: names.collect(), ..welcome_body() }.encode()
    });
}

fn command_named(name: &str) -> crate::capability::Capability {
    crate::capability::Capability::CallNamed(command(name))
}

#[test]
fn positional_and_named_arguments_share_one_bound() {
    let positional = |n| list((0..n).map(|_| Item::Uint(0)));
    let named = |n| Some(Item::Map((0..n).map(|at| (name(at), Item::Uint(0))).collect()));
    holds(ARGUMENTS, frame, |n| call(text(1), positional(n), None));
    holds(ARGUMENTS, frame, |n| call(text(1), None, named(n)));
    holds(ARGUMENTS, frame, |n| call(text(1), positional(n - 9), named(9)));
    holds(
        ARGUMENTS,
        |bytes| {
            let (positional, named) = bytes.split_at(bytes.len() - 2 - 8);
            Arguments::parse(positional, named).map(drop)
        },
        |n| [positional(n - 1).unwrap().bytes(), named(1).unwrap().bytes()].concat(),
    );
}

#[test]
fn labels_end_at_their_bounds() {
    let labels = |n: usize, key: fn(usize) -> Item, value: usize| {
        Item::Map((0..n).map(|at| (key(at), text(value))).collect())
    };
    holds(LABELS, frame, |n| call(labels(n, name, 0), None, None));
    holds(LABELS, |bytes| Labels::parse(bytes).map(drop), |n| labels(n, name, 0).bytes());
    holds(TEXT, |bytes| Labels::parse(bytes).map(drop), |n| labels(1, name, n).bytes());
    let key = |n| Item::Map(vec![(text(n), text(0))]).bytes();
    holds(NAME, |bytes| Labels::parse(bytes).map(drop), key);
    assert_eq!(Labels::parse(&key(0)), Err(WireError::Range));
    holds(LABELS, AuthBody::decode, |n| {
        let labels = (0..n).map(|at| (format!("n{at:06}"), String::new())).collect();
        AuthBody { labels, ..auth_body() }.encode()
    });
}

#[test]
fn the_agent_ends_at_its_bound() {
    holds(AGENT, AuthBody::decode, |n| {
        let fields = [ZERO, ZERO, None, None, None, None, Some(text(n))];
        map(&fields).bytes()
    });
}

#[test]
fn a_value_nests_five_deep_wherever_it_stands() {
    let nested = |levels: usize| [vec![0x81; levels - 1], vec![0x80]].concat();
    let item = |levels| Item::Raw(nested(levels));
    let deep = Err(WireError::TooDeep);
    assert_eq!(Value::parse(&nested(VALUE_DEPTH)).map(drop), Ok(()));
    assert_eq!(Value::parse(&nested(VALUE_DEPTH + 1)).map(drop), deep);
    let positional = |levels| call(text(1), list([item(levels)].into_iter()), None);
    assert_eq!(frame(&positional(VALUE_DEPTH)), Ok(()));
    assert_eq!(frame(&positional(VALUE_DEPTH + 1)), deep);
    let named = |levels| call(text(1), None, Some(Item::Map(vec![(text(1), item(levels))])));
    assert_eq!(frame(&named(VALUE_DEPTH)), Ok(()));
    assert_eq!(frame(&named(VALUE_DEPTH + 1)), deep);
    let result = |levels| body(0x23, &[ZERO, None, ZERO, ZERO, None, Some(item(levels))]);
    assert_eq!(frame(&result(VALUE_DEPTH)), Ok(()));
    assert_eq!(frame(&result(VALUE_DEPTH + 1)), deep);
}

#[test]
fn a_count_that_the_bytes_cannot_hold_is_short_and_costs_nothing() {
    for huge in
        [&b"\x9B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"[..], b"\x5B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"]
    {
        assert_eq!(Value::parse(huge), Err(WireError::Short));
    }
    assert_eq!(
        Frame::decode(b"\x82\x10\xBB\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x00\x01"),
        Err(WireError::Short)
    );
    assert_eq!(
        Frame::decode(b"\x82\x18\x21\xA3\x00\x00\x01\x9B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
        Err(WireError::TooMany)
    );
}
