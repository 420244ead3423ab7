//! Frames to be sent: taken into a lane whole, or not at all.

use crate::code::Code;
use crate::id::CallId;
use crate::session::calls::{CallOrigin, Open};
use crate::session::encoded::{Encoded, Ends, FrameFacts, Opening};
use crate::session::lanes::Lane;
use crate::session::{SendError, Session, Side};
use crate::wire::Frame;
use crate::wire::frame::{CallResult, Input, Output, OutputStream, Purpose, Status, Window};

/// Bytes of output or input in one frame: with its header it fits one TLS record.
const CHUNK: usize = 16 * 1024 - 256;

impl Session {
    /// Takes a frame for sending.
    ///
    /// # Errors
    /// [`SendError`]: nothing was taken. [`SendError::Full`] passes once something was transmitted.
    pub fn send(&mut self, frame: &Frame<'_>) -> Result<(), SendError> {
        self.encoded(frame, Self::send_encoded)
    }

    /// As [`Session::send`], for a frame that was encoded before.
    ///
    /// # Errors
    /// As [`Session::send`].
    pub fn send_encoded(&mut self, frame: Encoded<'_>) -> Result<(), SendError> {
        match frame.facts {
            FrameFacts::Call(opening) => self.send_call(opening, frame),
            FrameFacts::Output { id, source, len } => self.send_output(id, source, len, frame),
            FrameFacts::Input { id, len, end } => self.send_input(id, len, end, frame),
            FrameFacts::Window(window) => self.send_window(window),
            FrameFacts::Result(id) => self.send_answer(Some(id), Ends::IfSingle, frame),
            FrameFacts::Answer { id, ends } if self.side == Side::Hub => {
                self.send_answer(id, ends, frame)
            }
            FrameFacts::Registered if self.side == Side::Hub && self.purpose == Purpose::Serve => {
                self.push_answer(frame)
            }
            FrameFacts::Register if self.side == Side::Peer && self.purpose == Purpose::Serve => {
                self.push_answer(frame)?;
                self.registering += 1;
                Ok(())
            }
            FrameFacts::Cancel(id) => match self.outbound.is_open(id) {
                true => self.push_answer(frame),
                false => Err(SendError::NotOpen(id)),
            },
            FrameFacts::Goaway(code) => self.send_goaway(code, frame),
            FrameFacts::Answer { .. }
            | FrameFacts::Register
            | FrameFacts::Registered
            | FrameFacts::Own => Err(SendError::Misuse("this end does not send such a frame")),
        }
    }

    /// Takes a frame of the session's own about no call.
    ///
    /// # Errors
    /// [`SendError::Full`]: nothing was taken.
    pub(crate) fn push(&mut self, frame: &Frame<'_>) -> Result<(), SendError> {
        self.encoded(frame, |session, frame| session.push_answer(frame))
    }

