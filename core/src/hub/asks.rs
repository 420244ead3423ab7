//! Questions of the hub's own: what has to be on the disk before the hub goes on with a call.
//!
//! ```text
//!   Call ──► control ──► StoreAsk ──poll_ask──► the shell ──answer_ask──► change in memory, Result
//! ```
//!
//! What is answered with no, or never, has changed nothing. The call cannot be cancelled, and where
//! its link is gone by then, the change is made all the same: it is on the disk.

use std::collections::{BTreeMap, VecDeque};

use crate::ask::{AskId, Cannot, StoreAsk, Stored};
use crate::code::Code;
use crate::facts::{Change, Revocation};
use crate::hub::control::{Control, Revoking};
use crate::id::{CallId, LinkId};

/// Questions that wait to be taken, and those that wait for their answer.
#[derive(Debug, Default)]
pub(super) struct Asks {
    next: u64,
    fresh: VecDeque<(AskId, StoreAsk)>,
    open: BTreeMap<AskId, PendingAsk>,
}

/// What waits for an answer, and the call that does; none where the hub asks by itself.
#[derive(Debug)]
pub(super) struct PendingAsk {
    pub(super) caller: Option<(LinkId, CallId)>,
    pub(super) wanted: StoreAsk,
    /// What a token is revoked with.
    pub(super) revoking: Option<Revoking>,
}

impl Asks {
    /// Links with a call that waits for an answer.
    pub(super) fn links(&self) -> impl Iterator<Item = LinkId> + '_ {
        self.open.values().filter_map(|asked| asked.caller).map(|(link, _)| link)
    }

    /// How many such questions wait for their answers.
    pub(super) fn count(&self, which: impl Fn(&StoreAsk) -> bool) -> usize {
        self.open.values().filter(|asked| which(&asked.wanted)).count()
    }

    /// Asks on behalf of nobody.
    pub(super) fn quietly(&mut self, wanted: StoreAsk) {
        self.ask(None, wanted, None);
    }

    /// Asks on behalf of a call, which ends with the answer, or of nobody.
    pub(super) fn ask(
        &mut self,
        caller: Option<(LinkId, CallId)>,
        wanted: StoreAsk,
        revoking: Option<Revoking>,
    ) {
        let id = AskId(self.next);
        self.next += 1;
        self.fresh.push_back((id, wanted.clone()));
        self.open.insert(id, PendingAsk { caller, wanted, revoking });
    }

    /// A question to be put to durable storage.
    pub(super) fn poll(&mut self) -> Option<(AskId, StoreAsk)> {
        self.fresh.pop_front()
    }

    /// What waited for this answer, where it is open.
    pub(super) fn take(&mut self, ask: AskId) -> Option<PendingAsk> {
        self.open.remove(&ask)
    }
}

impl Control<'_> {
    /// Durable storage has answered what this call waited for.
    pub(super) fn answered(
        &mut self,
        wanted: StoreAsk,
        answer: Result<Stored, Cannot>,
        revoking: Option<Revoking>,
    ) {
        let stored = match answer {
            Ok(stored) => stored,
            Err(Cannot { code, reason }) => return self.failed(code, reason.as_deref()),
        };
        match (wanted, stored) {
            (StoreAsk::Change(change), Stored::Changed(done)) => {
                self.changed(change, done, revoking);
            }
            (StoreAsk::Rotate { number, .. }, Stored::Rotated(rotated)) => {
                self.rotated(number, rotated);
            }
            (StoreAsk::Issue(_), Stored::Issued(record, token)) => self.issued(*record, token),
            (StoreAsk::RotateKeys { .. }, Stored::KeysRotated(keys)) => self.keys_rotated(keys),
            // What was done is not what was asked for.
            (
                StoreAsk::Change(_)
                | StoreAsk::Rotate { .. }
                | StoreAsk::Issue(_)
                | StoreAsk::RotateKeys { .. },
                _,
            ) => self.failed(Code::Failed, None),
        }
    }

    fn failed(&mut self, code: Code, reason: Option<&str>) {
        match reason {
            Some(reason) => self.sessions.effects.fail_with(self.link, self.call, code, reason),
            None => self.sessions.effects.fail(self.link, self.call, None, code),
        }
    }

    /// A change that a caller wanted is on the disk; `done`, whether there was anything to change.
    fn changed(&mut self, change: Change, done: bool, revoking: Option<Revoking>) {
        match (change, revoking) {
            (Change::Forget(peer), _) => self.forgotten(peer, done),
            (Change::RevokeToken(_, at, peers), Some(revoking))
            | (Change::Revoke(peers, Revocation { at, .. }), Some(revoking)) => {
                self.token_revoked(revoking, &peers, at);
            }
            (Change::Revoke(peers, revocation), None) => match peers[..] {
                [peer] => self.peer_revoked(peer, &revocation, done),
                _ => self.failed(Code::Failed, None),
            },
            (Change::Allow(peer), _) => self.peer_allowed(peer, done),
            // Nobody calls for these.
            (Change::RevokeToken(..) | Change::Purge(_) | Change::Restored(_), _) => {
                self.failed(Code::Failed, None);
            }
        }
    }
}
