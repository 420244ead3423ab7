//! `bowline ls`.

use bowline_core::control::{PeerSession, PeerSummary, PeersRequest};
use bowline_shell::runtime::Runtime;
use serde_json::{Value, json};

use crate::args;
use crate::exit::{self, Failure};
use crate::list::{self, or_dash};
use crate::{operator, output, show};

pub(crate) async fn ls(runtime: &impl Runtime, options: args::Ls) -> Result<u8, Failure> {
    let peers = operator::list(runtime, &options.dial, PeersRequest::default()).await?;
    if options.json {
        peers.iter().map(object).try_for_each(output::line)?;
    } else {
        output::line(table(&peers))?;
        if peers.is_empty() {
            output::say("no peer has come yet; 'bowline peer' on another machine starts one");
        }
        if let Some(note) = uncounted(&peers) {
            output::say(note);
        }
    }
    Ok(exit::DONE)
}

/// One peer, with every field of the contract; what is not known is null.
fn object(PeerSummary { commands, peer, .. }: &PeerSummary) -> Value {
    let session = peer.session.as_ref();
    let commands: Vec<_> = commands.iter().flatten().map(|name| name.as_str()).collect();
    json!({
        "id": peer.id.as_str(),
        "state": peer.state.to_string(),
        "labels": peer.labels.clone().unwrap_or_default(),
        "claimed": peer.claimed.clone().unwrap_or_default(),
        "commands": commands,
        "rtt_ms": session.and_then(list::round_trip),
        "since": peer.since,
        "agent": session.map(|session| &session.agent),
        "remote": session.map(|session| &session.remote),
        "method": peer.binding.as_ref().map(|binding| binding.method.to_string()),
        "role": peer.enrolment.as_ref().map(|enrolled| enrolled.role.to_string()),
    })
}

/// What is to be said of labels that stand in the list and do not count.
fn uncounted(peers: &[PeerSummary]) -> Option<String> {
    let claims = |listed: &&PeerSummary| listed.peer.claimed.iter().flatten().next().is_some();
    let (peers, verb) = match peers.iter().filter(claims).count() {
        0 => return None,
        1 => ("1 peer".to_owned(), "gives itself"),
        n => (format!("{n} peers"), "give themselves"),
    };
    Some(format!(
        "{peers} {verb} labels that do not count, in parentheses: join tokens give labels, or the \
         hub takes peers at their word (auth.self-labels)"
    ))
}

fn table(peers: &[PeerSummary]) -> String {
    let mut table = list::table(["id", "state", "commands", "labels", "rtt", "since", "remote"]);
    for PeerSummary { commands, peer, .. } in peers {
        let joined = |values: Vec<String>| or_dash((!values.is_empty()).then(|| values.join(",")));
        let session = peer.session.as_ref();
        let claimed = show::labels(peer.claimed.as_ref()).into_iter();
        let labels = show::labels(peer.labels.as_ref()).into_iter();
        let labels = labels.chain(claimed.map(|label| format!("({label})")));
        let took = |session: &PeerSession| list::round_trip(session).map(list::millis);
        table.add_row([
            peer.id.to_string(),
            peer.state.to_string(),
            joined(commands.iter().flatten().map(ToString::to_string).collect()),
            joined(labels.collect()),
            or_dash(session.and_then(took)),
            or_dash(peer.since.map(list::ago)),
            or_dash(session.map(|session| &session.remote)),
        ]);
    }
    table.trim_fmt()
}
