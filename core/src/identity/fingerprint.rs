//! The SHA-256 of a whole certificate, as people compare it by eye.

use core::fmt;
use core::str::FromStr;

use data_encoding::HEXLOWER_PERMISSIVE;
use sha2::{Digest, Sha256};

/// SHA-256 over a certificate's DER, printed as 32 pairs of upper-case hexadecimal digits with
/// colons between. It changes whenever the certificate is renewed; a [`Pin`](crate::id::Pin) does
/// not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// Text that is not a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a fingerprint: 32 pairs of hexadecimal digits with a colon between each two")]
pub struct NotAFingerprint;

impl Fingerprint {
    /// The fingerprint of a DER certificate.
    #[must_use]
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    /// Reads digits of either case.
    fn from_str(text: &str) -> Result<Self, NotAFingerprint> {
        let mut bytes = [0; 32];
        let mut pairs = text.split(':');
        for byte in &mut bytes {
            let pair = pairs.next().ok_or(NotAFingerprint)?;
            let decoded =
                HEXLOWER_PERMISSIVE.decode(pair.as_bytes()).map_err(|_| NotAFingerprint)?;
            let [value] = decoded[..] else { return Err(NotAFingerprint) };
            *byte = value;
        }
        match pairs.next() {
            None => Ok(Self(bytes)),
            Some(_) => Err(NotAFingerprint),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let colon = if at == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_prints_in_pairs_and_reads_back_in_either_case() {
        let print = Fingerprint::of(b"abc");
        // FIPS 180-2, appendix B.1.
        let text = "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:\
                    B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD";
        assert_eq!(print.to_string(), text);
        assert_eq!(text.parse(), Ok(print));
        assert_eq!(text.to_lowercase().parse(), Ok(print));
    }

    #[test]
    fn anything_but_32_pairs_with_colons_is_refused() {
        let good = Fingerprint([0xAB; 32]).to_string();
        for bad in [
            String::new(),
            ":".repeat(31),
            good.replace(':', ""),
            good[3..].to_owned(),
            format!("{good}:AB"),
            format!("{good}:"),
            format!("{good} "),
            good.replacen("AB:AB", "ABA:B", 1),
            good.replacen("AB", "GG", 1),
        ] {
            assert_eq!(bad.parse::<Fingerprint>(), Err(NotAFingerprint), "{bad:?}");
        }
    }
}
