//! What holds for every frame, and for every message whatever its bytes.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use zeroize::Zeroizing;

use super::samples::{all, frame_again};
use super::tree::Item;
use crate::capability::Capability;
use crate::code::{Code, TABLE, Use};
use crate::id::{CallId, CommandName, Nonce, PeerId, Pin, PublicKey, SessionId};
use crate::wire::WireError;
use crate::wire::frame::*;
use crate::wire::value::{Arguments, ArgumentsBuf, Labels, Scalar, Value, ValueBuf};

/// Frames borrow. What an arbitrary one borrows is leaked, so that it can be a strategy's value.
fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn text() -> impl Strategy<Value = &'static str> {
    ".{0,40}".prop_map(|text: String| &*text.leak())
}

fn bytes(len: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = &'static [u8]> {
    vec(any::<u8>(), len).prop_map(|bytes| &*bytes.leak())
}

fn command() -> impl Strategy<Value = CommandName> {
    "[a-z0-9][a-z0-9._-]{0,63}".prop_map(|name| name.parse().unwrap())
}

fn peer() -> impl Strategy<Value = PeerId> {
    "[a-z0-9][a-z0-9._-]{0,63}".prop_filter_map("reserved", |id| id.parse().ok())
}

fn peers() -> impl Strategy<Value = Vec<PeerId>> {
    btree_set(peer(), 0..4).prop_map(Vec::from_iter)
}

fn call_id() -> impl Strategy<Value = CallId> {
    any::<u64>().prop_map(CallId)
}

fn code() -> impl Strategy<Value = Code> {
    let sent = TABLE.iter().filter(|row| row.used_in != Use::Local);
    select(sent.map(|row| row.code).collect::<Vec<_>>())
}

fn capability() -> impl Strategy<Value = Capability> {
    prop_oneof![
        command().prop_map(Capability::CallNamed),
        select(vec![Capability::Serve, Capability::Call, Capability::AuditRead]),
    ]
}

fn value() -> impl Strategy<Value = ValueBuf> {
    let number = prop_oneof![any::<u64>().prop_map(i128::from), any::<i64>().prop_map(i128::from)];
    let float = any::<f64>().prop_filter("NaN", |value| !value.is_nan());
    let scalar = prop_oneof![
        text().prop_map(Scalar::Text),
        bytes(0..40).prop_map(Scalar::Bytes),
        number.prop_map(Scalar::Integer),
        float.prop_map(Scalar::Float),
        any::<bool>().prop_map(Scalar::Boolean),
    ];
    let leaf = scalar.prop_map(|scalar| ValueBuf::scalar(scalar).unwrap());
    leaf.prop_recursive(5, 20, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|values| ValueBuf::array(values).unwrap()),
            btree_map(text(), inner, 0..4).prop_map(|values| ValueBuf::map(values).unwrap()),
        ]
    })
}

fn arguments() -> impl Strategy<Value = Arguments<'static>> {
    (vec(value(), 0..4), btree_map("[a-zé]{1,30}", value(), 0..4)).prop_map(
        |(positional, named)| {
            let mut arguments = ArgumentsBuf::new();
            for value in &positional {
                arguments.push_value(value.as_value()).unwrap();
            }
            for (name, value) in &named {
                arguments.named_value(name, value.as_value()).unwrap();
            }
            leak(arguments).as_arguments()
        },
    )
}

fn target() -> impl Strategy<Value = Target<'static>> {
    let labels = btree_map("[a-z-]{1,30}", ".{0,9}", 1..4);
    prop_oneof![
        peer().prop_map(Target::Peer),
        Just(Target::Hub),
        Just(Target::All),
        labels.prop_map(|labels| {
            Target::Labels(Labels::parse(leak(Labels::encode(&labels).unwrap())).unwrap())
        }),
    ]
}

fn delivery() -> impl Strategy<Value = Delivery> {
    select(vec![Delivery::Attached, Delivery::Detached])
}