    /// Encodes a frame, once, and has it sent.
    fn encoded(
        &mut self,
        frame: &Frame<'_>,
        send: impl FnOnce(&mut Self, Encoded<'_>) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        let mut message = core::mem::take(&mut self.scratch);
        message.clear();
        let facts = frame.into();
        // A Window is added to what is owed, and encoded when its turn comes.
        if !matches!(facts, FrameFacts::Window(_)) {
            frame.encode(&mut message);
        }
        let sent = send(self, Encoded { facts, message: &message });
        self.scratch = message;
        sent
    }

    /// Takes as much output of a call that this end runs as credit and room allow; how much.
    ///
    /// # Errors
    /// [`SendError::NotOpen`]: the call is over.
    pub fn output(
        &mut self,
        id: CallId,
        source: OutputStream,
        bytes: &[u8],
    ) -> Result<usize, SendError> {
        let mut taken = 0;
        while taken < bytes.len() {
            let len = self.room_or_over(id)?.min(CHUNK).min(bytes.len() - taken);
            if len == 0 {
                break;
            }
            let offset = self.inbound.get(id).map_or(0, |open| open.sent[Open::place(source)]);
            let bytes = &bytes[taken..taken + len];
            self.send(&Frame::Output(Output { id, peer: self.peer, source, offset, bytes }))?;
            taken += len;
        }
        Ok(taken)
    }

    /// Takes as much input for a call of ours as credit and room allow, and its end after all of
    /// it; how much. The end is taken where all of `bytes` were.
    ///
    /// # Errors
    /// [`SendError::NotOpen`]: the call is over, or its input ended.
    pub fn input(&mut self, id: CallId, bytes: &[u8], end: bool) -> Result<usize, SendError> {
        let mut taken = 0;
        loop {
            let len = self.room_or_over(id)?.min(CHUNK).min(bytes.len() - taken);
            let last = taken + len == bytes.len();
            if len == 0 && !(last && end) {
                return Ok(taken);
            }
            let offset = self.outbound.get(id).map_or(0, |open| open.sent[0]);
            let bytes = &bytes[taken..taken + len];
            self.send(&Frame::Input(Input { id, offset, bytes, end: last && end }))?;
            taken += len;
            if last {
                return Ok(taken);
            }
        }
    }

    /// Gives the other end credit for as many bytes as the application has done with. A Window
    /// goes out once they are at least what is left, so that half a window travels at a time. For a
    /// call for several peers it goes at once: what is left may be with peers that have nothing to
    /// say.
    pub fn grant(&mut self, id: CallId, bytes: u64) {
        let Some(open) = self.open_mut(id) else { return };
        open.owed = open.owed.saturating_add(bytes);
        if open.owed >= open.receive_credit || !open.single {
            self.list(id);
        }
    }

    /// Goaway goes out once for each code: what comes after it of the same is known.
    fn send_goaway(&mut self, code: Code, frame: Encoded<'_>) -> Result<(), SendError> {
        if self.leaving != Some(code) {
            self.push_answer(frame)?;
            self.leaving = Some(code);
        }
        Ok(())
    }

    /// Ends every call that this end runs, as far as there is room to say so.
    pub fn end_run(&mut self, code: Code, text: &str) {
        let (peer, status, value) = (None, Status::Failed(code), None);
        for id in self.inbound.unfinished() {
            // What finds no room ends with the link.
            let _ = self.send(&Frame::Result(CallResult { id, peer, status, value, text }));
        }
    }

    fn send_call(&mut self, opening: Opening, frame: Encoded<'_>) -> Result<(), SendError> {
        if opening.id != self.outbound.next() {
            return Err(SendError::Misuse("a call carries the next call id"));
        }
        if self.side == Side::Hub && self.purpose == Purpose::Operate {
            return Err(SendError::Misuse("an operator serves no calls"));
        }
        // What a hub passes on has its id already; the hub's own table says what it passes on.
        if self.side == Side::Peer && (self.left || self.leaving.is_some()) {
            return Err(SendError::Leaving);
        }
        if opening.window > self.limits.output_window {
            return Err(SendError::Misuse("a call's window is within the output window"));
        }
        if self.outbound.len() >= self.open_calls {
            return Err(SendError::Busy);
        }
        self.push_answer(frame)?;
        self.outbound.open(opening, CallOrigin::Here);
        Ok(())
    }

    fn send_output(
        &mut self,
        id: CallId,
        source: OutputStream,
        len: u64,
        frame: Encoded<'_>,
    ) -> Result<(), SendError> {
        if !self.inbound.is_open(id) {
            return Err(SendError::NotOpen(id));
        }
        self.fits_flow(frame)?;
        let open = self.inbound.get_mut(id).ok_or(SendError::NotOpen(id))?;
        open.send_credit = open.send_credit.checked_sub(len).ok_or(SendError::NoCredit(id))?;
        let sent = &mut open.sent[Open::place(source)];
        *sent = sent.saturating_add(len);
        self.queue(id, frame);
        Ok(())
    }

    fn send_input(
        &mut self,
        id: CallId,
        len: u64,
        end: bool,
        frame: Encoded<'_>,
    ) -> Result<(), SendError> {
        if self.outbound.get(id).is_none_or(|open| open.input_ended) {
            return Err(SendError::NotOpen(id));
        }
        self.fits_flow(frame)?;
        let open = self.outbound.get_mut(id).ok_or(SendError::NotOpen(id))?;
        open.send_credit = open.send_credit.checked_sub(len).ok_or(SendError::NoCredit(id))?;
        open.sent[0] = open.sent[0].saturating_add(len);
        open.input_ended = end;
        self.queue(id, frame);
        Ok(())
    }

    fn send_window(&mut self, window: Window) -> Result<(), SendError> {
        let open = self.open_mut(window.id).ok_or(SendError::NotOpen(window.id))?;
        open.owed = open.owed.saturating_add(window.bytes);
        self.list(window.id);
        Ok(())
    }

    /// What answers a call goes behind the call's output: a Result, and the hub's own Deny, Done
    /// and Accepted, which may also answer another request.
    fn send_answer(
        &mut self,
        id: Option<CallId>,
        ends: Ends,
        frame: Encoded<'_>,
    ) -> Result<(), SendError> {
        let Some(id) = id else { return self.push_answer(frame) };
        let open =
            self.inbound.get(id).filter(|open| !open.finished).ok_or(SendError::NotOpen(id))?;
        let (over, waits) = (ends.is_over(open), !open.queue.is_empty());
        if waits {
            self.fits_flow(frame)?;
            self.queue(id, frame);
        } else {
            self.push_answer(frame)?;
        }
        if over {
            self.finish(id);
        }
        Ok(())
    }

    /// Ends a call that this end runs; it is forgotten once nothing of it waits.
    fn finish(&mut self, id: CallId) {
        let Some(open) = self.inbound.get_mut(id) else { return };
        open.finished = true;
        if open.queue.is_empty() {
            self.queued -= self.inbound.remove(id);
        }
    }

    fn push_answer(&mut self, frame: Encoded<'_>) -> Result<(), SendError> {
        self.fits(frame)?;
        if self.answers.len() + Lane::cost(frame.message.len()) > self.limits.answer_lane {
            return Err(SendError::Full);
        }
        self.answers.push(frame);
        Ok(())
    }

    fn fits(&self, frame: Encoded<'_>) -> Result<(), SendError> {
        if frame.message.len() > self.message { Err(SendError::TooBig) } else { Ok(()) }
    }

    /// Whether there is room for a frame that goes out in its call's turn. A peer's own output
    /// stays far below the bound ([`Session::room`]); a hub passes on what others send, as fast as
    /// they do.
    fn fits_flow(&self, frame: Encoded<'_>) -> Result<(), SendError> {
        self.fits(frame)?;
        let cost = Lane::cost(frame.message.len());
        let most = usize::try_from(self.limits.caller_credit).unwrap_or(usize::MAX);
        if self.queued + cost > most { Err(SendError::Full) } else { Ok(()) }
    }

    /// Puts a frame into a call's own queue.
    fn queue(&mut self, id: CallId, frame: Encoded<'_>) {
        let Some(open) = self.open_mut(id) else { return };
        open.queue.push(frame);
        open.waiting = open.waiting.saturating_add(frame.facts.flow());
        self.queued += Lane::cost(frame.message.len());
        self.list(id);
    }

    /// Gives a call a turn, unless it has one.
    fn list(&mut self, id: CallId) {
        let Some(open) = self.open_mut(id) else { return };
        if !open.listed {
            open.listed = true;
            self.turns.push_back(id);
        }
    }

    /// Encodes one frame of the next call in turn into the scratch; `false` where none waits.
    pub(super) fn take_turn(&mut self) -> bool {
        while let Some(id) = self.turns.pop_front() {
            let calls = if self.outbound.owns(id) { &mut self.outbound } else { &mut self.inbound };
            let Some(open) = calls.get_mut(id) else { continue };
            open.listed = false;
            let taken = if open.owed > 0 && !open.finished {
                let window = Window { id, bytes: open.owed };
                open.receive_credit = open.receive_credit.saturating_add(open.owed);
                open.owed = 0;
                self.scratch.clear();
                Frame::Window(window).encode(&mut self.scratch);
                true
            } else {
                let before = open.queue.len();
                let taken = open.queue.take(&mut self.scratch);
                self.queued -= before - open.queue.len();
                open.waiting = open.waiting.saturating_sub(taken.unwrap_or(0));
                taken.is_some()
            };
            if !open.queue.is_empty() {
                open.listed = true;
                self.turns.push_back(id);
            } else if open.finished {
                calls.remove(id);
            }
            if taken {
                return true;
            }
        }
        false
    }

    fn room_or_over(&self, id: CallId) -> Result<usize, SendError> {
        if self.is_open(id) { Ok(self.room(id)) } else { Err(SendError::NotOpen(id)) }
    }

    fn open_mut(&mut self, id: CallId) -> Option<&mut Open> {
        let calls = if self.outbound.owns(id) { &mut self.outbound } else { &mut self.inbound };
        calls.get_mut(id)
    }
}
