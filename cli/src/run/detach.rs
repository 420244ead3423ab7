//! `run --detach`: the hub keeps the call, and its name is all that is printed.

use std::io::IsTerminal;

use bowline_core::code::Code;
use bowline_core::control::CallRequest;
use bowline_core::wire::frame::Status;
use bowline_shell::call::CallBuilder;
use bowline_shell::peer::Session;
use serde_json::json;

use super::INTERRUPTED;
use super::target::Target;
use crate::exit::{self, Failure};
use crate::output;
use crate::signals::Inbox;

pub(super) async fn detach(
    session: &Session,
    target: &Target,
    call: CallBuilder,
    signals: &mut Inbox,
    json: bool,
) -> Result<u8, Failure> {
    let Some(finished) = signals.or_end(call.detach().start().finished()).await else {
        output::say("'bowline calls list' shows whether the hub has taken the call");
        return Ok(INTERRUPTED);
    };
    let claimed = match (target, finished.kept_as()) {
        (Target::Labels(_), Some(id)) => signals.or_end(claimed(session, id)).await.unwrap_or(0),
        _ => 0,
    };
    session.close();
    session.ended().await;
    if let Some(uncounted) = target.uncounted(claimed) {
        output::say(uncounted);
    }
    match (finished.kept_as(), finished.status) {
        (Some(id), _) if json => output::line(json!({"call": id, "claimed": claimed}))?,
        (Some(id), _) => {
            output::line(id)?;
            if std::io::stderr().is_terminal() {
                output::say(format_args!("it runs on; 'bowline calls show {id}' says how it goes"));
            }
        }
        (None, Status::Failed(Code::UnknownPeer)) => return Err(target.nobody()),
        (None, Status::Failed(code)) => return Err(Failure::call(code, &finished)),
        (None, _) => return Err(Failure::new(exit::FAILURES, "the hub did not name the call")),
    }
    Ok(exit::DONE)
}

/// How many peers only claim the labels that a call is for; none where the hub does not tell.
async fn claimed(session: &Session, id: &str) -> u64 {
    let Ok(id) = id.parse() else { return 0 };
    let told = session.hub().ask(&CallRequest { id, after: None }).await.ok();
    told.and_then(|told| told.call.claimed).unwrap_or(0)
}
