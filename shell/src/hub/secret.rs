//! The shared secret of a hub: where it is, what is kept of the one before it, and how another
//! takes its place.

use std::io;
use std::path::{Path, PathBuf};

use bowline_core::auth::{Secrets, SharedSecret, WeakSecret};
use bowline_core::code::Code;
use bowline_core::id::SecretNumber;

use crate::config::HubConfig;
use crate::entropy;
use crate::files::{
    DataDir, DirLock, Exposure, FileError, OldSecret, Secret, SecretError, SecretOrigin,
    SecretSources, Strength, read_private, replace_secret,
};

/// What a hub needs of its secrets at its start.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) secrets: Secrets,
    /// The number of the secret before the current one, and when it ends.
    pub(super) old: Option<(SecretNumber, u64)>,
    pub(super) keeper: SecretStore,
}

/// Where the secret of a running hub is kept.
#[derive(Clone, Debug)]
pub(super) struct SecretStore {
    data: DataDir,
    strength: Strength,
    /// None where the program that embeds the hub gave it.
    origin: Option<SecretOrigin>,
    /// Whether there is one at all.
    is_offered: bool,
}

/// A secret that took the place of another.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rotation {
    /// The file that holds it.
    pub file: PathBuf,
    /// The secret.
    pub secret: Secret,
    /// When the one before it ends, seconds since 1970; none where it has.
    pub old_until: Option<u64>,
}

/// Why a secret cannot be replaced. Everything is as it was.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum RotateError {
    /// The hub offers no shared secret.
    #[error("this hub has no shared secret: auth.secret is false")]
    NotOffered,
    /// It is in no file.
    #[error(
        "the secret came from {0}, which cannot be written: put another one there and start the \
         hub again, or start it with a file (--secret-file, or auth.secret-file)"
    )]
    NoFile(String),
    /// The file holds another secret than the hub.
    #[error(
        "{} holds another secret than the hub, so it was changed since the hub started: start the \
         hub again to take it, or put the hub's own back", .0.display()
    )]
    Changed(PathBuf),
    /// The file or its content.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The system gives no randomness, or no thread.
    #[error("cannot make another secret: {0}")]
    System(String),
}

bowline_core::debug_as_display!(RotateError);

impl From<FileError> for RotateError {
    fn from(error: FileError) -> Self {
        Self::Secret(error.into())
    }
}

impl RotateError {
    /// What a caller is told beside the sentence.
    pub(super) fn code(&self) -> Code {
        match self {
            Self::NotOffered | Self::NoFile(_) | Self::Changed(_) => Code::Failed,
            Self::Secret(_) | Self::System(_) => Code::Unavailable,
        }
    }
}

/// The secret that a hub of this configuration has, made at its first start, and the one before it
/// as long as that holds. `given`: what was given in the place of a file.
pub(super) fn load(
    config: &HubConfig,
    data: &DataDir,
    strength: Strength,
    given: Option<&(Secret, Option<SecretOrigin>)>,
    unix: u64,
) -> Result<Loaded, SecretError> {
    let is_offered = config.auth_secret;
    let mut keeper = SecretStore { data: data.clone(), strength, origin: None, is_offered };
    if !is_offered {
        return Ok(Loaded { secrets: Secrets::default(), old: None, keeper });
    }
    let (secret, origin) = match given {
        Some((secret, origin)) => (secret.clone(), origin.clone()),
        None => {
            let (secret, origin) = find(config, data, strength)?;
            (secret, Some(origin))
        }
    };
    keeper.origin = origin;
    let before = match &keeper.origin {
        Some(SecretOrigin::File(_)) => before(data, &secret, strength, unix)?,
        _ => None,
    };
    let Some((old, until)) = before else {
        return Ok(Loaded { secrets: shared(&secret)?.into(), old: None, keeper });
    };
    let (first, second) = (SecretNumber::FIRST, SecretNumber(2));
    let secrets = Secrets::numbered(second, shared(&secret)?).with_old(first, shared(&old)?);
    Ok(Loaded { secrets, old: Some((first, until)), keeper })
}

