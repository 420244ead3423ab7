//! What a running hub is found by on its own machine: the lock on its data directory, the local
//! socket, and the file that says where it listens.
//!
//! Somebody may take them away while the hub runs: a clean-up of temporary files, an end of a login
//! that empties the runtime directory, a person. One task looks at them every [`LOOK`], and at once
//! where it is asked to, and makes anew what is gone.
//!
//! ```text
//!  the directory is another, or the ledger is gone ──► told; nothing is touched
//!  another hub has used the ledger                 ──► the hub ends itself; nothing is touched
//!  another hub has locked the directory            ──► told; nothing is touched
//!  the lock's file is gone                         ──► locked anew
//!  the socket's file is gone, or another's         ──► made anew where it may be,
//!                                                      never over another's
//!  the endpoint file is gone, or was written to    ──► written anew
//! ```

use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;
use std::{future::poll_fn, pin::pin};

use bowline_core::hub::Source;
use bowline_core::id::HubId;

use crate::config::HubUrl;
use crate::files::{ControlSocket, DataDir, DirLock, Endpoint, FileError, Stamp, shown};
use crate::hub::serve::accept;
use crate::hub::shared::Shared;
use crate::ledger::{LedgerError, LedgerThread};
use crate::notice::{Mark, ShellEvent};
use crate::runtime::{Alarm, Runtime, listen};
use crate::watch::Watch;

/// How often a running hub looks whether it can be found: what somebody took away is back by then.
pub const LOOK: Duration = Duration::from_secs(2);

/// What a hub is found by; gone once it has stopped.
#[derive(Debug)]
pub(super) struct Presence {
    marks: Mutex<Option<Marks>>,
    /// Somebody asked for a look at once.
    hurried: Watch<Option<()>>,
}

/// What stands in the data directory.
#[derive(Debug)]
struct Marks {
    data: DataDir,
    hub: HubId,
    /// Nobody else uses the directory.
    lock: DirLock,
    directory: Stamp,
    ledger: Stamp,
    control: Option<ControlSocket>,
    endpoint: Endpoint,
    /// The endpoint file as it was written.
    written: Stamp,
    /// What is wrong and was told.
    amiss: Option<String>,
    /// The directory was not locked for a while, and whether another hub used it is not known yet.
    unsure: bool,
}

/// What a look came to.
#[derive(Debug, Default)]
struct Looked {
    /// A socket that takes the place of the one before.
    socket: Option<UnixListener>,
    notices: Vec<ShellEvent>,
    /// Another hub has used the ledger.
    overtaken: Option<String>,
}

impl Presence {
    /// Writes the endpoint file of a hub that listens.
    ///
    /// # Errors
    /// The system's; the socket is gone again.
    pub(super) fn new(
        data: DataDir,
        (hub, url): (HubId, HubUrl),
        lock: DirLock,
        control: Option<ControlSocket>,
    ) -> Result<Self, FileError> {
        let path = control.as_ref().map(|socket| socket.path().to_owned());
        let endpoint = Endpoint { url, pid: std::process::id(), control: path };
        endpoint.write(&data).inspect_err(|_| {
            // Nothing listens, and that is the error to tell.
            let _ = control.as_ref().map(ControlSocket::remove);
        })?;
        let written = Stamp::expect(&data.endpoint())?;
        let directory = Stamp::of_directory(&data.lock_file())?;
        let ledger = Stamp::expect(&data.ledger())?;
        let marks = Marks {
            data,
            hub,
            lock,
            directory,
            ledger,
            control,
            endpoint,
            written,
            amiss: None,
            unsure: false,
        };
        Ok(Self { marks: Mutex::new(Some(marks)), hurried: Watch::new(None) })
    }

    /// The local socket's file, where there is one.
    pub(super) fn control(&self) -> Option<PathBuf> {
        let marks = self.lock();
        let control = marks.as_ref().and_then(|marks| marks.control.as_ref());
        control.map(|socket| socket.path().to_owned())
    }

    /// Has everything looked at now.
    pub(super) fn hurry(&self) {
        self.hurried.change(|hurried| *hurried = Some(()));
    }

    /// The hub has stopped: takes away what is its own, and lets go of the directory.
    pub(super) fn leave(&self) {
        drop(self.let_go());
    }

