//! Where a peer keeps what it learnt of a hub and what the hub minted, and reads the former again
//! for each dial.
//!
//! Both are on the disk before the link goes on, the trust first: credentials without it would be a
//! peer that comes back to a hub that it does not know. A crash between the two leaves what was
//! there before: the token joins again by the same key, and a refresh token is good until its
//! successor is used.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bowline_core::ask::{Answer, PeerUpdate};
use bowline_core::code::Code;
use bowline_core::id::Jti;
use bowline_core::trust::{Entry, KnownHub, PinSpec, SeenStart};
use bowline_core::wire::frame::Issued;

use crate::files::{self, Enrolment, EnrolmentFile, EnrolmentLock, HubName, TrustFile, Watched};
use crate::peer::SetupError;
use crate::runtime::Runtime;
use crate::url::HubUrl;

/// Where a peer keeps things.
#[derive(Clone, Debug)]
pub(super) struct PeerStore {
    trust: Trust,
    enrolment: Option<(EnrolmentFile, Option<Enrols>)>,
}

/// Where trust is kept.
#[derive(Clone, Debug)]
enum Trust {
    /// In a trust file, under the hub's name.
    File(TrustFile, HubName),
    /// Read from a trust file, under the hub's name, and kept nowhere.
    Reads(TrustFile, HubName),
    /// Nowhere: what is known was given and does not change.
    Nowhere,
}

/// What an enrolment begins with.
#[derive(Clone, Debug)]
pub(super) struct Enrols {
    /// Where the hub is, the best first.
    pub(super) urls: Vec<HubUrl>,
    /// The token.
    pub(super) jti: Jti,
    /// Whether the enrolment was written.
    pub(super) joined: Arc<AtomicBool>,
}

/// The enrolment's lock, for one link.
#[derive(Clone, Debug, Default)]
pub(super) struct EnrolmentHold(Arc<Mutex<Option<EnrolmentLock>>>);

impl EnrolmentHold {
    pub(super) fn new(lock: Option<EnrolmentLock>) -> Self {
        Self(Arc::new(Mutex::new(lock)))
    }

    fn hold(&self) -> MutexGuard<'_, Option<EnrolmentLock>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets others have it.
    pub(super) fn release(&self) {
        *self.hold() = None;
    }
}

impl PeerStore {
    /// Keeps trust in this file, under this name.
    pub(super) fn file(file: TrustFile, hub: HubName) -> Self {
        Self { trust: Trust::File(file, hub), enrolment: None }
    }

    /// Keeps nothing.
    pub(super) fn nowhere() -> Self {
        Self { trust: Trust::Nowhere, enrolment: None }
    }

    /// The same, which reads trust and keeps none.
    pub(super) fn reads(self, file: TrustFile, hub: HubName) -> Self {
        Self { trust: Trust::Reads(file, hub), ..self }
    }

    /// The same, which begins an enrolment.
    pub(super) fn enrols(self, file: EnrolmentFile, enrols: Enrols) -> Self {
        Self { enrolment: Some((file, Some(enrols))), ..self }
    }

    /// The same, which keeps new credentials of an enrolment.
    pub(super) fn renews(self, file: EnrolmentFile) -> Self {
        Self { enrolment: Some((file, None)), ..self }
    }

    /// Whether what is learnt of the hub is kept.
    pub(super) fn keeps_trust(&self) -> bool {
        matches!(self.trust, Trust::File(..))
    }

    /// Where what is known of the hub is read from, if anywhere.
    pub(super) fn watched(&self) -> Option<&Watched> {
        match &self.trust {
            Trust::File(file, _) | Trust::Reads(file, _) => Some(file.watched()),
            Trust::Nowhere => None,
        }
    }

