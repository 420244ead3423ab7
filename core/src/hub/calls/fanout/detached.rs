//! Detached jobs: their number, and what is kept of them. In memory only. `// spec: hub §4`

use crate::code::Code;
use crate::hub::Hub;
use crate::hub::calls::deadlines::Timed;
use crate::hub::calls::job::{Hold, Job, Kept, Leg};
use crate::hub::calls::record::{CallName, Goal};
use crate::id::LinkId;
use crate::time::Now;
use crate::wire::Frame;
use crate::wire::frame::{Call, CallResult, Output, Status, Target};
use crate::wire::value::ValueBuf;

/// What a leg costs before it says anything.
const LEG: usize = size_of::<Leg>() + size_of::<Kept>();

impl Hub {
    /// A call whose caller does not wait: it gets the call's number, and the hub keeps the rest.
    pub(in crate::hub) fn detach(&mut self, link: LinkId, call: &Call<'_>, now: Now) {
        let Some(goal) = Goal::of(&call.target) else { return };
        let Some(caller) = self.live(link).map(|live| live.peer) else { return };
        if let Target::Peer(peer) = call.target
            && let Err(code) = self.find(peer, call.name)
        {
            return self.fail(link, call.id, Some(peer), code);
        }
        if !self.calls.book.room_for_call(&self.config.limits) {
            let status = Status::Failed(Code::Busy);
            let text = "as many detached calls as the hub keeps are still running";
            let (id, peer, value) = (call.id, None, None);
            self.effects.send(link, &Frame::Result(CallResult { id, peer, status, value, text }));
            return;
        }
        let number = self.calls.book.number();
        let hold = Hold::Detached(Some((link, call.id)));
        let job = Job::new(number, caller, hold, goal, call, now.unix);
        self.calls.deadlines.set(self.due(call.deadline_ms, now), Timed::Job(number));
        self.run(Box::new(job), Self::slice);
    }

    /// The caller hears under which name its call is kept, unless it has.
    pub(in crate::hub) fn tell_number(&mut self, job: &mut Job) {
        let Hold::Detached(Some((link, id))) = job.hold else { return };
        job.hold = Hold::Detached(None);
        let name = ValueBuf::text(&CallName(self.config.generation, job.number).to_string());
        let (peer, status, value) = (None, Status::Exited(0), Some(name.as_value()));
        let result = CallResult { id, peer, status, value, text: "" };
        // It runs: a code that invites to another try would have it run twice.
        if !self.effects.send(link, &Frame::Result(result)) {
            self.fail(link, id, None, Code::Lost);
        }
    }

    /// Whether there is room for all the legs of a job; it is counted from here on.
    pub(in crate::hub) fn room_to_keep(&mut self, job: &mut Job) -> bool {
        let bytes = job.legs.len().saturating_mul(LEG);
        let enough = self.calls.book.room_for(bytes, &self.config.limits) >= bytes;
        if enough {
            self.calls.book.count(job, bytes);
        }
        enough
    }

    /// Keeps the last bytes of what a leg says.
    pub(in crate::hub) fn keep_output(&mut self, job: &mut Job, leg: usize, output: &Output<'_>) {
        let Some(kept) = kept_of(job, leg) else { return };
        let tail = kept.tail_mut(output.source);
        let most = self.config.limits.kept_output_per_leg;
        let wanted = most.saturating_sub(tail.len()).min(output.bytes.len());
        let room = self.calls.book.room_for(wanted, &self.config.limits);
        let grown = tail.push(output.bytes, most, room);
        self.calls.book.count(job, grown);
    }

    /// Keeps the sentence of a leg's result, as far as there is room.
    pub(in crate::hub) fn keep_text(&mut self, job: &mut Job, leg: usize, text: &str) {
        let room = self.calls.book.room_for(text.len(), &self.config.limits);
        let Some(kept) = kept_of(job, leg) else { return };
        kept.rest();
        if text.len() <= room {
            text.clone_into(&mut kept.text);
            self.calls.book.count(job, text.len());
        }
    }
}

fn kept_of(job: &mut Job, leg: usize) -> Option<&mut Kept> {
    let leg = job.legs.get_mut(leg)?;
    Some(leg.kept.get_or_insert_with(Box::default))
}
