//! The peer waits until what it learnt of the hub, and what the hub minted, is on its disk.

use crate::ask::Answer;
use crate::auth::Admitted;
use crate::auth::error::AuthError;
use crate::auth::peer::{Renewing, Step, Stop};

#[derive(Debug)]
pub(super) struct AwaitKept {
    pub(super) admitted: Box<Admitted>,
    pub(super) renewing: Option<Box<Renewing>>,
}

impl AwaitKept {
    pub(super) fn answer(self, answer: &Answer) -> Result<Step, Stop> {
        match answer {
            Answer::Kept => Ok(Step::Admitted(self.admitted, self.renewing)),
            _ => Err(AuthError::NotKept.into()),
        }
    }
}
