//! Where a peer's credential comes from, read anew for each dial.
//!
//! A peer that a join token enrolled chooses by dates: its certificate while that lasts, then its
//! refresh token, then nothing. A refresh token is used under the enrolment's lock, which goes with
//! it to the link and is let go when the disk has what came of it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bowline_core::auth::{Credential, Reconnect, SharedSecret};
use bowline_core::id::{HubId, PeerId};
use bowline_core::wire::frame::Method;

use crate::files::{
    Enrolment, EnrolmentFile, EnrolmentLock, Exposure, SecretSources, Strength, Watched,
    is_descriptor,
};
use crate::peer::SetupError;

/// How long the enrolment's lock is waited for: longer than whoever has it takes as a rule, and
/// less than a program may take to stop.
const LOCKED: Duration = Duration::from_secs(3);

/// Where the credential comes from; asked anew for each dial, on a thread that may block.
#[derive(Clone)]
pub struct CredentialSource {
    read: Arc<CredentialRead>,
    /// The file that it is read from, where there is one.
    watched: Option<Watched>,
}

type CredentialRead = dyn Fn(&Attempt) -> Result<FoundCredential, SetupError> + Send + Sync;

/// What a credential is read for.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempt {
    /// This machine's clock, seconds since 1970.
    pub(super) unix: u64,
    /// The certificate that the hub has just refused for its dates.
    pub(super) refused: Option<Vec<u8>>,
}

/// A credential, and the lock that goes with it.
pub(super) struct FoundCredential {
    pub(super) credential: Credential,
    pub(super) lock: Option<EnrolmentLock>,
}

impl From<Credential> for FoundCredential {
    fn from(credential: Credential) -> Self {
        Self { credential, lock: None }
    }
}

impl CredentialSource {
    /// Asks `read`.
    #[must_use]
    pub fn new(read: impl Fn() -> Result<Credential, SetupError> + Send + Sync + 'static) -> Self {
        Self::of(move |_| read().map(FoundCredential::from))
    }

    pub(super) fn of(
        read: impl Fn(&Attempt) -> Result<FoundCredential, SetupError> + Send + Sync + 'static,
    ) -> Self {
        Self { read: Arc::new(read), watched: None }
    }

    /// The same, which is read from `file`: a peer that waits dials at once when that is changed.
    #[must_use]
    pub fn of_file(self, file: &Path) -> Self {
        self.watching(Watched::new(file, Exposure::Nothing))
    }

    pub(super) fn watching(self, watched: Watched) -> Self {
        Self { watched: Some(watched), ..self }
    }

    /// No credential, and no admission: the hub is looked at as for `method`, and the link ends.
    #[must_use]
    pub fn withheld(method: Method) -> Self {
        Self::new(move || Ok(Credential::Withheld(method)))
    }

    /// No credential: the method `open`.
    #[must_use]
    pub fn open() -> Self {
        Self::new(|| Ok(Credential::Open))
    }

    /// The shared secret in a file that only its owner may read.
    #[must_use]
    pub fn secret_file(path: &Path) -> Self {
        let flag = path.to_owned();
        let source = Self::new(move || {
            let sources = SecretSources { flag: Some(&flag), ..SecretSources::default() };
            let found = sources.find(&mut std::io::empty(), Strength::Full);
            let (secret, _) = found.map_err(|error| SetupError::Credential(error.to_string()))?;
            shared(secret.as_bytes())
        });
        if is_descriptor(path) { source } else { source.of_file(path) }
    }

    /// What the hub minted for this peer, as the file has it at that moment.
    pub(super) fn enrolment(file: EnrolmentFile, of: (HubId, PeerId)) -> Self {
        let watched = file.watched().clone();
        Self::of(move |attempt| comes_back(&file, of, attempt)).watching(watched)
    }

    pub(super) fn read(&self, attempt: &Attempt) -> Result<FoundCredential, SetupError> {
        // A file that is changed while it is read counts as changed after that.
        self.watched.iter().for_each(Watched::note);
        (self.read)(attempt)
    }

    pub(super) fn watched(&self) -> Option<&Watched> {
        self.watched.as_ref()
    }
}

/// The credential of a secret's bytes.
///
/// # Errors
/// [`SetupError::Credential`] under 16 bytes.
pub fn shared(secret: &[u8]) -> Result<Credential, SetupError> {
    SharedSecret::new(secret)
        .map(Credential::Secret)
        .map_err(|error| SetupError::Credential(error.to_string()))
}

impl fmt::Debug for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialSource(..)")
    }
}

/// How an enrolled peer comes back.
// spec: admission §9
pub(super) fn comes_back(
    file: &EnrolmentFile,
    of: (HubId, PeerId),
    attempt: &Attempt,
) -> Result<FoundCredential, SetupError> {
    let (enrolment, way) = look(file, of, attempt)?;
    if way == Reconnect::Resume {
        return Ok(Credential::Resume(enrolment.credentials).into());
    }
    let lock = lock(file)?;
    // Another program may have got new credentials until here.
    let (Enrolment { credentials, .. }, way) = look(file, of, attempt)?;
    match way {
        Reconnect::Resume => Ok(Credential::Resume(credentials).into()),
        Reconnect::Refresh => {
            Ok(FoundCredential { credential: Credential::Refresh(credentials), lock: Some(lock) })
        }
        Reconnect::Ended => Err(SetupError::Ended {
            path: file.path().to_owned(),
            certificate: credentials.not_after,
            refresh: credentials.refresh_ends,
            unix: attempt.unix,
        }),
    }
}

fn look(
    file: &EnrolmentFile,
    (hub, peer): (HubId, PeerId),
    attempt: &Attempt,
) -> Result<(Enrolment, Reconnect), SetupError> {
    let path = || file.path().to_owned();
    let enrolment = file.read()?.ok_or_else(|| SetupError::NotEnrolled { path: path() })?;
    if (enrolment.hub, enrolment.peer) != (hub, peer) {
        return Err(SetupError::EnrolledAnew { path: path() });
    }
    let credentials = &enrolment.credentials;
    let way = match credentials.way(attempt.unix) {
        Reconnect::Resume if attempt.refused.as_ref() == Some(&credentials.certificate) => {
            if attempt.unix < credentials.refresh_ends {
                Reconnect::Refresh
            } else {
                Reconnect::Ended
            }
        }
        way => way,
    };
    Ok((enrolment, way))
}

/// Takes the enrolment's lock, which is waited for a while.
pub(super) fn lock(file: &EnrolmentFile) -> Result<EnrolmentLock, SetupError> {
    let until = Instant::now() + LOCKED;
    loop {
        if let Some(lock) = file.try_lock()? {
            return Ok(lock);
        }
        if Instant::now() >= until {
            let path: PathBuf = file.path().to_owned();
            return Err(SetupError::Busy { path });
        }
        thread::sleep(Duration::from_millis(20));
    }
}
