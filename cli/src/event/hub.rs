//! What a hub tells: each event as a JSON object, and as a line of its log.

use std::net::IpAddr;

use bowline_core::code::Code;
use bowline_core::hub::HubEvent;
use bowline_core::id::PeerId;
use bowline_shell::config::Warning;
use serde_json::{Value, json};

use super::purpose;

/// The event as one object: `event`, and what belongs to it.
pub(super) fn json(event: &HubEvent) -> Value {
    match event {
        HubEvent::TurnedAway { source: of, why, count } => json!({
            "event": "turned-away",
            "source": of.map(|_| source(*of)),
            "code": why.code().name(),
            "count": count,
        }),
        HubEvent::Contested { peer } => json!({"event": "contested", "peer": peer.as_str()}),
        HubEvent::Replayed { peer, jti } => {
            json!({"event": "replayed", "peer": peer.as_str(), "jti": jti.to_string()})
        }
        HubEvent::Forged { peer, jti, claim } => json!({
            "event": "forged",
            "peer": peer.as_str(),
            "jti": jti.to_string(),
            "claim": claim,
        }),
        HubEvent::Reused { peer } => json!({"event": "reused", "peer": peer.as_str()}),
        HubEvent::Revoked { peer, reason } => {
            json!({"event": "revoked", "peer": peer.as_str(), "reason": reason})
        }
        HubEvent::RolledBack { restored, own } => json!({
            "event": "rolled-back",
            "peer": restored.by.as_ref().map(PeerId::as_str),
            "sign": restored.sign.to_string(),
            "seen": restored.generation,
            "issue": restored.issue,
            "at": restored.at,
            "own": own,
        }),
        HubEvent::Ready { peer, commands } => {
            json!({"event": "ready", "peer": peer.as_str(), "commands": commands})
        }
        HubEvent::SecretEnded { .. } => json!({"event": "secret-ended"}),
        HubEvent::Offline { peer, purpose: of, .. } => {
            json!({"event": "offline", "peer": peer.as_str(), "purpose": purpose(*of)})
        }
        _ => json!({"event": "other"}),
    }
}

/// The event's line in the hub's log; none for what only matters in detail.
pub(crate) fn log(event: &HubEvent) {
    match event {
        HubEvent::SecretEnded { .. } => {
            tracing::info!(target: TARGET, "the old secret admits nobody any more")
        }
        HubEvent::TurnedAway { source, why, count } => {
            let source = self::source(*source);
            tracing::warn!(target: TARGET, %source, code = %why.code(), count, "turned away");
        }
        HubEvent::Contested { peer } => {
            let code = Code::DuplicateId;
            let said = "two machines use this id: give each one of its own";
            tracing::warn!(target: TARGET, %peer, %code, "{said}");
        }
        HubEvent::Replayed { peer, jti } => {
            let code = Code::Used;
            let said = "a join token came from another key than may use it";
            tracing::warn!(target: TARGET, %peer, %jti, %code, "{said}");
        }
        HubEvent::Forged { peer, jti, claim } => {
            tracing::error!(target: TARGET, %peer, %jti, claim, "{FORGED}");
        }
        HubEvent::Reused { peer } => {
            let said = "a refresh token came a second time: it may have been copied";
            tracing::warn!(target: TARGET, %peer, "{said}");
        }
        HubEvent::Revoked { peer, reason } => {
            tracing::warn!(target: TARGET, %peer, reason, "revoked")
        }
        HubEvent::RolledBack { restored, own } => {
            tracing::error!(target: TARGET, own, "{}", Warning::Restored(*restored));
        }
        _ => {}
    }
}

/// Who was turned away, for a person: an address, or an IPv6 /64.
fn source(source: Option<IpAddr>) -> String {
    match source {
        None => "many sources".to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(network)) => format!("{network}/64"),
    }
}

/// Whose lines these are, to `BOWLINE_LOG` and in the log.
const TARGET: &str = "bowline::hub";

/// What to do about a join token that verifies and that the hub did not make.
const FORGED: &str = "a join token verifies and is not the one that this hub made: token.key may be \
                      stolen. 'bowline key rotate --now' ends it and every token that it signed; then \
                      find out who read the file";
