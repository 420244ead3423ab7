//! `bowline calls`: what runs, how it ended, what was kept of it.

mod leg;
mod show;

use bowline_core::control::{CallSummary, CallsRequest, CancelCallRequest};
use bowline_shell::runtime::Runtime;
use serde_json::{Value, json};

use crate::args::{self, CallsAction};
use crate::exit::{self, Failure};
use crate::{list, operator, output};

pub(crate) async fn calls(runtime: &impl Runtime, options: args::Calls) -> Result<u8, Failure> {
    match options.action {
        CallsAction::List(options) => list(runtime, options).await,
        CallsAction::Show(options) => show::show(runtime, options).await,
        CallsAction::Cancel(options) => cancel(runtime, options).await,
    }
}

async fn list(runtime: &impl Runtime, options: args::CallsList) -> Result<u8, Failure> {
    let calls = operator::list(runtime, &options.dial, CallsRequest::default()).await?;
    if options.json {
        calls.iter().map(object).try_for_each(output::line)?;
    } else {
        output::line(table(&calls))?;
    }
    Ok(exit::DONE)
}

async fn cancel(runtime: &impl Runtime, options: args::CallsCancel) -> Result<u8, Failure> {
    let call = options.call;
    let was_running =
        operator::ask(runtime, &options.dial, &CancelCallRequest { id: call }).await?;
    if options.json {
        output::line(json!({"call": call.to_string(), "was_running": was_running}))?;
    } else if was_running {
        output::say(format_args!(
            "{call} is told to stop; 'bowline calls show {call}' says how it ends"
        ));
    } else {
        output::say(format_args!("{call} had ended already"));
    }
    Ok(exit::DONE)
}

/// One call, with every field of the contract; what is not known is null.
fn object(call: &CallSummary) -> Value {
    json!({
        "id": call.id.to_string(),
        "state": call.state.to_string(),
        "command": call.command.as_str(),
        "target": call.target.to_string(),
        "caller": call.caller.as_str(),
        "delivery": call.delivery.to_string(),
        "started": call.started,
        "ended": call.ended,
        "targets": call.targets,
        "answered": call.answered,
        "failed": call.failed,
        "missing": call.missing,
    })
}

fn table(calls: &[CallSummary]) -> String {
    let mut table = list::table([
        "id", "state", "command", "target", "caller", "peers", "answered", "failed", "missing",
        "started",
    ]);
    for call in calls {
        table.add_row([
            call.id.to_string(),
            call.state.to_string(),
            call.command.to_string(),
            call.target.to_string(),
            call.caller.to_string(),
            call.targets.to_string(),
            call.answered.to_string(),
            call.failed.to_string(),
            call.missing.to_string(),
            list::ago(call.started),
        ]);
    }
    table.trim_fmt()
}
