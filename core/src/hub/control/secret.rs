//! `rotate-secret`: another shared secret in the place of the current one. `// spec: control §8`

use crate::ask::{Rotated, StoreAsk};
use crate::code::Code;
use crate::control::{
    CommandAnswer, ControlError, Grace, Handler, RotateSecretRequest, SecretRotated,
};
use crate::hub::control::Control;
use crate::id::SecretNumber;

impl Handler<RotateSecretRequest> for Control<'_> {
    fn handle(
        &mut self,
        request: RotateSecretRequest,
    ) -> Result<CommandAnswer<SecretRotated>, ControlError> {
        // The numbers follow each other, so one at a time.
        if self.is_asked(|question| matches!(question, StoreAsk::Rotate { .. })) {
            return Err(Code::Busy.into());
        }
        let number = SecretNumber(self.sessions.members.secret().0 + 1);
        let grace = request.grace_s.map(|Grace(seconds)| seconds);
        self.ask(StoreAsk::Rotate { number, grace })
    }
}

impl Control<'_> {
    /// It is on the disk, and what links are made from has it.
    pub(in crate::hub) fn rotated(&mut self, number: SecretNumber, rotated: Rotated) {
        let Rotated { file, old_until } = rotated;
        let members = &mut *self.sessions.members;
        let old = old_until.map(|until| (members.secret(), until));
        members.set_secrets(number, old, self.sessions.now);
        let ended = self.sessions.end_outdated();
        self.end::<RotateSecretRequest>(Ok(SecretRotated { file, ended, old_until }));
        self.sessions.look_at_secrets();
    }
}
