//! The accepting side of the upgrade (RFC 6455 §4.2): one request head in, one answer out.
//!
//! Every refusal is a small plain-text HTTP response that says what came and what was expected,
//! and an error of its own. What the peer may do once it is upgraded is not decided here: the
//! nonce is handed up, and admission binds to it.
//!
//! ```text
//! collecting ── blank line, all as expected ──> 101, upgraded
//!     └──────── anything else ────────────────> 4xx or 505, refused
//! ```

use std::sync::Arc;

use data_encoding::BASE64;
use tungstenite::handshake::derive_accept_key;

use super::error::SocketError;
use super::head::{Collector, HEADER_LINES, Headers, excerpt, has_bare_line_feed, quoted};
use super::{PATH, SUBPROTOCOL};
use crate::buffer::Buffer;
use crate::forwarded::Forwarded;
use crate::id::Nonce;
use crate::socket::Upgraded;

/// What a hub accepts beyond the form of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpgradePolicy {
    /// The values of `Origin` that are accepted, compared as bytes. Browsers always send one and
    /// programs need not: a request without it passes, one with any other is refused with 403.
    pub origins: Vec<String>,
}

/// An accepting side that waits for its request.
#[derive(Debug)]
pub(super) struct Accepting {
    policy: Arc<UpgradePolicy>,
    collector: Collector,
}

impl Accepting {
    /// Waits for a request head of at most `limit` bytes.
    pub(super) fn new(policy: Arc<UpgradePolicy>, limit: usize) -> Self {
        Self { policy, collector: Collector::new(limit) }
    }

    /// The most bytes that must be held to read the head.
    pub(super) fn wants(&self) -> usize {
        self.collector.limit()
    }

    /// Reads the request, writes the answer into `out` and gives what the request says; none until
    /// more bytes come. On error the refusal stands in `out`.
    pub(super) fn read(
        &mut self,
        plain: &mut Buffer,
        out: &mut Buffer,
    ) -> Result<Option<Upgraded>, SocketError> {
        match self.judge(plain) {
            Ok(None) => Ok(None),
            Ok(Some(request)) => {
                plain.consume(request.head);
                out.extend(
                    format!(
                        "HTTP/1.1 101 Switching Protocols\r\n\
                         Upgrade: websocket\r\n\
                         Connection: Upgrade\r\n\
                         Sec-WebSocket-Accept: {}\r\n\
                         Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n",
                        request.accept
                    )
                    .as_bytes(),
                );
                Ok(Some(request.upgraded))
            }
            Err(error) => {
                refuse(&error, out);
                Err(error)
            }
        }
    }

    /// The request at the front of `plain`, judged. spec: websocket §3, in its order.
    fn judge(&mut self, plain: &Buffer) -> Result<Option<AcceptedUpgrade>, SocketError> {
        let held = plain.filled();
        if held.first().is_some_and(|byte| !byte.is_ascii_alphabetic()) {
            return Err(SocketError::Malformed { what: "it does not begin with a method" });
        }
        let limit = self.collector.limit();
        let found = self.collector.head(held).map_err(|_| SocketError::HeadTooLong { limit })?;
        let Some(head) = found else {
            return Ok(None);
        };

        let mut lines = [httparse::EMPTY_HEADER; HEADER_LINES];
        let mut request = httparse::Request::new(&mut lines);
        match request.parse(head) {
            Ok(httparse::Status::Complete(_)) => {}
            Ok(httparse::Status::Partial) => {
                return Err(SocketError::Malformed { what: "its head is not whole" });
            }
            Err(httparse::Error::Version) => return Err(wrong_version(head)),
            Err(httparse::Error::TooManyHeaders) => {
                return Err(SocketError::TooManyHeaders { limit: HEADER_LINES });
            }
            Err(_) => return Err(SocketError::Malformed { what: "its head cannot be read" }),
        }
        if has_bare_line_feed(head) {
            return Err(SocketError::Malformed { what: "a line ends without a carriage return" });
        }
        if request.version != Some(1) {
            return Err(wrong_version(head));
        }
        let (method, target) =
            (request.method.unwrap_or_default(), request.path.unwrap_or_default());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if method != "GET" {
            return Err(SocketError::Method { came: excerpt(method.as_bytes()) });
        }
        if path != PATH {
            return Err(SocketError::Path { came: excerpt(path.as_bytes()) });
        }

        let headers = Headers(request.headers);
        headers.one("Host")?.ok_or(SocketError::NoHost)?;
        without_body(headers)?;
        self.of_a_listed_origin(headers)?;
        asks_for_websocket(headers)?;
        let accept = accept_key(headers)?;
        if !headers.list("Sec-WebSocket-Protocol").any(|one| one == SUBPROTOCOL.as_bytes()) {
            return Err(SocketError::Subprotocol { came: headers.came("Sec-WebSocket-Protocol") });
        }
        let forwarded: Vec<_> = headers.all("X-Forwarded-For").collect();
        let forwarded = Forwarded::read(&forwarded);
        let upgraded = Upgraded { nonce: nonce(query)?, forwarded };
        Ok(Some(AcceptedUpgrade { head: head.len(), accept, upgraded }))
    }

