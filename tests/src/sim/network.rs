//! A network of connections that delay, split, stall, swallow and cut.
//!
//! A connection is two pipes. What goes into a pipe comes out in order, in pieces of any size, each
//! after a delay of its own; a pipe holds so much and no more. Between connections there is no
//! order.

use std::collections::VecDeque;
use std::time::Duration;

use bowline_core::link::Link;
use bowline_core::time::{Mono, Now};

use crate::sim::dice::Dice;

/// Bytes that a pipe holds.
const ROOM: usize = 48 << 10;
/// The longest delay of a piece.
const DELAY: Duration = Duration::from_millis(40);

/// What stands at an end of a connection: a link, or somebody who pretends to be one.
pub trait End {
    /// As [`Link::transmit`].
    fn transmit(&mut self) -> &[u8];
    /// As [`Link::transmitted`].
    fn transmitted(&mut self, n: usize, now: Now);
    /// As [`Link::receive_buffer`].
    fn receive_buffer(&mut self) -> &mut [u8];
    /// As [`Link::received`].
    fn received(&mut self, n: usize, now: Now);
    /// As [`Link::received_eof`].
    fn received_eof(&mut self, now: Now);
}

impl End for Link {
    fn transmit(&mut self) -> &[u8] {
        Self::transmit(self)
    }

    fn transmitted(&mut self, n: usize, now: Now) {
        Self::transmitted(self, n, now);
    }

    fn receive_buffer(&mut self) -> &mut [u8] {
        Self::receive_buffer(self)
    }

    fn received(&mut self, n: usize, now: Now) {
        Self::received(self, n, now);
    }

    fn received_eof(&mut self, now: Now) {
        Self::received_eof(self, now);
    }
}

/// Bytes of what a client sent that are kept, to be sent again.
const RECORDED: usize = 4 << 10;

/// One direction of a connection.
#[derive(Debug, Default)]
pub struct Pipe {
    pieces: VecDeque<(Mono, Vec<u8>)>,
    held: usize,
    /// The writer is done: the end follows what is held.
    ended: bool,
    /// Nothing comes out before this.
    stalled_until: Mono,
    /// Nothing comes out any more, not even the end.
    swallows: bool,
}

impl Pipe {
    /// Takes as much as there is room for; how much.
    pub fn put(&mut self, bytes: &[u8], now: Mono, dice: &mut Dice) -> usize {
        // What is written to a connection that was cut is lost: nothing follows a gap.
        if self.swallows || self.ended {
            return bytes.len();
        }
        let taken = bytes.len().min(ROOM - self.held);
        let mut rest = &bytes[..taken];
        while !rest.is_empty() {
            let n = match dice.below(4) {
                0 => 1 + dice.below(rest.len().min(7) as u64) as usize,
                1 => 1 + dice.below(rest.len() as u64) as usize,
                _ => rest.len(),
            };
            let (piece, left) = rest.split_at(n);
            let delay = Duration::from_micros(dice.below(DELAY.as_micros() as u64));
            let last = self.pieces.back().map_or(now, |(at, _)| *at);
            self.pieces.push_back((now.after(delay).max(last), piece.to_vec()));
            rest = left;
        }
        self.held += taken;
        taken
    }

    /// The writer is done.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Nothing comes out before `until`.
    pub fn stall(&mut self, until: Mono) {
        self.stalled_until = self.stalled_until.max(until);
    }

    /// Nothing comes out any more.
    pub fn swallow(&mut self) {
        (self.swallows, self.held) = (true, 0);
        self.pieces.clear();
    }

    /// What is held is lost, and the end comes at once.
    pub fn cut(&mut self) {
        if !self.swallows {
            self.pieces.clear();
            (self.held, self.ended) = (0, true);
        }
    }

    /// When the next piece, or the end, comes out; none where nothing does.
    #[must_use]
    pub fn next(&self) -> Option<Mono> {
        if self.swallows {
            return None;
        }
        match self.pieces.front() {
            Some((at, _)) => Some((*at).max(self.stalled_until)),
            None => self.ended.then_some(self.stalled_until),
        }
    }

    /// Fills `room` with what has come out by now; how much. Nothing at all, and `true`, is the
    /// end.
    pub fn take(&mut self, room: &mut [u8], now: Mono) -> (usize, bool) {
        if self.next().is_none_or(|at| at > now) {
            return (0, false);
        }
        let Some((_, piece)) = self.pieces.front_mut() else { return (0, true) };
        let n = piece.len().min(room.len());
        room[..n].copy_from_slice(&piece[..n]);
        piece.drain(..n);
        if piece.is_empty() {
            self.pieces.pop_front();
        }
        self.held -= n;
        (n, false)
    }

    /// Throws away what has come out by now; whether the end has come.
    pub fn discard(&mut self, now: Mono) -> bool {
        while self.next().is_some_and(|at| at <= now) {
            match self.pieces.pop_front() {
                Some((_, piece)) => self.held -= piece.len(),
                None => return true,
            }
        }
        false
    }

    /// Takes what an end has to send, and keeps the first of it in `recorded`.
    pub fn take_from(
        &mut self,
        end: &mut dyn End,
        now: Now,
        dice: &mut Dice,
        recorded: &mut Vec<u8>,
    ) -> bool {
        let bytes = end.transmit();
        let n = self.put(bytes, now.mono, dice);
        if n == 0 {
            return false;
        }
        let keep = bytes.len().min(n).min(RECORDED.saturating_sub(recorded.len()));
        recorded.extend_from_slice(&bytes[..keep]);
        end.transmitted(n, now);
        true
    }

    /// Gives an end what has come out, and the end once.
    pub fn give_to(&mut self, end: &mut dyn End, now: Now, over: &mut bool) -> bool {
        if *over {
            return false;
        }
        let room = end.receive_buffer();
        if room.is_empty() {
            return false;
        }
        match self.take(room, now.mono) {
            (0, false) => false,
            (0, true) => {
                *over = true;
                end.received_eof(now);
                true
            }
            (n, _) => {
                end.received(n, now);
                true
            }
        }
    }
}
