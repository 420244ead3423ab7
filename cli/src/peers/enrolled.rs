//! `bowline peers list`.

use bowline_core::control::{Binding, Enrolled, Listed, PeerEntry, PeerSummary, PeersRequest};
use bowline_shell::peer::Session;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::list::{self, or_dash};
use crate::peers::revoked;
use crate::{date, output};

pub(super) async fn list(session: &Session, as_json: bool) -> Result<(), Failure> {
    let request = PeersRequest { after: None, which: Some(Listed::Bound) };
    let peers = session.hub().list(request).await?;
    if as_json {
        return peers.iter().map(|listed| object(&listed.peer)).try_for_each(output::line);
    }
    output::line(table(&peers))?;
    if peers.is_empty() {
        output::say("no id is bound to a key yet: the first peer that is admitted binds its own");
    }
    Ok(())
}

/// One peer, with every field; what is not known is null.
fn object(peer: &PeerEntry) -> Value {
    let binding = peer.binding.as_ref();
    let enrolled = peer.enrolment.as_ref();
    json!({
        "id": peer.id.as_str(),
        "state": peer.state.to_string(),
        "serves": binding.map(|binding| binding.serves),
        "method": binding.map(|binding| binding.method.to_string()),
        "key": binding.map(|binding| binding.key.to_string()),
        "public_key": binding.map(|binding| &binding.public_key),
        "first_seen": binding.map(|binding| binding.first_seen),
        "since": peer.since,
        "remote": peer.session.as_ref().map(|session| &session.remote),
        "role": enrolled.map(|enrolled| enrolled.role.to_string()),
        "token": enrolled.map(|enrolled| enrolled.jti.to_string()),
        "revoked": revoked(peer),
    })
}

fn table(peers: &[PeerSummary]) -> String {
    let mut table = list::table(["id", "state", "serves", "method", "role", "first seen", "key"]);
    for PeerSummary { peer, .. } in peers {
        let binding = peer.binding.as_ref();
        let serves = binding.is_some_and(|binding| binding.serves);
        let role = |enrolled: &Enrolled| enrolled.role.to_string();
        let first = |binding: &Binding| date::utc(binding.first_seen);
        table.add_row([
            peer.id.to_string(),
            match peer.revoked {
                None => peer.state.to_string(),
                Some(_) => "revoked".to_owned(),
            },
            (if serves { "yes" } else { "no" }).to_owned(),
            or_dash(binding.map(|binding| &binding.method)),
            or_dash(peer.enrolment.as_ref().map(role)),
            or_dash(binding.map(first)),
            or_dash(binding.map(|binding| binding.key)),
        ]);
    }
    table.trim_fmt()
}
