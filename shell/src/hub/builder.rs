//! What a hub is told before it listens, and its start.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bowline_core::auth::{HubSnapshot, Joins};
use bowline_core::hub::{Hub as Machine, HubConfig as MachineConfig, Source};
use bowline_core::identity::HubIdentity;
use bowline_core::limits::Limits;
use bowline_core::socket::UpgradePolicy;

use crate::config::{
    ConfigError, HubConfig, HubSettings, HubUrl, Insecure, Scheme, TlsMode, Warning,
};
use crate::entropy;
use crate::files::{
    ControlSocket, DataDir, DirLock, Endpoint, FileError, Secret, SecretError, SecretOrigin,
    Strength,
};
use crate::hub::inviting::{held, urls};
use crate::hub::keys;
use crate::hub::presence::Presence;
use crate::hub::secret::{self, Loaded};
use crate::hub::serve::{Facts, Hub, Setup, Sockets};
use crate::hub::shared::Shared;
use crate::hub::token_key;
use crate::ledger::{Ledger, LedgerError, LedgerThread, Tokens};
use crate::notice::Subscriber;
use crate::peer::SetupError;
use crate::runtime::Runtime;

/// Requests that wait for the ledger.
const LEDGER_ROOM: usize = 1024;

/// A hub in the making.
#[derive(Debug)]
#[must_use = "nothing listens before start"]
pub struct HubBuilder<R: Runtime> {
    runtime: R,
    data: DataDir,
    settings: HubSettings,
    insecure: Insecure,
    secret: Option<(Secret, Option<SecretOrigin>)>,
    limits: Limits,
    accept_restored: Option<Tokens>,
    subscriber: Subscriber,
}

/// Why a hub does not start.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A file of the data directory.
    #[error(transparent)]
    File(#[from] FileError),
    /// A key.
    #[error(transparent)]
    Key(#[from] SetupError),
    /// The shared secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The certificate.
    #[error("{path}: {reason}")]
    Certificate {
        /// The file, or both.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// The address.
    #[error("cannot listen on {bind}: {reason}{}", behind(remedy(.reason.kind())))]
    Listen {
        /// The address.
        bind: SocketAddr,
        /// The system's reason.
        reason: io::Error,
    },
    /// The system gives no thread.
    #[error("cannot start the ledger's thread: {0}")]
    Thread(String),
}

bowline_core::debug_as_display!(StartError);

impl StartError {
    /// What to do about an address that cannot be listened on; [`StartError::Listen`] says it too.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Listen { reason, .. } => remedy(reason.kind()),
            _ => None,
        }
    }
}

fn remedy(kind: io::ErrorKind) -> Option<&'static str> {
    match kind {
        io::ErrorKind::AddrInUse => {
            Some("Another program listens there: stop it, or give another --bind")
        }
        io::ErrorKind::AddrNotAvailable => Some("It is not an address of this machine: see --bind"),
        io::ErrorKind::PermissionDenied => Some("This port needs a privilege: take one above 1023"),
        _ => None,
    }
}

fn behind(remedy: Option<&'static str>) -> String {
    remedy.map_or_else(String::new, |remedy| format!(". {remedy}"))
}

impl<R: Runtime> HubBuilder<R> {
    /// A hub that keeps its keys and its ledger in `data`, which is made where it is missing. It
    /// listens on 127.0.0.1:7777 with TLS, and offers the shared secret.
    ///
    /// # Errors
    /// [`FileError`]: the directory cannot be made or used.
    pub fn new(runtime: R, data: &Path) -> Result<Self, FileError> {
        Ok(Self {
            runtime,
            data: DataDir::create(data)?,
            settings: HubSettings::default(),
            insecure: Insecure::default(),
            secret: None,
            limits: Limits::default(),
            accept_restored: None,
            subscriber: Subscriber::default(),
        })
    }

