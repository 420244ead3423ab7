//! The decision table: one function a column, one paragraph a row.
//!
//! | what is known   | plain          | tofu                   | strict                         |
//! |-----------------|----------------|------------------------|--------------------------------|
//! | an identity     | equal          | equal, key listed      | equal, key listed, pins, roots |
//! | pins (or roots) | misconfigured  | pinned, key listed     | pins and roots, key listed     |
//! | nothing, secret | keep if proved | listed, keep if proved | refuse                         |
//! | nothing, others | unknown hub    | unknown hub            | refuse                         |
//!
//! spec: trust §3.

use super::Mode;
use super::entry::{Entry, KnownHub};
use super::error::{Misconfiguration, TrustError};
use crate::id::HubId;
use crate::identity::HelloVerified;
use crate::tunnel::Served;
use crate::wire::frame::{HelloBody, Method};

/// What one link shows of the hub.
#[derive(Clone, Copy, Debug)]
pub struct Contact<'a> {
    /// The host that was dialled: a DNS name or an IP address without brackets.
    pub host: &'a str,
    /// The admission method that this peer is configured for.
    pub method: Method,
    /// What Hello says.
    pub hello: &'a HelloBody,
    /// That the identity in it signed it, for this link.
    pub verified: &'a HelloVerified,
    /// What was served in the TLS handshake; none without TLS.
    pub served: Option<&'a Served>,
}

/// Yes: this hub, for this reason, and what to keep of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Decision {
    /// What made the hub trusted.
    pub how: How,
    /// When to keep [`Decision::entry`].
    pub store: StoreWhen,
    /// What is known of the hub from here on.
    pub entry: Entry,
}

/// What made a hub trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It has the identity that was known, and that vouches for the key served.
    Identity,
    /// No identity was known; the key served is pinned.
    Pin,
    /// No identity was known; the certificate served chains to the given roots.
    Roots,
    /// Nothing was known; the hub has yet to prove that it holds the shared secret.
    FirstContact,
}

/// When to keep an entry. Nothing is ever kept of a link that was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreWhen {
    /// It is what was kept already.
    Nothing,
    /// When Welcome has come.
    Admitted,
    /// When Welcome has come and its MAC has verified, and not before.
    Proved,
}

/// Decides whether to go on with this hub, before anything is sent to it.
///
/// `now_unix` is in seconds since 1970; only certificate dates under `roots` are compared with it.
///
/// # Errors
/// [`TrustError`]: end the link with nothing sent. Trying again changes nothing until a person has
/// done something about it.
pub fn decide(
    mode: Mode,
    known: &KnownHub,
    contact: Contact<'_>,
    now_unix: u64,
) -> Result<Decision, TrustError> {
    let table = TrustLookup { known, contact, id: HubId::of(&contact.hello.identity), now_unix };
    if *contact.verified.identity() != contact.hello.identity {
        return Err(TrustError::BadHello { hub: known.hub.clone(), claimed: table.id });
    }
    let how = match (mode, contact.served) {
        (Mode::Plain, None) => table.plain()?,
        (Mode::Tofu, Some(served)) => table.tofu(served)?,
        (Mode::Strict, Some(served)) => table.strict(served)?,
        (Mode::Plain, Some(_)) => return Err(table.misconfigured(Misconfiguration::PlainOverTls)),
        (Mode::Tofu | Mode::Strict, None) => {
            return Err(table.misconfigured(Misconfiguration::NoTls));
        }
    };
    let entry = table.entry();
    let keep = match how {
        How::FirstContact => StoreWhen::Proved,
        How::Identity | How::Pin | How::Roots if known.entry == Some(entry) => StoreWhen::Nothing,
        How::Identity | How::Pin | How::Roots => StoreWhen::Admitted,
    };
    Ok(Decision { how, store: keep, entry })
}

/// One look at the table.
struct TrustLookup<'a> {
    known: &'a KnownHub,
    contact: Contact<'a>,
    /// The id of the identity that Hello shows.
    id: HubId,
    now_unix: u64,
}

