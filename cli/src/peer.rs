//! `bowline peer`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use bowline_core::trust::{Mode, PinSpec, Roots};
use bowline_shell::config::{PeerConfig, PeerSettings, Reload, TlsMode};
use bowline_shell::files::{DataDir, DirLock, Exposure, Role, pem};
use bowline_shell::notice::{ShellEvent, Subscriber};
use bowline_shell::peer::{Peer, PeerBuilder};
use bowline_shell::runtime::{Runtime, Signal};
use bowline_shell::stage::Stage;
use serde_json::json;

use crate::args::{self, Dial};
use crate::enrolment;
use crate::exit::{self, Failure};
use crate::guard;
use crate::journal;
use crate::outage::Said;
use crate::output;
use crate::place;
use crate::show;
use crate::signals::{self, Inbox};

pub(crate) async fn peer(runtime: &impl Runtime, options: Box<args::Peer>) -> Result<u8, Failure> {
    let config = in_force(&options)?;
    let warnings = warnings(&options, &config)?;
    if options.print_config {
        output::line(config.to_toml().trim_end())?;
        return Ok(exit::DONE);
    }
    for warning in warnings {
        output::say(format_args!("warning: {warning}"));
    }
    guard::lower_if(options.allow_debug)?;
    place::trust(config.trusted_group.as_ref())?;
    if let Some(warning) = enrolment::passed_over(&options.dial, &config)? {
        output::say(format_args!("warning: {warning}"));
    }
    let mut inbox = Inbox::open(runtime)?;
    let data = options.dial.data.clone();
    let builder = serving(runtime, &options, &config)?;
    let _serving = serve_from(data.as_deref())?;
    let builder = builder.subscriber(subscriber(options.json, data));
    let peer = builder.start();
    let mut config = config;
    while inbox.next().await == Signal::Hangup {
        match reload(runtime, &peer, &options, &config) {
            Ok(anew) => config = anew,
            Err(failure) => signals::kept(options.json, &failure),
        }
        // Whoever sends it does not want to wait, whatever was read.
        peer.retry_now();
    }
    Ok(inbox.unless_again(peer.stop()).await)
}

/// The data directory's lock: the hub would give a second peer the place of the first, and end what
/// that one runs.
fn serve_from(data: Option<&Path>) -> Result<DirLock, Failure> {
    let data = place::data(Role::Peer, data)?;
    let data = DataDir::create(&data).map_err(Failure::usage)?;
    DirLock::serve(&data).map_err(Failure::usage)
}

/// What must be said at the start, and anew when the configuration is read again.
fn warnings(options: &args::Peer, config: &PeerConfig) -> Result<Vec<String>, Failure> {
    let insecure = options.insecure();
    let links = config.check(&insecure).map_err(Failure::usage)?;
    let commands = config.check_commands(&insecure).map_err(Failure::usage)?;
    let links = links.iter().map(ToString::to_string);
    Ok(links.chain(commands.iter().map(ToString::to_string)).collect())
}

/// The peer, with what it serves.
fn serving<R: Runtime>(
    runtime: &R,
    options: &args::Peer,
    config: &PeerConfig,
) -> Result<PeerBuilder<R>, Failure> {
    let mut builder = builder(runtime, &options.dial, config)?.drain(config.drain);
    for (name, value) in &config.labels {
        builder = builder.label(name, value);
    }
    let mut stage = Stage::this_program().map_err(|error| Failure::new(exit::FAILURES, error))?;
    if let Some(soft) = guard::core() {
        stage = stage.core(soft);
    }
    builder = builder.stage(stage);
    for spec in &config.commands {
        builder = builder.program(spec.clone());
    }
    if config.commands.is_empty() {
        output::say(format_args!(
            "warning: no commands are configured; see [commands.NAME] in peer.toml"
        ));
    }
    Ok(builder)
}

/// Reads the configuration again, has the peer take it, and says what changed; what is in force
/// then.
fn reload<R: Runtime>(
    runtime: &R,
    peer: &Peer,
    options: &args::Peer,
    before: &PeerConfig,
) -> Result<PeerConfig, Failure> {
    let settings = own_settings(options)?;
    let read = settings.clone().resolve().map_err(Failure::usage)?;
    let warnings = warnings(options, &read)?;
    let changes = before.changes(&read);
    let anew = settings.keeping(before).resolve().map_err(Failure::usage)?;
    let next = serving(runtime, options, &anew)?;
    let keys = |when| {
        let taken = changes.iter().filter(|change| change.reload == when);
        taken.map(|change| change.key.as_str()).collect::<Vec<_>>()
    };
    let [changed, later, restart] = [Reload::Live, Reload::NextDial, Reload::Restart].map(keys);
    if options.json {
        journal::event(json!({
            "event": "reloaded",
            "changed": changed,
            "at_next_dial": later,
            "restart": restart,
        }));
        peer.reload(next);
        return Ok(anew);
    }
    let mut said = Vec::new();
    for (keys, when) in [
        (changed, "in force from here on"),
        (later, "in force from the next connection on"),
        (restart, "needs a restart, and stays as it was"),
    ] {
        if !keys.is_empty() {
            said.push(format!("{when}: {}", keys.join(", ")));
        }
    }
    signals::reloaded(&said);
    for warning in warnings {
        output::say(format_args!("warning: {warning}"));
    }
    peer.reload(next);
    Ok(anew)
}