fn argument() -> impl Strategy<Value = (ArgumentKind, bool)> {
    let kind = prop_oneof![
        Just(ArgumentKind::String),
        Just(ArgumentKind::Integer),
        Just(ArgumentKind::Number),
        Just(ArgumentKind::Boolean),
        vec(".{0,9}", 1..4).prop_map(ArgumentKind::Choice),
        Just(ArgumentKind::Path),
    ];
    (kind, any::<bool>())
}

fn register() -> impl Strategy<Value = Register> {
    let described = (".{0,40}", btree_map(".{1,9}", argument(), 0..4));
    btree_map(command(), described, 0..4).prop_map(|commands| {
        let command = |(name, (description, arguments))| Command {
            name,
            description,
            arguments: BTreeMap::into_iter(arguments)
                .map(|(name, (kind, optional))| Argument { name, kind, optional })
                .collect(),
        };
        Register { commands: commands.into_iter().map(command).collect() }
    })
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![
        any::<i64>().prop_map(Status::Exited),
        any::<u64>().prop_map(Status::Signalled),
        any::<i64>().prop_map(Status::ExitedCut),
        any::<u64>().prop_map(Status::SignalledCut),
        code().prop_map(Status::Failed),
    ]
}

fn result() -> impl Strategy<Value = CallResult<'static>> {
    (call_id(), option::of(peer()), status(), option::of(value()), text()).prop_map(
        |(id, peer, status, value, text)| {
            let value: Option<Value<'_>> = value.map(|value| leak(value).as_value());
            let text = if matches!(status, Status::Failed(_)) { text } else { "" };
            CallResult { id, peer, status, value, text }
        },
    )
}

fn proof(lengths: &'static [usize]) -> impl Strategy<Value = &'static [u8]> {
    select(lengths).prop_flat_map(bytes)
}

fn admission() -> impl Strategy<Value = Frame<'static>> {
    prop_oneof![
        (bytes(0..300), any::<[u8; 64]>())
            .prop_map(|(body, proof)| Frame::Hello(Hello { body, signature: leak(proof) })),
        (bytes(0..300), proof(&[0, 64, 96]))
            .prop_map(|(body, proof)| Frame::Authenticate(Authenticate { body, proof })),
        (bytes(0..300), proof(&[0, 32]))
            .prop_map(|(body, proof)| Frame::Welcome(Welcome { body, proof })),
        (code(), text(), any::<u64>(), any::<Option<u64>>()).prop_map(
            |(code, text, unix, retry_after)| Frame::Refuse(Refuse {
                code,
                text,
                unix,
                retry_after
            })
        ),
    ]
}

fn flow() -> impl Strategy<Value = Frame<'static>> {
    prop_oneof![
        (call_id(), peer(), select(OutputStream::ALL), any::<u64>(), bytes(1..300)).prop_map(
            |(id, peer, source, offset, bytes)| {
                Frame::Output(Output { id, peer, source, offset, bytes })
            }
        ),
        (call_id(), text()).prop_map(|(id, reason)| Frame::Cancel(Cancel { id, reason })),
        (call_id(), 1u64..).prop_map(|(id, bytes)| Frame::Window(Window { id, bytes })),
        (call_id(), any::<u64>(), bytes(0..300), any::<bool>()).prop_map(
            |(id, offset, bytes, end)| {
                Frame::Input(Input { id, offset, bytes, end: end || bytes.is_empty() })
            }
        ),
    ]
}

fn call() -> impl Strategy<Value = Frame<'static>> {
    prop_oneof![
        (call_id(), target(), command(), arguments(), any::<[u64; 2]>(), delivery()).prop_map(
            |(id, target, name, arguments, [deadline_ms, window], delivery)| {
                Frame::Call(Call { id, target, name, arguments, deadline_ms, window, delivery })
            }
        ),
        (call_id(), peers(), peers()).prop_map(|(id, sent, queued)| Frame::Accepted(Accepted {
            id,
            sent,
            queued
        })),
        result().prop_map(Frame::Result),
        (call_id(), any::<[u64; 3]>()).prop_map(|(id, [answered, failed, missing])| {
            Frame::Done(Done { id, answered, failed, missing, claimed: 0 })
        }),
        (option::of(call_id()), code(), text(), option::of(capability()), text()).prop_map(
            |(id, code, request, required, text)| {
                Frame::Deny(Deny { id, code, request, required, text })
            }
        ),
    ]
}

