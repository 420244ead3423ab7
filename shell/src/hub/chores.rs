//! What the hub's machine wants done: one task puts each of its questions to durable storage, in
//! their order, and brings the answers.

use std::collections::VecDeque;
use std::sync::Arc;

use bowline_core::ask::{AskId, Cannot, Rotated, StoreAsk, Stored};
use bowline_core::auth::SharedSecret;
use bowline_core::code::Code;
use bowline_core::facts::Change;
use bowline_core::id::SecretNumber;

use crate::hub::inviting;
use crate::hub::secret::{RotateError, Rotation};
use crate::hub::shared::Shared;
use crate::ledger::LedgerError;
use crate::runtime::Runtime;
use crate::watch::Watch;

/// What waits.
#[derive(Debug, Default)]
pub(super) struct StoreQueue {
    queue: VecDeque<StoreTask>,
    /// The hub stops: what waits is done, and then no more.
    closed: bool,
    /// Nothing is done any more.
    pub(super) over: bool,
}

#[derive(Debug)]
enum StoreTask {
    Store(AskId, StoreAsk),
    /// The file of an old secret goes.
    DropOldSecret,
}

impl StoreQueue {
    pub(super) fn add(&mut self, ask: AskId, wanted: StoreAsk) {
        self.queue.push_back(StoreTask::Store(ask, wanted));
    }

    pub(super) fn drop_old(&mut self) {
        self.queue.push_back(StoreTask::DropOldSecret);
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }
}

/// Tells that the task which does them has ended.
struct QueueGuard(Arc<Shared>);

impl Drop for QueueGuard {
    fn drop(&mut self) {
        self.0.store_queue.change(|chores| chores.over = true);
    }
}

/// Does what is to be done until the hub stops.
pub(super) async fn serve_store<R: Runtime>(runtime: R, shared: Arc<Shared>) {
    let _over = QueueGuard(shared.clone());
    loop {
        let is_due =
            |chores: &StoreQueue| (!chores.queue.is_empty() || chores.closed).then_some(());
        shared.store_queue.until(is_due).await;
        let (ask, wanted) = match shared.store_queue.change(|chores| chores.queue.pop_front()) {
            None => return,
            Some(StoreTask::DropOldSecret) => {
                drop_old_secret(&runtime, &shared).await;
                continue;
            }
            Some(StoreTask::Store(ask, wanted)) => (ask, wanted),
        };
        // None where it was answered under the lock, with what links know from there on.
        let answer = match wanted {
            StoreAsk::Change(change) => Some(make(&shared, change).await),
            StoreAsk::Issue(mint) => Some(inviting::issue(&shared, *mint).await),
            StoreAsk::RotateKeys { now } => {
                let rotated = inviting::rotate_keys(&runtime, &shared, ask, now).await;
                rotated.err().map(|cannot| {
                    tracing::error!(reason = cannot.reason, "the token key was not rotated");
                    Err(cannot)
                })
            }
            StoreAsk::Rotate { number, grace } => {
                let rotated = rotate(&runtime, &shared, ask, number, grace).await;
                rotated.err().map(|error| {
                    tracing::error!(%error, "the secret was not rotated");
                    Err(Cannot::because(error.code(), error))
                })
            }
            // Of a kind that a later core asks for.
            _ => Some(Err(Code::Unsupported.into())),
        };
        if let Some(answer) = answer {
            let now = shared.clock.now();
            shared.with(|hub| hub.answer_ask(ask, answer, now));
        }
    }
}

impl From<LedgerError> for Cannot {
    fn from(error: LedgerError) -> Self {
        Self::because(error.code(), error)
    }
}

/// What the ledger says to a request, when it does.
pub(super) async fn told<T: Send + 'static>(
    ask: impl FnOnce(Box<dyn FnOnce(Result<T, LedgerError>) + Send>),
) -> Result<T, LedgerError> {
    let done = Arc::new(Watch::new(None));
    let tell = done.clone();
    ask(Box::new(move |result| tell.change(|done| *done = Some(result))));
    done.take().await
}

/// Makes a change of what is recorded.
async fn make(shared: &Shared, change: Change) -> Result<Stored, Cannot> {
    let what = change.clone();
    match told(move |tell| shared.ledger.change(change, tell)).await {
        Ok(changed) => Ok(Stored::Changed(changed)),
        Err(error) => {
            tracing::error!(%error, change = ?what, "the ledger could not record a change");
            Err(error.code().into())
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
