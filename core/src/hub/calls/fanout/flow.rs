//! Output, input and credit between a job's caller and its legs.

use crate::code::Code;
use crate::hub::Hub;
use crate::hub::calls::LinkCalls;
use crate::hub::calls::job::{Hold, Job, Phase, State};
use crate::hub::calls::record::CallNumber;
use crate::id::LinkId;
use crate::wire::Frame;
use crate::wire::frame::{Input, Output, Window};

/// Bytes of input in one frame: with its header it fits one TLS record.
const CHUNK: usize = 16 * 1024 - 256;
/// Bytes of input that are handed out in one slice.
const FED: usize = 1 << 20;

impl Hub {
    /// A leg has said something.
    pub(in crate::hub) fn leg_output(
        &mut self,
        number: CallNumber,
        leg: usize,
        output: &Output<'_>,
    ) {
        self.with_job(number, |hub, job| {
            let Some(&State::Runs(runner, run)) = job.legs.get(leg).map(|leg| &leg.state) else {
                return;
            };
            let bytes = output.bytes.len() as u64;
            match job.hold {
                Hold::Attached(link, id) => {
                    let covered = job.share.consume(leg, bytes);
                    if let Some(calls) = hub.calls_of_mut(link) {
                        calls.credit = calls.credit.saturating_sub(covered);
                    }
                    let onward = Output { id, peer: job.legs[leg].peer, ..*output };
                    // Its session holds it to its credit, so all of it is covered.
                    if covered < bytes || !hub.effects.send(link, &Frame::Output(onward)) {
                        hub.drop_leg(job, leg, Code::Lost);
                    }
                }
                Hold::Detached(_) => {
                    hub.keep_output(job, leg, output);
                    hub.effects.send(runner, &Frame::Window(Window { id: run, bytes }));
                }
            }
        });
    }

    /// A leg gives credit for input.
    pub(in crate::hub) fn leg_window(&mut self, number: CallNumber, leg: usize, bytes: u64) {
        self.with_job(number, |hub, job| {
            let done = job.feed.grant(leg, bytes);
            hub.release(job, done);
        });
    }

    /// The caller gives credit for output.
    pub(in crate::hub) fn job_window(&mut self, link: LinkId, number: CallNumber, bytes: u64) {
        if !self.has_credit(link, bytes) {
            return self.stop_job(number, Code::Busy);
        }
        self.with_job(number, |hub, job| {
            if let Some(calls) = hub.calls_of_mut(link) {
                calls.credit += bytes;
            }
            match job.phase {
                Phase::Choosing(_) => job.window = job.window.saturating_add(bytes),
                _ => job.share.add(bytes),
            }
        });
    }

    /// The caller feeds. Nobody gets any of it before every leg was begun, so that none misses the
    /// beginning; until then it gets no credit for more.
    pub(in crate::hub) fn job_input(&mut self, number: CallNumber, input: &Input<'_>) {
        self.with_job(number, |hub, job| {
            job.feed.push(input.bytes, input.end);
            if job.phase == Phase::Started {
                hub.feed_slice(job);
            }
        });
    }

    /// Hands input to the legs of one slice.
    pub(in crate::hub) fn feed_slice(&mut self, job: &mut Job) {
        let (mut legs, mut bytes) = (self.config.limits.slice.max(1), FED);
        while legs > 0 && bytes > 0 && job.feed.is_due() {
            let Some(leg) = job.feed.turn() else { return };
            legs -= 1;
            loop {
                let room = self.room_to_feed(job);
                let Some(piece) = job.feed.piece(leg, CHUNK.min(room)) else { break };
                let State::Runs(link, id) = job.legs[leg].state else { break };
                let (len, end) = (piece.bytes.len(), piece.end);
                let input = Input { id, offset: piece.offset, bytes: piece.bytes, end };
                if !self.effects.send(link, &Frame::Input(input)) {
                    self.drop_leg(job, leg, Code::Lost);
                    break;
                }
                job.feed.fed(leg, len as u64, end);
                bytes = bytes.saturating_sub(len);
                if let Some(calls) = self.caller_of(job) {
                    calls.feeding.bytes += len as u64;
                }
            }
            if job.feed.is_hungry(leg) {
                // Until a leg has read something, or has ended.
                job.feed.pause();
                let number = job.number;
                if let Some(calls) = self.caller_of(job)
                    && !calls.feeding.stalled.contains(&number)
                {
                    calls.feeding.stalled.push(number);
                }
            }
        }
    }

    /// Credit goes to whoever it is for.
    pub(in crate::hub) fn settle(&mut self, job: &mut Job) {
        while let Some((leg, bytes)) = job.share.next() {
            if let State::Runs(link, id) = job.legs[leg].state {
                self.effects.send(link, &Frame::Window(Window { id, bytes }));
            }
        }
        if let Hold::Attached(link, id) = job.hold
            && let Some(bytes) = job.feed.credit()
        {
            self.effects.send(link, &Frame::Window(Window { id, bytes }));
        }
    }

    /// Bytes of input are no longer under way: legs that waited for the room get theirs.
    pub(in crate::hub) fn release(&mut self, job: &mut Job, bytes: u64) {
        let Some(calls) = self.caller_of(job).filter(|_| bytes > 0) else { return };
        calls.feeding.bytes = calls.feeding.bytes.saturating_sub(bytes);
        for number in core::mem::take(&mut calls.feeding.stalled) {
            if number == job.number {
                job.feed.look();
            } else if self.calls.book.is_running(number)
                && let Some(mut other) = self.calls.book.take(number)
            {
                other.feed.look();
                self.calls.book.put(other);
            }
        }
    }

    /// How many bytes of input may go out for this caller, all its jobs together.
    fn room_to_feed(&mut self, job: &Job) -> usize {
        let most = self.config.limits.caller_credit;
        let held = self.caller_of(job).map_or(0, |calls| calls.feeding.bytes);
        usize::try_from(most.saturating_sub(held)).unwrap_or(usize::MAX)
    }

    fn caller_of(&mut self, job: &Job) -> Option<&mut LinkCalls> {
        match job.hold {
            Hold::Attached(link, _) => self.calls_of_mut(link),
            Hold::Detached(_) => None,
        }
    }
}
