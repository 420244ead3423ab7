//! Sessions that the hub ends: after what still waits for them, or at once.

use crate::code::Code;
use crate::hub::{Hub, Live};
use crate::id::LinkId;
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
            self.members.registry.leave(peer, link, claimed, unix);
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
            self.members.registry.leave(peer, link, claimed, unix);
        }
    }
}
