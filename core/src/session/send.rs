//! Frames to be sent: taken into a lane whole, or not at all.

use crate::code::Code;
use crate::id::CallId;
use crate::session::calls::{Made, Open};
use crate::session::lanes::Lane;
use crate::session::{SendError, Session, Side};
use crate::wire::Frame;
use crate::wire::frame::{
    Call, CallResult, Goaway, Input, Output, Purpose, Source, Status, Window,
};

/// Bytes of output or input in one frame: with its header it fits one TLS record.
const CHUNK: usize = 16 * 1024 - 256;

impl Session {
    /// Takes a frame for sending.
    ///
    /// # Errors
    /// [`SendError`]: nothing was taken. [`SendError::Full`] passes once something was transmitted.
    pub fn send(&mut self, frame: &Frame<'_>) -> Result<(), SendError> {
        match frame {
            Frame::Call(call) => self.send_call(call),
            Frame::Output(output) => self.send_output(output),
            Frame::Input(input) => self.send_input(input),
            Frame::Window(window) => self.send_window(*window),
            Frame::Result(result) => self.send_result(result),
            Frame::Deny(_) | Frame::Done(_) | Frame::Accepted(_) if self.side == Side::Hub => {
                self.send_answer(frame)
            }
            Frame::Registered(_) if self.side == Side::Hub && self.purpose == Purpose::Serve => {
                self.push_answer(frame)
            }
            Frame::Register(_) if self.side == Side::Peer && self.purpose == Purpose::Serve => {
                self.push_answer(frame)?;
                self.registering += 1;
                Ok(())
            }
            Frame::Cancel(cancel) => match self.made.is_open(cancel.id) {
                true => self.push_answer(frame),
                false => Err(SendError::NotOpen(cancel.id)),
            },
            Frame::Goaway(goaway) => self.send_goaway(goaway),
            _ => Err(SendError::Misuse("this end does not send such a frame")),
        }
    }

    /// Takes a frame of the session's own about no call.
    ///
    /// # Errors
    /// [`SendError::Full`]: nothing was taken.
    pub(crate) fn push(&mut self, frame: &Frame<'_>) -> Result<(), SendError> {
        self.push_answer(frame)
    }

