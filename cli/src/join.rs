//! `bowline join`: enrols this machine by a token, and says with whom and as what.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bowline_core::auth::Admitted;
use bowline_core::id::PeerId;
use bowline_core::text::Line;
use bowline_core::token::{Invitation, Wrapped, unwrapped};
use bowline_shell::config::{PeerConfig, PeerSettings};
use bowline_shell::files::{self, Enrolment, EnrolmentFile, Exposure, Role, read_private, word};
use bowline_shell::notice::{ShellEvent, Subscriber};
use bowline_shell::peer::{Join, PeerBuilder, SetupError};
use bowline_shell::runtime::Runtime;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::args;
use crate::exit::{self, Failure};
use crate::{date, handover, output, peer, place, show};

/// The variable that a token may be in.
const VARIABLE: &str = "BOWLINE_TOKEN";

/// More than the longest token that is taken, with white space around it.
const MOST: u64 = 64 << 10;

pub(crate) async fn join(runtime: &impl Runtime, options: Box<args::Join>) -> Result<u8, Failure> {
    let data = place::data(Role::Peer, options.data.as_deref())?;
    let file = EnrolmentFile::new(data.join("enrolment"));
    let config = config(&options)?;
    let token = token(&options)?;
    let before = file.read().map_err(Failure::usage)?;
    let invited = invited(&token, &options, &config, before.as_ref())?;
    drop(token);

    let name = Arc::new(Mutex::new(Line::default()));
    let learnt = name.clone();
    let subscriber = Subscriber::new(move |notice| {
        if let ShellEvent::Learnt(hub) = notice {
            *learnt.lock().unwrap_or_else(PoisonError::into_inner) = hub.name;
        }
    });
    let failed = |error: bowline_shell::peer::ConnectError| {
        Failure::from(error).in_data(options.data.as_deref())
    };
    let builder =
        PeerBuilder::join(runtime.clone(), invited.clone(), &data).map_err(Failure::usage)?;
    let builder = peer::checked_by(builder, &config)?.subscriber(subscriber).operate();
    let session = builder.connect().await.map_err(failed)?;
    let admitted = session.admitted().clone();
    session.close();
    session.ended().await;

    let enrolment = file.read().map_err(Failure::usage)?;
    let enrolment = enrolment.ok_or_else(|| {
        Failure::new(exit::FAILURES, format!("{} is gone again", show::path(file.path())))
    })?;
    let name = name.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let role = invited.invitation().role.to_string();
    let done = Done { name, role, enrolment, admitted };
    if options.json {
        output::line(done.object(&data))?;
    } else {
        output::line(done.text(date::now()))?;
        output::say(next(options.data.as_deref()));
    }
    Ok(exit::DONE)
}

/// What was done.
struct Done {
    /// The hub's display name.
    name: Line,
    role: String,
    enrolment: Enrolment,
    admitted: Admitted,
}

impl Done {
    fn text(&self, now: u64) -> String {
        let Enrolment { hub, urls, peer, credentials, .. } = &self.enrolment;
        let mut lines = vec![("hub", self.name.to_string()), ("hub id", hub.to_string())];
        for (n, url) in urls.iter().enumerate() {
            lines.push((if n == 0 { "url" } else { "" }, url.to_string()));
        }
        lines.extend([
            ("id", peer.to_string()),
            ("role", self.role.clone()),
            ("capabilities", show::capabilities(&self.admitted.capabilities)),
            ("certificate", format!("ends {}", date::seen_from(now, credentials.not_after))),
            ("renewable", format!("until {}", date::seen_from(now, credentials.refresh_ends))),
        ]);
        show::pairs(0, &lines)
    }

    fn object(&self, data: &Path) -> Value {
        let Enrolment { hub, urls, peer, jti, credentials, .. } = &self.enrolment;
        let capabilities = self.admitted.capabilities.iter().map(|held| held.to_string());
        json!({
            "hub": self.name.raw(),
            "hub_id": hub.to_string(),
            "urls": urls.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "id": peer.as_str(),
            "role": self.role,
            "capabilities": capabilities.collect::<Vec<_>>(),
            "token": jti.to_string(),
            "certificate_ends": credentials.not_after,
            "refresh_ends": credentials.refresh_ends,
            "data": data.display().to_string(),
        })
    }
}

