//! One dial: what it needs read anew, a socket, a link, and its task.

use std::sync::{Arc, OnceLock};

use bowline_core::auth::{Credential, Dial, Transport};
use bowline_core::code::Code;
use bowline_core::link::{EndReason, Ended, Link};
use bowline_core::peer::LinkOutcome;
use bowline_core::remedy::Remedy;
use bowline_core::session::Side;
use bowline_core::time::Now;
use bowline_core::trust::{KnownHub, Mode};
use bowline_core::tunnel::{ClientTls, TunnelError};

use crate::advice::{self, Audience};
use crate::clock::{Clock, PULSE};
use crate::driver::{Mailbox, Turn, linger};
use crate::entropy;
use crate::files::EnrolmentLock;
use crate::notice::{ShellEvent, Subscriber};
use crate::peer::builder::{HubPlace, PeerBuilder, SetupError};
use crate::peer::call_events::CallEvents;
use crate::peer::credential::{Attempt, FoundCredential};
use crate::peer::keep::EnrolmentHold;
use crate::peer::link::{PeerLink, Work};
use crate::peer::reach::{self, DialError};
use crate::peer::session::{LinkState, Session};
use crate::runtime::{Runtime, Stream};
use crate::url::{HubUrl, Scheme};
use crate::watch::Watch;

/// Why there is no session.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// What a dial needs is missing or unusable.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// Nothing answers there.
    #[error("{}", library(of_dial(.hub, .reason), Some(.reason.remedy())))]
    Unreachable {
        /// The hub's URL, or its local socket.
        hub: String,
        /// Why not.
        reason: DialError,
    },
    /// There was a connection, and no session came of it, or the session is over.
    #[error("{}", library(of_link(.hub, .ended), .ended.remedy(Side::Peer)))]
    Ended {
        /// The hub's URL.
        hub: String,
        /// How it ended.
        ended: Arc<Ended>,
        /// What the clocks said when the hub told its own; none where it did not come so far.
        clocks: Option<Clocks>,
    },
    /// The system gives no randomness, or the host cannot be named in TLS.
    #[error("cannot make a link: {0}")]
    Link(String),
}

bowline_core::debug_as_display!(ConnectError);

fn library(fact: String, remedy: Option<Remedy<'_>>) -> String {
    advice::told(fact, remedy, Audience::Library)
}

fn of_dial(hub: &str, reason: &DialError) -> String {
    format!("cannot reach {hub}: {}: {reason}", reason.code())
}

fn of_link(hub: &str, ended: &Ended) -> String {
    format!("{hub}: {}", ended.reason)
}

/// Two clocks at one moment, seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Clocks {
    /// The hub's, as it told it.
    pub hub: u64,
    /// This machine's.
    pub here: u64,
}

