//! A hub that was taken over: it is the one that is meant, admits everybody, and then sends what it
//! likes.
//!
//! What it sends comes by dice: frames of every kind, most of them allowed and too many, some of
//! them not; it closes at once, falls silent, or refuses. At last it is honest again.

use std::collections::VecDeque;
use std::sync::Arc;

use bowline_core::buffer::Buffer;
use bowline_core::code::Code;
use bowline_core::id::{CallId, Nonce, PeerId, SessionId};
use bowline_core::identity::{HubIdentity, SigningKey};
use bowline_core::limits::Limits;
use bowline_core::random::{Random, Seed};
use bowline_core::socket::{Incoming, Socket, UpgradePolicy};
use bowline_core::time::Now;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{
    Call, Cancel, Deny, Goaway, Hello, HelloBody, Input, Method, Ping, Refuse, Registered,
    SessionLimits, Target, Welcome, WelcomeBody, Window,
};
use bowline_core::wire::value::ArgumentsBuf;

use crate::sim::dice::Dice;

/// Bytes that it has on their way at most: TCP holds it up as anybody.
const AHEAD: usize = 256 << 10;

/// What peers are told that they may do.
const LIMITS: SessionLimits =
    SessionLimits { message: 1 << 20, open_calls: 1024, call_deadline_ms: 86_400_000 };

/// The hub, and its end of the connection that there is.
#[derive(Debug)]
pub struct Taken {
    identity: HubIdentity,
    limits: Limits,
    end: Option<TakenEnd>,
    /// It keeps the rules from here on.
    pub honest: bool,
}

/// How it is with one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    /// It does as it should.
    Honest,
    /// It says Refuse in place of Hello.
    Refuse,
    /// It admits, and closes.
    Close,
    /// It admits, and says nothing more.
    Silent,
    /// It sends what is allowed, and without end.
    Flood,
    /// It sends what is not.
    Lies,
}

#[derive(Debug)]
struct TakenEnd {
    socket: Socket,
    plain: Buffer,
    out: Buffer,
    mood: Mood,
    /// The number of the next call.
    next: u64,
    /// What the peer has not read.
    late: VecDeque<u8>,
    admitted: bool,
    over: bool,
}

impl Taken {
    /// A hub whose identity comes from the dice.
    #[must_use]
    pub fn new(dice: &mut Dice, limits: &Limits) -> Self {
        let identity = HubIdentity(SigningKey::generate(&mut Random::new(&Seed(dice.bytes()))));
        Self { identity, limits: limits.clone(), end: None, honest: false }
    }

    /// A peer dials.
    pub fn accept(&mut self, dice: &mut Dice) {
        let mood = match dice.below(10) {
            _ if self.honest => Mood::Honest,
            0 => Mood::Refuse,
            1 | 2 => Mood::Close,
            3 => Mood::Silent,
            4..8 => Mood::Flood,
            _ => Mood::Lies,
        };
        self.end = Some(TakenEnd {
            socket: Socket::accept(Arc::new(UpgradePolicy::default()), &self.limits),
            plain: Buffer::default(),
            out: Buffer::default(),
            mood,
            next: 2,
            late: VecDeque::new(),
            admitted: false,
            over: false,
        });
    }

    /// Takes what the peer sent.
    pub fn take(&mut self, bytes: &[u8], dice: &mut Dice, now: Now) {
        let Self { identity, end: Some(end), .. } = self else { return };
        end.plain.extend(bytes);
        while !end.over {
            match end.socket.read(&mut end.plain, &mut end.out) {
                Ok(Some(Incoming::Upgraded(upgraded))) => {
                    let message = end.opening(identity, upgraded.nonce, dice, now);
                    end.say(&message);
                }
                Ok(Some(Incoming::Message(message))) => {
                    let message = message.to_vec();
                    end.message(&message, dice, now);
                }
                Ok(Some(_)) | Err(_) => end.over = true,
                Ok(None) => return,
            }
        }
    }

    /// Sends more of what it likes.
    pub fn act(&mut self, peer: PeerId, dice: &mut Dice) {
        let Some(end) = self.end.as_mut().filter(|end| end.admitted && !end.over) else { return };
        match end.mood {
            Mood::Honest | Mood::Refuse | Mood::Silent => {}
            Mood::Close => end.over = true,
            Mood::Flood if dice.one_in(40) => end.over = true,
            Mood::Flood => {
                let kind = dice.below(8);
                for _ in 0..1 + dice.below(400) {
                    if end.out.len() + end.late.len() < AHEAD {
                        end.flood(kind, peer, dice);
                    }
                }
            }
            Mood::Lies => end.lie(dice),
        }
    }

    /// What is on its way to the peer, and whether nothing follows.
    pub fn sent(&mut self) -> (Vec<u8>, bool) {
        let Some(end) = &mut self.end else { return (Vec::new(), true) };
        let mut bytes: Vec<u8> = core::mem::take(&mut end.late).into();
        bytes.extend_from_slice(end.out.filled());
        end.out.clear();
        (bytes, end.over)
    }

