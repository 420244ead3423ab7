//! One connection, whole: bytes in and out, events, deadlines, questions.
//!
//! ```text
//!           network bytes         plaintext          messages            frames
//! socket ──► receive_buffer ─tunnel─► plain ─socket─► auth, then session ──► poll_event
//! socket ◄── transmit ◄──────tunnel── out ◄──socket── lanes ◄─────────────── send
//! ```
//!
//! **After every input, drain: events until `None`, then transmit until empty, then ask for the
//! timeout. A link that has ended stays ended, and asks for nothing.**
//!
//! Inputs are `received`, `received_eof`, `transmitted`, `handle_timeout`, `answer`, `send` and its
//! kin, and `close`. Any number of them may precede a drain. Work is done in `poll_event` (opening
//! and reading) and in `transmit` (sealing what has gathered), so frames share records and writes.

mod close;
mod event;
mod leave;
mod pace;
mod phase;
mod pump;
mod renew;
mod timers;

pub use event::{EndReason, Ended, Event, Security};
pub use leave::{UNFINISHED, wind_up};
pub use pace::Measure;
pub use timers::TimerKind;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::ask::{Answer, AskId};
use crate::auth::{Dial, HubSnapshot, Transport};
use crate::buffer::Buffer;
use crate::code::Code;
use crate::id::{CallId, Nonce};
use crate::limits::{Limits, TLS_RECORD};
use crate::random::{Random, Seed};
use crate::rate::Bucket;
use crate::session::{Encoded, SendError, Session, Side};
use crate::socket::{Socket, UpgradeRequest};
use crate::source;
use crate::time::{Mono, Now, TimerTable};
use crate::tunnel::{Tunnel, TunnelError};
use crate::wire::Frame;
use crate::wire::frame::{Method, OutputStream};

use leave::Leaving;
use pace::LinkPace;
use phase::LinkPhase;
use pump::{Aside, Note};
use renew::LinkRenewing;

/// One connection between a peer and a hub, from its first byte to its last.
#[derive(Debug)]
pub struct Link {
    side: Side,
    /// How the peer comes; at a hub none until that is proved.
    method: Option<Method>,
    tunnel: Tunnel,
    socket: Socket,
    phase: LinkPhase,
    limits: Limits,
    timers: TimerTable<{ TimerKind::COUNT }>,
    random: Random,
    now: Now,
    /// Plaintext that came.
    plain: Buffer,
    /// Plaintext that goes.
    out: Buffer,
    /// What there is to tell.
    notes: VecDeque<Note>,
    /// What the frame that was told last leads to.
    aside: Option<Box<Aside>>,
    /// The open question, and the number of the next.
    asked: Option<AskId>,
    next_ask: u64,
    /// The tunnel has input that it has not looked at.
    fresh: bool,
    /// The tunnel failed; told once what came before it has been read.
    broken: Option<TunnelError>,
    /// The transport's event was told.
    secured: bool,
    /// This end leaves, once no call is open.
    leaving: Option<Leaving>,
    /// The other end's Goaway.
    goaway: Option<EndReason>,
    /// How much the socket is asked for at a time.
    appetite: usize,
    /// Bytes from and to the network.
    traffic: (u64, u64),
    /// What the session needs for new credentials, where its method has any.
    renewing: Option<LinkRenewing>,
    /// How often it may ask for them, at a peer.
    asking: Bucket,
    /// What the other end may send once admitted; none where that is not counted.
    pace: Option<Box<LinkPace>>,
    /// The other end's stream has ended.
    eof: bool,
}

/// Bytes that a busy link asks the socket for.
const BULK: usize = 64 << 10;

/// Plaintext gathered for one record.
const GATHER: usize = 16 << 10;

impl Link {
    /// A peer's link: the shell has connected a socket.
    ///
    /// # Errors
    /// [`TunnelError`] where the host is neither a DNS name nor an IP address.
    pub fn connect(dial: Arc<Dial>, seed: &Seed, now: Now) -> Result<Self, TunnelError> {
        let mut random = Random::new(seed);
        let limits = dial.limits.clone();
        let method = Some(dial.credential.method());
        let tunnel = match &dial.transport {
            Transport::Plain => Tunnel::connect_plain(&limits),
            Transport::Tls(config) => Tunnel::connect_tls(config, &dial.host, &limits)?,
        };
        let nonce = Nonce(random.bytes());
        let request =
            UpgradeRequest { host: dial.authority.clone(), path: dial.path.clone(), nonce };
        let masks = Random::new(&random.seed());
        let mut out = Buffer::new();
        let socket = Socket::connect(&request, masks, &limits, &mut out);
        let phase = LinkPhase::Dialling(Box::new((dial, nonce)));
        let pace = Some(Box::new(LinkPace::of_hub(&limits, now.mono)));
        Ok(Self {
            out,
            pace,
            method,
            ..Self::new(Side::Peer, tunnel, socket, phase, limits, random, now)
        })
    }

