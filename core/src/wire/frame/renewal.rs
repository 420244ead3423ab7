//! Refresh, Refreshed: new credentials within a session.

use core::fmt;

use zeroize::Zeroizing;

use crate::wire::error::{Misread, WireError};
use crate::wire::frame::Issued;
use crate::wire::read::Reader;
use crate::wire::write::{Sink, Writer, written};

/// 0x40 `[0x40, bstr(RefreshBody), bstr(proof)]`.
#[derive(Clone, Copy, PartialEq)]
pub struct Refresh<'a> {
    /// The encoded [`RefreshBody`].
    pub body: &'a [u8],
    /// The peer key's signature over `"bowline/1 refresh" ‖ T ‖ SHA-256(body)`.
    pub proof: &'a [u8; 64],
}

/// What Refresh's proof covers: a map of one.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshBody {
    /// 0: the refresh token that the peer holds.
    pub refresh: Zeroizing<[u8; 32]>,
}

/// 0x41 `[0x41, {0: certificate, 1: refresh token, 2: when that ends}]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refreshed(pub Issued);

impl RefreshBody {
    /// Reads the body of a [`Refresh`].
    ///
    /// # Errors
    ///
    /// Whatever keeps the bytes from being the one spelling of a body.
    pub fn decode(body: &[u8]) -> Result<Self, WireError> {
        Reader::whole(body, Self::read)
    }

    /// As [`RefreshBody::decode`], and says where an error was noticed.
    ///
    /// # Errors
    ///
    /// [`Misread`].
    pub fn examine(body: &[u8]) -> Result<Self, Misread> {
        Reader::located(body, Self::read)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.map(|body| {
            let refresh = body.required(0, |reader| reader.exact().copied().map(Zeroizing::new))?;
            Ok(Self { refresh })
        })
    }

    /// The body in its one spelling.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(written(|writer| {
            writer.map(1);
            writer.uint(0);
            writer.bytes(&*self.refresh);
        }))
    }
}

impl<'a> Refresh<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        Ok(Self { body: reader.bytes()?, proof: reader.exact()? })
    }

    pub(super) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.bytes(self.body);
        writer.bytes(self.proof);
    }
}

impl Refreshed {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Issued::read(reader).map(Self)
    }

    pub(super) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        self.0.write(writer);
    }
}

/// The body holds a token, so only its length is printed.
impl fmt::Debug for Refresh<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refresh({} bytes)", self.body.len())
    }
}

impl fmt::Debug for RefreshBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshBody(..)")
    }
}
