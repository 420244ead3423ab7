//! A hub on this machine: what is on its disk, whether it runs, who can reach it.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use bowline_core::id::HubId;
use bowline_core::identity::HubIdentity;
use bowline_core::link::EndReason;
use bowline_shell::config::{HubConfig, HubSettings, HubUrl, Scheme, TlsMode};
use bowline_shell::files::{DataDir, Role, SecretError, SecretSources, Strength, is_there};
use bowline_shell::hub::StartError;
use bowline_shell::ledger::{LedgerError, Look, look};
use bowline_shell::peer::ConnectError;
use bowline_shell::runtime::Runtime;
use bowline_shell::runtime::listen;

use crate::args;
use crate::doctor::check::{Check, HUB};
use crate::doctor::exposure::{self, Setup};
use crate::doctor::own::DoctorCode;
use crate::doctor::report::{Finding, Report};
use crate::doctor::status::{self, Running};
use crate::doctor::{certificate, dial, find};
use crate::exit::Failure;
use crate::{date, place, show};

pub(super) async fn examine(
    runtime: &impl Runtime,
    options: &args::Doctor,
    report: &mut Report,
) -> Result<(), Failure> {
    let (config, finding) = match configuration(options) {
        Ok((config, finding)) => (Some(config), finding),
        Err(finding) => (None, finding),
    };
    report.add(finding)?;
    let path = match place::data(Role::Hub, options.dial.data.as_deref()) {
        Ok(path) => path,
        Err(failure) => {
            report.add(Finding::problem(
                Check::Data,
                DoctorCode::Configuration,
                failure.message,
            ))?;
            return report.skip_rest(HUB, "there is no data directory");
        }
    };
    let (data, finding) = find::data(&path);
    let unusable = finding.is_problem();
    report.add(finding)?;
    if unusable {
        return report.skip_rest(HUB, "the data directory cannot be used");
    }
    let (identity, findings) = keys(data.as_ref());
    report.extend(findings)?;
    let (strength, finding) = secret(options, config.as_ref(), &path);
    report.add(finding)?;
    let (running, finding) = match &data {
        Some(data) => status::running(runtime, data, identity, options.timeout).await?,
        None => (None, Finding::skipped(Check::Running, "no hub has run here yet")),
    };
    report.add(ledger(data.as_ref(), running.is_some()))?;
    let status = running.as_ref().and_then(|running| running.status.as_ref());
    report.add(match &config {
        Some(config) => {
            let served = status.and_then(|status| status.served.as_ref());
            certificate::examine(config, data.as_ref(), served, date::now())
        }
        None => Finding::skipped(Check::Certificate, "the configuration cannot be used"),
    })?;
    report.add(finding)?;
    report.add(match (&running, &config) {
        (Some(running), _) => listening(running),
        (None, Some(config)) => free(runtime, config, options).await?,
        (None, None) => Finding::skipped(Check::Bind, "the configuration cannot be used"),
    })?;
    report.add(match (&running, identity) {
        (Some(running), Some(identity)) => answer(runtime, running, identity, options).await?,
        _ => Finding::skipped(Check::Answer, "the hub is not running"),
    })?;
    let Some(setup) = setup(config.as_ref(), running.as_ref(), strength) else {
        return report.skip_rest(HUB, "it is not known where the hub listens");
    };
    report.extend(exposure::exposure(setup))?;
    let told = status.map(|status| status.urls.clone());
    let advertised = told.unwrap_or_else(|| config.as_ref().map(dialled).unwrap_or_default());
    let own = exposure::own_addresses();
    report.add(exposure::addresses(setup.bind, setup.mode, &own, &advertised))
}

/// What is in force at the next start.
fn configuration(options: &args::Doctor) -> Result<(HubConfig, Finding), Finding> {
    let wrong = |message: String| {
        Finding::problem(Check::Configuration, DoctorCode::Configuration, message)
            .with_remedy_inside()
    };
    let flags = HubSettings {
        bind: options.bind,
        mode: options.dial.flags.settings().mode,
        trusted_group: place::given_group(),
        ..HubSettings::default()
    };
    let (file, from) = match &options.dial.config {
        Some(path) => {
            let read = HubSettings::read(path).map_err(|error| wrong(error.to_string()))?;
            (read, show::path(path))
        }
        None => {
            (HubSettings::default(), "no --config, so what a start without one does".to_owned())
        }
    };
    let config = flags.over(file).resolve().map_err(|error| wrong(error.to_string()))?;
    let insecure = options.dial.risks.insecure(options.insecure_no_auth);
    config.check(&insecure).map_err(|error| wrong(error.to_string()))?;
    place::trust(config.trusted_group.as_ref()).map_err(|failure| wrong(failure.message))?;
    let said = format!("{from}: {}, TLS mode {}", config.bind, config.mode);
    Ok((config, Finding::ok(Check::Configuration, said)))
}

