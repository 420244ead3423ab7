//! What the tests of the socket share: an end of a WebSocket with its buffers, and frames spelt
//! by hand from RFC 6455, so that no test trusts the code that it tests.

mod answer;
mod chunks;
mod frames;
mod limits;
mod oracle;
mod request;

use std::sync::Arc;

use super::*;
use crate::random::Seed;

/// One end with its buffers.
struct End {
    socket: Socket,
    plain: Buffer,
    out: Buffer,
}

/// An [`Incoming`] that owns what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Event {
    Upgraded(Nonce),
    Message(Vec<u8>),
    Closed(Option<CloseCode>, String),
}

impl End {
    /// A connecting end whose request stands in `out`.
    fn connecting(limits: &Limits) -> Self {
        let mut out = Buffer::new();
        let socket = Socket::connect(&request(), Random::new(&Seed([7; 32])), limits, &mut out);
        Self { socket, plain: Buffer::new(), out }
    }

    fn accepting(limits: &Limits) -> Self {
        let socket = Socket::accept(Arc::new(UpgradePolicy::default()), limits);
        Self { socket, plain: Buffer::new(), out: Buffer::new() }
    }

    /// Both ends, upgraded by each other, with nothing held.
    fn pair(limits: &Limits) -> (Self, Self) {
        let (mut connecting, mut accepting) = (Self::connecting(limits), Self::accepting(limits));
        assert_eq!(accepting.take_from(&mut connecting), Ok(vec![Event::Upgraded(NONCE)]));
        assert_eq!(connecting.take_from(&mut accepting), Ok(vec![Event::Upgraded(NONCE)]));
        assert!(connecting.plain.is_empty() && accepting.plain.is_empty());
        (connecting, accepting)
    }

    /// An upgraded accepting end: frames to it are masked.
    fn accepted() -> Self {
        Self::pair(&Limits::default()).1
    }

    /// An upgraded connecting end: frames to it are not masked.
    fn connected() -> Self {
        Self::pair(&Limits::default()).0
    }

    /// Everything that comes of what is held.
    fn drain(&mut self) -> (Vec<Event>, Option<SocketError>) {
        let mut events = Vec::new();
        loop {
            match self.socket.read(&mut self.plain, &mut self.out) {
                Ok(None) => return (events, None),
                Ok(Some(Incoming::Upgraded(Upgraded { nonce, .. }))) => {
                    events.push(Event::Upgraded(nonce));
                }
                Ok(Some(Incoming::Message(message))) => {
                    events.push(Event::Message(message.to_vec()));
                }
                Ok(Some(Incoming::Closed { code, reason })) => {
                    events.push(Event::Closed(code, reason.to_owned()));
                }
                Err(error) => return (events, Some(error)),
            }
        }
    }

    /// What comes of `bytes`, which must break nothing.
    fn take(&mut self, bytes: &[u8]) -> Result<Vec<Event>, SocketError> {
        self.plain.extend(bytes);
        let (events, error) = self.drain();
        error.map_or(Ok(events), Err)
    }

    fn take_from(&mut self, other: &mut Self) -> Result<Vec<Event>, SocketError> {
        let bytes = other.sent();
        self.take(&bytes)
    }

    /// What `bytes` break.
    fn error(mut self, bytes: &[u8]) -> SocketError {
        self.take(bytes).unwrap_err()
    }

    /// What was written since the last call.
    fn sent(&mut self) -> Vec<u8> {
        let sent = self.out.filled().to_vec();
        self.out.clear();
        sent
    }
}

const NONCE: Nonce = Nonce([0x5A; 32]);
const KEY: [u8; 4] = [0x12, 0x34, 0x56, 0x78];

fn request() -> UpgradeRequest {
    UpgradeRequest { host: "hub.example:7777".to_owned(), path: PATH.to_owned(), nonce: NONCE }
}

fn message(bytes: &[u8]) -> Event {
    Event::Message(bytes.to_vec())
}

/// A frame by the diagram of RFC 6455 §5.2; `first` is FIN, RSV and opcode.
fn frame(first: u8, payload: &[u8], key: Option<[u8; 4]>) -> Vec<u8> {
    let mut bytes = head(first, payload.len() as u64, key);
    let key = key.unwrap_or_default();
    bytes.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]));
    bytes
}

/// The header of such a frame.
fn head(first: u8, length: u64, key: Option<[u8; 4]>) -> Vec<u8> {
    let bit = if key.is_some() { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match length {
        0..126 => bytes.push(bit | length as u8),
        126..65536 => {
            bytes.push(bit | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(bit | 127);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend(key.iter().flatten());
    bytes
}

/// A masked frame, as a connecting side sends it.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, payload, Some(KEY))
}

/// A bare frame, as an accepting side sends it.
fn bare(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, payload, None)
}

/// A Close frame's payload.
fn close_with(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}

const CONTINUE: u8 = 0x00;
const TEXT: u8 = 0x01;
const BINARY: u8 = 0x02;
const CLOSE: u8 = 0x08;
const PING: u8 = 0x09;
const PONG: u8 = 0x0A;
const FIN: u8 = 0x80;