fn frame() -> impl Strategy<Value = Frame<'static>> {
    let ping = || any::<u64>().prop_map(|token| Ping { token });
    prop_oneof![
        admission(),
        flow(),
        call(),
        ping().prop_map(Frame::Ping),
        ping().prop_map(Frame::Pong),
        register().prop_map(Frame::Register),
        any::<u64>().prop_map(|count| Frame::Registered(Registered { count })),
        (code(), text(), any::<Option<u64>>()).prop_map(|(code, text, reconnect_after)| {
            Frame::Goaway(Goaway { code, text, reconnect_after })
        }),
        issued().prop_map(|issued| Frame::Refreshed(Refreshed(issued))),
        any::<[u8; 3]>().prop_map(|body| {
            let body = Vec::leak(body.to_vec());
            Frame::Refresh(Refresh { body, proof: &[7; 64] })
        }),
        (0x80u8..).prop_map(Frame::Unknown),
    ]
}

fn limits() -> impl Strategy<Value = SessionLimits> {
    any::<[u64; 3]>().prop_map(|[message, open_calls, call_deadline_ms]| SessionLimits {
        message,
        open_calls,
        call_deadline_ms,
    })
}

fn pin() -> impl Strategy<Value = Pin> {
    any::<[u8; 32]>().prop_map(Pin)
}

fn hello_body() -> impl Strategy<Value = HelloBody> {
    let who = (any::<[u8; 32]>(), ".{0,40}", any::<[u8; 32]>());
    let what = (btree_set(any::<u64>(), 1..5), any::<u64>(), btree_set(pin(), 0..4));
    (who, what, any::<u64>(), limits()).prop_map(
        |((identity, name, nonce), (methods, unix, tls_keys), generation, limits)| HelloBody {
            identity: PublicKey(identity),
            name,
            nonce: Nonce(nonce),
            methods: methods.into_iter().collect(),
            unix,
            tls_keys: tls_keys.into_iter().collect(),
            generation,
            limits,
        },
    )
}

fn auth_body() -> impl Strategy<Value = AuthBody> {
    let who = (option::of(peer()), any::<Option<[u8; 32]>>(), option::of(pin()));
    let what = (option::of(vec(any::<u8>(), 1..300)), "[ -~]{0,64}");
    let labels = btree_map("[a-zé]{1,30}", ".{0,40}", 0..4);
    (any::<u64>(), select(Purpose::ALL), who, what, labels, any::<Option<u64>>()).prop_map(
        |(method, purpose, (peer, key, seen), (credential, agent), labels, generation)| AuthBody {
            method,
            purpose,
            peer,
            key: key.map(PublicKey),
            seen,
            credential,
            agent,
            labels,
            generation,
            later: None,
        },
    )
}

fn welcome_body() -> impl Strategy<Value = WelcomeBody> {
    let times = (any::<Option<u64>>(), any::<u64>());
    let rest = (limits(), option::of(issued()));
    (any::<[u8; 16]>(), peer(), btree_set(capability(), 0..5), times, rest).prop_map(
        |(session, peer, capabilities, (expires, heartbeat), (limits, issued))| {
            let mut capabilities: Vec<_> = capabilities.into_iter().collect();
            capabilities.sort_by_key(Capability::to_string);
            let session = SessionId(session);
            WelcomeBody { session, peer, capabilities, expires, heartbeat, limits, issued }
        },
    )
}

fn issued() -> impl Strategy<Value = Issued> {
    (vec(any::<u8>(), 1..20), any::<[u8; 32]>(), any::<u64>()).prop_map(
        |(certificate, refresh, refresh_ends)| Issued {
            certificate,
            refresh: Zeroizing::new(refresh),
            refresh_ends,
        },
    )
}

fn encoded(frame: &Frame<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    frame.encode(&mut out);
    out
}