/// What to run from here on.
fn next(data: Option<&Path>) -> String {
    let data = data.map(|data| format!(" --data {}", word(data))).unwrap_or_default();
    format!(
        "this machine is enrolled. 'bowline peer{data} --config peer.toml' serves its commands; \
         'bowline ls{data}' and 'bowline run{data} …' are this machine's"
    )
}

/// The token as it is to be used.
fn invited(
    token: &str,
    options: &args::Join,
    config: &PeerConfig,
    before: Option<&Enrolment>,
) -> Result<Join, Failure> {
    // Who this was the last time, else the host's name; a token that names an id goes before both.
    let default = || before.map(|before| before.peer).map_or_else(|| config.id(), Ok);
    let id: Option<PeerId> = match options.id {
        Some(id) => Some(id),
        None if named(token) => None,
        None => Some(default().map_err(Failure::usage)?),
    };
    let join = Join::new(token, id).map_err(|error| match error {
        SetupError::SecretAsToken => {
            let secret = Wrapped::Secret;
            Failure::usage(format_args!("not a join token: {secret}: give it with --secret-file"))
        }
        error => Failure::usage(error),
    })?;
    Ok(if options.force { join.replace() } else { join })
}

/// Whether the token names an id.
fn named(token: &str) -> bool {
    let Ok(token) = unwrapped(token) else { return false };
    let token = Zeroizing::new(token.into_owned());
    Invitation::read(token.as_bytes()).is_ok_and(|invitation| invitation.id.is_some())
}

/// How the hub is checked.
fn config(options: &args::Join) -> Result<PeerConfig, Failure> {
    let settings = PeerSettings {
        mode: options.tls,
        pins: (!options.pin.is_empty()).then(|| options.pin.clone()),
        roots: options.roots.clone(),
        ..PeerSettings::default()
    };
    settings.resolve().map_err(Failure::usage)
}

/// The token of the first source that is given.
fn token(options: &args::Join) -> Result<Zeroizing<String>, Failure> {
    if let Some(path) = &options.token_file {
        return match path.as_os_str() == "-" {
            true => from_input(),
            false => text(read_private(path, Exposure::Nothing).map_err(Failure::usage)?, path),
        };
    }
    match options.token.as_deref() {
        Some("-") => return from_input(),
        Some(typed) => {
            output::say(
                "warning: a token that is typed is kept by the shell and seen by other users of \
                 this machine; give --token-file FILE, or - for standard input",
            );
            return Ok(Zeroizing::new(typed.to_owned()));
        }
        None => {}
    }
    match handover::variable(VARIABLE).map(OsString::into_vec) {
        Some(value) => text(Zeroizing::new(value), Path::new(VARIABLE)),
        None => Err(Failure::usage(
            "a join token is needed: --token-file FILE, - for standard input, or BOWLINE_TOKEN. \
             The hub's operator makes one with 'bowline token issue'",
        )),
    }
}

fn from_input() -> Result<Zeroizing<String>, Failure> {
    let name = Path::new("standard input");
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST as usize + 1));
    crate::stdio::input()
        .take(MOST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", show::path(name))))?;
    text(bytes, name)
}

/// What was read as text. What was read is not repeated.
fn text(bytes: Zeroizing<Vec<u8>>, from: &Path) -> Result<Zeroizing<String>, Failure> {
    let from = show::path(from);
    if bytes.len() as u64 > MOST {
        return Err(Failure::usage(format!("{from} holds more than a join token")));
    }
    let none = |why: &dyn Display| Failure::usage(format!("{from} holds no join token: {why}"));
    match files::text(&bytes) {
        Ok(text) if text.trim().is_empty() => Err(none(&"it is empty")),
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(fault) => Err(none(&fault)),
    }
}
