//! The connecting side of the upgrade: the request that it writes, and each answer it may get.

use super::*;
use crate::code::Code;

fn request_text(end: &mut End) -> String {
    String::from_utf8(end.sent()).unwrap()
}

/// A good answer to the request of [`End::connecting`], as header lines.
fn good() -> Vec<(&'static str, String)> {
    let mut end = End::connecting(&Limits::default());
    let request = request_text(&mut end);
    let (_, rest) = request.split_once("Sec-WebSocket-Key: ").unwrap();
    let (key, _) = rest.split_once("\r\n").unwrap();
    let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
    vec![
        ("Upgrade", "websocket".to_owned()),
        ("Connection", "Upgrade".to_owned()),
        ("Sec-WebSocket-Accept", accept),
        ("Sec-WebSocket-Protocol", "bowline.v1".to_owned()),
    ]
}

fn spell(first: &str, lines: &[(&str, String)]) -> Vec<u8> {
    let lines: String = lines.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("{first}\r\n{lines}\r\n").into_bytes()
}

const SWITCHING: &str = "HTTP/1.1 101 Switching Protocols";

/// Holds that `bytes` give `error`, that nothing is sent, and that the socket is dead afterwards.
fn assert_not_upgraded(bytes: &[u8], error: SocketError) {
    let mut end = End::connecting(&Limits::default());
    end.sent();
    assert_eq!(end.take(bytes), Err(error.clone()), "{}", String::from_utf8_lossy(bytes));
    assert_eq!((error.status(), error.close_code()), (None, None));
    let foreign = error.to_string().contains("something else than a Bowline hub");
    assert_eq!(foreign, error.code() == Code::NotBowline, "{error}");
    end.socket.write(b"message", &mut end.out);
    end.socket.close(CloseCode::NORMAL, "", &mut end.out);
    assert!(end.out.is_empty() && !end.socket.is_open());
    assert_eq!(end.take(&spell(SWITCHING, &good())), Err(error));
}

#[test]
fn the_request_is_what_the_spec_says() {
    let mut end = End::connecting(&Limits::default());
    let text = request_text(&mut end);
    let (_, rest) = text.split_once("Sec-WebSocket-Key: ").unwrap();
    let (key, _) = rest.split_once("\r\n").unwrap();
    assert_eq!(data_encoding::BASE64.decode(key.as_bytes()).unwrap().len(), 16);
    let expected = format!(
        "GET /link?n=WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo HTTP/1.1\r\n\
         Host: hub.example:7777\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {key}\r\n\
         Sec-WebSocket-Protocol: bowline.v1\r\n\r\n"
    );
    assert_eq!(text, expected);
}

#[test]
fn the_key_comes_from_the_seed() {
    let text = |seed| {
        let mut out = Buffer::new();
        let random = Random::new(&Seed([seed; 32]));
        let _ = Socket::connect(&request(), random, &Limits::default(), &mut out);
        out.filled().to_vec()
    };
    assert_eq!(text(1), text(1));
    assert_ne!(text(1), text(2));
}

#[test]
fn a_host_or_path_cannot_end_its_line() {
    let mut out = Buffer::new();
    let request = UpgradeRequest {
        host: "hub\r\nOrigin: x".to_owned(),
        path: "/link?a=b HTTP/1.1\r\n\r\n".to_owned(),
        nonce: NONCE,
    };
    let _ = Socket::connect(&request, Random::new(&Seed([7; 32])), &Limits::default(), &mut out);
    let text = String::from_utf8(out.filled().to_vec()).unwrap();
    assert!(text.starts_with("GET /link?a=bHTTP/1.1&n="), "{text}");
    assert!(text.contains("\r\nHost: hubOrigin:x\r\n"), "{text}");
    assert_eq!(text.matches("\r\n").count(), 8, "{text}");
}

#[test]
fn a_good_answer_upgrades_and_what_follows_it_stays() {
    let mut end = End::connecting(&Limits::default());
    end.sent();
    let hello = bare(FIN | BINARY, b"Hello");
    let bytes = [spell(SWITCHING, &good()), hello].concat();
    assert_eq!(end.take(&bytes), Ok(vec![Event::Upgraded(NONCE), message(b"Hello")]));
    assert!(end.socket.is_open() && end.out.is_empty());
}

#[test]
fn names_and_lists_may_be_spelt_as_http_allows() {
    let mut lines = good();
    lines[0].1 = "WebSocket".to_owned();
    lines[1] = ("connection", "keep-alive, UPGRADE".to_owned());
    lines.push(("Server", "nginx".to_owned()));
    let mut end = End::connecting(&Limits::default());
    let bytes = spell("HTTP/1.1 101 ", &lines);
    assert_eq!(end.take(&bytes), Ok(vec![Event::Upgraded(NONCE)]));
}

#[test]
fn another_status_is_told_with_its_reason() {
    for (first, status, reason) in [
        ("HTTP/1.1 200 OK", 200, "OK"),
        ("HTTP/1.1 301 Moved Permanently", 301, "Moved Permanently"),
        ("HTTP/1.0 404 Not Found", 404, "Not Found"),
        ("HTTP/1.1 503 ", 503, ""),
    ] {
        let error = SocketError::NotUpgraded { status, reason: reason.to_owned() };
        assert_not_upgraded(&spell(first, &[]), error.clone());
        assert_not_upgraded(&spell(first, &good()[..3]), error.clone());
        let other = [("Sec-WebSocket-Protocol", "chat, Bowline.v1".to_owned())];
        assert_not_upgraded(&spell(first, &other), error);
    }
    let long = format!("HTTP/1.1 400 {}", "x".repeat(200));
    let error = SocketError::NotUpgraded { status: 400, reason: "x".repeat(80) };
    assert_not_upgraded(&spell(&long, &[]), error);
}

