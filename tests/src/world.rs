//! A hub with its data directory, and builders of peers that know its secret.

use std::marker::PhantomData;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bowline_core::hub::HubEvent;
use bowline_core::id::PeerId;
use bowline_core::limits::Limits;
use bowline_shell::config::{HubSettings, HubUrl, Insecure, TlsMode};
use bowline_shell::files::{HubName, TrustFile, TrustRecord};
use bowline_shell::hub::{Hub, HubBuilder};
use bowline_shell::notice::ShellEvent;
use bowline_shell::peer::{ConnectError, PeerBuilder, Session};
use bowline_tokio::Tokio;
use tempfile::TempDir;

use crate::notices::Notices;
use crate::shells::Shell;
use crate::wait::within;

/// One hub, and a directory that everything of this test is in. The hub runs on one shell, its
/// peers on the same or another.
#[derive(Debug)]
pub struct World<H: Shell = Tokio, P: Shell = Tokio> {
    /// The hub, while it runs.
    pub hub: Option<Hub<H>>,
    /// What the hub told.
    pub notices: Notices,
    /// Where its data is, below the directory.
    pub hub_data: PathBuf,
    url: HubUrl,
    local: SocketAddr,
    told: Told,
    data: TempDir,
    peers: PhantomData<P>,
}

/// What a hub is told.
#[derive(Debug)]
struct Told {
    settings: HubSettings,
    insecure: Insecure,
    limits: Limits,
}

impl<H: Shell, P: Shell> World<H, P> {
    /// A hub with TLS and a shared secret of its own.
    #[must_use]
    pub fn new() -> Self {
        Self::with(HubSettings::default(), Insecure::default())
    }

    /// A hub without TLS.
    #[must_use]
    pub fn plain() -> Self {
        let settings = HubSettings { mode: Some(TlsMode::Plain), ..HubSettings::default() };
        Self::with(settings, Insecure::default())
    }

    /// A hub that is told this.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn with(settings: HubSettings, insecure: Insecure) -> Self {
        Self::limited(settings, insecure, Limits::default())
    }

    /// The same with other bounds; those of the settings go before.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn limited(settings: HubSettings, insecure: Insecure, limits: Limits) -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let (notices, hub_data) = (Notices::default(), data.path().join("hub"));
        let bind = "127.0.0.1:0".parse().expect("an address");
        let told = Told { settings, insecure, limits };
        let hub = start(&hub_data, &told, bind, &notices);
        let (url, local) = (hub.url().clone(), hub.local());
        Self { hub: Some(hub), notices, hub_data, url, local, told, data, peers: PhantomData }
    }

    /// The hub.
    ///
    /// # Panics
    /// When it was stopped.
    pub fn hub(&self) -> &Hub<H> {
        self.hub.as_ref().expect("the hub runs")
    }

    /// Where the hub is reached.
    #[must_use]
    pub fn url(&self) -> &HubUrl {
        &self.url
    }

    /// The address of the hub.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// A path of this test.
    #[must_use]
    pub fn at(&self, name: &str) -> PathBuf {
        self.data.path().join(name)
    }

    /// The file that the hub's secret is in.
    #[must_use]
    pub fn secret(&self) -> PathBuf {
        self.hub_data.join("secret.key")
    }

    /// Ends the hub.
    pub async fn stop_hub(&mut self) {
        if let Some(hub) = self.hub.take() {
            within(hub.stop()).await;
        }
    }

    /// A hub on the address of the one that was stopped, with the data in `data`.
    pub fn start_hub(&mut self, data: &Path) {
        self.hub = Some(start(data, &self.told, self.local, &self.notices));
    }

    /// A peer of the hub, named like its directory.
    pub fn peer(&self, id: &str) -> PeerBuilder<P> {
        self.peer_in(id, id)
    }

    /// A peer of the hub that keeps its key and its trust in the directory `data`.
    pub fn peer_in(&self, id: &str, data: &str) -> PeerBuilder<P> {
        self.peer_at(&self.url, id, data)
    }

    /// A peer that reaches the hub by way of `url`.
    ///
    /// # Panics
    /// When its directory cannot be made.
    pub fn peer_at(&self, url: &HubUrl, id: &str, data: &str) -> PeerBuilder<P> {
        let made = PeerBuilder::new(P::default(), url.clone(), self::id(id), &self.at(data));
        let made = made.expect("a peer");
        made.secret_file(self.secret())
    }

    /// A session that calls.
    ///
    /// # Panics
    /// When it is not admitted.
    pub async fn operator(&self) -> Session {
        within(self.peer("ops").operate().connect()).await.expect("a session")
    }

    /// Waits until the hub knows that a serving peer's session is over.
    pub async fn hub_saw_offline(&self, peer: &str) {
        let peer = id(peer);
        self.notices
            .first(|notice| match notice {
                ShellEvent::Hub(HubEvent::Offline { peer: gone, .. }) => {
                    (*gone == peer).then_some(())
                }
                _ => None,
            })
            .await;
    }

    /// What the peer in directory `data` keeps of the hub at `url`.
    ///
    /// # Panics
    /// When its trust file cannot be read.
    #[must_use]
    pub fn trust(&self, url: &HubUrl, data: &str) -> Option<TrustRecord> {
        let file = TrustFile::new(self.at(data).join("trust.toml"));
        file.show(&HubName::from(url)).expect("a trust file")
    }
}

impl<H: Shell, P: Shell> Default for World<H, P> {
    fn default() -> Self {
        Self::new()
    }
}

/// A peer's id.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn id(text: &str) -> PeerId {
    text.parse().expect("a peer id")
}

/// The error of a dial that must fail.
///
/// # Panics
/// When it does not.
pub async fn refused<P: Shell>(peer: PeerBuilder<P>) -> ConnectError {
    within(peer.connect()).await.expect_err("no session")
}

fn start<H: Shell>(data: &Path, told: &Told, bind: SocketAddr, notices: &Notices) -> Hub<H> {
    let made = HubBuilder::new(H::default(), data)
        .expect("a data directory")
        .settings(told.settings.clone())
        .bind(bind);
    let made = made.insecure(told.insecure).limits(told.limits.clone());
    made.subscriber(notices.subscriber()).start().expect("a hub")
}
