//! A peer: what is on its disk, its way to the hub, and what the hub lets it do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bowline_core::auth::Reconnect;
use bowline_core::code::Code;
use bowline_core::id::PeerId;
use bowline_core::identity::PeerKey;
use bowline_core::link::{EndReason, TimerKind};
use bowline_core::tunnel::TunnelError;
use bowline_core::wire::frame::Method;
use bowline_shell::config::{HubUrl, Insecure, PeerConfig, Scheme, Warning};
use bowline_shell::files::{
    DataDir, Enrolment, HubName, Role, Secret, SecretOrigin, SecretSources, TrustError, TrustFile,
};
use bowline_shell::peer::{ConnectError, CredentialSource, PeerBuilder, load_key, shared};
use bowline_shell::runtime::Runtime;

use crate::args;
use crate::doctor::check::{Check, PEER};
use crate::doctor::dial::{self, Facts};
use crate::doctor::find;
use crate::doctor::own::DoctorCode;
use crate::doctor::report::{Finding, Report};
use crate::doctor::verdict::{self, Asked, Looks, Proof};
use crate::exit::{self, Failure};
use crate::{date, enrolment, peer, place, runtime, show};

/// Where a peer's files are.
struct Place {
    path: PathBuf,
    dir: Option<DataDir>,
    /// What the hub's trust is kept under.
    hub: HubName,
}

pub(super) async fn examine(
    runtime: &impl Runtime,
    options: &args::Doctor,
    report: &mut Report,
) -> Result<(), Failure> {
    let config = match configuration(options) {
        Ok((config, enrolment, url, findings)) => {
            report.extend(findings)?;
            Some((config, enrolment, url))
        }
        Err(finding) => {
            report.add(finding)?;
            None
        }
    };
    let Some((config, enrolment, url)) = config else {
        return report.skip_rest(PEER, "the configuration cannot be used");
    };
    let place = match place::data(Role::Peer, options.dial.data.as_deref()) {
        Ok(path) => {
            let (dir, finding) = find::data(&path);
            let unusable = finding.is_problem();
            report.add(finding)?;
            if unusable {
                return report.skip_rest(PEER, "the data directory cannot be used");
            }
            let known = enrolment.as_ref().map(Enrolment::hub_name);
            Place { path, dir, hub: known.unwrap_or_else(|| HubName::from(&url)) }
        }
        Err(failure) => {
            report.add(Finding::problem(
                Check::Data,
                DoctorCode::Configuration,
                failure.message,
            ))?;
            return report.skip_rest(PEER, "there is no data directory");
        }
    };
    let (key, finding) = key(options, &place);
    report.add(finding)?;
    let proof = match &enrolment {
        Some(enrolment) => enrolled(enrolment, &place.path.join("enrolment")),
        None => {
            let (secret, finding) = secret(options, &config, &place.path);
            (secret.map(Proves::Secret).ok_or("there is no secret to prove"), finding)
        }
    };
    let (proof, finding) = proof;
    report.add(finding)?;
    let finding = trust(&place);
    let unknown = finding.is_problem();
    report.add(finding)?;
    if unknown {
        return report.skip_rest(PEER, "what is known of the hub cannot be read");
    }
    let who = match &enrolment {
        Some(enrolment) => enrolment.peer,
        None => config.id().map_err(Failure::usage)?,
    };
    reach(runtime, options, (&config, &url, who), &place, (key, proof), report).await
}

/// What is in force: the configuration, the enrolment that it leaves in force, and the hub. And
/// what there is to say of it.
type Configured = (PeerConfig, Option<Enrolment>, HubUrl, Vec<Finding>);

/// What this peer can prove itself by.
enum Proves {
    Secret((Secret, SecretOrigin)),
    /// By the enrolment in this file.
    Enrolment(PathBuf),
}

/// What is in force, and what is risky in it.
fn configuration(options: &args::Doctor) -> Result<Configured, Finding> {
    let wrong = |message: String| {
        Finding::problem(Check::Configuration, DoctorCode::Configuration, message)
            .with_remedy_inside()
    };
    let config = peer::config(&options.dial).map_err(|failure| wrong(failure.message))?;
    let shell_templates = options.insecure_shell_templates;
    let insecure = Insecure { shell_templates, ..options.dial.risks.insecure(false) };
    let risks = config.check_commands(&insecure).map_err(|error| wrong(error.to_string()))?;
    let warnings = config.check(&insecure).map_err(|error| wrong(error.to_string()))?;
    let enrolment = enrolment::find(&options.dial, &config);
    let enrolment = enrolment.map_err(|failure| wrong(failure.message))?;
    let (url, id) = match &enrolment {
        Some(enrolment) => (enrolment.url().clone(), enrolment.peer),
        None => (
            config.hub().map_err(|error| wrong(error.to_string()))?.clone(),
            config.id().map_err(|error| wrong(error.to_string()))?,
        ),
    };
    let from = match (&options.dial.config, &enrolment) {
        (Some(path), _) => show::path(path),
        (None, Some(_)) => "the enrolment".to_owned(),
        (None, None) => "flags alone".to_owned(),
    };
    let said = format!("{from}: {id} of {url}, TLS mode {}", config.mode);
    let mut findings = vec![Finding::ok(Check::Configuration, said)];
    // That a weak secret is accepted matters only where it is one.
    for warning in warnings.iter().filter(|warning| matches!(warning, Warning::PlainHub(_))) {
        let note = Finding::note(Check::Configuration, DoctorCode::RiskyPlain, warning.to_string());
        findings.push(note.remedy("Use wss:// with --tls tofu at both ends"));
    }
    for risk in &risks {
        let note = Finding::note(Check::Configuration, DoctorCode::RiskyCommand, risk.to_string());
        findings.push(note.with_remedy_inside());
    }
    Ok((config, enrolment, url, findings))
}

