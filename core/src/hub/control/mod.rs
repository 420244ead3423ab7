//! Calls to the hub itself, a file a command family.

mod arguments;
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

use crate::capability::Capability;
use crate::code::Code;
use crate::hub::Hub;
use crate::id::{CallId, LinkId};
use crate::time::Now;
use crate::wire::Frame;
use crate::wire::frame::{Call, CallResult, Status};
use crate::wire::value::{ValueBuf, ValueError};

use arguments::named;
pub use secret::GRACE;
pub(in crate::hub) use tokens::Revoking;

/// A map in the making.
type Entry = Vec<(&'static str, ValueBuf)>;

impl Hub {
    pub(super) fn control(&mut self, link: LinkId, call: &Call<'_>, now: Now) {
        match call.name.as_str() {
            "peers" => self.peers(link, call),
            "peer" => self.peer_shown(link, call),
            "forget" => self.forget(link, call),
            "calls" => self.calls(link, call),
            "call" => self.show_call(link, call),
            "cancel-call" => self.cancel_call(link, call, now),
            "rotate-secret" => self.rotate_secret(link, call),
            "status" => self.status(link, call, now),
            "issue-token" => self.issue_token(link, call, now),
            "tokens" => self.list_tokens(link, call, now),
            "revoke-token" => self.revoke_token(link, call, now),
            "revoke-peer" => self.revoke_peer(link, call, now),
            "allow-peer" => self.allow_peer(link, call),
            "keys" => self.list_keys(link, call),
            "export-keys" => self.export_keys(link, call),
            "rotate-keys" => self.rotate_keys(link, call),
            _ => self.fail(link, call.id, None, Code::UnknownCommand),
        }
    }

    /// Whether the caller may administer so; where it may not, it is told.
    fn may(&mut self, link: LinkId, call: &Call<'_>, required: Capability) -> bool {
        let may = self.live(link).is_some_and(|live| live.capabilities.allow(required));
        if !may {
            self.deny(link, call, Code::Denied, Some(required));
        }
        may
    }

    /// Ends a call to the hub with a value, or with what kept it from having one.
    fn answer_call(&mut self, link: LinkId, id: CallId, value: Result<ValueBuf, ValueError>) {
        // What the hub builds keeps to the bounds of values.
        let Ok(value) = value else { return self.fail(link, id, None, Code::Failed) };
        let (peer, status, text) = (None, Status::Exited(0), "");
        let value = Some(value.as_value());
        if !self.effects.send(link, &Frame::Result(CallResult { id, peer, status, value, text })) {
            self.fail(link, id, None, Code::Busy);
        }
    }
}
