//! The accepting side of the upgrade: the request that passes, and each that does not.

use super::*;

/// The header lines of a good request.
const GOOD: &[(&str, &str)] = &[
    ("Host", "hub.example:7777"),
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Protocol", "bowline.v1"),
];

fn first_line() -> String {
    format!("GET /link?n={NONCE} HTTP/1.1")
}

fn spell(first: &str, lines: &[(&str, &str)]) -> Vec<u8> {
    let lines: String = lines.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("{first}\r\n{lines}\r\n").into_bytes()
}

/// A good request with another first line.
fn with_first(first: &str) -> Vec<u8> {
    spell(first, GOOD)
}

/// A good request with another value for one header.
fn with(name: &str, value: &str) -> Vec<u8> {
    let lines: Vec<_> =
        GOOD.iter().map(|&(n, v)| if n == name { (n, value) } else { (n, v) }).collect();
    spell(&first_line(), &lines)
}

/// A good request without one header.
fn without(name: &str) -> Vec<u8> {
    let lines: Vec<_> = GOOD.iter().copied().filter(|(n, _)| *n != name).collect();
    spell(&first_line(), &lines)
}

/// A good request with one more header.
fn and(name: &str, value: &str) -> Vec<u8> {
    spell(&first_line(), &[GOOD, &[(name, value)]].concat())
}

/// Holds that `bytes` are refused with `status` and `error`, in a whole HTTP response whose body
/// is the error's own text, and that the socket is dead afterwards.
fn assert_refused(bytes: &[u8], status: u16, error: SocketError) {
    let mut end = End::accepting(&Limits::default());
    assert_eq!(end.take(bytes), Err(error.clone()), "{}", String::from_utf8_lossy(bytes));
    assert_eq!((error.status(), error.close_code()), (Some(status), None));

    let response = String::from_utf8(end.sent()).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    assert!(head.contains("\r\nConnection: close"), "{head}");
    assert!(head.contains(&format!("\r\nContent-Length: {}", body.len())), "{head}");
    assert!(head.contains("\r\nSec-WebSocket-Protocol: bowline.v1"), "{head}");
    assert_eq!(body, format!("{error}\n"));

    end.socket.write(b"message", &mut end.out);
    end.socket.close(CloseCode::NORMAL, "", &mut end.out);
    assert!(!end.socket.is_open() && !end.socket.close_sent() && end.out.is_empty());
    assert_eq!(end.take(&spell(&first_line(), GOOD)), Err(error));
    assert!(end.out.is_empty(), "a refusal is answered once");
}

fn came(value: &str) -> String {
    format!("'{value}'")
}

#[test]
fn a_good_request_is_answered_with_101_and_hands_up_the_nonce() {
    let mut end = End::accepting(&Limits::default());
    assert!(!end.socket.is_open());
    assert_eq!(end.take(&spell(&first_line(), GOOD)), Ok(vec![Event::Upgraded(NONCE)]));
    // The key and its answer are those of RFC 6455 §1.3.
    let expected = "HTTP/1.1 101 Switching Protocols\r\n\
                    Upgrade: websocket\r\n\
                    Connection: Upgrade\r\n\
                    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
                    Sec-WebSocket-Protocol: bowline.v1\r\n\r\n";
    assert_eq!(String::from_utf8(end.sent()).unwrap(), expected);
    assert!(end.socket.is_open());
}

#[test]
fn what_other_programs_send_beside_it_changes_nothing() {
    for bytes in [
        and("User-Agent", "Python/3.13 websockets/15.0"),
        and("Sec-WebSocket-Extensions", "permessage-deflate"),
        and("Content-Length", "0"),
        and("Connection", "keep-alive"),
        with("Connection", "keep-alive, upgrade"),
        with("Upgrade", "WebSocket"),
        with("Sec-WebSocket-Protocol", "other, bowline.v1"),
        with_first(&format!("GET /link?a=1&n={NONCE}&nn=2&b HTTP/1.1")),
    ] {
        let mut end = End::accepting(&Limits::default());
        assert_eq!(end.take(&bytes), Ok(vec![Event::Upgraded(NONCE)]));
        assert!(end.sent().starts_with(b"HTTP/1.1 101 "));
    }
}

#[test]
fn another_path_is_404_and_says_what_this_is() {
    for path in ["/", "/link/", "/Link", "/chat", "http://hub/link", "*"] {
        let error = SocketError::Path { came: path.to_owned() };
        let text = error.to_string();
        assert!(text.contains("Bowline hub") && text.contains("'/link'"), "{text}");
        assert_refused(&with_first(&format!("GET {path}?n={NONCE} HTTP/1.1")), 404, error);
    }
}