/// The peer's own key, which is made only where that was asked for.
fn key(options: &args::Doctor, place: &Place) -> (Option<PeerKey>, Finding) {
    let path = place.path.join("peer.key");
    let read = match &place.dir {
        Some(_) => find::key(Check::Key, &path),
        None => Ok(None),
    };
    match read {
        Ok(Some(key)) => (Some(PeerKey(key)), Finding::ok(Check::Key, show::path(path))),
        Ok(None) if options.enrol => made(&place.path),
        Ok(None) => {
            let why = format!("{} is not there yet: 'bowline peer' makes it", show::path(path));
            (None, Finding::skipped(Check::Key, why))
        }
        Err(finding) => (None, finding),
    }
}

/// Makes the key, as the first start would.
fn made(path: &Path) -> (Option<PeerKey>, Finding) {
    let key = DataDir::create(path).map_err(|error| find::of_file(Check::Key, &error));
    let key = key.and_then(|data| {
        load_key(&data.peer_key()).map_err(|error| {
            Finding::problem(Check::Key, DoctorCode::Unreadable, error.to_string())
                .with_remedy_inside()
        })
    });
    match key {
        Ok(key) => (Some(key), Finding::ok(Check::Key, "made, as --enrol asks")),
        Err(finding) => (None, finding),
    }
}

/// The secret of the first source that is given.
fn secret(
    options: &args::Doctor,
    config: &PeerConfig,
    data: &Path,
) -> (Option<(Secret, SecretOrigin)>, Finding) {
    let (environment, data) = (place::secret_variable(), data.join("secret.key"));
    let sources = SecretSources {
        flag: options.dial.secret_file.as_deref(),
        environment: environment.as_deref(),
        config: config.secret_file.as_deref(),
        data: Some(&data),
    };
    let strength = place::strength(options.dial.risks.insecure(false));
    match sources.find(&mut crate::stdio::input(), strength) {
        Ok((secret, origin)) => {
            let finding = find::of_secret(&secret, &origin);
            (Some((secret, origin)), finding)
        }
        Err(error) => (None, find::of_secret_error(&error)),
    }
}

/// What a join token brought, in the place of a secret.
fn enrolled(enrolment: &Enrolment, path: &Path) -> (Result<Proves, &'static str>, Finding) {
    let (now, held) = (date::now(), &enrolment.credentials);
    let (certificate, refresh) = (held.not_after, held.refresh_ends);
    if held.way(now) == Reconnect::Ended {
        let code = Code::Expired;
        let said = format!(
            "{}: the enrolment has ended, its refresh token {}",
            show::path(path),
            date::seen_from(now, refresh)
        );
        let finding = Finding::refused(Check::Secret, code.name(), exit::of_code(code), said);
        let remedy = "Set this machine's clock if it is wrong; else ask the hub's administrator for a \
                      new token, and run 'bowline join' with it";
        return (Err("the enrolment has ended"), finding.remedy(remedy));
    }
    let said = format!(
        "none is needed: enrolled by a token ({}), the certificate ends {}, renewable until {}",
        show::path(path),
        date::seen_from(now, certificate),
        date::utc(refresh)
    );
    (Ok(Proves::Enrolment(path.to_owned())), Finding::ok(Check::Secret, said))
}

/// What is remembered of the hub.
fn trust(Place { path, hub, .. }: &Place) -> Finding {
    let file = TrustFile::new(path.join("trust.toml"));
    match file.show(hub) {
        Ok(Some(record)) => Finding::ok(
            Check::Trust,
            match (record.identity, record.pinned.len()) {
                (Some(identity), _) => format!("{hub} is known as {identity}"),
                (None, pinned) => format!("{hub} is known by {pinned} pinned keys"),
            },
        ),
        Ok(None) => Finding::ok(Check::Trust, format!("nothing is kept of {hub}: a first contact")),
        Err(TrustError::File(error)) => find::of_file(Check::Trust, &error),
        Err(error) => Finding::problem(Check::Trust, DoctorCode::Damaged, error.to_string())
            .with_remedy_inside(),
    }
}