    /// Takes as much output of a call that this end runs as credit and room allow; how much.
    ///
    /// # Errors
    /// [`SendError::NotOpen`]: the call is over.
    pub fn output(&mut self, id: CallId, source: Source, bytes: &[u8]) -> Result<usize, SendError> {
        let mut taken = 0;
        while taken < bytes.len() {
            let len = self.room_or_over(id)?.min(CHUNK).min(bytes.len() - taken);
            if len == 0 {
                break;
            }
            let offset = self.run.get(id).map_or(0, |open| open.sent[Open::place(source)]);
            let bytes = &bytes[taken..taken + len];
            self.send_output(&Output { id, peer: self.peer, source, offset, bytes })?;
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
            let offset = self.made.get(id).map_or(0, |open| open.sent[0]);
            let bytes = &bytes[taken..taken + len];
            self.send_input(&Input { id, offset, bytes, end: last && end })?;
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
    fn send_goaway(&mut self, goaway: &Goaway<'_>) -> Result<(), SendError> {
        if self.leaving != Some(goaway.code) {
            self.push_answer(&Frame::Goaway(*goaway))?;
            self.leaving = Some(goaway.code);
        }
        Ok(())
    }

    /// Ends every call that this end runs, as far as there is room to say so.
    pub fn end_run(&mut self, code: Code, text: &str) {
        let (peer, status, value) = (None, Status::Failed(code), None);
        for id in self.run.unfinished() {
            // What finds no room ends with the link.
            let _ = self.send_result(&CallResult { id, peer, status, value, text });
        }
    }

    fn send_call(&mut self, call: &Call<'_>) -> Result<(), SendError> {
        if call.id != self.made.next() {
            return Err(SendError::Misuse("a call carries the next call id"));
        }
        if self.side == Side::Hub && self.purpose == Purpose::Operate {
            return Err(SendError::Misuse("an operator serves no calls"));
        }
        // What a hub passes on has its id already; the hub's own table says what it passes on.
        if self.side == Side::Peer && (self.left || self.leaving.is_some()) {
            return Err(SendError::Leaving);
        }
        if call.window > self.limits.output_window {
            return Err(SendError::Misuse("a call's window is within the output window"));
        }
        if self.made.len() >= self.open_calls {
            return Err(SendError::Busy);
        }
        self.push_answer(&Frame::Call(*call))?;
        self.made.open(call, Made::Here);
        Ok(())
    }

    fn send_output(&mut self, output: &Output<'_>) -> Result<(), SendError> {
        if !self.run.is_open(output.id) {
            return Err(SendError::NotOpen(output.id));
        }
        let frame = Frame::Output(*output);
        self.fits_flow(&frame)?;
        let open = self.run.get_mut(output.id).ok_or(SendError::NotOpen(output.id))?;
        let len = output.bytes.len() as u64;
        open.send_credit =
            open.send_credit.checked_sub(len).ok_or(SendError::NoCredit(output.id))?;
        open.waiting = open.waiting.saturating_add(len);
        let sent = &mut open.sent[Open::place(output.source)];
        *sent = sent.saturating_add(len);
        self.queue(output.id);
        Ok(())
    }

    fn send_input(&mut self, input: &Input<'_>) -> Result<(), SendError> {
        if self.made.get(input.id).is_none_or(|open| open.input_ended) {
            return Err(SendError::NotOpen(input.id));
        }
        self.fits_flow(&Frame::Input(*input))?;
        let open = self.made.get_mut(input.id).ok_or(SendError::NotOpen(input.id))?;
        let len = input.bytes.len() as u64;
        open.send_credit =
            open.send_credit.checked_sub(len).ok_or(SendError::NoCredit(input.id))?;
        open.waiting = open.waiting.saturating_add(len);
        open.sent[0] = open.sent[0].saturating_add(len);
        open.input_ended = input.end;
        self.queue(input.id);
        Ok(())
    }

    fn send_window(&mut self, window: Window) -> Result<(), SendError> {
        let open = self.open_mut(window.id).ok_or(SendError::NotOpen(window.id))?;
        open.owed = open.owed.saturating_add(window.bytes);
        self.list(window.id);
        Ok(())
    }

    /// A Result goes behind its call's output.
    fn send_result(&mut self, result: &CallResult<'_>) -> Result<(), SendError> {
        let frame = Frame::Result(*result);
        let open = self
            .run
            .get(result.id)
            .filter(|open| !open.finished)
            .ok_or(SendError::NotOpen(result.id))?;
        let (single, waits) = (open.single, !open.queue.is_empty());
        if waits {
            self.fits_flow(&frame)?;
            self.queue(result.id);
        } else {
            self.push_answer(&frame)?;
        }
        if single {
            self.finish(result.id);
        }
        Ok(())
    }

    /// Deny, Done and Accepted: the hub's own answers to a call, or to another request.
    fn send_answer(&mut self, frame: &Frame<'_>) -> Result<(), SendError> {
        let (id, ends) = match frame {
            Frame::Deny(deny) => (deny.id, true),
            Frame::Done(done) => (Some(done.id), true),
            Frame::Accepted(accepted) => (Some(accepted.id), false),
            _ => return Err(SendError::Misuse("not an answer")),
        };
        if let Some(id) = id.filter(|&id| !self.run.is_open(id)) {
            return Err(SendError::NotOpen(id));
        }
        let behind = id.filter(|&id| self.run.get(id).is_some_and(|open| !open.queue.is_empty()));
        match behind {
            Some(id) => {
                self.fits_flow(frame)?;
                self.queue(id);
            }
            None => self.push_answer(frame)?,
        }
        if let (Some(id), true) = (id, ends) {
            self.finish(id);
        }
        Ok(())
    }

    /// Ends a call that this end runs; it is forgotten once nothing of it waits.
    fn finish(&mut self, id: CallId) {
        let Some(open) = self.run.get_mut(id) else { return };
        open.finished = true;
        if open.queue.is_empty() {
            self.queued -= self.run.remove(id);
        }
    }

    fn push_answer(&mut self, frame: &Frame<'_>) -> Result<(), SendError> {
        let len = self.fits(frame)?;
        if self.answers.len() + Lane::cost(len) > self.limits.answer_lane {
            return Err(SendError::Full);
        }
        self.answers.push(&self.scratch);
        Ok(())
    }

    /// Encodes a frame into the scratch; its length.
    fn fits(&mut self, frame: &Frame<'_>) -> Result<usize, SendError> {
        self.scratch.clear();
        frame.encode(&mut self.scratch);
        if self.scratch.len() > self.message {
            return Err(SendError::TooBig);
        }
        Ok(self.scratch.len())
    }

    /// Encodes a frame that goes out in its call's turn into the scratch. A peer's own output stays
    /// far below the bound ([`Session::room`]); a hub passes on what others send, as fast as they do.
    fn fits_flow(&mut self, frame: &Frame<'_>) -> Result<(), SendError> {
        let cost = Lane::cost(self.fits(frame)?);
        let most = usize::try_from(self.limits.caller_credit).unwrap_or(usize::MAX);
        if self.queued + cost > most { Err(SendError::Full) } else { Ok(()) }
    }

    /// Puts what is in the scratch into a call's own queue.
    fn queue(&mut self, id: CallId) {
        let cost = Lane::cost(self.scratch.len());
        let made = self.made.owns(id);
        let calls = if made { &mut self.made } else { &mut self.run };
        let Some(open) = calls.get_mut(id) else { return };
        open.queue.push(&self.scratch);
        self.queued += cost;
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
            let calls = if self.made.owns(id) { &mut self.made } else { &mut self.run };
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
                let len = if taken { flow_len(&self.scratch) } else { 0 };
                open.waiting = open.waiting.saturating_sub(len);
                taken
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
        let calls = if self.made.owns(id) { &mut self.made } else { &mut self.run };
        calls.get_mut(id)
    }
}

/// Bytes of output or input that an encoded frame carries.
fn flow_len(frame: &[u8]) -> u64 {
    match Frame::decode(frame) {
        Ok(Frame::Output(output)) => output.bytes.len() as u64,
        Ok(Frame::Input(input)) => input.bytes.len() as u64,
        _ => 0,
    }
}
