//! A frame on its way out: encoded once, with what a session has to know of it, so that nobody
//! reads it again.

use crate::code::Code;
use crate::id::CallId;
use crate::wire::Frame;
use crate::wire::frame::{Call, Delivery, OutputStream, Target, Window};

/// One frame as the bytes of its message: what a hub has for a link, to be given to
/// [`Session::send_encoded`](super::Session::send_encoded).
#[derive(Clone, Copy)]
pub struct Encoded<'a> {
    pub(crate) facts: FrameFacts,
    /// The message. Of a Window only the facts count: what is owed is added up, and encoded when
    /// its turn comes.
    pub(crate) message: &'a [u8],
}

/// Says how long the message is, never what it says.
impl core::fmt::Debug for Encoded<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Encoded({:?}, {} bytes)", self.facts, self.message.len())
    }
}

/// What a session checks and counts of a frame that it sends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FrameFacts {
    Call(Opening),
    Output {
        id: CallId,
        source: OutputStream,
        len: u64,
    },
    Input {
        id: CallId,
        len: u64,
        end: bool,
    },
    Result(CallId),
    /// What a hub says of a call, or of another request: Deny, Done, or Accepted.
    Answer {
        id: Option<CallId>,
        ends: Ends,
    },
    Window(Window),
    Cancel(CallId),
    Register,
    Registered,
    Goaway(Code),
    /// What only the session or the link says by itself.
    Own,
}

/// What is counted of a call when it opens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    pub(super) id: CallId,
    /// Bytes of output that its caller gave credit for.
    pub(super) window: u64,
    /// Its Result is its end.
    pub(super) single: bool,
    /// Bytes of its arguments.
    pub(super) arguments: usize,
}

/// Whether an answer ends its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    Always,
    IfSingle,
    Never,
}

impl From<&Call<'_>> for Opening {
    fn from(call: &Call<'_>) -> Self {
        let single = match (call.delivery, call.target) {
            // The hub's answer is its end; what the peers say is kept there.
            (Delivery::Detached, _) => true,
            (Delivery::Attached, Target::Peer(_) | Target::Hub) => true,
            (Delivery::Attached, Target::All | Target::Labels(_)) => false,
        };
        Self { id: call.id, window: call.window, single, arguments: call.arguments.len() }
    }
}

impl From<&Frame<'_>> for FrameFacts {
    fn from(frame: &Frame<'_>) -> Self {
        match frame {
            Frame::Call(call) => Self::Call(call.into()),
            Frame::Output(output) => {
                let (id, source) = (output.id, output.source);
                Self::Output { id, source, len: output.bytes.len() as u64 }
            }
            Frame::Input(input) => {
                Self::Input { id: input.id, len: input.bytes.len() as u64, end: input.end }
            }
            Frame::Result(result) => Self::Result(result.id),
            Frame::Deny(deny) => Self::Answer { id: deny.id, ends: Ends::Always },
            Frame::Done(done) => Self::Answer { id: Some(done.id), ends: Ends::Always },
            Frame::Accepted(accepted) => Self::Answer { id: Some(accepted.id), ends: Ends::Never },
            Frame::Window(window) => Self::Window(*window),
            Frame::Cancel(cancel) => Self::Cancel(cancel.id),
            Frame::Register(_) => Self::Register,
            Frame::Registered(_) => Self::Registered,
            Frame::Goaway(goaway) => Self::Goaway(goaway.code),
            Frame::Hello(_)
            | Frame::Authenticate(_)
            | Frame::Welcome(_)
            | Frame::Refuse(_)
            | Frame::Ping(_)
            | Frame::Pong(_)
            | Frame::Refresh(_)
            | Frame::Refreshed(_)
            | Frame::Unknown(_) => Self::Own,
        }
    }
}

impl FrameFacts {
    /// Bytes of output or input.
    pub(super) fn flow(self) -> u64 {
        match self {
            Self::Output { len, .. } | Self::Input { len, .. } => len,
            Self::Call(_)
            | Self::Result(_)
            | Self::Answer { .. }
            | Self::Window(_)
            | Self::Cancel(_)
            | Self::Register
            | Self::Registered
            | Self::Goaway(_)
            | Self::Own => 0,
        }
    }
}
