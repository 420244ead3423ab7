//! Frames as they are shown, in their exact words.

use std::collections::BTreeMap;

use bowline_core::capability::Capability;
use bowline_core::id::{CallId, HubId, Nonce, Pin, PublicKey, SessionId};
use bowline_core::wire::frame::{
    AuthBody, Authenticate, Hello, HelloBody, Input, Issued, Output, OutputStream, Purpose,
    Refresh, RefreshBody, Refreshed, SessionLimits, Welcome, WelcomeBody,
};

use zeroize::Zeroizing;

use super::*;

/// 2026-01-01T00:00:00Z.
const NOW: u64 = 1_767_225_600;

const LIMITS: SessionLimits =
    SessionLimits { message: 1 << 20, open_calls: 1024, call_deadline_ms: 86_400_000 };

fn encoded(frame: &Frame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame.encode(&mut bytes);
    bytes
}

fn shown(message: &[u8]) -> String {
    text::of(&inspect(message, NOW).unwrap_or_else(|fault| panic!("{fault:?}")))
}

fn hello_body() -> HelloBody {
    HelloBody {
        identity: PublicKey([0x11; 32]),
        name: "hub\u{1b}[2J one".to_owned(),
        nonce: Nonce([0x22; 32]),
        methods: vec![1, 77],
        unix: NOW - 90,
        tls_keys: vec![Pin([0x33; 32]), Pin([0x44; 32])],
        generation: 7,
        limits: LIMITS,
    }
}

fn auth_body() -> AuthBody {
    AuthBody {
        method: 1,
        purpose: Purpose::Serve,
        peer: Some("web-1".parse().unwrap()),
        key: Some(PublicKey([0x55; 32])),
        seen: Some(Pin([0x33; 32])),
        credential: Some(vec![0xAB; 100]),
        agent: "bowline/0.1.0".to_owned(),
        labels: BTreeMap::from([("role".to_owned(), "web".to_owned())]),
        generation: Some(7),
        later: None,
    }
}

#[test]
fn hello_is_shown_with_its_body_and_the_hub_that_its_identity_is_of() {
    let body = hello_body().encode();
    let message = encoded(&Frame::Hello(Hello { body: &body, signature: &[0x77; 64] }));
    let expected = format!(
        "hello, type 0x01, {} bytes, {} of them proved
  0 identity     ed25519/ERERERERERERERERERERERERERERERERERERERERERE
  hub            {}
  1 name         \"hub\\u{{1b}}[2J one\"
  2 nonce        {}
  3 methods      1 secret, 77 not known here
  4 hub's clock  1767225510 = 2025-12-31 23:58:30 UTC (1 minute ago)
  5 TLS keys     {}, {}
  6 generation   7
  7 limits
    0 largest message   1048576
    1 open calls        1024
    2 longest deadline  86400000 ms = 1d
  signature  {}
  not verified: that takes what was said on the link before",
        message.len(),
        body.len(),
        HubId::of(&PublicKey([0x11; 32])),
        "22".repeat(32),
        Pin([0x33; 32]),
        Pin([0x44; 32]),
        "77".repeat(64),
    );
    assert_eq!(shown(&message), expected);
}

#[test]
fn authenticate_is_shown_with_its_credential_cut_and_its_proofs_apart() {
    let body = auth_body().encode();
    let proof = [[0x88; 64].as_slice(), &[0x99; 32]].concat();
    let text = shown(&encoded(&Frame::Authenticate(Authenticate { body: &body, proof: &proof })));
    let lines: Vec<&str> = text.lines().collect();
    let key = PublicKey([0x55; 32]);
    for expected in [
        "  0 method        1 secret",
        "  1 purpose       0 serve",
        "  2 peer          web-1",
        &format!("  3 peer's key    {key:?}"),
        &format!("  4 TLS key seen  {}", Pin([0x33; 32])),
        &format!("  5 credential    100 bytes: {}…", "ab".repeat(32)),
        "  6 agent         \"bowline/0.1.0\"",
        "  7 labels        role=\"web\"",
        "  8 generation    7",
        &format!("  possession  {}", "88".repeat(64)),
        &format!("  MAC         {}", "99".repeat(32)),
    ] {
        assert!(lines.contains(&expected), "{expected} is not in\n{text}");
    }
    let open = AuthBody { method: 0, peer: None, key: None, ..auth_body() }.encode();
    let text = shown(&encoded(&Frame::Authenticate(Authenticate { body: &open, proof: b"" })));
    assert!(text.contains("\n  possession  none\n  MAC         none\n"), "{text}");
}

