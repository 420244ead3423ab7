//! Handles: a session with a hub, and a peer that keeps one.

use std::sync::Arc;
use std::time::Duration;

use bowline_core::auth::Admitted;
use bowline_core::code::Code;
use bowline_core::id::{CommandName, PeerId};
use bowline_core::link::Ended;

use crate::call::{CallBuilder, Callee, LabelTests};
use crate::driver::Mailbox;
use crate::peer::state::{NoSession, PeerState, Standing, States};
use crate::watch::Watch;

/// One admitted link to a hub. Dropping the handle does not close it; [`Session::close`] does.
#[derive(Clone, Debug)]
pub struct Session {
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) state: Arc<Watch<LinkState>>,
    pub(super) admitted: Arc<Admitted>,
}

/// How far a link is.
#[derive(Debug)]
pub(super) enum LinkState {
    Coming,
    Up(Arc<Admitted>),
    Over(Arc<Ended>),
}

impl Session {
    /// Who was admitted, and what it may do.
    #[must_use]
    pub fn admitted(&self) -> &Admitted {
        &self.admitted
    }

    /// Calls a command on one peer.
    pub fn call(&self, peer: PeerId, command: CommandName) -> CallBuilder {
        CallBuilder::new(self.mailbox.clone(), Callee::Peer(peer), command)
    }

    /// Calls a command on every peer that serves the hub, or has. Each of them has its end, by
    /// [`CallEvent::Answered`](crate::call::CallEvent::Answered); those that are away are missing.
    pub fn call_all(&self, command: CommandName) -> CallBuilder {
        CallBuilder::new(self.mailbox.clone(), Callee::All, command)
    }

    /// Calls a command on every peer that passes all of `labels`, as [`Session::call_all`].
    pub fn call_labels(&self, labels: LabelTests, command: CommandName) -> CallBuilder {
        CallBuilder::new(self.mailbox.clone(), Callee::Labels(labels), command)
    }

    /// Calls one of the hub's own commands.
    pub fn call_hub(&self, command: CommandName) -> CallBuilder {
        CallBuilder::new(self.mailbox.clone(), Callee::Hub, command)
    }

    /// Ends the link once no call is open on it. The hub calls nothing here from now on, and
    /// nothing can be called; what is open has `within` to end by itself, and is ended then.
    pub fn leave(&self, within: Duration) {
        self.mailbox.leave(within);
    }

    /// Ends the link; [`Session::ended`] tells when it has.
    pub fn close(&self) {
        self.mailbox.close(Code::GoingAway);
    }

    /// Waits for the end of the link.
    pub async fn ended(&self) -> Arc<Ended> {
        self.state.until(LinkState::over).await
    }
}

impl LinkState {
    pub(super) fn over(&self) -> Option<Arc<Ended>> {
        match self {
            Self::Over(ended) => Some(ended.clone()),
            Self::Coming | Self::Up(_) => None,
        }
    }

    /// Admitted, or over before that.
    pub(super) fn known(&self) -> Option<Result<Arc<Admitted>, Arc<Ended>>> {
        match self {
            Self::Coming => None,
            Self::Up(admitted) => Some(Ok(admitted.clone())),
            Self::Over(ended) => Some(Err(ended.clone())),
        }
    }
}

/// A peer that dials its hub again whenever the link ends, until [`Peer::stop`]. Its clones are the
/// same peer, and once the last of them is dropped it stops, as by [`Peer::stop`] with nobody
/// waiting.
#[derive(Clone, Debug)]
#[must_use = "a peer stops where it is dropped"]
pub struct Peer {
    pub(super) shared: Arc<Watch<Standing>>,
    _held: Arc<Handles>,
}

/// What all handles of a peer hold, and its task does not.
#[derive(Debug)]
struct Handles(Arc<Watch<Standing>>);

impl Drop for Handles {
    fn drop(&mut self) {
        self.0.change(|standing| standing.stopping = true);
    }
}

impl Peer {
    pub(super) fn new(shared: Arc<Watch<Standing>>) -> Self {
        Self { _held: Arc::new(Handles(shared.clone())), shared }
    }

    /// The session, once there is one: admitted, and callable where it serves. What heals by itself
    /// is waited for: a network or a hub that is away, a hub that is busy.
    ///
    /// # Errors
    /// [`NoSession::Failed`] at once where that does not heal: a wrong secret or none, another hub
    /// than the one known, an id that is taken, a revoked peer. [`NoSession::Stopped`] where the
    /// peer stops.
    pub async fn session(&self) -> Result<Session, NoSession> {
        self.shared.until(Standing::verdict).await
    }

    /// How the peer stands at this moment.
    #[must_use]
    pub fn state(&self) -> PeerState {
        self.shared.look(|standing| standing.state().clone())
    }

    /// How the peer stands, and each time that it changes.
    pub fn states(&self) -> States {
        States::new(self.shared.clone())
    }

    /// Dials at once where the peer waits to dial again, whatever for: after what cannot heal, and
    /// where the hub asked to be left alone, too. The next waits are short again.
    ///
    /// A dial that is under way is ended as it is, and another comes right after it where it fails;
    /// in a session nothing happens. [`Peer::session`] waits for what comes of it. Dials that are
    /// asked for begin a second apart at least, however often this is called.
    pub fn retry_now(&self) {
        self.shared.change(|standing| {
            standing.retry = standing.session().is_none();
            standing.reconsider();
        });
    }

    /// Dials no more, and ends the link as [`Session::leave`] does, within the
    /// [`PeerBuilder::drain`](crate::peer::PeerBuilder::drain) of this peer; returns when that is
    /// done and every program has ended. Where it gives calls 3 s or less that takes 4.8 s at most,
    /// else 1.8 s more. Programs that take longer are killed when the process ends.
    pub async fn stop(&self) {
        self.shared.change(|standing| standing.stopping = true);
        self.shared.until(|standing| standing.stopped.then_some(())).await;
    }
}
