//! The peer waits until what it learnt of the hub is on its disk.

use crate::auth::Admitted;
use crate::auth::error::AuthError;
use crate::auth::peer::{Step, Stop};
use crate::ledger::Answer;

#[derive(Debug)]
pub(super) struct AwaitKept {
    pub(super) admitted: Box<Admitted>,
}

impl AwaitKept {
    pub(super) fn answer(self, answer: &Answer) -> Result<Step, Stop> {
        match answer {
            Answer::Kept => Ok(Step::Admitted(self.admitted)),
            _ => Err(AuthError::NotKept.into()),
        }
    }
}
