//! Call, Accepted, Result, Done, Deny: a request and how it ends.

use crate::capability::Capability;
use crate::code::Code;
use crate::id::{CallId, CommandName, PeerId};
use crate::wire::value::{Arguments, Labels, Value};

/// 0x20 `[0x20, {0: id, 1: target, 2: name, ? 3: positional, ? 4: named, 5: deadline ms,
/// 6: window}]`. Keys 7 (delivery) and 8 (idempotency key) are reserved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Call<'a> {
    /// 0.
    pub id: CallId,
    /// 1: a peer's id, `hub`, `all`, or a map of label tests.
    pub target: Target<'a>,
    /// 2.
    pub name: CommandName,
    /// 3 and 4: an array of values, a map of text to value; each absent where empty.
    pub arguments: Arguments<'a>,
    /// 5: milliseconds that the call may take, from when it is read.
    pub deadline_ms: u64,
    /// 6: bytes of output that may be sent before the first Window.
    pub window: u64,
}

/// Whom a call is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target<'a> {
    /// One peer.
    Peer(PeerId),
    /// The hub itself: its control plane.
    Hub,
    /// Every peer that is online and ready.
    All,
    /// Every peer whose labels pass all of these tests.
    Labels(Labels<'a>),
}

/// 0x21 `[0x21, {0: id, 1: sent, 2: queued}]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// 0.
    pub id: CallId,
    /// 1: the peers that it went to, ascending.
    pub sent: Vec<PeerId>,
    /// 2: the peers that it waits for, ascending.
    pub queued: Vec<PeerId>,
}

/// How a call ended on one peer; the number is its spelling on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 0, with key 3: the command ended by itself, with this exit code (0 is success).
    Exited(i64),
    /// 1, with key 4: this signal ended the command.
    Signalled(u64),
    /// 2, with key 6: it did not run, or not to its end; the code says why.
    Failed(Code),
}

/// 0x23 `[0x23, {0: id, 1: peer, 2: status, ? 3: exit code, ? 4: signal, ? 5: value,
/// ? 6: code, ? 7: text}]`. Exactly one of 3, 4 and 6 is present, as the status says; 7 only with
/// 6, and absent where empty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CallResult<'a> {
    /// 0.
    pub id: CallId,
    /// 1: who answered; absent where the answer is the hub's own.
    pub peer: Option<PeerId>,
    /// 2, 3, 4, 6.
    pub status: Status,
    /// 5: what the command returned, beside its output.
    pub value: Option<Value<'a>>,
    /// 7: a sentence for a person, with [`Status::Failed`]; may be empty.
    pub text: &'a str,
}

/// 0x24 `[0x24, {0: id, 1: answered, 2: failed, 3: missing}]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// 0.
    pub id: CallId,
    /// 1: peers that ended with exit code 0.
    pub answered: u64,
    /// 2: peers that ended otherwise.
    pub failed: u64,
    /// 3: peers that gave no result.
    pub missing: u64,
}

/// 0x50 `[0x50, {? 0: id, 1: code, 2: request, ? 3: capability, 4: text}]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deny<'a> {
    /// 0: the call that was denied; absent where it was another request. A denied call is over.
    pub id: Option<CallId>,
    /// 1: the code's name.
    pub code: Code,
    /// 2: the request: a command's name, or a frame's.
    pub request: &'a str,
    /// 3: what would have been needed.
    pub required: Option<Capability>,
    /// 4: a sentence for a person; may be empty.
    pub text: &'a str,
}
