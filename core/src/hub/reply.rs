//! How the hub itself answers calls: those that did not run, or not to their end.

use crate::capability::Capability;
use crate::code::Code;
use crate::hub::effects::Effects;
use crate::id::{CallId, CommandName, LinkId, PeerId};
use crate::wire::Frame;
use crate::wire::frame::{Call, CallResult, Deny, Status};

/// What a call that a hub ends is told when the hub stops.
const STOPPED: &str = "The hub is stopping, and the call did not end in the time that was left.";

impl Effects {
    /// Answers a call that did not run, or not to its end.
    pub(super) fn fail(&mut self, link: LinkId, id: CallId, peer: Option<PeerId>, code: Code) {
        let (status, text) = (Status::Failed(code), sentence(code));
        self.send(link, &Frame::Result(CallResult { id, peer, status, value: None, text }));
    }

    /// As [`Effects::fail`], and says why.
    pub(super) fn fail_with(&mut self, link: LinkId, id: CallId, code: Code, text: &str) {
        let (peer, status, value) = (None, Status::Failed(code), None);
        self.send(link, &Frame::Result(CallResult { id, peer, status, value, text }));
    }

    /// Answers a call that its caller may not make, or not now.
    pub(super) fn deny(
        &mut self,
        link: LinkId,
        call: &Call<'_>,
        code: Code,
        required: Option<Capability>,
    ) {
        self.deny_as(link, (call.id, call.name), code, required, code.row().meaning);
    }

    /// As [`Effects::deny`], with a sentence of its own.
    pub(super) fn deny_as(
        &mut self,
        link: LinkId,
        (id, name): (CallId, CommandName),
        code: Code,
        required: Option<Capability>,
        text: &str,
    ) {
        let request = name.as_str();
        self.send(link, &Frame::Deny(Deny { id: Some(id), code, request, required, text }));
    }
}

/// What the hub says of a call that it ends.
pub(super) fn sentence(code: Code) -> &'static str {
    if code == Code::GoingAway { STOPPED } else { code.row().meaning }
}
