//! `bowline peers`: who is enrolled with the hub.

mod enrolled;
mod revoke;
mod show;

use bowline_core::control::{ForgetRequest, Forgotten, PeerEntry};
use bowline_core::id::PeerId;
use bowline_shell::notice::Subscriber;
use bowline_shell::peer::Session;
use bowline_shell::runtime::Runtime;
use serde_json::{Value, json};

use crate::args::{self, PeersAction};
use crate::exit::{self, Failure};
use crate::{operator, output};

pub(crate) async fn peers(runtime: &impl Runtime, options: args::Peers) -> Result<u8, Failure> {
    let (PeersAction::List { dial, .. }
    | PeersAction::Show { dial, .. }
    | PeersAction::Revoke { dial, .. }
    | PeersAction::Allow { dial, .. }
    | PeersAction::Forget { dial, .. }) = &options.action;
    let session = operator::connect(runtime, dial, Subscriber::default()).await?;
    let done = match &options.action {
        PeersAction::List { json, .. } => enrolled::list(&session, *json).await,
        PeersAction::Show { peer, json, .. } => show::show(&session, *peer, *json).await,
        PeersAction::Revoke { peer, reason, json, .. } => {
            revoke::revoke(&session, *peer, reason, *json).await
        }
        PeersAction::Allow { peer, json, .. } => revoke::allow(&session, *peer, *json).await,
        PeersAction::Forget { peer, json, .. } => forget(&session, *peer, *json).await,
    };
    session.close();
    session.ended().await;
    done.map(|()| exit::DONE)
}

async fn forget(session: &Session, peer: PeerId, as_json: bool) -> Result<(), Failure> {
    let Forgotten { ended, .. } = session.hub().ask(&ForgetRequest { id: peer }).await?;
    if as_json {
        return output::line(json!({"id": peer.as_str(), "forgotten": true, "ended": ended}));
    }
    let sessions = match ended {
        0 => "it had no session".to_owned(),
        1 => "its session was ended".to_owned(),
        n => format!("its {n} sessions were ended"),
    };
    output::say(format_args!("{peer} is forgotten, and free for another key; {sessions}"));
    Ok(())
}

/// When a peer was revoked, and why.
fn revoked(peer: &PeerEntry) -> Option<Value> {
    let revoked = peer.revoked.as_ref()?;
    Some(json!({"at": revoked.at, "reason": revoked.reason}))
}
