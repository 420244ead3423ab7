//! A running peer is told anew what it was told before it dialled, and its link stays.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bowline_core::trust::{KnownHub, Mode};

use crate::peer::builder::{HubPlace, PeerBuilder};
use crate::peer::keep::PeerStore;
use crate::peer::service::Service;
use crate::peer::{CredentialSource, Peer};
use crate::runtime::Runtime;

/// What a peer that runs takes over from a builder.
#[derive(Debug)]
pub(super) struct PeerReload {
    place: HubPlace,
    mode: Mode,
    known: KnownHub,
    keeper: PeerStore,
    credential: CredentialSource,
    labels: BTreeMap<String, String>,
    pub(super) service: Arc<Service>,
    pub(super) drain: Duration,
}

impl Peer {
    /// Takes what `with` was told in place of what this peer was started with; its id, key,
    /// subscriber and purpose stay.
    ///
    /// The commands hold at once: where the hub has to be told of them it is, on the link that is
    /// there, and calls that run go on as they began. The hub, labels, trust and credential hold
    /// from the next dial on. A peer that waits to dial another hub than before dials it at once;
    /// otherwise it waits on, unless [`Peer::retry_now`] is called too.
    pub fn reload<R: Runtime>(&self, with: PeerBuilder<R>) {
        self.shared.change(|standing| {
            let service = Arc::new(with.service.counting_in(&standing.running));
            if let Some(session) = standing.session() {
                session.mailbox.serve(service.clone());
            }
            standing.anew = Some(Box::new(PeerReload {
                place: with.place,
                mode: with.mode,
                known: with.known,
                keeper: with.keeper,
                credential: with.credential,
                labels: with.labels,
                service,
                drain: with.limits.drain,
            }));
            standing.reconsider();
        });
    }
}

impl<R: Runtime> PeerBuilder<R> {
    /// Whether the hub is another one now.
    pub(super) fn take(&mut self, anew: PeerReload) -> bool {
        let another = self.place != anew.place;
        self.place = anew.place;
        self.mode = anew.mode;
        self.known = anew.known;
        self.keeper = anew.keeper;
        self.credential = anew.credential;
        self.labels = anew.labels;
        self.service = anew.service;
        self.limits.drain = anew.drain;
        another
    }
}
