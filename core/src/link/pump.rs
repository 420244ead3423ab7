//! The work of a link: opening, reading and dispatching what came, sealing what goes.

use core::time::Duration;

use crate::arrival::Arrival;
use crate::ask::{Answer, AskId, LinkAsk, Question};
use crate::auth::Admitted;
use crate::auth::hub::{self, HubAuth};
use crate::auth::peer::{self, HubInfo, PeerAuth};
use crate::code::{CloseCode, Code};
use crate::link::event::{EndReason, Ended, Event, Security};
use crate::link::pace::{Load, PaceDelay};
use crate::link::phase::LinkPhase;
use crate::link::renew::{self, LinkRenewing, RenewalStep};
use crate::link::{GATHER, Link, Measure, TimerKind};
use crate::random::Random;
use crate::session::{FrameVerdict, Session};
use crate::socket::{Incoming, Upgraded};
use crate::time::Now;
use crate::tunnel::{Tunnel, TunnelError};
use crate::wire::Frame;

/// What there is to tell, but for frames: each is read once, where it lies, when it is told.
#[derive(Debug)]
pub(super) enum Note {
    Secured(Security),
    Upgraded,
    Learnt(Box<HubInfo>),
    Ask(AskId, Question),
    Failed,
    Admitted(Box<Admitted>),
    HeldBack(Measure),
    Renewed(Option<u64>),
    Overdue,
    Ended(Box<Ended>),
}

/// What one read led to, free of what was read.
enum Came {
    Nothing,
    Upgraded(Upgraded),
    Peer(Result<peer::PeerAuthStep, peer::PeerAuthStop>),
    Hub(Result<hub::HubAuthStep, hub::HubAuthStop>),
    Close(Option<CloseCode>),
    Broken(EndReason),
}

/// What a frame of the session led to beside being told.
#[derive(Debug)]
pub(super) enum Aside {
    /// It is about the session's credential.
    Renewal(RenewalStep),
    /// The hub gives no new credentials now.
    NotRenewed,
    Broken(EndReason),
}

/// Whether a link goes on by itself.
enum Progress {
    /// It has done something.
    Worked,
    /// A message of the session is to be read.
    Message,
    /// Not without more input.
    Starved,
}

