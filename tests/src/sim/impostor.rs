//! Somebody who answers at the hub's address: an identity of their own, no secret, and a Welcome
//! for everyone.

use std::collections::BTreeMap;
use std::sync::Arc;

use bowline_core::buffer::Buffer;
use bowline_core::id::{Nonce, SessionId};
use bowline_core::identity::{HubIdentity, SigningKey};
use bowline_core::limits::Limits;
use bowline_core::random::{Random, Seed};
use bowline_core::socket::{Incoming, Socket, UpgradePolicy};
use bowline_core::time::Now;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{
    AuthBody, Hello, HelloBody, Method, SessionLimits, Welcome, WelcomeBody,
};

use crate::sim::dice::Dice;
use crate::sim::network::End;

/// What peers are told that they may do.
const LIMITS: SessionLimits =
    SessionLimits { message: 1 << 20, open_calls: 8, call_deadline_ms: 60_000 };

/// One who pretends.
#[derive(Debug)]
pub struct Impostor {
    identity: HubIdentity,
    limits: Limits,
    ends: BTreeMap<u64, FalseEnd>,
}

/// Their end of a connection.
#[derive(Debug)]
pub struct FalseEnd {
    socket: Socket,
    plain: Buffer,
    out: Buffer,
    /// The first connection of a peer is where it could be fooled.
    nonce: Nonce,
    /// Nothing more is said.
    pub ended: bool,
}

impl Impostor {
    /// Somebody new.
    #[must_use]
    pub fn new(dice: &mut Dice, limits: &Limits) -> Self {
        let identity = SigningKey::generate(&mut Random::new(&Seed(dice.bytes())));
        let (identity, limits) = (HubIdentity(identity), limits.clone());
        Self { identity, limits, ends: BTreeMap::new() }
    }

    /// A connection comes.
    pub fn accept(&mut self, conn: u64, dice: &mut Dice) {
        let end = FalseEnd {
            socket: Socket::accept(Arc::new(UpgradePolicy::default()), &self.limits),
            plain: Buffer::default(),
            out: Buffer::default(),
            nonce: Nonce(dice.bytes()),
            ended: false,
        };
        self.ends.insert(conn, end);
    }

    /// Their end of a connection.
    pub fn end(&mut self, conn: u64) -> Option<&mut FalseEnd> {
        self.ends.get_mut(&conn)
    }

    /// A connection is forgotten.
    pub fn forget(&mut self, conn: u64) {
        self.ends.remove(&conn);
    }

    /// Says whatever might fool somebody; whether anything was said.
    pub fn turn(&mut self, now: Now) -> bool {
        let Self { identity, ends, .. } = self;
        ends.values_mut()
            .filter(|end| !end.ended)
            .fold(false, |said, end| end.turn(identity, now) | said)
    }
}

impl FalseEnd {
    fn turn(&mut self, identity: &HubIdentity, now: Now) -> bool {
        let mut said = false;
        loop {
            let mut reply = Vec::new();
            match self.socket.read(&mut self.plain, &mut self.out) {
                Ok(Some(Incoming::Upgraded(upgraded))) => {
                    let body = self.hello(identity, now);
                    let signature = identity.sign_hello(&upgraded.nonce, &body);
                    Frame::Hello(Hello { body: &body, signature: &signature }).encode(&mut reply);
                }
                Ok(Some(Incoming::Message(message))) => reply = welcome(message),
                Ok(Some(_)) | Err(_) => {
                    self.ended = true;
                    return true;
                }
                Ok(None) => return said,
            }
            self.socket.write(&reply, &mut self.out);
            said = true;
        }
    }

    fn hello(&self, identity: &HubIdentity, now: Now) -> Vec<u8> {
        HelloBody {
            identity: identity.0.public(),
            name: "world".to_owned(),
            nonce: self.nonce,
            methods: vec![Method::Secret as u64],
            unix: now.unix,
            tls_keys: Vec::new(),
            generation: 1,
            limits: LIMITS,
        }
        .encode()
    }
}

/// A Welcome for whoever proved whatever, with a proof that is none.
fn welcome(message: &[u8]) -> Vec<u8> {
    let mut reply = Vec::new();
    let Ok(Frame::Authenticate(frame)) = Frame::decode(message) else { return reply };
    let Some(peer) = AuthBody::decode(frame.body).ok().and_then(|body| body.peer) else {
        return reply;
    };
    let (session, capabilities, expires) = (SessionId([7; 16]), Vec::new(), None);
    let body = WelcomeBody {
        session,
        peer,
        capabilities,
        expires,
        heartbeat: 15,
        limits: LIMITS,
        issued: None,
    };
    let body = body.encode();
    Frame::Welcome(Welcome { body: &body, proof: &[7; 32] }).encode(&mut reply);
    reply
}

impl End for FalseEnd {
    fn transmit(&mut self) -> &[u8] {
        self.out.filled()
    }

    fn transmitted(&mut self, n: usize, _: Now) {
        self.out.consume(n);
    }

    fn receive_buffer(&mut self) -> &mut [u8] {
        self.plain.space(4 << 10)
    }

    fn received(&mut self, n: usize, _: Now) {
        self.plain.fill(n);
    }

    fn received_eof(&mut self, _: Now) {
        self.ended = true;
    }
}