impl ConnectError {
    /// The stable code of what stood in the way; none where this end is not set up.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Unreachable { reason, .. } => Some(reason.code()),
            Self::Ended { ended, .. } => Some(ended.reason.code()),
            Self::Setup(SetupError::Ended { .. }) => Some(Code::Expired),
            Self::Setup(_) | Self::Link(_) => None,
        }
    }

    /// What happened, without what to do about it.
    #[must_use]
    pub fn fact(&self) -> String {
        match self {
            Self::Unreachable { hub, reason } => of_dial(hub, reason),
            Self::Ended { hub, ended, .. } => of_link(hub, ended),
            Self::Setup(_) | Self::Link(_) => self.to_string(),
        }
    }

    /// What is to be done; `None` where nothing is, or the error says it itself.
    #[must_use]
    pub fn remedy(&self) -> Option<Remedy<'_>> {
        match self {
            Self::Unreachable { reason, .. } => Some(reason.remedy()),
            Self::Ended { ended, .. } => ended.remedy(Side::Peer),
            Self::Setup(_) | Self::Link(_) => None,
        }
    }

    /// The notice of an attempt that came to no link; none where there was one.
    pub(super) fn notice(&self) -> Option<ShellEvent> {
        let remedy = match self {
            Self::Unreachable { reason, .. } => Some(reason.remedy()),
            Self::Setup(_) | Self::Link(_) => None,
            Self::Ended { .. } => return None,
        };
        Some(ShellEvent::Unreachable { code: self.code(), reason: self.fact(), remedy })
    }

    /// Whether nobody spoke.
    fn is_silence(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// Whether the hub may be met by another of its URLs: it was not, by this one.
    fn may_be_elsewhere(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Ended { ended, .. } => !matches!(ended.reason, EndReason::Refused(_)),
            Self::Setup(_) | Self::Link(_) => false,
        }
    }

    /// Whether another try can succeed with nobody doing anything, and when.
    #[must_use]
    pub fn outcome(&self) -> LinkOutcome {
        match self {
            Self::Unreachable { .. } => LinkOutcome { is_retryable: true, retry_after: None },
            Self::Ended { ended, .. } => {
                let reason = &ended.reason;
                LinkOutcome {
                    is_retryable: reason.is_retryable(),
                    retry_after: reason.retry_after(),
                }
            }
            Self::Setup(SetupError::Busy { .. }) => {
                LinkOutcome { is_retryable: true, retry_after: None }
            }
            Self::Setup(_) | Self::Link(_) => {
                LinkOutcome { is_retryable: false, retry_after: None }
            }
        }
    }
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

    /// Tries each URL in turn until the hub answers at one. What came of the others is told.
    pub(super) async fn dial(&self, clock: &Clock) -> Result<Session, ConnectError> {
        let HubPlace::Network(urls) = &self.place else { return self.mended(None, clock).await };
        let mut told = None;
        for (n, url) in urls.iter().enumerate() {
            let error = match self.mended(Some(url), clock).await {
                Ok(session) => return Ok(session),
                Err(error) => error,
            };
            let is_last = n + 1 == urls.len();
            if is_last || !error.may_be_elsewhere() {
                // What spoke in the hub's place tells more than silence.
                let spoke = told.filter(|told: &ConnectError| !told.is_silence());
                return Err(spoke.filter(|_| error.is_silence()).unwrap_or(error));
            }
            if error.is_silence()
                && let Some(notice) = error.notice()
            {
                self.subscriber.tell(notice);
            }
            told = told.or(Some(error));
        }
        // There is one URL at least.
        Err(told.unwrap_or_else(|| ConnectError::Link("no URL is known".to_owned())))
    }

    /// Dials one URL, once more where what the hub or its key said asks for another credential.
    async fn mended(&self, url: Option<&HubUrl>, clock: &Clock) -> Result<Session, ConnectError> {
        let mut manner = Manner::default();
        loop {
            let attempt = Attempt { unix: clock.now().unix, refused: manner.refused.clone() };
            let (dial, lock) = self.prepare(url, attempt, &manner).await?;
            let dial = Arc::new(dial);
            let dialled = self.once_at(url, dial.clone(), EnrolmentHold::new(lock), clock).await;
            match dialled {
                Err(ConnectError::Ended { ended, clocks, .. })
                    if manner.mend(&dial.credential, &ended.reason, clocks) => {}
                dialled => return dialled,
            }
        }
    }

    async fn once_at(
        &self,
        url: Option<&HubUrl>,
        dial: Arc<Dial>,
        locked: EnrolmentHold,
        clock: &Clock,
    ) -> Result<Session, ConnectError> {
        let hub = url.map_or_else(|| self.place.to_string(), ToString::to_string);
        let unreachable = |reason| ConnectError::Unreachable { hub: hub.clone(), reason };
        let (runtime, within) = (&self.runtime, dial.limits.upgrade_within);
        match (&self.place, url) {
            (HubPlace::Local(path), _) => {
                let reached = reach::local(runtime, path, within).await;
                let (stream, remote) = (reached.map_err(unreachable)?, path.display().to_string());
                self.admit(dial, (hub, remote), stream, locked, clock).await
            }
            (HubPlace::Network(urls), url) => {
                let reached = reach::url(runtime, url.unwrap_or(&urls[0]), within).await;
                let (stream, remote) = reached.map_err(unreachable)?;
                self.admit(dial, (hub, remote), stream, locked, clock).await
            }
        }
    }

    /// Makes a link of a connection, and waits until it is admitted.
    async fn admit(
        &self,
        dial: Arc<Dial>,
        (hub, remote): (String, String),
        stream: impl Stream,
        locked: EnrolmentHold,
        clock: &Clock,
    ) -> Result<Session, ConnectError> {
        self.subscriber.tell(ShellEvent::Connected { remote: remote.clone() });
        let began = clock.now();
        let seed = entropy::seed().map_err(|error| ConnectError::Link(error.to_string()))?;
        let link = Link::connect(dial, &seed, began)
            .map_err(|error| ConnectError::Link(error.to_string()))?;
        let mailbox = Arc::new(Mailbox::default());
        let state = Arc::new(Watch::new(LinkState::Coming));
        let met = Arc::new(OnceLock::new());
        let subscriber = self.subscriber.meeting(&met, clock);
        let owner = PeerLink {
            told: CallEvents::new(subscriber.clone(), &self.limits, began.mono),
            subscriber,
            ..self.owner(mailbox.clone(), state.clone(), locked, (remote, began))
        };
        let turn = Turn::new(&self.runtime, link, stream, clock.clone()).with_pulse(PULSE);
        self.runtime.spawn(drive(self.runtime.clone(), turn, owner));
        let unfinished = Unfinished(Some(mailbox.clone()));
        let over = |ended| {
            let clocks = met.get().copied();
            Err(ConnectError::Ended { hub: hub.clone(), ended, clocks })
        };
        let admitted = match state.until(LinkState::known).await {
            Ok(admitted) => admitted,
            Err(ended) => return over(ended),
        };
        // By this machine's clock it ended before it began.
        if admitted.expires.is_some_and(|expires| expires <= clock.now().unix) {
            return over(state.until(LinkState::over).await);
        }
        unfinished.done();
        Ok(Session { mailbox, state, admitted })
    }

    fn owner(
        &self,
        mailbox: Arc<Mailbox>,
        state: Arc<Watch<LinkState>>,
        locked: EnrolmentHold,
        (remote, began): (String, Now),
    ) -> PeerLink<R> {
        PeerLink {
            runtime: self.runtime.clone(),
            mailbox,
            state,
            service: self.service.clone(),
            keeper: self.keeper.clone(),
            locked,
            subscriber: self.subscriber.clone(),
            remote,
            began,
            longest: self.limits.call_deadline,
            told: CallEvents::new(self.subscriber.clone(), &self.limits, began.mono),
            work: Work::default(),
        }
    }

    /// Reads the credential and what is known of the hub, anew for each dial. With the lock that
    /// goes with the credential.
    async fn prepare(
        &self,
        url: Option<&HubUrl>,
        attempt: Attempt,
        manner: &Manner,
    ) -> Result<(Dial, Option<EnrolmentLock>), SetupError> {
        if let Some(url) = url {
            self.goes_with(url)?;
        }
        let (credential, keeper) = (self.credential.clone(), self.keeper.clone());
        let configured = self.known.clone();
        let read = self.runtime.blocking(move || {
            Ok::<_, SetupError>((credential.read(&attempt)?, keeper.recall(configured)?))
        });
        let read = read.await.map_err(|error| SetupError::Credential(error.to_string()))?;
        let (FoundCredential { credential, lock }, known) = read?;
        let (transport, host, authority, path) = match url {
            Some(url) => {
                let transport = self.transport(url, &credential, &known, manner)?;
                (transport, url.host().to_owned(), url.authority(), url.path().to_owned())
            }
            None => {
                let host = "localhost".to_owned();
                (Transport::Plain, host.clone(), host, "/link".to_owned())
            }
        };
        let dial = Dial {
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
        };
        Ok((dial, lock))
    }

    fn goes_with(&self, url: &HubUrl) -> Result<(), SetupError> {
        match (url.scheme(), self.mode) {
            (Scheme::Wss, Mode::Tofu | Mode::Strict) | (Scheme::Ws, Mode::Plain) => Ok(()),
            (Scheme::Wss | Scheme::Ws, _) => Err(SetupError::Scheme(url.clone())),
        }
    }

    /// A certificate is shown in TLS where the key that the hub served last is known.
    // spec: transport §1.3.1
    fn transport(
        &self,
        url: &HubUrl,
        credential: &Credential,
        known: &KnownHub,
        manner: &Manner,
    ) -> Result<Transport, SetupError> {
        if url.scheme() == Scheme::Ws {
            return Ok(Transport::Plain);
        }
        let pin = known.entry.and_then(|entry| entry.pin).filter(|_| !manner.hides);
        let tls = match (credential, pin) {
            (Credential::Resume(held), Some(pin)) => {
                let key = self.key.for_tls();
                ClientTls::with_certificate(held.certificate.clone(), key, vec![pin])
            }
            _ => ClientTls::new(),
        };
        tls.map(Transport::Tls).map_err(|error| SetupError::Tls(error.to_string()))
    }
}

