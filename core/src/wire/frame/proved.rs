//! Frames whose body is proved: the exact bytes of the body in a byte string, and a proof over them
//! in another. Body and proof are read apart, and nothing is checked of the proof but its length.

use crate::wire::frame::table::{Reader, WireError};

/// How a proof is spelled.
pub(super) trait Proof<'a, T> {
    /// Names and lengths of its parts.
    const PARTS: &'static [(&'static str, usize)];
    /// The rule of `spec/bowline.cddl`.
    const RULE: &'static str;
    fn read(reader: &mut Reader<'a>) -> Result<T, WireError>;
}

/// A signature, which is always there.
pub(super) enum Signature {}

impl<'a> Proof<'a, &'a [u8; 64]> for Signature {
    const PARTS: &'static [(&'static str, usize)] = &[("signature", 64)];
    const RULE: &'static str = "signature";

    fn read(reader: &mut Reader<'a>) -> Result<&'a [u8; 64], WireError> {
        reader.exact()
    }
}

/// What the method of an Authenticate asks for.
pub(super) enum MethodProof {}

impl<'a> Proof<'a, &'a [u8]> for MethodProof {
    const PARTS: &'static [(&'static str, usize)] = &[("possession", 64), ("MAC", 32)];
    const RULE: &'static str = "proof";

    fn read(reader: &mut Reader<'a>) -> Result<&'a [u8], WireError> {
        of_length(reader, &[0, 64, 96])
    }
}

/// A MAC, or nothing.
pub(super) enum Mac {}

impl<'a> Proof<'a, &'a [u8]> for Mac {
    const PARTS: &'static [(&'static str, usize)] = &[("MAC", 32)];
    const RULE: &'static str = "mac";

    fn read(reader: &mut Reader<'a>) -> Result<&'a [u8], WireError> {
        of_length(reader, &[0, 32])
    }
}

fn of_length<'a>(reader: &mut Reader<'a>, lengths: &[usize]) -> Result<&'a [u8], WireError> {
    let proof = reader.bytes()?;
    if lengths.contains(&proof.len()) { Ok(proof) } else { Err(WireError::WrongLength) }
}

/// A frame with a proved body. The body, a record, is read and written by itself, into the bytes
/// that are named.
macro_rules! proved {
    (
        $(#[$meta:meta])*
        pub struct $name:ident<'a> over $body:ident in $bytes:ty {
            $(#[$doc:meta])*
            $proof:ident: $type:ty as $codec:ty,
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq)]
        pub struct $name<'a> {
            #[doc = concat!("Encoded [`", stringify!($body), "`].")]
            pub body: &'a [u8],
            $(#[$doc])*
            pub $proof: $type,
        }

        impl<'a> Body<'a> for $name<'a> {
            const SCHEMA: BodySchema = BodySchema {
                rule: <$body as Record<'a>>::RULE,
                fields: <$body as Record<'a>>::FIELDS,
                proof: Some(ProofSchema {
                    parts: <$codec as Proof<'a, $type>>::PARTS,
                    grammar: Grammar::Rule(<$codec as Proof<'a, $type>>::RULE),
                    examine: |body| $body::examine(body).map(drop),
                }),
            };

            fn read_body(reader: &mut Reader<'a>) -> Result<Self, WireError> {
                let body = reader.bytes()?;
                Ok(Self { body, $proof: <$codec as Proof<'a, $type>>::read(reader)? })
            }

            fn write_body<S: Sink>(&self, writer: &mut Writer<'_, S>) {
                writer.bytes(self.body);
                writer.bytes(self.$proof);
            }
        }

        /// Prints the length: the body may hold what lets its holder in.
        impl core::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{}({} bytes)", stringify!($name), self.body.len())
            }
        }

        impl $body {
            #[doc = concat!("Reads the body of a [`", stringify!($name), "`].")]
            ///
            /// # Errors
            ///
            /// Whatever keeps the bytes from being the one spelling of a body.
            pub fn decode(body: &[u8]) -> Result<Self, WireError> {
                Reader::whole(body, |reader| reader.map(Self::read_keys))
            }

            #[doc = concat!("As [`decode`](Self::decode), and says where an error was noticed.")]
            ///
            /// # Errors
            ///
            /// [`FrameMisread`](crate::wire::FrameMisread).
            pub fn examine(body: &[u8]) -> Result<Self, crate::wire::FrameMisread> {
                Reader::located(body, |reader| reader.map(Self::read_keys))
            }

            /// The body in its one spelling. Lists that must rise are in order, whatever order
            /// they are in here.
            #[must_use]
            pub fn encode(&self) -> $bytes {
                crate::wire::write::written(|writer| self.write_map(writer)).into()
            }
        }
    };
}

pub(super) use proved;
