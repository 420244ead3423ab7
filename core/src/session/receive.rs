//! Frames that came: allowed here, about a call that is open, within their credit.

use crate::code::Code;
use crate::id::CallId;
use crate::limits::INPUT_WINDOW;
use crate::session::calls::{Made, Open};
use crate::session::direction::allowed;
use crate::session::encoded::Ends;
use crate::session::{Session, SessionError, Side, Verdict};
use crate::time::Now;
use crate::wire::Frame;
use crate::wire::frame::{Call, CallResult, Input, Output, Status, Window};

impl Session {
    /// Checks and counts one frame.
    ///
    /// # Errors
    /// [`SessionError`]: the other end broke the rules; the link is to end.
    pub fn received(&mut self, frame: &Frame<'_>, now: Now) -> Result<Verdict, SessionError> {
        if !allowed(frame, self.side, self.purpose) {
            return Err(SessionError::Direction(frame.kind()));
        }
        match frame {
            Frame::Ping(ping) => self.heartbeat.ping(ping.token),
            Frame::Pong(pong) => {
                let took = self.heartbeat.pong(pong.token, now.mono);
                return Ok(took.map_or(Verdict::Done, Verdict::RoundTrip));
            }
            Frame::Goaway(_) => {
                self.left = true;
                return Ok(Verdict::Goaway);
            }
            Frame::Unknown(_) => {}
            Frame::Call(call) => {
                let held = self.run.arguments().saturating_add(call.arguments.len());
                self.called(call)?;
                if self.side == Side::Peer && self.leaving.is_some() {
                    return self.turn_down(call.id, Code::Draining);
                }
                if self.side == Side::Peer && held > self.limits.open_arguments {
                    return self.turn_down(call.id, Code::Busy);
                }
                return Ok(Verdict::Deliver);
            }
            Frame::Output(output) => return self.output_came(output),
            Frame::Input(input) => return self.input_came(input),
            Frame::Window(window) => return self.window_came(window),
            Frame::Result(result) => {
                self.answered(result.id, |open| (&mut open.answers, 1))?;
                return self.made_ends(result.id, frame.kind(), Ends::IfSingle);
            }
            Frame::Done(done) => return self.made_ends(done.id, frame.kind(), Ends::Always),
            Frame::Accepted(accepted) => {
                let peers = accepted.sent.len() + accepted.queued.len();
                self.answered(accepted.id, |open| (&mut open.named, peers as u64))?;
                return self.made_ends(accepted.id, frame.kind(), Ends::Never);
            }
            Frame::Deny(deny) => match deny.id {
                Some(id) => return self.made_ends(id, frame.kind(), Ends::Always),
                None => return Ok(Verdict::Deliver),
            },
            Frame::Cancel(cancel) => {
                return Ok(match self.run_open(cancel.id, frame.kind())? {
                    Some(_) => Verdict::Deliver,
                    None => Verdict::Done,
                });
            }
            Frame::Register(_) => return Ok(Verdict::Deliver),
            Frame::Registered(_) => {
                let left = self.registering.checked_sub(1);
                self.registering = left.ok_or(SessionError::NotAsked)?;
                return Ok(Verdict::Deliver);
            }
            Frame::Refresh(_) | Frame::Refreshed(_) => return Ok(Verdict::Renewal),
            // `allowed` takes none of these.
            Frame::Hello(_) | Frame::Authenticate(_) | Frame::Welcome(_) | Frame::Refuse(_) => {
                return Err(SessionError::Direction(frame.kind()));
            }
        }
        Ok(Verdict::Done)
    }

    fn called(&mut self, call: &Call<'_>) -> Result<(), SessionError> {
        if call.id != self.run.next() {
            return Err(SessionError::CallId { expected: self.run.next(), got: call.id });
        }
        if self.run.len() >= self.limits.open_calls {
            return Err(SessionError::TooManyCalls(self.limits.open_calls));
        }
        if call.window > self.limits.output_window {
            return Err(SessionError::Window(call.id));
        }
        self.run.open(call.into(), Made::There);
        Ok(())
    }