#[test]
fn welcome_is_shown_with_capabilities_and_the_end_of_the_session() {
    let body = WelcomeBody {
        session: SessionId([0x66; 16]),
        peer: "web-1".parse().unwrap(),
        capabilities: vec![Capability::Serve, Capability::Call],
        expires: Some(NOW + 86_400),
        heartbeat: 15,
        limits: LIMITS,
        issued: Some(issued()),
    }
    .encode();
    let text = shown(&encoded(&Frame::Welcome(Welcome { body: &body, proof: &[0x99; 32] })));
    for expected in [
        "\n  2 capabilities  \"call\", \"serve\"\n",
        "\n  4 expires       1767312000 = 2026-01-02 00:00:00 UTC (in 1 day)\n",
        "\n  5 heartbeat     15 s\n",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    assert!(!text.contains("7777"), "a refresh token is shown in\n{text}");
}

fn issued() -> Issued {
    Issued {
        certificate: vec![0x30, 3, 1, 2, 3],
        refresh: Zeroizing::new([0x77; 32]),
        refresh_ends: NOW + 86_400,
    }
}

#[test]
fn a_refresh_token_is_never_shown() {
    let body = RefreshBody { refresh: Zeroizing::new([0x77; 32]) }.encode();
    let refresh = shown(&encoded(&Frame::Refresh(Refresh { body: &body, proof: &[0x99; 64] })));
    let refreshed = shown(&encoded(&Frame::Refreshed(Refreshed(issued()))));
    for text in [&refresh, &refreshed] {
        assert!(text.contains("refresh token") && !text.contains("7777"), "{text}");
    }
    assert!(refresh.contains(&"99".repeat(64)), "{refresh}");
    assert!(refreshed.contains("1767312000 = 2026-01-02 00:00:00 UTC"), "{refreshed}");
}

#[test]
fn payloads_are_shown_by_their_length_and_their_beginning() {
    let (id, peer) = (CallId(9), "web-1".parse().unwrap());
    let output = Output { id, peer, source: OutputStream::Err, offset: 4096, bytes: &[7; 33] };
    let text = shown(&encoded(&Frame::Output(output)));
    assert!(text.contains("  2 source  2 standard error\n"), "{text}");
    assert!(text.ends_with(&format!("  4 bytes   33 bytes: {}…", "07".repeat(32))), "{text}");
    let input = Input { id, offset: 0, bytes: b"", end: true };
    let text = shown(&encoded(&Frame::Input(input)));
    assert!(text.ends_with("  2 bytes   0 bytes\n  3 end     yes"), "{text}");
}

#[test]
fn what_this_version_skips_is_shown_all_the_same() {
    // Ping with an unknown key, and a frame of an unknown type.
    assert_eq!(
        shown(b"\x82\x10\xA2\x00\x01\x18\x80\x41\x0A"),
        "ping, type 0x10, 9 bytes\n  0 token              1\n  0x80 not known here  2 bytes: 410a"
    );
    let text = shown(b"\x82\x18\x80\xA1\x00\x0A");
    let note = "\n  not known to this version, which ignores it";
    assert_eq!(text, format!("unknown, type 0x80, 6 bytes\n  0 not known here  1 byte: 0a{note}"));
    // Deny of an unknown code for an unknown capability, and a target by labels.
    let deny = b"\x82\x18\x50\xA4\x01\x63odd\x02\x61x\x03\x63new\x04\x60";
    let text = shown(deny);
    assert!(text.contains("  1 code     odd\n  2 request  \"x\"\n  3 lacks    \"new\""), "{text}");
}

#[test]
fn a_value_cannot_drive_the_terminal_that_shows_it() {
    // A result whose value is one character of C1, which JSON leaves as it is.
    let text = shown(b"\x82\x18\x23\xA4\x00\x09\x02\x00\x03\x00\x05\x62\xC2\x9B");
    assert!(text.ends_with("  5 value      \"\\u009b\""), "{text}");
    assert!(!text.contains('\u{9b}'));
}

#[test]
fn a_frame_that_no_link_would_take_is_told_by_its_length() {
    let most = Limits::default().message;
    let (id, peer) = (CallId(9), "web-1".parse().unwrap());
    let of = |length: usize| {
        let bytes = vec![7; length];
        let output = Output { id, peer, source: OutputStream::Out, offset: 0, bytes: &bytes };
        encoded(&Frame::Output(output))
    };
    let overhead = of(most).len() - most;
    assert!(inspect(&of(most - overhead), NOW).unwrap().notes.is_empty());
    let note = "too long: at most 1048576 bytes are taken here";
    assert_eq!(inspect(&of(most - overhead + 1), NOW).unwrap().notes, [note]);
}

#[test]
fn a_fault_is_told_with_the_byte_and_whether_it_is_of_the_body() {
    let fault = |message: &[u8]| inspect(message, NOW).err().unwrap();
    assert_eq!(fault(b""), Fault::Empty);
    let told = |message: &[u8]| fault(message).tell(false).unwrap_err();
    for (message, reason) in [
        (
            &b"\x82\x10\xA2\x00\x01\x05\x0A"[..],
            "not a frame: unknown key 5, in the item that begins at byte 5 of the frame",
        ),
        (b"\x82\x10\xA0", "not a frame: key 0 is missing, noticed at byte 2 of the frame"),
        (
            b"\x82\x10\xA1\x00\x01\xFF",
            "not a frame: bytes follow the end, from byte 5 of the frame",
        ),
        (
            b"\x82\x10\xA1\x00",
            "not a frame: the bytes end inside an item, noticed at byte 4 of the frame",
        ),
        (b"\x83\x02\x41\xA0\x40", "not a frame: key 0 is missing, noticed at byte 0 of the body"),
    ] {
        let failure = told(message);
        assert_eq!((failure.code, failure.message.as_str()), (exit::FAILURES, reason));
    }
}

#[test]
fn an_object_has_every_field_with_its_value() {
    let body = hello_body().encode();
    let message = encoded(&Frame::Hello(Hello { body: &body, signature: &[0x77; 64] }));
    let object = inspect(&message, NOW).unwrap().object();
    assert_eq!((&object["frame"], &object["type"]), (&json!("hello"), &json!(1)));
    assert_eq!(object["proofs"]["signature"], "77".repeat(64));
    let field = |name: &str| {
        let fields = object["fields"].as_array().unwrap();
        fields.iter().find(|field| field["name"] == name).unwrap()["value"].clone()
    };
    assert_eq!(field("hub's clock"), json!(NOW - 90));
    assert_eq!(field("methods"), json!([1, 77]));
    assert_eq!(field("TLS keys")[0], Pin([0x33; 32]).to_string());
    assert_eq!(field("limits")[1], json!({"key": 1, "name": "open calls", "value": 1024}));
}
