//! Messages ⇄ plaintext bytes: the WebSocket (RFC 6455), both sides.
//!
//! Bytes come from the tunnel in a [`Buffer`] that the link holds, and go into another that the
//! tunnel seals from. This floor does the upgrade, and then frames: one binary message is one
//! frame of Bowline's own. It does not know what a message says, keeps no time, and does not end
//! the link: after an error it says which close code is due, and the link sends it in its order.
//!
//! ```text
//! upgrading ── Upgraded ──> open ── Close sent, or come and answered ──> closing ──> both Close
//!     └─ error: refused       └─ error: fused; writing and closing still work
//! ```
//!
//! spec: websocket

mod accept;
mod connect;
mod error;
mod head;
mod mask;
mod read;
mod write;

use core::ops::Range;
use std::sync::Arc;

use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

pub use accept::UpgradePolicy;
pub use connect::UpgradeRequest;
pub use error::SocketError;

use crate::buffer::Buffer;
use crate::code::CloseCode;
use crate::forwarded::Forwarded;
use crate::id::Nonce;
use crate::limits::Limits;
use crate::random::Random;
use accept::Accepting;
use connect::Connecting;
use read::{Arrived, FrameReader, MaskingSide};

/// The subprotocol that both sides must name.
pub const SUBPROTOCOL: &str = "bowline.v1";

/// The path at which a hub's WebSocket is.
pub const PATH: &str = "/link";

/// One end of a WebSocket.
#[derive(Debug)]
pub struct Socket {
    upgrade: Upgrade,
    /// Where masks come from. Only the connecting side masks; boxed, as a hub holds many that do
    /// not.
    masks: Option<Box<Random>>,
    reader: FrameReader,
    /// Pings stay unanswered while this many bytes wait to be sent.
    pong_room: usize,
    close_sent: bool,
    close_received: bool,
    /// Where the last message lies in `plain`; none where it was put together.
    lent: Option<Range<usize>>,
    failed: Option<SocketError>,
}

/// How far the upgrade is.
#[derive(Debug)]
enum Upgrade {
    Connecting(Box<Connecting>),
    Accepting(Box<Accepting>),
    Done,
}

/// The upgrade is done, and messages may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upgraded {
    /// The peer's nonce for this link: what the request carried, on both sides.
    pub nonce: Nonce,
    /// Accepting side: for whom the request says that it is carried. Whoever sent it may have
    /// written that: it means something on a connection from a trusted proxy only.
    pub forwarded: Option<Forwarded>,
}

/// One thing that has come.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Incoming<'b> {
    /// The upgrade is done. Comes once, and first.
    Upgraded(Upgraded),
    /// One binary message, whole.
    Message(&'b [u8]),
    /// The other end's Close. It has been answered where ours had not been sent. Comes once, and
    /// nothing may follow it.
    Closed {
        /// Its code; none where it carried none.
        code: Option<CloseCode>,
        /// Its reason: a sentence for a person, at most 123 bytes, often empty. The other end
        /// wrote it: show it as a stranger's words.
        reason: &'b str,
    },
}

impl core::fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Upgraded(upgraded) => f.debug_tuple("Upgraded").field(upgraded).finish(),
            Self::Message(message) => write!(f, "Message({} bytes)", message.len()),
            Self::Closed { code, reason } => {
                f.debug_struct("Closed").field("code", code).field("reason", reason).finish()
            }
        }
    }
}

impl Socket {
    /// The connecting side; its request stands in `out`. The masks of all its frames come from
    /// `random`, which must be nobody else's.
    #[must_use]
    pub fn connect(
        request: &UpgradeRequest,
        mut random: Random,
        limits: &Limits,
        out: &mut Buffer,
    ) -> Self {
        let connecting = Connecting::new(request, &mut random, limits.head, out);
        let upgrade = Upgrade::Connecting(Box::new(connecting));
        Self::new(upgrade, Some(Box::new(random)), MaskingSide::Accepting, limits)
    }

    /// The accepting side.
    #[must_use]
    pub fn accept(policy: Arc<UpgradePolicy>, limits: &Limits) -> Self {
        let accepting = Accepting::new(policy, limits.head);
        let upgrade = Upgrade::Accepting(Box::new(accepting));
        Self::new(upgrade, None, MaskingSide::Connecting, limits)
    }

    fn new(
        upgrade: Upgrade,
        masks: Option<Box<Random>>,
        sender: MaskingSide,
        limits: &Limits,
    ) -> Self {
        Self {
            upgrade,
            masks,
            reader: FrameReader::new(sender, limits),
            pong_room: limits.pong_room,
            close_sent: false,
            close_received: false,
            lent: None,
            failed: None,
        }
    }

