//! What the fields of a frame may hold, what a newer version may say, and what is printed.

use super::samples::{auth_body, bytes, command, frame_again, hello_body, peer, welcome_body};
use super::tree::Item;
use crate::capability::Capability;
use crate::code::Code;
use crate::id::{CallId, Pin};
use crate::wire::WireError;
use crate::wire::frame::*;
use crate::wire::value::{Arguments, Value};

/// A sample's map with `value` at `key`, in place of what was there or where the order puts it.
fn put(map: &Item, key: u64, value: Item) -> Item {
    let mut fields = map.fields().unwrap().clone();
    fields.retain(|(k, _)| *k != Item::Uint(key));
    let at = fields.iter().filter(|(k, _)| matches!(k, Item::Uint(k) if *k < key)).count();
    fields.insert(at, (Item::Uint(key), value));
    Item::Map(fields)
}

/// The bytes of a sample frame with `value` at `key` of its body.
fn frame_with(name: &str, key: u64, value: Item) -> Vec<u8> {
    let Item::Array(mut parts) = Item::parse(&bytes(name)) else { unreachable!() };
    parts[1] = put(&parts[1], key, value);
    Item::Array(parts).bytes()
}

/// The bytes of a sample body with `value` at `key`.
fn body_with(name: &str, key: u64, value: Item) -> Vec<u8> {
    put(&Item::parse(&bytes(name)), key, value).bytes()
}

fn text(text: &str) -> Item {
    Item::Text(text.to_owned())
}

fn list<const N: usize>(elements: [Item; N]) -> Item {
    Item::Array(elements.into())
}

#[test]
fn a_code_that_this_version_does_not_know_is_read_as_the_general_one() {
    // The last two are known here and never sent: the peer's own verdicts.
    for name in ["from-the-future", "no such code", "pin-mismatch", "hub-not-proved"] {
        let message = frame_with("refuse", 0, text(name));
        let Ok(Frame::Refuse(refuse)) = Frame::decode(&message) else { panic!("{name}") };
        assert_eq!((refuse.code, refuse.retry_after), (Code::Refused, Some(30)));
        let message = frame_with("goaway", 0, text(name));
        let Ok(Frame::Goaway(goaway)) = Frame::decode(&message) else { panic!("{name}") };
        assert_eq!(goaway.code, Code::GoingAway);
        let message = frame_with("result, failed", 6, text(name));
        let Ok(Frame::Result(result)) = Frame::decode(&message) else { panic!("{name}") };
        assert_eq!(result.status, Status::Failed(Code::Failed));
        let message = frame_with("deny", 1, text(name));
        let Ok(Frame::Deny(deny)) = Frame::decode(&message) else { panic!("{name}") };
        assert_eq!((deny.code, deny.id), (Code::Denied, Some(CallId(9))));
    }
    assert_eq!(frame_again(&frame_with("refuse", 0, text(""))), Err(WireError::Range));
}

#[test]
fn a_capability_that_this_version_does_not_know_is_left_out() {
    let newer = list([text("call:uptime"), text("fly"), text("serve")]);
    assert_eq!(WelcomeBody::decode(&body_with("welcome body", 2, newer)), Ok(welcome_body()));
    let message = frame_with("deny", 3, text("fly"));
    let Ok(Frame::Deny(deny)) = Frame::decode(&message) else { panic!() };
    assert_eq!(deny.required, None);
}

#[test]
fn a_method_that_this_version_does_not_know_is_kept() {
    let methods = list([Item::Uint(1), Item::Uint(6), Item::Uint(1 << 40)]);
    let body = HelloBody::decode(&body_with("hello body", 3, methods)).unwrap();
    assert_eq!(body.methods, [1, 6, 1 << 40]);
    let body = AuthBody::decode(&body_with("auth body", 0, Item::Uint(6))).unwrap();
    assert_eq!(Method::from_number(body.method), None);
}

