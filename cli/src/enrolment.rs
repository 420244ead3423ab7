//! Whether this machine comes back by what a join token brought, where nothing says otherwise.

use bowline_core::auth::Reconnect;
use bowline_shell::config::PeerConfig;
use bowline_shell::files::{Enrolment, EnrolmentFile, Role};

use crate::args::Dial;
use crate::exit::Failure;
use crate::{place, show};

/// The enrolment in the peer's data directory: none where there is none, where a file with the
/// secret is named, or where another hub is.
///
/// # Errors
/// The enrolment cannot be read, or another id is asked for than it is for.
pub(crate) fn find(dial: &Dial, config: &PeerConfig) -> Result<Option<Enrolment>, Failure> {
    if dial.secret_file.is_some() || config.secret_file.is_some() {
        return Ok(None);
    }
    let path = place::data(Role::Peer, dial.data.as_deref())?.join("enrolment");
    let found = EnrolmentFile::new(path.clone()).read().map_err(Failure::usage)?;
    let Some(enrolment) = found else { return Ok(None) };
    if config.hub.as_ref().is_some_and(|hub| !enrolment.urls.contains(hub)) {
        return Ok(None);
    }
    match config.id {
        Some(id) if id != enrolment.peer => Err(Failure::usage(format!(
            "this machine is enrolled as '{}' ({}), not '{id}': leave the id out, or join as \
             '{id}' with a token for it",
            enrolment.peer,
            show::path(path)
        ))),
        Some(_) | None => Ok(Some(enrolment)),
    }
}

/// That this machine was enrolled and comes by a secret nevertheless; nothing where it does not.
pub(crate) fn passed_over(dial: &Dial, config: &PeerConfig) -> Result<Option<String>, Failure> {
    let Some(secret) = dial.secret_file.as_ref().or(config.secret_file.as_ref()) else {
        return Ok(None);
    };
    let path = place::data(Role::Peer, dial.data.as_deref())?.join("enrolment");
    let found = EnrolmentFile::new(path.clone()).read().map_err(Failure::usage)?;
    let same =
        |enrolment: &Enrolment| config.hub.as_ref().is_none_or(|hub| enrolment.urls.contains(hub));
    Ok(found.filter(same).map(|enrolment| {
        format!(
            "this machine is enrolled with {} as '{}' ({}), and comes by the secret of {} \
             nevertheless: leave out secret-file (--secret-file) to come by the enrolment",
            enrolment.hub,
            enrolment.peer,
            show::path(&path),
            show::path(secret)
        )
    }))
}

/// How it comes back at this moment, by name.
pub(crate) fn method(enrolment: &Enrolment, now: u64) -> &'static str {
    match enrolment.credentials.way(now) {
        Reconnect::Resume => "resume",
        Reconnect::Refresh => "refresh",
        Reconnect::Ended => "none: the enrolment has ended",
    }
}
