//! A lane: whole frames that wait, one behind the other, each with its length before it.

use crate::buffer::Buffer;

/// A first-in, first-out queue of encoded frames in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct Lane(Buffer);

/// Bytes of the length before each frame.
const HEADER: usize = 4;

impl Lane {
    /// Appends one frame. Frames are at most a message, so their lengths fit 32 bits.
    pub(super) fn push(&mut self, frame: &[u8]) {
        self.0.extend(&(frame.len() as u32).to_le_bytes());
        self.0.extend(frame);
    }

    /// Moves the first frame into `frame`, in place of what was there; `false` where none waits.
    pub(super) fn take(&mut self, frame: &mut Vec<u8>) -> bool {
        let Some((header, rest)) = self.0.filled().split_first_chunk::<HEADER>() else {
            return false;
        };
        let len = u32::from_le_bytes(*header) as usize;
        frame.clear();
        frame.extend_from_slice(&rest[..len]);
        self.0.consume(HEADER + len);
        true
    }

    /// Bytes held, the lengths included.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Bytes that a frame of `len` bytes takes.
    pub(super) fn cost(len: usize) -> usize {
        HEADER + len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.0.capacity()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn rest(&mut self) {
        self.0.rest();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_whole_and_in_order() {
        let mut lane = Lane::default();
        for frame in [&b"one"[..], b"", b"three"] {
            lane.push(frame);
        }
        assert_eq!(lane.len(), Lane::cost(3) + Lane::cost(0) + Lane::cost(5));
        let mut frame = b"left over".to_vec();
        for expected in [&b"one"[..], b"", b"three"] {
            assert!(lane.take(&mut frame));
            assert_eq!(frame, expected);
        }
        assert!(!lane.take(&mut frame) && lane.is_empty());
    }
}