#[test]
fn a_hub_that_does_not_upgrade_is_told_as_one() {
    let ours = [("Sec-WebSocket-Protocol", "bowline.v2, bowline.v1".to_owned())];
    let error = SocketError::Refused { status: 404, reason: "Not Found".to_owned() };
    assert_eq!(error.code(), Code::UpgradeRefused);
    assert_not_upgraded(&spell("HTTP/1.1 404 Not Found", &ours), error);
}

#[test]
fn a_hub_of_another_version_is_told_with_what_it_speaks() {
    let other = |offered: &str| SocketError::OtherVersion { offered: offered.to_owned() };
    let mut switched = good();
    switched[3].1 = "bowline.v2".to_owned();
    assert_not_upgraded(&spell(SWITCHING, &switched), other("'bowline.v2'"));
    let refused = [("Sec-WebSocket-Protocol", "bowline.v2, bowline.v3".to_owned())];
    let refused = spell("HTTP/1.1 400 Bad Request", &refused);
    assert_not_upgraded(&refused, other("'bowline.v2' and 'bowline.v3'"));
    assert_eq!(other("").code(), Code::OtherVersion);
}

#[test]
fn what_does_not_speak_http_is_told_at_its_first_wrong_byte() {
    for bytes in [&b"S"[..], b"HTTP/2", b"HTTPS", b"\x15\x03\x01\x00\x02\x02\x46", b"\r\n", b"h"] {
        assert_not_upgraded(bytes, SocketError::NotHttp);
    }
}

#[test]
fn a_101_with_a_wrong_or_missing_header_is_no_upgrade() {
    for (place, header, expected) in [
        (0, "Upgrade", "'websocket'"),
        (1, "Connection", "it to list 'Upgrade'"),
        (2, "Sec-WebSocket-Accept", "the answer to the key that was sent"),
        (3, "Sec-WebSocket-Protocol", "'bowline.v1'"),
    ] {
        let mut wrong = good();
        wrong[place].1 = "other".to_owned();
        let came = "'other'".to_owned();
        assert_not_upgraded(
            &spell(SWITCHING, &wrong),
            SocketError::Answer { header, came, expected },
        );
        let mut missing = good();
        missing.remove(place);
        let came = "nothing".to_owned();
        assert_not_upgraded(
            &spell(SWITCHING, &missing),
            SocketError::Answer { header, came, expected },
        );
    }
}

#[test]
fn an_answer_given_twice_or_an_extension_is_no_upgrade() {
    for (header, expected) in [
        ("Sec-WebSocket-Accept", "the answer to the key that was sent"),
        ("Sec-WebSocket-Protocol", "'bowline.v1'"),
    ] {
        let mut twice = good();
        let line = twice.iter().find(|(name, _)| *name == header).unwrap().clone();
        let came = format!("'{0}' and '{0}'", line.1);
        twice.push(line);
        assert_not_upgraded(
            &spell(SWITCHING, &twice),
            SocketError::Answer { header, came, expected },
        );
    }
    let mut extended = good();
    extended.push(("Sec-WebSocket-Extensions", "permessage-deflate".to_owned()));
    let error = SocketError::Answer {
        header: "Sec-WebSocket-Extensions",
        came: "'permessage-deflate'".to_owned(),
        expected: "nothing, as nothing was offered",
    };
    assert_not_upgraded(&spell(SWITCHING, &extended), error);
}

#[test]
fn a_malformed_answer_is_told_as_such() {
    let unreadable = SocketError::AnswerMalformed { what: "its head cannot be read" };
    assert_not_upgraded(b"HTTP/1.1 1x1 A\r\n\r\n", unreadable.clone());
    assert_not_upgraded(b"HTTP/1.1 101 A\r\nno colon\r\n\r\n", unreadable.clone());
    assert_not_upgraded(b"HTTP/1.7 101 A\r\n\r\n", unreadable);
    let old = SocketError::AnswerMalformed { what: "101 came with HTTP/1.0" };
    assert_not_upgraded(&spell("HTTP/1.0 101 A", &good()), old);
    let bare = SocketError::AnswerMalformed { what: "a line ends without a carriage return" };
    let text = String::from_utf8(spell(SWITCHING, &good())).unwrap();
    assert_not_upgraded(text.replace("\r\n", "\n").as_bytes(), bare);
    let lines = vec![("X", "x".to_owned()); 65];
    let many = SocketError::AnswerMalformed { what: "it has too many header lines" };
    assert_not_upgraded(&spell(SWITCHING, &lines), many);
}

#[test]
fn an_answer_of_the_limit_passes_and_one_byte_more_does_not() {
    let of = |length: usize| {
        let mut lines = good();
        lines.push(("X", String::new()));
        let bare = spell(SWITCHING, &lines).len();
        lines.pop();
        lines.push(("X", "x".repeat(length - bare)));
        spell(SWITCHING, &lines)
    };
    let limit = Limits::default().head;
    let mut end = End::connecting(&Limits::default());
    assert_eq!(end.socket.wants(), limit);
    assert_eq!(end.take(&of(limit)), Ok(vec![Event::Upgraded(NONCE)]));
    assert_not_upgraded(&of(limit + 1), SocketError::AnswerTooLong { limit });
}
