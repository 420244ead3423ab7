//! Calls to the hub itself, a file a command family: what each command of the control plane does.
//!
//! ```text
//!   Call ──► gate ──► request ──► Handler ──┬──► reply ──► Result
//!                                           └──► Question … answer ──► reply ──► Result
//! ```
//!
//! The gate and the codec stand here, once. A command that is in the table of
//! [`crate::control`] and has no handler here does not compile.

mod call;
mod calls;
mod forget;
mod issue;
mod keys;
mod peer;
mod peers;
mod revoke;
mod secret;
mod status;
mod tokens;

use crate::ask::Question;
use crate::capability::Capability;
use crate::code::Code;
use crate::control::field::Item;
use crate::control::{Answer, ControlCommand, ControlError, Request, carry_out};
use crate::hub::effects::Effects;
use crate::hub::reply::sentence;
use crate::hub::{Hub, Live};
use crate::id::{CallId, LinkId};
use crate::time::Now;
use crate::wire::Frame;
use crate::wire::frame::{Call, CallResult, Deny, Status};
use crate::wire::value::ValueBuf;

pub(in crate::hub) use tokens::Revoking;

/// A command under way, and the call that wants it.
pub(in crate::hub) struct Control<'h> {
    hub: &'h mut Hub,
    link: LinkId,
    call: CallId,
    now: Now,
}

impl Hub {
    pub(super) fn control(&mut self, link: LinkId, call: &Call<'_>, now: Now) {
        let Some(command) = ControlCommand::of(&call.name) else {
            return self.fail(link, call.id, None, Code::UnknownCommand);
        };
        let mut control = self.control_for((link, call.id), now);
        let may = control.gate(command.row().required);
        let outcome = may.and_then(|()| carry_out(&mut control, command, call.arguments));
        conclude(&mut self.effects, (link, call.id), command, outcome);
    }

    /// Goes on with a command whose question was answered.
    pub(super) fn control_for(&mut self, (link, call): (LinkId, CallId), now: Now) -> Control<'_> {
        Control { hub: self, link, call, now }
    }
}

impl Control<'_> {
    /// The session that called; none where its link is gone.
    fn caller(&self) -> Option<&Live> {
        self.hub.live(self.link)
    }

    /// Whether the caller may administer so.
    fn gate(&self, required: Capability) -> Result<(), ControlError> {
        let may = self.caller().is_some_and(|live| live.capabilities.allow(required));
        may.then_some(()).ok_or(ControlError::Denied(required))
    }

    /// Asks durable storage; the call ends with its answer.
    fn ask<T>(&mut self, question: Question) -> Result<Answer<T>, ControlError> {
        self.hub.ask(self.link, self.call, question);
        Ok(Answer::Later)
    }

    /// Ends a call that waited for durable storage.
    fn end<R: Request>(&mut self, outcome: Result<R::Reply, ControlError>) {
        let outcome = outcome.and_then(|reply| Ok(Some(reply.to_value()?)));
        conclude(&mut self.hub.effects, (self.link, self.call), R::COMMAND, outcome);
    }
}

/// Ends a call to the hub with a value, or with what kept it from having one; a call that waits
/// for durable storage goes on.
fn conclude(
    effects: &mut Effects,
    (link, id): (LinkId, CallId),
    command: ControlCommand,
    outcome: Result<Option<ValueBuf>, ControlError>,
) {
    let error = match outcome {
        Ok(None) => return,
        Ok(Some(value)) => {
            let (peer, status, text) = (None, Status::Exited(0), "");
            let value = Some(value.as_value());
            if effects.send(link, &Frame::Result(CallResult { id, peer, status, value, text })) {
                return;
            }
            ControlError::from(Code::Busy)
        }
        Err(error) => error,
    };
    match error {
        ControlError::Failed { code, peer, text } => {
            let (status, value) = (Status::Failed(code), None);
            let text = text.as_deref().unwrap_or_else(|| sentence(code));
            effects.send(link, &Frame::Result(CallResult { id, peer, status, value, text }));
        }
        ControlError::Denied(required) => {
            let (code, request) = (Code::Denied, command.name());
            let (id, required, text) = (Some(id), Some(required), code.row().meaning);
            effects.send(link, &Frame::Deny(Deny { id, code, request, required, text }));
        }
    }
}
