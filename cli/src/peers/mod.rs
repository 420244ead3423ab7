//! `bowline peers`: who is enrolled with the hub.

mod enrolled;
mod revoke;
mod show;

use bowline_core::id::PeerId;
use bowline_core::wire::value::{Scalar, Value};
use bowline_shell::notice::Observer;
use bowline_shell::peer::Session;
use bowline_shell::runtime::Runtime;
use serde_json::json;

use crate::args::{self, PeersAction};
use crate::exit::{self, Failure};
use crate::{list, operator, output};

pub(crate) async fn peers(runtime: &impl Runtime, options: args::Peers) -> Result<u8, Failure> {
    let (PeersAction::List { dial, .. }
    | PeersAction::Show { dial, .. }
    | PeersAction::Revoke { dial, .. }
    | PeersAction::Allow { dial, .. }
    | PeersAction::Forget { dial, .. }) = &options.action;
    let session = operator::connect(runtime, dial, Observer::default()).await?;
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
    let finished = list::ask(session, "forget", &[("id", peer.as_str())]).await?;
    let ended = finished.value().and_then(|value| list::number(&value, "ended")).unwrap_or(0);
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
fn revoked(value: &Value<'_>) -> Option<serde_json::Value> {
    let revoked = value.entry("revoked")?;
    let (at, reason) = (list::number(&revoked, "at"), list::text(&revoked, "reason"));
    Some(json!({"at": at, "reason": reason}))
}

fn flag(value: &Value<'_>, key: &str) -> Option<bool> {
    match value.entry(key)?.scalar()? {
        Scalar::Boolean(flag) => Some(flag),
        _ => None,
    }
}
