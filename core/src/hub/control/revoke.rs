//! `revoke-peer` and `allow-peer`: who may not come back, and who may join again.
//! `// spec: control §12 and §13`

use crate::capability::Capability;
use crate::code::Code;
use crate::hub::Hub;
use crate::hub::control::arguments::{named, parsed};
use crate::id::{CallId, LinkId, PeerId};
use crate::ledger::{Change, Question, Revocation};
use crate::time::Now;
use crate::wire::bounds;
use crate::wire::frame::Call;
use crate::wire::value::{Scalar, ValueBuf};

impl Hub {
    /// Asks the ledger to revoke a peer; answered when it has.
    pub(super) fn revoke_peer(&mut self, link: LinkId, call: &Call<'_>, now: Now) {
        if !self.may(link, call, Capability::PeerAdmin) {
            return;
        }
        let asked = named(call, ["id", "reason"]);
        let asked = asked.and_then(|[id, reason]| Ok((parsed(id)?, reason)));
        let (peer, reason): (PeerId, _) = match asked {
            Ok((Some(peer), reason)) => (peer, reason),
            Ok((None, _)) => return self.fail(link, call.id, None, Code::BadArgument),
            Err(code) => return self.fail(link, call.id, None, code),
        };
        let reason = match because(reason) {
            Ok(reason) => reason,
            Err(why) => return self.fail_with(link, call.id, Code::BadArgument, &why),
        };
        let Some(who) = self.live(link).map(|live| live.peer) else { return };
        let reason = reason.unwrap_or_else(|| format!("{who} revoked it"));
        let revocation = Revocation { at: now.unix, reason };
        self.ask(link, call.id, Question::Change(Change::Revoke(vec![peer], revocation)));
    }

    /// They are revoked on the disk: here too, and their sessions end. `bound`: the disk knew one
    /// that was not revoked.
    pub(in crate::hub) fn peer_revoked(
        &mut self,
        (link, call): (LinkId, CallId),
        peer: PeerId,
        revocation: &Revocation,
        bound: bool,
    ) {
        if self.members.registry.known(peer).is_none() && !bound {
            return self.fail(link, call, Some(peer), Code::UnknownPeer);
        }
        let ended = self.revoke_here(&[peer], revocation);
        self.tell_of(link, call, peer, ("ended", ValueBuf::uint(ended)));
    }

    /// Asks the ledger to allow a peer again; answered when it has.
    pub(super) fn allow_peer(&mut self, link: LinkId, call: &Call<'_>) {
        if !self.may(link, call, Capability::PeerAdmin) {
            return;
        }
        let peer: PeerId = match named(call, ["id"]).and_then(|[id]| parsed(id)) {
            Ok(Some(peer)) => peer,
            Ok(None) => return self.fail(link, call.id, None, Code::BadArgument),
            Err(code) => return self.fail(link, call.id, None, code),
        };
        self.ask(link, call.id, Question::Change(Change::Allow(peer)));
    }

    /// It is allowed on the disk: here too. `revoked`: the disk had it revoked.
    pub(in crate::hub) fn peer_allowed(
        &mut self,
        (link, call): (LinkId, CallId),
        peer: PeerId,
        revoked: bool,
    ) {
        if self.members.registry.known(peer).is_none() && !revoked {
            return self.fail(link, call, Some(peer), Code::UnknownPeer);
        }
        self.members.registry.allow(peer);
        self.tell_of(link, call, peer, ("revoked", ValueBuf::boolean(revoked)));
    }

    /// Answers with what became of a peer, and how it is bound: that decides how it may come back.
    fn tell_of(
        &mut self,
        link: LinkId,
        call: CallId,
        peer: PeerId,
        became: (&'static str, ValueBuf),
    ) {
        let known = self.members.registry.known(peer);
        let method = known.map(|known| ValueBuf::text(known.binding.method.name()));
        let entries = [Some(("id", ValueBuf::text(peer.as_str()))), Some(became)];
        let method = method.map(|method| ("method", method));
        let value = ValueBuf::map(entries.into_iter().chain([method]).flatten());
        self.answer_call(link, call, value);
    }
}

/// A sentence for a person, where one is given.
fn because(value: Option<Scalar<'_>>) -> Result<Option<String>, String> {
    let expected = || {
        format!(
            "the reason: expected 1 to {} bytes of text in one line, without control characters",
            bounds::TEXT
        )
    };
    match value {
        None => Ok(None),
        Some(Scalar::Text(text)) => {
            let fits = (1..=bounds::TEXT).contains(&text.len());
            let plain = !text.chars().any(char::is_control);
            if fits && plain { Ok(Some(text.to_owned())) } else { Err(expected()) }
        }
        Some(_) => Err(expected()),
    }
}
