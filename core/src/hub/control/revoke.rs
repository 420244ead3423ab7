//! `revoke-peer` and `allow-peer`: who may not come back, and who may join again.
//! `// spec: control §12 and §13`

use crate::ask::StoreAsk;
use crate::code::Code;
use crate::control::{
    AllowPeerRequest, CommandAnswer, ControlError, Handler, PeerAllowed, PeerRevoked,
    RevokePeerRequest, RevokeReason, Word,
};
use crate::facts::{Change, Revocation};
use crate::hub::control::Control;
use crate::id::PeerId;
use crate::wire::frame::Method;

impl Handler<RevokePeerRequest> for Control<'_> {
    fn handle(
        &mut self,
        RevokePeerRequest { id, reason }: RevokePeerRequest,
    ) -> Result<CommandAnswer<PeerRevoked>, ControlError> {
        let who = self.caller().map(|live| live.peer).ok_or(Code::Lost)?;
        let reason =
            reason.map_or_else(|| format!("{who} revoked it"), |RevokeReason(reason)| reason);
        let revocation = Revocation { at: self.sessions.now.unix, reason };
        self.ask(StoreAsk::Change(Change::Revoke(vec![id], revocation)))
    }
}

impl Handler<AllowPeerRequest> for Control<'_> {
    fn handle(
        &mut self,
        request: AllowPeerRequest,
    ) -> Result<CommandAnswer<PeerAllowed>, ControlError> {
        self.ask(StoreAsk::Change(Change::Allow(request.id)))
    }
}

impl Control<'_> {
    /// They are revoked on the disk: here too, and their sessions end. `bound`: the disk knew one
    /// that was not revoked.
    pub(in crate::hub) fn peer_revoked(
        &mut self,
        peer: PeerId,
        revocation: &Revocation,
        bound: bool,
    ) {
        let outcome = self.known(peer, bound).map(|()| {
            let ended = self.sessions.revoke_here(&[peer], revocation);
            PeerRevoked { id: peer, ended, method: self.bound_by(peer) }
        });
        self.end::<RevokePeerRequest>(outcome);
    }

    /// It is allowed on the disk: here too. `revoked`: the disk had it revoked.
    pub(in crate::hub) fn peer_allowed(&mut self, peer: PeerId, revoked: bool) {
        let outcome = self.known(peer, revoked).map(|()| {
            self.sessions.members.change(&Change::Allow(peer));
            PeerAllowed { id: peer, revoked, method: self.bound_by(peer) }
        });
        self.end::<AllowPeerRequest>(outcome);
    }

    /// Whether there is such a peer: here, or on the disk.
    pub(super) fn known(&self, peer: PeerId, on_disk: bool) -> Result<(), ControlError> {
        let known = on_disk || self.sessions.members.known(peer).is_some();
        known.then_some(()).ok_or_else(|| ControlError::of_peer(Code::UnknownPeer, peer))
    }

    /// How a peer is bound: that decides how it may come back.
    fn bound_by(&self, peer: PeerId) -> Option<Word<Method>> {
        self.sessions.members.known(peer).map(|known| known.binding.method.into())
    }
}
