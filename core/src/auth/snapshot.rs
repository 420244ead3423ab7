//! What every link of a hub needs of it, shared and unchanging: a new one is made on each change.

use std::sync::Arc;

use crate::arrival::ProxyPath;
use crate::auth::{Joins, Secrets};
use crate::id::{Nonce, Pin};
use crate::identity::HubIdentity;
use crate::limits::Limits;
use crate::socket::UpgradePolicy;
use crate::source::Source;
use crate::tunnel::ServerTls;
use crate::wire::frame::{HelloBody, Method, SessionLimits};

/// A hub's keys and offers at one moment.
///
/// Fields may be added: begin with [`HubSnapshot::new`].
#[derive(Clone, Debug)]
pub struct HubSnapshot {
    /// The key that vouches for everything else.
    pub identity: Arc<HubIdentity>,
    /// The display name, at most 1,024 bytes.
    pub name: String,
    /// The certificate served; none in `plain`.
    pub tls: Option<ServerTls>,
    /// The keys that proxies in front of a `plain` hub serve, at most
    /// [`TLS_KEYS`](crate::wire::bounds::TLS_KEYS): they are listed, and may be seen, on
    /// connections from trusted proxies only.
    pub external_pins: Vec<Pin>,
    /// The shared secrets; `secret` is offered where there is one.
    pub secrets: Secrets,
    /// What join tokens and peer certificates are checked and made with; `join`, `resume` and
    /// `refresh` are offered where there is TLS and this.
    pub joins: Option<Arc<Joins>>,
    /// Whether `open` is offered: authentication is not required.
    pub open: bool,
    /// How often this hub has started.
    pub generation: u64,
    /// Which browsers' origins may connect.
    pub policy: Arc<UpgradePolicy>,
    /// The bounds of each link.
    pub limits: Limits,
}

impl HubSnapshot {
    /// The first start of a hub without TLS, which offers no method and has the default bounds.
    /// What is to be otherwise is said before it:
    ///
    /// ```
    /// use bowline_core::auth::HubSnapshot;
    /// # use bowline_core::{identity::{HubIdentity, SigningKey}, random::{Random, Seed}};
    ///
    /// # let identity = HubIdentity(SigningKey::generate(&mut Random::new(&Seed([1; 32]))));
    /// let snapshot = HubSnapshot { open: true, ..HubSnapshot::new(identity, "the hub") };
    /// assert_eq!((snapshot.name.as_str(), snapshot.generation), ("the hub", 1));
    /// ```
    #[must_use]
    pub fn new(identity: HubIdentity, name: &str) -> Self {
        Self {
            identity: Arc::new(identity),
            name: name.to_owned(),
            tls: None,
            external_pins: Vec::new(),
            secrets: Secrets::default(),
            joins: None,
            open: false,
            generation: 1,
            policy: Arc::default(),
            limits: Limits::default(),
        }
    }

    /// The methods offered to a source, ascending. A local one proves itself by being there.
    #[must_use]
    pub fn methods(&self, source: Source) -> Vec<Method> {
        if source == Source::Local {
            return vec![Method::Open];
        }
        let open = self.open.then_some(Method::Open);
        let secret = (!self.secrets.is_empty()).then_some(Method::Secret);
        let joins = self.tls.is_some() && self.joins.is_some();
        let joins = joins.then_some([Method::Join, Method::Resume, Method::Refresh]);
        open.into_iter().chain(secret).chain(joins.into_iter().flatten()).collect()
    }

    /// The certificate served to a source: none in `plain`, and none to a local one.
    #[must_use]
    pub fn tls(&self, source: Source) -> Option<&ServerTls> {
        match source {
            Source::Network(_) => self.tls.as_ref(),
            Source::Local => None,
        }
    }

    /// The pin of the key served to a source, where there is one.
    #[must_use]
    pub fn served(&self, source: Source) -> Option<Pin> {
        self.tls(source).map(ServerTls::pin)
    }

    /// The bounds that peers are told.
    #[must_use]
    pub fn session_limits(&self) -> SessionLimits {
        SessionLimits {
            message: self.limits.message as u64,
            open_calls: self.limits.open_calls as u64,
            call_deadline_ms: u64::try_from(self.limits.call_deadline.as_millis())
                .unwrap_or(u64::MAX),
        }
    }

    /// The TLS keys that Hello vouches for on a connection that came so.
    #[must_use]
    pub fn keys(&self, source: Source, way: ProxyPath) -> Vec<Pin> {
        match (self.served(source), way) {
            (Some(pin), _) => vec![pin],
            (None, ProxyPath::Direct) => Vec::new(),
            (None, ProxyPath::Beside | ProxyPath::Proxied) => self.external_pins.clone(),
        }
    }

    /// Whether a peer may have seen this TLS key, or none, on a connection that came so. Beside a
    /// trusted proxy there may be a peer that connects without TLS; through it, where it serves
    /// external pins, there is none.
    #[must_use]
    pub fn may_have_seen(&self, source: Source, way: ProxyPath, seen: Option<Pin>) -> bool {
        let keys = self.keys(source, way);
        match seen {
            Some(pin) => keys.contains(&pin),
            None if self.served(source).is_some() => false,
            None => keys.is_empty() || way == ProxyPath::Beside,
        }
    }

    /// The body of a Hello on a connection that came so, with this nonce, at this time.
    pub(super) fn hello(
        &self,
        source: Source,
        way: ProxyPath,
        nonce: Nonce,
        unix: u64,
    ) -> HelloBody {
        HelloBody {
            identity: self.identity.0.public(),
            name: self.name.clone(),
            nonce,
            methods: self.methods(source).into_iter().map(|method| method as u64).collect(),
            unix,
            tls_keys: self.keys(source, way),
            generation: self.generation,
            limits: self.session_limits(),
        }
    }
}
