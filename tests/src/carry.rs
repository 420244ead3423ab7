//! Two links in memory, and the bytes between them.

use bowline_core::link::Link;
use bowline_core::time::Now;

/// Moves bytes from one link to the other until none are left; whether any were.
pub fn carry(from: &mut Link, to: &mut Link, now: Now) -> bool {
    let mut any = false;
    loop {
        let (room, bytes) = (to.receive_buffer(), from.transmit());
        let n = bytes.len().min(room.len());
        if n == 0 {
            return any;
        }
        room[..n].copy_from_slice(&bytes[..n]);
        from.transmitted(n, now);
        to.received(n, now);
        any = true;
    }
}
