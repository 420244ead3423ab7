//! What a called command does in a simulated world: a plan that both ends can work out.
//!
//! The plan travels in the call's arguments. Every byte that a command writes or reads follows from
//! the call's token, the source and the offset, so that whoever gets it can tell whether it is the
//! right one, in the right place.

use std::collections::VecDeque;
use std::time::Duration;

use bowline_core::code::Code;
use bowline_core::id::CallId;
use bowline_core::link::Link;
use bowline_core::session::SendError;
use bowline_core::time::Mono;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{CallResult, OutputStream, Status};

/// The token of a call, which no other call has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u64);

/// What a command does, packed into 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan(pub u32);

/// One part of a plan.
#[derive(Clone, Copy, Debug)]
enum Act {
    Write(OutputStream, usize),
    Sleep(Duration),
    /// Until the end of the input.
    Read,
    /// Until it is told to stop.
    Stay,
    /// So long, whatever it is told.
    Deaf(Duration),
    End(Status),
}

impl Plan {
    /// One that writes 50,000 bytes to each output and exits with 3, and reads its input before
    /// that where it is to.
    #[must_use]
    pub const fn of(reads: bool) -> Self {
        let first = if reads { 0 } else { 1 };
        Self(first | 2 << 3 | 0o77 << 5 | 0b10 << 9 | 0b0101 << 13 | 5 << 21)
    }

    /// One that stays until it is told to stop.
    #[must_use]
    pub const fn staying() -> Self {
        Self(1 | 1 << 25)
    }

    /// One that hears nothing, deadlines neither, for [`DEAF`].
    #[must_use]
    pub const fn deaf() -> Self {
        Self(1)
    }

    fn acts(self) -> VecDeque<Act> {
        let bits = |at: u32, width: u32| (self.0 >> at) & ((1 << width) - 1);
        let mut acts = VecDeque::new();
        if bits(0, 3) == 0 {
            acts.push_back(Act::Read);
        }
        for nth in 0..bits(3, 2) {
            let size = match bits(5 + nth, 3) {
                0 => 1,
                1..6 => 100 + 977 * nth as usize,
                _ => 50_000,
            };
            let source = if bits(9 + nth, 1) == 0 { OutputStream::Out } else { OutputStream::Err };
            acts.push_back(Act::Write(source, size));
            if bits(13 + nth, 2) == 0 {
                let time = u64::from(bits(16, 5)) * 37;
                acts.push_back(Act::Sleep(Duration::from_millis(time)));
            }
        }
        acts.push_back(match bits(21, 4) {
            0 if bits(25, 2) == 0 => Act::Deaf(DEAF),
            0 => Act::Stay,
            1 => Act::End(Status::Signalled(9)),
            n => Act::End(Status::Exited(i64::from(n) - 2)),
        });
        acts
    }
}

/// How long a deaf command hears nothing.
pub const DEAF: Duration = Duration::from_secs(90);

/// The byte at this place.
#[must_use]
pub fn byte(token: Token, source: u64, offset: u64) -> u8 {
    let mixed = (token.0 << 3 | source).wrapping_mul(0x9E37_79B9).wrapping_add(offset);
    (mixed ^ (mixed >> 7)) as u8
}

/// The bytes from this place on.
#[must_use]
pub fn bytes(token: Token, source: u64, offset: u64, len: usize) -> Vec<u8> {
    (offset..).take(len).map(|offset| byte(token, source, offset)).collect()
}

/// The source of a call's input, where [`byte`] wants one.
pub const INPUT: u64 = 0;

/// A command that runs.
#[derive(Debug)]
pub struct Run {
    /// Whose it is.
    pub token: Token,
    /// What was written, by source.
    pub written: [u64; 2],
    id: CallId,
    acts: VecDeque<Act>,
    read: u64,
    input_ended: bool,
    sleeps_until: Option<Mono>,
    deadline: Mono,
}

/// What became of a command at a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    /// It waits: for time, input, credit or room.
    Waits,
    /// Its result is with the link.
    Ended(Status),
    /// Its link wants nothing of it any more.
    Gone,
}

impl Run {
    /// A command that begins.
    #[must_use]
    pub fn new(token: Token, plan: Plan, id: CallId, deadline: Mono) -> Self {
        let acts = plan.acts();
        Self {
            token,
            id,
            acts,
            written: [0; 2],
            read: 0,
            input_ended: false,
            sleeps_until: None,
            deadline,
        }
    }

    /// Input came; `false` where it is not what was sent.
    pub fn input(&mut self, offset: u64, bytes: &[u8], end: bool) -> bool {
        let right = offset == self.read && !self.input_ended;
        let same = (offset..).zip(bytes).all(|(at, b)| *b == byte(self.token, INPUT, at));
        self.read += bytes.len() as u64;
        self.input_ended = end;
        right && same
    }

    /// It is to stop.
    pub fn stop(&mut self, code: Code) {
        if let Some(Act::Deaf(_)) = self.acts.front() {
            return;
        }
        self.sleeps_until = None;
        self.acts = [Act::End(Status::Failed(code))].into();
    }

    /// When it has something to do by itself.
    #[must_use]
    pub fn next(&self) -> Mono {
        match self.acts.front() {
            Some(Act::Deaf(_)) => self.sleeps_until.unwrap_or(self.deadline),
            _ => self.sleeps_until.unwrap_or(self.deadline).min(self.deadline),
        }
    }

    /// Does what can be done.
    pub fn look(&mut self, link: &mut Link, now: Mono) -> Looked {
        if now >= self.deadline && !matches!(self.acts.front(), Some(Act::End(_) | Act::Deaf(_))) {
            self.stop(Code::Deadline);
        }
        while let Some(act) = self.acts.front_mut() {
            match act {
                Act::Write(_, 0) => {}
                Act::Write(source, left) => {
                    let at = *source as usize - 1;
                    // None at all tells whether the call is still open.
                    let n = (*left).min(link.room(self.id)).max(1);
                    let bytes = bytes(self.token, *source as u64, self.written[at], n);
                    match link.output(self.id, *source, &bytes) {
                        Ok(0) => return Looked::Waits,
                        Ok(n) => {
                            self.written[at] += n as u64;
                            *left -= n;
                        }
                        Err(_) => return Looked::Gone,
                    }
                    continue;
                }
                Act::Sleep(time) | Act::Deaf(time) => {
                    let until = *self.sleeps_until.get_or_insert(now.after(*time));
                    if now < until {
                        return Looked::Waits;
                    }
                    self.sleeps_until = None;
                }
                Act::Read if self.input_ended => {}
                Act::Read | Act::Stay => return Looked::Waits,
                Act::End(status) => {
                    let status = *status;
                    let (value, text) = (None, "");
                    let result = CallResult { id: self.id, peer: None, status, value, text };
                    return match link.send(&Frame::Result(result)) {
                        Ok(()) => Looked::Ended(status),
                        Err(SendError::Full) => Looked::Waits,
                        Err(_) => Looked::Gone,
                    };
                }
            }
            self.acts.pop_front();
            if self.acts.is_empty() {
                // It was deaf, and ends at last.
                self.acts.push_back(Act::End(Status::Exited(1)));
            }
        }
        Looked::Waits
    }
}
