//! A lane: whole frames that wait, one behind the other, each with its length before it.

use crate::buffer::Buffer;
use crate::session::encoded::Encoded;

/// A first-in, first-out queue of encoded frames in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct Lane(Buffer);

/// Bytes before each frame: its length, and how much of it is output or input.
const HEADER: usize = 2 * PART;
const PART: usize = size_of::<u32>();

impl Lane {
    /// Appends one frame. Frames are at most a message, so their lengths fit 32 bits.
    pub(super) fn push(&mut self, frame: Encoded<'_>) {
        self.0.extend(&(frame.message.len() as u32).to_le_bytes());
        self.0.extend(&(frame.facts.flow() as u32).to_le_bytes());
        self.0.extend(frame.message);
    }

    /// Moves the first frame into `frame`, in place of what was there; how many of its bytes are
    /// output or input. `None` where none waits.
    pub(super) fn take(&mut self, frame: &mut Vec<u8>) -> Option<u64> {
        let (len, rest) = self.0.filled().split_first_chunk::<PART>()?;
        let (flow, rest) = rest.split_first_chunk::<PART>()?;
        let (len, flow) = (u32::from_le_bytes(*len) as usize, u32::from_le_bytes(*flow));
        frame.clear();
        frame.extend_from_slice(&rest[..len]);
        self.0.consume(HEADER + len);
        Some(flow.into())
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

    /// Bytes of memory behind it.
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
    use crate::id::CallId;
    use crate::session::encoded::FrameFacts;

    #[test]
    fn frames_come_out_whole_and_in_order() {
        let mut lane = Lane::default();
        let facts = FrameFacts::Input { id: CallId(1), len: 1, end: false };
        for message in [&b"one"[..], b"", b"three"] {
            lane.push(Encoded { facts, message });
        }
        assert_eq!(lane.len(), Lane::cost(3) + Lane::cost(0) + Lane::cost(5));
        let mut frame = b"left over".to_vec();
        for expected in [&b"one"[..], b"", b"three"] {
            assert_eq!(lane.take(&mut frame), Some(1));
            assert_eq!(frame, expected);
        }
        assert!(lane.take(&mut frame).is_none() && lane.is_empty());
    }
}
