//! The connecting side of the upgrade (RFC 6455 §4.1): one request head out, one answer in.
//!
//! Whatever listens at a hub's address may answer, so an answer that is not a hub's is told apart
//! from a refusal as early as its bytes allow. The bytes after the answer's blank line are frames
//! and stay where they are: the hub's Hello comes in the same flight.
//!
//! ```text
//! request written ── 101, all as expected ──> upgraded
//!        └────────── anything else ─────────> the operator is told
//! ```

use data_encoding::BASE64;
use tungstenite::handshake::derive_accept_key;

use super::SUBPROTOCOL;
use super::error::SocketError;
use super::head::{Collector, HEADER_LINES, Headers, excerpt, has_bare_line_feed, quoted};
use crate::buffer::Buffer;
use crate::id::Nonce;
use crate::random::Random;

/// What to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpgradeRequest {
    /// The value of `Host`: `hub.example:7777`. Only printable ASCII without spaces can stand in
    /// a request; anything else is left out of it.
    pub host: String,
    /// The path, beginning with `/`, under the same rule: `/link`. It may have a query of its
    /// own, which a hub ignores.
    pub path: String,
    /// This link's nonce, which goes into the query.
    pub nonce: Nonce,
}

/// A connecting side that waits for its answer.
#[derive(Debug)]
pub(super) struct Connecting {
    /// The value of `Sec-WebSocket-Accept` that answers our key.
    accept: String,
    nonce: Nonce,
    collector: Collector,
}

impl Connecting {
    /// Writes the request into `out` and waits for an answer head of at most `limit` bytes.
    pub(super) fn new(
        request: &UpgradeRequest,
        random: &mut Random,
        limit: usize,
        out: &mut Buffer,
    ) -> Self {
        let key = BASE64.encode(&random.bytes::<16>());
        let (host, path) = (printable(&request.host), printable(&request.path));
        let joint = if path.contains('?') { '&' } else { '?' };
        out.extend(
            format!(
                "GET {path}{joint}n={} HTTP/1.1\r\n\
                 Host: {host}\r\n\
                 Upgrade: websocket\r\n\
                 Connection: Upgrade\r\n\
                 Sec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: {key}\r\n\
                 Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n",
                request.nonce
            )
            .as_bytes(),
        );
        Self {
            accept: derive_accept_key(key.as_bytes()),
            nonce: request.nonce,
            collector: Collector::new(limit),
        }
    }

    /// The most bytes that must be held to read the head.
    pub(super) fn wants(&self) -> usize {
        self.collector.limit()
    }

    /// Reads the answer and gives the nonce that was sent; none until more bytes come.
    pub(super) fn read(&mut self, plain: &mut Buffer) -> Result<Option<Nonce>, SocketError> {
        let held = plain.filled();
        if held.iter().zip(b"HTTP/1.").any(|(came, expected)| came != expected) {
            return Err(SocketError::NotHttp);
        }
        let limit = self.collector.limit();
        let found = self.collector.head(held).map_err(|_| SocketError::AnswerTooLong { limit })?;
        let Some(head) = found else {
            return Ok(None);
        };

        let mut lines = [httparse::EMPTY_HEADER; HEADER_LINES];
        let mut answer = httparse::Response::new(&mut lines);
        match answer.parse(head) {
            Ok(httparse::Status::Complete(_)) => {}
            Ok(httparse::Status::Partial) => {
                return Err(SocketError::AnswerMalformed { what: "its head is not whole" });
            }
            Err(httparse::Error::TooManyHeaders) => {
                return Err(SocketError::AnswerMalformed { what: "it has too many header lines" });
            }
            Err(_) => {
                return Err(SocketError::AnswerMalformed { what: "its head cannot be read" });
            }
        }
        if answer.code != Some(101) {
            let status = answer.code.unwrap_or_default();
            let reason = excerpt(answer.reason.unwrap_or_default().as_bytes());
            return Err(not_upgraded(status, reason, Headers(answer.headers)));
        }
        if has_bare_line_feed(head) {
            return Err(SocketError::AnswerMalformed {
                what: "a line ends without a carriage return",
            });
        }
        if answer.version != Some(1) {
            return Err(SocketError::AnswerMalformed { what: "101 came with HTTP/1.0" });
        }
        self.check(Headers(answer.headers))?;
        let head = head.len();
        plain.consume(head);
        Ok(Some(self.nonce))
    }

    /// The headers of a 101. spec: websocket §4.
    fn check(&self, headers: Headers<'_>) -> Result<(), SocketError> {
        let wrong = |header, expected| {
            Err(SocketError::Answer { header, came: headers.came(header), expected })
        };
        if !headers.list("Upgrade").any(|one| one.eq_ignore_ascii_case(b"websocket")) {
            return wrong("Upgrade", "'websocket'");
        }
        if !headers.list("Connection").any(|one| one.eq_ignore_ascii_case(b"upgrade")) {
            return wrong("Connection", "it to list 'Upgrade'");
        }
        if headers.only("Sec-WebSocket-Accept") != Some(self.accept.as_bytes()) {
            return wrong("Sec-WebSocket-Accept", "the answer to the key that was sent");
        }
        match headers.only("Sec-WebSocket-Protocol") {
            Some(ours) if ours == SUBPROTOCOL.as_bytes() => {}
            Some(other) if other.starts_with(FAMILY) => {
                return Err(SocketError::OtherVersion { offered: quoted(other) });
            }
            _ => return wrong("Sec-WebSocket-Protocol", "'bowline.v1'"),
        }
        match headers.all("Sec-WebSocket-Extensions").next() {
            Some(_) => wrong("Sec-WebSocket-Extensions", "nothing, as nothing was offered"),
            None => Ok(()),
        }
    }
}

/// Why there is no 101: a hub names what it speaks in every refusal. spec: websocket §3.
fn not_upgraded(status: u16, reason: String, headers: Headers<'_>) -> SocketError {
    let named = headers.list("Sec-WebSocket-Protocol").filter(|one| one.starts_with(FAMILY));
    let named: Vec<_> = named.take(4).collect();
    if named.is_empty() {
        return SocketError::NotUpgraded { status, reason };
    }
    if named.contains(&SUBPROTOCOL.as_bytes()) {
        return SocketError::Refused { status, reason };
    }
    let offered: Vec<_> = named.into_iter().map(quoted).collect();
    SocketError::OtherVersion { offered: offered.join(" and ") }
}

/// How the subprotocol of every version begins.
const FAMILY: &[u8] = b"bowline.v";

/// What of `text` can stand in a request line or a header without ending it.
fn printable(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).collect()
}
