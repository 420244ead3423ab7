//! Detached fan-outs: their number, and what is kept of them. In memory only. `// spec: hub §4`

use crate::code::Code;
use crate::hub::calls::Calling;
use crate::hub::calls::fanout::{Attachment, Fanout, KEPT_LEG, LegOutput};
use crate::hub::calls::fanouts::Turn;
use crate::hub::calls::record::Goal;
use crate::id::LinkId;
use crate::wire::Frame;
use crate::wire::frame::{Call, CallResult, Output, Status, Target};
use crate::wire::value::ValueBuf;

impl Calling<'_> {
    /// A call whose caller does not wait: it gets the call's number, and the hub keeps the rest.
    pub(in crate::hub::calls) fn detach(&mut self, link: LinkId, call: &Call<'_>) {
        let Some(goal) = Goal::of(&call.target) else { return };
        let table = &mut self.calls.table;
        let Some(who) = table.of(link).map(|caller| (caller.peer, caller.owner)) else { return };
        if let Target::Peer(peer) = call.target
            && let Err(code) = self.directory.serving(peer, call.name)
        {
            return self.effects.fail(link, call.id, Some(peer), code);
        }
        let running = self.calls.fanouts.values().filter(|fanout| fanout.is_detached()).count();
        if !table.room_for_call(running, self.directory.limits) {
            let text = "as many detached calls as the hub keeps are still running";
            return self.effects.fail_with(link, call.id, Code::Busy, text);
        }
        let (hold, number) = (Attachment::Detached(Some((link, call.id))), table.number());
        self.start(Fanout::new(number, who, hold, goal, call, self.directory.now.unix));
    }
}

impl Turn<'_> {
    /// The caller hears under which name its call is kept, unless it has.
    pub(super) fn tell_number(&mut self) {
        let Attachment::Detached(Some((link, id))) = self.fanout.hold else { return };
        self.fanout.hold = Attachment::Detached(None);
        let name = self.fanout.number.name(self.table.generation);
        let name = ValueBuf::text(&name.to_string());
        let (peer, status, value) = (None, Status::Exited(0), Some(name.as_value()));
        let result = CallResult { id, peer, status, value, text: "" };
        // It runs: a code that invites to another try would have it run twice.
        if !self.effects.send(link, &Frame::Result(result)) {
            self.effects.fail(link, id, None, Code::Lost);
        }
    }

    /// Whether there is room for all the legs of a fan-out; it is counted from here on.
    pub(super) fn room_to_keep(&mut self) -> bool {
        let bytes = self.fanout.legs.len().saturating_mul(KEPT_LEG);
        let enough = self.table.room_for(bytes, self.directory.limits) >= bytes;
        if enough {
            self.table.archive.count(self.fanout, bytes);
        }
        enough
    }

    /// Keeps the last bytes of what a leg says.
    pub(super) fn keep_output(&mut self, leg: usize, output: &Output<'_>) {
        let most = self.directory.limits.kept_output_per_leg;
        let Some(kept) = kept_of(self.fanout, leg) else { return };
        let tail = kept.tail_mut(output.source);
        let wanted = most.saturating_sub(tail.len()).min(output.bytes.len());
        let room = self.table.room_for(wanted, self.directory.limits);
        let grown = tail.push(output.bytes, most, room);
        self.table.archive.count(self.fanout, grown);
    }

    /// Keeps the sentence of a leg's result, as far as there is room.
    pub(super) fn keep_text(&mut self, leg: usize, text: &str) {
        let room = self.table.room_for(text.len(), self.directory.limits);
        let Some(kept) = kept_of(self.fanout, leg) else { return };
        kept.rest();
        if text.len() <= room {
            text.clone_into(&mut kept.text);
            self.table.archive.count(self.fanout, text.len());
        }
    }
}

fn kept_of(fanout: &mut Fanout, leg: usize) -> Option<&mut LegOutput> {
    let leg = fanout.legs.get_mut(leg)?;
    Some(leg.kept.get_or_insert_with(Box::default))
}
