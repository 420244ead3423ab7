//! How often frames are read and written in this thread, for tests that count it.

use core::cell::Cell;

std::thread_local! {
    static DECODED: Cell<u64> = const { Cell::new(0) };
    static ENCODED: Cell<u64> = const { Cell::new(0) };
}

pub(super) fn decoded() {
    DECODED.set(DECODED.get() + 1);
}

pub(super) fn encoded() {
    ENCODED.set(ENCODED.get() + 1);
}

/// How many frames were read and how many were written while `work` ran.
pub(crate) fn during(work: impl FnOnce()) -> (u64, u64) {
    let before = (DECODED.get(), ENCODED.get());
    work();
    (DECODED.get() - before.0, ENCODED.get() - before.1)
}
