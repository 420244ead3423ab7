//! What the hub's machine wants done: one task puts each of its questions to durable storage, in
//! their order, and brings the answers.

use std::collections::VecDeque;
use std::sync::Arc;

use bowline_core::auth::SharedSecret;
use bowline_core::code::Code;
use bowline_core::id::{PeerId, SecretNumber};
use bowline_core::ledger::{Answer, AskId, Change, Question, Rotated};

use crate::hub::secret::{RotateError, Rotation};
use crate::hub::shared::Shared;
use crate::ledger::LedgerError;
use crate::runtime::Runtime;
use crate::watch::Watch;

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Chores {
    queue: VecDeque<Chore>,
    /// The hub stops: what waits is done, and then no more.
    closed: bool,
}

#[derive(Debug)]
enum Chore {
    Answer(AskId, Question),
    /// The file of an old secret goes.
    DropOldSecret,
}

impl Chores {
    pub(super) fn add(&mut self, ask: AskId, question: Question) {
        self.queue.push_back(Chore::Answer(ask, question));
    }

    pub(super) fn drop_old(&mut self) {
        self.queue.push_back(Chore::DropOldSecret);
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }
}

/// Does what is to be done until the hub stops.
pub(super) async fn do_chores<R: Runtime>(runtime: R, shared: Arc<Shared>) {
    loop {
        let is_due = |chores: &Chores| (!chores.queue.is_empty() || chores.closed).then_some(());
        shared.chores.until(is_due).await;
        let next = shared.chores.change(|chores| chores.queue.pop_front());
        let answer = match next {
            None => return,
            Some(Chore::DropOldSecret) => {
                drop_old_secret(&runtime, &shared).await;
                continue;
            }
            Some(Chore::Answer(ask, Question::Change(Change::Forget(peer)))) => {
                (ask, forget(&shared, peer).await)
            }
            Some(Chore::Answer(ask, Question::Rotate { number, grace })) => {
                match rotate(&runtime, &shared, ask, number, grace).await {
                    Ok(()) => continue,
                    Err(error) => {
                        tracing::error!(%error, "the secret was not rotated");
                        let (code, reason) = (error.code(), error.to_string());
                        (ask, Answer::Cannot { code, reason })
                    }
                }
            }
            // The others are a link's.
            Some(Chore::Answer(ask, _)) => (ask, Answer::No(Code::Unsupported.into())),
        };
        let (ask, answer) = answer;
        let now = shared.clock.now();
        shared.with(|hub| hub.answer_ask(ask, answer, now));
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
        Ok(bound) => Answer::Changed(bound),
        Err(error) => {
            tracing::error!(%error, %peer, "the ledger could not forget a peer; it stays bound");
            Answer::No(Code::Unavailable.into())
        }
    }
}

async fn rotate<R: Runtime>(
    runtime: &R,
    shared: &Shared,
    ask: AskId,
    number: SecretNumber,
    grace: Option<u64>,
) -> Result<(), RotateError> {
    let current = shared.snapshot.load().secrets.current().map(|(_, secret)| secret.clone());
    let current = current.ok_or(RotateError::NotOffered)?;
    let (keeper, unix) = (shared.secret.clone(), shared.clock.now().unix);
    let rotation = runtime.blocking(move || keeper.rotate(&current, grace, unix)).await;
    let rotation = rotation.map_err(|error| RotateError::System(error.to_string()))??;
    let Rotation { file, secret, old_until } = rotation;
    // 32 bytes are a secret.
    let secret = SharedSecret::new(secret.as_bytes())
        .map_err(|error| RotateError::System(error.to_string()))?;
    let rotated = Rotated { file: file.display().to_string(), old_until };
    shared.rotated(ask, number, &secret, rotated);
    Ok(())
}

/// Not where another rotation has put one there meanwhile.
async fn drop_old_secret<R: Runtime>(runtime: &R, shared: &Shared) {
    if shared.snapshot.load().secrets.has_old() {
        return;
    }
    let keeper = shared.secret.clone();
    let dropped = runtime.blocking(move || keeper.drop_old()).await;
    match dropped {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "an old secret stays behind; it admits nobody"),
        Err(error) => tracing::warn!(%error, "an old secret stays behind; it admits nobody"),
    }
}
