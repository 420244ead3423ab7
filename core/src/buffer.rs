//! Bytes that come in at the back and go out at the front, in one piece of memory.
//!
//! The tunnel, the socket and the lanes all keep theirs in one of these. It lends what it holds as
//! one slice, moves each byte a bounded number of times however small the pieces are that come, and
//! gives its memory back on [`Buffer::rest`].

use core::fmt;

/// A growable byte queue with contiguous contents. It has no bound of its own: whoever fills it
/// asks [`Buffer::len`] first.
#[derive(Clone, Default)]
pub struct Buffer {
    /// Every byte is initialised; `start..end` is what is held.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// An empty buffer, without memory.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), start: 0, end: 0 }
    }

    /// Appends `bytes`.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.space(bytes.len()).copy_from_slice(bytes);
        self.fill(bytes.len());
    }

    /// Exactly `want` bytes of room at the back; their content means nothing. Say with
    /// [`Buffer::fill`] how many were written.
    #[must_use]
    pub fn space(&mut self, want: usize) -> &mut [u8] {
        if self.bytes.len() - self.end < want {
            self.make_room(want);
        }
        &mut self.bytes[self.end..self.end + want]
    }

    /// Moves what is held to the front where that is room enough and at least as much has gone from
    /// there, else into twice the memory: either pays for the next move.
    fn make_room(&mut self, want: usize) {
        let held = self.len();
        if held <= self.start && self.bytes.len() - held >= want {
            self.bytes.copy_within(self.start..self.end, 0);
        } else {
            let mut bytes = vec![0; (held + want).max(2 * held).max(LEAST)];
            bytes[..held].copy_from_slice(self.filled());
            self.bytes = bytes;
        }
        (self.start, self.end) = (0, held);
    }

    /// Takes the first `n` bytes of the room that [`Buffer::space`] lent; at most what it lent.
    pub fn fill(&mut self, n: usize) {
        self.end = (self.end + n).min(self.bytes.len());
    }

    /// Drops the first `n` bytes, or all where there are fewer.
    pub fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
        if self.start == self.end {
            self.clear();
        }
    }

    /// Drops the last bytes so that `len` stay; nothing where there are no more than that.
    pub fn truncate(&mut self, len: usize) {
        self.end = self.end.min(self.start + len);
    }

    /// Drops everything and keeps the memory.
    pub fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    /// Gives the memory back where nothing is held.
    pub fn rest(&mut self) {
        if self.is_empty() {
            *self = Self::new();
        }
    }

    /// What is held, to be changed in place.
    #[must_use]
    pub fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.end]
    }

    /// What is held.
    #[must_use]
    pub fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// How many bytes are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// How much memory stands behind it, in bytes.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

/// The least memory that is taken, so that a small frame's pieces take it once.
const LEAST: usize = 256;

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_in_the_order_that_they_went_in() {
        let mut buffer = Buffer::new();
        let mut expected = Vec::new();
        for round in 0..100u8 {
            let piece = vec![round; usize::from(round)];
            buffer.extend(&piece);
            expected.extend(piece);
            let taken = buffer.len() / 2;
            assert_eq!(buffer.filled()[..taken], expected[..taken]);
            buffer.consume(taken);
            expected.drain(..taken);
        }
        assert_eq!(buffer.filled(), expected);
    }

    #[test]
    fn an_empty_buffer_gives_its_memory_back_and_a_full_one_keeps_it() {
        let mut buffer = Buffer::new();
        buffer.extend(&[1; 1000]);
        buffer.rest();
        assert_eq!(buffer.len(), 1000);
        buffer.consume(1000);
        assert!(buffer.capacity() >= 1000);
        buffer.rest();
        assert_eq!(buffer.capacity(), 0);
    }

    #[test]
    fn pieces_of_a_byte_are_moved_no_more_often_than_their_number_doubles() {
        let mut buffer = Buffer::new();
        let mut moves = 0;
        for n in 0..1 << 16 {
            let before = buffer.filled().as_ptr();
            buffer.extend(&[7]);
            moves += usize::from(buffer.filled().as_ptr() != before);
            // A queue that never runs dry keeps its memory.
            if n >= 1 << 10 {
                buffer.consume(1);
            }
        }
        assert!(moves < 200, "{moves}");
        assert!(buffer.capacity() <= 4 << 10, "{}", buffer.capacity());
    }

    #[test]
    fn counts_beyond_what_is_there_take_what_is_there() {
        let mut buffer = Buffer::new();
        buffer.extend(b"abc");
        buffer.truncate(9);
        buffer.truncate(2);
        assert_eq!(buffer.filled(), b"ab");
        buffer.consume(9);
        assert!(buffer.is_empty());
    }
}
