//! How a link ends, in one order: Goaway or Refuse, Close, close_notify, the event.
//!
//! An ending link reads nothing more. What is left to say has a deadline; then it ends unsaid.

use core::time::Duration;

use crate::buffer::Buffer;
use crate::code::{CloseCode, Code};
use crate::link::event::{EndReason, Ended};
use crate::link::phase::{LastWords, LinkPhase};
use crate::link::pump::Note;
use crate::link::{GATHER, Link, TimerKind};
use crate::session::Side;
use crate::socket::Socket;
use crate::wire::Frame;
use crate::wire::frame::{Goaway, Refuse};

impl Link {
    /// Begins the end, unless it has begun. A hub tells a peer that it did not admit the code and,
    /// where there is one, when to come back; the exact reason stays here.
    pub(super) fn end(&mut self, reason: EndReason, retry_after: Option<u64>) {
        if matches!(self.phase, LinkPhase::Ending(_) | LinkPhase::Ended) {
            return;
        }
        let voice = voice(&reason);
        let was = core::mem::replace(&mut self.phase, LinkPhase::Between);
        let admitted = matches!(was, LinkPhase::Steady(_));
        let (session, goaway) = match (was, voice) {
            (LinkPhase::Steady(session), Voice::Words) => {
                // What was said when this end began to leave is not said again.
                let said = session.leaving() == Some(reason.code());
                let goaway = (!said).then(|| goaway(reason.code(), retry_after));
                (Some(session), goaway)
            }
            _ => (None, None),
        };
        if !admitted && voice == Voice::Words && self.side == Side::Hub && self.socket.is_open() {
            self.write_refuse(&reason, retry_after);
        }
        if !admitted && self.side == Side::Hub && reason.is_failed_attempt() {
            self.notes.push_back(Note::Failed);
        }
        self.asked = None;
        self.renewing = None;
        self.timers.stop_all();
        let close = close_code(&reason);
        let ended = Box::new(Ended { reason, admitted, method: self.method });
        if voice == Voice::Gone {
            return self.finish(ended);
        }
        let close = (voice != Voice::Alert).then_some(close);
        self.timers.set(TimerKind::Ending, self.now.mono.after(self.limits.ending_within));
        self.phase = LinkPhase::Ending(Box::new(LastWords { session, goaway, close, ended }));
    }

    fn write_refuse(&mut self, reason: &EndReason, retry_after: Option<u64>) {
        let mut message = Vec::new();
        let (code, unix) = (reason.code(), self.now.unix);
        let said = match reason {
            EndReason::Auth(error) => error.said(),
            _ => code.row().meaning.to_owned(),
        };
        Frame::Refuse(Refuse { code, text: &said, unix, retry_after }).encode(&mut message);
        self.socket.write(&message, &mut self.out);
    }

    /// The last words could not be got out in time, or have been.
    pub(super) fn give_up(&mut self) {
        if let LinkPhase::Ending(words) = core::mem::replace(&mut self.phase, LinkPhase::Ended) {
            self.finish(words.ended);
        }
    }

    /// Ends once everything has been said and written.
    pub(super) fn say_goodbye(&mut self) {
        if !matches!(self.phase, LinkPhase::Ending(_)) {
            return;
        }
        self.seal();
        let said = self.out.is_empty() || !self.tunnel.is_open();
        if said && self.tunnel.transmit().is_empty() {
            self.give_up();
        }
    }

    /// close_notify follows the last word.
    pub(super) fn say_close_notify(&mut self) {
        if let LinkPhase::Ending(words) = &self.phase
            && words.session.is_none()
            && self.out.is_empty()
        {
            self.tunnel.close();
        }
    }

    fn finish(&mut self, ended: Box<Ended>) {
        self.phase = LinkPhase::Ended;
        self.timers.stop_all();
        self.plain = Buffer::new();
        self.out = Buffer::new();
        self.notes.push_back(Note::Ended(ended));
    }

    /// A session ends when its credential does, by either clock.
    pub(super) fn check_expiry(&mut self) {
        let unix = self.now.unix;
        let Some(expires) = self.session().and_then(|session| session.expires()) else { return };
        match expires.checked_sub(unix) {
            None | Some(0) => self.end(EndReason::TimedOut(TimerKind::Expiry), None),
            Some(left) => {
                // The earliest that was ever seen holds: a date that stands still or steps back
                // does not lengthen the session.
                let at = self.now.mono.after(Duration::from_secs(left));
                self.timers.set_earlier(TimerKind::Expiry, at);
            }
        }
    }
}

impl LastWords {
    /// Writes what is left to say, in order.
    pub(super) fn gather(&mut self, socket: &mut Socket, out: &mut Buffer) {
        if let Some(session) = &mut self.session {
            session.gather(socket, out, GATHER);
            if session.is_quiet() {
                self.session = None;
            }
        }
        if self.session.is_some() {
            return;
        }
        if let Some(goaway) = self.goaway.take() {
            socket.write(&goaway, out);
        }
        if let Some(code) = self.close
            && socket.is_open()
            && !socket.close_sent()
        {
            socket.close(code, "", out);
        }
    }
}

fn goaway(code: Code, reconnect_after: Option<u64>) -> Vec<u8> {
    let mut message = Vec::new();
    Frame::Goaway(Goaway { code, text: "", reconnect_after }).encode(&mut message);
    message
}

/// What an ending link can still say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Voice {
    /// Goaway or Refuse, and what follows.
    Words,
    /// Close and what follows: the other end said the words.
    Close,
    /// What TLS says by itself.
    Alert,
    /// Nothing: nobody is there.
    Gone,
}

fn voice(reason: &EndReason) -> Voice {
    match reason {
        EndReason::Closed(_)
        | EndReason::TimedOut(_)
        | EndReason::Auth(_)
        | EndReason::Socket(_)
        | EndReason::Wire(_)
        | EndReason::Session(_) => Voice::Words,
        EndReason::Refused(_) | EndReason::Goaway { .. } | EndReason::WebSocketClosed(_) => {
            Voice::Close
        }
        EndReason::Tunnel(_) => Voice::Alert,
        EndReason::Cut => Voice::Gone,
    }
}

/// The code in our Close.
fn close_code(reason: &EndReason) -> CloseCode {
    match (voice(reason), reason) {
        (Voice::Words, EndReason::Socket(error)) => error.close_code().unwrap_or(CloseCode::NORMAL),
        (Voice::Words, _) => reason.code().close(),
        (Voice::Close | Voice::Alert | Voice::Gone, _) => CloseCode::NORMAL,
    }
}
