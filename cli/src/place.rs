//! Where things are: data directories, the secret, what the environment says.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bowline_core::auth::Credential;
use bowline_shell::config::Insecure;
use bowline_shell::files::{
    DataDir, Role, Secret, SecretSources, Strength, TrustedGroup, is_descriptor, volume,
};
use bowline_shell::peer::{CredentialSource, SetupError, shared};

use crate::args::Dial;
use crate::exit::Failure;
use crate::handover;

/// Keeps the group that the command line or the environment says to trust, and trusts it.
pub(crate) fn give(flag: Option<TrustedGroup>) -> Result<(), Failure> {
    let given = match (flag, std::env::var_os(GROUP)) {
        (Some(flag), _) => Some(flag),
        (None, Some(value)) if !value.is_empty() => {
            let parsed = value.to_string_lossy().parse();
            Some(parsed.map_err(|reason: String| Failure::usage(format!("{GROUP}: {reason}")))?)
        }
        (None, _) => None,
    };
    trust(GIVEN.get_or_init(|| given).as_ref())
}

/// That group, which comes before a configuration's.
pub(crate) fn given_group() -> Option<TrustedGroup> {
    GIVEN.get().cloned().flatten()
}

/// Trusts the group of a configuration that is in force.
pub(crate) fn trust(group: Option<&TrustedGroup>) -> Result<(), Failure> {
    group.map_or(Ok(()), TrustedGroup::trust).map_err(Failure::usage)
}

const GROUP: &str = "BOWLINE_TRUSTED_GROUP";

static GIVEN: OnceLock<Option<TrustedGroup>> = OnceLock::new();

/// The data directory of a role: what was given, or the platform's; in a volume of the trusted
/// group, our own directory there.
pub(crate) fn data(role: Role, given: Option<&Path>) -> Result<PathBuf, Failure> {
    let path = match given {
        Some(given) => given.to_owned(),
        None => {
            DataDir::default_path(role, |name| std::env::var_os(name)).map_err(Failure::usage)?
        }
    };
    Ok(volume::lived_in(&path))
}

/// The value of `BOWLINE_SECRET`.
pub(crate) fn secret_variable() -> Option<OsString> {
    handover::variable("BOWLINE_SECRET")
}

pub(crate) fn strength(insecure: Insecure) -> Strength {
    if insecure.weak_secret { Strength::Weak } else { Strength::Full }
}

/// The secret of whoever dials: the flag, the environment, the configuration's file, that of the
/// data directory; read anew for each dial, but standard input and other open descriptors only
/// once.
pub(crate) fn credential(
    dial: &Dial,
    config: Option<&Path>,
    data: &Path,
) -> Result<CredentialSource, Failure> {
    let strength = strength(dial.risks.insecure(false));
    let flag = dial.secret_file.as_deref();
    if flag.is_some_and(|flag| flag == Path::new("-") || is_descriptor(flag)) {
        let sources = SecretSources { flag, ..SecretSources::default() };
        let found = sources.find(&mut crate::stdio::input(), strength);
        let secret: Arc<Secret> = Arc::new(found.map_err(Failure::usage)?.0);
        return Ok(CredentialSource::new(move || shared(secret.as_bytes())));
    }
    let (flag, environment) = (flag.map(Path::to_owned), secret_variable());
    let (config, data) = (config.map(Path::to_owned), data.to_owned());
    let sources = SecretSources {
        flag: flag.as_deref(),
        environment: environment.as_deref(),
        config: config.as_deref(),
        data: Some(&data),
    };
    let file = sources.file().map(Path::to_owned);
    let read = move || -> Result<Credential, SetupError> {
        let sources = SecretSources {
            flag: flag.as_deref(),
            environment: environment.as_deref(),
            config: config.as_deref(),
            data: Some(&data),
        };
        let found = sources.find(&mut std::io::empty(), strength);
        let (secret, _) = found.map_err(|error| SetupError::Credential(error.to_string()))?;
        shared(secret.as_bytes())
    };
    // A secret that is missing from the start is told at once, and not at each dial.
    read().map_err(Failure::usage)?;
    let source = CredentialSource::new(read);
    Ok(match file {
        Some(file) => source.of_file(&file),
        None => source,
    })
}