/// The hub's own keys; its identity where that can be read.
fn keys(data: Option<&DataDir>) -> (Option<HubId>, Vec<Finding>) {
    let Some(data) = data else {
        return (None, vec![Finding::skipped(Check::Keys, "the first start makes them")]);
    };
    let (mut found, mut findings, mut identity) = (Vec::new(), Vec::new(), None);
    let paths =
        [data.identity_key(), data.ca_key(), data.token_key(), data.tls_key(), data.operator_key()];
    for path in paths {
        match find::key(Check::Keys, &path) {
            Ok(None) => {}
            Err(finding) => findings.push(finding),
            Ok(Some(key)) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if path == data.identity_key() {
                    let id = HubIdentity(key).id();
                    identity = Some(id);
                    found.push(format!("{name} ({id})"));
                } else {
                    found.push(name);
                }
            }
        }
    }
    if findings.is_empty() {
        findings.push(match found.is_empty() {
            true => Finding::skipped(Check::Keys, "the first start makes them"),
            false => Finding::ok(Check::Keys, found.join(", ")),
        });
    }
    (identity, findings)
}

/// The secret of the first source that is given. Where none is, the hub makes one.
fn secret(
    options: &args::Doctor,
    config: Option<&HubConfig>,
    data: &Path,
) -> (Option<Strength>, Finding) {
    if config.is_some_and(|config| !config.auth_secret) {
        let why = "auth.secret = false: no secret admits anybody";
        return (None, Finding::skipped(Check::Secret, why));
    }
    let (environment, data) = (place::secret_variable(), data.join("secret.key"));
    let sources = SecretSources {
        flag: options.dial.secret_file.as_deref(),
        environment: environment.as_deref(),
        config: config.and_then(|config| config.secret_file.as_deref()),
        data: Some(&data),
    };
    let strength = place::strength(options.dial.risks.insecure(false));
    match sources.find(&mut crate::stdio::input(), strength) {
        Ok((secret, origin)) => (Some(secret.strength()), find::of_secret(&secret, &origin)),
        Err(SecretError::Missing) => {
            (None, Finding::skipped(Check::Secret, "the first start makes one"))
        }
        Err(error) => (None, find::of_secret_error(&error)),
    }
}

/// The ledger, looked at and left as it is.
fn ledger(data: Option<&DataDir>, in_use: bool) -> Finding {
    let skipped = Finding::skipped(Check::Ledger, "the first start makes it");
    let Some(path) = data.map(DataDir::ledger) else { return skipped };
    match is_there(&path) {
        Ok(true) => {}
        Ok(false) => return skipped,
        Err(error) => return find::of_file(Check::Ledger, &error),
    }
    match look(&path, in_use) {
        Ok(Some(Look { restored: Some(restored), .. })) => {
            let said = format!(
                "restored from a backup: {restored} ({}); no join token and no refresh token is taken",
                date::utc(restored.at)
            );
            Finding::problem(Check::Ledger, DoctorCode::LedgerRestored, said).remedy(
                "Start the hub once with --accept-restored, and make new tokens; or, where a copy of \
                 this ledger ran elsewhere, with --accept-restored --keep-tokens",
            )
        }
        Ok(Some(look)) => {
            let ids = show::count(look.peers, "id");
            let said = format!("{ids} bound, {}", show::count(look.generation, "start"));
            Finding::ok(Check::Ledger, said)
        }
        Ok(None) => {
            let said = "the hub ended without closing it: it was killed, or the power went";
            Finding::note(Check::Ledger, DoctorCode::LedgerNotClosed, said)
                .remedy("Nothing is lost: the next start reads what was left")
        }
        Err(LedgerError::File(error)) => find::of_file(Check::Ledger, &error),
        Err(LedgerError::Open { path, reason }) => {
            let said = format!("cannot open the ledger {}: {reason}", show::path(path));
            Finding::problem(Check::Ledger, DoctorCode::Ledger, said)
                .remedy("Run this as the user that the hub runs as")
        }
        Err(error) => Finding::problem(Check::Ledger, DoctorCode::Ledger, error.to_string())
            .with_remedy_inside(),
    }
}

