//! Which peers a job is for. `// spec: hub §3`

use crate::code::Code;
use crate::hub::Hub;
use crate::hub::calls::job::{Feed, Hold, Job, Leg, Phase, Share, State};
use crate::hub::calls::record::Goal;
use crate::hub::members::labels::Meant;
use crate::id::{CommandName, PeerId};

/// A peer is looked at in a fraction of the time that a leg is begun in.
const LOOKS: usize = 8;

impl Hub {
    /// Looks at the peers of one slice, those behind `after`.
    pub(in crate::hub) fn choose(&mut self, job: &mut Job, after: Option<PeerId>) {
        let goal = job.goal.clone();
        if let Goal::Peer(peer) = goal {
            job.legs.push(Leg::new(peer, State::Chosen));
            return self.chosen(job);
        }
        let tests = goal.tests();
        let looks = self.config.limits.slice.saturating_mul(LOOKS).max(1);
        let (mut seen, mut last) = (0, after);
        for peer in self.members.registry.listed(after).take(looks) {
            (seen, last) = (seen + 1, Some(peer));
            match self.labels_of(peer).meant(&tests) {
                Meant::Yes => job.legs.push(Leg::new(peer, self.candidate(peer, job.name))),
                Meant::ByItsOwnWord => job.claimed += 1,
                Meant::No => {}
            }
        }
        if job.legs.len() > self.room_for_legs(job) {
            let most = self.config.limits.open_legs;
            let text = format!("the calls of one caller are for {most} peers at most");
            return self.refuse(job, Code::Busy, &text);
        }
        if seen == looks {
            job.phase = Phase::Choosing(last);
        } else {
            self.chosen(job);
        }
    }

    /// What a job is to do with a peer that it is for.
    fn candidate(&self, peer: PeerId, name: CommandName) -> State {
        match self.find(peer, name) {
            Ok(_) => State::Chosen,
            // Whoever is listed and does not serve was here, or was enrolled.
            Err(Code::UnknownPeer) => State::Unable(Code::Offline),
            Err(code) => State::Unable(code),
        }
    }

    /// Every leg is known.
    fn chosen(&mut self, job: &mut Job) {
        job.feed = Feed::new(job.legs.len());
        let running = job.legs.iter().filter(|leg| leg.is_chosen()).count();
        let (positional, named) = job.arguments.as_arguments().as_bytes();
        let bytes = (positional.len() + named.len()) as u64;
        let most = self.config.limits.caller_credit;
        if bytes.saturating_mul(running as u64) > most {
            let text = format!(
                "the arguments, {bytes} bytes, are more than {most} bytes for all {running} targets"
            );
            return self.refuse(job, Code::BadArgument, &text);
        }
        match job.hold {
            Hold::Attached(..) => {
                let legs = job.legs.iter().map(Leg::is_chosen);
                let Some(share) = Share::new(job.window, legs) else {
                    let text = format!(
                        "the window, {} bytes, is smaller than the number of targets, {running}",
                        job.window
                    );
                    return self.refuse(job, Code::BadArgument, &text);
                };
                (job.share, job.window) = (share, 0);
            }
            Hold::Detached(_) => {
                // Nobody feeds it.
                job.feed.push(&[], true);
                if !self.room_to_keep(job) {
                    let text = "as much as the hub keeps of detached calls is still running";
                    return self.refuse(job, Code::Busy, text);
                }
            }
        }
        job.phase = if job.legs.is_empty() { Phase::Started } else { Phase::Starting(0) };
    }

    /// How many legs a job may have.
    fn room_for_legs(&self, job: &Job) -> usize {
        let waiting = match job.hold {
            // Results that its caller does not read are held, too.
            Hold::Attached(link, _) => self.effects.legs(link),
            Hold::Detached(_) => 0,
        };
        let others = self.calls.book.legs_of(job.caller).saturating_add(waiting);
        self.config.limits.open_legs.saturating_sub(others)
    }
}