    /// A hub's link: the shell has accepted a socket from this source.
    ///
    /// # Errors
    /// [`TunnelError`] where the snapshot's certificate cannot be used.
    pub fn accept(
        snapshot: Arc<HubSnapshot>,
        source: source::Source,
        seed: &Seed,
        now: Now,
    ) -> Result<Self, TunnelError> {
        let limits = snapshot.limits.clone();
        let mut tunnel = match snapshot.tls(source) {
            None => Tunnel::accept_plain(&limits),
            Some(config) => Tunnel::accept_tls(config, &limits)?,
        };
        tunnel.set_input_limit(TLS_RECORD);
        let socket = Socket::accept(snapshot.policy.clone(), &limits);
        let phase = LinkPhase::Answering(snapshot, source);
        // The operator of this machine is nobody's flood.
        let counted = source != source::Source::Local;
        let pace = counted.then(|| Box::new(LinkPace::of_peer(&limits, now.mono)));
        let random = Random::new(seed);
        Ok(Self { pace, ..Self::new(Side::Hub, tunnel, socket, phase, limits, random, now) })
    }

    fn new(
        side: Side,
        tunnel: Tunnel,
        socket: Socket,
        phase: LinkPhase,
        limits: Limits,
        random: Random,
        now: Now,
    ) -> Self {
        let mut timers = TimerTable::new();
        timers.set(TimerKind::Upgrade, now.mono.after(limits.upgrade_within));
        let asking = Bucket::full(&renew::rate(&limits), now.mono);
        Self {
            side,
            method: None,
            tunnel,
            socket,
            phase,
            limits,
            timers,
            random,
            now,
            plain: Buffer::new(),
            out: Buffer::new(),
            notes: VecDeque::new(),
            aside: None,
            asked: None,
            next_ask: 0,
            fresh: true,
            broken: None,
            secured: false,
            leaving: None,
            goaway: None,
            appetite: TLS_RECORD,
            traffic: (0, 0),
            renewing: None,
            asking,
            pace: None,
            eof: false,
        }
    }

    /// Where the next network bytes go. Empty means back-pressure: do not read the socket until
    /// the next drain. Ask again before every read.
    #[must_use]
    pub fn receive_buffer(&mut self) -> &mut [u8] {
        let closed = matches!(self.phase, LinkPhase::Ending(_) | LinkPhase::Ended);
        let full = self.plain.len() >= self.socket.wants() || self.is_holding();
        let want = if closed || full || self.broken.is_some() { 0 } else { self.appetite };
        self.tunnel.receive_buffer(want)
    }

    /// The first `n` bytes of [`Link::receive_buffer`] were read from the network.
    pub fn received(&mut self, n: usize, now: Now) {
        self.tick(now);
        if n == 0 {
            return;
        }
        self.tunnel.received(n);
        self.fresh = true;
        self.traffic.0 = self.traffic.0.saturating_add(n as u64);
        self.appetite = if n >= self.appetite { BULK } else { TLS_RECORD };
        if let LinkPhase::Steady(_) = self.phase {
            self.timers.set(TimerKind::Silence, self.now.mono.after(self.limits.silence));
        }
    }

    /// The network stream has ended.
    pub fn received_eof(&mut self, now: Now) {
        self.tick(now);
        self.tunnel.received_eof();
        self.fresh = true;
        self.eof = true;
    }

    /// The network takes no more bytes: the socket is gone. As the end of its stream, but for a
    /// link that is ending, which has nobody left to say its last words to.
    pub fn write_failed(&mut self, now: Now) {
        if matches!(self.phase, LinkPhase::Ending(_)) {
            self.tick(now);
            return self.give_up();
        }
        self.received_eof(now);
    }

    /// Network bytes to be written, what has gathered sealed among them. Ask again after every
    /// [`Link::transmitted`] until it is empty.
    #[must_use]
    pub fn transmit(&mut self) -> &[u8] {
        // Where the stream has ended and what came before is held back, nobody is there to write
        // to.
        if matches!(self.phase, LinkPhase::Ended) || (self.eof && self.is_holding()) {
            return &[];
        }
        self.seal();
        self.tunnel.transmit()
    }

    /// The first `n` bytes of [`Link::transmit`] were written; a part is normal.
    pub fn transmitted(&mut self, n: usize, now: Now) {
        self.tick(now);
        self.tunnel.transmitted(n);
        self.traffic.1 = self.traffic.1.saturating_add(n as u64);
    }