    /// A call that came too late, since it crossed our Goaway, or for whose arguments there is no
    /// room. `// spec: session §7, §10`
    fn turn_down(&mut self, id: CallId, code: Code) -> Result<Verdict, SessionError> {
        let (status, text) = (Status::Failed(code), code.row().meaning);
        let result = CallResult { id, peer: None, status, value: None, text };
        match self.send(&Frame::Result(result)) {
            Ok(()) => Ok(Verdict::Done),
            // It goes on calling and does not read what it is told.
            Err(_) => Err(SessionError::TooManyCalls(self.run.len())),
        }
    }

    fn output_came(&mut self, output: &Output<'_>) -> Result<Verdict, SessionError> {
        let Some(open) = self.made_open(output.id, "output")? else { return Ok(Verdict::Done) };
        let len = output.bytes.len() as u64;
        let Some(credit) = open.receive_credit.checked_sub(len) else {
            return Err(SessionError::Credit(output.id));
        };
        if open.single {
            let received = &mut open.received[Open::place(output.source)];
            in_sequence(output.id, received, output.offset, len)?;
        }
        open.receive_credit = credit;
        Ok(Verdict::Deliver)
    }

    fn input_came(&mut self, input: &Input<'_>) -> Result<Verdict, SessionError> {
        let Some(open) = self.run_open(input.id, "input")? else { return Ok(Verdict::Done) };
        if open.input_ended {
            return Err(SessionError::AfterEnd(input.id));
        }
        let len = input.bytes.len() as u64;
        let Some(credit) = open.receive_credit.checked_sub(len) else {
            return Err(SessionError::Credit(input.id));
        };
        in_sequence(input.id, &mut open.received[0], input.offset, len)?;
        open.receive_credit = credit;
        open.input_ended = input.end;
        Ok(Verdict::Deliver)
    }

    fn window_came(&mut self, window: &Window) -> Result<Verdict, SessionError> {
        let (open, most) = if self.made.owns(window.id) {
            (self.made_open(window.id, "window")?, INPUT_WINDOW)
        } else {
            let most = self.limits.output_window;
            (self.run_open(window.id, "window")?, most)
        };
        let Some(open) = open else { return Ok(Verdict::Done) };
        let credit = open.send_credit.saturating_add(window.bytes);
        // Bytes that still wait here cannot have been read there: who gives credit for them would
        // have this end hold without bound what it never reads.
        if credit.saturating_add(open.waiting) > most {
            return Err(SessionError::Window(window.id));
        }
        open.send_credit = credit;
        Ok(Verdict::Deliver)
    }

    /// Counts peers that a call for several is answered for.
    fn answered(
        &mut self,
        id: CallId,
        count: impl FnOnce(&mut Open) -> (&mut u64, u64),
    ) -> Result<(), SessionError> {
        let most = self.limits.call_peers;
        let Some(open) = self.made.get_mut(id).filter(|open| !open.single) else { return Ok(()) };
        let (counted, more) = count(open);
        *counted = counted.saturating_add(more);
        if *counted > most { Err(SessionError::TooManyAnswers { id, most }) } else { Ok(()) }
    }

    /// An answer to a call of ours; the call may end with it.
    fn made_ends(
        &mut self,
        id: CallId,
        kind: &'static str,
        ends: Ends,
    ) -> Result<Verdict, SessionError> {
        let Some(open) = self.made_open(id, kind)? else { return Ok(Verdict::Done) };
        if ends.is_over(open) {
            self.queued -= self.made.remove(id);
        }
        Ok(Verdict::Deliver)
    }

    fn made_open(
        &mut self,
        id: CallId,
        kind: &'static str,
    ) -> Result<Option<&mut Open>, SessionError> {
        if !self.made.owns(id) || !self.made.was_made(id) {
            return Err(SessionError::NeverMade(kind, id));
        }
        Ok(self.made.get_mut(id))
    }

    fn run_open(
        &mut self,
        id: CallId,
        kind: &'static str,
    ) -> Result<Option<&mut Open>, SessionError> {
        if !self.run.owns(id) || !self.run.was_made(id) {
            return Err(SessionError::NeverMade(kind, id));
        }
        Ok(self.run.get_mut(id).filter(|open| !open.finished))
    }
}

fn in_sequence(id: CallId, received: &mut u64, offset: u64, len: u64) -> Result<(), SessionError> {
    if offset != *received {
        return Err(SessionError::Offset { id, expected: *received, got: offset });
    }
    *received = received.saturating_add(len);
    Ok(())
}
