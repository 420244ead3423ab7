//! Hello: the hub says who it is.

use core::fmt;

use crate::id::{Nonce, Pin, PublicKey};
use crate::wire::bounds;
use crate::wire::error::{Misread, WireError};
use crate::wire::frame::SessionLimits;
use crate::wire::read::Reader;
use crate::wire::write::{Sink, Writer, sorted, written};

/// 0x01 `[1, bstr(HelloBody), bstr(signature)]`.
#[derive(Clone, Copy, PartialEq)]
pub struct Hello<'a> {
    /// The encoded [`HelloBody`].
    pub body: &'a [u8],
    /// The identity key over `"bowline/1 hello" ‖ peer nonce ‖ SHA-256(body)`.
    pub signature: &'a [u8; 64],
}

/// What Hello's signature covers.
#[derive(Clone, Debug, PartialEq)]
pub struct HelloBody {
    /// 0: the hub's identity key.
    pub identity: PublicKey,
    /// 1: the hub's display name.
    pub name: String,
    /// 2: the hub's nonce.
    pub nonce: Nonce,
    /// 3: the methods offered, ascending, at least one. A number that this version does not know
    /// is kept, so that a newer hub can be told apart from a wrong one.
    pub methods: Vec<u64>,
    /// 4: the hub's clock, seconds since 1970.
    pub unix: u64,
    /// 5: the TLS keys valid at this hub, ascending; empty where the hub is `plain`.
    pub tls_keys: Vec<Pin>,
    /// 6: how often the hub has started, durably.
    pub generation: u64,
    /// 7: what a session here gets.
    pub limits: SessionLimits,
}

impl HelloBody {
    /// Reads the body of a [`Hello`].
    ///
    /// # Errors
    ///
    /// Whatever keeps the bytes from being the one spelling of a body.
    pub fn decode(body: &[u8]) -> Result<Self, WireError> {
        Reader::whole(body, Self::read)
    }

    /// As [`HelloBody::decode`], and says where an error was noticed.
    ///
    /// # Errors
    ///
    /// [`Misread`].
    pub fn examine(body: &[u8]) -> Result<Self, Misread> {
        Reader::located(body, Self::read)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.map(|body| {
            let identity = PublicKey(*body.required(0, Reader::exact)?);
            let name = body.required(1, |reader| reader.text(bounds::TEXT))?.to_owned();
            let nonce = Nonce(*body.required(2, Reader::exact)?);
            let methods =
                body.required(3, |reader| reader.rising(bounds::METHODS, Reader::uint))?;
            if methods.is_empty() {
                return Err(WireError::Range);
            }
            Ok(Self {
                identity,
                name,
                nonce,
                methods,
                unix: body.required(4, Reader::uint)?,
                tls_keys: body.required(5, |reader| {
                    reader.rising(bounds::TLS_KEYS, |reader| reader.exact().copied().map(Pin))
                })?,
                generation: body.required(6, Reader::uint)?,
                limits: body.required(7, SessionLimits::read)?,
            })
        })
    }

    /// The body in its one spelling; methods and TLS keys in order, whatever order they are in.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        written(|writer| {
            writer.map(8);
            writer.uint(0);
            writer.bytes(&self.identity.0);
            writer.uint(1);
            writer.sentence(&self.name);
            writer.uint(2);
            writer.bytes(&self.nonce.0);
            writer.uint(3);
            let methods = sorted(&self.methods);
            writer.array(methods.len());
            methods.iter().for_each(|method| writer.uint(**method));
            writer.uint(4);
            writer.uint(self.unix);
            writer.uint(5);
            let tls_keys = sorted(&self.tls_keys);
            writer.array(tls_keys.len());
            tls_keys.iter().for_each(|pin| writer.bytes(&pin.0));
            writer.uint(6);
            writer.uint(self.generation);
            writer.uint(7);
            self.limits.write(writer);
        })
    }
}

impl<'a> Hello<'a> {
    pub(in crate::wire::frame) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        Ok(Self { body: reader.bytes()?, signature: reader.exact()? })
    }

    pub(in crate::wire::frame) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.bytes(self.body);
        writer.bytes(self.signature);
    }
}

impl fmt::Debug for Hello<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hello({} bytes)", self.body.len())
    }
}
