//! Sessions that the hub ends: after what still waits for them, or at once.

use std::collections::BTreeSet;

use crate::ask::StoreAsk;
use crate::capability::{Capability, Role};
use crate::code::Code;
use crate::facts::{Change, Revocation};
use crate::hub::HubEvent;
use crate::hub::effects::Effects;
use crate::hub::links::{Links, Live};
use crate::hub::members::Members;
use crate::id::{LinkId, PeerId};
use crate::time::Now;
use crate::wire::Frame;
use crate::wire::frame::{Purpose, Register, Registered};

/// Whether a session that ends so has no right to anything more.
pub(in crate::hub) fn cuts(code: Code) -> bool {
    matches!(code, Code::Revoked | Code::SessionExpired)
}

/// The sessions of a hub, with what follows from their end: who serves for whom, and what is told.
pub(in crate::hub) struct Sessions<'h> {
    pub(in crate::hub) links: &'h mut Links,
    pub(in crate::hub) members: &'h mut Members,
    pub(in crate::hub) effects: &'h mut Effects,
    pub(in crate::hub) now: Now,
}

impl Sessions<'_> {
    /// The session of a link.
    pub(in crate::hub) fn of(&self, link: LinkId) -> Option<&Live> {
        self.links.session(link)
    }

    /// A peer says what it serves.
    pub(in crate::hub) fn registered(&mut self, link: LinkId, register: &Register) {
        let Some(live) = self.links.session_mut(link) else { return };
        live.serves = Some(register.clone());
        let (peer, commands) = (live.peer, register.commands.len());
        self.effects.event(HubEvent::Ready { peer, commands });
        let count = commands as u64;
        if !self.effects.send(link, &Frame::Registered(Registered { count })) {
            self.close(link, Code::Overload);
        }
    }

    /// Whether what a session says is not listened to any more.
    pub(in crate::hub) fn is_cut(&self, link: LinkId) -> bool {
        self.effects.closing(link).is_some_and(cuts)
    }

    /// The peer of this link said Goaway: nobody calls it any more, and what it runs goes on.
    pub(in crate::hub) fn left(&mut self, link: LinkId) {
        let Some(live) = self.links.session_mut(link) else { return };
        live.left = true;
        if live.purpose == Purpose::Serve {
            let (peer, claimed) = (live.peer, live.claimed.clone());
            self.members.leave(peer, link, claimed, self.now.unix);
        }
    }

    /// Ends the sessions that `which` picks; how many they are.
    pub(in crate::hub) fn end(&mut self, code: Code, which: impl Fn(&Live) -> bool) -> u64 {
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
        self.effects.close(link, code, cuts(code));
        if cuts(code)
            && let Some(live) = self.links.session(link)
        {
            let (peer, claimed) = (live.peer, live.claimed.clone());
            self.members.leave(peer, link, claimed, self.now.unix);
        }
    }

    /// Revokes peers here and now; what the disk says of them follows. How many sessions ended.
    pub(in crate::hub) fn revoke_at_once(
        &mut self,
        peers: Vec<PeerId>,
        revocation: Revocation,
    ) -> u64 {
        let ended = self.revoke_here(&peers, &revocation);
        self.effects.asks.quietly(StoreAsk::Change(Change::Revoke(peers, revocation)));
        ended
    }

    /// Revokes peers here, and ends their sessions; how many sessions that were.
    pub(in crate::hub) fn revoke_here(&mut self, peers: &[PeerId], revocation: &Revocation) -> u64 {
        self.members.revoke(peers, revocation, self.effects);
        let peers: BTreeSet<_> = peers.iter().collect();
        self.end(Code::Revoked, |live| peers.contains(&live.peer) && !live.source.is_local())
    }

    /// Ends the grace, where it is over, and the sessions that the old secret admitted.
    pub(in crate::hub) fn look_at_secrets(&mut self) {
        if let Some(number) = self.members.secret_ended(self.now) {
            self.end_outdated();
            self.effects.event(HubEvent::SecretEnded { number });
        }
    }

    /// Ends the sessions that a secret admitted which holds no more; how many they are. What is
    /// being admitted is asked for again.
    pub(in crate::hub) fn end_outdated(&mut self) -> u64 {
        self.members.outdate();
        let held = self.members.active();
        self.end(Code::SessionExpired, |live| {
            live.secret.is_some_and(|number| !held.admits(number))
        })
    }

    /// Those whom the secret admits, or nothing at all, have another role. A session that serves
    /// and may not any more ends.
    pub(in crate::hub) fn role_changed(&mut self, role: Role) {
        // What is reserved at this moment was granted by the role before.
        self.members.outdate();
        let role = role.capabilities().without_administration();
        for (_, live) in self.links.live_mut() {
            let is_guest = !live.source.is_local() && self.members.known(live.peer).is_none();
            if live.secret.is_some() || is_guest {
                live.capabilities = role.clone();
            }
        }
        self.end(Code::MayNotServe, |live| {
            live.purpose == Purpose::Serve && !live.capabilities.allow(Capability::Serve)
        });
    }
}
