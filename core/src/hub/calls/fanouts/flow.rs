//! Output, input and credit between a fan-out's caller and its legs.

use crate::code::Code;
use crate::hub::calls::fanout::{Attachment, FanoutPhase, LegState};
use crate::hub::calls::fanouts::Turn;
use crate::hub::calls::table::LinkCalls;
use crate::wire::Frame;
use crate::wire::frame::{Input, Output, Window};

/// Bytes of input in one frame: with its header it fits one TLS record.
const CHUNK: usize = 16 * 1024 - 256;
/// Bytes of input that are handed out in one slice.
const FED: usize = 1 << 20;

impl Turn<'_> {
    /// A leg has said something.
    pub(in crate::hub::calls) fn output_came(&mut self, leg: usize, output: &Output<'_>) {
        let Some(&LegState::Runs(runner, run)) = self.fanout.legs.get(leg).map(|leg| &leg.state)
        else {
            return;
        };
        let bytes = output.bytes.len() as u64;
        match self.fanout.hold {
            Attachment::Attached(link, id) => {
                let covered = self.fanout.share.consume(leg, bytes);
                if let Some(caller) = self.table.of_mut(link) {
                    caller.credit = caller.credit.saturating_sub(covered);
                }
                let onward = Output { id, peer: self.fanout.legs[leg].peer, ..*output };
                // Its session holds it to its credit, so all of it is covered.
                if covered < bytes || !self.effects.send(link, &Frame::Output(onward)) {
                    self.drop_leg(leg, Code::Lost);
                }
            }
            Attachment::Detached(_) => {
                self.keep_output(leg, output);
                self.effects.send(runner, &Frame::Window(Window { id: run, bytes }));
            }
        }
    }

    /// A leg gives credit for input.
    pub(in crate::hub::calls) fn leg_gave_credit(&mut self, leg: usize, bytes: u64) {
        let done = self.fanout.feed.grant(leg, bytes);
        self.release(done);
    }

    /// The caller gives credit for output; it is counted at its link.
    pub(in crate::hub::calls) fn caller_gave_credit(&mut self, bytes: u64) {
        match self.fanout.phase {
            FanoutPhase::Choosing(_) => {
                self.fanout.window = self.fanout.window.saturating_add(bytes)
            }
            _ => self.fanout.share.add(bytes),
        }
    }

    /// The caller feeds. Nobody gets any of it before every leg was begun, so that none misses the
    /// beginning; until then it gets no credit for more.
    pub(in crate::hub::calls) fn input_came(&mut self, input: &Input<'_>) {
        self.fanout.feed.push(input.bytes, input.end);
        if self.fanout.phase == FanoutPhase::Started {
            self.feed_slice();
        }
    }

    /// Hands input to the legs of one slice.
    pub(super) fn feed_slice(&mut self) {
        let (mut legs, mut bytes) = (self.directory.limits.slice.max(1), FED);
        while legs > 0 && bytes > 0 && self.fanout.feed.is_due() {
            let Some(leg) = self.fanout.feed.turn() else { return };
            legs -= 1;
            loop {
                let most = CHUNK.min(self.room_to_feed());
                let Some(piece) = self.fanout.feed.piece(leg, most) else { break };
                let LegState::Runs(link, id) = self.fanout.legs[leg].state else { break };
                let (len, end) = (piece.bytes.len(), piece.end);
                let input = Input { id, offset: piece.offset, bytes: piece.bytes, end };
                if !self.effects.send(link, &Frame::Input(input)) {
                    self.drop_leg(leg, Code::Lost);
                    break;
                }
                self.fanout.feed.fed(leg, len as u64, end);
                bytes = bytes.saturating_sub(len);
                if let Some(caller) = self.caller() {
                    caller.feeding.bytes += len as u64;
                }
            }
            if self.fanout.feed.is_hungry(leg) {
                // Until a leg has read something, or has ended.
                self.fanout.feed.pause();
                let number = self.fanout.number;
                if let Some(caller) = self.caller()
                    && !caller.feeding.stalled.contains(&number)
                {
                    caller.feeding.stalled.push(number);
                }
            }
        }
    }

    /// Credit goes to whoever it is for.
    pub(super) fn settle(&mut self) {
        while let Some((leg, bytes)) = self.fanout.share.next() {
            if let LegState::Runs(link, id) = self.fanout.legs[leg].state {
                self.effects.send(link, &Frame::Window(Window { id, bytes }));
            }
        }
        if let Attachment::Attached(link, id) = self.fanout.hold
            && let Some(bytes) = self.fanout.feed.credit()
        {
            self.effects.send(link, &Frame::Window(Window { id, bytes }));
        }
    }

    /// Bytes of input are no longer under way: legs that waited for the room get theirs.
    pub(super) fn release(&mut self, bytes: u64) {
        let Some(caller) = self.caller().filter(|_| bytes > 0) else { return };
        caller.feeding.bytes = caller.feeding.bytes.saturating_sub(bytes);
        for number in core::mem::take(&mut caller.feeding.stalled) {
            if number == self.fanout.number {
                self.fanout.feed.look();
            } else {
                self.table.woken.push(number);
            }
        }
    }

    /// How many bytes of input may go out for this caller, all its fan-outs together.
    fn room_to_feed(&mut self) -> usize {
        let held = self.caller().map_or(0, |caller| caller.feeding.bytes);
        let most = self.directory.limits.caller_credit;
        usize::try_from(most.saturating_sub(held)).unwrap_or(usize::MAX)
    }

    fn caller(&mut self) -> Option<&mut LinkCalls> {
        match self.fanout.hold {
            Attachment::Attached(link, _) => self.table.of_mut(link),
            Attachment::Detached(_) => None,
        }
    }
}