    fn of_a_listed_origin(&self, headers: Headers<'_>) -> Result<(), SocketError> {
        let Some(origin) = headers.one("Origin")? else {
            return Ok(());
        };
        if self.policy.origins.iter().any(|listed| listed.as_bytes() == origin) {
            return Ok(());
        }
        Err(SocketError::Origin { came: quoted(origin) })
    }
}

/// A request that will be answered with 101.
struct AcceptedUpgrade {
    /// Its length in bytes.
    head: usize,
    /// The value of `Sec-WebSocket-Accept`.
    accept: String,
    upgraded: Upgraded,
}

fn wrong_version(head: &[u8]) -> SocketError {
    let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default().trim_ascii();
    let came = line.rsplit(|&byte| byte == b' ').next().unwrap_or_default();
    SocketError::Version { came: excerpt(came) }
}

/// An upgrade request has no body: bytes after its head are frames.
fn without_body(headers: Headers<'_>) -> Result<(), SocketError> {
    let length = headers.one("Content-Length")?;
    if length.is_some_and(|length| length != b"0") {
        return Err(SocketError::Body);
    }
    match headers.all("Transfer-Encoding").next() {
        Some(_) => Err(SocketError::Body),
        None => Ok(()),
    }
}

fn asks_for_websocket(headers: Headers<'_>) -> Result<(), SocketError> {
    if !headers.list("Upgrade").any(|one| one.eq_ignore_ascii_case(b"websocket")) {
        return Err(SocketError::Upgrade { came: headers.came("Upgrade") });
    }
    if !headers.list("Connection").any(|one| one.eq_ignore_ascii_case(b"upgrade")) {
        return Err(SocketError::Connection { came: headers.came("Connection") });
    }
    if headers.one("Sec-WebSocket-Version")? != Some(b"13") {
        return Err(SocketError::WebSocketVersion { came: headers.came("Sec-WebSocket-Version") });
    }
    Ok(())
}

fn accept_key(headers: Headers<'_>) -> Result<String, SocketError> {
    let key = headers.one("Sec-WebSocket-Key")?.ok_or(SocketError::Key)?;
    match BASE64.decode(key) {
        Ok(bytes) if bytes.len() == 16 => Ok(derive_accept_key(key)),
        Ok(_) | Err(_) => Err(SocketError::Key),
    }
}

/// The one `n` of the query; other parameters mean nothing here.
fn nonce(query: &str) -> Result<Nonce, SocketError> {
    let mut found = query.split('&').filter_map(|pair| pair.strip_prefix("n="));
    let Some(text) = found.next() else {
        return Err(SocketError::Nonce { came: "no nonce" });
    };
    if found.next().is_some() {
        return Err(SocketError::Nonce { came: "more than one nonce" });
    }
    text.parse().map_err(|_| SocketError::Nonce { came: "a malformed nonce" })
}

/// Writes the response that says `error`, and what is spoken here.
fn refuse(error: &SocketError, out: &mut Buffer) {
    let (line, extra) = match error.status() {
        Some(403) => ("403 Forbidden", ""),
        Some(404) => ("404 Not Found", ""),
        Some(405) => ("405 Method Not Allowed", "Allow: GET\r\n"),
        // RFC 6455 §4.4 wants the version named; RFC 9110 §15.5.22 wants the protocol named.
        Some(426) => {
            ("426 Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n")
        }
        Some(431) => ("431 Request Header Fields Too Large", ""),
        Some(505) => ("505 HTTP Version Not Supported", ""),
        _ => ("400 Bad Request", ""),
    };
    let connection = if error.status() == Some(426) { "close, Upgrade" } else { "close" };
    let body = format!("{error}\n");
    out.extend(
        format!(
            "HTTP/1.1 {line}\r\n\
             Connection: {connection}\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Length: {}\r\n\
             Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\
             {extra}\r\n\
             {body}",
            body.len()
        )
        .as_bytes(),
    );
}
