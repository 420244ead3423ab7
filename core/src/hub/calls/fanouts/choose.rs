//! Which peers a fan-out is for. `// spec: hub §3`

use crate::code::Code;
use crate::hub::calls::fanout::{Attachment, FanoutPhase, Feed, Leg, LegState, Share};
use crate::hub::calls::fanouts::Turn;
use crate::hub::calls::record::Goal;
use crate::hub::directory::Meant;
use crate::id::PeerId;

/// A peer is looked at in a fraction of the time that a leg is begun in.
const LOOKS: usize = 8;

impl Turn<'_> {
    /// Looks at the peers of one slice, those behind `after`.
    pub(super) fn choose(&mut self, after: Option<PeerId>) {
        let goal = self.fanout.goal.clone();
        if let Goal::Peer(peer) = goal {
            self.fanout.legs.push(Leg::new(peer, LegState::Chosen));
            return self.chosen();
        }
        let tests = goal.tests();
        let limits = self.directory.limits;
        let looks = limits.slice.saturating_mul(LOOKS).max(1);
        let (mut seen, mut last) = (0, after);
        for peer in self.directory.peers(after).take(looks) {
            (seen, last) = (seen + 1, Some(peer));
            match self.directory.meant(peer, &tests) {
                Meant::Yes => self.fanout.legs.push(Leg::new(peer, self.candidate(peer))),
                Meant::ByItsOwnWord => self.fanout.claimed += 1,
                Meant::No => {}
            }
        }
        if self.fanout.legs.len() > self.room_for_legs() {
            let most = limits.open_legs;
            let text = format!("the calls of one caller are for {most} peers at most");
            return self.refuse(Code::Busy, &text);
        }
        if seen == looks {
            self.fanout.phase = FanoutPhase::Choosing(last);
        } else {
            self.chosen();
        }
    }

    /// What a fan-out is to do with a peer that it is for.
    fn candidate(&self, peer: PeerId) -> LegState {
        match self.directory.serving(peer, self.fanout.name) {
            Ok(_) => LegState::Chosen,
            // Whoever is listed and does not serve was here, or was enrolled.
            Err(Code::UnknownPeer) => LegState::Unable(Code::Offline),
            Err(code) => LegState::Unable(code),
        }
    }

    /// Every leg is known.
    fn chosen(&mut self) {
        let fanout = &mut *self.fanout;
        fanout.feed = Feed::new(fanout.legs.len());
        let running = fanout.legs.iter().filter(|leg| leg.is_chosen()).count();
        let (positional, named) = fanout.arguments.as_arguments().as_bytes();
        let bytes = (positional.len() + named.len()) as u64;
        let most = self.directory.limits.caller_credit;
        if bytes.saturating_mul(running as u64) > most {
            let text = format!(
                "the arguments, {bytes} bytes, are more than {most} bytes for all {running} targets"
            );
            return self.refuse(Code::BadArgument, &text);
        }
        match fanout.hold {
            Attachment::Attached(..) => {
                let legs = fanout.legs.iter().map(Leg::is_chosen);
                let Some(share) = Share::new(fanout.window, legs) else {
                    let text = format!(
                        "the window, {} bytes, is smaller than the number of targets, {running}",
                        fanout.window
                    );
                    return self.refuse(Code::BadArgument, &text);
                };
                (fanout.share, fanout.window) = (share, 0);
            }
            Attachment::Detached(_) => {
                // Nobody feeds it.
                fanout.feed.push(&[], true);
                if !self.room_to_keep() {
                    let text = "as much as the hub keeps of detached calls is still running";
                    return self.refuse(Code::Busy, text);
                }
            }
        }
        let fanout = &mut *self.fanout;
        fanout.phase =
            if fanout.legs.is_empty() { FanoutPhase::Started } else { FanoutPhase::Starting(0) };
    }

    /// How many legs a fan-out may have.
    fn room_for_legs(&self) -> usize {
        let waiting = match self.fanout.hold {
            // Results that its caller does not read are held, too.
            Attachment::Attached(link, _) => self.effects.legs(link),
            Attachment::Detached(_) => 0,
        };
        // What is counted of this fan-out is from before its turn.
        let others = self.table.usage.of(self.fanout.owner).legs - self.fanout.counted.legs;
        self.directory.limits.open_legs.saturating_sub(others.saturating_add(waiting))
    }
}
