//! An end without TLS that speaks the WebSocket, and then whatever a test has it say.

use std::sync::Arc;

use super::scenario::*;
use crate::auth::Dial;
use crate::buffer::Buffer;
use crate::code::CloseCode;
use crate::id::{Nonce, Pin};
use crate::identity::{HubIdentity, Transcript};
use crate::limits::Limits;
use crate::random::{Random, Seed};
use crate::socket::{Incoming, Socket, UpgradePolicy, UpgradeRequest};
use crate::trust::SeenStart;
use crate::wire::Frame;
use crate::wire::frame::{AuthBody, Hello, HelloBody, Method, Purpose, SessionLimits};

pub(super) struct Raw {
    pub(super) socket: Socket,
    plain: Buffer,
    pub(super) out: Buffer,
    /// Messages that came.
    pub(super) got: Vec<Vec<u8>>,
    /// The peer's nonce, once upgraded.
    pub(super) nonce: Option<Nonce>,
    pub(super) closed: Option<CloseCode>,
}

impl Raw {
    pub(super) fn hub() -> Self {
        let socket = Socket::accept(Arc::new(UpgradePolicy::default()), &Limits::default());
        Self::new(socket, Buffer::new())
    }

    pub(super) fn peer() -> Self {
        let request = UpgradeRequest {
            host: "hub.example".to_owned(),
            path: "/link".to_owned(),
            nonce: Nonce([9; 32]),
        };
        let mut out = Buffer::new();
        let masks = Random::new(&Seed([5; 32]));
        let socket = Socket::connect(&request, masks, &Limits::default(), &mut out);
        Self::new(socket, out)
    }

    fn new(socket: Socket, out: Buffer) -> Self {
        Self { socket, plain: Buffer::new(), out, got: Vec::new(), nonce: None, closed: None }
    }

    pub(super) fn say(&mut self, message: &[u8]) {
        self.socket.write(message, &mut self.out);
    }

    pub(super) fn say_frame(&mut self, frame: &Frame<'_>) {
        self.say(&encoded(frame));
    }

    /// Bytes go both ways until none are left.
    pub(super) fn exchange(&mut self, end: &mut End) {
        loop {
            let out = self.out.filled().to_vec();
            self.out.clear();
            end.feed(&out, start());
            end.let_in();
            let came = end.sent(start());
            if out.is_empty() && came.is_empty() {
                return;
            }
            self.take(&came);
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.plain.extend(bytes);
        while let Some(incoming) = self.socket.read(&mut self.plain, &mut self.out).unwrap() {
            match incoming {
                Incoming::Upgraded(upgraded) => self.nonce = Some(upgraded.nonce),
                Incoming::Message(message) => self.got.push(message.to_vec()),
                Incoming::Closed { code, .. } => self.closed = code,
            }
        }
    }

    /// The frames that came, each by its kind.
    pub(super) fn kinds(&self) -> Vec<&'static str> {
        self.got.iter().map(|message| Frame::decode(message).unwrap().kind()).collect()
    }

    /// The last frame that came.
    pub(super) fn last(&self) -> Frame<'_> {
        Frame::decode(self.got.last().unwrap()).unwrap()
    }

    /// A Hello of the true hub, for the peer that upgraded.
    pub(super) fn hello(&self, methods: &[Method]) -> Vec<u8> {
        self.hello_listing(methods, Vec::new())
    }

    pub(super) fn hello_listing(&self, methods: &[Method], tls_keys: Vec<Pin>) -> Vec<u8> {
        let body = HelloBody {
            identity: identity().0.public(),
            name: "the hub".to_owned(),
            nonce: Nonce([4; 32]),
            methods: methods.iter().map(|method| method.number()).collect(),
            unix: START,
            tls_keys,
            generation: 5,
            limits: SESSION_LIMITS,
        }
        .encode();
        let signature = identity().sign_hello(&self.nonce.unwrap(), &body);
        encoded(&Frame::Hello(Hello { body: &body, signature: &signature }))
    }
}

pub(super) const SESSION_LIMITS: SessionLimits =
    SessionLimits { message: 1 << 20, open_calls: 1024, call_deadline_ms: 86_400_000 };

pub(super) fn encoded(frame: &Frame<'_>) -> Vec<u8> {
    let mut message = Vec::new();
    frame.encode(&mut message);
    message
}

/// What the peer of this dial says in Authenticate, and the transcript with it.
pub(super) fn auth_body(dial: &Dial, method: Method) -> AuthBody {
    AuthBody {
        method: method.number(),
        purpose: Purpose::Serve,
        peer: Some(dial.peer),
        key: Some(dial.key.public()),
        seen: None,
        credential: None,
        agent: "raw".to_owned(),
        labels: dial.labels.clone(),
        generation: None,
        later: None,
    }
}

/// `T`, spelled out a second time from `spec/admission.md` §3.
pub(super) fn transcript(nonce: Nonce, hello: &[u8], body: &[u8]) -> Transcript {
    use sha2::{Digest, Sha256};
    let mut text = b"bowline/1 transcript".to_vec();
    text.extend(nonce.0);
    text.extend((hello.len() as u32).to_be_bytes());
    text.extend(hello);
    text.extend((body.len() as u32).to_be_bytes());
    text.extend(body);
    Transcript(Sha256::digest(text).into())
}

/// A Hello that claims to be of this hub and generation, under the signature of `signs`.
pub(super) fn start_of(hub: &HubIdentity, signs: &HubIdentity, generation: u64) -> SeenStart {
    let nonce = Nonce([8; 32]);
    let body = HelloBody {
        identity: hub.0.public(),
        name: "hub".to_owned(),
        nonce: Nonce([9; 32]),
        methods: vec![Method::Secret.number()],
        unix: START,
        tls_keys: Vec::new(),
        generation,
        limits: SessionLimits { message: 1, open_calls: 1, call_deadline_ms: 1 },
    };
    let body = body.encode();
    let signature = signs.sign_hello(&nonce, &body);
    let hello = encoded(&Frame::Hello(Hello { body: &body, signature: &signature }));
    SeenStart::of(&nonce, &hello).unwrap()
}
