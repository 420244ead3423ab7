//! Questions of the hub's own: what has to be on the disk before the hub goes on with a call.
//!
//! ```text
//!   Call ──► control ──► Question ──poll_ask──► the shell ──answer_ask──► change in memory, Result
//! ```
//!
//! What is answered with no, or never, has changed nothing. The call cannot be cancelled, and where
//! its link is gone by then, the change is made all the same: it is on the disk.

use std::collections::{BTreeMap, VecDeque};

use crate::ask::{Answer, AskId, No, Question};
use crate::code::Code;
use crate::facts::{Change, Revocation};
use crate::hub::Hub;
use crate::hub::control::Revoking;
use crate::id::{CallId, LinkId};
use crate::time::Now;

/// Questions that wait to be taken, and those that wait for their answer.
#[derive(Debug, Default)]
pub(super) struct Asks {
    next: u64,
    fresh: VecDeque<(AskId, Question)>,
    open: BTreeMap<AskId, Asked>,
}

/// What waits for an answer, and the call that does; none where the hub asks by itself.
#[derive(Debug)]
struct Asked {
    caller: Option<(LinkId, CallId)>,
    question: Question,
    /// What a token is revoked with.
    revoking: Option<Revoking>,
}

impl Asks {
    /// Links with a call that waits for an answer.
    pub(super) fn links(&self) -> impl Iterator<Item = LinkId> + '_ {
        self.open.values().filter_map(|asked| asked.caller).map(|(link, _)| link)
    }

    /// How many such questions wait for their answers.
    pub(super) fn count(&self, which: impl Fn(&Question) -> bool) -> usize {
        self.open.values().filter(|asked| which(&asked.question)).count()
    }

    /// Asks on behalf of nobody.
    pub(super) fn quietly(&mut self, question: Question) {
        self.ask(None, question, None);
    }

    fn ask(
        &mut self,
        caller: Option<(LinkId, CallId)>,
        question: Question,
        revoking: Option<Revoking>,
    ) {
        let id = AskId(self.next);
        self.next += 1;
        self.fresh.push_back((id, question.clone()));
        self.open.insert(id, Asked { caller, question, revoking });
    }
}

impl Hub {
    /// A question of the hub's own: put it to durable storage, and bring the answer with
    /// [`Hub::answer_ask`]. Call until `None` after every input.
    #[must_use]
    pub fn poll_ask(&mut self) -> Option<(AskId, Question)> {
        self.effects.asks.fresh.pop_front()
    }

    /// The answer to a question of the hub's own; ignored where it is not open.
    pub fn answer_ask(&mut self, ask: AskId, answer: Answer, now: Now) {
        self.unix = now.unix;
        self.look_at_secrets(now);
        let Some(Asked { caller, question, revoking }) = self.effects.asks.open.remove(&ask) else {
            return;
        };
        let Some((link, call)) = caller else { return self.answered_quietly(&question, &answer) };
        let caller = (link, call);
        match (question, answer) {
            (Question::Change(change), Answer::Changed(done)) => {
                self.changed(caller, change, done, revoking, now);
            }
            (Question::Rotate { number, .. }, Answer::Rotated(rotated)) => {
                self.control_for(caller, now).rotated(number, rotated);
            }
            (Question::Issue(_), Answer::Issued(record, token)) => {
                self.control_for(caller, now).issued(*record, token);
            }
            (Question::RotateKeys { .. }, Answer::KeysRotated(keys)) => {
                self.control_for(caller, now).keys_rotated(keys);
            }
            (_, Answer::Cannot { code, reason }) => self.fail_with(link, call, code, &reason),
            (_, Answer::No(No { code, .. })) => self.fail(link, call, None, code),
            _ => self.fail(link, call, None, Code::Failed),
        }
        self.settle_drain();
    }

    /// A change that a caller wanted is on the disk; `done`, whether there was anything to change.
    fn changed(
        &mut self,
        caller: (LinkId, CallId),
        change: Change,
        done: bool,
        revoking: Option<Revoking>,
        now: Now,
    ) {
        let (link, call) = caller;
        let mut control = self.control_for(caller, now);
        match (change, revoking) {
            (Change::Forget(peer), _) => control.forgotten(peer, done),
            (Change::RevokeToken(_, at, peers), Some(revoking))
            | (Change::Revoke(peers, Revocation { at, .. }), Some(revoking)) => {
                control.token_revoked(revoking, &peers, at);
            }
            (Change::Revoke(peers, revocation), None) => match peers[..] {
                [peer] => control.peer_revoked(peer, &revocation, done),
                _ => self.fail(link, call, None, Code::Failed),
            },
            (Change::Allow(peer), _) => control.peer_allowed(peer, done),
            // Nobody calls for these.
            (Change::RevokeToken(..) | Change::Purge(_) | Change::Restored(_), _) => {
                self.fail(link, call, None, Code::Failed);
            }
        }
    }

    /// How many such questions wait for their answers.
    pub(super) fn count_asked(&self, which: impl Fn(&Question) -> bool) -> usize {
        self.effects.asks.count(which)
    }

    /// Whether such a question waits for its answer.
    pub(super) fn is_asked(&self, which: impl Fn(&Question) -> bool) -> bool {
        self.count_asked(which) > 0
    }

    /// What nobody waits for. Where it could not be recorded it holds until the hub's end.
    fn answered_quietly(&mut self, question: &Question, answer: &Answer) {
        if let (Question::Change(Change::Purge(floor)), Answer::Changed(_)) = (question, answer) {
            self.members.change(&Change::Purge(*floor));
        }
    }

    /// Asks on behalf of a call, which ends with the answer.
    pub(super) fn ask(&mut self, link: LinkId, call: CallId, question: Question) {
        self.effects.asks.ask(Some((link, call)), question, None);
    }

    /// The same, for revoking a token.
    pub(super) fn ask_to_revoke(
        &mut self,
        link: LinkId,
        call: CallId,
        question: Question,
        revoking: Revoking,
    ) {
        self.effects.asks.ask(Some((link, call)), question, Some(revoking));
    }
}
