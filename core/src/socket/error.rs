//! Why a WebSocket could not be set up, or broke: one variant a cause, each saying what came and
//! what was expected.
//!
//! An error on the accepting side before the upgrade has an HTTP status, which the socket has
//! already answered with. An error after the upgrade has a close code, which the link sends when
//! its own order of ending comes to it. An error on the connecting side before the upgrade has
//! neither: there is nobody to tell but the operator.
//!
//! Text from the other end is cut to 80 printable characters; keys, nonces and queries are never
//! shown.

use crate::code::{CloseCode, Code};

/// What went wrong. The socket that gave it gives it again at every read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SocketError {
    /// The upgrade request has no blank line within its limit (431).
    #[error("the upgrade request has no end within {limit} bytes")]
    HeadTooLong {
        /// `Limits::head`.
        limit: usize,
    },
    /// The upgrade request has too many header lines (431).
    #[error("the upgrade request has more than {limit} header lines")]
    TooManyHeaders {
        /// How many would have been read.
        limit: usize,
    },
    /// What came is no HTTP/1.1 request head (400).
    #[error("not an HTTP request: {what}; expected 'GET /link?n=NONCE HTTP/1.1'")]
    Malformed {
        /// What is wrong with it.
        what: &'static str,
    },
    /// Another HTTP version than 1.1 (505).
    #[error("the upgrade request says '{came}'; expected 'HTTP/1.1'")]
    Version {
        /// The last word of its first line.
        came: String,
    },
    /// Another path than `/link` (404).
    #[error("nothing is at '{came}': this is a Bowline hub, and its WebSocket is at '/link'")]
    Path {
        /// The path without its query.
        came: String,
    },
    /// Another method than GET (405).
    #[error("the method is '{came}'; a WebSocket upgrade is a 'GET'")]
    Method {
        /// The method.
        came: String,
    },
    /// A header line that may stand once stands twice (400).
    #[error("the header '{header}' stands more than once")]
    Duplicate {
        /// The header's name.
        header: &'static str,
    },
    /// No `Host` (400).
    #[error("the header 'Host' is missing, and HTTP/1.1 requires it")]
    NoHost,
    /// An upgrade request that announces a body (400).
    #[error(
        "the upgrade request announces a body; expected neither 'Transfer-Encoding' nor a \
         'Content-Length' other than 0"
    )]
    Body,
    /// An `Origin` that the policy does not list (403).
    #[error(
        "the origin {came} is not allowed here; pages in browsers may connect only from the \
         origins that this hub lists"
    )]
    Origin {
        /// The origin, in quotes.
        came: String,
    },
    /// No `Upgrade: websocket` (400).
    #[error(
        "the header 'Upgrade' is {came}; expected 'websocket': this is a Bowline hub, which \
         speaks only WebSocket"
    )]
    Upgrade {
        /// The header's value in quotes, or `nothing`.
        came: String,
    },
    /// No `Connection: Upgrade` (400).
    #[error("the header 'Connection' is {came}; expected it to list 'Upgrade'")]
    Connection {
        /// The header's value in quotes, or `nothing`.
        came: String,
    },
    /// Another `Sec-WebSocket-Version` than 13, or none (426).
    #[error("the header 'Sec-WebSocket-Version' is {came}; expected '13'")]
    WebSocketVersion {
        /// The header's value in quotes, or `nothing`.
        came: String,
    },
    /// A missing or malformed `Sec-WebSocket-Key` (400).
    #[error("the header 'Sec-WebSocket-Key' is missing or malformed; expected 16 bytes in base64")]
    Key,
    /// `Sec-WebSocket-Protocol` does not offer ours (400).
    #[error("the header 'Sec-WebSocket-Protocol' is {came}; expected it to list 'bowline.v1'")]
    Subprotocol {
        /// The header's value in quotes, or `nothing`.
        came: String,
    },
    /// No nonce in the query, several, or a malformed one (400).
    #[error(
        "the query has {came}; expected 'n=' once, with 43 characters of unpadded URL-safe \
         base64"
    )]
    Nonce {
        /// Which of these it was.
        came: &'static str,
    },

    /// What answered the upgrade request does not speak HTTP/1.
    #[error(
        "what answered does not speak HTTP/1.1: something else than a Bowline hub may be \
         listening there"
    )]
    NotHttp,
    /// The answer's head has no blank line within its limit.
    #[error(
        "the answer to the upgrade has no end within {limit} bytes: something else than a \
         Bowline hub may be listening there"
    )]
    AnswerTooLong {
        /// `Limits::head`.
        limit: usize,
    },
    /// The answer's head cannot be read.
    #[error(
        "the answer to the upgrade is malformed: {what}; something else than a Bowline hub may \
         be listening there"
    )]
    AnswerMalformed {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The upgrade was answered with another status than 101.
    #[error(
        "the upgrade was answered with {status} '{reason}', not with 101: something else than a \
         Bowline hub may be listening there"
    )]
    NotUpgraded {
        /// The HTTP status.
        status: u16,
        /// The reason phrase.
        reason: String,
    },
    /// A hub of this version answered with another status than 101.
    #[error("a Bowline hub answered the upgrade with {status} '{reason}', not with 101")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The reason phrase.
        reason: String,
    },
    /// A hub answered, and names only other versions of the protocol than ours.
    #[error("the hub speaks {offered}, and this program 'bowline.v1'")]
    OtherVersion {
        /// What it names, in quotes.
        offered: String,
    },
    /// The upgrade was answered with 101 and a wrong or missing header.
    #[error(
        "the answer's '{header}' is {came}; expected {expected}: something else than a Bowline \
         hub may be listening there"
    )]
    Answer {
        /// What of the answer is wrong.
        header: &'static str,
        /// Its value in quotes, or `nothing`.
        came: String,
        /// What it should have been.
        expected: &'static str,
    },

    /// A reserved bit is set; no extension was agreed on (1002).
    #[error("a frame has a reserved bit set, and no extension was agreed on")]
    ReservedBits,
    /// A reserved opcode (1002).
    #[error("a frame has the reserved opcode {opcode:#x}")]
    Opcode {
        /// The low four bits of the frame's first byte.
        opcode: u8,
    },
    /// A length that has a shorter form (1002).
    #[error("a frame spells its length {length} in more bytes than it needs")]
    LongLength {
        /// The length.
        length: u64,
    },
    /// A 64-bit length with its top bit set (1002).
    #[error("a frame's length has its top bit set")]
    HugeLength,
    /// An unmasked frame from the connecting side (1002).
    #[error("a frame came unmasked; the connecting side masks every frame")]
    Unmasked,
    /// A masked frame from the accepting side (1002).
    #[error("a frame came masked; the accepting side masks none")]
    Masked,
    /// A control frame without its final bit (1002).
    #[error("a control frame is fragmented")]
    FragmentedControl,
    /// A control frame of more than 125 bytes (1002).
    #[error("a control frame has {length} bytes; at most 125 are allowed")]
    LongControl {
        /// Its payload, in bytes.
        length: u64,
    },
    /// A continuation, and nothing to continue (1002).
    #[error("a continuation came with no message to continue")]
    Continuation,
    /// A new message inside a fragmented one (1002).
    #[error("a new message began inside a fragmented one")]
    Interrupted,
    /// A text message (1003).
    #[error("a text message came; only binary messages are spoken here")]
    Text,
    /// A message above the limit, told by a header before its payload is taken (1009).
    #[error("a message of {length} bytes or more came; at most {limit} are allowed")]
    TooBig {
        /// What the message has with the frame that was refused, in bytes.
        length: u64,
        /// The limit in force.
        limit: usize,
    },
    /// A message in too many fragments (4008).
    #[error("a message came in more than {limit} fragments")]
    Fragments {
        /// `Limits::fragments`.
        limit: u32,
    },
    /// Too many pings, pongs and empty frames with no message between them (4008).
    #[error("more than {limit} pings, pongs and empty frames came with no message between them")]
    IdleFrames {
        /// `Limits::idle_frames`.
        limit: u32,
    },
    /// A Close frame of one byte: half a code (1002).
    #[error("a Close frame has one byte; expected none, or a code of two and a reason")]
    HalfCloseCode,
    /// A code that must not be sent (1002).
    #[error("a Close frame has the code {code}, which must not be sent")]
    CloseCode {
        /// The code.
        code: u16,
    },
    /// A Close frame's reason is not UTF-8 (1002).
    #[error("a Close frame's reason is not UTF-8")]
    CloseReason,
    /// Bytes after the Close frame (1002; the other end will not hear it).
    #[error("bytes came after the Close frame")]
    AfterClose,
}

