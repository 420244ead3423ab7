//! A running hub: the tasks that accept, drive links and keep deadlines, and the handle to them.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use bowline_core::code::Code;
use bowline_core::hub::{HubSetup as Told, Outbox, Source};
use bowline_core::id::{HubId, Pin};
use bowline_core::limits::Limits;
use bowline_core::link::Link;
use bowline_core::wire::frame::Method;

use crate::clock::PULSE;
use crate::config::{HubConfig, HubUrl, Insecure, Scheme, Warning};
use crate::driver::{Turn, linger};
use crate::entropy;
use crate::files::{DataDir, SecretOrigin};
use crate::hub::chores::serve_store;
use crate::hub::link::HubLink;
use crate::hub::presence::{self, Presence};
use crate::hub::shared::{Links, Shared};
use crate::notice::ShellEvent;
use crate::runtime::{Acceptor, Alarm, Listener, Runtime, Stream};

/// How long a stopping hub waits for its links once their calls have had their time.
const LAST_WORDS: Duration = Duration::from_millis(1600);

/// The least that it waits for those that never were admitted.
const STRANGERS: Duration = Duration::from_millis(200);

/// A hub that listens. Dropped, it stops at once, with the calls that run; [`Hub::stop`] lets them
/// end, and waits.
#[derive(Debug)]
#[must_use = "a hub stops where it is dropped"]
pub struct Hub<R: Runtime> {
    runtime: R,
    pub(super) shared: Arc<Shared>,
    pub(super) facts: Facts,
    pub(super) setup: Setup,
}

/// What a hub was started with.
#[derive(Debug)]
pub(super) struct Setup {
    /// In force.
    pub(super) config: HubConfig,
    pub(super) insecure: Insecure,
    /// The bounds below those of the configuration.
    pub(super) limits: Limits,
    /// Seconds since 1970.
    pub(super) since: u64,
    pub(super) data: DataDir,
    /// What it is found by on its machine.
    pub(super) presence: Arc<Presence>,
}

/// What a running hub can say of itself.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) id: HubId,
    pub(super) pin: Option<Pin>,
    /// The certificates served, as PEM.
    pub(super) chain: String,
    pub(super) not_after: Option<u64>,
    pub(super) scheme: Scheme,
    pub(super) url: HubUrl,
    pub(super) local: SocketAddr,
    pub(super) secret: Option<SecretOrigin>,
    pub(super) generation: u64,
    pub(super) warnings: Vec<Warning>,
}

impl Facts {
    /// The same, as the machine takes it.
    pub(super) fn told(
        &self,
        config: &HubConfig,
        methods: Vec<Method>,
        since: u64,
        control: Option<PathBuf>,
        urls: &[HubUrl],
    ) -> Told {
        Told {
            name: config.name.clone(),
            hub: self.id,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            generation: self.generation,
            mode: config.mode.to_string(),
            bind: self.local.to_string(),
            url: self.url.to_string(),
            urls: urls.iter().map(ToString::to_string).collect(),
            methods,
            auth_required: config.auth_required,
            pin: self.pin,
            not_after: self.not_after,
            control: control.map(|path| path.display().to_string()),
            since,
            warnings: self.warnings.iter().map(ToString::to_string).collect(),
        }
    }
}

/// What a hub listens on.
pub(super) struct Sockets<R: Runtime> {
    pub(super) network: R::Listener,
    pub(super) local: Option<R::UnixListener>,
}

impl<R: Runtime> Hub<R> {
    pub(super) fn run(
        runtime: R,
        shared: Arc<Shared>,
        sockets: Sockets<R>,
        facts: Facts,
        setup: Setup,
    ) -> Self {
        let Sockets { network, local } = sockets;
        shared.links.change(|links| links.listening = 1 + usize::from(local.is_some()));
        runtime.spawn(accept(runtime.clone(), shared.clone(), network, Source::Network, None));
        if let Some(local) = local {
            let source = |()| Source::Local;
            runtime.spawn(accept(runtime.clone(), shared.clone(), local, source, Some(0)));
        }
        let keep = presence::keep(runtime.clone(), shared.clone(), setup.presence.clone());
        runtime.spawn(keep);
        runtime.spawn(keep_deadlines(runtime.clone(), shared.clone()));
        runtime.spawn(serve_store(runtime.clone(), shared.clone()));
        Self { runtime, shared, facts, setup }
    }

    /// The hub's id.
    #[must_use]
    pub fn id(&self) -> HubId {
        self.facts.id
    }

    /// The pin of the TLS key served; none in `plain`.
    #[must_use]
    pub fn pin(&self) -> Option<Pin> {
        self.facts.pin
    }

    /// The URL of the address that it listens on.
    #[must_use]
    pub fn url(&self) -> &HubUrl {
        &self.facts.url
    }

    /// What other machines dial: `advertise`, else the host names of the configuration, else
    /// [`Hub::url`].
    #[must_use]
    pub fn urls(&self) -> Vec<HubUrl> {
        self.shared.urls.load().to_vec()
    }

