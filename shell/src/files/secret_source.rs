//! Where the shared secret comes from: the flag, the environment, the configuration, the data
//! directory. The first that is given counts, and if it is bad nothing below it is tried.

use core::fmt;
use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::files::private::{MOST_SECRET, read_bounded};
use crate::files::{
    Created, Exposure, FileError, Secret, SecretError, Strength, is_descriptor, load_or_create,
    read_private, shown,
};

/// Everything that may hold the secret, in order.
#[derive(Clone, Copy, Debug, Default)]
pub struct SecretSources<'a> {
    /// `--secret-file`; `-` is standard input.
    pub flag: Option<&'a Path>,
    /// The value of `BOWLINE_SECRET`.
    pub environment: Option<&'a OsStr>,
    /// The configuration's `secret-file`.
    pub config: Option<&'a Path>,
    /// `secret.key` in the data directory.
    pub data: Option<&'a Path>,
}

/// Where a secret was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretOrigin {
    /// `--secret-file -`
    StandardInput,
    /// `BOWLINE_SECRET`
    Environment,
    /// A file, whoever named it.
    File(PathBuf),
}

impl SecretSources<'_> {
    /// The secret of the first source that is given.
    ///
    /// The data directory's file counts as given only if it is there. `input` is read to its end
    /// where the flag asks for standard input, and not touched otherwise.
    ///
    /// # Errors
    /// [`SecretError::Missing`] where no source is given, else why the first one cannot be used.
    pub fn find(
        &self,
        input: &mut dyn Read,
        strength: Strength,
    ) -> Result<(Secret, SecretOrigin), SecretError> {
        if self.flag == Some(Path::new("-")) {
            let text = read_bounded(input, Path::new("standard input"), MOST_SECRET)?;
            return parse(&text, SecretOrigin::StandardInput, strength);
        }
        if let Some(path) = self.flag {
            return read(path, strength);
        }
        if let Some(value) = self.environment {
            return parse(value.as_bytes(), SecretOrigin::Environment, strength);
        }
        if let Some(path) = self.config {
            return read(path, strength);
        }
        match self.data.map(|path| read(path, strength)) {
            None => Err(SecretError::Missing),
            Some(Err(SecretError::File(error))) if error.is_not_found() => {
                Err(SecretError::Missing)
            }
            Some(read) => read,
        }
    }

    /// The file that [`SecretSources::find`] reads, though it need not be there; none where the
    /// secret comes from elsewhere.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        let file = match (self.flag, self.environment) {
            (None, Some(_)) => None,
            (flag, _) => flag.or(self.config).or(self.data),
        };
        file.filter(|file| *file != Path::new("-") && !is_descriptor(file))
    }

    /// As [`SecretSources::find`]; and where no source is given, the secret of 32 bytes from
    /// `generate` is created in the data directory. For hubs: a peer's secret comes from its hub.
    ///
    /// # Errors
    /// As [`SecretSources::find`], what creating the file meets, and `generate`'s own.
    pub fn find_or_create(
        &self,
        input: &mut dyn Read,
        strength: Strength,
        generate: impl FnOnce() -> Result<Zeroizing<[u8; 32]>, FileError>,
    ) -> Result<(Secret, SecretOrigin, Created), SecretError> {
        match (self.find(input, strength), self.data) {
            (Err(SecretError::Missing), Some(path)) => {
                let (text, created) = load_or_create::<FileError>(path, || {
                    let secret = Secret::from_bytes(&*generate()?);
                    let mut text = Zeroizing::new(Vec::with_capacity(64));
                    text.extend_from_slice(secret.to_text().as_bytes());
                    text.push(b'\n');
                    Ok(text)
                })?;
                let origin = SecretOrigin::File(path.to_owned());
                let (secret, origin) = parse(&text, origin, strength)?;
                Ok((secret, origin, created))
            }
            (found, _) => found.map(|(secret, origin)| (secret, origin, Created::Kept)),
        }
    }
}

impl fmt::Display for SecretOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StandardInput => f.write_str("standard input"),
            Self::Environment => f.write_str("BOWLINE_SECRET"),
            Self::File(path) => f.write_str(&shown(path)),
        }
    }
}

fn read(path: &Path, strength: Strength) -> Result<(Secret, SecretOrigin), SecretError> {
    let text = read_private(path, Exposure::Nothing)?;
    parse(&text, SecretOrigin::File(path.to_owned()), strength)
}

