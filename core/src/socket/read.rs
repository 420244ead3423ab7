//! Frames in (RFC 6455 §5): parsed, judged and unmasked where they lie, and put together where a
//! message was fragmented.
//!
//! Everything that a header can be refused for is refused before its payload comes. A frame that
//! is not whole stays in the plaintext buffer; a whole one is lent from there and dropped at the
//! next call. Only fragments are copied, into a buffer of our own. Answering a ping or a Close is
//! not done here.
//!
//! ```text
//!            binary, not final               continuation, final
//! between ──────────────────────> assembling ───────────────────> between (a message)
//!    │ binary, final: a message       │ continuation, not final
//!    └─ Close ──> closed: nothing more may come (from either state)
//! ```

use core::ops::Range;
use std::io::Cursor;

use tungstenite::error::{Error as ParseError, ProtocolError};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::error::SocketError;
use super::mask;
use crate::buffer::Buffer;
use crate::code::CloseCode;
use crate::limits::Limits;

/// Which side the frames come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MaskingSide {
    /// It connected to us, and masks every frame.
    Connecting,
    /// It accepted us, and masks none.
    Accepting,
}

/// One whole thing. The ranges are places in the plaintext buffer, good until the next call.
#[derive(Debug)]
pub(super) enum Arrived {
    /// A message in one frame.
    Message(Range<usize>),
    /// A message that came in fragments: [`FrameReader::reassembled`].
    Reassembled,
    /// The other end's Close.
    Close { code: Option<CloseCode>, reason: Range<usize> },
}

/// The reading half of an upgraded WebSocket.
#[derive(Debug)]
pub(super) struct FrameReader {
    sender: MaskingSide,
    message_limit: usize,
    fragment_limit: u32,
    idle_limit: u32,
    /// The message that is being put together, or the last one while it is lent.
    assembly: Buffer,
    /// How many fragments it has; 0 between messages.
    fragments: u32,
    /// Pings, pongs and empty frames since the last whole message.
    idle: u32,
    /// Bytes at the front of the plaintext buffer that were lent by the last call.
    lent: usize,
    closed: bool,
}

impl FrameReader {
    pub(super) fn new(sender: MaskingSide, limits: &Limits) -> Self {
        Self {
            sender,
            message_limit: limits.message_before_admission,
            fragment_limit: limits.fragments,
            idle_limit: limits.idle_frames,
            assembly: Buffer::new(),
            fragments: 0,
            idle: 0,
            lent: 0,
            closed: false,
        }
    }

    pub(super) fn set_message_limit(&mut self, bytes: usize) {
        self.message_limit = bytes;
    }

    /// How many bytes must fit into the plaintext buffer for any allowed frame to become whole.
    pub(super) fn wants(&self) -> usize {
        // Control frames are allowed even where the message limit is smaller than they.
        self.message_limit.max(CONTROL_PAYLOAD).saturating_add(FRAME_HEADER)
    }

    /// The fragmented message of the last [`Arrived::Reassembled`].
    pub(super) fn reassembled(&self) -> &[u8] {
        self.assembly.filled()
    }

    /// Gives the reassembly buffer's memory back where nothing is in it.
    pub(super) fn rest(&mut self) {
        if self.fragments == 0 {
            self.assembly.clear();
        }
        self.assembly.rest();
    }

    /// How much memory stands behind the reassembly buffer, in bytes.
    #[cfg(test)]
    pub(super) fn reassembly_capacity(&self) -> usize {
        self.assembly.capacity()
    }

    /// The next whole thing, or none until more bytes come. What the last call lent is dropped.
    /// `ping` gets the payload of each ping that comes before it.
    pub(super) fn next(
        &mut self,
        plain: &mut Buffer,
        mut ping: impl FnMut(&[u8]),
    ) -> Result<Option<Arrived>, SocketError> {
        plain.consume(core::mem::take(&mut self.lent));
        if self.fragments == 0 {
            self.assembly.clear();
        }
        loop {
            if self.closed && !plain.is_empty() {
                return Err(SocketError::AfterClose);
            }
            let Some(frame) = PlacedHeader::parse(plain.filled())? else {
                return Ok(None);
            };
            let length = self.judge(&frame)?;
            let payload = frame.size..frame.size.saturating_add(length);
            let Some(bytes) = plain.filled_mut().get_mut(payload.clone()) else {
                return Ok(None);
            };
            if let Some(key) = frame.header.mask {
                mask::apply(bytes, key);
            }
            if frame.header.opcode == OpCode::Control(Control::Ping) {
                ping(bytes);
            }
            self.lent = payload.end;
            if let Some(arrived) = self.take(&frame.header, bytes, payload)? {
                return Ok(Some(arrived));
            }
            plain.consume(core::mem::take(&mut self.lent));
        }
    }

