//! What all tasks of a hub share: the machine behind its lock, the mailboxes, the ledger.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use atomic_waker::AtomicWaker;
use bowline_core::ask::{AskId, Rotated, Stored};
use bowline_core::auth::{HubSnapshot, Secrets, SharedSecret};
use bowline_core::code::Code;
use bowline_core::hub::{Hub as Machine, HubConfig as MachineConfig, HubEvent, Source};
use bowline_core::id::{LinkId, SecretNumber};
use bowline_core::time::{Mono, Now};

use crate::clock::Clock;
use crate::config::HubUrl;
use crate::driver::Mailbox;
use crate::files::DataDir;
use crate::hub::chores::StoreQueue;
use crate::hub::secret::SecretStore;
use crate::ledger::LedgerThread;
use crate::notice::{ShellEvent, Subscriber};
use crate::watch::Watch;

/// One hub.
pub(super) struct Shared {
    /// What links are made from; another one from each change on.
    pub(super) snapshot: ArcSwap<HubSnapshot>,
    pub(super) ledger: LedgerThread,
    pub(super) secret: SecretStore,
    /// Where keys are kept.
    pub(super) data: DataDir,
    /// What join tokens name.
    pub(super) urls: ArcSwap<Vec<HubUrl>>,
    pub(super) clock: Clock,
    pub(super) subscriber: Subscriber,
    /// Wakes the task that looks after the machine's deadlines, and after what is too long for one
    /// hold of the lock.
    pub(super) timer: AtomicWaker,
    /// What the machine asked for itself.
    pub(super) store_queue: Watch<StoreQueue>,
    /// How many links there are, and whether more are taken.
    pub(super) links: Watch<Links>,
    /// Why the hub ended by itself.
    pub(super) ended: Watch<Option<String>>,
    locked: Mutex<HubState>,
}

/// The links of a hub, counted.
#[derive(Debug, Default)]
pub(super) struct Links {
    pub(super) count: usize,
    pub(super) stopping: bool,
    /// The hub was told to stop, and has no session any more.
    pub(super) drained: bool,
    /// Sockets that listen.
    pub(super) listening: usize,
    /// Which of the local sockets that there were is in force.
    pub(super) local: u64,
}

/// What is behind the lock; it is held for map operations only.
struct HubState {
    hub: Machine,
    mailboxes: BTreeMap<LinkId, Arc<Mailbox>>,
    /// The deadline that the timer task knows of.
    armed: Option<Mono>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("links", &self.links).finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn new(
        snapshot: HubSnapshot,
        hub: Machine,
        ledger: LedgerThread,
        secret: SecretStore,
        data: DataDir,
        subscriber: Subscriber,
    ) -> Self {
        let locked = HubState { hub, mailboxes: BTreeMap::new(), armed: None };
        Self {
            snapshot: ArcSwap::from_pointee(snapshot),
            ledger,
            secret,
            data,
            urls: ArcSwap::default(),
            clock: Clock::start(),
            subscriber,
            timer: AtomicWaker::new(),
            store_queue: Watch::new(StoreQueue::default()),
            links: Watch::new(Links::default()),
            ended: Watch::new(None),
            locked: Mutex::new(locked),
        }
    }

    /// Gives the machine an input, then drains it: links are woken, events told.
    pub(super) fn with<T>(&self, input: impl FnOnce(&mut Machine) -> T) -> T {
        let mut locked = self.locked.lock().unwrap_or_else(PoisonError::into_inner);
        let output = input(&mut locked.hub);
        while let Some(link) = locked.hub.poll_wake() {
            if let Some(mailbox) = locked.mailboxes.get(&link) {
                mailbox.wake();
            }
        }
        let mut asks = Vec::new();
        while let Some(ask) = locked.hub.poll_ask() {
            asks.push(ask);
        }
        let next = locked.hub.poll_timeout();
        let sooner = next.is_some_and(|next| locked.armed.is_none_or(|armed| next < armed));
        if sooner {
            locked.armed = next;
        }
        if sooner || locked.hub.has_work() {
            self.timer.wake();
        }
        // Told outside the lock: what a subscriber does takes its own time.
        let mut notices = Vec::new();
        let mut ended = Vec::new();
        let mut drained = false;
        while let Some(event) = locked.hub.poll_event() {
            match event {
                HubEvent::SecretEnded { number } => ended.push(number),
                HubEvent::Drained => {
                    drained = true;
                    continue;
                }
                // Links tell of their own coming.
                HubEvent::Online { .. } => continue,
                _ => {}
            }
            notices.push(ShellEvent::Hub(event));
        }
        drop(locked);
        if drained {
            self.links.change(|links| links.drained = true);
        }
        ended.into_iter().for_each(|number| self.secret_ended(number));
        if !asks.is_empty() {
            self.store_queue
                .change(|chores| asks.into_iter().for_each(|(id, wanted)| chores.add(id, wanted)));
        }
        notices.into_iter().for_each(|notice| self.subscriber.tell(notice));
        output
    }

