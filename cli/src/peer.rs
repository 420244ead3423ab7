//! `bowline peer`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use bowline_core::trust::{Mode, PinSpec, Roots};
use bowline_shell::config::{PeerConfig, PeerSettings, TlsMode};
use bowline_shell::files::{Exposure, Role, read_private};
use bowline_shell::notice::{Notice, Observer};
use bowline_shell::peer::PeerBuilder;
use bowline_shell::runtime::Runtime;

use crate::args::{self, Dial};
use crate::exit::{self, Failure};
use crate::output;
use crate::place;
use crate::signals::Inbox;

pub(crate) async fn peer(runtime: &impl Runtime, options: Box<args::Peer>) -> Result<u8, Failure> {
    let labels = labels(&options.label)?;
    let config = config(&options.dial, labels)?;
    let insecure = options.dial.risks.insecure(false);
    let warnings = config.check(&insecure).map_err(Failure::usage)?;
    if options.print_config {
        output::line(config.to_toml().trim_end())?;
        return Ok(exit::DONE);
    }
    for warning in warnings {
        output::say(format_args!("warning: {warning}"));
    }
    let mut builder = builder(runtime, &options.dial, &config)?;
    for (name, value) in &config.labels {
        builder = builder.label(name, value);
    }
    for spec in &config.commands {
        builder = builder.program(spec.clone());
    }
    if config.commands.is_empty() {
        output::say(format_args!(
            "warning: no commands are configured; see [commands.NAME] in peer.toml"
        ));
    }
    let mut signals = Inbox::open(runtime)?;
    let data = options.dial.data.clone();
    let peer = builder.observer(observer(options.json, data)).start();
    signals.end().await;
    Ok(signals.unless_again(peer.stop()).await)
}

/// What is in force: flags over the file over the defaults.
pub(crate) fn config(
    dial: &Dial,
    labels: Option<BTreeMap<String, String>>,
) -> Result<PeerConfig, Failure> {
    let flags = PeerSettings {
        id: dial.id,
        hub: dial.hub.clone(),
        labels,
        mode: dial.tls,
        pins: (!dial.pin.is_empty()).then(|| dial.pin.clone()),
        hub_id: dial.hub_id,
        roots: dial.roots.clone(),
        secret_file: None,
        commands: None,
    };
    let file = match &dial.config {
        Some(path) => PeerSettings::read(path).map_err(Failure::usage)?,
        None => PeerSettings::default(),
    };
    flags.over(file).resolve().map_err(Failure::usage)
}

/// A peer of the configured hub, with its data directory.
pub(crate) fn builder<R: Runtime>(
    runtime: &R,
    dial: &Dial,
    config: &PeerConfig,
) -> Result<PeerBuilder<R>, Failure> {
    let data = place::data(Role::Peer, dial.data.as_deref())?;
    let url = config.hub().map_err(Failure::usage)?.clone();
    let id = config.id().map_err(Failure::usage)?;
    let insecure = dial.risks.insecure(false);
    let credential = place::credential(dial.secret_file.as_deref(), config, &data, insecure)?;
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
        let pem = read_private(path, Exposure::Readable).map_err(Failure::usage)?;
        let roots = Roots::from_pem(&pem)
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
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
            parse(text)
                .ok_or_else(|| Failure::usage(format!("--label '{text}': expected NAME=VALUE")))
        })
        .collect::<Result<_, _>>()
        .map(Some)
}

/// Sentences on standard error, each once until another comes between, and after a new one when the
/// next try comes; or JSON on standard output.
fn observer(json: bool, data: Option<PathBuf>) -> Observer {
    let told = Mutex::new((String::new(), false));
    Observer::new(move |notice: Notice| {
        if json {
            return output::event(crate::event::json(&notice));
        }
        let Some(sentence) = crate::event::sentence(&notice) else { return };
        let sentence = exit::in_data(&sentence, data.as_deref());
        let mut told = told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (last, is_new) = &mut *told;
        if matches!(notice, Notice::Retry { .. }) {
            if std::mem::take(is_new) {
                output::say(format_args!("{sentence}"));
            }
            return tracing::info!("{sentence}");
        }
        *is_new = *last != sentence;
        if *is_new {
            output::say(format_args!("{sentence}"));
            *last = sentence;
        }
    })
}