    /// What the configuration says, in place of what was said before.
    pub fn settings(mut self, settings: HubSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Where to listen; port 0 lets the system choose.
    pub fn bind(mut self, bind: SocketAddr) -> Self {
        self.settings.bind = Some(crate::config::Bind(bind));
        self
    }

    /// Risks that are accepted.
    pub fn insecure(mut self, insecure: Insecure) -> Self {
        self.insecure = insecure;
        self
    }

    /// The shared secret; without, it is the data directory's, or the configuration's file.
    pub fn secret(mut self, secret: Secret) -> Self {
        self.secret = Some((secret, None));
        self
    }

    /// The shared secret, and where it was found: one in a file can be rotated.
    pub fn secret_from(mut self, secret: Secret, origin: SecretOrigin) -> Self {
        self.secret = Some((secret, Some(origin)));
        self
    }

    /// The bounds; the configuration's go before.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Takes a ledger that was restored from a backup for good: every join token made before is
    /// revoked, and every refresh token void, unless tokens are kept. Changes nothing where nothing
    /// has shown that it was.
    pub fn accept_restored(mut self, tokens: Tokens) -> Self {
        self.accept_restored = Some(tokens);
        self
    }

    /// Who is told what happens.
    pub fn subscriber(mut self, subscriber: Subscriber) -> Self {
        self.subscriber = subscriber;
        self
    }

    /// Reads or makes the keys, opens the ledger, raises the generation, and listens. Blocks for
    /// the few files that it reads and writes.
    ///
    /// # Errors
    /// [`StartError`]: nothing listens.
    pub fn start(self) -> Result<Hub<R>, StartError> {
        let config = self.settings.clone().resolve()?;
        let mut warnings = config.check(&self.insecure)?;
        let lock = DirLock::take(&self.data)?;
        // Made by the first start and looked at by every one: a hub whose keys others may have read
        // does not start.
        let identity = keys::identity(&self.data)?;
        let variable = |name: &str| std::env::var_os(name);
        // Before this start is counted: that would end the other one.
        if let Some(socket) = ControlSocket::answered(&self.data, identity.id(), variable) {
            let endpoint = Endpoint::read(&self.data).ok().flatten();
            let its = endpoint.filter(|endpoint| endpoint.control.as_ref() == Some(&socket));
            let pid = its.map(|endpoint| endpoint.pid);
            return Err(FileError::Locked { path: self.data.path().to_owned(), pid }.into());
        }
        let mut ledger = Ledger::open(&self.data.ledger())?;
        let now = crate::clock::Clock::start().now().unix;
        if let Some(tokens) = self.accept_restored {
            accept_restored(&mut ledger, now, tokens)?;
        }
        let generation = ledger.raise_generation()?;
        let authority = keys::authority(&self.data, identity.id(), now)?;
        let signer = token_key::load(&self.data, &mut ledger, now)?;
        let known = ledger.durable()?;
        warnings.extend(known.restored.map(Warning::Restored));
        let ledger = LedgerThread::start(ledger, LEDGER_ROOM)
            .map_err(|error| StartError::Thread(error.to_string()))?;
        let mut limits = self.limits.clone();
        config.limits.apply(&mut limits);
        let joins = Joins {
            authority: Arc::new(authority),
            keys: held(&known.keys),
            signer: Arc::new(signer),
            rules: config.joins.rules(),
        };
        let (snapshot, facts, loaded) =
            self.snapshot(&config, generation, limits.clone(), identity, joins, now)?;
        let seed = entropy::seed().map_err(|error| SetupError::Credential(error.to_string()))?;
        let machine = Machine::new(machine(&config, limits, generation), known, &seed);
        let methods = snapshot.methods(Source::Network(config.bind.0));
        let Loaded { old, keeper, .. } = loaded;
        let (data, subscriber) = (self.data.clone(), self.subscriber.clone());
        let shared = Shared::new(snapshot, machine, ledger, keeper, data, subscriber);
        shared.restore(old);
        let bind = config.bind.0;
        let (listener, local) =
            self.runtime.listen(bind).map_err(|reason| StartError::Listen { bind, reason })?;
        let listen = |path: &Path| self.runtime.listen_unix(path);
        let (at_hand, control) = match ControlSocket::open(&self.data, facts.id, variable, listen) {
            Ok((listener, socket)) => (Some(listener), Some(socket)),
            Err(reason) => {
                warnings.push(Warning::NoControlSocket(reason));
                (None, None)
            }
        };
        let url = HubUrl::of_address(facts.scheme, reachable(local));
        let presence = Presence::new(self.data.clone(), (facts.id, url), lock, control)?;
        let url = HubUrl::of_address(facts.scheme, local);
        shared.urls.store(Arc::new(urls(&config, &url)));
        warnings.extend(facts.warnings);
        let facts = Facts { url, local, warnings, ..facts };
        let since = shared.clock.now().unix;
        let urls = shared.urls.load_full();
        let told = facts.told(&config, methods, since, presence.control(), &urls);
        shared.with(|hub| hub.set_setup(told));
        let sockets = Sockets { network: listener, local: at_hand };
        let (insecure, limits) = (self.insecure, self.limits);
        let presence = Arc::new(presence);
        let setup = Setup { config, insecure, limits, since, data: self.data, presence };
        Ok(Hub::run(self.runtime, Arc::new(shared), sockets, facts, setup))
    }

    fn snapshot(
        &self,
        config: &HubConfig,
        generation: u64,
        limits: Limits,
        identity: HubIdentity,
        joins: Joins,
        now: u64,
    ) -> Result<(HubSnapshot, Facts, Loaded), StartError> {
        let id = identity.id();
        let keys::ServedCertificate { tls, pin, chain, not_after, dates } =
            keys::serve(config, &self.data, id, &joins.authority(), now)?;
        let strength = if self.insecure.weak_secret { Strength::Weak } else { Strength::Full };
        let loaded = secret::load(config, &self.data, strength, self.secret.as_ref(), now)?;
        let scheme = match config.mode {
            TlsMode::Plain => Scheme::Ws,
            TlsMode::Tofu | TlsMode::Strict => Scheme::Wss,
        };
        let snapshot = HubSnapshot {
            identity: Arc::new(identity),
            name: config.name.clone(),
            tls,
            secrets: loaded.secrets.clone(),
            joins: config.joins.is_offered(config.mode).then(|| Arc::new(joins)),
            open: !config.auth_required,
            generation,
            external_pins: config.preauth.external_pins.clone(),
            policy: Arc::new(policy(config)),
            limits,
        };
        let local = config.bind.0;
        let url = HubUrl::of_address(scheme, local);
        let facts = Facts {
            id,
            pin,
            chain,
            not_after,
            scheme,
            url,
            local,
            secret: loaded.keeper.origin().cloned(),
            generation,
            warnings: dates.into_iter().collect(),
        };
        Ok((snapshot, facts, loaded))
    }
}

/// Takes a ledger that was restored from a backup for good.
fn accept_restored(ledger: &mut Ledger, now: u64, tokens: Tokens) -> Result<(), LedgerError> {
    match (ledger.accept_restored(now, tokens)?, tokens) {
        (true, Tokens::Void) => tracing::warn!(
            "the restored ledger was accepted: every join token made before is revoked, and every \
             refresh token void"
        ),
        (true, Tokens::Keep) => tracing::warn!(
            "what showed that the ledger was restored is dismissed: every token stays as it was"
        ),
        (false, _) => {
            tracing::info!("--accept-restored: nothing has shown that the ledger was restored");
        }
    }
    Ok(())
}

/// What browsers may send.
pub(super) fn policy(config: &HubConfig) -> UpgradePolicy {
    let origins = config.preauth.origins.iter().map(|origin| origin.as_str().to_owned()).collect();
    UpgradePolicy { origins }
}

/// What the machine is told.
pub(super) fn machine(config: &HubConfig, limits: Limits, generation: u64) -> MachineConfig {
    MachineConfig {
        limits,
        secret_role: config.secret_role,
        self_labels: config.self_labels,
        generation,
        allow_ips: config.preauth.allow_ips.clone(),
        trusted_proxies: config.preauth.trusted_proxies.clone(),
        lives: config.joins.lives(),
    }
}

/// Where programs on this machine reach what listens on `local`.
fn reachable(local: SocketAddr) -> SocketAddr {
    match local {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => {
            (std::net::Ipv4Addr::LOCALHOST, v4.port()).into()
        }
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
            (std::net::Ipv6Addr::LOCALHOST, v6.port()).into()
        }
        other => other,
    }
}
