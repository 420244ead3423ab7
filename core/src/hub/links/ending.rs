//! Sessions that the hub ends: after what still waits for them, or at once.

use crate::ask::Question;
use crate::code::Code;
use crate::facts::{Change, Revocation};
use crate::hub::{Hub, HubEvent, Live};
use crate::id::{LinkId, PeerId, SecretNumber};
use crate::time::Now;
use crate::wire::frame::Purpose;

/// Whether a session that ends so has no right to anything more.
fn cuts(code: Code) -> bool {
    matches!(code, Code::Revoked | Code::SessionExpired)
}

impl Hub {
    /// Ends every session, with this code, after what is in its outbox.
    pub fn close_all(&mut self, code: Code) {
        self.end_sessions(code, |_| true);
    }

    /// The code of a session that has to end although its link takes no more: ask where the outbox
    /// cannot be passed on, and close the link.
    #[must_use]
    pub fn cut_off(&self, link: LinkId) -> Option<Code> {
        let code = self.effects.closing(link)?;
        (cuts(code) || code == Code::Overload).then_some(code)
    }

    /// Whether what a session says is not listened to any more.
    pub(in crate::hub) fn is_cut(&self, link: LinkId) -> bool {
        self.effects.closing(link).is_some_and(cuts)
    }

    /// The peer of this link said Goaway: nobody calls it any more, and what it runs goes on.
    pub(in crate::hub) fn peer_leaves(&mut self, link: LinkId) {
        let unix = self.unix;
        let Some(live) = self.live_mut(link) else { return };
        live.left = true;
        if live.purpose == Purpose::Serve {
            let (peer, claimed) = (live.peer, live.claimed.clone());
            self.members.leave(peer, link, claimed, unix);
        }
    }

    /// Ends the sessions that `which` picks; how many they are.
    pub(in crate::hub) fn end_sessions(
        &mut self,
        code: Code,
        which: impl Fn(&Live) -> bool,
    ) -> u64 {
        let ending: Vec<_> = self
            .links
            .live()
            .filter(|&(link, live)| which(live) && !self.is_cut(link))
            .map(|(link, _)| link)
            .collect();
        ending.iter().for_each(|&link| self.close(link, code));
        ending.len() as u64
    }

    /// Has a link closed, once what is in its outbox has been sent. Where its session has no right
    /// to more, nobody calls it and it is not listened to from here on.
    pub(in crate::hub) fn close(&mut self, link: LinkId, code: Code) {
        let unix = self.unix;
        self.effects.close(link, code, cuts(code));
        if cuts(code)
            && let Some(live) = self.live(link)
        {
            let (peer, claimed) = (live.peer, live.claimed.clone());
            self.members.leave(peer, link, claimed, unix);
        }
    }

    /// Revokes peers here and now; what the disk says of them follows. How many sessions ended.
    pub(in crate::hub) fn revoke_at_once(
        &mut self,
        peers: Vec<PeerId>,
        revocation: Revocation,
    ) -> u64 {
        let ended = self.revoke_here(&peers, &revocation);
        self.effects.asks.quietly(Question::Change(Change::Revoke(peers, revocation)));
        ended
    }

    /// Revokes peers here, and ends their sessions; how many sessions that were.
    pub(in crate::hub) fn revoke_here(&mut self, peers: &[PeerId], revocation: &Revocation) -> u64 {
        self.members.revoke(peers, revocation, &mut self.effects);
        self.end_sessions(Code::Revoked, |live| {
            peers.contains(&live.peer) && !live.source.is_local()
        })
    }

    /// The number of the current secret and, while it is being replaced, that of the one before it
    /// with its end, seconds since 1970. For a start during a grace; else the current one is the
    /// first.
    pub fn set_secrets(
        &mut self,
        current: SecretNumber,
        old: Option<(SecretNumber, u64)>,
        now: Now,
    ) {
        self.members.set_secrets(current, old, now);
        self.look_at_secrets(now);
    }

    /// Ends the grace, where it is over, and the sessions that the old secret admitted.
    pub(in crate::hub) fn look_at_secrets(&mut self, now: Now) {
        if let Some(number) = self.members.secret_ended(now) {
            self.end_outdated();
            self.effects.event(HubEvent::SecretEnded { number });
        }
    }

    /// Ends the sessions that a secret admitted which holds no more; how many they are. What is
    /// being admitted is asked for again.
    pub(in crate::hub) fn end_outdated(&mut self) -> u64 {
        self.members.outdate();
        let held = self.members.held();
        self.end_sessions(Code::SessionExpired, |live| {
            live.secret.is_some_and(|number| !held.admits(number))
        })
    }
}
