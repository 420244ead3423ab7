//! What the hub says of this identity.

use std::time::Duration;

use bowline_core::auth::Admitted;
use bowline_core::capability::{Capabilities, Role};
use bowline_shell::peer::Session;
use serde_json::{Value, json};

use crate::{date, operator};

/// One session, and how long the hub took to answer in it.
pub(super) struct Live {
    admitted: Admitted,
    round_trip: Duration,
}

impl Live {
    /// Has the hub answer once, and ends the session.
    pub(super) async fn ask(session: Session) -> Self {
        let round_trip = operator::round_trip(&session).await;
        let admitted = session.admitted().clone();
        session.close();
        session.ended().await;
        Self { admitted, round_trip }
    }

    pub(super) fn lines(&self, now: u64) -> Vec<(&'static str, String)> {
        let expires = match self.admitted.expires {
            Some(unix) => date::seen_from(now, unix),
            None => "never".to_owned(),
        };
        vec![
            ("session", self.admitted.session.to_string()),
            ("admitted as", format!("{} by {}", self.admitted.peer, self.admitted.method.name())),
            ("role", self.role().map_or_else(|| "-".to_owned(), |role| role.to_string())),
            ("capabilities", crate::show::capabilities(&self.admitted.capabilities)),
            ("expires", expires),
            ("round trip", format!("{:.2} ms", self.millis())),
        ]
    }

    pub(super) fn object(&self) -> Value {
        let Admitted { session, peer, hub, method, expires, .. } = &self.admitted;
        let capabilities: Vec<_> =
            self.admitted.capabilities.iter().map(|held| held.to_string()).collect();
        json!({
            "session": session.to_string(),
            "id": peer.as_str(),
            "hub_id": hub.to_string(),
            "method": method.name(),
            "role": self.role().map(|role| role.to_string()),
            "capabilities": capabilities,
            "expires": expires,
            "rtt_ms": self.millis(),
        })
    }

    fn millis(&self) -> f64 {
        self.round_trip.as_secs_f64() * 1000.0
    }

    /// The hub does not tell a role; it is the one that expands to exactly these capabilities.
    fn role(&self) -> Option<Role> {
        role(&self.admitted.capabilities)
    }
}

fn role(held: &Capabilities) -> Option<Role> {
    [Role::Admin, Role::Member, Role::Agent, Role::ReadOnly]
        .into_iter()
        .find(|role| role.capabilities() == *held)
}

#[cfg(test)]
mod tests {
    use bowline_core::capability::Capability;

    use super::*;

    #[test]
    fn a_role_is_known_by_all_of_its_capabilities() {
        for known in [Role::Admin, Role::Member, Role::Agent, Role::ReadOnly] {
            assert_eq!(role(&known.capabilities()), Some(known));
        }
        assert_eq!(role(&Capabilities::from_iter([Capability::Call])), None);
    }
}
