//! The shared secret: 32 random bytes, written as 43 characters of unpadded URL-safe base64.
//!
//! spec: protocol §3, "The shared secret". Anything that a person made up is refused: whoever
//! records one admission could guess at it offline, as often as they like.

use core::fmt;

use bowline_core::text::unseen;
use data_encoding::BASE64URL_NOPAD;
use zeroize::Zeroizing;

use crate::files::{self, FileError, NotText};

/// The HMAC key that both ends hold. No `Debug` shows it, and it is wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    key: Zeroizing<Vec<u8>>,
    strength: Strength,
}

/// What is accepted as a secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strength {
    /// 32 bytes in base64, and nothing else.
    #[default]
    Full,
    /// With `--insecure-weak-secret`: also text of 16 characters or more, as its UTF-8 bytes.
    Weak,
}

/// What is wrong with a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretFault {
    /// Nothing but white space.
    #[error("it is empty")]
    Empty,
    /// An example that nobody changed.
    #[error("it is a placeholder that anyone would try first")]
    Placeholder,
    /// Fewer than 43 characters.
    #[error("it has {0} characters; a secret has 43")]
    Short(usize),
    /// More than 43 characters.
    #[error("it has {0} characters; a secret has 43")]
    Long(usize),
    /// 43 characters that are not base64 of 32 bytes.
    #[error("it is made by hand, or damaged: not 32 bytes in unpadded URL-safe base64")]
    HandMade,
    /// Fewer than 16 characters, with `--insecure-weak-secret`.
    #[error("it has {0} characters; even with --insecure-weak-secret it needs 16")]
    TooShortForWeak(usize),
    /// Not UTF-8 text.
    #[error("{0}")]
    NotText(#[from] NotText),
    /// A character that nobody sees.
    #[error("its character {at} is {name} (U+{code:04X}), which cannot be seen: take it out")]
    Unseen {
        /// Its place, from 1.
        at: usize,
        /// What it is called.
        name: &'static str,
        /// Its number.
        code: u32,
    },
    /// White space between other characters.
    #[error(
        "it has white space inside, at its character {0}; a secret is one word of 43 characters"
    )]
    Spaced(usize),
    /// Quotation marks around it.
    #[error("it stands in quotation marks: leave them out")]
    InQuotes,
    /// Base64 with padding.
    #[error("it ends in '=': a secret has no padding, so leave that out")]
    Padded,
    /// A join token.
    #[error("it is a join token and no secret: give it to 'bowline join'")]
    Token,
    /// A block of PEM.
    #[error("it is a key or a certificate in PEM, and no secret")]
    Pem,
}

/// Why there is no secret to use.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// What was found is no secret.
    #[error("the secret from {origin} is refused: {fault}; {remedy}")]
    Fault {
        /// Where it came from.
        origin: String,
        /// What is wrong; never the secret.
        fault: SecretFault,
        /// What to do.
        remedy: &'static str,
    },
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// No source gave one.
    #[error(
        "no secret is given: run 'bowline secret show' on the hub's machine and pass it with \
         --secret-file FILE, BOWLINE_SECRET, or secret-file in the configuration"
    )]
    Missing,
}

bowline_core::debug_as_display!(SecretError);

impl Secret {
    /// A secret of 32 random bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self { key: Zeroizing::new(bytes.to_vec()), strength: Strength::Full }
    }

    /// Reads a secret; a byte order mark before it and white space around it are ignored.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &[u8], strength: Strength) -> Result<Self, SecretFault> {
        let text = files::text(text)?.trim();
        if text.is_empty() {
            return Err(SecretFault::Empty);
        }
        if PLACEHOLDERS.iter().any(|placeholder| text.eq_ignore_ascii_case(placeholder)) {
            return Err(SecretFault::Placeholder);
        }
        let length = text.chars().count();
        if length == LENGTH {
            let decoded = BASE64URL_NOPAD.decode(text.as_bytes()).map(Zeroizing::new);
            if let Ok(key) = decoded {
                return Ok(Self { key, strength: Strength::Full });
            }
        }
        match strength {
            Strength::Full => Err(fault(text, length)),
            Strength::Weak if length < LEAST_WEAK => Err(SecretFault::TooShortForWeak(length)),
            Strength::Weak => {
                let key = Zeroizing::new(text.as_bytes().to_vec());
                Ok(Self { key, strength: Strength::Weak })
            }
        }
    }

    /// The HMAC key: 32 bytes, or the bytes of a weak secret's text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.key
    }

    /// Whether this one is full or weak, whatever would have been accepted.
    #[must_use]
    pub fn strength(&self) -> Strength {
        self.strength
    }

    /// The secret as it is written in a file and shown by `secret show`.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(match self.strength {
            Strength::Full => BASE64URL_NOPAD.encode(&self.key),
            // It was text when it was read, so nothing is lost.
            Strength::Weak => String::from_utf8_lossy(&self.key).into_owned(),
        })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What is wrong with a text that is no full secret.
