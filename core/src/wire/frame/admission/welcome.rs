//! Welcome: the peer is admitted.

use core::fmt;

use crate::capability::Capability;
use crate::id::{PeerId, SessionId};
use crate::wire::bounds;
use crate::wire::error::{Misread, WireError};
use crate::wire::frame::{Issued, SessionLimits};
use crate::wire::read::Reader;
use crate::wire::write::{Sink, Writer, sorted, written};

/// 0x03 `[3, bstr(WelcomeBody), bstr(proof)]`.
#[derive(Clone, Copy, PartialEq)]
pub struct Welcome<'a> {
    /// The encoded [`WelcomeBody`].
    pub body: &'a [u8],
    /// The hub's MAC (32 bytes) for `secret`; empty for every other method.
    pub proof: &'a [u8],
}

/// What Welcome's proof covers.
#[derive(Clone, Debug, PartialEq)]
pub struct WelcomeBody {
    /// 0.
    pub session: SessionId,
    /// 1: the id that was admitted, or assigned.
    pub peer: PeerId,
    /// 2: what this session may do, in the order of their spelling's bytes. Capabilities that this
    /// version does not know are left out when read.
    pub capabilities: Vec<Capability>,
    /// 4: when the session ends, seconds since 1970; absent where it does not.
    pub expires: Option<u64>,
    /// 5: seconds between heartbeats.
    pub heartbeat: u64,
    /// 6.
    pub limits: SessionLimits,
    /// 7: credentials that were minted; absent where none were.
    pub issued: Option<Issued>,
}

impl WelcomeBody {
    /// Reads the body of a [`Welcome`].
    ///
    /// # Errors
    ///
    /// Whatever keeps the bytes from being the one spelling of a body.
    pub fn decode(body: &[u8]) -> Result<Self, WireError> {
        Reader::whole(body, Self::read)
    }

    /// As [`WelcomeBody::decode`], and says where an error was noticed.
    ///
    /// # Errors
    ///
    /// [`Misread`].
    pub fn examine(body: &[u8]) -> Result<Self, Misread> {
        Reader::located(body, Self::read)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.map(|body| {
            let session = SessionId(*body.required(0, Reader::exact)?);
            let peer = body.required(1, Reader::parsed)?;
            let spelled = body.required(2, |reader| {
                reader.rising(bounds::CAPABILITIES, |reader| reader.text(bounds::TEXT))
            })?;
            Ok(Self {
                session,
                peer,
                capabilities: spelled.iter().filter_map(|text| text.parse().ok()).collect(),
                expires: body.optional(4, Reader::uint)?,
                heartbeat: body.required(5, Reader::uint)?,
                limits: body.required(6, SessionLimits::read)?,
                issued: body.optional(7, Issued::read)?,
            })
        })
    }

    /// The body in its one spelling; capabilities in order, whatever order they are in.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let spelled: Vec<String> = self.capabilities.iter().map(Capability::to_string).collect();
        let spelled = sorted(&spelled);
        written(|writer| {
            let optional = [self.expires.is_some(), self.issued.is_some()];
            writer.map(5 + optional.iter().filter(|present| **present).count());
            writer.uint(0);
            writer.bytes(&self.session.0);
            writer.uint(1);
            writer.text(self.peer.as_str());
            writer.uint(2);
            writer.array(spelled.len());
            spelled.iter().for_each(|capability| writer.text(capability));
            if let Some(expires) = self.expires {
                writer.uint(4);
                writer.uint(expires);
            }
            writer.uint(5);
            writer.uint(self.heartbeat);
            writer.uint(6);
            self.limits.write(writer);
            if let Some(issued) = &self.issued {
                writer.uint(7);
                issued.write(writer);
            }
        })
    }
}

impl<'a> Welcome<'a> {
    pub(in crate::wire::frame) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let (body, proof) = (reader.bytes()?, reader.bytes()?);
        if !matches!(proof.len(), 0 | 32) {
            return Err(WireError::WrongLength);
        }
        Ok(Self { body, proof })
    }

    pub(in crate::wire::frame) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.bytes(self.body);
        writer.bytes(self.proof);
    }
}

impl fmt::Debug for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Welcome({} bytes, proof of {})", self.body.len(), self.proof.len())
    }
}