impl SocketError {
    /// The HTTP status that a refused upgrade request was answered with; none for all else.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.place().0
    }

    /// The close code that a broken WebSocket should end with; none before the upgrade, where no
    /// Close frame can be sent. `spec: websocket §6`.
    #[must_use]
    pub fn close_code(&self) -> Option<CloseCode> {
        self.place().1
    }

    /// What goes with it in our table of codes.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NotHttp
            | Self::AnswerTooLong { .. }
            | Self::AnswerMalformed { .. }
            | Self::NotUpgraded { .. }
            | Self::Answer { .. } => Code::NotBowline,
            Self::OtherVersion { .. } => Code::OtherVersion,
            Self::Refused { .. } => Code::UpgradeRefused,
            _ => Code::ProtocolError,
        }
    }

    /// One row for each variant: the HTTP status and the close code.
    fn place(&self) -> (Option<u16>, Option<CloseCode>) {
        match self {
            Self::Malformed { .. }
            | Self::Duplicate { .. }
            | Self::NoHost
            | Self::Body
            | Self::Upgrade { .. }
            | Self::Connection { .. }
            | Self::Key
            | Self::Subprotocol { .. }
            | Self::Nonce { .. } => (Some(400), None),
            Self::Origin { .. } => (Some(403), None),
            Self::Path { .. } => (Some(404), None),
            Self::Method { .. } => (Some(405), None),
            Self::WebSocketVersion { .. } => (Some(426), None),
            Self::HeadTooLong { .. } | Self::TooManyHeaders { .. } => (Some(431), None),
            Self::Version { .. } => (Some(505), None),
            Self::NotHttp
            | Self::AnswerTooLong { .. }
            | Self::AnswerMalformed { .. }
            | Self::NotUpgraded { .. }
            | Self::Refused { .. }
            | Self::OtherVersion { .. }
            | Self::Answer { .. } => (None, None),
            Self::ReservedBits
            | Self::Opcode { .. }
            | Self::LongLength { .. }
            | Self::HugeLength
            | Self::Unmasked
            | Self::Masked
            | Self::FragmentedControl
            | Self::LongControl { .. }
            | Self::Continuation
            | Self::Interrupted
            | Self::HalfCloseCode
            | Self::CloseCode { .. }
            | Self::CloseReason
            | Self::AfterClose => (None, Some(CloseCode::WEBSOCKET)),
            Self::Text => (None, Some(CloseCode::UNSUPPORTED)),
            Self::TooBig { .. } => (None, Some(CloseCode::TOO_BIG)),
            Self::Fragments { .. } | Self::IdleFrames { .. } => {
                (None, Some(CloseCode::RATE_LIMITED))
            }
        }
    }
}
