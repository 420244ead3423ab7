//! Frames that came: allowed here, about a call that is open, within their credit.

use crate::code::Code;
use crate::id::CallId;
use crate::limits::INPUT_WINDOW;
use crate::session::calls::{CallOrigin, Open};
use crate::session::direction::allowed;
use crate::session::encoded::Ends;
use crate::session::{FrameVerdict, Session, SessionError, Side};
use crate::time::Now;
use crate::wire::Frame;
use crate::wire::frame::{Call, CallResult, Input, Output, Status, Window};

impl Session {
    /// Checks and counts one frame.
    ///
    /// # Errors
    /// [`SessionError`]: the other end broke the rules; the link is to end.
    pub fn received(&mut self, frame: &Frame<'_>, now: Now) -> Result<FrameVerdict, SessionError> {
        if !allowed(frame, self.side, self.purpose) {
            return Err(SessionError::Direction(frame.kind()));
        }
        match frame {
            Frame::Ping(ping) => self.heartbeat.ping(ping.token),
            Frame::Pong(pong) => {
                let took = self.heartbeat.pong(pong.token, now.mono);
                return Ok(took.map_or(FrameVerdict::Done, FrameVerdict::RoundTrip));
            }
            Frame::Goaway(_) => {
                self.left = true;
                return Ok(FrameVerdict::Goaway);
            }
            Frame::Unknown(_) => {}
            Frame::Call(call) => {
                let held = self.inbound.arguments().saturating_add(call.arguments.len());
                self.called(call)?;
                if self.side == Side::Peer && self.leaving.is_some() {
                    return self.turn_down(call.id, Code::Draining);
                }
                if self.side == Side::Peer && held > self.limits.open_arguments {
                    return self.turn_down(call.id, Code::Busy);
                }
                return Ok(FrameVerdict::Deliver);
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
                None => return Ok(FrameVerdict::Deliver),
            },
            Frame::Cancel(cancel) => {
                return Ok(match self.run_open(cancel.id, frame.kind())? {
                    Some(_) => FrameVerdict::Deliver,
                    None => FrameVerdict::Done,
                });
            }
            Frame::Register(_) => return Ok(FrameVerdict::Deliver),
            Frame::Registered(_) => {
                let left = self.registering.checked_sub(1);
                self.registering = left.ok_or(SessionError::NotAsked)?;
                return Ok(FrameVerdict::Deliver);
            }
            Frame::Refresh(_) | Frame::Refreshed(_) => return Ok(FrameVerdict::Renewal),
            // `allowed` takes none of these.
            Frame::Hello(_) | Frame::Authenticate(_) | Frame::Welcome(_) | Frame::Refuse(_) => {
                return Err(SessionError::Direction(frame.kind()));
            }
        }
        Ok(FrameVerdict::Done)
    }

    fn called(&mut self, call: &Call<'_>) -> Result<(), SessionError> {
        if call.id != self.inbound.next() {
            return Err(SessionError::CallId { expected: self.inbound.next(), got: call.id });
        }
        if self.inbound.len() >= self.limits.open_calls {
            return Err(SessionError::TooManyCalls(self.limits.open_calls));
        }
        if call.window > self.limits.output_window {
            return Err(SessionError::Window(call.id));
        }
        self.inbound.open(call.into(), CallOrigin::There);
        Ok(())
    }

    /// A call that came too late, since it crossed our Goaway, or for whose arguments there is no
    /// room. `// spec: session §7, §10`
    fn turn_down(&mut self, id: CallId, code: Code) -> Result<FrameVerdict, SessionError> {
        let (status, text) = (Status::Failed(code), code.row().meaning);
        let result = CallResult { id, peer: None, status, value: None, text };
        match self.send(&Frame::Result(result)) {
            Ok(()) => Ok(FrameVerdict::Done),
            // It goes on calling and does not read what it is told.
            Err(_) => Err(SessionError::TooManyCalls(self.inbound.len())),
        }
    }

    fn output_came(&mut self, output: &Output<'_>) -> Result<FrameVerdict, SessionError> {
        let Some(open) = self.made_open(output.id, "output")? else {
            return Ok(FrameVerdict::Done);
        };
        let len = output.bytes.len() as u64;
        let Some(credit) = open.receive_credit.checked_sub(len) else {
            return Err(SessionError::Credit(output.id));
        };
        if open.single {
            let received = &mut open.received[Open::place(output.source)];
            in_sequence(output.id, received, output.offset, len)?;
        }
        open.receive_credit = credit;
        Ok(FrameVerdict::Deliver)
    }

    fn input_came(&mut self, input: &Input<'_>) -> Result<FrameVerdict, SessionError> {
        let Some(open) = self.run_open(input.id, "input")? else { return Ok(FrameVerdict::Done) };
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
        Ok(FrameVerdict::Deliver)
    }

    fn window_came(&mut self, window: &Window) -> Result<FrameVerdict, SessionError> {
        let (open, most) = if self.outbound.owns(window.id) {
            (self.made_open(window.id, "window")?, INPUT_WINDOW)
        } else {
            let most = self.limits.output_window;
            (self.run_open(window.id, "window")?, most)
        };
        let Some(open) = open else { return Ok(FrameVerdict::Done) };
        let credit = open.send_credit.saturating_add(window.bytes);
        // Bytes that still wait here cannot have been read there: who gives credit for them would
        // have this end hold without bound what it never reads.
        if credit.saturating_add(open.waiting) > most {
            return Err(SessionError::Window(window.id));
        }
        open.send_credit = credit;
        Ok(FrameVerdict::Deliver)
    }

    /// Counts peers that a call for several is answered for.
    fn answered(
        &mut self,
        id: CallId,
        count: impl FnOnce(&mut Open) -> (&mut u64, u64),
    ) -> Result<(), SessionError> {
        let most = self.limits.call_peers;
        let Some(open) = self.outbound.get_mut(id).filter(|open| !open.single) else {
            return Ok(());
        };
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
    ) -> Result<FrameVerdict, SessionError> {
        let Some(open) = self.made_open(id, kind)? else { return Ok(FrameVerdict::Done) };
        if ends.is_over(open) {
            self.queued -= self.outbound.remove(id);
        }
        Ok(FrameVerdict::Deliver)
    }

    fn made_open(
        &mut self,
        id: CallId,
        kind: &'static str,
    ) -> Result<Option<&mut Open>, SessionError> {
        if !self.outbound.owns(id) || !self.outbound.was_made(id) {
            return Err(SessionError::NeverMade(kind, id));
        }
        Ok(self.outbound.get_mut(id))
    }

    fn run_open(
        &mut self,
        id: CallId,
        kind: &'static str,
    ) -> Result<Option<&mut Open>, SessionError> {
        if !self.inbound.owns(id) || !self.inbound.was_made(id) {
            return Err(SessionError::NeverMade(kind, id));
        }
        Ok(self.inbound.get_mut(id).filter(|open| !open.finished))
    }
}

fn in_sequence(id: CallId, received: &mut u64, offset: u64, len: u64) -> Result<(), SessionError> {
    if offset != *received {
        return Err(SessionError::Offset { id, expected: *received, got: offset });
    }
    *received = received.saturating_add(len);
    Ok(())
}
