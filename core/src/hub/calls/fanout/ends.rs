//! How legs end, and with the last of them the job. `// spec: hub §3`

use crate::code::Code;
use crate::hub::Hub;
use crate::hub::calls::job::{Feed, Hold, Job, Phase, Share, State};
use crate::hub::calls::record::{CallNumber, Counts, End};
use crate::hub::calls::route::sentence;
use crate::wire::Frame;
use crate::wire::frame::{CallResult, Cancel, Done, Status};
use crate::wire::value::ArgumentsBuf;

impl Hub {
    /// The end of a leg, as its runner says.
    pub(in crate::hub) fn leg_result(
        &mut self,
        number: CallNumber,
        leg: usize,
        result: &CallResult<'_>,
    ) {
        self.with_job(number, |hub, job| {
            hub.end_leg(job, leg, End::Said(result.status), Some(result));
        });
    }

    /// The link of a runner has ended.
    pub(in crate::hub) fn leg_lost(&mut self, number: CallNumber, leg: usize) {
        self.with_job(number, |hub, job| hub.end_leg(job, leg, End::Hub(Code::Lost), None));
    }

    /// A leg ends for a reason of the hub: its runner is told to stop, and is not heard any more.
    pub(in crate::hub) fn drop_leg(&mut self, job: &mut Job, leg: usize, code: Code) {
        if let State::Runs(link, id) = job.legs[leg].state {
            self.unlink((link, id), job.legs[leg].told, code);
        }
        self.end_leg(job, leg, End::Hub(code), None);
    }

    /// A leg ends: the caller hears of it, once, and what it held is free.
    pub(in crate::hub) fn end_leg(
        &mut self,
        job: &mut Job,
        leg: usize,
        mut end: End,
        said: Option<&CallResult<'_>>,
    ) {
        let Some(peer) = job
            .legs
            .get(leg)
            .filter(|leg| !matches!(leg.state, State::Ended(_)))
            .map(|leg| leg.peer)
        else {
            return;
        };
        if let Hold::Attached(link, id) = job.hold {
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
        job.legs[leg].state = State::Ended(end);
        job.counts.add(end);
        job.share.end(leg);
        let unread = job.feed.close(leg);
        self.release(job, unread);
        if let (Hold::Detached(_), Some(said)) = (job.hold, said) {
            self.keep_text(job, leg, said.text);
        }
    }

    /// Tells the legs of one slice to stop, from `next` on.
    pub(in crate::hub) fn tell_to_stop(&mut self, job: &mut Job, next: usize) {
        let last = self.slice_end(job, next);
        for leg in next..last {
            match job.legs[leg].state {
                State::Chosen => self.end_leg(job, leg, End::Hub(Code::Cancelled), None),
                State::Unable(code) => self.end_leg(job, leg, End::Hub(code), None),
                State::Runs(link, id) => {
                    if !core::mem::replace(&mut job.legs[leg].told, true) {
                        let reason = job.cancelled.as_deref().unwrap_or_default();
                        self.effects.send(link, &Frame::Cancel(Cancel { id, reason }));
                    }
                }
                State::Ended(_) => {}
            }
        }
        job.phase = Phase::Cancelling(last);
        all_begun(job, last);
    }

    /// Ends the legs of one slice, from `next` on.
    pub(in crate::hub) fn end_legs(&mut self, job: &mut Job, next: usize, code: Code) {
        let last = self.slice_end(job, next);
        for leg in next..last {
            match job.legs[leg].state {
                State::Unable(code) => self.end_leg(job, leg, End::Hub(code), None),
                State::Chosen | State::Runs(..) => self.drop_leg(job, leg, code),
                State::Ended(_) => {}
            }
        }
        job.phase = Phase::Ending(last, code);
        all_begun(job, last);
    }

    fn slice_end(&self, job: &Job, next: usize) -> usize {
        next.saturating_add(self.config.limits.slice.max(1)).min(job.legs.len())
    }

    /// Every leg has ended.
    pub(in crate::hub) fn finish(&mut self, mut job: Box<Job>) {
        job.ended = Some(self.unix);
        self.deadline_ended();
        match job.hold {
            Hold::Attached(link, id) => {
                self.take_back(&job);
                let Counts { answered, failed, missing } = job.counts;
                let claimed = job.claimed;
                self.effects
                    .send(link, &Frame::Done(Done { id, answered, failed, missing, claimed }));
                self.calls.book.record(job.to_record());
            }
            Hold::Detached(_) => {
                self.tell_number(&mut job);
                (job.share, job.feed) = (Share::default(), Feed::default());
                self.calls.book.keep(job);
            }
        }
    }

    /// The job is none: no leg of it was begun.
    pub(in crate::hub) fn refuse(&mut self, job: &mut Job, code: Code, text: &str) {
        job.phase = Phase::Refused;
        self.deadline_ended();
        match job.hold {
            Hold::Attached(link, id) => {
                self.take_back(job);
                self.deny_as(link, (id, job.name), code, None, text);
            }
            Hold::Detached(Some((link, id))) => {
                let (peer, status) = (None, Status::Failed(code));
                self.effects
                    .send(link, &Frame::Result(CallResult { id, peer, status, value: None, text }));
            }
            Hold::Detached(None) => {}
        }
    }

    /// Its caller's link has neither the call nor its credit any more.
    fn take_back(&mut self, job: &Job) {
        let Hold::Attached(link, id) = job.hold else { return };
        let Some(calls) = self.calls_of_mut(link) else { return };
        calls.made.remove(id);
        calls.credit = calls.credit.saturating_sub(job.window.saturating_add(job.share.total()));
    }
}

/// Nothing is left to be begun once a sweep has come to the last leg.
fn all_begun(job: &mut Job, last: usize) {
    if last == job.legs.len() {
        job.phase = Phase::Started;
        job.arguments = ArgumentsBuf::new();
    }
}
