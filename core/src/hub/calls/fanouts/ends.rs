//! How legs end, and with the last of them the fan-out. `// spec: hub §3`

use crate::code::Code;
use crate::hub::calls::fanout::{Attachment, FanoutPhase, Feed, LegState, Share};
use crate::hub::calls::fanouts::Turn;
use crate::hub::calls::record::{LegCounts, LegEnd};
use crate::hub::reply::sentence;
use crate::wire::Frame;
use crate::wire::frame::{CallResult, Cancel, Done, Status};

impl Turn<'_> {
    /// A leg ends: the caller hears of it, once, and what it held is free. `said`: its runner's own
    /// words, where it has any.
    pub(in crate::hub::calls) fn end_leg(
        &mut self,
        leg: usize,
        mut end: LegEnd,
        said: Option<&CallResult<'_>>,
    ) {
        let ending =
            self.fanout.legs.get(leg).filter(|leg| !matches!(leg.state, LegState::Ended(_)));
        let Some(peer) = ending.map(|leg| leg.peer) else { return };
        if let Attachment::Attached(link, id) = self.fanout.hold {
            let peer = Some(peer);
            let passed = said.is_some_and(|said| {
                self.effects.send_part(link, &CallResult { id, peer, ..*said })
            });
            if !passed {
                // It ran: a code that invites to another try would have it run twice.
                let code = match end {
                    LegEnd::Hub(code) => code,
                    LegEnd::Said(_) => Code::Lost,
                };
                end = LegEnd::Hub(code);
                let (status, text) = (Status::Failed(code), sentence(code));
                self.effects.send_part(link, &CallResult { id, peer, status, value: None, text });
            }
        }
        self.fanout.legs[leg].state = LegState::Ended(end);
        self.fanout.counts.add(end);
        self.fanout.share.end(leg);
        let unread = self.fanout.feed.close(leg);
        self.release(unread);
        if let (Attachment::Detached(_), Some(said)) = (self.fanout.hold, said) {
            self.keep_text(leg, said.text);
        }
    }

    /// A leg ends for a reason of the hub: its runner is told to stop, and is not heard any more.
    pub(super) fn drop_leg(&mut self, leg: usize, code: Code) {
        if let LegState::Runs(link, id) = self.fanout.legs[leg].state {
            let told = self.fanout.legs[leg].notified;
            self.table.unlink((link, id), told, code, self.directory, self.effects);
        }
        self.end_leg(leg, LegEnd::Hub(code), None);
    }

    /// Tells the legs of one slice to stop, from `next` on.
    pub(super) fn tell_to_stop(&mut self, next: usize) {
        let last = self.slice_end(next);
        for leg in next..last {
            match self.fanout.legs[leg].state {
                LegState::Chosen => self.end_leg(leg, LegEnd::Hub(Code::Cancelled), None),
                LegState::Unable(code) => self.end_leg(leg, LegEnd::Hub(code), None),
                LegState::Runs(link, id) => {
                    if !core::mem::replace(&mut self.fanout.legs[leg].notified, true) {
                        let reason = self.fanout.cancelled.as_deref().unwrap_or_default();
                        self.effects.send(link, &Frame::Cancel(Cancel { id, reason }));
                    }
                }
                LegState::Ended(_) => {}
            }
        }
        self.fanout.swept(last, FanoutPhase::Cancelling(last));
    }

    /// Ends the legs of one slice, from `next` on.
    pub(super) fn end_legs(&mut self, next: usize, code: Code) {
        let last = self.slice_end(next);
        for leg in next..last {
            match self.fanout.legs[leg].state {
                LegState::Unable(code) => self.end_leg(leg, LegEnd::Hub(code), None),
                LegState::Chosen | LegState::Runs(..) => self.drop_leg(leg, code),
                LegState::Ended(_) => {}
            }
        }
        self.fanout.swept(last, FanoutPhase::Ending(last, code));
    }

    fn slice_end(&self, next: usize) -> usize {
        let slice = self.directory.limits.slice.max(1);
        next.saturating_add(slice).min(self.fanout.legs.len())
    }

    /// Every leg has ended.
    pub(super) fn finish(&mut self) {
        self.fanout.ended = Some(self.directory.now.unix);
        match self.fanout.hold {
            Attachment::Attached(link, id) => {
                self.take_back();
                let LegCounts { answered, failed, missing } = self.fanout.counts;
                let claimed = self.fanout.claimed;
                let done = Done { id, answered, failed, missing, claimed };
                self.effects.send(link, &Frame::Done(done));
            }
            Attachment::Detached(_) => {
                self.tell_number();
                (self.fanout.share, self.fanout.feed) = (Share::default(), Feed::default());
            }
        }
    }

    /// The fan-out is none: no leg of it was begun.
    pub(super) fn refuse(&mut self, code: Code, text: &str) {
        self.fanout.phase = FanoutPhase::Refused;
        match self.fanout.hold {
            Attachment::Attached(link, id) => {
                self.take_back();
                self.effects.deny_as(link, (id, self.fanout.name), code, None, text);
            }
            Attachment::Detached(Some((link, id))) => self.effects.fail_with(link, id, code, text),
            Attachment::Detached(None) => {}
        }
    }

    /// Its caller's link has neither the call nor its credit any more.
    fn take_back(&mut self) {
        if let Attachment::Attached(link, id) = self.fanout.hold {
            let credit = self.fanout.window.saturating_add(self.fanout.share.total());
            self.table.remove_made(link, id, credit);
        }
    }
}
