//! One dial and what it came across, and two looks at what answers when it came to nothing.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bowline_core::auth::Admitted;
use bowline_core::auth::peer::HubInfo;
use bowline_core::code::Code;
use bowline_core::id::HubId;
use bowline_core::identity::{PeerKey, SigningKey};
use bowline_core::link::Security;
use bowline_core::random::Random;
use bowline_core::text::Line;
use bowline_core::wire::frame::Method;
use bowline_shell::config::{HubUrl, Scheme};
use bowline_shell::entropy;
use bowline_shell::notice::{ShellEvent, Subscriber};
use bowline_shell::peer::{ConnectError, CredentialSource, PeerBuilder, Session};
use bowline_shell::runtime::{Runtime, Stream};

use crate::exit::{self, Failure};
use crate::{date, operator, runtime};

/// How far a dial came.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// The address that was connected.
    pub(super) remote: Option<String>,
    pub(super) security: Option<Security>,
    pub(super) upgraded: bool,
    /// What Hello taught, and this machine's clock at that moment.
    pub(super) learnt: Option<(Box<HubInfo>, u64)>,
    /// The session, and how long it took from the first look at the name.
    pub(super) admitted: Option<(Box<Admitted>, Duration)>,
}

/// Dials, and gathers what it comes across.
pub(super) async fn dial<R: Runtime>(
    builder: PeerBuilder<R>,
) -> (Facts, Result<Session, ConnectError>) {
    let gathered = Arc::new(Mutex::new(Facts::default()));
    let gathering = gathered.clone();
    let subscriber = Subscriber::new(move |notice| {
        gather(&mut gathering.lock().unwrap_or_else(PoisonError::into_inner), notice);
    });
    let asked = Instant::now();
    let connected = builder.subscriber(subscriber).operate().connect().await;
    let mut facts = gathered.lock().unwrap_or_else(PoisonError::into_inner).clone();
    // The session may be here before its notice.
    if let Ok(session) = &connected {
        facts.admitted = Some((Box::new(session.admitted().clone()), asked.elapsed()));
    }
    (facts, connected)
}

fn gather(facts: &mut Facts, notice: ShellEvent) {
    match notice {
        ShellEvent::Connected { remote } => facts.remote = Some(remote),
        ShellEvent::Secured { security, .. } => facts.security = Some(security),
        ShellEvent::Upgraded { .. } => facts.upgraded = true,
        ShellEvent::Learnt(learnt) => facts.learnt = Some((learnt, date::now())),
        _ => {}
    }
}

/// A key for a look: it is not sent, but a link needs one.
pub(super) fn no_key() -> Result<PeerKey, Failure> {
    let seed = entropy::seed().map_err(|error| Failure::new(exit::FAILURES, error))?;
    Ok(PeerKey(SigningKey::generate(&mut Random::new(&seed))))
}

/// How long the hub takes to answer; none where it does not within the time.
pub(super) async fn round_trip(
    runtime: &impl Runtime,
    session: &Session,
    within: Duration,
) -> Option<Duration> {
    runtime::within(runtime, within, operator::round_trip(session)).await
}

/// What a look with TLS in place of plain, or the reverse, found at the same address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Crossed {
    /// A Bowline hub: how it is dialled, its id and its name.
    Hub {
        /// The URL that works.
        url: HubUrl,
        /// Its id.
        id: String,
        /// The name that it shows.
        name: Line,
    },
    /// Something that is no hub: what came of the look.
    Other(String),
    /// Nothing that tells more.
    Nothing,
}

/// Looks at what answers at `url`, which is to be the hub `identity` where that is given. Nothing
/// is proved, bound or kept; why nothing was learnt, where nothing was.
pub(super) async fn look(
    runtime: &impl Runtime,
    url: &HubUrl,
    identity: Option<HubId>,
    within: Duration,
) -> Result<(Facts, Option<ConnectError>), Failure> {
    // Nobody is asked who this is.
    let id = "doctor".parse().map_err(Failure::usage)?;
    let mut builder = PeerBuilder::with_key(runtime.clone(), url.clone(), id, no_key()?)
        .credential(CredentialSource::withheld(Method::Secret))
        .timeout(within);
    if let Some(identity) = identity {
        builder = builder.hub_id(identity);
    }
    let (facts, connected) = dial(builder).await;
    let failed = connected.err().filter(|_| facts.learnt.is_none());
    Ok((facts, failed))
}

/// Looks at the same address in the other language.
pub(super) async fn look_across(
    runtime: &impl Runtime,
    url: &HubUrl,
    within: Duration,
) -> Result<Crossed, Failure> {
    let scheme = match url.scheme() {
        Scheme::Ws => Scheme::Wss,
        Scheme::Wss => Scheme::Ws,
    };
    let other = format!("{scheme}://{}{}", url.authority(), url.path());
    let other: HubUrl = other.parse().map_err(Failure::usage)?;
    let (facts, failed) = look(runtime, &other, None, within).await?;
    Ok(match (facts.learnt, failed) {
        (Some((learnt, _)), _) => {
            Crossed::Hub { url: other, id: learnt.hub.to_string(), name: learnt.name }
        }
        (None, Some(ConnectError::Ended { ended, .. }))
            if ended.reason.code() == Code::NotBowline =>
        {
            Crossed::Other(ended.reason.to_string())
        }
        (None, _) => Crossed::Nothing,
    })
}

/// The first line that something says by itself to whoever connects, as far as it can be printed;
/// `None` where it says nothing within a second.
pub(super) async fn greeting(
    runtime: &impl Runtime,
    remote: &str,
    within: Duration,
) -> Option<String> {
    let listen = async {
        let mut stream = runtime.connect(remote.parse().ok()?).await.ok()?;
        let mut bytes = [0; 80];
        let n = poll_fn(|cx| stream.poll_read(cx, &mut bytes)).await.ok()?;
        let line = bytes[..n].split(|&byte| byte == b'\r' || byte == b'\n').next()?;
        let shown = line.iter().map(|&byte| match byte {
            b' '..=b'~' => char::from(byte),
            _ => '?',
        });
        Some(shown.collect::<String>())
    };
    let heard = runtime::within(runtime, within.min(Duration::from_secs(1)), listen).await;
    heard.flatten().filter(|line| !line.is_empty())
}
