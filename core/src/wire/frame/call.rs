//! Call, Accepted: a request, and where it went.

use crate::id::{CallId, CommandName, PeerId};
use crate::wire::bounds;
use crate::wire::error::WireError;
use crate::wire::read::{Head, Reader};
use crate::wire::value::{Arguments, Labels};
use crate::wire::write::{Sink, Writer, sorted};

/// 0x20 `[0x20, {0: id, 1: target, 2: name, ? 3: positional, ? 4: named, 5: deadline ms,
/// 6: window, ? 7: delivery}]`. Key 8 (idempotency key) is reserved.
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
    /// 7: absent where attached.
    pub delivery: Delivery,
}

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

impl<'a> Call<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        reader.map(|body| {
            let id = CallId(body.required(0, Reader::uint)?);
            let target = body.required(1, Target::read)?;
            let name = body.required(2, Reader::parsed)?;
            let positional = body.optional(3, Arguments::read_positional)?.unwrap_or_default();
            let named = body.optional(4, Arguments::read_named)?.unwrap_or_default();
            let arguments = Arguments::join(positional, named)?;
            let deadline_ms = body.required(5, Reader::uint)?;
            let window = body.required(6, Reader::uint)?;
            let delivery = body.optional(7, Delivery::read)?.unwrap_or_default();
            Ok(Self { id, target, name, arguments, deadline_ms, window, delivery })
        })
    }

    pub(super) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        let (positional, named) = self.arguments.as_bytes();
        let delivery = self.delivery.number();
        let optional = [!positional.is_empty(), !named.is_empty(), delivery.is_some()];
        writer.map(5 + optional.iter().filter(|present| **present).count());
        writer.uint(0);
        writer.uint(self.id.0);
        writer.uint(1);
        self.target.write(writer);
        writer.uint(2);
        writer.text(self.name.as_str());
        if !positional.is_empty() {
            writer.uint(3);
            writer.encoded(positional);
        }
        if !named.is_empty() {
            writer.uint(4);
            writer.encoded(named);
        }
        writer.uint(5);
        writer.uint(self.deadline_ms);
        writer.uint(6);
        writer.uint(self.window);
        if let Some(delivery) = delivery {
            writer.uint(7);
            writer.uint(delivery);
        }
    }
}

impl Delivery {
    /// The number on the wire; none where the key is absent.
    fn number(self) -> Option<u64> {
        match self {
            Self::Attached => None,
            Self::Detached => Some(1),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        match reader.uint()? {
            1 => Ok(Self::Detached),
            // 0 is spelled by leaving it out; 2 is kept for delivery once the target is online.
            _ => Err(WireError::Range),
        }
    }
}

/// The spelling of [`Target::Hub`]; a peer's id is never this.
const HUB: &str = "hub";
/// The spelling of [`Target::All`]; a peer's id is never this.
const ALL: &str = "all";

impl<'a> Target<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        if let Head::Map(_) = reader.clone().head()? {
            return Labels::read(reader).map(Self::Labels);
        }
        match reader.name()? {
            HUB => Ok(Self::Hub),
            ALL => Ok(Self::All),
            id => id.parse().map(Self::Peer).map_err(|_| WireError::Range),
        }
    }

    fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        match self {
            Self::Peer(id) => writer.text(id.as_str()),
            Self::Hub => writer.text(HUB),
            Self::All => writer.text(ALL),
            Self::Labels(labels) => writer.encoded(labels.as_bytes()),
        }
    }
}

impl Accepted {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.map(|body| {
            Ok(Self {
                id: CallId(body.required(0, Reader::uint)?),
                sent: body.required(1, |peers| peers.rising(bounds::PEERS, Reader::parsed))?,
                queued: body.required(2, |peers| peers.rising(bounds::PEERS, Reader::parsed))?,
            })
        })
    }

    pub(super) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.map(3);
        writer.uint(0);
        writer.uint(self.id.0);
        for (key, peers) in [(1, &self.sent), (2, &self.queued)] {
            writer.uint(key);
            let peers = sorted(peers);
            writer.array(peers.len());
            peers.iter().for_each(|peer| writer.text(peer.as_str()));
        }
    }
}
