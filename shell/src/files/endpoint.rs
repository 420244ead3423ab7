//! `endpoint`: where a running hub listens, for the commands on its own machine.
//!
//! Two lines, the URL and the process. A hub that is killed leaves it behind, so what it names may
//! not be there: whoever reads it connects, and finds out.

use crate::config::HubUrl;
use crate::files::{DataDir, Exposure, FileError, read_private, remove, write_private};

/// Where a hub listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// A URL that works on this machine.
    pub url: HubUrl,
    /// The hub's process.
    pub pid: u32,
}

impl Endpoint {
    /// Says it to others; call when the hub accepts connections.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&self, dir: &DataDir) -> Result<(), FileError> {
        write_private(&dir.endpoint(), format!("{}\n{}\n", self.url, self.pid).as_bytes())
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
            lines.next().is_none().then_some(Self { url, pid })
        };
        let reason = "expected a URL and a process number, a line each; delete the file and \
                      restart the hub"
            .to_owned();
        parse().map(Some).ok_or(FileError::Content { path, reason })
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
        let endpoint = Endpoint { url: "ws://127.0.0.1:1".parse().unwrap(), pid: 7 };
        endpoint.write(&dir).unwrap();
        let text = std::fs::read_to_string(dir.endpoint()).unwrap();
        assert_eq!(text, "ws://127.0.0.1:1/link\n7\n");
        assert_eq!(Endpoint::read(&dir), Ok(Some(endpoint)));
        Endpoint::remove(&dir).unwrap();
        Endpoint::remove(&dir).unwrap();
        assert_eq!(Endpoint::read(&dir), Ok(None));
    }

    #[test]
    fn a_file_that_holds_something_else_is_an_error() {
        let base = tempfile::tempdir().unwrap();
        let dir = DataDir::create(base.path()).unwrap();
        for text in ["", "ws://h\n", "h\n7\n", "ws://h\nx\n", "ws://h\n7\nmore\n"] {
            write_private(&dir.endpoint(), text.as_bytes()).unwrap();
            let error = Endpoint::read(&dir).unwrap_err();
            assert!(matches!(error, FileError::Content { .. }), "{text:?}: {error}");
        }
    }
}