    /// Keeps what there is on a thread that may block, and tells whether it is on the disk.
    pub(super) async fn store<R: Runtime>(
        self,
        runtime: R,
        kept: PeerUpdate,
        locked: EnrolmentHold,
        then: impl FnOnce(Answer) + Send,
    ) {
        let stored = runtime.blocking(move || {
            let stored = self.write(&kept);
            locked.release();
            stored
        });
        then(match stored.await.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(()) => Answer::Stored,
            Err(error) => {
                tracing::error!(error, "what the hub showed and minted could not be kept");
                Answer::Refused(Code::Unavailable.into())
            }
        });
    }

    fn write(&self, kept: &PeerUpdate) -> Result<(), String> {
        if let Some(entry) = kept.entry {
            self.store_trust(entry, kept.seen.clone())?;
        }
        kept.issued.as_ref().map_or(Ok(()), |issued| self.store_issued(issued))
    }

    fn store_trust(&self, entry: Entry, seen: Option<SeenStart>) -> Result<(), String> {
        let Trust::File(file, hub) = &self.trust else { return Ok(()) };
        let Entry { identity, pin, generation, first_seen } = entry;
        file.keep(hub, identity, pin, (generation, seen), first_seen)
            .map_err(|error| error.to_string())
    }

    fn store_issued(&self, issued: &Issued) -> Result<(), String> {
        let Some((file, enrols)) = &self.enrolment else {
            return Err("there is no file to keep credentials in".to_owned());
        };
        let before = || file.read().map_err(|error| error.to_string());
        let enrolment = match enrols {
            Some(enrols) if !enrols.joined.load(Ordering::Acquire) => enrols.enrolment(issued)?,
            Some(_) | None => {
                before()?.ok_or("the enrolment is gone")?.renewed(issued).map_err(str::to_owned)?
            }
        };
        file.write(&enrolment).map_err(|error| error.to_string())?;
        if let Some(enrols) = enrols {
            enrols.joined.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// The credentials that are kept at this moment, asked on a thread that may block. Nobody else
    /// gets new ones until the lock is let go.
    pub(super) async fn load<R: Runtime>(
        self,
        runtime: R,
        locked: EnrolmentHold,
        then: impl FnOnce(Answer) + Send,
    ) {
        let held = runtime.blocking(move || self.look(&locked));
        then(match held.await.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(held) => Answer::Loaded(held.map(Box::new)),
            Err(error) => {
                tracing::warn!(error, "new credentials are asked for later");
                Answer::Refused(Code::Unavailable.into())
            }
        });
    }

    fn look(&self, locked: &EnrolmentHold) -> Result<Option<Issued>, String> {
        let Some((file, _)) = &self.enrolment else { return Ok(None) };
        let mut lock = locked.hold();
        if lock.is_none() {
            *lock = file.try_lock().map_err(|error| error.to_string())?;
        }
        if lock.is_none() {
            return Err("another program of this peer is getting new credentials".to_owned());
        }
        let enrolment = file.read().map_err(|error| error.to_string())?;
        Ok(Some(enrolment.ok_or("the enrolment is gone")?.issued()))
    }

    /// What was configured, and what was kept.
    pub(super) fn recall(&self, mut known: KnownHub) -> Result<KnownHub, SetupError> {
        let (Trust::File(file, hub) | Trust::Reads(file, hub)) = &self.trust else {
            return Ok(known);
        };
        let record = file.show(hub).map_err(|error| SetupError::Trust(error.to_string()))?;
        let Some(record) = record else { return Ok(known) };
        known.pins.extend(record.pinned.iter().copied().map(PinSpec::Key));
        known.seen = record.hello;
        known.entry = record.identity.map(|identity| Entry {
            identity,
            pin: record.pin,
            generation: record.generation,
            first_seen: record.first_seen,
        });
        Ok(known)
    }
}

impl Enrols {
    fn enrolment(&self, issued: &Issued) -> Result<Enrolment, String> {
        let (credentials, hub, peer, _) = files::credentials(issued).map_err(str::to_owned)?;
        Ok(Enrolment { hub, urls: self.urls.clone(), peer, jti: self.jti, credentials })
    }
}

#[cfg(test)]
mod tests;