    /// At the start: a secret before the current one that still holds, and its end.
    pub(super) fn restore(&self, old: Option<(SecretNumber, u64)>) {
        let Some((current, _)) = self.snapshot.load().secrets.current() else { return };
        let now = self.clock.now();
        self.with(|hub| hub.set_secrets(current, old, now));
    }

    /// Has links know this secret from here on and, for a grace, the one before it; tells the
    /// machine, and answers what it asked. Under the lock: no link that knows the secret is
    /// admitted before.
    pub(super) fn rotated(
        &self,
        ask: AskId,
        number: SecretNumber,
        secret: &SharedSecret,
        rotated: Rotated,
    ) {
        let old_until = rotated.old_until;
        self.with(|hub| {
            self.snapshot.rcu(|snapshot| {
                let secrets = Secrets::numbered(number, secret.clone());
                let before = old_until.and(snapshot.secrets.current());
                let secrets = match before {
                    Some((old, before)) => secrets.with_old(old, before.clone()),
                    None => secrets,
                };
                HubSnapshot { secrets, ..HubSnapshot::clone(snapshot) }
            });
            hub.answer_ask(ask, Ok(Stored::Rotated(rotated)), self.clock.now());
        });
        self.subscriber.tell(ShellEvent::SecretRotated { old_until });
    }

    /// Other settings: for the machine, and for links that come. Under the lock, so that no link
    /// that comes by the one is admitted by the other.
    pub(super) fn reconfigure(
        &self,
        config: MachineConfig,
        anew: impl Fn(&HubSnapshot) -> HubSnapshot,
    ) {
        self.with(|hub| {
            self.snapshot.rcu(|snapshot| anew(snapshot));
            hub.reconfigure(config);
        });
    }

    /// A secret has ended: links do not know it any more, and its file goes.
    fn secret_ended(&self, number: SecretNumber) {
        self.snapshot.rcu(|snapshot| {
            let secrets = snapshot.secrets.clone().without_old(number);
            HubSnapshot { secrets, ..HubSnapshot::clone(snapshot) }
        });
        self.store_queue.change(StoreQueue::drop_old);
    }

    /// A connection came; its number and its mailbox. None where it is to be closed at once.
    pub(super) fn arrive(&self, source: Source, now: Now) -> Option<(LinkId, Arc<Mailbox>)> {
        if self.links.look(|links| links.stopping) {
            return None;
        }
        let link = self.with(|hub| hub.arrive(source, now)).ok()?;
        let mailbox = Arc::new(Mailbox::default());
        let mut locked = self.locked.lock().unwrap_or_else(PoisonError::into_inner);
        locked.mailboxes.insert(link, mailbox.clone());
        self.links.change(|links| links.count += 1);
        Some((link, mailbox))
    }

    /// A connection is gone.
    pub(super) fn gone(&self, link: LinkId, now: Now) {
        self.with(|hub| hub.gone(link, now));
        let mut locked = self.locked.lock().unwrap_or_else(PoisonError::into_inner);
        locked.mailboxes.remove(&link);
        drop(locked);
        self.links.change(|links| links.count -= 1);
    }

    /// Begins to stop: nobody new, no new calls, and what is open has `within`.
    pub(super) fn drain(&self, within: Duration) {
        let now = self.clock.now();
        let calls = self.with(|hub| {
            let calls = hub.open_calls();
            hub.drain(within, now);
            calls
        });
        if calls > 0 {
            self.subscriber.tell(ShellEvent::Stopping { calls, within });
        }
    }

    /// Ends every link, admitted or not.
    pub(super) fn close_all(&self, code: Code) {
        self.links.change(|links| links.stopping = true);
        self.timer.wake();
        self.store_queue.change(StoreQueue::close);
        let locked = self.locked.lock().unwrap_or_else(PoisonError::into_inner);
        locked.mailboxes.values().for_each(|mailbox| mailbox.close(code));
    }

    /// Ends the hub for that reason: every link, and no more come.
    pub(super) fn give_up(&self, reason: String) {
        self.close_all(Code::GoingAway);
        self.ended.change(|ended| *ended = Some(reason));
    }

    /// A slice of what is too long for one hold of the lock; whether there is more.
    pub(super) fn work(&self, now: Now) -> bool {
        self.with(|hub| hub.has_work() && hub.work(now))
    }

    /// Has every link look at the clock.
    pub(super) fn wake_all(&self) {
        let locked = self.locked.lock().unwrap_or_else(PoisonError::into_inner);
        locked.mailboxes.values().for_each(|mailbox| mailbox.wake());
    }

    /// The machine's next deadline, which the timer task will keep.
    pub(super) fn arm(&self, now: Now) -> Option<Mono> {
        self.with(|hub| hub.handle_timeout(now));
        let mut locked = self.locked.lock().unwrap_or_else(PoisonError::into_inner);
        locked.armed = locked.hub.poll_timeout();
        locked.armed
    }
}
