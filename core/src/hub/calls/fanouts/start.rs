//! Legs are begun: to each runner an ordinary call, to the caller an Accepted for each slice.

use crate::code::Code;
use crate::hub::calls::fanout::{Attachment, FanoutPhase, LegState};
use crate::hub::calls::fanouts::Turn;
use crate::hub::calls::record::{Goal, LegEnd};
use crate::hub::calls::routes::ReplyTo;
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
        let last = next.saturating_add(slice).min(self.fanout.legs.len());
        let (goal, mut other) = (self.fanout.goal.clone(), Vec::new());
        let tests = goal.tests();
        let (mut sent, mut unable) = (Vec::new(), Vec::new());
        for leg in next..last {
            let peer = self.fanout.legs[leg].peer;
            let begun = match self.fanout.legs[leg].state {
                // It was when it was chosen, which may be a while ago.
                LegState::Chosen if !self.is_meant(peer, &tests) => {
                    other.push(leg);
                    continue;
                }
                LegState::Chosen => self.begin(leg),
                LegState::Unable(code) => Err(code),
                LegState::Runs(..) | LegState::Ended(_) => continue,
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
        self.fanout.swept(last, FanoutPhase::Starting(last));
        match self.fanout.hold {
            Attachment::Attached(link, id) => {
                let queued = Vec::new();
                self.effects.send(link, &Frame::Accepted(Accepted { id, sent, queued }));
            }
            Attachment::Detached(_) => self.tell_number(),
        }
        for (leg, code) in unable {
            self.end_leg(leg, LegEnd::Hub(code), None);
        }
        for leg in other {
            let (id, peer, status) = (CallId(0), None, Status::Failed(Code::Offline));
            let said = CallResult { id, peer, status, value: None, text: OTHER_LABELS };
            self.end_leg(leg, LegEnd::Hub(Code::Offline), Some(&said));
        }
    }

    fn is_meant(&self, peer: PeerId, tests: &[(&str, &str)]) -> bool {
        tests.is_empty() || self.directory.meant(peer, tests) == Meant::Yes
    }

    fn begin(&mut self, leg: usize) -> Result<(), Code> {
        if self.directory.is_draining() {
            return Err(Code::Draining);
        }
        let fanout = &mut *self.fanout;
        let peer = fanout.legs[leg].peer;
        let target = self.directory.serving(peer, fanout.name).map_err(|code| match code {
            // It was there a moment ago.
            Code::UnknownPeer => Code::Offline,
            code => code,
        })?;
        let window = match fanout.hold {
            Attachment::Attached(..) => fanout.share.base(),
            Attachment::Detached(_) => DETACHED_WINDOW.min(self.directory.limits.output_window),
        };
        let call = Call {
            id: CallId(0),
            target: Target::Peer(peer),
            name: fanout.name,
            arguments: fanout.arguments.as_arguments(),
            deadline_ms: fanout.deadline_ms,
            window,
            delivery: Delivery::Attached,
        };
        let way = (fanout.owner, ReplyTo::Leg(fanout.number, leg));
        let id = self.table.place(target, &call, way, self.directory, self.effects)?;
        fanout.legs[leg].state = LegState::Runs(target, id);
        fanout.feed.open(leg);
        Ok(())
    }
}
