//! `bowline hub`.

use bowline_core::auth::AuthError;
use bowline_core::code::CloseCode;
use bowline_core::link::{EndReason, Ended};
use bowline_core::tunnel::TunnelError;
use bowline_shell::config::{HubSettings, Insecure};
use bowline_shell::files::{Role, Secret, SecretOrigin, SecretSources};
use bowline_shell::hub::{Certificate, Hub, HubBuilder, Reloaded, StartError};
use bowline_shell::ledger::Tokens;
use bowline_shell::notice::{ShellEvent, Subscriber};
use bowline_shell::runtime::{Runtime, Signal};
use serde_json::json;

use crate::args;
use crate::exit::{self, Failure};
use crate::guard;
use crate::journal;
use crate::output;
use crate::place;
use crate::remedy;
use crate::runtime::{Either, race};
use crate::signals::{self, Inbox};

pub(crate) async fn hub(runtime: &impl Runtime, options: Box<args::Hub>) -> Result<u8, Failure> {
    let insecure = options.risks.insecure(options.insecure_no_auth);
    let settings = settings(&options)?;
    let config = settings.clone().resolve().map_err(Failure::usage)?;
    if options.print_config {
        config.check(&insecure).map_err(Failure::usage)?;
        output::line(config.to_toml().trim_end())?;
        return Ok(exit::DONE);
    }
    guard::lower_if(options.allow_debug)?;
    place::trust(config.trusted_group.as_ref())?;
    let data = place::data(Role::Hub, options.data.as_deref())?;
    let mut builder = HubBuilder::new(runtime.clone(), &data).map_err(Failure::usage)?;
    builder = builder.settings(settings).insecure(insecure);
    if options.accept_restored {
        let tokens = if options.keep_tokens { Tokens::Keep } else { Tokens::Void };
        builder = builder.accept_restored(tokens);
    }
    if config.auth_secret
        && let Some((secret, origin)) = given_secret(&options, insecure)?
    {
        builder = builder.secret_from(secret, origin);
    }
    let json = options.json;
    let hub = builder.subscriber(Subscriber::new(move |notice| tell(&notice, json)));
    let mut inbox = Inbox::open(runtime)?;
    let mut hub = hub.start().map_err(start_failure)?;
    for warning in hub.warnings() {
        output::say(format_args!("warning: {warning}"));
    }
    print_listening(&hub, json)?;
    loop {
        let next = race(inbox.next(), hub.ended()).await;
        match next {
            Either::First(Signal::Hangup) => reload(&mut hub, &options),
            Either::First(_) => break,
            // Why was told as it came.
            Either::Second(_) => {
                inbox.unless_again(hub.stop()).await;
                return Err(Failure::new(exit::FAILURES, OVERTAKEN));
            }
        }
    }
    Ok(inbox.unless_again(hub.stop()).await)
}

fn settings(options: &args::Hub) -> Result<HubSettings, Failure> {
    let flags = options.flags.settings().clone();
    let flags = HubSettings { trusted_group: place::given_group(), ..flags };
    let file = match &options.config {
        Some(path) => HubSettings::read(path).map_err(Failure::usage)?,
        None => HubSettings::default(),
    };
    Ok(flags.over(file))
}

/// The secret of the flag or the environment; the configuration and the data directory are the
/// hub's own to look at.
fn given_secret(
    options: &args::Hub,
    insecure: Insecure,
) -> Result<Option<(Secret, SecretOrigin)>, Failure> {
    let variable = place::secret_variable();
    if options.secret_file.is_none() && variable.is_none() {
        return Ok(None);
    }
    let sources = SecretSources {
        flag: options.secret_file.as_deref(),
        environment: variable.as_deref(),
        ..SecretSources::default()
    };
    let found = sources.find(&mut crate::stdio::input(), place::strength(insecure));
    found.map(Some).map_err(Failure::usage)
}

fn start_failure(error: StartError) -> Failure {
    let code = match error {
        StartError::Thread(_) => exit::FAILURES,
        _ => exit::USAGE,
    };
    Failure::new(code, error)
}

/// The lines that scripts wait for.
fn print_listening<R: Runtime>(hub: &Hub<R>, json: bool) -> Result<(), Failure> {
    let pin = hub.pin().map(|pin| pin.to_string());
    let secret = hub.secret_origin().map(ToString::to_string);
    if json {
        return output::line(json!({
            "event": "listening",
            "hub": hub.id().to_string(),
            "url": hub.url().to_string(),
            "urls": hub.urls().iter().map(ToString::to_string).collect::<Vec<_>>(),
            "pin": pin,
            "secret": secret,
            "generation": hub.generation(),
        }));
    }
    output::line(format_args!("hub       {}", hub.id()))?;
    hub.urls().iter().try_for_each(|url| output::line(format_args!("listening {url}")))?;
    pin.map_or(Ok(()), |pin| output::line(format_args!("pin       {pin}")))?;
    secret.map_or(Ok(()), |secret| output::line(format_args!("secret    {secret}")))
}

