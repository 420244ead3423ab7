//! A call on its way to the link's task: who is meant, and the frame that says so.

use std::sync::Arc;
use std::time::Duration;

use bowline_core::code::Code;
use bowline_core::id::{CallId, CommandName, PeerId};
use bowline_core::link::Link;
use bowline_core::session::SendError;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{self, Delivery, Target};
use bowline_core::wire::value::ArgumentsBuf;

use crate::call::{CallShared, Finished, LabelTests};

/// Bytes of output that may be on their way before the application takes them.
const WINDOW: u64 = 256 << 10;
/// The same where several peers share them: the most that a call may have.
const SHARED_WINDOW: u64 = 1 << 20;

/// A call that is to be made.
#[derive(Debug)]
pub(crate) struct CallRequest {
    pub(crate) cell: Arc<CallShared>,
    pub(super) to: Callee,
    pub(super) name: CommandName,
    pub(super) arguments: ArgumentsBuf,
    pub(super) deadline: Duration,
    pub(super) delivery: Delivery,
}

/// Whom a call is for.
#[derive(Clone, Debug)]
pub(crate) enum Callee {
    Hub,
    Peer(PeerId),
    All,
    Labels(LabelTests),
}

/// A lane is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoRoom;

impl Callee {
    /// Whether each of several peers answers a call that waits for them.
    pub(super) fn is_several(&self) -> bool {
        match self {
            Self::Hub | Self::Peer(_) => false,
            Self::All | Self::Labels(_) => true,
        }
    }

    fn target(&self) -> Option<Target<'_>> {
        match self {
            Self::Hub => Some(Target::Hub),
            Self::Peer(peer) => Some(Target::Peer(*peer)),
            Self::All => Some(Target::All),
            Self::Labels(tests) => tests.target(),
        }
    }
}

impl CallRequest {
    fn window(&self) -> u64 {
        match self.delivery {
            // The hub keeps the output.
            Delivery::Detached => 0,
            _ if self.to.is_several() => SHARED_WINDOW,
            _ => WINDOW,
        }
    }

    /// Tells the application that there is no link for it.
    pub(crate) fn lost(self) {
        self.cell.finish(Finished::lost());
    }

    /// Sends the call; the id that it got, and none where it failed and its application was told.
    ///
    /// # Errors
    /// [`NoRoom`]: nothing was sent; try again after the next transmit.
    pub(crate) fn send(&self, link: &mut Link) -> Result<Option<CallId>, NoRoom> {
        let Some(id) = link.next_call() else {
            self.cell.finish(Finished::lost());
            return Ok(None);
        };
        let Some(target) = self.to.target() else {
            let meaning = Code::BadArgument.row().meaning;
            self.cell.finish(Finished::failed(Code::BadArgument, meaning));
            return Ok(None);
        };
        let call = frame::Call {
            id,
            target,
            name: self.name,
            arguments: self.arguments.as_arguments(),
            deadline_ms: u64::try_from(self.deadline.as_millis()).unwrap_or(u64::MAX),
            window: self.window(),
            delivery: self.delivery,
        };
        let failed = match link.send(&Frame::Call(call)) {
            Ok(()) => {
                self.cell.sent_as(id);
                return Ok(Some(id));
            }
            Err(SendError::Full) => return Err(NoRoom),
            Err(SendError::Busy) => Finished::failed(Code::Busy, Code::Busy.row().meaning),
            Err(SendError::Leaving) => {
                Finished::failed(Code::Draining, Code::Draining.row().meaning)
            }
            Err(SendError::Closed) => Finished::lost(),
            Err(error) => Finished::failed(Code::BadArgument, &error.to_string()),
        };
        self.cell.finish(failed);
        Ok(None)
    }
}
