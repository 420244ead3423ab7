//! `bowline peers revoke` and `allow`.

use bowline_core::id::PeerId;
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
    let ended = finished.value().and_then(|value| list::number(&value, "ended")).unwrap_or(0);
    if as_json {
        return output::line(json!({"id": peer.as_str(), "revoked": true, "ended": ended}));
    }
    let sessions = list::sessions(ended);
    output::say(format_args!(
        "{peer} is revoked{sessions}. 'bowline peers allow {peer}' lets it join again, with a new \
         token"
    ));
    Ok(())
}

pub(super) async fn allow(session: &Session, peer: PeerId, as_json: bool) -> Result<(), Failure> {
    let finished = list::ask(session, "allow-peer", &[("id", peer.as_str())]).await?;
    let was = finished.value().and_then(|value| flag(&value, "revoked")).unwrap_or(false);
    if as_json {
        return output::line(json!({"id": peer.as_str(), "was_revoked": was}));
    }
    output::say(match was {
        true => {
            format!("{peer} may join again: 'bowline token issue --id {peer}' makes a token for it")
        }
        false => format!("{peer} was not revoked"),
    });
    Ok(())
}
