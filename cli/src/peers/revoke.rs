//! `bowline peers revoke` and `allow`.

use bowline_core::control::{
    AllowPeerRequest, PeerAllowed, PeerRevoked, RevokePeerRequest, RevokeReason, Word,
};
use bowline_core::id::PeerId;
use bowline_core::wire::frame::Method;
use bowline_shell::peer::Session;
use serde_json::json;

use crate::exit::Failure;
use crate::{list, output};

pub(super) async fn revoke(
    session: &Session,
    peer: PeerId,
    reason: &str,
    as_json: bool,
) -> Result<(), Failure> {
    let request = RevokePeerRequest { id: peer, reason: Some(RevokeReason(reason.to_owned())) };
    let PeerRevoked { ended, method, .. } = session.hub().ask(&request).await?;
    if as_json {
        return output::line(json!({"id": peer.as_str(), "revoked": true, "ended": ended}));
    }
    let sessions = list::sessions(ended);
    let how = match joined(method.as_ref()) {
        true => "join again, with a new token",
        false => "come back as it came",
    };
    output::say(format_args!(
        "{peer} is revoked{sessions}. 'bowline peers allow {peer}' lets it {how}"
    ));
    Ok(())
}

pub(super) async fn allow(session: &Session, peer: PeerId, as_json: bool) -> Result<(), Failure> {
    let request = AllowPeerRequest { id: peer };
    let PeerAllowed { revoked, method, .. } = session.hub().ask(&request).await?;
    if as_json {
        return output::line(json!({"id": peer.as_str(), "was_revoked": revoked}));
    }
    output::say(match revoked {
        true if joined(method.as_ref()) => {
            format!("{peer} may join again: 'bowline token issue --id {peer}' makes a token for it")
        }
        true => format!("{peer} may come back as it came: it needs no token"),
        false => format!("{peer} was not revoked"),
    });
    Ok(())
}

/// Whether the peer that an answer is about came by a join token; a hub that does not say so may
/// have one that did.
fn joined(method: Option<&Word<Method>>) -> bool {
    method.is_none_or(|method| method.is(Method::Join))
}