    /// Takes away what the hub is found by, and gives the lock on the directory to who asks first.
    pub(super) fn let_go(&self) -> Option<DirLock> {
        let marks = self.lock().take()?;
        if let Err(error) = marks.remove_endpoint() {
            tracing::warn!(%error, "the endpoint file stays behind");
        }
        if let Some(Err(error)) = marks.control.as_ref().map(ControlSocket::remove) {
            tracing::warn!(%error, "the local socket stays behind");
        }
        Some(marks.lock)
    }

    fn look(&self, is_hurried: bool, ledger: &LedgerThread) -> Looked {
        match &mut *self.lock() {
            Some(marks) => marks.look(is_hurried, ledger),
            None => Looked::default(),
        }
    }

    /// Nobody accepts from the socket that was made.
    fn forget_socket(&self) {
        if let Some(control) = self.lock().as_mut().and_then(|marks| marks.control.as_mut()) {
            control.forget();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Marks>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Marks {
    fn look(&mut self, is_hurried: bool, ledger: &LedgerThread) -> Looked {
        let mut looked = Looked::default();
        let amiss = self.put_right(is_hurried, ledger, &mut looked).err();
        if amiss != self.amiss {
            looked.notices.push(ShellEvent::Amiss { reason: amiss.clone() });
            self.amiss = amiss;
        }
        looked
    }

    /// Makes anew what is gone; what is wrong and cannot be put right, as a sentence.
    fn put_right(
        &mut self,
        is_hurried: bool,
        ledger: &LedgerThread,
        looked: &mut Looked,
    ) -> Result<(), String> {
        self.at_home()?;
        let is_locked = self.lock.is_at(&self.data).map_err(cannot)?;
        self.unsure |= !is_locked;
        let locked = if is_locked { Ok(()) } else { self.retake() };
        // After that: no other hub begins once this one has its lock again.
        match used(ledger) {
            Ok(()) => self.unsure &= locked.is_err(),
            Err(error @ LedgerError::Overtaken { .. }) => {
                looked.overtaken = Some(overtaken(&error, &self.data));
                return Ok(());
            }
            Err(error) if self.unsure && locked.is_ok() => {
                return Err(format!("whether another hub used the ledger is not known: {error}"));
            }
            // Its lock kept others away, or the other one is told below.
            Err(_) => {}
        }
        locked?;
        if !is_locked {
            looked.made(Mark::Lock, self.data.lock_file());
        }
        let socket = self.socket(is_hurried, looked);
        let is_written = self.written.is_unchanged(&self.data.endpoint()).map_err(cannot)?;
        let control = self.control.as_ref().map(|socket| socket.path().to_owned());
        if !is_written || control != self.endpoint.control {
            self.endpoint.control = control;
            self.endpoint.write(&self.data).map_err(cannot)?;
            self.written = Stamp::expect(&self.data.endpoint()).map_err(cannot)?;
            if !is_written {
                looked.made(Mark::Endpoint, self.data.endpoint());
            }
        }
        socket
    }

    /// Locks the directory again, whose lock's file is gone or another's.
    fn retake(&mut self) -> Result<(), String> {
        self.lock = DirLock::take(&self.data).map_err(|error| match error {
            FileError::Locked { path, pid } => {
                let pid = pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
                format!("another hub{pid} has locked {}: stop one of the two", shown(&path))
            }
            error => cannot(error),
        })?;
        Ok(())
    }

    /// Whether the directory and the ledger are those that the hub started with.
    fn at_home(&self) -> Result<(), String> {
        let path = shown(self.data.path());
        match Stamp::of_directory(&self.data.lock_file()) {
            Ok(now) if now.is_same(&self.directory) => {}
            Ok(_) => {
                return Err(format!(
                    "{path} is another directory than the one that this hub keeps its data in: {LOST}"
                ));
            }
            Err(error) if error.is_not_found() => {
                return Err(format!("the data directory {path} is not there any more: {LOST}"));
            }
            Err(error) => return Err(cannot(error)),
        }
        match Stamp::of(&self.data.ledger()).map_err(cannot)? {
            Some(now) if now.is_same(&self.ledger) => Ok(()),
            _ => Err(format!(
                "{} is not the ledger that this hub writes to: {LOST}",
                shown(&self.data.ledger())
            )),
        }
    }

    fn socket(&mut self, is_hurried: bool, looked: &mut Looked) -> Result<(), String> {
        let is_there = match &self.control {
            Some(control) => control.is_there().map_err(cannot)?,
            // There was no place for one at the start; there may be by the next.
            None => !is_hurried,
        };
        if is_there {
            return Ok(());
        }
        let variable = |name: &str| std::env::var_os(name);
        let (listener, control) = ControlSocket::open(&self.data, self.hub, variable, listen::unix)
            .map_err(|error| format!("the local socket cannot be made anew: {error}"))?;
        looked.made(Mark::Socket, control.path().to_owned());
        looked.socket = Some(listener);
        self.control = Some(control);
        Ok(())
    }

    /// Not one that is another hub's.
    fn remove_endpoint(&self) -> Result<(), FileError> {
        let is_home = Stamp::of_directory(&self.data.lock_file());
        let is_home = is_home.is_ok_and(|now| now.is_same(&self.directory));
        match is_home && self.lock.is_at(&self.data)? {
            true => Endpoint::remove(&self.data),
            false => Ok(()),
        }
    }
}

impl Looked {
    fn made(&mut self, mark: Mark, path: PathBuf) {
        self.notices.push(ShellEvent::MadeAnew { mark, path });
    }
}

fn cannot(error: FileError) -> String {
    format!("whether this hub can be found on its machine is not known: {error}")
}

/// Whether the ledger is this hub's alone still, by the ledger; blocks for as long as what was
/// asked before takes, and at most [`ASKED`].
fn used(ledger: &LedgerThread) -> Result<(), LedgerError> {
    let (tell, told) = sync_channel(1);
    ledger.check(move |result| {
        // Nobody may listen any more.
        let _ = tell.send(result);
    });
    told.recv_timeout(ASKED).unwrap_or(Err(LedgerError::Closed))
}

fn overtaken(error: &LedgerError, data: &DataDir) -> String {
    format!(
        "{error}: whom that one revoked is not known here. This hub has ended its sessions and takes \
         no more: see that no other hub runs on {}, and start it again",
        shown(data.path())
    )
}

/// How long a look waits for the ledger.
const ASKED: Duration = Duration::from_secs(1);

const LOST: &str = "what it records from here on is lost when it stops. Put back what was there, or \
                    stop this hub and start it where its data is";

/// Looks, now and then, until the hub stops.
pub(super) async fn keep<R: Runtime>(runtime: R, shared: Arc<Shared>, presence: Arc<Presence>) {
    let mut alarm = Alarm::new(&runtime);
    loop {
        alarm.set(runtime.now().checked_add(LOOK));
        let mut hurried = pin!(presence.hurried.take());
        let mut stopping = pin!(shared.links.until(|links| links.stopping.then_some(())));
        let is_hurried = poll_fn(|cx| {
            if stopping.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            if hurried.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Some(true));
            }
            alarm.poll(cx).map(|()| Some(false))
        })
        .await;
        let Some(is_hurried) = is_hurried else { return };
        let (looking, ledger) = (presence.clone(), shared.clone());
        // It touches the disk, which may take its time.
        let looked = runtime.blocking(move || looking.look(is_hurried, &ledger.ledger)).await;
        let Looked { socket, notices, overtaken } = match looked {
            Ok(looked) => looked,
            Err(error) => {
                tracing::warn!(%error, "nobody could look whether this hub can be found");
                continue;
            }
        };
        if let Some(reason) = overtaken {
            // Told once the links are on their way out.
            shared.give_up(reason.clone());
            return shared.subscriber.tell(ShellEvent::Amiss { reason: Some(reason) });
        }
        if let Some(socket) = socket {
            replace(&runtime, &shared, &presence, socket);
        }
        notices.into_iter().for_each(|notice| shared.subscriber.tell(notice));
    }
}

/// Accepts from this socket in the place of the one before; links that came by that one stay.
fn replace<R: Runtime>(
    runtime: &R,
    shared: &Arc<Shared>,
    presence: &Presence,
    socket: UnixListener,
) {
    let local = match runtime.unix_listener(socket) {
        Ok(local) => local,
        Err(error) => {
            tracing::warn!(%error, "cannot listen on the local socket; trying again");
            return presence.forget_socket();
        }
    };
    let number = shared.links.change(|links| {
        links.listening += 1;
        links.local += 1;
        links.local
    });
    runtime.spawn(accept(runtime.clone(), shared.clone(), local, |()| Source::Local, Some(number)));
    let control = presence.control().map(|path| path.display().to_string());
    shared.with(|hub| hub.set_control(control));
}
