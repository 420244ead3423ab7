//! What a hub has for one link: encoded frames in order, counted by class.

use std::collections::VecDeque;

use crate::buffer::Buffer;
use crate::code::Code;
use crate::id::CallId;
use crate::limits::Limits;
use crate::session::{Encoded, FrameFacts};
use crate::wire::Frame;
use crate::wire::frame::{CallResult, Window};

/// Frames for one link, in the order in which they were put there.
///
/// Classes are counted apart, so that a flood in one cannot take the room of another: calls,
/// registrations and values are bounded here; output and input are bounded by the credit
/// that was given for them, and, since a byte of it may come in a frame of its own, by twice what
/// the caller may hold; what ends a call, or a leg of one, always has room, since each has at most
/// one end, and those of legs that wait count among the legs that a caller may have.
/// Windows are added up for each open call, and go behind everything else.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Messages, one behind the other.
    messages: Buffer,
    /// For each message what its session has to know of it, and its length in bytes.
    frames: VecDeque<(FrameFacts, usize)>,
    /// Credit to give, in the order of the calls.
    windows: Vec<(CallId, u64)>,
    answers: usize,
    flow: usize,
    /// Results of legs.
    legs: usize,
    closing: Option<Code>,
    /// The link was told that there is something.
    notified: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Class {
    /// Ends a call.
    Control,
    /// Calls, results with a value, answers to registrations.
    Answer,
    /// Output, input.
    Flow,
}

impl Outbox {
    /// The first frame as it was encoded, to be sent and then dropped with [`Outbox::pop`].
    #[must_use]
    pub fn first(&self) -> Option<Encoded<'_>> {
        let &(facts, len) = self.frames.front()?;
        Some(Encoded { facts, message: self.messages.filled().get(..len)? })
    }

    /// The first frame, read for whoever wants to look into it.
    #[must_use]
    pub fn front(&self) -> Option<Frame<'_>> {
        Frame::decode(self.first()?.message).ok()
    }

    /// Drops the first frame.
    pub fn pop(&mut self) {
        let Some((_, len)) = self.frames.pop_front() else { return };
        self.messages.consume(len);
        if self.frames.is_empty() {
            (self.answers, self.flow, self.legs) = (0, 0, 0);
        }
    }

    /// Whether no frame waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.windows.is_empty()
    }

    /// Frees the memory where no frame waits.
    pub fn rest(&mut self) {
        self.messages.rest();
        if self.frames.is_empty() {
            self.frames = VecDeque::new();
        }
        if self.windows.is_empty() {
            self.windows = Vec::new();
        }
    }

    /// Bytes of output and input that wait.
    pub(super) fn flow(&self) -> usize {
        self.flow
    }

    /// Results that wait and do not end their call.
    pub(super) fn legs(&self) -> usize {
        self.legs
    }

    /// Whether the link was not told since its outbox was last taken.
    pub(super) fn is_idle(&self) -> bool {
        !self.notified
    }

    pub(super) fn closing(&self) -> Option<Code> {
        self.closing
    }

    /// The link is to close, with the first code that is given, or the first `at_once`.
    pub(super) fn close(&mut self, code: Code, at_once: bool) {
        if at_once {
            self.closing = Some(code);
        } else {
            self.closing.get_or_insert(code);
        }
        self.notified = true;
    }

    /// Gives all frames to `into`, which is empty, and takes its memory.
    pub(super) fn swap(&mut self, into: &mut Self) {
        for (id, bytes) in self.windows.drain(..) {
            let window = Frame::Window(Window { id, bytes });
            let len = append(&mut self.messages, &window);
            self.frames.push_back(((&window).into(), len));
        }
        core::mem::swap(&mut self.messages, &mut into.messages);
        core::mem::swap(&mut self.frames, &mut into.frames);
        (self.answers, self.flow, self.legs) = (0, 0, 0);
        self.notified = false;
    }

    /// Appends a frame; `false` where its class is full.
    pub(super) fn push(&mut self, frame: &Frame<'_>, limits: &Limits) -> bool {
        // Credit for a call that ends here is credit for nothing.
        let ends = match frame {
            Frame::Window(window) => {
                self.add(*window);
                return true;
            }
            Frame::Result(result) => Some(result.id),
            Frame::Done(done) => Some(done.id),
            Frame::Deny(deny) => deny.id,
            _ => None,
        };
        if let Some(id) = ends
            && let Ok(at) = self.windows.binary_search_by_key(&id, |(id, _)| *id)
        {
            self.windows.remove(at);
        }
        self.append(frame, limits)
    }

    /// Appends the result of one peer, which does not end its call; `false` where it has a value
    /// and that class is full.
    pub(super) fn push_part(&mut self, result: &CallResult<'_>, limits: &Limits) -> bool {
        let taken = self.append(&Frame::Result(*result), limits);
        self.legs += usize::from(taken);
        taken
    }

    fn append(&mut self, frame: &Frame<'_>, limits: &Limits) -> bool {
        let class = class(frame);
        let full = match class {
            Class::Answer => self.answers >= limits.answer_lane,
            Class::Flow => self.flow as u64 >= limits.caller_credit.saturating_mul(2),
            Class::Control => false,
        };
        if full {
            return false;
        }
        let len = append(&mut self.messages, frame);
        // A frame grows on its way: ids and the peer's name are the hub's.
        if len > limits.message {
            self.messages.truncate(self.messages.len() - len);
            return false;
        }
        self.frames.push_back((frame.into(), len));
        match class {
            Class::Control => {}
            Class::Answer => self.answers += len,
            Class::Flow => self.flow += len,
        }
        self.notified = true;
        true
    }

    fn add(&mut self, window: Window) {
        self.notified = true;
        match self.windows.binary_search_by_key(&window.id, |(id, _)| *id) {
            Ok(at) => self.windows[at].1 = self.windows[at].1.saturating_add(window.bytes),
            Err(at) => self.windows.insert(at, (window.id, window.bytes)),
        }
    }
}

/// Appends a frame's message; its length.
fn append(messages: &mut Buffer, frame: &Frame<'_>) -> usize {
    let before = messages.len();
    frame.encode(messages);
    messages.len() - before
}

fn class(frame: &Frame<'_>) -> Class {
    match frame {
        Frame::Call(_) | Frame::Registered(_) => Class::Answer,
        Frame::Result(result) if result.value.is_some() => Class::Answer,
        Frame::Output(_) | Frame::Input(_) => Class::Flow,
        _ => Class::Control,
    }
}
