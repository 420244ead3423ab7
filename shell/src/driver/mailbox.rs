//! What other tasks leave for a link's task: answers, calls that need it, the wish to close.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::Context;

use atomic_waker::AtomicWaker;
use bowline_core::code::Code;
use bowline_core::ledger::{Answer, AskId};

use crate::call::{Cell, Order};

/// One link's mailbox. Anyone may post; only the link's task collects.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    waker: AtomicWaker,
    letters: Mutex<Letters>,
}

/// What was posted.
#[derive(Debug, Default)]
pub(crate) struct Letters {
    /// Answers to the link's questions.
    pub(crate) answers: Vec<(AskId, Answer)>,
    /// Calls to be made.
    pub(crate) orders: Vec<Order>,
    /// Calls whose application has something for the link.
    pub(crate) calls: Vec<Arc<Cell>>,
    /// The link is to end.
    pub(crate) close: Option<Code>,
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

    /// Posts a call to be made.
    pub(crate) fn order(&self, order: Order) {
        self.post(|letters| letters.orders.push(order));
    }

    /// Posts a call that needs the link's task.
    pub(crate) fn call(&self, cell: Arc<Cell>) {
        self.post(|letters| letters.calls.push(cell));
    }

    /// Has the link closed.
    pub(crate) fn close(&self, code: Code) {
        self.post(|letters| letters.close = Some(code));
    }

    /// Everything that was posted; more of it wakes `cx`.
    pub(crate) fn collect(&self, cx: &Context<'_>) -> Letters {
        self.waker.register(cx.waker());
        core::mem::take(&mut *self.letters.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn post(&self, write: impl FnOnce(&mut Letters)) {
        write(&mut self.letters.lock().unwrap_or_else(PoisonError::into_inner));
        self.waker.wake();
    }
}
