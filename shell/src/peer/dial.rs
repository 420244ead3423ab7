//! One dial: what it needs read anew, a socket, a link, and its task.

use std::sync::Arc;

use bowline_core::auth::{Dial, Transport};
use bowline_core::code::Code;
use bowline_core::link::{EndReason, Ended, Link};
use bowline_core::peer::Outcome;
use bowline_core::time::Now;
use bowline_core::trust::Mode;
use bowline_core::tunnel::ClientTls;

use crate::clock::{Clock, PULSE};
use crate::config::{HubUrl, Scheme};
use crate::driver::{Mailbox, Turn, linger};
use crate::entropy;
use crate::notice::Notice;
use crate::peer::builder::{PeerBuilder, Place, SetupError};
use crate::peer::link::{PeerLink, Work};
use crate::peer::reach::{self, Unreached};
use crate::peer::session::{LinkState, Session};
use crate::runtime::{Runtime, Stream};
use crate::watch::Watch;

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// What a dial needs is missing or unusable.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// Nothing answers there.
    #[error("cannot reach {hub}: {}: {reason}. {}", .reason.code(), .reason.remedy())]
    Unreachable {
        /// The hub's URL, or its local socket.
        hub: String,
        /// Why not.
        reason: Unreached,
    },
    /// There was a connection, and no session came of it.
    #[error("{hub}: {}", .ended.reason.with_remedy())]
    Ended {
        /// The hub's URL.
        hub: String,
        /// How it ended.
        ended: Arc<Ended>,
    },
    /// The system gives no randomness, or the host cannot be named in TLS.
    #[error("cannot make a link: {0}")]
    Link(String),
}

impl ConnectError {
    /// The stable code of what stood in the way; none where this end is not set up.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Unreachable { reason, .. } => Some(reason.code()),
            Self::Ended { ended, .. } => Some(ended.reason.code()),
            Self::Setup(_) | Self::Link(_) => None,
        }
    }

    /// Whether another try can succeed with nobody doing anything, and when.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Unreachable { .. } => Outcome { heals: true, retry_after: None },
            Self::Ended { ended, .. } => outcome(&ended.reason),
            Self::Setup(_) | Self::Link(_) => Outcome { heals: false, retry_after: None },
        }
    }
}

/// What an end means for the next dial.
pub(super) fn outcome(reason: &EndReason) -> Outcome {
    Outcome { heals: reason.heals(), retry_after: reason.retry_after() }
}

impl<R: Runtime> PeerBuilder<R> {
    /// Makes one connection and waits until it is admitted, and callable where it serves.
    ///
    /// # Errors
    /// [`ConnectError`]: no session came of it.
    pub async fn connect(self) -> Result<Session, ConnectError> {
        let clock = Clock::start();
        self.dial(&clock).await
    }

    pub(super) async fn dial(&self, clock: &Clock) -> Result<Session, ConnectError> {
        let dial = Arc::new(self.prepare().await?);
        let unreachable =
            |reason| ConnectError::Unreachable { hub: self.place.to_string(), reason };
        let (runtime, within) = (&self.runtime, dial.limits.upgrade_within);
        match &self.place {
            Place::Network(url) => {
                let reached = reach::url(runtime, url, within).await;
                let (stream, remote) = reached.map_err(unreachable)?;
                self.admit(dial, stream, remote, clock).await
            }
            Place::Local(path) => {
                let reached = reach::local(runtime, path, within).await;
                let stream = reached.map_err(unreachable)?;
                self.admit(dial, stream, path.display().to_string(), clock).await
            }
        }
    }

    /// Makes a link of a connection, and waits until it is admitted.
    async fn admit(
        &self,
        dial: Arc<Dial>,
        stream: impl Stream,
        remote: String,
        clock: &Clock,
    ) -> Result<Session, ConnectError> {
        let hub = self.place.to_string();
        self.observer.tell(Notice::Connected { remote: remote.clone() });
        let began = clock.now();
        let seed = entropy::seed().map_err(|error| ConnectError::Link(error.to_string()))?;
        let link = Link::connect(dial, &seed, began)
            .map_err(|error| ConnectError::Link(error.to_string()))?;
        let mailbox = Arc::new(Mailbox::default());
        let state = Arc::new(Watch::new(LinkState::Coming));
        let owner = self.owner(mailbox.clone(), state.clone(), remote, began);
        let turn = Turn::new(&self.runtime, link, stream, clock.clone()).with_pulse(PULSE);
        self.runtime.spawn(drive(self.runtime.clone(), turn, owner));
        let unfinished = Unfinished(Some(mailbox.clone()));
        let admitted = state
            .until(LinkState::known)
            .await
            .map_err(|ended| ConnectError::Ended { hub, ended })?;
        unfinished.done();
        Ok(Session { mailbox, state, admitted })
    }

    fn owner(
        &self,
        mailbox: Arc<Mailbox>,
        state: Arc<Watch<LinkState>>,
        remote: String,
        began: Now,
    ) -> PeerLink<R> {
        PeerLink {
            runtime: self.runtime.clone(),
            mailbox,
            state,
            service: self.service.clone(),
            keeper: self.keeper.clone(),
            observer: self.observer.clone(),
            remote,
            began,
            work: Work::default(),
        }
    }

    /// Reads the credential and what is known of the hub, anew for each dial.
    async fn prepare(&self) -> Result<Dial, SetupError> {
        let (transport, host, authority, path) = match &self.place {
            Place::Network(url) => {
                let transport = self.transport(url)?;
                (transport, url.host().to_owned(), url.authority(), url.path().to_owned())
            }
            Place::Local(_) => {
                let host = "localhost".to_owned();
                (Transport::Plain, host.clone(), host, "/link".to_owned())
            }
        };
        let (credential, keeper) = (self.credential.clone(), self.keeper.clone());
        let configured = self.known.clone();
        let read = self
            .runtime
            .blocking(move || Ok::<_, SetupError>((credential.read()?, keeper.recall(configured)?)))
            .await;
        let (credential, known) =
            read.map_err(|error| SetupError::Credential(error.to_string()))??;
        Ok(Dial {
            host,
            authority,
            path,
            transport,
            trust: self.mode,
            known,
            credential,
            purpose: self.purpose,
            peer: self.id,
            key: self.key.clone(),
            agent: concat!("bowline/", env!("CARGO_PKG_VERSION")).to_owned(),
            labels: self.labels.clone(),
            limits: self.limits.clone(),
        })
    }

    fn transport(&self, url: &HubUrl) -> Result<Transport, SetupError> {
        match (url.scheme(), self.mode) {
            (Scheme::Wss, Mode::Tofu | Mode::Strict) => ClientTls::new()
                .map(Transport::Tls)
                .map_err(|error| SetupError::Tls(error.to_string())),
            (Scheme::Ws, Mode::Plain) => Ok(Transport::Plain),
            (Scheme::Wss | Scheme::Ws, _) => Err(SetupError::Scheme(url.clone())),
        }
    }
}

/// Closes the link of a dial that nobody waits for any more.
struct Unfinished(Option<Arc<Mailbox>>);

impl Unfinished {
    fn done(mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(mailbox) = &self.0 {
            mailbox.close(Code::GoingAway);
        }
    }
}

async fn drive<R: Runtime>(runtime: R, turn: Turn<R, impl Stream>, mut owner: PeerLink<R>) {
    let (_, stream) = turn.run(&mut owner).await;
    linger(&runtime, stream).await;
}