fn listening(running: &Running) -> Finding {
    let bind = running.status.as_ref().and_then(|status| status.bind);
    let said = match bind {
        Some(bind) => format!("listening on {bind}"),
        None => match &running.endpoint {
            Some(endpoint) => format!("listening at {}", endpoint.url),
            None => return Finding::skipped(Check::Bind, "the hub runs, and does not say where"),
        },
    };
    Finding::ok(Check::Bind, said)
}

/// Listens where the hub is to, for a moment.
async fn free(
    runtime: &impl Runtime,
    config: &HubConfig,
    options: &args::Doctor,
) -> Result<Finding, Failure> {
    let bind = config.bind.0;
    let Err(reason) = listen::tcp(bind) else {
        return Ok(Finding::ok(Check::Bind, format!("{bind} is free")));
    };
    let code = match reason.kind() {
        io::ErrorKind::AddrInUse => DoctorCode::PortTaken,
        io::ErrorKind::AddrNotAvailable => DoctorCode::NotOurAddress,
        io::ErrorKind::PermissionDenied => DoctorCode::NeedsPrivilege,
        _ => DoctorCode::CannotListen,
    };
    let error = StartError::Listen { bind, reason };
    let remedy = error.remedy();
    let finding = Finding::problem(Check::Bind, code, error.to_string()).with_remedy_inside();
    let finding = match remedy {
        Some(remedy) => finding.remedy(remedy),
        None => finding,
    };
    if code != DoctorCode::PortTaken {
        return Ok(finding);
    }
    // Often it is a hub that was forgotten.
    let url = HubUrl::of_address(scheme(config.mode), reachable(bind));
    let (facts, _) = dial::look(runtime, &url, None, options.timeout).await?;
    Ok(match facts.learnt {
        Some((learnt, _)) => finding.seen(format!("the hub {} ('{}')", learnt.hub, learnt.name)),
        None => finding,
    })
}

/// Whether the hub that runs answers over the network, as itself.
async fn answer(
    runtime: &impl Runtime,
    running: &Running,
    identity: HubId,
    options: &args::Doctor,
) -> Result<Finding, Failure> {
    let Some(endpoint) = &running.endpoint else {
        return Ok(Finding::skipped(Check::Answer, "the hub runs, and does not say where"));
    };
    let url = &endpoint.url;
    let (facts, failed) = dial::look(runtime, url, Some(identity), options.timeout).await?;
    if facts.learnt.is_some() {
        return Ok(Finding::ok(Check::Answer, format!("{url}, as {identity}")));
    }
    let Some(error) = failed else { return Ok(Finding::ok(Check::Answer, url.to_string())) };
    if let ConnectError::Ended { ended, .. } = &error
        && let EndReason::Refused(refusal) = &ended.reason
    {
        let code = refusal.code;
        let said = format!("{url}, which turns this machine's own address away ({code})");
        return Ok(Finding::ok(Check::Answer, said));
    }
    let failure = Failure::from(error);
    let code = failure.name.map_or(DoctorCode::Configuration.name(), |code| code.name());
    let message = failure.message;
    Ok(Finding::refused(Check::Answer, code, failure.code, message).with_remedy_inside())
}

/// What decides who can come in: as the hub that runs says, else as it would start.
fn setup(
    config: Option<&HubConfig>,
    running: Option<&Running>,
    strength: Option<Strength>,
) -> Option<Setup> {
    let weak = strength == Some(Strength::Weak);
    if let Some(running) = running {
        // A hub that runs and does not say how may have been started with other flags.
        let status = running.status.as_ref()?;
        let (bind, mode) = (status.bind?, status.mode?);
        return Some(Setup { bind, mode, open: status.open, weak: status.weak });
    }
    let config = config?;
    Some(Setup { bind: config.bind, mode: config.mode, open: !config.auth_required, weak })
}

/// What other machines dial by the configuration.
fn dialled(config: &HubConfig) -> Vec<HubUrl> {
    if !config.advertise.is_empty() {
        return config.advertise.clone();
    }
    let own = HubUrl::of_address(scheme(config.mode), config.bind.0);
    config.hostnames.iter().filter_map(|host| own.at(host)).collect()
}

fn scheme(mode: TlsMode) -> Scheme {
    match mode {
        TlsMode::Plain => Scheme::Ws,
        TlsMode::Tofu | TlsMode::Strict => Scheme::Wss,
    }
}

/// Where programs on this machine reach what listens on `bind`.
fn reachable(bind: SocketAddr) -> SocketAddr {
    match bind.ip() {
        ip if !ip.is_unspecified() => bind,
        std::net::IpAddr::V4(_) => (Ipv4Addr::LOCALHOST, bind.port()).into(),
        std::net::IpAddr::V6(_) => (Ipv6Addr::LOCALHOST, bind.port()).into(),
    }
}