fn find(
    config: &HubConfig,
    data: &DataDir,
    strength: Strength,
) -> Result<(Secret, SecretOrigin), SecretError> {
    let file = data.secret();
    let sources = SecretSources {
        config: config.secret_file.as_deref(),
        data: Some(&file),
        ..SecretSources::default()
    };
    let make = || {
        entropy::seed()
            .map(|seed| zeroize::Zeroizing::new(seed.0))
            .map_err(|error| FileError::Content { path: file.clone(), reason: error.to_string() })
    };
    let (secret, origin, _) = sources.find_or_create(&mut io::empty(), strength, make)?;
    Ok((secret, origin))
}

/// The secret before this one and its end, where it still holds. What does not is removed.
fn before(
    data: &DataDir,
    current: &Secret,
    strength: Strength,
    unix: u64,
) -> Result<Option<(Secret, u64)>, SecretError> {
    let Some(old) = OldSecret::read(data, strength)? else { return Ok(None) };
    let left = old.left(unix);
    // A rotation that did not come to its end left the current one here.
    if left == 0 || old.secret == *current {
        OldSecret::remove(data)?;
        return Ok(None);
    }
    Ok(Some((old.secret, unix.saturating_add(left))))
}

/// A secret that was parsed has at least 16 bytes.
fn shared(secret: &Secret) -> Result<SharedSecret, SecretError> {
    SharedSecret::new(secret.as_bytes()).map_err(|WeakSecret| SecretError::Missing)
}

impl SecretStore {
    pub(super) fn origin(&self) -> Option<&SecretOrigin> {
        self.origin.as_ref()
    }

    /// Replaces the secret on the disk. `current` is what the hub has. Blocks.
    pub(super) fn rotate(
        &self,
        current: &SharedSecret,
        grace: Option<u64>,
        unix: u64,
    ) -> Result<Rotation, RotateError> {
        let file = match &self.origin {
            _ if !self.is_offered => return Err(RotateError::NotOffered),
            Some(SecretOrigin::File(file)) => file,
            Some(other) => return Err(RotateError::NoFile(other.to_string())),
            None => {
                let program = "the program that runs the hub".to_owned();
                return Err(RotateError::NoFile(program));
            }
        };
        let before = read(file, self.strength)?;
        if !shared(&before)?.is_same(current) {
            return Err(RotateError::Changed(file.clone()));
        }
        replace(&self.data, file, before, grace, unix)
    }

    /// Nothing of a secret before the current one is kept any more. Blocks.
    pub(super) fn drop_old(&self) -> Result<(), FileError> {
        OldSecret::remove(&self.data)
    }
}

/// Replaces the secret in the data directory of a hub that does not run, which the lock vouches
/// for. `grace` is in seconds, `unix` in seconds since 1970. Blocks.
///
/// # Errors
/// [`RotateError`]
pub fn rotate_secret(
    data: &DataDir,
    _lock: &DirLock,
    grace: Option<u64>,
    unix: u64,
) -> Result<Rotation, RotateError> {
    let file = data.secret();
    // Whoever set a weak secret on purpose may replace it.
    let before = read(&file, Strength::Weak)?;
    replace(data, &file, before, grace, unix)
}

fn read(file: &Path, strength: Strength) -> Result<Secret, SecretError> {
    let text = read_private(file, Exposure::Nothing)?;
    Secret::parse(&text, strength).map_err(|fault| SecretError::Fault {
        origin: file.display().to_string(),
        fault,
        remedy: "put a secret there, or delete the file and start the hub, and one is made",
    })
}

fn replace(
    data: &DataDir,
    file: &Path,
    before: Secret,
    grace: Option<u64>,
    unix: u64,
) -> Result<Rotation, RotateError> {
    let seed = entropy::seed().map_err(|error| RotateError::System(error.to_string()))?;
    let secret = Secret::from_bytes(&seed.0);
    let old = grace.map(|grace| OldSecret {
        secret: before,
        began: unix,
        until: unix.saturating_add(grace),
    });
    replace_secret(data, file, &secret, old.as_ref())?;
    let old_until = old.map(|old| old.until);
    Ok(Rotation { file: file.to_owned(), secret, old_until })
}

#[cfg(test)]
mod tests;
