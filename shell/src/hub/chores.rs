//! The hub's own questions: one task puts each to durable storage, in their order, and brings the
//! answers.

use std::collections::VecDeque;
use std::sync::Arc;

use bowline_core::code::Code;
use bowline_core::id::PeerId;
use bowline_core::ledger::{Answer, AskId, Question};

use crate::hub::shared::Shared;
use crate::ledger::LedgerError;
use crate::watch::Watch;

/// Questions that wait.
#[derive(Debug, Default)]
pub(super) struct Chores {
    queue: VecDeque<(AskId, Question)>,
    /// The hub stops: what waits is done, and then no more.
    closed: bool,
}

impl Chores {
    pub(super) fn add(&mut self, ask: AskId, question: Question) {
        self.queue.push_back((ask, question));
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }
}

/// Answers the hub's questions until it stops.
pub(super) async fn answer_asks(shared: Arc<Shared>) {
    loop {
        let is_due = |chores: &Chores| (!chores.queue.is_empty() || chores.closed).then_some(());
        shared.chores.until(is_due).await;
        let next = shared.chores.change(|chores| chores.queue.pop_front());
        let Some((ask, question)) = next else { return };
        let answer = match question {
            Question::Forget(peer) => forget(&shared, peer).await,
            // The others are a link's.
            _ => Answer::No(Code::Unsupported.into()),
        };
        shared.with(|hub| hub.answer_ask(ask, answer));
    }
}

async fn forget(shared: &Shared, peer: PeerId) -> Answer {
    let done = Arc::new(Watch::new(None));
    let tell = done.clone();
    shared.ledger.forget_peer(peer, move |forgotten| {
        tell.change(|done| *done = Some(forgotten));
    });
    let forgotten: Result<bool, LedgerError> = done.until(Option::clone).await;
    match forgotten {
        Ok(bound) => Answer::Forgotten(bound),
        Err(error) => {
            tracing::error!(%error, %peer, "the ledger could not forget a peer; it stays bound");
            Answer::No(Code::Unavailable.into())
        }
    }
}
