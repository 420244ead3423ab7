//! What a detached call said, kept at the hub: the end of each output, and how much went before.

use std::collections::VecDeque;

use crate::wire::frame::OutputStream;

/// What is kept of one leg.
#[derive(Debug, Default)]
pub(in crate::hub) struct LegOutput {
    out: Tail,
    err: Tail,
    /// The sentence of its result.
    pub(in crate::hub) text: String,
}

/// The last bytes of one output.
#[derive(Debug, Default)]
pub(in crate::hub) struct Tail {
    bytes: VecDeque<u8>,
    dropped: u64,
}

impl LegOutput {
    pub(in crate::hub) fn tail(&self, source: OutputStream) -> &Tail {
        match source {
            OutputStream::Out => &self.out,
            OutputStream::Err => &self.err,
        }
    }

    pub(in crate::hub::calls) fn tail_mut(&mut self, source: OutputStream) -> &mut Tail {
        match source {
            OutputStream::Out => &mut self.out,
            OutputStream::Err => &mut self.err,
        }
    }

    /// Gives back the room for bytes that will not come.
    pub(in crate::hub::calls) fn rest(&mut self) {
        self.out.bytes.shrink_to_fit();
        self.err.bytes.shrink_to_fit();
    }
}

impl Tail {
    /// Appends bytes. At most `most` stay, and at most `room` more than there were: the oldest are
    /// dropped for those. By how much it has grown.
    pub(in crate::hub::calls) fn push(&mut self, bytes: &[u8], most: usize, room: usize) -> usize {
        let before = self.bytes.len();
        let most = most.min(before.saturating_add(room)).max(before);
        let kept = &bytes[bytes.len() - bytes.len().min(most)..];
        let old = (before + kept.len()).saturating_sub(most);
        self.bytes.drain(..old);
        self.bytes.extend(kept);
        self.dropped = self.dropped.saturating_add((old + bytes.len() - kept.len()) as u64);
        self.bytes.len() - before
    }

    pub(in crate::hub) fn to_vec(&self) -> Vec<u8> {
        self.bytes.iter().copied().collect()
    }

    pub(in crate::hub) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes that came before those.
    pub(in crate::hub) fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bytes_stay_and_what_went_before_is_counted() {
        let mut tail = Tail::default();
        assert_eq!(tail.push(b"abc", 4, 100), 3);
        assert_eq!(tail.push(b"d", 4, 100), 1);
        assert_eq!((tail.to_vec(), tail.dropped()), (b"abcd".to_vec(), 0));
        assert_eq!(tail.push(b"e", 4, 100), 0);
        assert_eq!((tail.to_vec(), tail.dropped()), (b"bcde".to_vec(), 1));
        assert_eq!(tail.push(b"0123456789", 4, 100), 0);
        assert_eq!((tail.to_vec(), tail.dropped()), (b"6789".to_vec(), 11));
    }

    #[test]
    fn without_room_a_tail_goes_on_within_what_it_has() {
        let mut tail = Tail::default();
        assert_eq!(tail.push(b"abc", 100, 0), 0);
        assert_eq!((tail.len(), tail.dropped()), (0, 3));
        assert_eq!(tail.push(b"abc", 100, 2), 2);
        assert_eq!((tail.to_vec(), tail.dropped()), (b"bc".to_vec(), 4));
        assert_eq!(tail.push(b"d", 100, 0), 0);
        assert_eq!((tail.to_vec(), tail.dropped()), (b"cd".to_vec(), 5));
    }
}
