//! Ping, Pong, Goaway: the life and the end of a link.

use crate::code::Code;

/// 0x10 and 0x11 `[type, {0: token}]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ping {
    /// 0: the sender's; comes back in Pong.
    pub token: u64,
}

/// 0x51 `[0x51, {0: code, 1: text, ? 2: reconnect-after}]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goaway<'a> {
    /// 0: the code's name.
    pub code: Code,
    /// 1: a sentence for a person; may be empty.
    pub text: &'a str,
    /// 2: seconds to wait before reconnecting.
    pub reconnect_after: Option<u64>,
}
