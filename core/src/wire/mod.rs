//! Frames ⇄ the bytes of one message: deterministic CBOR (RFC 8949 §4.2.1), read strictly.
//!
//! A frame is an array `[type, body]`; body is a map with small unsigned integer keys. Frames that
//! are proved are `[type, bstr(body), bstr(proof)]`: what is proved is the exact bytes, never a
//! re-encoding. The reader accepts one spelling of each frame; a property holds it: whatever is
//! accepted encodes to the same bytes again, unless it says what only a newer version knows. That
//! is left out: unknown keys and frames of 0x80 and above, unknown capabilities, and unknown codes,
//! which are read as the general code of their frame. `spec/frames.md` is the rule book.
//!
//! This floor knows shapes and bounds. It does not know which frame may come when (`auth`,
//! `session`), nor what a call means (`hub`).

pub mod bounds;
mod error;
mod float;
pub mod frame;
mod read;
pub mod value;
mod write;

pub use error::{FrameMisread, WireError};
pub use frame::Frame;
pub use value::{Arguments, Value};
pub use write::Sink;
