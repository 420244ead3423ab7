//! What a call says, as JSON.

use bowline_core::id::PeerId;
use bowline_core::text::Line;
use bowline_core::wire::frame::{OutputStream, Status};
use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::event;

/// A piece of output as an object: text, or base64 where it is none.
pub(super) fn piece(peer: Option<PeerId>, source: OutputStream, bytes: &[u8]) -> Value {
    let stream = match source {
        OutputStream::Out => "out",
        OutputStream::Err => "err",
    };
    let peer = peer.map(|peer| peer.to_string());
    match core::str::from_utf8(bytes) {
        Ok(text) => json!({"peer": peer, "stream": stream, "text": text}),
        Err(_) => json!({"peer": peer, "stream": stream, "base64": BASE64.encode(bytes)}),
    }
}

/// How a call ended on a peer, as an object.
pub(super) fn result(peer: Option<PeerId>, status: Status, text: &Line) -> Value {
    let peer = peer.map(|peer| peer.to_string());
    json!({"peer": peer, "result": event::status(status), "text": text.raw()})
}