    /// The next deadline and its reason; `None` once ended. Ask after every drain: any input may
    /// have changed it.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Mono, TimerKind)> {
        self.timers.next()
    }

    /// Time has passed. Calling it early, late or twice changes nothing that time did not.
    pub fn handle_timeout(&mut self, now: Now) {
        self.tick(now);
        while let Some(timer) = self.timers.expire(self.now.mono) {
            match timer {
                TimerKind::Heartbeat => self.beat(),
                TimerKind::Ending => self.give_up(),
                // What waits is looked at again with the next event.
                TimerKind::Pace => {}
                TimerKind::Refresh => self.refresh(),
                TimerKind::Leaving => self.overdue(),
                TimerKind::Upgrade
                | TimerKind::Admission
                | TimerKind::Silence
                | TimerKind::Expiry => self.end(EndReason::TimedOut(timer), None),
            }
        }
    }

    /// The answer to [`Event::Ask`]. Ignored where the question is not open.
    pub fn answer(&mut self, ask: AskId, answer: Answer, now: Now) {
        self.tick(now);
        if self.asked == Some(ask) {
            self.asked = None;
            self.answered(answer);
        }
    }

    /// Takes a frame for sending: any that this end may send, with its own call ids.
    ///
    /// # Errors
    /// [`SendError`]; the frame was not taken. [`SendError::Full`] passes with the next transmit.
    pub fn send(&mut self, frame: &Frame<'_>) -> Result<(), SendError> {
        self.session().ok_or(SendError::Closed)?.send(frame)
    }

    /// As [`Link::send`], for a frame that was encoded before.
    ///
    /// # Errors
    /// As [`Link::send`].
    pub fn send_encoded(&mut self, frame: Encoded<'_>) -> Result<(), SendError> {
        self.session().ok_or(SendError::Closed)?.send_encoded(frame)
    }

    /// Takes as much of a running call's output as credit and room allow; how much.
    ///
    /// # Errors
    /// [`SendError`]: the call is over, or the link.
    pub fn output(
        &mut self,
        id: CallId,
        source: OutputStream,
        bytes: &[u8],
    ) -> Result<usize, SendError> {
        self.session().ok_or(SendError::Closed)?.output(id, source, bytes)
    }

    /// Takes as much input for a call of ours as credit and room allow; how much. The end is
    /// taken where all of `bytes` were.
    ///
    /// # Errors
    /// [`SendError`]: the call is over, or the link.
    pub fn input(&mut self, id: CallId, bytes: &[u8], end: bool) -> Result<usize, SendError> {
        self.session().ok_or(SendError::Closed)?.input(id, bytes, end)
    }

    /// The application has done with so many bytes of a call's output or input.
    pub fn grant(&mut self, id: CallId, bytes: u64) {
        if let Some(session) = self.session() {
            session.grant(id, bytes);
        }
    }

    /// The id that the next call has to carry; `None` before admission and after the end.
    #[must_use]
    pub fn next_call(&mut self) -> Option<CallId> {
        self.session().map(|session| session.next_call())
    }

    /// How much output or input of a call would be taken now.
    #[must_use]
    pub fn room(&mut self, id: CallId) -> usize {
        self.session().map_or(0, |session| session.room(id))
    }

    /// Ends the link: answers that wait go out, then Goaway (to a peer that is not admitted,
    /// Refuse), Close, close_notify, and the event. Idempotent.
    pub fn close(&mut self, code: Code, now: Now) {
        self.tick(now);
        self.end(EndReason::Closed(code), None);
    }

    /// Frees every empty buffer; call it before sleeping.
    pub fn rest(&mut self) {
        self.plain.rest();
        self.out.rest();
        if !self.is_holding() {
            self.socket.rest();
        }
        self.tunnel.rest();
        self.appetite = TLS_RECORD;
        if self.notes.is_empty() {
            self.notes = VecDeque::new();
        }
        if let LinkPhase::Steady(session) = &mut self.phase {
            session.rest();
        }
    }

    /// Bytes of memory behind the buffers that network and plaintext bytes pass through; what waits
    /// in the session's lanes is not among them.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.plain.capacity() + self.out.capacity() + self.tunnel.memory()
    }

    /// Whether the link is in its session.
    #[must_use]
    pub fn is_admitted(&self) -> bool {
        matches!(self.phase, LinkPhase::Steady(_))
    }

    /// Whether [`Event::Ended`] was told; nothing follows.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self.phase, LinkPhase::Ended) && self.notes.is_empty()
    }

    /// Bytes received from and written to the network.
    #[must_use]
    pub fn traffic(&self) -> (u64, u64) {
        self.traffic
    }

    /// Whether a message was read and waits for its token.
    fn is_holding(&self) -> bool {
        let steady = matches!(self.phase, LinkPhase::Steady(_));
        steady && self.pace.as_ref().is_some_and(|pace| pace.is_holding())
    }

    fn session(&mut self) -> Option<&mut Session> {
        match &mut self.phase {
            LinkPhase::Steady(session) => Some(session),
            _ => None,
        }
    }

    /// Takes a clock in: the monotonic part never goes back.
    fn tick(&mut self, now: Now) {
        self.now = now.no_earlier_than(self.now.mono);
        self.check_expiry();
    }
}

#[cfg(test)]
mod tests;
