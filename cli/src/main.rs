//! `bowline`: a hub, a peer, and the operator's commands.
//!
//! One file a command; what they share is in `exit` (codes and errors), `place` (data directories
//! and the environment), `operator` (a session to call through), `list` (lists of the hub) and
//! `event` (what links tell).

mod args;
mod calls;
mod certificate;
mod completions;
mod date;
mod demo;
mod doctor;
mod event;
mod exit;
mod hub;
mod inspect;
mod lines;
mod list;
mod ls;
mod man;
mod operator;
mod output;
mod peer;
mod peers;
mod place;
mod remedy;
mod run;
mod secret;
mod show;
mod signals;
mod tls;
mod trust;
mod usage;
mod whoami;

use std::process::ExitCode;
use std::time::Duration;

use tracing_subscriber::EnvFilter;

use args::Command;
use exit::Failure;

/// What tasks may take that cannot be dropped in between.
const ENDING: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let arguments = match usage::read() {
        Ok(arguments) => arguments,
        Err(end) => return end,
    };
    log(arguments.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::new(exit::FAILURES, error).tell(),
    };
    let done = runtime.block_on(async {
        match arguments.command {
            Command::Hub(options) => hub::hub(options).await,
            Command::Peer(options) => peer::peer(options).await,
            Command::Run(options) => run::run(options).await,
            Command::Calls(options) => calls::calls(*options).await,
            Command::Ls(options) => ls::ls(options).await,
            Command::Demo(options) => demo::demo(options).await,
            Command::Doctor(options) => doctor::doctor(*options).await,
            Command::Peers(options) => peers::peers(*options).await,
            Command::Secret(options) => secret::secret(options).await,
            Command::Trust(options) => trust::trust(&options),
            Command::Whoami(options) => whoami::whoami(options).await,
            Command::Tls(options) => tls::tls(options).await,
            Command::Inspect(options) => inspect::inspect(&options),
            Command::Completions(options) => completions::completions(&options),
            Command::Man(options) => man::man(&options),
        }
    });
    // Every task is dropped, and with it the programs that still run. Whoever looks a name up may
    // still be waiting for it.
    runtime.shutdown_timeout(ENDING);
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.tell(),
    }
}

/// `BOWLINE_LOG`, or what `-v` asks for, on standard error.
fn log(verbose: u8) {
    let default = match verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = match std::env::var(LOG).as_deref() {
        Ok(wanted) if !wanted.is_empty() => EnvFilter::try_new(wanted).unwrap_or_else(|error| {
            output::say(format_args!("warning: {LOG} is not understood and does nothing: {error}"));
            EnvFilter::new(default)
        }),
        _ => EnvFilter::new(default),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        // It would be told on standard error, which is what failed.
        .log_internal_errors(false)
        .init();
}

/// The variable that says what is logged.
const LOG: &str = "BOWLINE_LOG";