fn parse(
    text: &[u8],
    origin: SecretOrigin,
    strength: Strength,
) -> Result<(Secret, SecretOrigin), SecretError> {
    match Secret::parse(text, strength) {
        Ok(secret) => Ok((secret, origin)),
        Err(fault) => {
            let remedy = match origin {
                SecretOrigin::File(_) => {
                    "copy the hub's own from 'bowline secret show'; on the hub, delete the file \
                     and start again, and one is made"
                }
                SecretOrigin::StandardInput | SecretOrigin::Environment => {
                    "pass on the hub's own, from 'bowline secret show' on its machine"
                }
            };
            Err(SecretError::Fault { origin: origin.to_string(), fault, remedy })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;

    use super::*;
    use crate::files::{SecretFault, write_private};

    fn text(byte: u8) -> String {
        Secret::from_bytes(&[byte; 32]).to_text().to_string()
    }

    fn file(dir: &tempfile::TempDir, name: &str, byte: u8) -> PathBuf {
        let path = dir.path().join(name);
        write_private(&path, format!("{}\n", text(byte)).as_bytes()).unwrap();
        path
    }

    #[test]
    fn the_first_source_that_is_given_counts() {
        let dir = tempfile::tempdir().unwrap();
        let (flag, config, data) = (file(&dir, "f", 1), file(&dir, "c", 4), file(&dir, "d", 5));
        let environment = text(3);
        let mut sources = SecretSources {
            flag: Some(&flag),
            environment: Some(OsStr::new(&environment)),
            config: Some(&config),
            data: Some(&data),
        };
        let stdin = text(2);
        let found = |sources: &SecretSources<'_>| {
            let file = sources.file().map(Path::to_owned);
            let (secret, origin) = sources.find(&mut stdin.as_bytes(), Strength::Full).unwrap();
            let read = match &origin {
                SecretOrigin::File(path) => Some(path.clone()),
                SecretOrigin::StandardInput | SecretOrigin::Environment => None,
            };
            assert_eq!(file, read);
            (secret.as_bytes()[0], origin)
        };
        assert_eq!(found(&sources), (1, SecretOrigin::File(flag.clone())));
        sources.flag = Some(Path::new("-"));
        assert_eq!(found(&sources), (2, SecretOrigin::StandardInput));
        sources.flag = None;
        assert_eq!(found(&sources), (3, SecretOrigin::Environment));
        sources.environment = None;
        assert_eq!(found(&sources), (4, SecretOrigin::File(config.clone())));
        sources.config = None;
        assert_eq!(found(&sources), (5, SecretOrigin::File(data.clone())));
        fs::remove_file(&data).unwrap();
        let missing = sources.find(&mut io::empty(), Strength::Full);
        assert_eq!(missing, Err(SecretError::Missing));
    }

    #[test]
    fn a_bad_source_is_an_error_and_not_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let data = file(&dir, "d", 5);
        let none = dir.path().join("none");
        let sources = SecretSources { data: Some(&data), ..SecretSources::default() };
        let refused = |sources: SecretSources<'_>| {
            sources.find(&mut io::empty(), Strength::Full).unwrap_err()
        };
        let empty = SecretSources { environment: Some(OsStr::new("")), ..sources };
        let SecretError::Fault { fault: SecretFault::Empty, .. } = refused(empty) else {
            panic!("an empty variable was passed over");
        };
        for path in [
            SecretSources { flag: Some(&none), ..sources },
            SecretSources { config: Some(&none), ..sources },
        ] {
            let SecretError::File(error) = refused(path) else { panic!("another error") };
            assert!(error.is_not_found());
        }
        write_private(&data, b"change-me\n").unwrap();
        let sentence = refused(sources).to_string();
        let start = format!("the secret from {} is refused: it is a placeholder", shown(&data));
        assert!(sentence.starts_with(&start), "{sentence}");
        assert!(sentence.contains("bowline secret show") && sentence.contains("delete the file"));
    }

    #[test]
    fn a_hub_makes_its_secret_once() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("secret.key");
        let sources = SecretSources { data: Some(&data), ..SecretSources::default() };
        let start = |byte| {
            let generate = || Ok(Zeroizing::new([byte; 32]));
            sources.find_or_create(&mut io::empty(), Strength::Full, generate).unwrap()
        };
        let origin = SecretOrigin::File(data.clone());
        let first = Secret::from_bytes(&[7; 32]);
        assert_eq!(start(7), (first.clone(), origin.clone(), Created::Made));
        assert_eq!(start(8), (first, origin, Created::Kept));
        assert_eq!(fs::read_to_string(&data).unwrap(), format!("{}\n", text(7)));
    }

    #[test]
    fn a_hub_does_not_replace_a_secret_that_is_bad() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("secret.key");
        write_private(&data, b"change-me").unwrap();
        let sources = SecretSources { data: Some(&data), ..SecretSources::default() };
        let generate = || Ok(Zeroizing::new([1; 32]));
        let end = sources.find_or_create(&mut io::empty(), Strength::Full, generate);
        assert!(matches!(end, Err(SecretError::Fault { .. })));
        assert_eq!(fs::read(&data).unwrap(), b"change-me");
    }
}