impl Subscriber {
    /// The same, which notes what the clocks say when the hub tells its own.
    fn meeting(&self, met: &Arc<OnceLock<Clocks>>, clock: &Clock) -> Self {
        let (met, clock) = (met.clone(), clock.clone());
        self.tapped(move |notice| {
            if let ShellEvent::Learnt(learnt) = notice {
                // It is told once a link.
                let _ = met.set(Clocks { hub: learnt.unix, here: clock.now().unix });
            }
        })
    }
}

/// How a hub is dialled once more.
#[derive(Debug, Default)]
struct Manner {
    /// The certificate is not shown in TLS: the hub serves another key than it did.
    hides: bool,
    /// The certificate that the hub refused for its dates.
    refused: Option<Vec<u8>>,
}

impl Manner {
    /// Whether another try, at once and in another manner, is of use. Who has not shown to be the
    /// hub, which told its clock then, is not believed: anybody can write a Refuse before Hello.
    // spec: admission §5, §9
    fn mend(&mut self, credential: &Credential, reason: &EndReason, met: Option<Clocks>) -> bool {
        let Credential::Resume(held) = credential else { return false };
        match reason {
            EndReason::Tunnel(TunnelError::NotShown { .. }) if !self.hides => {
                self.hides = true;
                true
            }
            EndReason::Refused(refusal)
                if matches!(refusal.code, Code::Expired | Code::NotYetValid)
                    && self.refused.is_none()
                    && met.is_some() =>
            {
                self.refused = Some(held.certificate.clone());
                true
            }
            _ => false,
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

#[cfg(test)]
mod tests {
    use bowline_core::auth::peer::Refusal;
    use bowline_core::auth::{PeerCredentials, RefreshToken};
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn a_certificate_is_given_up_for_a_dial_only_where_the_hub_itself_refused_it() {
        let credential = Credential::Resume(PeerCredentials {
            certificate: vec![1],
            not_before: 0,
            not_after: 9,
            refresh: RefreshToken(Zeroizing::new([0; 32])),
            refresh_ends: 9,
        });
        let (code, text) = (Code::Expired, String::new().into());
        let refusal = Refusal { code, text, unix: 7, retry_after: None };
        let reason = EndReason::Refused(refusal);
        let mut manner = Manner::default();
        assert!(!manner.mend(&credential, &reason, None));
        assert_eq!(manner.refused, None);
        let met = Some(Clocks { hub: 7, here: 7 });
        assert!(manner.mend(&credential, &reason, met));
        assert!(!manner.mend(&credential, &reason, met), "once");
    }
}