fn fault(text: &str, length: usize) -> SecretFault {
    let place = |is: &dyn Fn(char) -> bool| text.chars().position(is).map(|at| at + 1);
    let unseen = text.chars().zip(1..).find_map(|(c, at)| {
        let name = unseen(c)?;
        Some(SecretFault::Unseen { at, name, code: c.into() })
    });
    if let Some(unseen) = unseen {
        return unseen;
    }
    let quotes = ['"', '\'', '\u{201C}', '\u{2018}', '\u{201E}'];
    match place(&char::is_whitespace) {
        _ if length == LENGTH => SecretFault::HandMade,
        _ if text.starts_with("-----BEGIN ") => SecretFault::Pem,
        Some(at) => SecretFault::Spaced(at),
        None if text.starts_with("eyJ") && text.matches('.').count() == 2 => SecretFault::Token,
        None if text.starts_with(quotes) => SecretFault::InQuotes,
        None if length == LENGTH + 1 && text.ends_with('=') => SecretFault::Padded,
        None if length < LENGTH => SecretFault::Short(length),
        None => SecretFault::Long(length),
    }
}

/// Characters of 32 bytes in unpadded base64.
const LENGTH: usize = 43;

/// Characters of a weak secret, at least.
const LEAST_WEAK: usize = 16;

/// What examples and templates hold.
const PLACEHOLDERS: &[&str] = &[
    "change-me",
    "changeme",
    "change_me",
    "change-me-please",
    "change-me-in-production",
    "replace-me",
    "replaceme",
    "secret",
    "your-secret-here",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_43_characters_and_reads_back_as_its_bytes() {
        let secret = Secret::from_bytes(&[0xFB; 32]);
        let text = secret.to_text();
        assert_eq!(text.len(), 43);
        assert!(text.contains('-') || text.contains('_'), "not the URL-safe alphabet: {}", *text);
        let marked = format!("\u{feff}{}\r\n", *text);
        for spelled in [text.to_string(), format!("  {}\r\n", *text), marked] {
            for strength in [Strength::Full, Strength::Weak] {
                let read = Secret::parse(spelled.as_bytes(), strength).unwrap();
                assert_eq!((read.as_bytes(), read.strength()), (&[0xFB; 32][..], Strength::Full));
            }
        }
    }

    #[test]
    fn what_a_person_made_up_is_refused_and_told_apart() {
        // 32 bytes leave two unused bits in the 43rd character; 'B' sets one of them.
        let stray = format!("{}B", "A".repeat(42));
        for (text, fault) in [
            ("", SecretFault::Empty),
            (" \n", SecretFault::Empty),
            ("change-me", SecretFault::Placeholder),
            ("Change-Me\n", SecretFault::Placeholder),
            ("short", SecretFault::Short(5)),
            (&"A".repeat(42), SecretFault::Short(42)),
            (&"A".repeat(44), SecretFault::Long(44)),
            (&format!("{}=", "A".repeat(43)), SecretFault::Padded),
            (&format!("{}\n{}", "A".repeat(20), "A".repeat(23)), SecretFault::Spaced(21)),
            (&format!("\"{}\"", "A".repeat(43)), SecretFault::InQuotes),
            ("eyJhbGci.eyJpc3Mi.AAAA", SecretFault::Token),
            ("-----BEGIN PRIVATE KEY-----\nAAAA", SecretFault::Pem),
            (
                &format!("{}\u{200b}", "A".repeat(43)),
                SecretFault::Unseen { at: 44, name: "a zero-width space", code: 0x200B },
            ),
            (&stray, SecretFault::HandMade),
            ("this is my very own secret of 43 characters", SecretFault::HandMade),
            (&format!("{}+", "A".repeat(42)), SecretFault::HandMade),
        ] {
            assert_eq!(Secret::parse(text.as_bytes(), Strength::Full), Err(fault), "{text:?}");
        }
        let not_text = SecretFault::NotText(NotText::Other { at: 1 });
        assert_eq!(Secret::parse(&[0xF8; 43], Strength::Full), Err(not_text));
    }

    #[test]
    fn a_weak_secret_needs_16_characters_and_is_its_own_bytes() {
        let weak = |text: &str| Secret::parse(text.as_bytes(), Strength::Weak);
        assert_eq!(weak("ääääääääääääääää").unwrap().as_bytes().len(), 32);
        let secret = weak(" sixteen letters \n").unwrap_err();
        assert_eq!(secret, SecretFault::TooShortForWeak(15));
        let secret = weak("sixteen letters!\n").unwrap();
        assert_eq!(secret.as_bytes(), b"sixteen letters!");
        assert_eq!(
            (secret.strength(), secret.to_text().as_str()),
            (Strength::Weak, "sixteen letters!")
        );
        for still in ["", "change-me", "change-me-please"] {
            assert!(weak(still).is_err(), "{still}");
        }
    }

    #[test]
    fn debug_shows_nothing_of_it() {
        let secret = Secret::from_bytes(&[65; 32]);
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        let error = Secret::parse(b"hunter2", Strength::Full).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
