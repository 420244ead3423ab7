//! Which peers a job is for. `// spec: hub §3`

use crate::code::Code;
use crate::hub::calls::fanout::Turn;
use crate::hub::calls::job::{Feed, Hold, Leg, Phase, Share, State};
use crate::hub::calls::record::Goal;
use crate::hub::directory::Meant;
use crate::id::PeerId;

/// A peer is looked at in a fraction of the time that a leg is begun in.
const LOOKS: usize = 8;

impl Turn<'_> {
    /// Looks at the peers of one slice, those behind `after`.
    pub(super) fn choose(&mut self, after: Option<PeerId>) {
        let goal = self.job.goal.clone();
        if let Goal::Peer(peer) = goal {
            self.job.legs.push(Leg::new(peer, State::Chosen));
            return self.chosen();
        }
        let tests = goal.tests();
        let limits = self.directory.limits;
        let looks = limits.slice.saturating_mul(LOOKS).max(1);
        let (mut seen, mut last) = (0, after);
        for peer in self.directory.peers(after).take(looks) {
            (seen, last) = (seen + 1, Some(peer));
            match self.directory.meant(peer, &tests) {
                Meant::Yes => self.job.legs.push(Leg::new(peer, self.candidate(peer))),
                Meant::ByItsOwnWord => self.job.claimed += 1,
                Meant::No => {}
            }
        }
        if self.job.legs.len() > self.room_for_legs() {
            let most = limits.open_legs;
            let text = format!("the calls of one caller are for {most} peers at most");
            return self.refuse(Code::Busy, &text);
        }
        if seen == looks {
            self.job.phase = Phase::Choosing(last);
        } else {
            self.chosen();
        }
    }

    /// What a job is to do with a peer that it is for.
    fn candidate(&self, peer: PeerId) -> State {
        match self.directory.serving(peer, self.job.name) {
            Ok(_) => State::Chosen,
            // Whoever is listed and does not serve was here, or was enrolled.
            Err(Code::UnknownPeer) => State::Unable(Code::Offline),
            Err(code) => State::Unable(code),
        }
    }

    /// Every leg is known.
    fn chosen(&mut self) {
        let job = &mut *self.job;
        job.feed = Feed::new(job.legs.len());
        let running = job.legs.iter().filter(|leg| leg.is_chosen()).count();
        let (positional, named) = job.arguments.as_arguments().as_bytes();
        let bytes = (positional.len() + named.len()) as u64;
        let most = self.directory.limits.caller_credit;
        if bytes.saturating_mul(running as u64) > most {
            let text = format!(
                "the arguments, {bytes} bytes, are more than {most} bytes for all {running} targets"
            );
            return self.refuse(Code::BadArgument, &text);
        }
        match job.hold {
            Hold::Attached(..) => {
                let legs = job.legs.iter().map(Leg::is_chosen);
                let Some(share) = Share::new(job.window, legs) else {
                    let text = format!(
                        "the window, {} bytes, is smaller than the number of targets, {running}",
                        job.window
                    );
                    return self.refuse(Code::BadArgument, &text);
                };
                (job.share, job.window) = (share, 0);
            }
            Hold::Detached(_) => {
                // Nobody feeds it.
                job.feed.push(&[], true);
                if !self.room_to_keep() {
                    let text = "as much as the hub keeps of detached calls is still running";
                    return self.refuse(Code::Busy, text);
                }
            }
        }
        let job = &mut *self.job;
        job.phase = if job.legs.is_empty() { Phase::Started } else { Phase::Starting(0) };
    }

    /// How many legs a job may have.
    fn room_for_legs(&self) -> usize {
        let waiting = match self.job.hold {
            // Results that its caller does not read are held, too.
            Hold::Attached(link, _) => self.effects.legs(link),
            Hold::Detached(_) => 0,
        };
        // What is counted of this job is from before its turn.
        let others = self.table.usage.of(self.job.owner).legs - self.job.counted.legs;
        self.directory.limits.open_legs.saturating_sub(others.saturating_add(waiting))
    }
}
