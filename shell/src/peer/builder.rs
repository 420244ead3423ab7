//! What a peer is told before it dials.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bowline_core::id::{CommandName, HubId, PeerId};
use bowline_core::identity::{PeerKey, SigningKey};
use bowline_core::limits::Limits;
use bowline_core::random::Random;
use bowline_core::token::Wrapped;
use bowline_core::trust::{KnownHub, Mode, PinSpec, Roots};
use bowline_core::wire::frame::{Command, Purpose};

#[cfg(feature = "process")]
use crate::arguments::CommandSpec;
use crate::call::{Call, Reply};
use crate::entropy;
use crate::files::{self, DataDir, EnrolmentFile, FileError, HubName, TrustFile, pem, shown};
use crate::notice::Subscriber;
use crate::peer::credential::CredentialSource;
use crate::peer::keep::PeerStore;
#[cfg(feature = "process")]
use crate::peer::program::program;
use crate::peer::service::Service;
use crate::runtime::Runtime;
#[cfg(feature = "process")]
use crate::stage::Stage;
use crate::url::{HubUrl, Scheme};

/// A peer or an operator in the making.
#[derive(Debug)]
#[must_use = "nothing is dialled before connect or start"]
pub struct PeerBuilder<R: Runtime> {
    pub(super) runtime: R,
    pub(super) place: HubPlace,
    pub(super) id: PeerId,
    pub(super) key: Arc<PeerKey>,
    pub(super) mode: Mode,
    pub(super) known: KnownHub,
    pub(super) keeper: PeerStore,
    pub(super) credential: CredentialSource,
    pub(super) purpose: Purpose,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) service: Arc<Service>,
    #[cfg(feature = "process")]
    pub(super) stage: Option<Stage>,
    pub(super) subscriber: Subscriber,
    pub(super) limits: Limits,
}

/// Where a hub is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum HubPlace {
    /// At one of these, the first that answers; at least one.
    Network(Vec<HubUrl>),
    /// On this machine, by its local socket.
    Local(PathBuf),
}

impl fmt::Display for HubPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(urls) => fmt::Display::fmt(&urls[0], f),
            Self::Local(path) => f.write_str(&shown(path)),
        }
    }
}

/// What a dial needs and does not have.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// A file of the data directory.
    #[error(transparent)]
    File(#[from] FileError),
    /// The key file holds no Ed25519 key.
    #[error("{path}: {reason}")]
    Key {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The credential cannot be read.
    #[error("{0}")]
    Credential(String),
    /// The trust file cannot be read.
    #[error("{0}")]
    Trust(String),
    /// A join token that cannot be used.
    #[error("{0}")]
    Token(String),
    /// A shared secret in the place of a join token.
    #[error("not a join token: {}: give it by PeerBuilder::secret_file", Wrapped::Secret)]
    SecretAsToken,
    /// There is no enrolment.
    #[error(
        "this peer is not enrolled ({} is not there): run 'bowline join' with a token from the \
         hub's operator", shown(.path)
    )]
    NotEnrolled {
        /// Where it would be.
        path: PathBuf,
    },
    /// There is an enrolment with another hub, or by another id.
    #[error(
        "this peer is enrolled with {hub} as '{peer}' ({}): another token would take the place of \
         that; give --force where it may, or another directory with --data", shown(.path)
    )]
    Enrolled {
        /// Where it is.
        path: PathBuf,
        /// The hub.
        hub: HubId,
        /// The id there.
        peer: PeerId,
    },
    /// The enrolment is another one than when this began.
    #[error("{} is of another hub or id than when this began: start it again", shown(.path))]
    EnrolledAnew {
        /// Where it is.
        path: PathBuf,
    },
    /// Both the certificate and the refresh token have ended.
    #[error(
        "the enrolment in {} has ended, its refresh token {} before this machine's clock: ask the \
         hub's operator for a new token and run 'bowline join' with it. If the clock is wrong, set \
         it", shown(.path), days(.unix.saturating_sub(*.refresh))
    )]
    Ended {
        /// Where it is.
        path: PathBuf,
        /// When the certificate ended, seconds since 1970.
        certificate: u64,
        /// When the refresh token ended, seconds since 1970.
        refresh: u64,
        /// This machine's clock, seconds since 1970.
        unix: u64,
    },
    /// Another program is getting new credentials for this peer.
    #[error(
        "another program of this peer is getting new credentials ({} is locked): try again in a \
         moment", shown(.path)
    )]
    Busy {
        /// The enrolment.
        path: PathBuf,
    },
    /// TLS cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
    /// The URL and the trust mode do not go together.
    #[error(
        "{0} does not go with the trust mode: wss:// goes with 'tofu' and 'strict', ws:// with \
         'plain'"
    )]
    Scheme(HubUrl),
}