    /// What the peer has not read yet is still on its way.
    pub fn put_back(&mut self, bytes: VecDeque<u8>) {
        if let Some(end) = &mut self.end {
            end.late = bytes;
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> bowline_core::id::HubId {
        self.identity.id()
    }
}

impl TakenEnd {
    fn say(&mut self, message: &[u8]) {
        self.socket.write(message, &mut self.out);
    }

    fn frame(&mut self, frame: &Frame<'_>) {
        let mut message = Vec::new();
        frame.encode(&mut message);
        self.say(&message);
    }

    fn opening(
        &mut self,
        identity: &HubIdentity,
        nonce: Nonce,
        dice: &mut Dice,
        now: Now,
    ) -> Vec<u8> {
        let mut message = Vec::new();
        let odd = odd(dice);
        if self.mood == Mood::Refuse {
            let text = "not \u{1b}[2J you\n";
            let (code, retry_after) = (Code::RateLimited, Some(odd));
            let refuse = Refuse { code, text, unix: odd, retry_after };
            Frame::Refuse(refuse).encode(&mut message);
            return message;
        }
        let honest = self.mood == Mood::Honest;
        let body = HelloBody {
            identity: identity.0.public(),
            name: "world".to_owned(),
            nonce: Nonce(dice.bytes()),
            methods: vec![Method::Open as u64],
            unix: if honest { now.unix } else { odd },
            tls_keys: Vec::new(),
            generation: 1,
            limits: LIMITS,
        }
        .encode();
        let signature = identity.sign_hello(&nonce, &body);
        Frame::Hello(Hello { body: &body, signature: &signature }).encode(&mut message);
        message
    }

    fn message(&mut self, message: &[u8], dice: &mut Dice, now: Now) {
        match Frame::decode(message) {
            Ok(Frame::Authenticate(_)) => {
                let (honest, odd) = (self.mood == Mood::Honest, odd(dice));
                let expires = (!honest && dice.one_in(4)).then_some(match dice.below(3) {
                    0 => 0,
                    1 => now.unix + 1,
                    _ => odd,
                });
                let body = WelcomeBody {
                    session: SessionId([7; 16]),
                    peer: "p0".parse().expect("an id"),
                    capabilities: Vec::new(),
                    expires,
                    heartbeat: if honest { 15 } else { odd },
                    limits: LIMITS,
                    issued: None,
                };
                let body = body.encode();
                self.frame(&Frame::Welcome(Welcome { body: &body, proof: &[] }));
                self.admitted = true;
            }
            Ok(Frame::Ping(ping)) if self.mood != Mood::Silent => self.frame(&Frame::Pong(ping)),
            Ok(Frame::Register(register)) if self.mood != Mood::Silent => {
                let count = register.commands.len() as u64;
                self.frame(&Frame::Registered(Registered { count }));
            }
            _ => {}
        }
    }

    /// A frame of this kind, within the rules as far as it knows.
    fn flood(&mut self, kind: u64, peer: PeerId, dice: &mut Dice) {
        let (token, odd) = (dice.throw(), odd(dice));
        let last = CallId(self.next.saturating_sub(2).max(2));
        match kind {
            0 => self.frame(&Frame::Ping(Ping { token })),
            1 => self.frame(&Frame::Pong(Ping { token })),
            2 => self.frame(&Frame::Unknown(0x90)),
            3 => self.frame(&Frame::Goaway(Goaway {
                code: Code::Overload,
                text: "\u{1b}[2J\nsoon",
                reconnect_after: Some(odd),
            })),
            4 => self.frame(&Frame::Deny(Deny {
                id: None,
                code: Code::Refused,
                request: "refresh",
                required: None,
                text: "no",
            })),
            5 if self.next > 2 => self.frame(&Frame::Cancel(Cancel { id: last, reason: "x" })),
            _ => {
                let mut arguments = ArgumentsBuf::new();
                let long = if kind == 7 { dice.below(40_000) } else { 0 };
                let text = "x".repeat(usize::try_from(long).unwrap_or(0));
                arguments.push_text(&text).expect("an argument");
                self.frame(&Frame::Call(Call {
                    id: CallId(self.next),
                    target: Target::Peer(peer),
                    name: "run".parse().expect("a name"),
                    arguments: arguments.as_arguments(),
                    deadline_ms: odd,
                    window: dice.below(1 << 20),
                    delivery: Default::default(),
                }));
                self.next += 2;
            }
        }
    }

    /// A frame that breaks a rule.
    fn lie(&mut self, dice: &mut Dice) {
        let (id, odd) = (CallId(odd(dice)), odd(dice));
        let bytes = vec![0; 70_000];
        match dice.below(6) {
            0 => self.frame(&Frame::Registered(Registered { count: odd })),
            1 => self.frame(&Frame::Window(Window { id, bytes: odd.max(1) })),
            2 => self.frame(&Frame::Input(Input { id, offset: odd, bytes: &bytes, end: false })),
            3 => self.frame(&Frame::Cancel(Cancel { id, reason: "x" })),
            4 => self.say(&vec![0xff; 2 << 20]),
            _ => self.say(b"nonsense"),
        }
    }
}

/// A number that nobody expects.
fn odd(dice: &mut Dice) -> u64 {
    match dice.below(5) {
        0 => 0,
        1 => 1,
        2 => 1 << 63,
        3 => u64::MAX,
        _ => dice.throw(),
    }
}
