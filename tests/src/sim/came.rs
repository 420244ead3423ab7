//! What came to a peer, without what it borrows from its link.

use std::time::Duration;

use bowline_core::id::{CallId, PeerId};
use bowline_core::time::{Mono, Now};
use bowline_core::wire::Frame;
use bowline_core::wire::frame::Status;

use crate::sim::model::{Model, Violation, violated};
use crate::sim::program::{Plan, Token};

/// A frame without what it borrows.
pub(super) enum Came {
    Registered,
    Call(CallId, Token, Plan, Mono),
    Input(CallId, u64, Vec<u8>, bool),
    Cancel(CallId),
    Output(CallId, PeerId, usize, u64, Vec<u8>),
    Result(CallId, Option<PeerId>, Status),
    Done(CallId, [u64; 3]),
    Denied(CallId, Status),
    Nothing,
}

impl Came {
    /// What came to this peer; a call that came begins to run.
    ///
    /// # Errors
    /// It should not have come.
    pub(super) fn of(
        frame: &Frame<'_>,
        peer: PeerId,
        model: &mut Model,
        now: Now,
    ) -> Result<Self, Violation> {
        Ok(match frame {
            Frame::Registered(_) => Self::Registered,
            Frame::Call(call) => {
                let text = call.arguments.positional().next();
                let text = text.and_then(|value| value.text().map(str::to_owned));
                let Some((token, plan)) = text.as_deref().and_then(|text| {
                    let (token, plan) = text.split_once(' ')?;
                    Some((Token(token.parse().ok()?), Plan(plan.parse().ok()?)))
                }) else {
                    return violated("arguments were changed on the way", text);
                };
                model.started(token, peer)?;
                let deadline = now.mono.after(Duration::from_millis(call.deadline_ms));
                Self::Call(call.id, token, plan, deadline)
            }
            Frame::Input(input) => {
                Self::Input(input.id, input.offset, input.bytes.to_vec(), input.end)
            }
            Frame::Cancel(cancel) => Self::Cancel(cancel.id),
            Frame::Output(output) => {
                let at = output.source as usize - 1;
                Self::Output(output.id, output.peer, at, output.offset, output.bytes.to_vec())
            }
            Frame::Result(result) => Self::Result(result.id, result.peer, result.status),
            Frame::Done(done) => Self::Done(done.id, [done.answered, done.failed, done.missing]),
            Frame::Deny(deny) => match deny.id {
                Some(id) => Self::Denied(id, Status::Failed(deny.code)),
                None => Self::Nothing,
            },
            _ => Self::Nothing,
        })
    }
}