/// What is in force of the flags and the file.
fn in_force(options: &args::Peer) -> Result<PeerConfig, Failure> {
    own_settings(options)?.resolve().map_err(Failure::usage)
}

/// What the flags and the file say.
fn own_settings(options: &args::Peer) -> Result<PeerSettings, Failure> {
    let flags =
        PeerSettings { labels: labels(&options.label)?, ..options.flags.settings().clone() };
    Ok(flags.over(settings(&options.dial)?))
}

/// What is in force: flags over the file over the defaults. Its group is trusted from here on.
pub(crate) fn config(dial: &Dial) -> Result<PeerConfig, Failure> {
    let config = settings(dial)?.resolve().map_err(Failure::usage)?;
    place::trust(config.trusted_group.as_ref())?;
    Ok(config)
}

fn settings(dial: &Dial) -> Result<PeerSettings, Failure> {
    let flags = dial.flags.settings().clone();
    let flags = PeerSettings { trusted_group: place::given_group(), ..flags };
    let file = match &dial.config {
        Some(path) => PeerSettings::read(path).map_err(Failure::usage)?,
        None => PeerSettings::default(),
    };
    Ok(flags.over(file))
}

/// A peer of the configured hub, with its data directory.
pub(crate) fn builder<R: Runtime>(
    runtime: &R,
    dial: &Dial,
    config: &PeerConfig,
) -> Result<PeerBuilder<R>, Failure> {
    let data = place::data(Role::Peer, dial.data.as_deref())?;
    if enrolment::find(dial, config)?.is_some() {
        let enrolled = PeerBuilder::enrolled(runtime.clone(), &data).map_err(Failure::usage)?;
        // It was there a moment ago.
        let builder = enrolled.ok_or_else(|| Failure::usage("the enrolment is gone"))?;
        return checked_by(builder, config);
    }
    let url = config.hub().map_err(Failure::usage)?.clone();
    let id = config.id().map_err(Failure::usage)?;
    let file = config.secret_file.as_deref();
    let credential = place::credential(dial, file, &data.join("secret.key"))?;
    let builder = PeerBuilder::new(runtime.clone(), url, id, &data).map_err(Failure::usage)?;
    checked_by(builder.credential(credential), config)
}

/// The same peer, which checks the hub as the configuration says.
pub(crate) fn checked_by<R: Runtime>(
    builder: PeerBuilder<R>,
    config: &PeerConfig,
) -> Result<PeerBuilder<R>, Failure> {
    let mut builder = builder.trust(match config.mode {
        TlsMode::Plain => Mode::Plain,
        TlsMode::Tofu => Mode::Tofu,
        TlsMode::Strict => Mode::Strict,
    });
    builder = builder.pins(config.pins.iter().copied().map(PinSpec::Key));
    if let Some(id) = config.hub_id {
        builder = builder.hub_id(id);
    }
    if let Some(path) = &config.roots {
        let pem = pem::read(path, Exposure::Readable).map_err(Failure::usage)?;
        let roots = Roots::from_pem(&pem)
            .map_err(|error| Failure::usage(format!("{}: {error}", show::path(path))))?;
        builder = builder.roots(roots);
    }
    Ok(builder)
}

fn labels(given: &[String]) -> Result<Option<BTreeMap<String, String>>, Failure> {
    if given.is_empty() {
        return Ok(None);
    }
    let parse = |text: &String| {
        let (name, value) = text.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    given
        .iter()
        .map(|text| {
            parse(text).ok_or_else(|| {
                Failure::usage(format!("--label '{}': expected NAME=VALUE", show::typed(text)))
            })
        })
        .collect::<Result<_, _>>()
        .map(Some)
}

/// Sentences on standard error, as [`Said`] chooses; or JSON on standard output.
fn subscriber(json: bool, data: Option<PathBuf>) -> Subscriber {
    let said = Mutex::new(Said::default());
    Subscriber::new(move |notice: ShellEvent| {
        if json {
            return journal::event(crate::event::json(&notice));
        }
        let Some(sentence) = crate::event::sentence(&notice) else { return };
        let sentence = exit::in_data(&sentence, data.as_deref());
        let mut said = said.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if said.take(&notice, &sentence, Instant::now()) {
            output::say(format_args!("{sentence}"));
        }
        if matches!(notice, ShellEvent::Retry { .. }) {
            tracing::info!("{sentence}");
        }
    })
}
