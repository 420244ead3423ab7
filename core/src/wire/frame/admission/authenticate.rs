//! Authenticate: the peer says who it is, and proves it.

use core::fmt;
use std::collections::BTreeMap;

use crate::id::{PeerId, Pin, PublicKey};
use crate::wire::bounds;
use crate::wire::error::{Misread, WireError};
use crate::wire::frame::Purpose;
use crate::wire::read::Reader;
use crate::wire::value::{Labels, write_labels};
use crate::wire::write::{Sink, Writer, written};

/// 0x02 `[2, bstr(AuthBody), bstr(proof)]`.
#[derive(Clone, Copy, PartialEq)]
pub struct Authenticate<'a> {
    /// The encoded [`AuthBody`].
    pub body: &'a [u8],
    /// What the method asks for: nothing, or possession (64 bytes), or possession and a MAC (96).
    pub proof: &'a [u8],
}

/// What Authenticate's proof covers.
#[derive(Clone, PartialEq)]
pub struct AuthBody {
    /// 0: the method's number; one that this version does not know is kept, and refused later.
    pub method: u64,
    /// 1.
    pub purpose: Purpose,
    /// 2: absent for `open`, where the hub assigns one.
    pub peer: Option<PeerId>,
    /// 3: absent for `open`.
    pub key: Option<PublicKey>,
    /// 4: the SPKI hash of the certificate that the peer saw; absent where the hub is `plain`.
    pub seen: Option<Pin>,
    /// 5: the method's credential; absent for `open` and `secret`.
    pub credential: Option<Vec<u8>>,
    /// 6: the program and its version, at most 64 bytes of text.
    pub agent: String,
    /// 7: the peer's own labels; absent where there are none.
    pub labels: BTreeMap<String, String>,
    /// 8: a number that means nothing: it is read, and nobody sends it.
    pub generation: Option<u64>,
    /// 0x80: a start of this hub that is later than the one in its Hello, as
    /// [`SeenStart`](crate::trust::SeenStart) spells it; whatever else it holds is no error.
    pub later: Option<Vec<u8>>,
}

impl AuthBody {
    /// Reads the body of an [`Authenticate`].
    ///
    /// Which keys go with which method is not looked at: `auth` knows the methods.
    ///
    /// # Errors
    ///
    /// Whatever keeps the bytes from being the one spelling of a body.
    pub fn decode(body: &[u8]) -> Result<Self, WireError> {
        Reader::whole(body, Self::read)
    }

    /// As [`AuthBody::decode`], and says where an error was noticed.
    ///
    /// # Errors
    ///
    /// [`Misread`].
    pub fn examine(body: &[u8]) -> Result<Self, Misread> {
        Reader::located(body, Self::read)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.map(|body| {
            let method = body.required(0, Reader::uint)?;
            let purpose = body.required(1, Reader::uint)?;
            let purpose = Purpose::from_number(purpose).ok_or(WireError::Range)?;
            let peer = body.optional(2, Reader::parsed)?;
            let key = body.optional(3, |reader| reader.exact().copied().map(PublicKey))?;
            let seen = body.optional(4, |reader| reader.exact().copied().map(Pin))?;
            let credential = body.optional(5, Reader::bytes)?;
            if credential.is_some_and(<[u8]>::is_empty) {
                return Err(WireError::Range);
            }
            let agent = body.required(6, |reader| reader.text(bounds::AGENT))?.to_owned();
            let labels = body.optional(7, Labels::read)?.into_iter().flatten();
            Ok(Self {
                method,
                purpose,
                peer,
                key,
                seen,
                credential: credential.map(<[u8]>::to_vec),
                agent,
                labels: labels.map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
                generation: body.optional(8, Reader::uint)?,
                later: body.optional(0x80, Reader::bytes_if_any)?.flatten().map(<[u8]>::to_vec),
            })
        })
    }

    /// The body in its one spelling.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let optional = [
            self.peer.is_some(),
            self.key.is_some(),
            self.seen.is_some(),
            self.credential.is_some(),
            !self.labels.is_empty(),
            self.generation.is_some(),
            self.later.is_some(),
        ];
        written(|writer| {
            writer.map(3 + optional.iter().filter(|present| **present).count());
            writer.uint(0);
            writer.uint(self.method);
            writer.uint(1);
            writer.uint(self.purpose.number());
            if let Some(peer) = &self.peer {
                writer.uint(2);
                writer.text(peer.as_str());
            }
            if let Some(key) = &self.key {
                writer.uint(3);
                writer.bytes(&key.0);
            }
            if let Some(seen) = &self.seen {
                writer.uint(4);
                writer.bytes(&seen.0);
            }
            if let Some(credential) = &self.credential {
                writer.uint(5);
                writer.bytes(credential);
            }
            writer.uint(6);
            writer.cut(&self.agent, bounds::AGENT);
            if !self.labels.is_empty() {
                writer.uint(7);
                write_labels(&self.labels, writer);
            }
            if let Some(generation) = self.generation {
                writer.uint(8);
                writer.uint(generation);
            }
            if let Some(later) = &self.later {
                writer.uint(0x80);
                writer.bytes(later);
            }
        })
    }
}

impl<'a> Authenticate<'a> {
    pub(in crate::wire::frame) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let (body, proof) = (reader.bytes()?, reader.bytes()?);
        if !matches!(proof.len(), 0 | 64 | 96) {
            return Err(WireError::WrongLength);
        }
        Ok(Self { body, proof })
    }

    pub(in crate::wire::frame) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.bytes(self.body);
        writer.bytes(self.proof);
    }
}

/// The body may hold a token, so only lengths are printed.
impl fmt::Debug for Authenticate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authenticate({} bytes, proof of {})", self.body.len(), self.proof.len())
    }
}

/// Everything but the credential, which may be a token.
impl fmt::Debug for AuthBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthBody")
            .field("method", &self.method)
            .field("purpose", &self.purpose)
            .field("peer", &self.peer)
            .field("key", &self.key)
            .field("seen", &self.seen)
            .field("credential_len", &self.credential.as_ref().map(Vec::len))
            .field("agent", &self.agent)
            .field("labels", &self.labels)
            .field("generation", &self.generation)
            .field("later_len", &self.later.as_ref().map(Vec::len))
            .finish()
    }
}
