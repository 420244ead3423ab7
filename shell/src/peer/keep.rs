//! Where a peer keeps what it learnt of a hub, and reads it again for each dial.

use bowline_core::code::Code;
use bowline_core::ledger::Answer;
use bowline_core::trust::{Entry, Known, PinSpec};

use crate::files::TrustFile;
use crate::peer::SetupError;
use crate::runtime::Runtime;

/// Where trust is kept.
#[derive(Clone, Debug)]
pub(super) enum Keeper {
    /// In a trust file, under the hub's name.
    File(TrustFile, String),
    /// Read from a trust file, under the hub's name, and kept nowhere.
    Reads(TrustFile, String),
    /// Nowhere: what is known was given and does not change.
    Nowhere,
}

impl Keeper {
    /// Keeps an entry on a thread that may block, and tells whether it is on the disk.
    pub(super) async fn keep<R: Runtime>(
        self,
        runtime: R,
        entry: Entry,
        then: impl FnOnce(Answer) + Send,
    ) {
        let Self::File(file, hub) = self else { return then(Answer::Kept) };
        let kept = runtime.blocking(move || {
            let Entry { identity, pin, generation, first_seen } = entry;
            file.keep(&hub, identity, pin, generation, first_seen).map_err(|e| e.to_string())
        });
        let kept = kept.await.unwrap_or_else(|error| Err(error.to_string()));
        then(match kept {
            Ok(()) => Answer::Kept,
            Err(error) => {
                tracing::error!(error, "what was learnt of the hub could not be kept");
                Answer::No(Code::Unavailable.into())
            }
        });
    }

    /// What was configured, and what was kept.
    pub(super) fn recall(&self, mut known: Known) -> Result<Known, SetupError> {
        let (Self::File(file, hub) | Self::Reads(file, hub)) = self else { return Ok(known) };
        let record = file.show(hub).map_err(|error| SetupError::Trust(error.to_string()))?;
        let Some(record) = record else { return Ok(known) };
        known.pins.extend(record.pinned.iter().copied().map(PinSpec::Key));
        known.entry = record.identity.map(|identity| Entry {
            identity,
            pin: record.pin,
            generation: record.generation,
            first_seen: record.first_seen,
        });
        Ok(known)
    }
}
