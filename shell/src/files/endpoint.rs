//! `endpoint`: where a running hub listens, for the commands on its own machine.
//!
//! The URL, the process, and the local socket where there is one, a line each. A hub that is killed
//! leaves it behind, so what it names may not be there: whoever reads it connects, and finds out.

use std::path::{Path, PathBuf};

use crate::files::{
    ControlSocket, DataDir, Exposure, FileError, read_private, remove, write_private,
};
use crate::url::HubUrl;

/// Where a hub listens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// A URL that works on this machine.
    pub url: HubUrl,
    /// The hub's process.
    pub pid: u32,
    /// The socket for the operator of this machine, an absolute path without control characters.
    pub control: Option<PathBuf>,
}

impl Endpoint {
    /// Says it to others; call when the hub accepts connections.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&self, dir: &DataDir) -> Result<(), FileError> {
        let mut text = format!("{}\n{}\n", self.url, self.pid);
        if let Some(control) = &self.control {
            text += &format!("{}\n", control.display());
        }
        write_private(&dir.endpoint(), text.as_bytes())
    }

    /// What a hub on this data directory said; `None` where none runs, or it ended cleanly.
    ///
    /// # Errors
    /// [`FileError::Content`] where the file holds something else, or the system's.
    pub fn read(dir: &DataDir) -> Result<Option<Self>, FileError> {
        let path = dir.endpoint();
        let bytes = match read_private(&path, Exposure::Readable) {
            Err(error) if error.is_not_found() => return Ok(None),
            read => read?,
        };
        let parse = || {
            let mut lines = core::str::from_utf8(&bytes).ok()?.lines();
            let url = lines.next()?.parse().ok()?;
            let pid = lines.next()?.parse().ok()?;
            let control = lines.next().map(PathBuf::from);
            let whole = control.as_ref().is_none_or(|path| path.is_absolute());
            (whole && lines.next().is_none()).then_some(Self { url, pid, control })
        };
        let reason = "expected a URL, a process number and the path of a socket, a line each";
        let reason = reason.to_owned();
        parse().map(Some).ok_or(FileError::Content { path, reason })
    }

    /// The data directory in which the hub made its socket, by the path that it had then; `None`
    /// where the socket is elsewhere, or there is none.
    #[must_use]
    pub fn home(&self) -> Option<&Path> {
        self.control.as_deref().and_then(ControlSocket::home)
    }

    /// Takes it back; call when the hub stops.
    ///
    /// # Errors
    /// The system's; that it was not there is none.
    pub fn remove(dir: &DataDir) -> Result<(), FileError> {
        remove(&dir.endpoint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_there_while_the_hub_says_so() {
        let base = tempfile::tempdir().unwrap();
        let dir = DataDir::create(base.path()).unwrap();
        assert_eq!(Endpoint::read(&dir), Ok(None));
        let url = "ws://127.0.0.1:1".parse().unwrap();
        let mut endpoint = Endpoint { url, pid: 7, control: None };
        for (control, lines) in [(None, "7\n"), (Some("/a b/control".into()), "7\n/a b/control\n")]
        {
            endpoint.control = control;
            endpoint.write(&dir).unwrap();
            let text = std::fs::read_to_string(dir.endpoint()).unwrap();
            assert_eq!(text, format!("ws://127.0.0.1:1/link\n{lines}"));
            assert_eq!(Endpoint::read(&dir), Ok(Some(endpoint.clone())));
        }
        Endpoint::remove(&dir).unwrap();
        Endpoint::remove(&dir).unwrap();
        assert_eq!(Endpoint::read(&dir), Ok(None));
    }

    #[test]
    fn a_file_that_holds_something_else_is_an_error() {
        let base = tempfile::tempdir().unwrap();
        let dir = DataDir::create(base.path()).unwrap();
        for text in
            ["", "ws://h\n", "h\n7\n", "ws://h\nx\n", "ws://h\n7\nmore\n", "ws://h\n7\n/a\nb\n"]
        {
            write_private(&dir.endpoint(), text.as_bytes()).unwrap();
            let error = Endpoint::read(&dir).unwrap_err();
            assert!(matches!(error, FileError::Content { .. }), "{text:?}: {error}");
        }
    }
}
