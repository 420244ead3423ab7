//! Calls to the hub itself, a file a command family: what each command of the control plane does.
//!
//! ```text
//!   Call ──► gate ──► request ──► Handler ──┬──► reply ──► Result
//!                                           └──► StoreAsk … answer ──► reply ──► Result
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

use crate::ask::StoreAsk;
use crate::capability::Capability;
use crate::code::Code;
use crate::control::field::Item;
use crate::control::{CommandAnswer, ControlCommand, ControlError, ControlRequest, carry_out};
use crate::hub::asks::Asks;
use crate::hub::calls::{Calling, HubCalls};
use crate::hub::directory::Directory;
use crate::hub::drain::Stage;
use crate::hub::effects::Effects;
use crate::hub::links::{Live, Sessions};
use crate::hub::reply::sentence;
use crate::hub::{HubConfig, HubSetup};
use crate::id::{CallId, LinkId};
use crate::wire::Frame;
use crate::wire::frame::{Call, CallResult, Deny, Status};
use crate::wire::value::ValueBuf;

pub(in crate::hub) use tokens::Revoking;

/// A command under way, the call that wants it, and the parts of the hub that it is about.
pub(in crate::hub) struct Control<'h> {
    pub(super) config: &'h HubConfig,
    pub(super) setup: Option<&'h HubSetup>,
    pub(super) calls: &'h mut HubCalls,
    pub(super) sessions: Sessions<'h>,
    pub(super) stage: Stage,
    pub(super) link: LinkId,
    pub(super) call: CallId,
}

impl Control<'_> {
    /// Carries out what a call to the hub wants.
    pub(super) fn called(&mut self, call: &Call<'_>) {
        let Some(command) = ControlCommand::of(&call.name) else {
            return self.sessions.effects.fail(self.link, call.id, None, Code::UnknownCommand);
        };
        let may = self.gate(command.row().required);
        let outcome = may.and_then(|()| carry_out(self, command, call.arguments));
        conclude(self.sessions.effects, (self.link, call.id), command, outcome);
    }

    /// The session that called; none where its link is gone.
    fn caller(&self) -> Option<&Live> {
        self.sessions.of(self.link)
    }

    /// The calls, with what they see of the hub and may do.
    fn calling(&mut self) -> Calling<'_> {
        let Sessions { links, members, effects, now } = &mut self.sessions;
        let (limits, stage, now) = (&self.config.limits, self.stage, *now);
        let directory = Directory { links, members, limits, stage, now };
        Calling { calls: self.calls, directory, effects }
    }

    fn asks(&self) -> &Asks {
        &self.sessions.effects.asks
    }

    /// Whether such a question waits for its answer.
    fn is_asked(&self, which: impl Fn(&StoreAsk) -> bool) -> bool {
        self.asks().count(which) > 0
    }

    /// Whether the caller may administer so.
    fn gate(&self, required: Capability) -> Result<(), ControlError> {
        let may = self.caller().is_some_and(|live| live.capabilities.allow(required));
        may.then_some(()).ok_or(ControlError::Denied(required))
    }

    /// Asks durable storage; the call ends with its answer.
    fn ask<T>(&mut self, question: StoreAsk) -> Result<CommandAnswer<T>, ControlError> {
        self.ask_for(question, None)
    }

    /// The same, for what is revoked with a token.
    fn ask_for<T>(
        &mut self,
        question: StoreAsk,
        revoking: Option<Revoking>,
    ) -> Result<CommandAnswer<T>, ControlError> {
        let caller = Some((self.link, self.call));
        self.sessions.effects.asks.ask(caller, question, revoking);
        Ok(CommandAnswer::Later)
    }

    /// Ends a call that waited for durable storage.
    fn end<R: ControlRequest>(&mut self, outcome: Result<R::Reply, ControlError>) {
        let outcome = outcome.and_then(|reply| Ok(Some(reply.to_value()?)));
        conclude(self.sessions.effects, (self.link, self.call), R::COMMAND, outcome);
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