/// Dials the hub as far as it goes.
async fn reach(
    runtime: &impl Runtime,
    options: &args::Doctor,
    (config, url, id): (&PeerConfig, &HubUrl, PeerId),
    place: &Place,
    own: (Option<PeerKey>, Result<Proves, &'static str>),
    report: &mut Report,
) -> Result<(), Failure> {
    let (key, credential, asked) = match own {
        (Some(key), Ok(Proves::Secret((secret, origin)))) => {
            let secret = Arc::new(secret);
            let credential = CredentialSource::new(move || shared(secret.as_bytes()));
            (key, Some(credential), Ok(Proof::Secret(origin.to_string())))
        }
        (Some(key), Ok(Proves::Enrolment(path))) => {
            (key, None, Ok(Proof::Enrolment(show::path(path))))
        }
        (key, proof) => {
            let why = match (key, proof) {
                (_, Err(why)) => why,
                (_, Ok(_)) => {
                    "this peer has no key yet, and asking would bind its id to one: start \
                     'bowline peer', or give --enrol"
                }
            };
            let credential = CredentialSource::withheld(Method::Secret);
            (dial::no_key()?, Some(credential), Err(why.to_owned()))
        }
    };
    let asked = Asked { url: url.clone(), proof: asked, id: id.to_string() };
    let builder = PeerBuilder::with_key(runtime.clone(), url.clone(), id, key)
        .recall(&place.path.join("trust.toml"), place.hub.clone())
        .timeout(options.timeout);
    let builder = match credential {
        Some(credential) => builder.credential(credential),
        None => builder.enrolment(&place.path.join("enrolment")).map_err(Failure::usage)?,
    };
    let builder = match peer::checked_by(builder, config) {
        Ok(builder) => builder,
        Err(failure) => {
            let finding =
                Finding::problem(Check::Trust, DoctorCode::Configuration, failure.message);
            report.add(finding.with_remedy_inside())?;
            return report.skip_rest(PEER, "the hub could not be checked");
        }
    };
    let (facts, connected) = dial::dial(builder).await;
    let error = connected.as_ref().err();
    let looks = match error {
        Some(error) => looks(runtime, url, &facts, error, options).await?,
        None => Looks::default(),
    };
    let data = options.dial.data.as_deref();
    let findings = verdict::steps(&asked, &facts, error, &looks).into_iter();
    report.extend(findings.map(|finding| finding.in_data(data)))?;
    let Ok(session) = connected else {
        return report.skip_rest(PEER, "there is no session");
    };
    report.add(match dial::round_trip(runtime, &session, options.timeout).await {
        Some(took) => {
            Finding::ok(Check::RoundTrip, format!("{:.2} ms", took.as_secs_f64() * 1000.0))
        }
        None => {
            let (code, after) = (Code::NoAnswer, options.timeout.as_secs_f64());
            let said = format!("the hub admitted this peer and did not answer it within {after} s");
            Finding::refused(Check::RoundTrip, code.name(), exit::of_code(code), said)
                .remedy("Look at the hub's log: it may be overloaded")
        }
    })?;
    report.extend(verdict::rights(&facts, config.commands.len()))?;
    session.close();
    // The hub has seen it leave, or it has not; neither changes what was found.
    let _ = runtime::within(runtime, options.timeout, session.ended()).await;
    Ok(())
}

/// Looks again at what answered, where that tells more than the failure.
async fn looks(
    runtime: &impl Runtime,
    url: &HubUrl,
    facts: &Facts,
    error: &ConnectError,
    options: &args::Doctor,
) -> Result<Looks, Failure> {
    let ConnectError::Ended { ended, .. } = error else { return Ok(Looks::default()) };
    let is_plain = url.scheme() == Scheme::Ws;
    Ok(match &ended.reason {
        EndReason::Tunnel(
            TunnelError::PlainWhereTlsExpected | TunnelError::TlsWherePlainExpected,
        ) => {
            let crossed = Some(dial::look_across(runtime, url, options.timeout).await?);
            Looks { crossed, greeting: None }
        }
        // Some TLS servers hang up on what is no TLS.
        EndReason::Cut if is_plain && !facts.upgraded => {
            let crossed = Some(dial::look_across(runtime, url, options.timeout).await?);
            Looks { crossed, greeting: None }
        }
        reason => {
            let silence =
                matches!(reason, EndReason::Cut | EndReason::TimedOut(TimerKind::Upgrade));
            let foreign = reason.code() == Code::NotBowline || silence;
            let greeting = match &facts.remote {
                Some(remote) if foreign => dial::greeting(runtime, remote, options.timeout).await,
                _ => None,
            };
            Looks { crossed: None, greeting }
        }
    })
}
