//! What a hub mints for a peer: in Welcome, and in Refreshed.

use core::fmt;

use zeroize::Zeroizing;

use crate::wire::bounds;
use crate::wire::error::WireError;
use crate::wire::read::Reader;
use crate::wire::write::{Sink, Writer};

/// Credentials for later admissions, a map of three.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// 0: the peer's certificate, an X.509 certificate in DER of at most
    /// [`CERTIFICATE`](bounds::CERTIFICATE) bytes. This floor does not look into it.
    pub certificate: Vec<u8>,
    /// 1: the refresh token.
    pub refresh: Zeroizing<[u8; 32]>,
    /// 2: when the refresh token ends, seconds since 1970.
    pub refresh_ends: u64,
}

impl Issued {
    pub(in crate::wire::frame) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.map(|map| {
            let certificate = map.required(0, Reader::bytes)?;
            if certificate.is_empty() || certificate.len() > bounds::CERTIFICATE {
                return Err(WireError::Range);
            }
            Ok(Self {
                certificate: certificate.to_vec(),
                refresh: map.required(1, |reader| reader.exact().copied().map(Zeroizing::new))?,
                refresh_ends: map.required(2, Reader::uint)?,
            })
        })
    }

    pub(in crate::wire::frame) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.map(3);
        writer.uint(0);
        writer.bytes(&self.certificate);
        writer.uint(1);
        writer.bytes(&*self.refresh);
        writer.uint(2);
        writer.uint(self.refresh_ends);
    }
}

/// Everything but the refresh token.
impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued")
            .field("certificate_len", &self.certificate.len())
            .field("refresh_ends", &self.refresh_ends)
            .finish_non_exhaustive()
    }
}