#[test]
fn another_method_is_405() {
    for method in ["POST", "HEAD", "CONNECT", "get"] {
        let first = format!("{method} /link?n={NONCE} HTTP/1.1");
        assert_refused(&with_first(&first), 405, SocketError::Method { came: method.to_owned() });
    }
}

#[test]
fn the_refusal_of_a_method_names_the_one_that_is_allowed() {
    let mut end = End::accepting(&Limits::default());
    end.take(&with_first("PUT /link HTTP/1.1")).unwrap_err();
    assert!(String::from_utf8(end.sent()).unwrap().contains("\r\nAllow: GET\r\n"));
}

#[test]
fn another_version_of_http_is_505() {
    for version in ["HTTP/1.0", "HTTP/2.0", "HTTP/1.2"] {
        let first = format!("GET /link?n={NONCE} {version}");
        let error = SocketError::Version { came: version.to_owned() };
        assert_refused(&with_first(&first), 505, error);
    }
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    assert_refused(preface, 505, SocketError::Version { came: "HTTP/2.0".to_owned() });
}

#[test]
fn no_upgrade_to_websocket_is_400() {
    let nothing = "nothing".to_owned();
    assert_refused(&without("Upgrade"), 400, SocketError::Upgrade { came: nothing.clone() });
    assert_refused(&with("Upgrade", "h2c"), 400, SocketError::Upgrade { came: came("h2c") });
    assert_refused(&without("Connection"), 400, SocketError::Connection { came: nothing });
    let close = SocketError::Connection { came: came("close") };
    assert_refused(&with("Connection", "close"), 400, close);
}

#[test]
fn another_websocket_version_is_426_and_names_ours() {
    let nothing = SocketError::WebSocketVersion { came: "nothing".to_owned() };
    assert_refused(&without("Sec-WebSocket-Version"), 426, nothing);
    for version in ["8", "013", "13, 8"] {
        let error = SocketError::WebSocketVersion { came: came(version) };
        assert_refused(&with("Sec-WebSocket-Version", version), 426, error);
    }
    let mut end = End::accepting(&Limits::default());
    end.take(&with("Sec-WebSocket-Version", "8")).unwrap_err();
    let response = String::from_utf8(end.sent()).unwrap();
    assert!(response.contains("\r\nSec-WebSocket-Version: 13\r\n"), "{response}");
    assert!(response.contains("\r\nUpgrade: websocket\r\n"), "{response}");
    assert!(response.contains("\r\nConnection: close, Upgrade\r\n"), "{response}");
}

#[test]
fn a_key_that_is_not_16_bytes_in_base64_is_400() {
    assert_refused(&without("Sec-WebSocket-Key"), 400, SocketError::Key);
    for key in [
        "",
        "short",
        "dGhlIHNhbXBsZSBub25jZQ",   // unpadded
        "dGhlIHNhbXBsZSBub25jZR==", // stray bits
        "dGhlIHNhbXBsZSBub25jZSE=", // 17 bytes
        "dGhlIHNhbXBsZSBub25j",     // 15 bytes
        "dGhl_HNhbXBsZSBub25jZQ==", // the URL-safe alphabet
    ] {
        assert_refused(&with("Sec-WebSocket-Key", key), 400, SocketError::Key);
    }
}

#[test]
fn a_request_without_our_subprotocol_is_400() {
    let nothing = SocketError::Subprotocol { came: "nothing".to_owned() };
    assert_refused(&without("Sec-WebSocket-Protocol"), 400, nothing);
    for offered in ["bowline.v2", "Bowline.v1", "xbowline.v1"] {
        let error = SocketError::Subprotocol { came: came(offered) };
        assert_refused(&with("Sec-WebSocket-Protocol", offered), 400, error);
    }
}

#[test]
fn a_nonce_must_stand_once_and_be_whole() {
    let text = NONCE.to_string();
    let stray = format!("{}B", "A".repeat(42));
    for (query, came) in [
        ("".to_owned(), "no nonce"),
        ("?".to_owned(), "no nonce"),
        (format!("?N={text}"), "no nonce"),
        (format!("?nonce={text}"), "no nonce"),
        (format!("?n={text}&n={text}"), "more than one nonce"),
        ("?n=".to_owned(), "a malformed nonce"),
        (format!("?n={}", &text[..42]), "a malformed nonce"),
        (format!("?n={text}A"), "a malformed nonce"),
        (format!("?n={text}="), "a malformed nonce"),
        (format!("?n={stray}"), "a malformed nonce"),
        (format!("?n={}+", &text[..42]), "a malformed nonce"),
    ] {
        let bytes = with_first(&format!("GET /link{query} HTTP/1.1"));
        assert_refused(&bytes, 400, SocketError::Nonce { came });
    }
}

