//! `calls` and `cancel-call`: what runs, what has ended, and who may stop it.
//! `// spec: control §5 and §7`

use crate::capability::Capability;
use crate::code::Code;
use crate::control::{
    CallDelivery, CallName, CallState, CallSummary, CallsRequest, CancelCallRequest, CommandAnswer,
    ControlError, Handler, Page,
};
use crate::hub::calls::{CallNumber, KnownCall, RecordedCall};
use crate::hub::control::Control;
use crate::wire::frame::Delivery;

impl Handler<CallsRequest> for Control<'_> {
    fn handle(
        &mut self,
        request: CallsRequest,
    ) -> Result<CommandAnswer<Page<CallSummary>>, ControlError> {
        let generation = self.config.generation;
        let is_behind = |known: &KnownCall<'_>| {
            request.after.is_none_or(|after| known.number().name(generation) > after)
        };
        let known = self.calls.iter().filter(|known| self.may_see(known)).filter(is_behind);
        let mut known: Vec<_> = known.collect();
        known.sort_unstable_by_key(KnownCall::number);
        let entries = known.iter().map(|known| summary(&known.to_record(), generation));
        Ok(CommandAnswer::Now(Page::fill(entries)?))
    }
}

impl Handler<CancelCallRequest> for Control<'_> {
    fn handle(&mut self, request: CancelCallRequest) -> Result<CommandAnswer<bool>, ControlError> {
        let number = self.known_call(request.id)?.number();
        let who = self.caller().map(|live| live.peer);
        let reason = who.map_or_else(String::new, |who| format!("{who} cancelled the call"));
        Ok(CommandAnswer::Now(self.calling().cancel(number, &reason)))
    }
}

impl Control<'_> {
    /// The call of this name, if the caller may know of it.
    pub(super) fn known_call(&self, name: CallName) -> Result<KnownCall<'_>, ControlError> {
        let is_ours = name.generation == self.config.generation;
        let known = is_ours.then(|| self.calls.known(CallNumber(name.number))).flatten();
        known.filter(|known| self.may_see(known)).ok_or_else(|| Code::UnknownCall.into())
    }

    /// A peer knows of its own calls, an administrator of all.
    fn may_see(&self, known: &KnownCall<'_>) -> bool {
        let Some(live) = self.caller() else { return false };
        let own = known.caller() == live.peer && self.calls.owns(live.peer, known.number());
        own || live.capabilities.allow(Capability::PeerAdmin)
    }
}

/// What is said of every call.
pub(super) fn summary(record: &RecordedCall, generation: u64) -> CallSummary {
    let delivery = match record.delivery {
        Delivery::Attached => CallDelivery::Attached,
        Delivery::Detached => CallDelivery::Detached,
    };
    let state = if record.ended.is_some() { CallState::Ended } else { CallState::Running };
    CallSummary {
        id: record.number.name(generation),
        caller: record.caller,
        target: record.goal.target(),
        command: record.name,
        delivery: delivery.into(),
        state: state.into(),
        started: record.started,
        ended: record.ended,
        targets: record.targets,
        answered: record.counts.answered,
        failed: record.counts.failed,
        missing: record.counts.missing,
        claimed: Some(record.claimed).filter(|&claimed| claimed > 0),
    }
}