impl TrustLookup<'_> {
    fn plain(&self) -> Result<How, TrustError> {
        if !self.known.pins.is_empty() {
            return Err(self.misconfigured(Misconfiguration::PinsWithPlain));
        }
        if self.known.roots.is_some() {
            return Err(self.misconfigured(Misconfiguration::RootsWithPlain));
        }

        if self.knows_identity() {
            self.has_identity()?;
            return Ok(How::Identity);
        }

        self.first_contact()
    }

    fn tofu(&self, served: &Served) -> Result<How, TrustError> {
        if self.known.roots.is_some() {
            return Err(self.misconfigured(Misconfiguration::RootsWithTofu));
        }

        // Pins are for the first contact: from then on the identity vouches, so that keys rotate.
        if self.knows_identity() {
            self.has_identity()?;
            self.is_vouched(served)?;
            return Ok(How::Identity);
        }

        if !self.known.pins.is_empty() {
            self.is_pinned(served)?;
            self.is_vouched(served)?;
            return Ok(How::Pin);
        }

        self.is_vouched(served)?;
        self.first_contact()
    }

    fn strict(&self, served: &Served) -> Result<How, TrustError> {
        if self.knows_identity() {
            self.has_identity()?;
            self.is_vouched(served)?;
            self.passes_what_was_given(served)?;
            return Ok(How::Identity);
        }

        let how = self.passes_what_was_given(served)?;
        self.is_vouched(served)?;
        Ok(how)
    }

    fn knows_identity(&self) -> bool {
        !self.known.identities().is_empty()
    }

    fn has_identity(&self) -> Result<(), TrustError> {
        let expected = self.known.identities();
        if expected.iter().all(|id| id == self.id) {
            return Ok(());
        }
        Err(TrustError::IdentityMismatch { hub: self.known.hub.clone(), expected, seen: self.id })
    }

    fn is_vouched(&self, served: &Served) -> Result<(), TrustError> {
        if self.contact.hello.tls_keys.contains(&served.pin) {
            return Ok(());
        }
        Err(TrustError::KeyNotVouched {
            hub: self.known.hub.clone(),
            identity: self.id,
            listed: self.contact.hello.tls_keys.clone(),
            seen: served.pin,
        })
    }

    fn is_pinned(&self, served: &Served) -> Result<(), TrustError> {
        if self.known.pins.iter().any(|pin| pin.matches(served)) {
            return Ok(());
        }
        Err(TrustError::PinMismatch {
            hub: self.known.hub.clone(),
            expected: self.known.pins.clone(),
            seen: served.pin,
        })
    }

    /// The key served is pinned where pins were given, and its certificate chains where roots were
    /// given. Where neither was, there is nothing to pass.
    fn passes_what_was_given(&self, served: &Served) -> Result<How, TrustError> {
        let mut how = None;
        if let Some(roots) = &self.known.roots {
            roots
                .check(&served.chain, self.contact.host, self.now_unix)
                .map_err(|fault| TrustError::NotChained { hub: self.known.hub.clone(), fault })?;
            how = Some(How::Roots);
        }
        if !self.known.pins.is_empty() {
            self.is_pinned(served)?;
            how = Some(How::Pin);
        }
        how.ok_or_else(|| TrustError::NothingToCheckBy {
            hub: self.known.hub.clone(),
            known: self.known.identities(),
        })
    }

    fn first_contact(&self) -> Result<How, TrustError> {
        match self.contact.method {
            Method::Secret => Ok(How::FirstContact),
            Method::Open | Method::Join | Method::Resume | Method::Refresh | Method::Pass => {
                Err(TrustError::UnknownHub {
                    hub: self.known.hub.clone(),
                    id: self.id,
                    pin: self.contact.served.map(|served| served.pin),
                })
            }
        }
    }

    /// What is kept: the newest key, and the highest generation even where the hub told a lower
    /// one, so that the hub learns of its own roll-back.
    fn entry(&self) -> Entry {
        let kept = self.known.entry;
        let generation = self.contact.hello.generation;
        Entry {
            identity: self.id,
            pin: self.contact.served.map(|served| served.pin).or(kept.and_then(|kept| kept.pin)),
            generation: kept.map_or(generation, |kept| kept.generation.max(generation)),
            first_seen: kept.map_or(self.now_unix, |kept| kept.first_seen),
        }
    }

    fn misconfigured(&self, what: Misconfiguration) -> TrustError {
        TrustError::Misconfigured { hub: self.known.hub.clone(), what }
    }
}