/// Rooms in Welcome, the idempotency key in Call.
#[test]
fn the_keys_that_are_kept_for_later_are_unknown() {
    let body = body_with("welcome body", 3, list([]));
    assert_eq!(WelcomeBody::decode(&body), Err(WireError::UnknownKey(3)));
    let outcome = frame_again(&frame_with("call", 8, Item::Uint(0)));
    assert_eq!(outcome, Err(WireError::UnknownKey(8)));
}

#[test]
fn a_number_without_a_meaning_is_refused() {
    let range = Err(WireError::Range);
    assert_eq!(AuthBody::decode(&body_with("auth body", 1, Item::Uint(2))).map(drop), range);
    for (name, key, number) in [
        ("output", 2, 0),
        ("output", 2, 3),
        ("result, exited", 2, 3),
        ("window", 1, 0),
        ("call", 7, 0),
        ("call", 7, 2),
        ("call", 7, 3),
    ] {
        let outcome = frame_again(&frame_with(name, key, Item::Uint(number)));
        assert_eq!(outcome.map(drop), range, "{name}");
    }
}

#[test]
fn what_is_empty_is_absent() {
    let empty = || Item::Array(vec![]);
    let range = Err(WireError::Range);
    for (name, key, value) in [
        ("call", 3, empty()),
        ("call", 4, Item::Map(vec![])),
        ("call", 1, Item::Map(vec![])),
        ("output", 4, Item::Bytes(vec![])),
        ("input", 2, Item::Bytes(vec![])),
        ("input", 3, Item::Raw(vec![0xF4])),
        ("result, failed", 7, text("")),
    ] {
        assert_eq!(frame_again(&frame_with(name, key, value)).map(drop), range, "{name} {key}");
    }
    let credential = body_with("auth body", 5, Item::Bytes(vec![]));
    assert_eq!(AuthBody::decode(&credential).map(drop), range);
    let labels = body_with("auth body", 7, Item::Map(vec![]));
    assert_eq!(AuthBody::decode(&labels).map(drop), range);
    let methods = body_with("hello body", 3, empty());
    assert_eq!(HelloBody::decode(&methods).map(drop), range);
    // A plain hub has no TLS keys, and says so.
    let tls_keys = body_with("hello body", 5, empty());
    assert_eq!(HelloBody::decode(&tls_keys).unwrap().tls_keys, []);
}

#[test]
fn a_name_that_is_not_one_is_refused() {
    for bad in ["", "Web1", "-web", "web 1", "wéb"] {
        for (name, key) in [("output", 1), ("result, exited", 1), ("call", 1), ("call", 2)] {
            let outcome = frame_again(&frame_with(name, key, text(bad)));
            assert_eq!(outcome, Err(WireError::Range), "{name} {key} {bad:?}");
        }
    }
    // Reserved: the words for the hub and for everyone are no peers' ids.
    for bad in ["hub", "all"] {
        assert_eq!(frame_again(&frame_with("output", 1, text(bad))), Err(WireError::Range));
        let body = body_with("auth body", 2, text(bad));
        assert_eq!(AuthBody::decode(&body), Err(WireError::Range));
    }
}

