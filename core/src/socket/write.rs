//! Frames out (RFC 6455 §5.2): one header and one payload, each frame final.
//!
//! A payload is copied once, into the buffer that the tunnel seals from, and masked on the way
//! where the sender is the connecting side. We never fragment: a message is bounded.

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::OpCode;

use super::mask;
use crate::buffer::Buffer;
use crate::code::CloseCode;

/// Appends one frame to `out`; masked where there is a key.
pub(super) fn frame(opcode: OpCode, payload: &[u8], key: Option<[u8; 4]>, out: &mut Buffer) {
    let header = FrameHeader { opcode, mask: key, ..FrameHeader::default() };
    let length = payload.len() as u64;
    let size = header.len(length);
    let room = out.space(size + payload.len());
    let (mut head, body) = room.split_at_mut(size);
    if header.format(length, &mut head).is_err() {
        // Writing to a slice fails only where it is too short, and `len` told its length.
        return;
    }
    match key {
        Some(key) => mask::copy(payload, body, key),
        None => body.copy_from_slice(payload),
    }
    out.fill(size + payload.len());
}

/// A Close frame's payload (RFC 6455 §5.5.1): the code and as much of `reason` as fits into a
/// control frame, cut between characters.
pub(super) fn close_payload(code: CloseCode, reason: &str) -> Vec<u8> {
    let fits = (0..=reason.len().min(CLOSE_REASON)).rev().find_map(|end| reason.get(..end));
    [&code.0.to_be_bytes(), fits.unwrap_or_default().as_bytes()].concat()
}

/// The most bytes of a Close frame's reason: a control frame has 125, the code takes two.
const CLOSE_REASON: usize = 123;
