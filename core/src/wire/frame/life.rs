//! Ping, Pong, Goaway: the life and the end of a link.

use crate::code::Code;
use crate::wire::frame::codec::{Ending, Seconds};
use crate::wire::frame::table::*;

record! {
    /// A question whether the other end lives, and its answer.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Ping {
        /// Number of the sender's; comes back in Pong.
        0 required "token" token: u64,
    }
}

record! {
    /// Why the link ends.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Goaway<'a> {
        /// Code; one that this version does not know is read as [`Code::GoingAway`].
        0 required "code" code: Code as Ending,
        /// Sentence for a person; may be empty.
        1 required "text" text: &'a str,
        /// Seconds to wait before reconnecting.
        2 optional "reconnect after" reconnect_after: Option<u64> as Seconds,
    }
}
