//! `forget`: frees an id for another key. `// spec: control §4`

use crate::capability::Capability;
use crate::code::Code;
use crate::hub::Hub;
use crate::hub::control::arguments::{named, parsed};
use crate::id::{CallId, LinkId, PeerId};
use crate::ledger::{Change, Question};
use crate::wire::frame::Call;
use crate::wire::value::ValueBuf;

impl Hub {
    /// Asks the ledger to forget; answered when it has.
    pub(super) fn forget(&mut self, link: LinkId, call: &Call<'_>) {
        if !self.may(link, call, Capability::PeerAdmin) {
            return;
        }
        let peer: Option<PeerId> = match named(call, ["id"]).and_then(|[id]| parsed(id)) {
            Ok(peer) => peer,
            Err(code) => return self.fail(link, call.id, None, code),
        };
        let Some(peer) = peer else {
            return self.fail(link, call.id, None, Code::BadArgument);
        };
        self.ask(link, call.id, Question::Change(Change::Forget(peer)));
    }

    /// The id is free on the disk: here too, and its sessions end. What is being admitted under it
    /// is asked for again. `bound`: the disk knew it, as it does where a link died between its
    /// record and its commit.
    pub(in crate::hub) fn forgotten(
        &mut self,
        link: LinkId,
        call: CallId,
        peer: PeerId,
        bound: bool,
    ) {
        if self.members.registry.known(peer).is_none() && !bound {
            return self.fail(link, call, Some(peer), Code::UnknownPeer);
        }
        self.members.registry.forget(peer);
        self.calls.disown(peer);
        self.outdate();
        let ended =
            self.end_sessions(Code::Revoked, |live| live.peer == peer && !live.source.is_local());
        let value = ValueBuf::map([
            ("id", ValueBuf::text(peer.as_str())),
            ("ended", ValueBuf::uint(ended)),
        ]);
        self.answer_call(link, call, value);
    }
}