impl Link {
    /// What has happened. Call until `None` after every input; nothing else in the link moves
    /// before that.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event<'_>> {
        if let Some(aside) = self.aside.take()
            && self.is_admitted()
        {
            self.settle(*aside);
        }
        while self.notes.is_empty() {
            match self.advance() {
                Progress::Worked => {}
                Progress::Message => return Some(self.frame()),
                Progress::Starved => break,
            }
        }
        self.leave_if_done();
        self.say_goodbye();
        Some(match self.notes.pop_front()? {
            Note::Secured(security) => Event::Secured(security),
            Note::Upgraded => Event::Upgraded,
            Note::Learnt(learnt) => Event::Learnt(learnt),
            Note::Ask(id, question) => Event::Ask(id, question),
            Note::Failed => Event::Failed,
            Note::Admitted(admitted) => Event::Admitted(admitted),
            Note::HeldBack(measure) => Event::HeldBack(measure),
            Note::Renewed(expires) => Event::Renewed(expires),
            Note::Overdue => Event::Overdue,
            Note::Ended(ended) => Event::Ended(ended),
        })
    }

    /// Does one piece of work.
    fn advance(&mut self) -> Progress {
        if matches!(self.phase, LinkPhase::Ending(_) | LinkPhase::Ended) {
            return Progress::Starved;
        }
        // A hub goes on reading while it asks, so that a frame out of turn is seen; but not before
        // it has said Hello. A peer has proved everything when it asks, and the hub's first frames
        // may already be here.
        let waits = match &self.phase {
            LinkPhase::PeerAdmitting(_) => self.asked.is_some(),
            LinkPhase::HubAdmitting(auth) => auth.is_arriving(),
            _ => false,
        };
        if waits {
            return Progress::Starved;
        }
        let held = self.is_holding();
        if !held && core::mem::take(&mut self.fresh) {
            self.open();
        }
        let read = match held {
            true => Ok(Some(Incoming::Message(self.socket.message(&self.plain)))),
            false => self.socket.read(&mut self.plain, &mut self.out),
        };
        let mut reply = Vec::new();
        let came = match read {
            Ok(None) => {
                self.starved();
                return Progress::Starved;
            }
            Ok(Some(Incoming::Message(message))) if matches!(self.phase, LinkPhase::Steady(_)) => {
                if let Some(pace) = &mut self.pace
                    && let Err(hold) = pace.take(load(message), self.now.mono)
                {
                    self.hold(hold);
                    return Progress::Starved;
                }
                if held {
                    self.timers.stop(TimerKind::Pace);
                    let silent = self.now.mono.after(self.limits.silence);
                    self.timers.set(TimerKind::Silence, silent);
                }
                return Progress::Message;
            }
            Ok(Some(incoming)) => {
                let desk =
                    AuthContext { tunnel: &self.tunnel, random: &mut self.random, now: self.now };
                dispatch(&mut self.phase, incoming, desk, &mut reply)
            }
            Err(error) => Came::Broken(error.into()),
        };
        if !reply.is_empty() {
            self.socket.write(&reply, &mut self.out);
        }
        self.happened(came);
        Progress::Worked
    }

    /// Reads the message of the session that lies there, and lends what it says.
    fn frame(&mut self) -> Event<'_> {
        let LinkPhase::Steady(session) = &mut self.phase else { return Event::Handled };
        let aside = match Frame::decode(self.socket.message(&self.plain)) {
            Err(error) => Aside::Broken(error.into()),
            Ok(frame) => match session.received(&frame, self.now) {
                Ok(FrameVerdict::Deliver) if renew::denies(&frame) => Aside::NotRenewed,
                Ok(FrameVerdict::Deliver) => return Event::Frame(frame),
                Ok(FrameVerdict::Done) => return Event::Handled,
                Ok(FrameVerdict::RoundTrip(took)) => return Event::RoundTrip(took),
                Ok(FrameVerdict::Goaway) => {
                    self.goaway = EndReason::goaway(&frame);
                    return Event::Frame(frame);
                }
                Ok(FrameVerdict::Renewal) => {
                    let renewing = self.renewing.as_mut();
                    Aside::Renewal(renew::take(renewing, &frame, &mut self.random, self.now))
                }
                Err(error) => Aside::Broken(error.into()),
            },
        };
        // What it led to changes the link, which lends the frame until the next call.
        self.aside = Some(Box::new(aside));
        Event::Handled
    }

    fn settle(&mut self, aside: Aside) {
        match aside {
            Aside::Renewal(RenewalStep::Nothing) => {}
            Aside::Renewal(RenewalStep::Ask(question)) => self.ask(question),
            Aside::Renewal(RenewalStep::Deny(code)) => self.deny_refresh(code),
            Aside::NotRenewed => self.refresh_denied(),
            Aside::Renewal(RenewalStep::Broken(reason)) | Aside::Broken(reason) => {
                self.end(reason, None)
            }
        }
    }

    /// What was read waits. Nobody is silent who is not listened to.
    fn hold(&mut self, hold: PaceDelay) {
        self.timers.set(TimerKind::Pace, hold.until);
        self.timers.stop(TimerKind::Silence);
        if let Some(measure) = hold.tell {
            self.notes.push_back(Note::HeldBack(measure));
        }
    }

    /// Decrypts all that is held. A failure waits until what came before it has been read.
    fn open(&mut self) {
        if let Err(error) = self.tunnel.open(&mut self.plain) {
            self.broken = Some(error);
        }
        if self.tunnel.is_open() && !self.secured {
            self.secured = true;
            let secured = self.tunnel.secured();
            self.notes.push_back(Note::Secured(Security {
                tls: secured.map(|secured| (secured.suite, secured.group)),
                served: secured.and_then(|s| s.served.as_ref()).map(|served| served.pin),
            }));
        }
    }

    /// Everything that came has been read: is it the end?
    fn starved(&mut self) {
        if let Some(error) = self.broken.take() {
            let reason = match error {
                TunnelError::Truncated => self.cut(),
                error => error.into(),
            };
            self.end(reason, None);
        } else if self.tunnel.peer_closed() {
            let reason = self.cut();
            self.end(reason, None);
        }
    }

    /// Why a stream that stopped without a Close stopped.
    fn cut(&mut self) -> EndReason {
        self.goaway.take().unwrap_or(EndReason::Cut)
    }

    fn happened(&mut self, came: Came) {
        match came {
            Came::Nothing => {}
            Came::Upgraded(upgraded) => self.upgraded(upgraded),
            Came::Peer(step) => self.peer_step(step),
            Came::Hub(step) => self.hub_step(step),
            Came::Close(code) => {
                let reason = self.goaway.take();
                self.end(reason.unwrap_or(EndReason::WebSocketClosed(code)), None);
            }
            Came::Broken(reason) => self.end(reason, None),
        }
    }

    fn upgraded(&mut self, upgraded: Upgraded) {
        self.timers.stop(TimerKind::Upgrade);
        self.timers.set(TimerKind::Admission, self.now.mono.after(self.limits.admission_within));
        self.notes.push_back(Note::Upgraded);
        match core::mem::replace(&mut self.phase, LinkPhase::Between) {
            LinkPhase::Dialling(dial) => {
                let (dial, nonce) = *dial;
                self.phase = LinkPhase::PeerAdmitting(Box::new(PeerAuth::new(dial, nonce)));
            }
            LinkPhase::Answering(snapshot, source) => {
                let arrival = Arrival { forwarded: upgraded.forwarded };
                self.hub_step(Ok(HubAuth::begin(snapshot, source, upgraded.nonce, arrival)));
            }
            phase => self.phase = phase,
        }
    }

    pub(super) fn answered(&mut self, answer: Answer) {
        match core::mem::replace(&mut self.phase, LinkPhase::Between) {
            LinkPhase::PeerAdmitting(auth) => {
                let step = auth.answer(&answer);
                self.peer_step(step);
            }
            LinkPhase::HubAdmitting(auth) => {
                let mut reply = Vec::new();
                let step = auth.answer(answer, &mut self.random, self.now, &mut reply);
                if !reply.is_empty() {
                    self.socket.write(&reply, &mut self.out);
                }
                self.hub_step(step);
            }
            phase => {
                self.phase = phase;
                self.renewal_answered(answer);
            }
        }
    }

    fn peer_step(&mut self, step: Result<peer::PeerAuthStep, peer::PeerAuthStop>) {
        match step {
            Ok(peer::PeerAuthStep::Wait(auth, learnt)) => {
                self.phase = LinkPhase::PeerAdmitting(Box::new(auth));
                self.notes.push_back(Note::Learnt(learnt));
            }
            Ok(peer::PeerAuthStep::Ask(auth, question)) => {
                self.phase = LinkPhase::PeerAdmitting(Box::new(auth));
                self.ask(question);
            }
            Ok(peer::PeerAuthStep::Admitted(admitted, renewing)) => {
                self.admitted(admitted, renewing.map(LinkRenewing::Peer));
            }
            Err(peer::PeerAuthStop::Refused(refusal)) => {
                self.end(EndReason::Refused(refusal), None)
            }
            Err(peer::PeerAuthStop::Failed(error)) => self.end(error.into(), None),
            Err(peer::PeerAuthStop::Looked(learnt)) => {
                self.notes.push_back(Note::Learnt(learnt));
                self.end(EndReason::Closed(Code::GoingAway), None);
            }
        }
    }

    fn hub_step(&mut self, step: Result<hub::HubAuthStep, hub::HubAuthStop>) {
        match step {
            Ok(hub::HubAuthStep::Wait(auth)) => {
                self.phase = LinkPhase::HubAdmitting(Box::new(auth))
            }
            Ok(hub::HubAuthStep::Ask(auth, question)) => {
                self.phase = LinkPhase::HubAdmitting(Box::new(auth));
                if let Question::Hub(LinkAsk::Reserve(claim)) = &question {
                    self.method = Some(claim.method);
                }
                self.ask(question);
            }
            Ok(hub::HubAuthStep::Admitted(admitted, renewing)) => {
                self.admitted(admitted, renewing.map(LinkRenewing::Hub));
            }
            Err(stop) => self.end(stop.error.into(), stop.retry_after),
        }
    }

    pub(super) fn ask(&mut self, question: Question) {
        let id = AskId(self.next_ask);
        self.next_ask += 1;
        self.asked = Some(id);
        self.notes.push_back(Note::Ask(id, question));
    }

    fn admitted(&mut self, admitted: Box<Admitted>, renewing: Option<LinkRenewing>) {
        let session = Session::new(&admitted, &self.limits);
        let beat = Duration::from_secs(admitted.heartbeat).min(self.limits.heartbeat);
        self.limits.heartbeat = beat.max(Duration::from_secs(1));
        self.timers.stop(TimerKind::Admission);
        self.timers.set(TimerKind::Heartbeat, self.now.mono.after(self.limits.heartbeat));
        self.timers.set(TimerKind::Silence, self.now.mono.after(self.limits.silence));
        self.tunnel.set_input_limit(self.limits.tls_input);
        self.socket.set_message_limit(self.limits.message);
        self.phase = LinkPhase::Steady(Box::new(session));
        self.notes.push_back(Note::Admitted(admitted));
        self.renewing = renewing;
        self.arm_refresh();
        self.check_expiry();
    }

    pub(super) fn beat(&mut self) {
        let next = self.now.mono.after(self.limits.heartbeat);
        let now = self.now.mono;
        if let Some(session) = self.session() {
            session.heartbeat_mut().beat(now);
            self.timers.set(TimerKind::Heartbeat, next);
        }
    }

    /// Gathers what waits in the lanes, a record's worth at a time, and seals it, as long as the
    /// socket is not too far behind.
    pub(super) fn seal(&mut self) {
        if !self.tunnel.is_open() {
            return;
        }
        while self.tunnel.transmit().len() < self.limits.sealed {
            match &mut self.phase {
                LinkPhase::Steady(session) => {
                    session.gather(&mut self.socket, &mut self.out, GATHER);
                }
                LinkPhase::Ending(words) => {
                    words.gather(&mut self.socket, &mut self.out);
                }
                _ => {}
            }
            if self.out.is_empty() {
                break;
            }
            let before = self.out.len();
            self.tunnel.seal(&mut self.out);
            // Where sealing failed, opening says how.
            self.fresh |= !self.tunnel.is_open();
            if self.out.len() == before {
                break;
            }
        }
        self.say_close_notify();
    }
}

