//! What the other end did wrong, and what the application asked for in vain.

use crate::code::Code;
use crate::id::CallId;

/// The other end broke the rules of a session. The link ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// A frame that this end does not take, or not in a session of this purpose.
    #[error("a '{0}' frame does not belong here")]
    Direction(&'static str),
    /// A call whose id is not the next one.
    #[error("call {got} came where {expected} was next")]
    CallId {
        /// The next id.
        expected: CallId,
        /// The one that came.
        got: CallId,
    },
    /// A frame about a call that was never made.
    #[error("a '{0}' frame names call {1}, which was never made")]
    NeverMade(&'static str, CallId),
    /// More calls than this end takes.
    #[error("more calls are open than the {0} that this end takes")]
    TooManyCalls(usize),
    /// More bytes than there was credit for.
    #[error("call {0} sent more than its window")]
    Credit(CallId),
    /// More credit than a call may hold.
    #[error("call {0} was given a window above the limit")]
    Window(CallId),
    /// Bytes that do not follow those before.
    #[error("call {id} sent offset {got} where {expected} was next")]
    Offset {
        /// The call.
        id: CallId,
        /// The next offset.
        expected: u64,
        /// The one that came.
        got: u64,
    },
    /// More Registered than Registers were sent.
    #[error("a 'registered' came that answers no 'register'")]
    NotAsked,
    /// More peers, or more answers, than a call for several may have.
    #[error("call {id} was answered for more peers than the {most} that this end takes")]
    TooManyAnswers {
        /// The call.
        id: CallId,
        /// How many it may have.
        most: u64,
    },
    /// Input after its end.
    #[error("call {0} sent input after its end")]
    AfterEnd(CallId),
}

impl SessionError {
    /// What the remote is told.
    #[must_use]
    pub fn code(self) -> Code {
        Code::ProtocolError
    }
}

/// A frame was not taken. Nothing was changed and nothing was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// No room: try again once something was transmitted.
    #[error("no room in the lane; try again after the next transmit")]
    Full,
    /// As many calls are open as the other end takes.
    #[error("too many calls are open")]
    Busy,
    /// One of the ends has said Goaway: no call is made on this link any more.
    #[error("one of the ends is leaving, and takes no new calls")]
    Leaving,
    /// The frame is larger than a message may be.
    #[error("the frame is larger than a message may be")]
    TooBig,
    /// The call is over, or was never made.
    #[error("call {0} is not open")]
    NotOpen(CallId),
    /// More bytes than the credit allows.
    #[error("call {0} has no credit for so many bytes")]
    NoCredit(CallId),
    /// The link is not admitted, or has ended.
    #[error("the link is not open")]
    Closed,
    /// Only a programmer can cause this: a frame that this end never sends, or a wrong call id.
    #[error("misuse: {0}")]
    Misuse(&'static str),
}
