//! `bowline peers revoke` and `allow`.

use bowline_core::id::PeerId;
use bowline_core::wire::frame::Method;
use bowline_core::wire::value::Value;
use bowline_shell::peer::Session;
use serde_json::json;

use crate::exit::Failure;
use crate::list;
use crate::output;
use crate::peers::flag;

pub(super) async fn revoke(
    session: &Session,
    peer: PeerId,
    reason: &str,
    as_json: bool,
) -> Result<(), Failure> {
    let given = [("id", peer.as_str()), ("reason", reason)];
    let finished = list::ask(session, "revoke-peer", &given).await?;
    let value = finished.value();
    let ended = value.as_ref().and_then(|value| list::number(value, "ended")).unwrap_or(0);
    if as_json {
        return output::line(json!({"id": peer.as_str(), "revoked": true, "ended": ended}));
    }
    let sessions = list::sessions(ended);
    let how = match joined(value.as_ref()) {
        true => "join again, with a new token",
        false => "come back as it came",
    };
    output::say(format_args!(
        "{peer} is revoked{sessions}. 'bowline peers allow {peer}' lets it {how}"
    ));
    Ok(())
}

pub(super) async fn allow(session: &Session, peer: PeerId, as_json: bool) -> Result<(), Failure> {
    let finished = list::ask(session, "allow-peer", &[("id", peer.as_str())]).await?;
    let value = finished.value();
    let was = value.as_ref().and_then(|value| flag(value, "revoked")).unwrap_or(false);
    if as_json {
        return output::line(json!({"id": peer.as_str(), "was_revoked": was}));
    }
    output::say(match was {
        true if joined(value.as_ref()) => {
            format!("{peer} may join again: 'bowline token issue --id {peer}' makes a token for it")
        }
        true => format!("{peer} may come back as it came: it needs no token"),
        false => format!("{peer} was not revoked"),
    });
    Ok(())
}

/// Whether the peer that an answer is about came by a join token; a hub that does not say so may
/// have one that did.
fn joined(value: Option<&Value<'_>>) -> bool {
    let method = value.and_then(|value| list::text(value, "method"));
    method.is_none_or(|method| method == Method::Join.name())
}