/// Whether accepted bytes say something that this version leaves out when it reads them.
fn says_more(item: &Item) -> bool {
    let unknown = |body: &Item, key| {
        matches!(body.field(key), Some(Item::Text(name)) if !name
            .parse::<Code>()
            .is_ok_and(|code| code.row().used_in != Use::Local))
    };
    let unknown_capability =
        |item: &Item| matches!(item, Item::Text(name) if name.parse::<Capability>().is_err());
    let inside = match item {
        Item::Array(parts) => match parts.as_slice() {
            [Item::Uint(0x80..), ..] => true,
            [Item::Uint(0x04 | 0x51), body] => unknown(body, 0),
            [Item::Uint(0x23), body] => unknown(body, 6),
            [Item::Uint(0x50), body] => {
                unknown(body, 1) || body.field(3).is_some_and(unknown_capability)
            }
            _ => false,
        },
        body => match body.field(2) {
            Some(Item::Array(capabilities)) => capabilities.iter().any(unknown_capability),
            _ => false,
        },
    };
    inside || item.has_high_key()
}

/// What holds for bytes that came from anywhere: no panic, and one spelling.
fn one_spelling(
    bytes: &[u8],
    again: fn(&[u8]) -> Result<Vec<u8>, WireError>,
) -> Result<(), TestCaseError> {
    let Ok(written) = again(bytes) else { return Ok(()) };
    let tree = Item::parse(bytes);
    prop_assert_eq!(tree.bytes(), bytes, "another encoder spells the same items in another way");
    if says_more(&tree) {
        // What is left out is left out for good.
        prop_assert_eq!(again(&written), Ok(written));
    } else {
        prop_assert_eq!(written, bytes);
    }
    Ok(())
}

/// What to do to one byte of a message.
fn damage() -> impl Strategy<Value = Vec<(Index, u8, u8)>> {
    vec((any::<Index>(), 0u8..4, any::<u8>()), 1..4)
}

fn damaged(mut bytes: Vec<u8>, damage: &[(Index, u8, u8)]) -> Vec<u8> {
    for &(index, kind, byte) in damage {
        let at = index.index(bytes.len().max(1));
        match (kind, bytes.get_mut(at)) {
            (0, Some(place)) => *place = byte,
            (1, Some(place)) => *place ^= 1 << (byte % 8),
            (2, Some(_)) => drop(bytes.remove(at)),
            _ => bytes.insert(at.min(bytes.len()), byte),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_frame_is_read_as_it_was_written(frame in frame()) {
        let bytes = encoded(&frame);
        prop_assert_eq!(Frame::decode(&bytes), Ok(frame.clone()));
        prop_assert_eq!(frame.encoded_len(), bytes.len());
        prop_assert_eq!(Item::parse(&bytes).bytes(), bytes, "minicbor spells it otherwise");
    }

    #[test]
    fn a_body_is_read_as_it_was_written(
        hello in hello_body(),
        auth in auth_body(),
        welcome in welcome_body(),
    ) {
        prop_assert_eq!(HelloBody::decode(&hello.encode()), Ok(hello));
        prop_assert_eq!(AuthBody::decode(&auth.encode()), Ok(auth));
        prop_assert_eq!(WelcomeBody::decode(&welcome.encode()), Ok(welcome));
    }

    #[test]
    fn what_is_accepted_has_one_spelling(frame in frame(), damage in damage()) {
        one_spelling(&damaged(encoded(&frame), &damage), frame_again)?;
    }

    #[test]
    fn a_sample_that_is_accepted_after_damage_has_one_spelling(
        which in any::<Index>(),
        damage in damage(),
    ) {
        let samples = all();
        let sample = &samples[which.index(samples.len())];
        one_spelling(&damaged(sample.bytes.clone(), &damage), sample.again)?;
    }

    #[test]
    fn no_message_makes_the_reader_panic(bytes in vec(any::<u8>(), 0..200)) {
        for sample in all() {
            one_spelling(&bytes, sample.again)?;
        }
    }
}