    /// Everything that a header can be refused for; gives the payload's length.
    fn judge(&self, frame: &PlacedHeader) -> Result<usize, SocketError> {
        let PlacedHeader { header, length, size } = frame;
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(SocketError::ReservedBits);
        }
        if length >> 63 == 1 {
            return Err(SocketError::HugeLength);
        }
        if header.len(*length) != *size {
            return Err(SocketError::LongLength { length: *length });
        }
        match (self.sender, header.mask) {
            (MaskingSide::Connecting, None) => return Err(SocketError::Unmasked),
            (MaskingSide::Accepting, Some(_)) => return Err(SocketError::Masked),
            (MaskingSide::Connecting, Some(_)) | (MaskingSide::Accepting, None) => {}
        }
        match header.opcode {
            OpCode::Control(_) if !header.is_final => Err(SocketError::FragmentedControl),
            OpCode::Control(_) if *length > CONTROL_PAYLOAD as u64 => {
                Err(SocketError::LongControl { length: *length })
            }
            OpCode::Control(Control::Close) => Ok(*length as usize),
            OpCode::Control(Control::Ping | Control::Pong) => {
                self.judge_idle()?;
                Ok(*length as usize)
            }
            OpCode::Data(Data::Text) => Err(SocketError::Text),
            OpCode::Data(Data::Continue) if self.fragments == 0 => Err(SocketError::Continuation),
            OpCode::Data(Data::Binary) if self.fragments > 0 => Err(SocketError::Interrupted),
            OpCode::Data(Data::Continue | Data::Binary) => self.judge_data(*length),
            OpCode::Control(Control::Reserved(opcode)) | OpCode::Data(Data::Reserved(opcode)) => {
                Err(SocketError::Opcode { opcode })
            }
        }
    }

    fn judge_data(&self, length: u64) -> Result<usize, SocketError> {
        let limit = self.message_limit;
        let whole = length.saturating_add(self.assembly.len() as u64);
        if whole > limit as u64 {
            return Err(SocketError::TooBig { length: whole, limit });
        }
        if self.fragments >= self.fragment_limit {
            return Err(SocketError::Fragments { limit: self.fragment_limit });
        }
        if length == 0 {
            self.judge_idle()?;
        }
        // At most the message limit, which is a usize.
        Ok(length as usize)
    }

    fn judge_idle(&self) -> Result<(), SocketError> {
        match self.idle < self.idle_limit {
            true => Ok(()),
            false => Err(SocketError::IdleFrames { limit: self.idle_limit }),
        }
    }

    /// Takes a whole, judged, unmasked frame; none for what nobody above needs to see.
    fn take(
        &mut self,
        header: &FrameHeader,
        bytes: &[u8],
        payload: Range<usize>,
    ) -> Result<Option<Arrived>, SocketError> {
        match header.opcode {
            OpCode::Control(Control::Close) => {
                let code = close_code(bytes)?;
                self.closed = true;
                let reason = payload.end.min(payload.start + 2)..payload.end;
                Ok(Some(Arrived::Close { code, reason }))
            }
            OpCode::Data(Data::Binary) if header.is_final => {
                // An empty message is as idle as a ping.
                self.idle = if bytes.is_empty() { self.idle + 1 } else { 0 };
                Ok(Some(Arrived::Message(payload)))
            }
            OpCode::Data(_) => {
                self.assembly.extend(bytes);
                self.fragments += 1;
                if bytes.is_empty() {
                    self.idle += 1;
                }
                if !header.is_final {
                    return Ok(None);
                }
                self.fragments = 0;
                if !self.assembly.is_empty() {
                    self.idle = 0;
                }
                Ok(Some(Arrived::Reassembled))
            }
            OpCode::Control(Control::Ping | Control::Pong | Control::Reserved(_)) => {
                self.idle += 1;
                Ok(None)
            }
        }
    }
}

/// A frame's header, where it lies.
struct PlacedHeader {
    header: FrameHeader,
    /// The payload's length.
    length: u64,
    /// The header's own length as it came.
    size: usize,
}

impl PlacedHeader {
    /// The header at the front of `bytes`; none until it is whole.
    fn parse(bytes: &[u8]) -> Result<Option<Self>, SocketError> {
        let mut cursor = Cursor::new(bytes);
        match FrameHeader::parse(&mut cursor) {
            Ok(Some((header, length))) => {
                // The position is at most 14.
                Ok(Some(Self { header, length, size: cursor.position() as usize }))
            }
            Ok(None) => Ok(None),
            Err(ParseError::Protocol(ProtocolError::InvalidOpcode(opcode))) => {
                Err(SocketError::Opcode { opcode })
            }
            // Reading from a slice cannot fail and nothing else of a header is judged there, so any
            // refusal does for a case that does not come.
            Err(_) => Err(SocketError::ReservedBits),
        }
    }
}

/// The code of a Close frame's payload, whose reason is proved to be UTF-8 (RFC 6455 §5.5.1).
fn close_code(payload: &[u8]) -> Result<Option<CloseCode>, SocketError> {
    let (code, reason) = match payload {
        [] => return Ok(None),
        [_] => return Err(SocketError::HalfCloseCode),
        [a, b, reason @ ..] => (u16::from_be_bytes([*a, *b]), reason),
    };
    // RFC 6455 §7.4 and IANA's registry: what may stand in a frame. 1004 to 1006 and 1015 may not.
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(SocketError::CloseCode { code });
    }
    match core::str::from_utf8(reason) {
        Ok(_) => Ok(Some(CloseCode(code))),
        Err(_) => Err(SocketError::CloseReason),
    }
}

/// The longest frame header: two bytes, a 64-bit length, a mask.
const FRAME_HEADER: usize = 14;

/// The most bytes of a control frame's payload (RFC 6455 §5.5).
const CONTROL_PAYLOAD: usize = 125;
