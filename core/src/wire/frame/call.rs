//! Call, Accepted: a request, and where it went.

use crate::id::{CallId, CommandName, PeerId};
use crate::wire::bounds;
use crate::wire::frame::codec::{Millis, Rising};
use crate::wire::frame::table::*;
use crate::wire::read::Head;
use crate::wire::value::{Arguments, ArgumentsPart, Labels};

/// A command that is to be run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Call<'a> {
    /// Number of the call, the sender's.
    pub id: CallId,
    /// Target: a peer's id, the hub, every peer, or label tests.
    pub target: Target<'a>,
    /// Command.
    pub name: CommandName,
    /// Arguments: an array of values, a map of text to value.
    pub arguments: Arguments<'a>,
    /// Milliseconds that the call may take, from when it is read.
    pub deadline_ms: u64,
    /// Bytes of output that may be sent before the first Window.
    pub window: u64,
    /// Whether the call hangs on the link that made it.
    pub delivery: Delivery,
}

record! {
    /// A [`Call`] on the wire. Key 8 (idempotency key) is reserved.
    struct CallRecord<'a> {
        0 required "call" id: CallId,
        1 required "target" target: Target<'a>,
        2 required "command" name: CommandName,
        3 optional "arguments" positional: ArgumentsPart<'a> as Positional,
        4 optional "named arguments" named: ArgumentsPart<'a> as NamedArguments,
        5 required "deadline" deadline_ms: u64 as Millis,
        6 required "window" window: u64,
        7 optional "delivery" delivery: Delivery,
    }
}

through!(Call<'a>, CallRecord<'a>);

/// Whether a call hangs on the link that made it; the number is its spelling on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// Absent: the caller gets what the call says, and the call ends with the caller's link.
    #[default]
    Attached,
    /// 1: the hub answers at once with the call's number, and keeps what the call says.
    Detached,
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

record! {
    /// Where a call went.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Accepted {
        /// Call that was accepted.
        0 required "call" id: CallId,
        /// Peers that it went to, ascending.
        1 required "went to" sent: Vec<PeerId> as Rising<PeerId, 0, { bounds::PEERS }>,
        /// Peers that it waits for, ascending.
        2 required "waits for" queued: Vec<PeerId> as Rising<PeerId, 0, { bounds::PEERS }>,
    }
}

impl<'a> TryFrom<CallRecord<'a>> for Call<'a> {
    type Error = WireError;
    fn try_from(record: CallRecord<'a>) -> Result<Self, WireError> {
        Ok(Self {
            id: record.id,
            target: record.target,
            name: record.name,
            arguments: Arguments::join(record.positional, record.named)?,
            deadline_ms: record.deadline_ms,
            window: record.window,
            delivery: record.delivery,
        })
    }
}

impl<'a> From<&Call<'a>> for CallRecord<'a> {
    fn from(call: &Call<'a>) -> Self {
        let (positional, named) = call.arguments.parts();
        let &Call { id, target, name, deadline_ms, window, delivery, .. } = call;
        Self { id, target, name, positional, named, deadline_ms, window, delivery }
    }
}

/// The array of a call's arguments.
enum Positional {}
/// The map of a call's arguments.
enum NamedArguments {}

codec!(
    Positional: ArgumentsPart<'a>, FieldKind::Value,
    Grammar::List(1, bounds::ARGUMENTS, &Grammar::Rule("value")),
    |r| Arguments::read_positional(r), |part, w| w.encoded(part.as_bytes()),
);
codec!(
    NamedArguments: ArgumentsPart<'a>, FieldKind::Value,
    Grammar::Map(1, bounds::ARGUMENTS, &Grammar::Rule("name"), &Grammar::Rule("value")),
    |r| Arguments::read_named(r), |part, w| w.encoded(part.as_bytes()),
);

/// The number of [`Delivery::Detached`]. 0 is spelled by leaving the key out; 2 is kept for
/// delivery once the target is online.
const DETACHED: u64 = 1;

codec!(
    Delivery,
    FieldKind::Choice(|number| (number == DETACHED).then_some("detached")),
    Grammar::Rule("1"),
    |r| if r.uint()? == DETACHED { Ok(Self::Detached) } else { Err(WireError::Range) },
    |_, w| w.uint(DETACHED),
);

/// The spelling of [`Target::Hub`]; a peer's id is never this.
const HUB: &str = "hub";
/// The spelling of [`Target::All`]; a peer's id is never this.
const ALL: &str = "all";

codec!(
    Target<'a>: Target<'a>, FieldKind::Labels, Grammar::Rule("target"),
    |r| {
        if let Head::Map(_) = r.clone().head()? {
            return Labels::read(r).map(Self::Labels);
        }
        match r.name()? {
            HUB => Ok(Target::Hub),
            ALL => Ok(Target::All),
            id => id.parse().map(Target::Peer).map_err(|_| WireError::Range),
        }
    },
    |target, w| match target {
        Target::Peer(id) => w.text(id.as_str()),
        Target::Hub => w.text(HUB),
        Target::All => w.text(ALL),
        Target::Labels(labels) => w.encoded(labels.as_bytes()),
    },
);

impl Spelled for Target<'_> {
    type By = Self;
}
