//! `bowline`: a hub, a peer, and the operator's commands.
//!
//! One file a command; what they share is in `exit` (codes and errors), `place` (data directories
//! and the environment), `operator` (a session to call through), `list` (lists of the hub),
//! `event` (what links tell) and `runtime` (what it all runs on).

mod args;
mod calls;
mod certificate;
mod completions;
mod date;
mod demo;
mod doctor;
mod enrolment;
mod event;
mod exit;
mod guard;
mod handover;
mod hub;
mod inspect;
mod join;
mod journal;
mod key;
mod lines;
mod list;
mod log;
mod ls;
mod man;
mod nearby;
mod operator;
mod out;
mod outage;
mod output;
mod peer;
mod peers;
mod place;
mod remedy;
mod restore;
mod run;
mod runtime;
mod secret;
mod show;
mod signals;
mod stdio;
mod tame;
mod tls;
mod token;
mod trust;
mod usage;
mod whoami;

use std::process::ExitCode;

use bowline_shell::runtime::Runtime;
use bowline_shell::stage;

use args::Command;
use exit::Failure;
use runtime::RuntimeChoice;

fn main() -> ExitCode {
    if let Some(end) = stage::carry_out(std::env::args_os()) {
        return end;
    }
    if let Err(failure) = handover::take().and_then(|()| guard::raise()) {
        return failure.tell();
    }
    let arguments = match usage::read() {
        Ok(arguments) => arguments,
        Err(end) => return end,
    };
    log::start(arguments.verbose);
    if let Err(failure) = place::give(arguments.trusted_group) {
        return failure.tell();
    }
    let (choice, command) = (arguments.runtime, arguments.command);
    let done = match choice {
        RuntimeChoice::Tokio => runtime::on_tokio(|tokio| perform(tokio, choice, command)),
        RuntimeChoice::Smol => runtime::on_smol(|smol| perform(smol, choice, command)),
    };
    journal::finish();
    match done.unwrap_or_else(|error| Err(Failure::new(exit::FAILURES, error))) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.tell(),
    }
}

/// Does what the command says, on this runtime, which is the chosen one.
async fn perform<R: Runtime>(
    runtime: R,
    choice: RuntimeChoice,
    command: Command,
) -> Result<u8, Failure> {
    let runtime = &runtime;
    match command {
        Command::Hub(options) => hub::hub(runtime, options).await,
        Command::Peer(options) => peer::peer(runtime, options).await,
        Command::Join(options) => join::join(runtime, options).await,
        Command::Restore(options) => restore::restore(&options),
        Command::Run(options) => run::run(runtime, options).await,
        Command::Calls(options) => calls::calls(runtime, *options).await,
        Command::Ls(options) => ls::ls(runtime, options).await,
        Command::Demo(options) => demo::demo(runtime, choice, options).await,
        Command::Doctor(options) => doctor::doctor(runtime, *options).await,
        Command::Peers(options) => peers::peers(runtime, *options).await,
        Command::Token(options) => token::token(runtime, *options).await,
        Command::Key(options) => key::key(runtime, *options).await,
        Command::Secret(options) => secret::secret(runtime, options).await,
        Command::Trust(options) => trust::trust(&options),
        Command::Whoami(options) => whoami::whoami(runtime, options).await,
        Command::Tls(options) => tls::tls(runtime, options).await,
        Command::Inspect(options) => inspect::inspect(&options),
        Command::Completions(options) => completions::completions(&options),
        Command::Man(options) => man::man(&options),
    }
}