    /// The address that it listens on.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.facts.local
    }

    /// Where the shared secret came from; none where it was given, or is not offered.
    #[must_use]
    pub fn secret_origin(&self) -> Option<&SecretOrigin> {
        self.facts.secret.as_ref()
    }

    /// How often this hub has started.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.facts.generation
    }

    /// What was accepted with a switch.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.facts.warnings
    }

    /// The socket for the operator of this machine, where there is one.
    #[must_use]
    pub fn control(&self) -> Option<PathBuf> {
        self.setup.presence.control()
    }

    /// Looks now whether the local socket, the endpoint file and the lock are there, and makes anew
    /// what is not; the hub does so by itself every [`LOOK`](crate::hub::LOOK). Returns at once.
    pub fn look_around(&self) {
        self.setup.presence.hurry();
    }

    /// The data directory.
    #[must_use]
    pub fn data(&self) -> &DataDir {
        &self.setup.data
    }

    /// Waits until the hub has ended by itself, and tells why: another hub has used its ledger, so
    /// that this one does not know any more whom it may admit. Its links are closed by then, no
    /// more are taken, and only [`Hub::stop`] is left to be called. As long as all is well it
    /// waits.
    pub async fn ended(&self) -> String {
        self.shared.ended.until(Clone::clone).await
    }

    /// Says Goaway on every link, lets the calls that are open end within
    /// [`Limits::drain`](bowline_core::limits::Limits), ends those that do not, and closes; who
    /// dials meanwhile is told when to come again. Returns when all links are gone, the address is
    /// free and the ledger is closed: 1.8 s after the calls' time at the latest, and what the disk
    /// takes for the last commit. From then on the data directory may be copied, or be another
    /// hub's.
    pub async fn stop(self) {
        let within = self.shared.snapshot.load().limits.drain;
        let end = self.runtime.now().checked_add(within.saturating_add(LAST_WORDS));
        self.shared.drain(within);
        self.wait_for(end, |links| links.drained).await;
        self.shared.close_all(Code::GoingAway);
        let end = end.max(self.runtime.now().checked_add(STRANGERS));
        self.wait_for(end, |links| links.listening == 0 && links.count == 0).await;
        self.shared.with(bowline_core::hub::Hub::summarise);
        self.shared.store_queue.until(|chores| chores.over.then_some(())).await;
        self.shared.ledger.close().await;
        self.setup.presence.leave();
    }

    /// Waits until the links are so, or until that moment.
    async fn wait_for(&self, until: Option<Instant>, are: impl Fn(&Links) -> bool) {
        let mut alarm = Alarm::new(&self.runtime);
        alarm.set(until);
        let mut so = pin!(self.shared.links.until(|links| are(links).then_some(())));
        poll_fn(|cx| match so.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(()),
            Poll::Pending => alarm.poll(cx),
        })
        .await;
    }
}

impl<R: Runtime> Drop for Hub<R> {
    fn drop(&mut self) {
        if !self.shared.links.look(|links| links.stopping) {
            self.shared.close_all(Code::GoingAway);
        }
        // None where `stop` came to its end. Nobody else uses the directory until the last task has
        // ended and the ledger is closed.
        if let Some(lock) = self.setup.presence.let_go() {
            self.shared.ledger.hold(lock);
        }
    }
}

/// Takes connections until the hub stops, or another local socket than this `local` one is in
/// force.
pub(super) async fn accept<R: Runtime, L: Listener>(
    runtime: R,
    shared: Arc<Shared>,
    listener: L,
    source: fn(L::Remote) -> Source,
    local: Option<u64>,
) {
    let mut acceptor = Acceptor::new(&runtime, listener);
    let is_over = |links: &Links| links.stopping || local.is_some_and(|local| local != links.local);
    let mut stopping = pin!(shared.links.until(|links| is_over(links).then_some(())));
    loop {
        let accepted = poll_fn(|cx| {
            if stopping.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            acceptor.poll_accept(cx).map(Some)
        })
        .await;
        let Some((stream, remote)) = accepted else { break };
        runtime.spawn(drive(runtime.clone(), shared.clone(), stream, source(remote)));
    }
    drop(acceptor);
    shared.links.change(|links| links.listening -= 1);
}

/// Drives one connection to its end.
async fn drive<R: Runtime>(runtime: R, shared: Arc<Shared>, stream: impl Stream, source: Source) {
    let began = shared.clock.now();
    let Some((id, mailbox)) = shared.arrive(source, began) else { return };
    shared.subscriber.tell(ShellEvent::Accepted { link: id, remote: source.to_string() });
    match entropy::seed()
        .map(|seed| Link::accept(shared.snapshot.load_full(), source, &seed, began))
    {
        Ok(Ok(link)) => {
            let turn = Turn::new(&runtime, link, stream, shared.clock.clone());
            let mut owner = HubLink {
                shared: shared.clone(),
                link: id,
                mailbox,
                outbox: Outbox::default(),
                remote: source.to_string(),
                peer: None,
                began,
                traffic: (0, 0),
                closing: None,
            };
            let (_, stream) = turn.run(&mut owner).await;
            shared.gone(id, shared.clock.now());
            linger(&runtime, stream).await;
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "cannot make a link");
            shared.gone(id, began);
        }
        Err(error) => {
            tracing::error!(%error, "the system gives no randomness");
            shared.gone(id, began);
        }
    }
}

/// Ends calls whose peers do not answer in time, wakes every link after the machine has slept, and
/// carries on with calls for very many, one slice at a turn so that others get the lock in between.
async fn keep_deadlines<R: Runtime>(runtime: R, shared: Arc<Shared>) {
    let mut alarm = Alarm::new(&runtime);
    let mut slept = shared.clock.slept();
    poll_fn(|cx| {
        shared.timer.register(cx.waker());
        if shared.work(shared.clock.now()) {
            cx.waker().wake_by_ref();
        }
        loop {
            let now = shared.clock.now();
            if core::mem::replace(&mut slept, shared.clock.slept()) < slept {
                shared.wake_all();
            }
            let next = shared.arm(now).into_iter().chain([now.mono.after(PULSE)]).min();
            alarm.set(next.and_then(|at| shared.clock.instant(at)));
            if alarm.poll(cx).is_pending() {
                return match shared.links.look(|links| links.stopping) {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                };
            }
        }
    })
    .await;
}
