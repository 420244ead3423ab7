//! Other settings for a running hub. Links that are there stay, and keep the rates that they came
//! with; bounds, networks and the pace of admissions hold for what comes from here on.

use crate::capability::Capability;
use crate::code::Code;
use crate::hub::{Hub, HubConfig};
use crate::wire::frame::Purpose;

impl Hub {
    /// Takes these settings in place of those before. The generation stays.
    ///
    /// Another role for those whom the secret admits holds for their sessions at once; a session that
    /// serves and may not any more is ended with `refused`. Nothing else ends anything.
    pub fn reconfigure(&mut self, config: HubConfig) {
        let config = HubConfig { generation: self.config.generation, ..config };
        let before = core::mem::replace(&mut self.config, config);
        self.preauth.reconfigure(&before, &self.config);
        self.effects.reconfigure(&self.config.limits);
        self.members.reconfigure(&self.config);
        if before.secret_role != self.config.secret_role {
            self.take_role();
        }
    }

    fn take_role(&mut self) {
        // What is reserved at this moment was granted by the role before.
        self.members.outdate();
        let role = self.config.secret_role.capabilities().without_administration();
        for (_, live) in self.links.live_mut() {
            let is_guest = !live.source.is_local() && self.members.known(live.peer).is_none();
            if live.secret.is_some() || is_guest {
                live.capabilities = role.clone();
            }
        }
        self.end_sessions(Code::MayNotServe, |live| {
            live.purpose == Purpose::Serve && !live.capabilities.allow(Capability::Serve)
        });
    }
}
