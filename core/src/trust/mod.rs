//! Whether the hub at the other end is the one that was meant: pins, roots, kept entries, and the
//! table that decides.
//!
//! A peer asks [`decide`] once a link, on Hello, before it sends anything of its own. What is known
//! of the hub comes in as [`KnownHub`], looked up by the *configured* hub, never by what Hello
//! claims. A yes says what to keep and when; a no says what was expected and what was seen.
//!
//! Nothing is kept here and nobody is asked: `auth` keeps the entry when the hub has proved itself,
//! files are the shell's. Hello's signature is verified in `identity`, the handshake's in `tunnel`.
//!
//! spec: trust.

mod check_by;
mod decide;
mod entry;
mod error;
mod roots;
mod seen;

pub use check_by::{BadPin, PinSpec};
pub use decide::{Contact, Decision, How, StoreWhen, decide};
pub use entry::{Entry, Identities, KnownHub};
pub use error::{Misconfiguration, TrustError};
pub use roots::{ChainFault, Roots, RootsError};
pub use seen::{NoSeenStart, SeenStart};

use core::fmt;
use core::str::FromStr;

/// How a peer and a hub come to trust each other's transport.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// No TLS; only the hub's identity is checked.
    Plain,
    /// TLS; the first contact is taken where the shared secret proves the hub, and remembered.
    #[default]
    Tofu,
    /// TLS; every contact is checked by pins or roots that were given beforehand.
    Strict,
}

/// Every mode and its spelling.
const MODES: &[(Mode, &str)] =
    &[(Mode::Plain, "plain"), (Mode::Tofu, "tofu"), (Mode::Strict, "strict")];

/// Text that names no mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a TLS mode: one of plain, tofu, strict")]
pub struct UnknownMode;

impl FromStr for Mode {
    type Err = UnknownMode;
    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        MODES.iter().find(|(_, name)| *name == text).map(|&(mode, _)| mode).ok_or(UnknownMode)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(MODES.iter().find(|(mode, _)| mode == self).map_or("", |&(_, name)| name))
    }
}

#[cfg(test)]
mod tests;