#[test]
fn the_target_is_a_peer_the_hub_everyone_or_labels() {
    let target = |value| {
        let message = frame_with("call", 1, value);
        match Frame::decode(&message) {
            Ok(Frame::Call(call)) => format!("{:?}", call.target),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(target(text("web2")), "Peer(web2)");
    assert_eq!(target(text("hub")), "Hub");
    assert_eq!(target(text("all")), "All");
    assert_eq!(target(Item::Map(vec![(text("a"), text(""))])), "Labels(Labels(4 bytes))");
    let number = Item::Map(vec![(text("a"), Item::Uint(1))]);
    assert_eq!(frame_again(&frame_with("call", 1, number)), Err(WireError::WrongType));
}

#[test]
fn fixed_lengths_are_held() {
    let of = |len: usize| Item::Bytes(vec![0; len]);
    let wrong = Err(WireError::WrongLength);
    for (name, allowed) in
        [("hello", &[64][..]), ("authenticate", &[0, 64, 96]), ("welcome", &[0, 32])]
    {
        let Item::Array(mut parts) = Item::parse(&bytes(name)) else { unreachable!() };
        for len in 0..=130 {
            parts[2] = of(len);
            let outcome = frame_again(&Item::Array(parts.clone()).bytes()).map(drop);
            let expected = if allowed.contains(&len) { Ok(()) } else { wrong };
            assert_eq!(outcome, expected, "{name} with a proof of {len}");
        }
    }
    for len in [0, 31, 33] {
        assert_eq!(HelloBody::decode(&body_with("hello body", 0, of(len))).map(drop), wrong);
        assert_eq!(HelloBody::decode(&body_with("hello body", 2, of(len))).map(drop), wrong);
        let tls_keys = body_with("hello body", 5, list([of(len)]));
        assert_eq!(HelloBody::decode(&tls_keys).map(drop), wrong);
        assert_eq!(AuthBody::decode(&body_with("auth body", 3, of(len))).map(drop), wrong);
        assert_eq!(AuthBody::decode(&body_with("auth body", 4, of(len))).map(drop), wrong);
    }
    for len in [15, 17] {
        assert_eq!(WelcomeBody::decode(&body_with("welcome body", 0, of(len))).map(drop), wrong);
    }
}

#[test]
fn lists_that_must_rise_do() {
    let falls = Err(WireError::ListOrder);
    let pin = |byte| Item::Bytes(vec![byte; 32]);
    for (a, b) in [(2, 1), (2, 2)] {
        let methods = list([Item::Uint(a), Item::Uint(b)]);
        assert_eq!(HelloBody::decode(&body_with("hello body", 3, methods)).map(drop), falls);
        let tls_keys = list([pin(a as u8), pin(b as u8)]);
        assert_eq!(HelloBody::decode(&body_with("hello body", 5, tls_keys)).map(drop), falls);
    }
    // In the order of the bytes, a longer text may come first.
    for (a, b) in [("web2", "web10"), ("web1", "web1")] {
        for (name, key) in [("accepted", 1), ("accepted", 2)] {
            let peers = list([text(a), text(b)]);
            assert_eq!(frame_again(&frame_with(name, key, peers)).map(drop), falls);
        }
        let capabilities = body_with("welcome body", 2, list([text(a), text(b)]));
        assert_eq!(WelcomeBody::decode(&capabilities).map(drop), falls);
        let named = |name| {
            let fields = [text(name), text(""), list([])];
            Item::Map((0..).map(Item::Uint).zip(fields).collect())
        };
        let commands = list([named(a), named(b)]);
        assert_eq!(frame_again(&frame_with("register", 0, commands)).map(drop), falls);
    }
}

#[test]
fn lists_are_written_in_order_whatever_order_they_have() {
    let mut hello = hello_body();
    hello.methods = vec![1, 0, 1];
    hello.tls_keys = vec![Pin([0x44; 32]), Pin([0x33; 32])];
    assert_eq!(hello.encode(), bytes("hello body"));
    let mut welcome = welcome_body();
    welcome.capabilities.reverse();
    assert_eq!(welcome.encode(), bytes("welcome body"));
    let peers = vec![peer("web2"), peer("web1")];
    let accepted = Frame::Accepted(Accepted { id: CallId(9), sent: peers, queued: vec![] });
    let mut out = Vec::new();
    accepted.encode(&mut out);
    assert_eq!(out, bytes("accepted"));
    let message = bytes("register");
    let Ok(Frame::Register(mut register)) = Frame::decode(&message) else { unreachable!() };
    register.commands.reverse();
    out.clear();
    Frame::Register(register).encode(&mut out);
    assert_eq!(out, bytes("register"));
}

#[test]
fn a_result_carries_what_its_status_says_and_nothing_else() {
    let outcome = |name, key, value| frame_again(&frame_with(name, key, value)).map(drop);
    let misplaced = |key| Err(WireError::MisplacedKey(key));
    assert_eq!(outcome("result, exited", 4, Item::Uint(9)), misplaced(4));
    assert_eq!(outcome("result, exited", 6, text("lost")), misplaced(6));
    assert_eq!(outcome("result, exited", 7, text("why")), misplaced(7));
    assert_eq!(outcome("result, signalled", 3, Item::Uint(0)), misplaced(3));
    assert_eq!(outcome("result, failed", 3, Item::Uint(0)), misplaced(3));
    assert_eq!(outcome("result, failed", 4, Item::Uint(0)), misplaced(4));
    assert_eq!(outcome("result, failed", 2, Item::Uint(0)), Err(WireError::MissingKey(3)));
    assert_eq!(outcome("result, exited", 2, Item::Uint(1)), Err(WireError::MissingKey(4)));
    assert_eq!(outcome("result, exited", 2, Item::Uint(2)), Err(WireError::MissingKey(6)));
}

#[test]
fn a_result_says_that_output_was_cut_by_its_remark_and_by_nothing_else() {
    let status = |sample: &str, remark: Item| match Frame::decode(&frame_with(sample, 0x80, remark))
    {
        Ok(Frame::Result(result)) => result.status,
        other => panic!("{other:?}"),
    };
    let cut = || Item::Text("output-cut".into());
    assert_eq!(status("result, exited", cut()), Status::ExitedCut(-1));
    assert_eq!(status("result, signalled", cut()), Status::SignalledCut(15));
    assert_eq!(status("result, failed", cut()), Status::Failed(Code::Lost));
    assert_eq!(status("result, exited", Item::Text("else".into())), Status::Exited(-1));
    assert_eq!(status("result, exited", Item::Uint(1)), Status::Exited(-1));
    for sample in ["result, exited", "result, signalled"] {
        let bytes = frame_with(sample, 0x80, Item::Text("output-cut".into()));
        let mut out = Vec::new();
        Frame::decode(&bytes).unwrap().encode(&mut out);
        assert_eq!(out, bytes, "{sample}");
    }
}

#[test]
fn exit_codes_are_64_bits_with_a_sign() {
    for exit in [0, 1, 23, 24, 255, i64::MAX, -1, -24, -25, i64::from(i32::MIN), i64::MIN] {
        let frame = Frame::Result(CallResult {
            id: CallId(0),
            peer: None,
            status: Status::Exited(exit),
            value: None,
            text: "",
        });
        let mut out = Vec::new();
        frame.encode(&mut out);
        assert_eq!(Frame::decode(&out), Ok(frame));
    }
    let beyond = frame_with("result, exited", 3, Item::Uint(1 << 63));
    assert_eq!(frame_again(&beyond), Err(WireError::Range));
}

#[test]
fn only_a_choice_has_choices_and_it_has_one_at_least() {
    let argument = |kind, choices: Option<Item>| {
        let mut fields = vec![(0, text("a")), (1, Item::Uint(kind))];
        fields.extend(choices.map(|choices| (2, choices)));
        let fields = fields.into_iter().map(|(key, value)| (Item::Uint(key), value));
        let argument = Item::Map(fields.collect());
        let command = (0..).map(Item::Uint).zip([text("c"), text(""), list([argument])]);
        let message = frame_with("register", 0, list([Item::Map(command.collect())]));
        frame_again(&message).map(drop)
    };
    for kind in [0, 1, 2, 3, 5] {
        assert_eq!(argument(kind, None), Ok(()));
        assert_eq!(argument(kind, Some(list([text("x")]))), Err(WireError::MisplacedKey(2)));
    }
    assert_eq!(argument(4, Some(list([text("x")]))), Ok(()));
    assert_eq!(argument(4, Some(list([]))), Err(WireError::Range));
    assert_eq!(argument(4, None), Err(WireError::MissingKey(2)));
    assert_eq!(argument(6, None), Err(WireError::Range));
}

#[test]
fn an_argument_is_declared_once() {
    let argument = || Item::Map(vec![(Item::Uint(0), text("a")), (Item::Uint(1), Item::Uint(0))]);
    let fields = [text("c"), text(""), list([argument(), argument()])];
    let command = Item::Map((0..).map(Item::Uint).zip(fields).collect());
    let message = frame_with("register", 0, list([command]));
    assert_eq!(frame_again(&message), Err(WireError::Range));
}

#[test]
fn text_for_a_person_is_cut_between_characters_when_it_is_too_long() {
    let reason = "é".repeat(600);
    let frame = Frame::Cancel(Cancel { id: CallId(1), reason: &reason });
    let mut out = Vec::new();
    frame.encode(&mut out);
    let Ok(Frame::Cancel(cancel)) = Frame::decode(&out) else { panic!() };
    assert_eq!(cancel.reason, "é".repeat(512));
    let mut body = auth_body();
    body.agent = format!("a{}", "é".repeat(40));
    let cut = AuthBody::decode(&body.encode()).unwrap();
    assert_eq!(cut.agent, format!("a{}", "é".repeat(31)));
}

#[test]
fn the_remote_is_told_no_more_than_that_the_protocol_was_broken() {
    assert_eq!(WireError::UnknownKey(9).code(), Code::ProtocolError);
    assert_eq!(WireError::UnknownFrame(0x7F).to_string(), "unknown frame type 0x7f");
    assert!(size_of::<WireError>() <= 16);
}

#[test]
fn what_a_frame_carries_is_not_printed() {
    let secret: &[u8] = b"hunter2";
    let item = b"\x81\x67hunter2";
    let arguments = Arguments::parse(item, b"").unwrap();
    let value = Value::parse(item).unwrap();
    let mut body = auth_body();
    body.credential = Some(secret.to_vec());
    let id = CallId(1);
    let (target, name, delivery) = (Target::Hub, command("c"), Delivery::Attached);
    let call = Call { id, target, name, arguments, deadline_ms: 0, window: 0, delivery };
    let status = Status::Exited(0);
    let frames = [
        Frame::Hello(Hello { body: secret, signature: &[b'h'; 64] }),
        Frame::Authenticate(Authenticate { body: secret, proof: secret }),
        Frame::Welcome(Welcome { body: secret, proof: secret }),
        Frame::Output(Output {
            id,
            peer: peer("p"),
            source: OutputStream::Out,
            offset: 0,
            bytes: secret,
        }),
        Frame::Input(Input { id, offset: 0, bytes: secret, end: false }),
        Frame::Result(CallResult { id, peer: None, status, value: Some(value), text: "" }),
        Frame::Call(call),
    ];
    let mut printed = format!("{body:?} {:?} {arguments:?}", value.items().unwrap());
    for element in arguments.positional() {
        printed += &format!("{element:?} {:?}", element.scalar());
    }
    printed += &format!("{frames:?}");
    // As text, as a list of bytes, in hexadecimal.
    for spelled in ["hunter2", "104, 117", "68756e"] {
        assert!(!printed.contains(spelled), "{printed}");
    }
    assert!(printed.contains("credential_len: Some(7)"));
    assert_eq!(format!("{:?}", frames[0]), "Hello(Hello(7 bytes))");
}

#[test]
fn a_session_may_do_what_its_capabilities_spell() {
    let spelled = list([text("call"), text("token.admin")]);
    let body = WelcomeBody::decode(&body_with("welcome body", 2, spelled)).unwrap();
    assert_eq!(body.capabilities, [Capability::Call, Capability::TokenAdmin]);
}
