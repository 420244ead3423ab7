//! A configured command as a handler: arguments checked, then a program in a group of its own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bowline_core::code::Code;
use bowline_core::wire::value::{Arguments, Scalar};

use crate::arguments::{ArgValue, CommandSpec, Prepared};
use crate::call::{Call, Reply};
use crate::process::{self, Grace, Outcome, Program};
use crate::runtime::Runtime;
use crate::stage::Stage;

/// Runs the program of `spec` for each call, by a stage where there is one.
pub(super) fn program<R: Runtime>(
    runtime: R,
    spec: CommandSpec,
    stage: Option<Stage>,
) -> impl Fn(Call) -> Pin<Box<dyn Future<Output = Reply> + Send>> {
    if spec.needs_stage() && stage.is_none() {
        tracing::error!(command = %spec.name(), "{NEEDS_STAGE}");
    }
    let serves = Arc::new((spec, stage));
    // Boxed: a worker that waits would carry it.
    move |call| {
        let (runtime, serves) = (runtime.clone(), serves.clone());
        Box::pin(async move { run(&runtime, serves, call).await })
    }
}

async fn run<R: Runtime>(
    runtime: &R,
    serves: Arc<(CommandSpec, Option<Stage>)>,
    call: Call,
) -> Reply {
    let looked_at = serves.clone();
    if looked_at.0.needs_stage() && looked_at.1.is_none() {
        return Reply::Fail(Code::NotStarted, NEEDS_STAGE.to_owned());
    }
    // Paths are looked at on the disk, which may take its time.
    let checked = runtime
        .blocking(move || {
            let prepared = prepare(&looked_at.0, call.arguments());
            (call, prepared)
        })
        .await;
    let (mut call, prepared) = match checked {
        Ok((call, Ok(prepared))) => (call, prepared),
        Ok((_, Err(text))) => return Reply::Fail(Code::BadArgument, text),
        Err(error) => return Reply::Fail(Code::NotStarted, error.to_string()),
    };
    let Some((name, arguments)) = prepared.arguments.split_first() else {
        return Reply::Fail(Code::NotStarted, "the command has no program".to_owned());
    };
    let (spec, stage) = &*serves;
    let environment = spec.environment().build(|name| std::env::var_os(name));
    let program = Program::new(name, arguments, stage.as_ref())
        .environment(environment)
        .descriptors(prepared.descriptors);
    let grace = Grace { linger: spec.linger(), ..Grace::default() };
    match process::run(runtime, program, &mut call, grace).await {
        Outcome::Exited(code) => Reply::Exit(code.into()),
        Outcome::Signalled(signal) => Reply::Signal(u64::try_from(signal).unwrap_or(0)),
        Outcome::ExitedCut(code) => Reply::ExitCut(code.into()),
        Outcome::SignalledCut(signal) => Reply::SignalCut(u64::try_from(signal).unwrap_or(0)),
        Outcome::NotStarted(text) => Reply::Fail(Code::NotStarted, text),
        Outcome::Unknown(text) => Reply::failed(text),
        Outcome::Stopped(stop) => stop.into(),
    }
}

fn prepare(spec: &CommandSpec, arguments: Arguments<'_>) -> Result<Prepared, String> {
    let positional: Vec<_> = arguments.positional().map(|value| value.scalar()).collect();
    let positional: Vec<_> = positional.into_iter().map(argument).collect::<Result<_, _>>()?;
    let mut named = Vec::new();
    for (name, value) in arguments.named() {
        named.push((name, argument(value.scalar())?));
    }
    spec.prepare(&positional, &named).map_err(|error| error.to_string())
}

fn argument(scalar: Option<Scalar<'_>>) -> Result<ArgValue<'_>, String> {
    scalar
        .and_then(ArgValue::from_scalar)
        .ok_or_else(|| "an argument is neither text, a number nor a boolean".to_owned())
}

/// A command whose arguments are handed on in a way that is not there.
const NEEDS_STAGE: &str = "an argument with as = \"descriptor\" needs the program's own stage, and \
     this program embeds the peer without one: offer it with PeerBuilder::stage, or say as = \"path\"";