fn tell(notice: &ShellEvent, json: bool) {
    if json {
        return journal::event(crate::event::json(notice));
    }
    match notice {
        ShellEvent::Admitted { admitted, .. } => {
            tracing::info!(peer = %admitted.peer, method = admitted.method.name(), "admitted");
        }
        ShellEvent::Stopping { calls, within } => {
            output::say(format_args!("{}", crate::event::stopping(*calls, *within)));
        }
        ShellEvent::SecretRotated { old_until } => {
            tracing::info!(old_until, "the secret was rotated")
        }
        ShellEvent::Forwarded { proxy, remote, .. } => {
            tracing::debug!(%remote, %proxy, "forwarded")
        }
        ShellEvent::Hub(event) => crate::event::hub::log(event),
        ShellEvent::MadeAnew { mark, path } => {
            let path = path.display();
            tracing::warn!(what = mark.name(), %path, "it was gone, and was made anew");
        }
        ShellEvent::Amiss { reason: Some(reason) } => tracing::error!("{reason}"),
        ShellEvent::Amiss { reason: None } => tracing::warn!("the data directory is well again"),
        ShellEvent::HeldBack { peer, measure, .. } => {
            tracing::warn!(%peer, measure = crate::event::measure(*measure), "held back");
        }
        // Told together, and not each: a flood must not fill the log.
        ShellEvent::Ended { remote, ended, .. } if is_turned_away(&ended.reason) => {
            tracing::debug!(%remote, reason = %ended.reason, "not admitted");
        }
        ShellEvent::Ended { remote, ended, traffic, .. }
            if !ended.admitted && is_look(&ended.reason, traffic.0) =>
        {
            tracing::debug!(%remote, reason = %ended.reason, "looked, and left");
        }
        ShellEvent::Ended { remote, ended, .. } if !ended.admitted => {
            let (code, reason) = (ended.reason.code(), not_admitted(ended));
            tracing::warn!(%remote, %code, %reason, "not admitted");
        }
        _ => {}
    }
}

/// Whether it was no more than a look: somebody saw who the hub is and left by saying so, as
/// `bowline doctor` does, or connected and said nothing at all, as what watches a port does. Who
/// tried to come in, or spoke something else, is told.
fn is_look(reason: &EndReason, received: u64) -> bool {
    match reason {
        EndReason::WebSocketClosed(Some(CloseCode::GOING_AWAY)) => true,
        EndReason::Cut | EndReason::Tunnel(TunnelError::Truncated) => received == 0,
        _ => false,
    }
}

/// Why a peer was not admitted and what to do, for the log.
pub(crate) fn not_admitted(ended: &Ended) -> String {
    let by = ended.method.map(|method| format!("by '{}': ", method.name())).unwrap_or_default();
    match remedy::at_hub(ended) {
        Some(remedy) => format!("{by}{}. {remedy}", ended.reason),
        None => format!("{by}{}", ended.reason),
    }
}

fn is_turned_away(reason: &EndReason) -> bool {
    matches!(reason, EndReason::Auth(AuthError::TurnedAway(_)))
}

/// Reads the configuration and the certificate again, and says what came of it. Whatever the hub is
/// found by on its machine is made anew where it is gone.
fn reload<R: Runtime>(hub: &mut Hub<R>, options: &args::Hub) {
    // Also where the configuration cannot be read.
    hub.look_around();
    let read = settings(options).and_then(|settings| hub.reload(settings).map_err(start_failure));
    let anew = match read {
        Ok(anew) => anew,
        Err(failure) => return signals::kept(options.json, &failure),
    };
    let Reloaded { changed, restart, certificate, warnings, .. } = anew;
    if options.json {
        let certificate = certificate.map(|served| {
            let Certificate { pin, same_key, not_after, .. } = served;
            json!({"pin": pin.to_string(), "same_key": same_key, "not_after": not_after})
        });
        return journal::event(json!({
            "event": "reloaded",
            "changed": changed,
            "restart": restart,
            "certificate": certificate,
            "warnings": warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }));
    }
    let mut said = Vec::new();
    if !changed.is_empty() {
        said.push(format!("in force from here on: {}", changed.join(", ")));
    }
    if let Some(Certificate { pin, same_key, .. }) = certificate {
        let key = if same_key { "the same key" } else { "another key" };
        said.push(format!("another certificate for links that come, with {key}: {pin}"));
    }
    if !restart.is_empty() {
        said.push(format!("needs a restart, and stays as it was: {}", restart.join(", ")));
    }
    signals::reloaded(&said);
    for warning in warnings {
        output::say(format_args!("warning: {warning}"));
    }
}

/// The last line of a hub that ended itself.
const OVERTAKEN: &str = "the hub has stopped: another hub has used its ledger";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_tried_nothing_is_no_more_than_a_look() {
        let closed = |code| EndReason::WebSocketClosed(code);
        assert!(is_look(&closed(Some(CloseCode::GOING_AWAY)), 900));
        assert!(is_look(&EndReason::Cut, 0));
        assert!(is_look(&TunnelError::Truncated.into(), 0));
        for reason in [
            closed(None),
            closed(Some(CloseCode::NORMAL)),
            EndReason::Cut,
            TunnelError::Truncated.into(),
            TunnelError::PlainWhereTlsExpected.into(),
            AuthError::NotKept.into(),
        ] {
            assert!(!is_look(&reason, 900), "{reason}");
        }
    }
}