bowline_core::debug_as_display!(SetupError);

fn days(seconds: u64) -> String {
    match seconds {
        ..7200 => format!("{} minutes", seconds / 60),
        7200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

impl<R: Runtime> PeerBuilder<R> {
    /// A peer that keeps its key and its trust in `data`, which is made where it is missing. It is
    /// `tofu`, or `plain` for a `ws://` URL; it serves; its credential is the data directory's
    /// `secret.key`.
    ///
    /// # Errors
    /// [`SetupError`]: the directory, the key or randomness.
    pub fn new(runtime: R, url: HubUrl, id: PeerId, data: &Path) -> Result<Self, SetupError> {
        let data = DataDir::create(data)?;
        let key = load_key(&data.peer_key())?;
        let keeper = PeerStore::file(TrustFile::new(data.trust()), HubName::from(&url));
        let builder = Self::with_key(runtime, url, id, key);
        Ok(Self { keeper, ..builder }.secret_file(data.secret()))
    }

    /// A peer with a key of its own that keeps nothing: what it is told of the hub is all it knows.
    pub fn with_key(runtime: R, url: HubUrl, id: PeerId, key: PeerKey) -> Self {
        let mode = match url.scheme() {
            Scheme::Ws => Mode::Plain,
            Scheme::Wss => Mode::Tofu,
        };
        Self::at(runtime, HubPlace::Network(vec![url]), mode, id, key)
    }

    /// A peer with a key of its own, of a hub with TLS at one of `urls`.
    pub(super) fn reached(runtime: R, urls: Vec<HubUrl>, id: PeerId, key: PeerKey) -> Self {
        Self::at(runtime, HubPlace::Network(urls), Mode::Tofu, id, key)
    }

    /// The operator of the hub on this machine that listens on the local socket at `path` and has
    /// the identity `hub`: it proves nothing but that it may open the socket, calls and watches.
    ///
    /// # Errors
    /// [`SetupError`]: the system gives no randomness.
    pub fn local(runtime: R, path: &Path, hub: HubId) -> Result<Self, SetupError> {
        let seed = entropy::seed().map_err(|error| SetupError::Credential(error.to_string()))?;
        // It is not sent: a link needs one.
        let key = PeerKey(SigningKey::generate(&mut Random::new(&seed)));
        let place = HubPlace::Local(path.to_owned());
        let builder = Self::at(runtime, place, Mode::Plain, PeerId::operator(), key);
        Ok(builder.hub_id(hub).operate())
    }

    fn at(runtime: R, place: HubPlace, mode: Mode, id: PeerId, key: PeerKey) -> Self {
        let known = KnownHub { hub: place.to_string(), ..KnownHub::default() };
        Self {
            runtime,
            place,
            id,
            key: Arc::new(key),
            mode,
            known,
            keeper: PeerStore::nowhere(),
            credential: CredentialSource::open(),
            purpose: Purpose::Serve,
            labels: BTreeMap::new(),
            service: Arc::default(),
            #[cfg(feature = "process")]
            stage: None,
            subscriber: Subscriber::default(),
            limits: Limits::default(),
        }
    }

    /// Reads what the trust file `path` has kept of the hub under `name`, and changes nothing in
    /// it.
    pub fn recall(mut self, path: &Path, name: HubName) -> Self {
        self.keeper = self.keeper.reads(TrustFile::new(path.to_owned()), name);
        self
    }

    /// Comes back by the enrolment in this file, read anew for each dial. New credentials are kept
    /// there, whatever else is kept: the ones before them may be void from then on.
    ///
    /// # Errors
    /// [`SetupError`]: there is none, it is of another id, or it cannot be read.
    pub fn enrolment(mut self, path: &Path) -> Result<Self, SetupError> {
        let file = EnrolmentFile::new(path.to_owned());
        let path = || path.to_owned();
        let found = file.read()?.ok_or_else(|| SetupError::NotEnrolled { path: path() })?;
        if found.peer != self.id {
            return Err(SetupError::EnrolledAnew { path: path() });
        }
        self.keeper = self.keeper.renews(file.clone());
        self.known.token_issuer = Some(found.hub);
        Ok(self.credential(CredentialSource::enrolment(file, (found.hub, found.peer))))
    }

    /// How long each step may take: finding and connecting a socket; TLS and the upgrade;
    /// admission. Ten seconds, but five for admission, unless said otherwise.
    pub fn timeout(mut self, step: Duration) -> Self {
        self.limits.upgrade_within = step;
        self.limits.admission_within = step;
        self
    }

    /// The bounds of its links. [`PeerBuilder::timeout`] and [`PeerBuilder::drain`] are to be
    /// said after this.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How long calls that run here when the peer is told to stop have to end by themselves (3 s).
    pub fn drain(mut self, within: Duration) -> Self {
        self.limits.drain = within;
        self
    }

    /// How the hub is checked.
    pub fn trust(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// The hub's identity, known beforehand.
    pub fn hub_id(mut self, id: HubId) -> Self {
        self.known.hub_id = Some(id);
        self
    }

    /// TLS keys or certificates that are trusted beforehand.
    pub fn pins(mut self, pins: impl IntoIterator<Item = PinSpec>) -> Self {
        self.known.pins.extend(pins);
        self
    }

    /// Roots that the hub's certificate has to chain to, in `strict`.
    pub fn roots(mut self, roots: Roots) -> Self {
        self.known.roots = Some(roots);
        self
    }

    /// How this peer proves itself.
    pub fn credential(mut self, source: CredentialSource) -> Self {
        self.credential = source;
        self
    }

    /// Proves itself with the shared secret in this file.
    pub fn secret_file(self, path: impl AsRef<Path>) -> Self {
        self.credential(CredentialSource::secret_file(path.as_ref()))
    }

    /// Calls and watches, and serves nothing.
    pub fn operate(mut self) -> Self {
        self.purpose = Purpose::Operate;
        self
    }

    /// One of this peer's labels.
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Serves a command by a closure. It takes whatever arguments it is given.
    pub fn command<F, T>(
        mut self,
        name: CommandName,
        handler: impl Fn(Call) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = T> + Send + 'static,
        T: Into<Reply>,
    {
        let declared = Command { name, description: String::new(), arguments: Vec::new() };
        let runtime = self.runtime.clone();
        Arc::make_mut(&mut self.service).add(declared, None, runtime, handler);
        self
    }

    /// Starts the programs that are said after this by a stage: they lead sessions without a
    /// terminal, and inherit no descriptor. Without one they lead process groups, and inherit
    /// what this process has open and not marked as close-on-exec.
    #[cfg(feature = "process")]
    pub fn stage(mut self, stage: Stage) -> Self {
        self.stage = Some(stage);
        self
    }

    /// Serves a configured command by its program.
    #[cfg(feature = "process")]
    pub fn program(mut self, spec: CommandSpec) -> Self {
        let (declared, timeout) = (spec.declared(), spec.timeout());
        let runtime = self.runtime.clone();
        let handler = program(runtime.clone(), spec, self.stage.clone());
        Arc::make_mut(&mut self.service).add(declared, timeout, runtime, handler);
        self
    }

    /// Who is told what happens.
    pub fn subscriber(mut self, subscriber: Subscriber) -> Self {
        self.subscriber = subscriber;
        self
    }
}

/// The peer key in `path`, made at the first start.
///
/// # Errors
/// [`SetupError`]: the file cannot be read or made, or holds no Ed25519 key.
pub fn load_key(path: &Path) -> Result<PeerKey, SetupError> {
    load_signing_key(path).map(PeerKey)
}

/// Reads the Ed25519 key in `path`, or makes one from the system's randomness.
pub(crate) fn load_signing_key(path: &Path) -> Result<SigningKey, SetupError> {
    let broken = |reason: String| SetupError::Key { path: shown(path), reason };
    let (pem, _) = files::load_or_create(path, || {
        let seed = entropy::seed().map_err(|error| broken(error.to_string()))?;
        let key = SigningKey::generate(&mut Random::new(&seed));
        Ok::<_, SetupError>(pem::encode(pem::PRIVATE_KEY, &key.to_pkcs8()))
    })?;
    let der = pem::pkcs8(&pem, path)?;
    SigningKey::from_pkcs8(&der).map_err(|error| broken(error.to_string()))
}
