//! What happens on links, for whoever wants to show it: the program, `demo`, tests.
//!
//! Every notice comes from an event of a link or of the hub, at the moment at which it happened.
//! None carries a secret.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bowline_core::auth::Admitted;
use bowline_core::auth::peer::HubInfo;
use bowline_core::code::Code;
use bowline_core::hub::HubEvent;
use bowline_core::id::{CallId, CommandName, LinkId, PeerId};
use bowline_core::link::{Ended, Measure, Security};
use bowline_core::peer::Prompt;
use bowline_core::remedy::Remedy;
use bowline_core::trust::Entry;
use bowline_core::wire::frame::Status;

/// One thing that happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ShellEvent {
    /// Peer: a socket is connected to the hub.
    Connected {
        /// Where to.
        remote: String,
    },
    /// Hub: a connection came.
    Accepted {
        /// Its number.
        link: LinkId,
        /// Where from.
        remote: String,
    },
    /// Hub: a trusted proxy carries a connection for this address, which is its remote from here
    /// on.
    Forwarded {
        /// Its number.
        link: LinkId,
        /// The proxy.
        proxy: String,
        /// Where it truly comes from.
        remote: String,
    },
    /// Hub: what it tells of sessions, tokens and those who were turned away. Never
    /// [`HubEvent::Online`], of which the link tells ([`ShellEvent::Admitted`]), nor
    /// [`HubEvent::Drained`], at which [`Hub::stop`](crate::hub::Hub::stop) returns.
    Hub(HubEvent),
    /// The transport is up.
    Secured {
        /// At a hub, the connection's number.
        link: Option<LinkId>,
        /// What it uses.
        security: Security,
    },
    /// The WebSocket is up.
    Upgraded {
        /// At a hub, the connection's number.
        link: Option<LinkId>,
    },
    /// Peer: trust was decided on the hub's Hello; the proof goes out.
    Learnt(Box<HubInfo>),
    /// Peer: what was learnt of the hub is on the disk.
    Kept(Box<Entry>),
    /// Peer: new credentials are on the disk, and the session goes on by them.
    Renewed {
        /// When the session ends from here on, seconds since 1970.
        until: Option<u64>,
    },
    /// The session began.
    Admitted {
        /// At a hub, the connection's number.
        link: Option<LinkId>,
        /// Who was admitted, and how.
        admitted: Box<Admitted>,
        /// Since the connection began.
        took: Duration,
        /// Bytes received and sent until here.
        traffic: (u64, u64),
    },
    /// Peer: the hub knows the commands.
    Registered {
        /// How many they are.
        commands: u64,
    },
    /// Peer: a call came.
    Called {
        /// Its number on this link.
        id: CallId,
        /// The command.
        name: CommandName,
    },
    /// Peer: a call's result went to the link.
    Answered {
        /// Its number on this link.
        id: CallId,
        /// How it ended.
        status: Status,
    },
    /// Hub: another shared secret took the place of the one before.
    SecretRotated {
        /// When the one before it ends, seconds since 1970; none where it has.
        old_until: Option<u64>,
    },
    /// Hub: a peer is beyond its rate, and what it sends is held back. At most one a minute for
    /// each link.
    HeldBack {
        /// Its number.
        link: LinkId,
        /// The peer.
        peer: PeerId,
        /// Which rate it is beyond.
        measure: Measure,
    },
    /// Peer: the hub is beyond what this peer takes in a second, and what it sends is held back. At
    /// most one a minute for each link.
    HubHeldBack {
        /// Which rate it is beyond.
        measure: Measure,
    },
    /// Peer: so many notices of calls were left out here, since the hub made more than are told.
    LeftOut {
        /// How many.
        count: u64,
    },
    /// Hub: something that it is found by on its machine was gone or another's, and was made anew.
    MadeAnew {
        /// What.
        mark: Mark,
        /// Where it is from here on.
        path: PathBuf,
    },
    /// Hub: its data directory is not as it left it, and it cannot put that right. Told once, and
    /// again when the reason changes. The last one of a hub that ended itself because another hub
    /// has used its ledger.
    Amiss {
        /// What is wrong, and what to do; none where all is well again.
        reason: Option<String>,
    },
    /// This end stops, and calls are open.
    Stopping {
        /// How many: at a hub those of all peers, at a peer those that it runs.
        calls: usize,
        /// How long they have to end by themselves.
        within: Duration,
    },
    /// A link is over.
    Ended {
        /// At a hub, the connection's number.
        link: Option<LinkId>,
        /// Where the other end was.
        remote: String,
        /// How.
        ended: Box<Ended>,
        /// Bytes received and sent.
        traffic: (u64, u64),
    },
    /// Peer: an attempt to reach the hub failed before there was a link.
    Unreachable {
        /// The stable code, where something between here and the hub stood in the way.
        code: Option<Code>,
        /// Why.
        reason: String,
        /// What is to be done; none where the reason says it.
        remedy: Option<Remedy<'static>>,
    },
    /// Peer: there is no session, and the next attempt comes after this long; once for each wait.
    Retry {
        /// From here on.
        after: Duration,
        /// Why there is none, where that has a stable code: how the last attempt or session ended.
        code: Option<Code>,
        /// For how long there has been none: since the start, or since the last session ended.
        away: Duration,
    },
    /// Peer: it waited, and dials before its time.
    Prompted {
        /// Why.
        by: Prompt,
        /// How much later than at once: up to a second after the last attempt began, and up to
        /// half a second where many peers may have the same reason.
        after: Duration,
    },
}

/// What a running hub is found by on its own machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The lock on its data directory.
    Lock,
    /// The local socket.
    Socket,
    /// The file that says where it listens.
    Endpoint,
}

impl Mark {
    /// Its name, as JSON has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Socket => "socket",
            Self::Endpoint => "endpoint",
        }
    }
}

/// Who is told.
#[derive(Clone)]
pub struct Subscriber(Arc<dyn Fn(ShellEvent) + Send + Sync>);

impl Subscriber {
    /// Tells `tell`, on the task that the notice comes from: it must not block.
    #[must_use]
    pub fn new(tell: impl Fn(ShellEvent) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// The same, of whom `tap` is told as well, before.
    pub(crate) fn tapped(&self, tap: impl Fn(&ShellEvent) + Send + Sync + 'static) -> Self {
        let tell = self.0.clone();
        Self::new(move |notice| {
            tap(&notice);
            tell(notice);
        })
    }

    pub(crate) fn tell(&self, notice: ShellEvent) {
        tracing::debug!(?notice);
        (self.0)(notice);
    }
}

impl Default for Subscriber {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscriber(..)")
    }
}
