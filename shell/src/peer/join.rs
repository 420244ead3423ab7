//! Peers that a join token brings: the first admission, and those that come after it.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bowline_core::auth::{Credential, JoinToken};
use bowline_core::id::{HubId, PeerId};
use bowline_core::token::{Invitation, Wrapped, unwrapped};
use bowline_core::trust::PinSpec;
use zeroize::Zeroizing;

use crate::files::{DataDir, Enrolment, EnrolmentFile, HubName, TrustFile};
use crate::peer::builder::{PeerBuilder, SetupError, load_key};
use crate::peer::credential::{CredentialSource, FoundCredential, comes_back, lock};
use crate::peer::keep::{Enrols, PeerStore};
use crate::runtime::Runtime;
use crate::url::{HubUrl, Scheme};

/// A join token that was read, and how it is to be used.
#[derive(Clone)]
#[must_use = "a token is used by PeerBuilder::join"]
pub struct Join {
    token: JoinToken,
    invitation: Invitation,
    urls: Vec<HubUrl>,
    peer: PeerId,
    replaces: bool,
}

impl Join {
    /// Reads a token, without the white space that a mail puts around it and into it. The peer is
    /// to have the id that the token names, else `id`.
    ///
    /// A token is not verified here: that is the hub's to do, and this peer holds the hub to the
    /// identity that the token names. So it is to be taken from somebody who is trusted, as a
    /// configuration is.
    ///
    /// # Errors
    /// [`SetupError::Token`], or [`SetupError::SecretAsToken`]: it is no join token, names no URL
    /// that TLS goes with, or another id than `id`; or there is no id.
    pub fn new(token: &str, id: Option<PeerId>) -> Result<Self, SetupError> {
        let wrong = |reason: String| SetupError::Token(reason);
        let none = |error: &dyn fmt::Display| wrong(format!("not a join token: {error}"));
        let unwrapped = unwrapped(token).map_err(|error| match error {
            Wrapped::Secret => SetupError::SecretAsToken,
            error => none(&error),
        })?;
        let is_whole = matches!(unwrapped, Cow::Borrowed(_));
        let token = Zeroizing::new(unwrapped.into_owned());
        let invitation = Invitation::read(token.as_bytes()).map_err(|error| match is_whole {
            true => none(&error),
            false => none(&format_args!("{error}; white space inside was left out: {ALONE}")),
        })?;
        let peer = match (invitation.id, id) {
            (Some(named), Some(id)) if named != id => {
                return Err(wrong(format!("the token is for the id '{named}', not '{id}'")));
            }
            (Some(id), _) | (None, Some(id)) => id,
            (None, None) => return Err(wrong("the token names no id: give one".to_owned())),
        };
        // A hub without TLS takes no tokens.
        let urls: Vec<HubUrl> = invitation
            .urls
            .iter()
            .filter_map(|url| url.parse().ok())
            .filter(|url: &HubUrl| url.scheme() == Scheme::Wss)
            .collect();
        if urls.is_empty() {
            return Err(wrong("the token names no wss:// URL of its hub".to_owned()));
        }
        Ok(Self { token: JoinToken(token), invitation, urls, peer, replaces: false })
    }

    /// Takes the place of an enrolment with another hub, or by another id.
    pub fn replace(self) -> Self {
        Self { replaces: true, ..self }
    }

    /// What the token says; nothing of it is verified.
    #[must_use]
    pub fn invitation(&self) -> &Invitation {
        &self.invitation
    }

    /// The URLs of the hub, in the order in which they are tried.
    #[must_use]
    pub fn urls(&self) -> &[HubUrl] {
        &self.urls
    }

    /// The id that is asked for.
    #[must_use]
    pub fn peer(&self) -> PeerId {
        self.peer
    }

