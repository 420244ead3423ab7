//! Legs are begun: to each runner an ordinary call, to the caller an Accepted for each slice.

use crate::code::Code;
use crate::hub::calls::fanout::Turn;
use crate::hub::calls::job::{Hold, Phase, State};
use crate::hub::calls::record::{End, Goal};
use crate::hub::calls::routes::Way;
use crate::hub::directory::Meant;
use crate::id::{CallId, PeerId};
use crate::wire::Frame;
use crate::wire::bounds;
use crate::wire::frame::{Accepted, Call, CallResult, Delivery, Status, Target};

/// Output credit of a leg whose output the hub takes itself, in bytes.
const DETACHED_WINDOW: u64 = 64 << 10;

/// What a peer's Result says that passed the tests and has other labels by its turn.
const OTHER_LABELS: &str = "its labels do not pass the target's tests any more";

impl Turn<'_> {
    /// Begins the legs of one slice, from `next` on.
    pub(super) fn start(&mut self, next: usize) {
        let slice = self.directory.limits.slice.clamp(1, bounds::PEERS);
        let last = next.saturating_add(slice).min(self.job.legs.len());
        let (goal, mut other) = (self.job.goal.clone(), Vec::new());
        let tests = goal.tests();
        let (mut sent, mut unable) = (Vec::new(), Vec::new());
        for leg in next..last {
            let peer = self.job.legs[leg].peer;
            let begun = match self.job.legs[leg].state {
                // It was when it was chosen, which may be a while ago.
                State::Chosen if !self.is_meant(peer, &tests) => {
                    other.push(leg);
                    continue;
                }
                State::Chosen => self.begin(leg),
                State::Unable(code) => Err(code),
                State::Runs(..) | State::Ended(_) => continue,
            };
            match begun {
                Ok(()) => sent.push(peer),
                Err(code) => unable.push((leg, code)),
            }
        }
        // A call for one peer that did not go there is none to be kept.
        if let (Goal::Peer(_), Some(&(_, code))) = (&goal, unable.first()) {
            return self.refuse(code, code.row().meaning);
        }
        self.job.swept(last, Phase::Starting(last));
        match self.job.hold {
            Hold::Attached(link, id) => {
                let queued = Vec::new();
                self.effects.send(link, &Frame::Accepted(Accepted { id, sent, queued }));
            }
            Hold::Detached(_) => self.tell_number(),
        }
        for (leg, code) in unable {
            self.end_leg(leg, End::Hub(code), None);
        }
        for leg in other {
            let (id, peer, status) = (CallId(0), None, Status::Failed(Code::Offline));
            let said = CallResult { id, peer, status, value: None, text: OTHER_LABELS };
            self.end_leg(leg, End::Hub(Code::Offline), Some(&said));
        }
    }

    fn is_meant(&self, peer: PeerId, tests: &[(&str, &str)]) -> bool {
        tests.is_empty() || self.directory.meant(peer, tests) == Meant::Yes
    }

    fn begin(&mut self, leg: usize) -> Result<(), Code> {
        if self.directory.is_draining() {
            return Err(Code::Draining);
        }
        let job = &mut *self.job;
        let peer = job.legs[leg].peer;
        let target = self.directory.serving(peer, job.name).map_err(|code| match code {
            // It was there a moment ago.
            Code::UnknownPeer => Code::Offline,
            code => code,
        })?;
        let window = match job.hold {
            Hold::Attached(..) => job.share.base(),
            Hold::Detached(_) => DETACHED_WINDOW.min(self.directory.limits.output_window),
        };
        let call = Call {
            id: CallId(0),
            target: Target::Peer(peer),
            name: job.name,
            arguments: job.arguments.as_arguments(),
            deadline_ms: job.deadline_ms,
            window,
            delivery: Delivery::Attached,
        };
        let way = (job.owner, Way::Leg(job.number, leg));
        let id = self.table.place(target, &call, way, self.directory, self.effects)?;
        job.legs[leg].state = State::Runs(target, id);
        job.feed.open(leg);
        Ok(())
    }
}
