//! What a peer is told before it dials.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bowline_core::auth::{Credential, SharedSecret};
use bowline_core::id::{CommandName, HubId, PeerId};
use bowline_core::identity::{PeerKey, SigningKey};
use bowline_core::limits::Limits;
use bowline_core::random::Random;
use bowline_core::trust::{Known, Mode, PinSpec, Roots};
use bowline_core::wire::frame::{Command, Method, Purpose};

use crate::arguments::CommandSpec;
use crate::call::{Call, Reply};
use crate::config::{HubUrl, Scheme};
use crate::entropy;
use crate::files::{self, DataDir, FileError, SecretSources, Strength, TrustFile, pem};
use crate::notice::Observer;
use crate::peer::keep::Keeper;
use crate::peer::program::program;
use crate::peer::service::Service;
use crate::runtime::Runtime;

/// A peer or an operator in the making.
#[derive(Debug)]
#[must_use = "nothing is dialled before connect or start"]
pub struct PeerBuilder<R: Runtime> {
    pub(super) runtime: R,
    pub(super) place: Place,
    pub(super) id: PeerId,
    pub(super) key: Arc<PeerKey>,
    pub(super) mode: Mode,
    pub(super) known: Known,
    pub(super) keeper: Keeper,
    pub(super) credential: CredentialSource,
    pub(super) purpose: Purpose,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) service: Arc<Service>,
    pub(super) observer: Observer,
    pub(super) limits: Limits,
}

/// Where a hub is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    Network(HubUrl),
    /// On this machine, by its local socket.
    Local(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(url) => fmt::Display::fmt(url, f),
            Self::Local(path) => fmt::Display::fmt(&path.display(), f),
        }
    }
}

/// What a dial needs and does not have.
#[derive(Debug, thiserror::Error)]
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

/// Where the credential comes from; asked anew for each dial, on a thread that may block.
#[derive(Clone)]
pub struct CredentialSource(Arc<dyn Fn() -> Result<Credential, SetupError> + Send + Sync>);

impl CredentialSource {
    /// Asks `read`.
    #[must_use]
    pub fn new(read: impl Fn() -> Result<Credential, SetupError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
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
        let path = path.to_owned();
        Self::new(move || {
            let sources = SecretSources { flag: Some(&path), ..SecretSources::default() };
            let found = sources.find(&mut std::io::empty(), Strength::Full);
            let (secret, _) = found.map_err(|error| SetupError::Credential(error.to_string()))?;
            shared(secret.as_bytes())
        })
    }

    pub(super) fn read(&self) -> Result<Credential, SetupError> {
        (self.0)()
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
        let keeper = Keeper::File(TrustFile::new(data.trust()), url.to_string());
        let builder = Self::with_key(runtime, url, id, key);
        Ok(Self { keeper, ..builder }.secret_file(&data.secret()))
    }

    /// A peer with a key of its own that keeps nothing: what it is told of the hub is all it knows.
    pub fn with_key(runtime: R, url: HubUrl, id: PeerId, key: PeerKey) -> Self {
        let mode = match url.scheme() {
            Scheme::Ws => Mode::Plain,
            Scheme::Wss => Mode::Tofu,
        };
        Self::at(runtime, Place::Network(url), mode, id, key)
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
        let place = Place::Local(path.to_owned());
        let builder = Self::at(runtime, place, Mode::Plain, PeerId::operator(), key);
        Ok(builder.hub_id(hub).operate())
    }

    fn at(runtime: R, place: Place, mode: Mode, id: PeerId, key: PeerKey) -> Self {
        let known = Known { hub: place.to_string(), ..Known::default() };
        Self {
            runtime,
            place,
            id,
            key: Arc::new(key),
            mode,
            known,
            keeper: Keeper::Nowhere,
            credential: CredentialSource::open(),
            purpose: Purpose::Serve,
            labels: BTreeMap::new(),
            service: Arc::default(),
            observer: Observer::default(),
            limits: Limits::default(),
        }
    }

    /// Reads what the trust file `path` has kept of the hub, and changes nothing in it.
    pub fn recall(mut self, path: &Path) -> Self {
        self.keeper = Keeper::Reads(TrustFile::new(path.to_owned()), self.place.to_string());
        self
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
    pub fn secret_file(self, path: &Path) -> Self {
        self.credential(CredentialSource::secret_file(path))
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
        let handler = Arc::new(move |call| {
            let work = handler(call);
            Box::pin(async move { work.await.into() }) as _
        });
        Arc::make_mut(&mut self.service).add(declared, None, handler);
        self
    }

    /// Serves a configured command by its program.
    pub fn program(mut self, spec: CommandSpec) -> Self {
        let (declared, timeout) = (spec.declared(), spec.timeout());
        let handler = program(self.runtime.clone(), spec);
        Arc::make_mut(&mut self.service).add(declared, timeout, handler);
        self
    }

    /// Who is told what happens.
    pub fn observer(mut self, observer: Observer) -> Self {
        self.observer = observer;
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
    let broken = |reason: String| SetupError::Key { path: path.display().to_string(), reason };
    let (pem, _) = files::load_or_create(path, || {
        let seed = entropy::seed().map_err(|error| broken(error.to_string()))?;
        let key = SigningKey::generate(&mut Random::new(&seed));
        Ok::<_, SetupError>(pem::encode(pem::PRIVATE_KEY, &key.to_pkcs8()))
    })?;
    let der = pem::pkcs8(&pem, path)?;
    SigningKey::from_pkcs8(&der).map_err(|error| broken(error.to_string()))
}