#[test]
fn an_origin_is_403_unless_it_is_listed() {
    let evil = SocketError::Origin { came: came("https://evil.example") };
    assert_refused(&and("Origin", "https://evil.example"), 403, evil);
    assert_refused(&and("Origin", "null"), 403, SocketError::Origin { came: came("null") });

    let policy = Arc::new(UpgradePolicy { origins: vec!["https://console.example".to_owned()] });
    let accept = |origin| {
        let mut end = End::accepting(&Limits::default());
        end.socket = Socket::accept(Arc::clone(&policy), &Limits::default());
        end.take(&and("Origin", origin))
    };
    assert_eq!(accept("https://console.example"), Ok(vec![Event::Upgraded(NONCE)]));
    for other in ["https://console.example.evil", "http://console.example", ""] {
        assert_eq!(accept(other), Err(SocketError::Origin { came: came(other) }));
    }
}

#[test]
fn a_header_that_may_stand_once_is_400_where_it_stands_twice() {
    for (header, value) in [
        ("Host", "hub.example:7777"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ] {
        assert_refused(&and(header, value), 400, SocketError::Duplicate { header });
    }
    for (header, value) in [("Origin", "null"), ("Content-Length", "0")] {
        let bytes = spell(&first_line(), &[GOOD, &[(header, value), (header, value)]].concat());
        assert_refused(&bytes, 400, SocketError::Duplicate { header });
    }
}

#[test]
fn a_request_without_host_is_400() {
    assert_refused(&without("Host"), 400, SocketError::NoHost);
}

#[test]
fn a_request_with_a_body_is_400() {
    assert_refused(&and("Content-Length", "5"), 400, SocketError::Body);
    assert_refused(&and("Content-Length", "-0"), 400, SocketError::Body);
    assert_refused(&and("Transfer-Encoding", "chunked"), 400, SocketError::Body);
}

#[test]
fn what_is_no_http_is_400() {
    let first = SocketError::Malformed { what: "it does not begin with a method" };
    for bytes in [&b"\x16\x03\x01\x02\x00"[..], b"\0", b"\r\n", b" GET"] {
        assert_refused(bytes, 400, first.clone());
    }
    let unreadable = SocketError::Malformed { what: "its head cannot be read" };
    for bytes in [
        &b"hello\r\n\r\n"[..],
        b"GET /link HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /link HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET /link HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        b"GET /link HTTP/1.1\r\nHost: a\0\r\n\r\n",
    ] {
        assert_refused(bytes, 400, unreadable.clone());
    }
    let bare = SocketError::Malformed { what: "a line ends without a carriage return" };
    let text = String::from_utf8(spell(&first_line(), GOOD)).unwrap();
    assert_refused(text.replace("\r\n", "\n").as_bytes(), 400, bare.clone());
    assert_refused(text.replacen("\r\n", "\n", 1).as_bytes(), 400, bare);
}

#[test]
fn a_head_of_the_limit_passes_and_one_byte_more_is_431() {
    let of = |length: usize| {
        let bare = and("X", "").len();
        and("X", &"x".repeat(length - bare))
    };
    let limits = Limits { head: 500, ..Limits::default() };
    assert_eq!(of(500).len(), 500);
    assert_eq!(End::accepting(&limits).take(&of(500)), Ok(vec![Event::Upgraded(NONCE)]));
    let error = SocketError::HeadTooLong { limit: 500 };
    assert_eq!(End::accepting(&limits).take(&of(501)), Err(error));
    let limit = Limits::default().head;
    assert_refused(&of(limit + 1), 431, SocketError::HeadTooLong { limit });
    assert_eq!(End::accepting(&limits).socket.wants(), 500);
}

#[test]
fn a_head_of_64_lines_passes_and_one_line_more_is_431() {
    let of = |count: usize| {
        let more = vec![("X", "x"); count - GOOD.len()];
        spell(&first_line(), &[GOOD, &more].concat())
    };
    let mut end = End::accepting(&Limits::default());
    assert_eq!(end.take(&of(64)), Ok(vec![Event::Upgraded(NONCE)]));
    assert_refused(&of(65), 431, SocketError::TooManyHeaders { limit: 64 });
}

#[test]
fn a_refusal_shows_no_query_and_nothing_unprintable() {
    let mut end = End::accepting(&Limits::default());
    let error = end.take(&with_first("GET /x\u{e9}?token=hush HTTP/1.1")).unwrap_err();
    let response = String::from_utf8(end.sent()).unwrap();
    assert!(!response.contains("hush") && response.is_ascii(), "{response}");
    assert!(!error.to_string().contains("hush"));
}
