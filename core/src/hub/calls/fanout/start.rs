//! Legs are begun: to each runner an ordinary call, to the caller an Accepted for each slice.

use crate::code::Code;
use crate::hub::Hub;
use crate::hub::calls::job::{Hold, Job, Phase, State};
use crate::hub::calls::record::{End, Goal};
use crate::hub::calls::routes::Way;
use crate::hub::members::labels::Meant;
use crate::id::{CallId, PeerId};
use crate::wire::Frame;
use crate::wire::bounds;
use crate::wire::frame::{Accepted, Call, CallResult, Delivery, Status, Target};
use crate::wire::value::ArgumentsBuf;

/// Output credit of a leg whose output the hub takes itself, in bytes.
const DETACHED_WINDOW: u64 = 64 << 10;

/// What a peer's Result says that passed the tests and has other labels by its turn.
const OTHER_LABELS: &str = "its labels do not pass the target's tests any more";

impl Hub {
    /// Begins the legs of one slice, from `next` on.
    pub(in crate::hub) fn start(&mut self, job: &mut Job, next: usize) {
        let slice = self.config.limits.slice.clamp(1, bounds::PEERS);
        let last = next.saturating_add(slice).min(job.legs.len());
        let (goal, mut other) = (job.goal.clone(), Vec::new());
        let tests = goal.tests();
        let (mut sent, mut unable) = (Vec::new(), Vec::new());
        for leg in next..last {
            let begun = match job.legs[leg].state {
                // It was when it was chosen, which may be a while ago.
                State::Chosen if !self.is_meant(job.legs[leg].peer, &tests) => {
                    other.push(leg);
                    continue;
                }
                State::Chosen => self.begin(job, leg),
                State::Unable(code) => Err(code),
                State::Runs(..) | State::Ended(_) => continue,
            };
            match begun {
                Ok(()) => sent.push(job.legs[leg].peer),
                Err(code) => unable.push((leg, code)),
            }
        }
        // A call for one peer that did not go there is none to be kept.
        if let (Goal::Peer(_), Some(&(_, code))) = (&job.goal, unable.first()) {
            return self.refuse(job, code, code.row().meaning);
        }
        job.phase = Phase::Starting(last);
        if last == job.legs.len() {
            job.phase = Phase::Started;
            job.arguments = ArgumentsBuf::new();
        }
        match job.hold {
            Hold::Attached(link, id) => {
                let queued = Vec::new();
                self.effects.send(link, &Frame::Accepted(Accepted { id, sent, queued }));
            }
            Hold::Detached(_) => self.tell_number(job),
        }
        for (leg, code) in unable {
            self.end_leg(job, leg, End::Hub(code), None);
        }
        for leg in other {
            let (id, peer, status) = (CallId(0), None, Status::Failed(Code::Offline));
            let said = CallResult { id, peer, status, value: None, text: OTHER_LABELS };
            self.end_leg(job, leg, End::Hub(Code::Offline), Some(&said));
        }
    }

    fn is_meant(&self, peer: PeerId, tests: &[(&str, &str)]) -> bool {
        tests.is_empty() || self.labels_of(peer).meant(tests) == Meant::Yes
    }

    fn begin(&mut self, job: &mut Job, leg: usize) -> Result<(), Code> {
        if self.is_draining() {
            return Err(Code::Draining);
        }
        let peer = job.legs[leg].peer;
        let target = self.find(peer, job.name).map_err(|code| match code {
            // It was there a moment ago.
            Code::UnknownPeer => Code::Offline,
            code => code,
        })?;
        let window = match job.hold {
            Hold::Attached(..) => job.share.base(),
            Hold::Detached(_) => DETACHED_WINDOW.min(self.config.limits.output_window),
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
        let id = self.place(target, &call, Way::Leg(job.number, leg))?;
        job.legs[leg].state = State::Runs(target, id);
        job.feed.open(leg);
        Ok(())
    }
}
