//! Notices of a hub or a peer, kept in order, and waited for.

use std::sync::{Arc, Mutex, PoisonError};

use bowline_core::code::Code;
use bowline_core::link::Ended;
use bowline_shell::notice::{ShellEvent, Subscriber};
use tokio::sync::watch;

use crate::wait::within;

/// What was told so far.
#[derive(Clone, Debug)]
pub struct Notices {
    told: Arc<Mutex<Vec<ShellEvent>>>,
    count: watch::Sender<usize>,
}

impl Default for Notices {
    fn default() -> Self {
        Self { told: Arc::default(), count: watch::Sender::new(0) }
    }
}

impl Notices {
    /// Collects what it is told.
    #[must_use]
    pub fn subscriber(&self) -> Subscriber {
        let notices = self.clone();
        Subscriber::new(move |notice| {
            let mut told = notices.told.lock().unwrap_or_else(PoisonError::into_inner);
            told.push(notice);
            notices.count.send_replace(told.len());
        })
    }

    /// Everything so far that `wanted` finds.
    pub fn all<T>(&self, wanted: impl FnMut(&ShellEvent) -> Option<T>) -> Vec<T> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().filter_map(wanted).collect()
    }

    /// The first thing that `wanted` finds, now or later.
    ///
    /// # Panics
    /// When it does not come.
    pub async fn first<T>(&self, wanted: impl FnMut(&ShellEvent) -> Option<T>) -> T {
        self.nth(0, wanted).await
    }

    /// The thing that `wanted` finds after `skipped` others, now or later.
    ///
    /// # Panics
    /// When it does not come.
    pub async fn nth<T>(
        &self,
        skipped: usize,
        mut wanted: impl FnMut(&ShellEvent) -> Option<T>,
    ) -> T {
        let mut count = self.count.subscribe();
        within(async {
            loop {
                if let Some(found) = self.all(&mut wanted).into_iter().nth(skipped) {
                    return found;
                }
                count.changed().await.expect("the sender is ours");
            }
        })
        .await
    }

    /// The codes of all links that ended so far.
    #[must_use]
    pub fn codes(&self) -> Vec<Code> {
        self.all(|notice| ended(notice).map(|ended| ended.reason.code()))
    }
}

/// How a link ended, where the notice tells.
#[must_use]
pub fn ended(notice: &ShellEvent) -> Option<Ended> {
    match notice {
        ShellEvent::Ended { ended, .. } => Some((**ended).clone()),
        _ => None,
    }
}
