//! Questions of the hub's own: what has to be on the disk before the hub goes on with a call.
//!
//! ```text
//!   Call ──► control ──► Question ──poll_ask──► the shell ──answer_ask──► change in memory, Result
//! ```
//!
//! What is answered with no, or never, has changed nothing. The call cannot be cancelled, and where
//! its link is gone by then, the change is made all the same: it is on the disk.

use std::collections::{BTreeMap, VecDeque};

use crate::code::Code;
use crate::hub::Hub;
use crate::id::{CallId, LinkId};
use crate::ledger::{Answer, AskId, Change, No, Question};
use crate::time::Now;
use crate::wire::Frame;
use crate::wire::frame::{CallResult, Status};

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
}

impl Asks {
    /// Links with a call that waits for an answer.
    pub(super) fn links(&self) -> impl Iterator<Item = LinkId> + '_ {
        self.open.values().filter_map(|asked| asked.caller).map(|(link, _)| link)
    }
}

impl Hub {
    /// A question of the hub's own: put it to durable storage, and bring the answer with
    /// [`Hub::answer_ask`]. Call until `None` after every input.
    #[must_use]
    pub fn poll_ask(&mut self) -> Option<(AskId, Question)> {
        self.asks.fresh.pop_front()
    }

    /// The answer to a question of the hub's own; ignored where it is not open.
    pub fn answer_ask(&mut self, ask: AskId, answer: Answer, now: Now) {
        self.unix = now.unix;
        self.look_at_secrets(now);
        let Some(Asked { caller, question }) = self.asks.open.remove(&ask) else { return };
        let Some((link, call)) = caller else { return self.answered_quietly(&question, &answer) };
        match (question, answer) {
            (Question::Change(Change::Forget(peer)), Answer::Changed(bound)) => {
                self.forgotten(link, call, peer, bound);
            }
            (Question::Rotate { number, .. }, Answer::Rotated(rotated)) => {
                self.rotated(link, call, number, &rotated, now);
            }
            (_, Answer::Cannot { code, reason }) => self.fail_with(link, call, code, &reason),
            (_, Answer::No(No { code, .. })) => self.fail(link, call, None, code),
            _ => self.fail(link, call, None, Code::Failed),
        }
        self.settle_drain();
    }

    /// Whether such a question waits for its answer.
    pub(super) fn is_asked(&self, which: impl Fn(&Question) -> bool) -> bool {
        self.asks.open.values().any(|asked| which(&asked.question))
    }

    /// Ends a call that could not be carried out, and says why.
    fn fail_with(&mut self, link: LinkId, id: CallId, code: Code, text: &str) {
        let (peer, status, value) = (None, Status::Failed(code), None);
        self.push(link, &Frame::Result(CallResult { id, peer, status, value, text }));
    }

    /// What nobody waits for. Where it could not be recorded it holds until the hub's end.
    fn answered_quietly(&mut self, question: &Question, answer: &Answer) {
        if let (Question::Change(Change::Purge(floor)), Answer::Changed(_)) = (question, answer) {
            self.tokens.purge(*floor);
        }
    }

    /// Asks on behalf of a call, which ends with the answer.
    pub(super) fn ask(&mut self, link: LinkId, call: CallId, question: Question) {
        self.ask_for(Some((link, call)), question);
    }

    /// Asks on behalf of nobody.
    pub(super) fn ask_quietly(&mut self, question: Question) {
        self.ask_for(None, question);
    }

    fn ask_for(&mut self, caller: Option<(LinkId, CallId)>, question: Question) {
        let id = AskId(self.asks.next);
        self.asks.next += 1;
        self.asks.fresh.push_back((id, question.clone()));
        self.asks.open.insert(id, Asked { caller, question });
    }
}
