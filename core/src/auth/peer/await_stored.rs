//! The peer waits until what it learnt of the hub, and what the hub minted, is on its disk.

use crate::ask::Answer;
use crate::auth::Admitted;
use crate::auth::error::AuthError;
use crate::auth::peer::{PeerAuthStep, PeerAuthStop, PeerRenewing};

#[derive(Debug)]
pub(super) struct AwaitStored {
    pub(super) admitted: Box<Admitted>,
    pub(super) renewing: Option<Box<PeerRenewing>>,
}

impl AwaitStored {
    pub(super) fn answer(self, answer: &Answer) -> Result<PeerAuthStep, PeerAuthStop> {
        match answer {
            Answer::Stored => Ok(PeerAuthStep::Admitted(self.admitted, self.renewing)),
            _ => Err(AuthError::NotKept.into()),
        }
    }
}
