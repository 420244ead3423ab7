//! `keys`, `rotate-keys` and `export-keys`: the keys that sign join tokens.
//! `// spec: control §14 to §16`

use crate::ask::StoreAsk;
use crate::code::Code;
use crate::control::{
    CommandAnswer, ControlError, ExportKeysRequest, Handler, KeySummary, KeyUse, KeysRequest,
    KeysRotated, RotateKeysRequest,
};
use crate::facts::KeyRecord;
use crate::hub::control::Control;
use crate::token::{KeyState, MOST_KEYS, TokenKeys};

/// The active key first, then the newest.
impl Handler<KeysRequest> for Control<'_> {
    fn handle(&mut self, _: KeysRequest) -> Result<CommandAnswer<Vec<KeySummary>>, ControlError> {
        let mut keys: Vec<_> = self.sessions.members.keys().iter().collect();
        let state = |key: &KeyRecord| (key.state == KeyState::Active, key.created, key.key.id());
        keys.sort_by_key(|key| core::cmp::Reverse(state(key)));
        Ok(CommandAnswer::Now(keys.into_iter().map(shown).collect()))
    }
}

impl Handler<ExportKeysRequest> for Control<'_> {
    fn handle(&mut self, _: ExportKeysRequest) -> Result<CommandAnswer<String>, ControlError> {
        let mut keys = TokenKeys::new();
        for record in self.sessions.members.keys() {
            keys.insert(record.key.clone(), record.state);
        }
        Ok(CommandAnswer::Now(keys.to_jwks()))
    }
}

impl Handler<RotateKeysRequest> for Control<'_> {
    fn handle(
        &mut self,
        request: RotateKeysRequest,
    ) -> Result<CommandAnswer<KeysRotated>, ControlError> {
        let now = request.now.0;
        // One at a time: each makes the last one's key an old one.
        if self.is_asked(|question| matches!(question, StoreAsk::RotateKeys { .. })) {
            return Err(Code::Busy.into());
        }
        let keys = self.sessions.members.keys().iter();
        let held = keys.filter(|key| key.state != KeyState::Revoked);
        if !now && held.count() >= MOST_KEYS {
            let wrong = format!(
                "{MOST_KEYS} keys verify, and no more may: wait until tokens have ended, or rotate \
                 with 'now'"
            );
            return Err(ControlError::because(Code::Busy, wrong));
        }
        self.ask(StoreAsk::RotateKeys { now })
    }
}

impl Control<'_> {
    /// They are on the disk, and what links are made from has them.
    pub(in crate::hub) fn keys_rotated(&mut self, keys: Vec<KeyRecord>) {
        let unix = self.sessions.now.unix;
        let members = &mut *self.sessions.members;
        let open = members.open_tokens(unix);
        members.keys_rotated(keys);
        let void = (open - members.open_tokens(unix)) as u64;
        let active = members.keys().iter().find(|key| key.state == KeyState::Active);
        let kid = active.map(|key| key.key.id());
        let rotated = kid.map(|kid| KeysRotated { kid, void });
        self.end::<RotateKeysRequest>(rotated.ok_or_else(|| Code::Failed.into()));
    }
}

fn shown(record: &KeyRecord) -> KeySummary {
    let (state, until) = match record.state {
        KeyState::Active => (KeyUse::Active, None),
        KeyState::VerifyOnly { until } => (KeyUse::VerifyOnly, Some(until)),
        KeyState::Revoked => (KeyUse::Revoked, None),
    };
    KeySummary {
        kid: record.key.id(),
        algorithm: record.key.algorithm().to_string(),
        created: record.created,
        state: state.into(),
        until,
    }
}
