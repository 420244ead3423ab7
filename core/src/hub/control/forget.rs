//! `forget`: frees an id for another key. `// spec: control §4`

use crate::ask::StoreAsk;
use crate::code::Code;
use crate::control::{CommandAnswer, ControlError, ForgetRequest, Forgotten, Handler};
use crate::facts::Change;
use crate::hub::control::Control;
use crate::hub::links::Live;
use crate::id::PeerId;

impl Handler<ForgetRequest> for Control<'_> {
    fn handle(&mut self, request: ForgetRequest) -> Result<CommandAnswer<Forgotten>, ControlError> {
        self.ask(StoreAsk::Change(Change::Forget(request.id)))
    }
}

impl Control<'_> {
    /// The id is free on the disk: here too, and its sessions end. What is being admitted under it
    /// is asked for again. `bound`: the disk knew it, as it does where a link died between its
    /// record and its commit.
    pub(in crate::hub) fn forgotten(&mut self, peer: PeerId, bound: bool) {
        let outcome = self.known(peer, bound).map(|()| {
            self.sessions.members.change(&Change::Forget(peer));
            self.calls.disown(peer);
            self.sessions.members.outdate();
            let is_its_own = |live: &Live| live.peer == peer && !live.source.is_local();
            Forgotten { id: peer, ended: self.sessions.end(Code::Revoked, is_its_own) }
        });
        self.end::<ForgetRequest>(outcome);
    }
}
