//! Who can be called at this moment: what the calls see of links and members.

use core::time::Duration;

use crate::code::Code;
use crate::hub::calls::Caller;
use crate::hub::drain::Stage;
use crate::hub::links::Links;
use crate::hub::members::Members;
use crate::id::{CommandName, LinkId, PeerId};
use crate::limits::Limits;
use crate::time::{Mono, Now};

pub(super) use crate::hub::members::labels::Meant;

/// The hub around its calls, to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Directory<'h> {
    pub(super) links: &'h Links,
    pub(super) members: &'h Members,
    pub(super) limits: &'h Limits,
    pub(super) stage: Stage,
    pub(super) now: Now,
}

impl<'h> Directory<'h> {
    /// Who calls from a link.
    pub(super) fn caller(&self, link: LinkId) -> Option<Caller<'h>> {
        let session = self.links.session(link)?;
        Some(Caller { link, capabilities: &session.capabilities, left: session.left })
    }

    /// The link that serves a command for a peer.
    ///
    /// # Errors
    /// [`Code::UnknownPeer`], [`Code::Offline`], [`Code::NotReady`] before its first Register,
    /// [`Code::UnknownCommand`].
    pub(super) fn serving(&self, peer: PeerId, name: CommandName) -> Result<LinkId, Code> {
        let target = self.members.serving(peer).ok_or_else(|| self.absent(peer))?;
        let session = self.links.session(target).ok_or(Code::Offline)?;
        let serves = session.serves.as_ref().ok_or(Code::NotReady)?;
        let known = serves.commands.iter().any(|command| command.name == name);
        if known { Ok(target) } else { Err(Code::UnknownCommand) }
    }

    /// When a call with this deadline ends here, whatever its runner does.
    pub(super) fn due(&self, deadline_ms: u64) -> Mono {
        let deadline = Duration::from_millis(deadline_ms).min(self.limits.call_deadline);
        self.now.mono.after(deadline).after(self.limits.deadline_grace)
    }

    /// Every peer that serves or has served, in the order of the ids, after `after`.
    pub(super) fn peers(&self, after: Option<PeerId>) -> impl Iterator<Item = PeerId> + use<'h> {
        self.members.listed(after)
    }

    /// Whether a peer is meant by label tests.
    pub(super) fn meant(&self, peer: PeerId, tests: &[(&str, &str)]) -> Meant {
        self.members.labels_of(peer, self.links).meant(tests)
    }

    /// Whether the hub stops.
    pub(super) fn is_draining(&self) -> bool {
        self.stage != Stage::Open
    }

    /// Whether the hub stops, and calls that are open have had their time.
    pub(super) fn has_run_out(&self) -> bool {
        self.stage == Stage::Over
    }

    fn absent(&self, peer: PeerId) -> Code {
        match self.members.known(peer) {
            Some(known) if known.binding.serves => Code::Offline,
            Some(_) | None => Code::UnknownPeer,
        }
    }
}