    /// Whether an enrolment that is there already may go.
    fn may_replace(&self, before: Option<Enrolment>, path: &Path) -> Result<(), SetupError> {
        match before {
            Some(before) if !self.replaces => {
                if (before.hub, before.peer) == (self.invitation.hub, self.peer) {
                    return Ok(());
                }
                let (hub, peer, path) = (before.hub, before.peer, path.to_owned());
                Err(SetupError::Enrolled { path, hub, peer })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// What to do where more than a token was given.
const ALONE: &str = "give the token alone, which begins with 'eyJ'";

/// What the token says, and never the token.
impl fmt::Debug for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join")
            .field("jti", &self.invitation.jti)
            .field("hub", &self.invitation.hub)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

impl<R: Runtime> PeerBuilder<R> {
    /// A peer that enrols with a join token, and comes back by what the hub then minted, which is
    /// kept in `data` as [`Enrolment`]. The same token may be used again by the same key until it
    /// ends: a reply that was lost locks nobody out.
    ///
    /// # Errors
    /// [`SetupError`]: the directory, the key or randomness; [`SetupError::Enrolled`] where `data`
    /// has an enrolment with another hub or by another id, unless [`Join::replace`] says otherwise.
    pub fn join(runtime: R, join: Join, data: &Path) -> Result<Self, SetupError> {
        let data = DataDir::create(data)?;
        let key = load_key(&data.peer_key())?;
        let file = EnrolmentFile::new(data.enrolment());
        join.may_replace(file.read()?, file.path())?;
        let Join { invitation, urls, peer, .. } = join.clone();
        let joined = Arc::new(AtomicBool::new(false));
        let enrols = Enrols { urls: urls.clone(), jti: invitation.jti, joined: joined.clone() };
        let name = HubName::of(&urls, invitation.hub);
        let keeper = PeerStore::file(TrustFile::new(data.trust()), name);
        let keeper = keeper.enrols(file.clone(), enrols);
        let credential = credential(join, file, joined);
        let builder = Self::reached(runtime, urls, peer, key);
        let builder = builder.pins(invitation.pins.iter().copied().map(PinSpec::Key));
        Ok(Self { keeper, ..builder }.token_issuer(invitation.hub).credential(credential))
    }

    /// A peer that a join token enrolled: its hub, its id and its credentials are those that `data`
    /// has; none where nothing is enrolled there. The credentials are read anew for each dial.
    ///
    /// # Errors
    /// [`SetupError`]: the directory, the enrolment or the key.
    pub fn enrolled(runtime: R, data: &Path) -> Result<Option<Self>, SetupError> {
        let file = EnrolmentFile::new(data.join("enrolment"));
        let Some(enrolment) = file.read()? else { return Ok(None) };
        let data = DataDir::open(data)?;
        let key = load_key(&data.peer_key())?;
        let name = enrolment.hub_name();
        let Enrolment { hub, urls, peer, .. } = enrolment;
        let keeper = PeerStore::file(TrustFile::new(data.trust()), name);
        let keeper = keeper.renews(file.clone());
        let builder = Self { keeper, ..Self::reached(runtime, urls, peer, key) };
        let credential = CredentialSource::enrolment(file, (hub, peer));
        Ok(Some(builder.token_issuer(hub).credential(credential)))
    }

    fn token_issuer(mut self, hub: HubId) -> Self {
        self.known.token_issuer = Some(hub);
        self
    }
}

/// The token until it has been used, and from then on what came of it.
fn credential(join: Join, file: EnrolmentFile, joined: Arc<AtomicBool>) -> CredentialSource {
    let of = (join.invitation.hub, join.peer);
    let watched = file.watched().clone();
    let source = CredentialSource::of(move |attempt| {
        if joined.load(Ordering::Acquire) {
            return comes_back(&file, of, attempt);
        }
        // What is kept is void as soon as the hub takes the token: nobody is to use it meanwhile.
        let lock = lock(&file)?;
        join.may_replace(file.read()?, file.path())?;
        Ok(FoundCredential { credential: Credential::Join(join.token.clone()), lock: Some(lock) })
    });
    source.watching(watched)
}
