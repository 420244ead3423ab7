//! What other tasks leave for a link's task: answers, calls that need it, the wish to close.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;
use std::time::Duration;

use atomic_waker::AtomicWaker;
use bowline_core::ask::{Answer, AskId};
use bowline_core::code::Code;

use crate::call::{CallRequest, CallShared};
use crate::peer::Service;

/// One link's mailbox. Anyone may post; only the link's task collects.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    waker: AtomicWaker,
    letters: Mutex<Posted>,
}

/// What was posted.
#[derive(Debug, Default)]
pub(crate) struct Posted {
    /// Answers to the link's questions.
    pub(crate) answers: Vec<(AskId, Answer)>,
    /// Calls to be made.
    pub(crate) orders: Vec<CallRequest>,
    /// Calls whose application has something for the link.
    pub(crate) calls: Vec<Arc<CallShared>>,
    /// The commands that are served from here on.
    pub(crate) service: Option<Arc<Service>>,
    /// The link is to end once no call is open, or these have had so long.
    pub(crate) leave: Option<Duration>,
    /// The link is to end.
    pub(crate) close: Option<Code>,
    /// The link is over.
    is_over: bool,
}

impl Mailbox {
    /// Wakes the link's task, with nothing posted here.
    pub(crate) fn wake(&self) {
        self.waker.wake();
    }

    /// Posts an answer.
    pub(crate) fn answer(&self, ask: AskId, answer: Answer) {
        self.post(|letters| letters.answers.push((ask, answer)));
    }

    /// Posts a call to be made. Behind the end of the link, it is lost at once.
    pub(crate) fn order(&self, order: CallRequest) {
        let mut letters = self.lock();
        if letters.is_over {
            drop(letters);
            return order.lost();
        }
        letters.orders.push(order);
        drop(letters);
        self.waker.wake();
    }

    /// The link is over, and nobody collects any more: the calls that were still to be made.
    pub(crate) fn end(&self) -> Vec<CallRequest> {
        let mut letters = self.lock();
        let orders = core::mem::take(&mut letters.orders);
        *letters = Posted { is_over: true, ..Posted::default() };
        orders
    }

    /// Posts a call that needs the link's task.
    pub(crate) fn call(&self, cell: Arc<CallShared>) {
        self.post(|letters| letters.calls.push(cell));
    }

    /// Has these commands served from here on.
    pub(crate) fn serve(&self, service: Arc<Service>) {
        self.post(|letters| letters.service = Some(service));
    }

    /// Has the link closed once no call is open; those that are open have so long.
    pub(crate) fn leave(&self, within: Duration) {
        self.post(|letters| letters.leave = Some(within));
    }

    /// Has the link closed.
    pub(crate) fn close(&self, code: Code) {
        self.post(|letters| letters.close = Some(code));
    }

    /// Everything that was posted, in place of `letters`, which are empty and whose memory is used
    /// again; more of it wakes `cx`.
    pub(crate) fn collect(&self, cx: &Context<'_>, letters: &mut Posted) {
        self.waker.register(cx.waker());
        core::mem::swap(&mut *self.lock(), letters);
    }

    fn post(&self, write: impl FnOnce(&mut Posted)) {
        let mut letters = self.lock();
        if !letters.is_over {
            write(&mut letters);
        }
        drop(letters);
        self.waker.wake();
    }

    fn lock(&self) -> MutexGuard<'_, Posted> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
