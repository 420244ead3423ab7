//! What a call gives to whoever serves it: a way out for output, input as it comes, and a word when
//! it has to stop.

use std::task::{Context, Poll};

use bowline_core::wire::frame::OutputStream;

/// What the bytes of a command flow to and come from: the call that it runs for.
///
/// All three are polled from one task, each time it is woken. A pending one wakes that task.
pub trait CallIo: Send {
    /// Offers bytes that the program wrote, at least one. Ready with how many of the first were
    /// taken, at least one; pending until there is credit.
    ///
    /// # Errors
    ///
    /// [`Gone`] where the link is gone; the program is then ended as by [`Stop::Lost`].
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        source: OutputStream,
        bytes: &[u8],
    ) -> Poll<Result<usize, Gone>>;

    /// Copies input for the program into `buffer` and says how much; `Ok(0)` is the end of the
    /// input, after which it is not polled again.
    ///
    /// # Errors
    ///
    /// [`Gone`], as for [`CallIo::poll_write`].
    fn poll_input(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Result<usize, Gone>>;

    /// Ready when the call must stop now. Not polled again after that, nor are the other two.
    fn poll_stop(&mut self, cx: &mut Context<'_>) -> Poll<Stop>;
}

/// The link that a call came over is gone.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the link that the call came over is gone")]
pub struct Gone;

bowline_core::debug_as_display!(Gone);

/// Why a program was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// The caller cancelled the call.
    Cancelled,
    /// The call's time was over.
    Deadline,
    /// This peer stops, and the time that calls had to end is over.
    Leaving,
    /// The link that the call came over is gone.
    Lost,
}
