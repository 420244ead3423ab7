//! How legs end, and with the last of them the job. `// spec: hub §3`

use crate::code::Code;
use crate::hub::calls::fanout::Turn;
use crate::hub::calls::job::{Feed, Hold, Phase, Share, State};
use crate::hub::calls::record::{Counts, End};
use crate::hub::reply::sentence;
use crate::wire::Frame;
use crate::wire::frame::{CallResult, Cancel, Done, Status};

impl Turn<'_> {
    /// A leg ends: the caller hears of it, once, and what it held is free. `said`: its runner's own
    /// words, where it has any.
    pub(in crate::hub::calls) fn end_leg(
        &mut self,
        leg: usize,
        mut end: End,
        said: Option<&CallResult<'_>>,
    ) {
        let ending = self.job.legs.get(leg).filter(|leg| !matches!(leg.state, State::Ended(_)));
        let Some(peer) = ending.map(|leg| leg.peer) else { return };
        if let Hold::Attached(link, id) = self.job.hold {
            let peer = Some(peer);
            let passed = said.is_some_and(|said| {
                self.effects.send_part(link, &CallResult { id, peer, ..*said })
            });
            if !passed {
                // It ran: a code that invites to another try would have it run twice.
                let code = match end {
                    End::Hub(code) => code,
                    End::Said(_) => Code::Lost,
                };
                end = End::Hub(code);
                let (status, text) = (Status::Failed(code), sentence(code));
                self.effects.send_part(link, &CallResult { id, peer, status, value: None, text });
            }
        }
        self.job.legs[leg].state = State::Ended(end);
        self.job.counts.add(end);
        self.job.share.end(leg);
        let unread = self.job.feed.close(leg);
        self.release(unread);
        if let (Hold::Detached(_), Some(said)) = (self.job.hold, said) {
            self.keep_text(leg, said.text);
        }
    }

    /// A leg ends for a reason of the hub: its runner is told to stop, and is not heard any more.
    pub(super) fn drop_leg(&mut self, leg: usize, code: Code) {
        if let State::Runs(link, id) = self.job.legs[leg].state {
            let told = self.job.legs[leg].told;
            self.table.unlink((link, id), told, code, self.directory, self.effects);
        }
        self.end_leg(leg, End::Hub(code), None);
    }

    /// Tells the legs of one slice to stop, from `next` on.
    pub(super) fn tell_to_stop(&mut self, next: usize) {
        let last = self.slice_end(next);
        for leg in next..last {
            match self.job.legs[leg].state {
                State::Chosen => self.end_leg(leg, End::Hub(Code::Cancelled), None),
                State::Unable(code) => self.end_leg(leg, End::Hub(code), None),
                State::Runs(link, id) => {
                    if !core::mem::replace(&mut self.job.legs[leg].told, true) {
                        let reason = self.job.cancelled.as_deref().unwrap_or_default();
                        self.effects.send(link, &Frame::Cancel(Cancel { id, reason }));
                    }
                }
                State::Ended(_) => {}
            }
        }
        self.job.swept(last, Phase::Cancelling(last));
    }

    /// Ends the legs of one slice, from `next` on.
    pub(super) fn end_legs(&mut self, next: usize, code: Code) {
        let last = self.slice_end(next);
        for leg in next..last {
            match self.job.legs[leg].state {
                State::Unable(code) => self.end_leg(leg, End::Hub(code), None),
                State::Chosen | State::Runs(..) => self.drop_leg(leg, code),
                State::Ended(_) => {}
            }
        }
        self.job.swept(last, Phase::Ending(last, code));
    }

    fn slice_end(&self, next: usize) -> usize {
        let slice = self.directory.limits.slice.max(1);
        next.saturating_add(slice).min(self.job.legs.len())
    }

    /// Every leg has ended.
    pub(super) fn finish(&mut self) {
        self.job.ended = Some(self.directory.now.unix);
        match self.job.hold {
            Hold::Attached(link, id) => {
                self.take_back();
                let Counts { answered, failed, missing } = self.job.counts;
                let claimed = self.job.claimed;
                let done = Done { id, answered, failed, missing, claimed };
                self.effects.send(link, &Frame::Done(done));
            }
            Hold::Detached(_) => {
                self.tell_number();
                (self.job.share, self.job.feed) = (Share::default(), Feed::default());
            }
        }
    }

    /// The job is none: no leg of it was begun.
    pub(super) fn refuse(&mut self, code: Code, text: &str) {
        self.job.phase = Phase::Refused;
        match self.job.hold {
            Hold::Attached(link, id) => {
                self.take_back();
                self.effects.deny_as(link, (id, self.job.name), code, None, text);
            }
            Hold::Detached(Some((link, id))) => self.effects.fail_with(link, id, code, text),
            Hold::Detached(None) => {}
        }
    }

    /// Its caller's link has neither the call nor its credit any more.
    fn take_back(&mut self) {
        if let Hold::Attached(link, id) = self.job.hold {
            let credit = self.job.window.saturating_add(self.job.share.total());
            self.table.remove_made(link, id, credit);
        }
    }
}
