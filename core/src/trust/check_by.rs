//! What a TLS key is checked by before an identity is known: a pin, or a whole certificate's hash.

use core::fmt;
use core::str::FromStr;

use crate::id::Pin;
use crate::identity::Fingerprint;
use crate::tunnel::Served;

/// One of the configured `pins`, or one that `trust pin` kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PinSpec {
    /// `sha256/…`: the key, whatever certificate carries it.
    Key(Pin),
    /// `AB:CD:…`: one certificate, and none of its renewals.
    Certificate(Fingerprint),
}

impl PinSpec {
    /// Whether what was served is what this names.
    #[must_use]
    pub fn matches(&self, served: &Served) -> bool {
        match self {
            Self::Key(pin) => *pin == served.pin,
            Self::Certificate(fingerprint) => {
                served.chain.first().is_some_and(|first| Fingerprint::of(first) == *fingerprint)
            }
        }
    }
}

/// Text that is neither kind of pin. An empty one is an error too, never "nothing to check".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not a pin: either 'sha256/' and 44 characters of padded standard base64, or the \
     SHA-256 of a certificate as 32 pairs of hexadecimal digits with colons"
)]
pub struct BadPin(String);

impl FromStr for PinSpec {
    type Err = BadPin;
    fn from_str(text: &str) -> Result<Self, BadPin> {
        if let Ok(pin) = text.parse() {
            return Ok(Self::Key(pin));
        }
        match text.parse() {
            Ok(fingerprint) => Ok(Self::Certificate(fingerprint)),
            Err(_) => Err(BadPin(text.chars().take(120).collect())),
        }
    }
}

impl fmt::Display for PinSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(pin) => fmt::Display::fmt(pin, f),
            Self::Certificate(fingerprint) => fmt::Display::fmt(fingerprint, f),
        }
    }
}

impl fmt::Debug for PinSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;

    use super::*;

    fn served() -> Served {
        Served {
            chain: vec![CertificateDer::from(&b"leaf"[..]), CertificateDer::from(&b"issuer"[..])],
            pin: Pin([1; 32]),
        }
    }

    #[test]
    fn both_kinds_print_and_read_back_as_themselves() {
        for spec in
            [PinSpec::Key(Pin([7; 32])), PinSpec::Certificate(Fingerprint::of(b"certificate"))]
        {
            assert_eq!(spec.to_string().parse(), Ok(spec));
        }
    }

    #[test]
    fn an_empty_or_malformed_pin_is_an_error() {
        let pin = Pin([7; 32]).to_string();
        for bad in ["", " ", "sha256/", "sha256/AAAA", &pin[..pin.len() - 1], &pin[7..], "AB:CD"] {
            assert_eq!(bad.parse::<PinSpec>(), Err(BadPin(bad.to_owned())), "{bad:?}");
        }
    }

    #[test]
    fn a_pin_matches_the_key_and_a_fingerprint_the_first_certificate_only() {
        assert!(PinSpec::Key(Pin([1; 32])).matches(&served()));
        assert!(!PinSpec::Key(Pin([2; 32])).matches(&served()));
        assert!(PinSpec::Certificate(Fingerprint::of(b"leaf")).matches(&served()));
        assert!(!PinSpec::Certificate(Fingerprint::of(b"issuer")).matches(&served()));
        // The same 32 bytes mean nothing as the other kind.
        assert!(!PinSpec::Certificate(Fingerprint([1; 32])).matches(&served()));
    }

    #[test]
    fn no_certificate_matches_no_fingerprint() {
        let nothing = Served { chain: Vec::new(), pin: Pin([1; 32]) };
        assert!(!PinSpec::Certificate(Fingerprint::of(b"")).matches(&nothing));
    }
}
