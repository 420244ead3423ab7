//! Bytes from one link to another: what a socket would do.

use bowline_core::link::Link;
use bowline_core::time::Now;

/// Moves at most `piece` bytes, as one write and one read of a socket; whether any were moved.
pub fn ferry(from: &mut Link, to: &mut Link, piece: usize, now: Now) -> bool {
    let (room, bytes) = (to.receive_buffer(), from.transmit());
    let n = bytes.len().min(room.len()).min(piece);
    if n > 0 {
        room[..n].copy_from_slice(&bytes[..n]);
        from.transmitted(n, now);
        to.received(n, now);
    }
    n > 0
}

/// Moves bytes until none are left, or the other end takes no more; whether any were moved.
pub fn ferry_all(from: &mut Link, to: &mut Link, now: Now) -> bool {
    let mut moved = false;
    while ferry(from, to, usize::MAX, now) {
        moved = true;
    }
    moved
}
