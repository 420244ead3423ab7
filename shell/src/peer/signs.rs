//! What a peer that waits looks at once a [`PULSE`](crate::clock::PULSE), to dial before its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bowline_core::peer::Prompt;

use crate::peer::PeerBuilder;
use crate::peer::reach::DialError;
use crate::peer::routes::Routes;
use crate::runtime::Runtime;

/// What was seen at the last look.
#[derive(Debug)]
pub(super) struct Signs {
    routes: Routes,
    /// Whether a file was seen to have changed, and that is not told yet.
    files_changed: Arc<AtomicBool>,
}

impl Signs {
    /// The network as it is at this moment; files are as they are when a dial reads them.
    pub(super) fn new<R: Runtime>(peer: &PeerBuilder<R>) -> Self {
        let mut routes = Routes::default();
        routes.is_changed(&peer.place);
        Self { routes, files_changed: Arc::default() }
    }

    /// A dial has failed for this reason.
    pub(super) fn missed(&mut self, reason: &DialError) {
        self.routes.missed(reason);
    }

    /// What has changed since the last look, or since a dial read it. Files may lie on a disk that
    /// does not answer: what is seen after this was dropped is told by the next look.
    pub(super) async fn look<R: Runtime>(&mut self, peer: &PeerBuilder<R>) -> Option<Prompt> {
        if self.routes.is_changed(&peer.place) {
            return Some(Prompt::Network);
        }
        let watched = [peer.credential.watched(), peer.keeper.watched()];
        let watched: Vec<_> = watched.into_iter().flatten().cloned().collect();
        if watched.is_empty() {
            return None;
        }
        let seen = self.files_changed.clone();
        let look = move || {
            for file in watched {
                // All are looked at: each look is for the next one to compare with.
                seen.fetch_or(file.is_changed(), Ordering::AcqRel);
            }
        };
        // A runtime that shuts down looks at nothing more.
        let _ = peer.runtime.blocking(look).await;
        self.files_changed.swap(false, Ordering::AcqRel).then_some(Prompt::Credential)
    }
}