    /// One thing that has come, or none until more bytes come: call it until none.
    ///
    /// The lent slice lives until the next call, which drops its bytes from `plain`; `plain` must
    /// be the same buffer at every call, with bytes only added at its back. Pings and the first
    /// Close are answered into `out`.
    ///
    /// # Errors
    /// What the other end broke. Before the upgrade the refusal stands in `out`; after it the
    /// close code that is due is [`SocketError::close_code`], and [`Socket::close`] sends it. The
    /// same error comes at every call after it, and nothing more is read.
    pub fn read<'b>(
        &'b mut self,
        plain: &'b mut Buffer,
        out: &mut Buffer,
    ) -> Result<Option<Incoming<'b>>, SocketError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let step = match self.step(plain, out) {
            Ok(Some(step)) => step,
            Ok(None) => return Ok(None),
            Err(error) => {
                self.failed = Some(error.clone());
                return Err(error);
            }
        };
        // The ranges are inside what `plain` holds, and a Close's reason was proved to be UTF-8:
        // no default is ever taken.
        let lent = |range| plain.filled().get::<Range<usize>>(range).unwrap_or_default();
        Ok(Some(match step {
            SocketStep::Upgraded(upgraded) => Incoming::Upgraded(upgraded),
            SocketStep::Arrived(Arrived::Message(range)) => {
                self.lent = Some(range.clone());
                Incoming::Message(lent(range))
            }
            SocketStep::Arrived(Arrived::Reassembled) => {
                self.lent = None;
                Incoming::Message(self.reader.reassembled())
            }
            SocketStep::Arrived(Arrived::Close { code, reason }) => {
                let reason = core::str::from_utf8(lent(reason)).unwrap_or_default();
                Incoming::Closed { code, reason }
            }
        }))
    }

    /// The message that [`Socket::read`] lent last, once more; meaningless after anything else.
    #[must_use]
    pub fn message<'b>(&'b self, plain: &'b Buffer) -> &'b [u8] {
        match &self.lent {
            Some(range) => plain.filled().get(range.clone()).unwrap_or_default(),
            None => self.reader.reassembled(),
        }
    }

    /// Appends one binary message to `out`, as one frame. Nothing is written while the socket is
    /// not open; what it costs beyond the message is at most 14 bytes.
    pub fn write(&mut self, message: &[u8], out: &mut Buffer) {
        if self.is_open() {
            write::frame(OpCode::Data(Data::Binary), message, self.key(), out);
        }
    }

    /// Appends a Close frame to `out`; `reason` is cut to 123 bytes between characters. The first
    /// call counts, and only after the upgrade. Messages still come until the other end's Close.
    pub fn close(&mut self, code: CloseCode, reason: &str, out: &mut Buffer) {
        self.send_close(&write::close_payload(code, reason), out);
    }

    /// Sets the most bytes of one incoming message; it starts at
    /// [`Limits::message_before_admission`].
    pub fn set_message_limit(&mut self, bytes: usize) {
        self.reader.set_message_limit(bytes);
    }

    /// How many bytes `plain` must have room for, so that whatever is allowed to come next can
    /// become whole: a head during the upgrade, then a message and its frame's header.
    #[must_use]
    pub fn wants(&self) -> usize {
        match &self.upgrade {
            Upgrade::Connecting(connecting) => connecting.wants(),
            Upgrade::Accepting(accepting) => accepting.wants(),
            Upgrade::Done => self.reader.wants(),
        }
    }

    /// Whether [`Socket::write`] writes: the upgrade is done and no Close has been sent. An error
    /// while reading does not change it: what the other end is owed can still be written.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.upgrade, Upgrade::Done) && !self.close_sent
    }

    /// Whether our Close frame has been written.
    #[must_use]
    pub fn close_sent(&self) -> bool {
        self.close_sent
    }

    /// Whether the other end's Close frame has come.
    #[must_use]
    pub fn close_received(&self) -> bool {
        self.close_received
    }

    /// Gives memory back before sleeping: that of the reassembly buffer, where no message is
    /// being put together.
    pub fn rest(&mut self) {
        self.reader.rest();
    }

    fn step(
        &mut self,
        plain: &mut Buffer,
        out: &mut Buffer,
    ) -> Result<Option<SocketStep>, SocketError> {
        let upgraded = match &mut self.upgrade {
            Upgrade::Connecting(connecting) => {
                connecting.read(plain)?.map(|nonce| Upgraded { nonce, forwarded: None })
            }
            Upgrade::Accepting(accepting) => accepting.read(plain, out)?,
            Upgrade::Done => return self.frame(plain, out),
        };
        if upgraded.is_some() {
            self.upgrade = Upgrade::Done;
        }
        Ok(upgraded.map(SocketStep::Upgraded))
    }

    fn frame(
        &mut self,
        plain: &mut Buffer,
        out: &mut Buffer,
    ) -> Result<Option<SocketStep>, SocketError> {
        let Self { reader, masks, close_sent, pong_room, .. } = self;
        let arrived = reader.next(plain, |payload| {
            // A pong nobody takes is worth nothing: one that reads nothing and pings without end
            // must not fill our memory.
            if !*close_sent && out.len() < *pong_room {
                let key = masks.as_mut().map(|random| random.bytes());
                write::frame(OpCode::Control(Control::Pong), payload, key, out);
            }
        })?;
        if let Some(Arrived::Close { code, .. }) = arrived {
            self.close_received = true;
            // RFC 6455 §5.5.1: the answer typically echoes the code.
            let code = code.map(|code| code.0.to_be_bytes());
            self.send_close(code.as_ref().map_or(&[], |code| code.as_slice()), out);
        }
        Ok(arrived.map(SocketStep::Arrived))
    }

    fn send_close(&mut self, payload: &[u8], out: &mut Buffer) {
        if self.is_open() {
            write::frame(OpCode::Control(Control::Close), payload, self.key(), out);
            self.close_sent = true;
        }
    }

    /// A new mask, where this side masks.
    fn key(&mut self) -> Option<[u8; 4]> {
        self.masks.as_mut().map(|random| random.bytes())
    }
}

/// What one call found; the slices are lent from it afterwards.
enum SocketStep {
    Upgraded(Upgraded),
    Arrived(Arrived),
}

#[cfg(test)]
mod tests;