/// What a message costs the end that sent it.
fn load(message: &[u8]) -> Load {
    let load = if Frame::is_call(message) { Load::Call } else { Load::Frame };
    load(message.len())
}

/// What admission needs beside itself.
struct AuthContext<'a> {
    tunnel: &'a Tunnel,
    random: &'a mut Random,
    now: Now,
}

/// Gives one thing that came to the phase it belongs to: what it led to, and what to send.
fn dispatch(
    phase: &mut LinkPhase,
    incoming: Incoming<'_>,
    desk: AuthContext<'_>,
    reply: &mut Vec<u8>,
) -> Came {
    let message = match incoming {
        Incoming::Upgraded(upgraded) => return Came::Upgraded(upgraded),
        Incoming::Closed { code, .. } => return Came::Close(code),
        Incoming::Message(message) => message,
    };
    let AuthContext { tunnel, random, now } = desk;
    match core::mem::replace(phase, LinkPhase::Between) {
        LinkPhase::PeerAdmitting(auth) => {
            let served = tunnel.secured().and_then(|secured| secured.served.as_ref());
            Came::Peer(auth.message(message, served, now, reply))
        }
        LinkPhase::HubAdmitting(auth) => {
            let shown = tunnel.secured().and_then(|secured| secured.shown.as_deref());
            Came::Hub(auth.message(message, shown, random, now))
        }
        other => {
            // The socket gives no message before the upgrade, an ending link reads none, and those
            // of a session are read where they are told.
            *phase = other;
            Came::Nothing
        }
    }
}
