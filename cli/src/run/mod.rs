//! `bowline run`: a command on one peer, as `ssh` would run it, or on several at once.

mod batch;
mod detach;
mod fan;
mod json;
mod many;
mod one;
mod pipe;
mod progress;
mod tally;
mod target;
mod watch;

use bowline_shell::notice::Subscriber;
use bowline_shell::peer::Session;
use bowline_shell::runtime::Runtime;
use serde_json::json;

use crate::args;
use crate::exit::Failure;
use crate::operator;
use crate::signals::Inbox;

use batch::Batch;
use pipe::Pipe;
use target::Target;
use watch::Watch;

/// The exit code of a program that SIGINT ended.
const INTERRUPTED: u8 = 128 + 2;

pub(crate) async fn run(runtime: &impl Runtime, options: args::Run) -> Result<u8, Failure> {
    let target: Target = options.target.parse()?;
    if options.batch.is_some() && matches!(target, Target::Peer(_)) {
        let message = "--batch is for several peers: label tests (role=web) or all";
        return Err(Failure::usage(message));
    }
    // The codes of a run on one peer are the command's, and 255 is a failure of ours.
    let is_like_ssh = matches!(target, Target::Peer(_)) && !options.detach;
    let coded = |failure: Failure| if is_like_ssh { failure.ours() } else { failure };
    let arguments = target::arguments(&options.arguments)?;
    let mut signals = Inbox::open(runtime).map_err(coded)?;
    let connected =
        signals.or_end(operator::connect(runtime, &options.dial, Subscriber::default())).await;
    let session = match connected {
        None => return Ok(INTERRUPTED),
        Some(Ok(session)) => session,
        Some(Err(failure)) => {
            if options.json {
                let code = failure.name.map(|name| name.name());
                let said =
                    json!({"peer": null, "result": null, "code": code, "text": failure.message});
                crate::output::line(said).map_err(coded)?;
            }
            return Err(coded(failure));
        }
    };
    let make = |session: &Session, target: &Target| {
        let call = target.call(session, options.command).arguments(arguments.clone());
        match options.timeout {
            Some(timeout) => call.deadline(timeout),
            None => call,
        }
    };
    let json = options.json;
    if options.detach {
        let call = make(&session, &target);
        return detach::detach(&session, &target, call, &mut signals, json).await;
    }
    if let Some(size) = options.batch {
        let Some(peers) = signals.or_end(batch::pick(&session, &target)).await else {
            return Ok(INTERRUPTED);
        };
        let call = |peer| make(&session, &Target::Peer(peer)).start();
        let batch = Batch::new(usize::from(size), peers?, call);
        return many::many(&session, &target, batch, Watch::new(runtime, &mut signals), json).await;
    }
    let (call, watch) = (make(&session, &target), Watch::new(runtime, &mut signals));
    match target {
        Target::Peer(_) => one::one(&session, call, watch, json).await,
        Target::Labels(_) | Target::All => {
            many::many(&session, &target, Pipe::start(call), watch, json).await
        }
    }
}
