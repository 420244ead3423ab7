//! `control`: the socket by which the operator of this machine reaches a running hub.
//!
//! Whoever may open it is the operator, so the file has mode 0600 and stands in a directory of mode
//! 0700. That is the data directory, or, where it lets others look, one of its own inside it. Where
//! their paths are longer than a socket address holds, it is one below the platform's directory for
//! such files (`XDG_RUNTIME_DIR`), or for temporary ones.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use bowline_core::id::HubId;

use crate::files::trusted::WritePlace;
use crate::files::{DataDir, Endpoint, FileError, Stamp, remove};
use crate::runtime::listen::is_answered;

/// Where a hub's local socket is.
#[derive(Clone, Debug)]
pub struct ControlSocket {
    path: PathBuf,
    /// The directory that was made for it alone.
    own: Option<PathBuf>,
    /// The file, since it was made.
    made: Option<Stamp>,
}

/// Nowhere can a local socket be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct NoControlSocket(Vec<String>);

impl ControlSocket {
    /// Listens in the first place that will do. `environment` answers for a variable, as
    /// [`std::env::var_os`] does; `listen` makes the socket, with mode 0600.
    ///
    /// # Errors
    /// [`NoControlSocket`]: each place, and what is wrong with it.
    pub fn open<L>(
        data: &DataDir,
        hub: HubId,
        environment: impl Fn(&str) -> Option<OsString>,
        mut listen: impl FnMut(&Path) -> io::Result<L>,
    ) -> Result<(L, Self), NoControlSocket> {
        let mut reasons = Vec::new();
        for mut place in Self::places(data, hub, environment) {
            let error = match place.prepare() {
                Err(error) => error,
                Ok(()) => match listen(&place.path) {
                    Ok(listener) => {
                        place.made = Stamp::of(&place.path).ok().flatten();
                        return Ok((listener, place));
                    }
                    Err(error) => {
                        // It goes only where it is empty.
                        let _ = place.own.as_deref().map(remove_directory);
                        error
                    }
                },
            };
            reasons.push(format!("{}: {error}", place.path.display()));
        }
        Err(NoControlSocket(reasons))
    }

    /// Where a hub of this directory listens already, be its lock on the directory gone: in a place
    /// that would do, or in the one that its endpoint file names. What others may reach into says
    /// nothing. `environment` as for [`ControlSocket::open`].
    pub(crate) fn answered(
        data: &DataDir,
        hub: HubId,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Option<PathBuf> {
        let named = Endpoint::read(data).ok().flatten().and_then(|endpoint| endpoint.control);
        let places = Self::places(data, hub, environment).into_iter().map(|place| place.path);
        places.chain(named).find(|path| {
            path.parent().is_some_and(|parent| closed(parent).is_ok()) && is_answered(path)
        })
    }

    /// Where a socket may be, the best place first.
    fn places(
        data: &DataDir,
        hub: HubId,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Vec<Self> {
        let beside = Self { path: data.path().join(NAME), own: None, made: None };
        let in_its_own = |own: PathBuf| Self { path: own.join(NAME), own: Some(own), made: None };
        let inside = in_its_own(data.path().join(OWN));
        let elsewhere = bases(environment).into_iter();
        let elsewhere = elsewhere.map(|base| in_its_own(base.join(format!("bowline-{hub}"))));
        [beside, inside].into_iter().chain(elsewhere).collect()
    }

    /// The data directory that a socket of this path is in; `None` where it is elsewhere.
    pub(crate) fn home(path: &Path) -> Option<&Path> {
        let beside = path.parent()?;
        let name = beside.file_name()?.to_string_lossy();
        match () {
            () if name == OWN => beside.parent(),
            () if name.starts_with("bowline-hub_") => None,
            () => Some(beside),
        }
    }

    fn prepare(&self) -> io::Result<()> {
        fits(&self.path)?;
        match (&self.own, self.path.parent()) {
            (Some(own), _) => private(own),
            (None, Some(data)) => closed(data),
            (None, None) => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    /// The socket's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether its file is there still: the one that was made, and no other.
    ///
    /// # Errors
    /// Its directory cannot be trusted, or the system's.
    pub fn is_there(&self) -> Result<bool, FileError> {
        let Some(made) = &self.made else { return Ok(false) };
        match Stamp::of(&self.path) {
            Err(error) if error.is_not_found() => Ok(false),
            found => Ok(found?.is_some_and(|now| now.is_same(made))),
        }
    }

    /// The file is nobody's any more, though it may be there.
    pub(crate) fn forget(&mut self) {
        self.made = None;
    }

    /// Takes it away, where it is still the one that was made; call when nothing listens any more.
    ///
    /// # Errors
    /// The system's; that it was not there is none.
    pub fn remove(&self) -> Result<(), FileError> {
        match self.is_there()? {
            true => remove(&self.path)?,
            false => return Ok(()),
        }
        if let Some(own) = &self.own {
            remove_directory(own)?;
        }
        Ok(())
    }
}

fn remove_directory(path: &Path) -> Result<(), FileError> {
    let removed = WritePlace::of(path, "remove")?.remove_directory();
    removed.map_err(|error| FileError::system("remove", path, error))
}

/// Whether a socket address and a line of the endpoint file hold this path.
fn fits(path: &Path) -> io::Result<()> {
    let Some(text) = path.to_str().filter(|text| !text.contains(char::is_control)) else {
        return Err(io::Error::other("not a path that can be written down"));
    };
    if text.len() >= ADDRESS {
        let long = format!("{} bytes, and a socket's path has at most {}", text.len(), ADDRESS - 1);
        return Err(io::Error::other(long));
    }
    Ok(())
}

/// Whether only its owner enters this directory, and that is this user.
fn closed(directory: &Path) -> io::Result<()> {
    is_closed(&place(directory)?)
}

fn is_closed(place: &WritePlace) -> io::Result<()> {
    match place.is_closed()? {
        true => Ok(()),
        false => Err(io::Error::other("not a directory of mode 0700 that belongs to this user")),
    }
}

/// Makes the directory `own`, unless it is there already.
fn private(own: &Path) -> io::Result<()> {
    let place = place(own)?;
    place.make_directory()?;
    is_closed(&place)
}

fn place(directory: &Path) -> io::Result<WritePlace> {
    WritePlace::of(directory, "open").map_err(io::Error::other)
}

/// Directories for a directory of our own, the best first.
fn bases(environment: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let named = ["XDG_RUNTIME_DIR", "TMPDIR"].into_iter().filter_map(environment);
    let mut bases: Vec<_> = named.map(PathBuf::from).filter(|path| path.is_absolute()).collect();
    bases.push(PathBuf::from("/tmp"));
    bases
}

const NAME: &str = "control";
const OWN: &str = "operator";

/// Bytes of a socket's path and the zero behind it: 104 on macOS, 108 on Linux.
const ADDRESS: usize = 104;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::net::UnixListener;

    use tempfile::TempDir;

    use super::*;
    use crate::runtime::listen;

    const HUB: HubId = HubId([7; 16]);

    /// Listens for a hub whose data is in `data`, where `runtime` is the platform's directory.
    fn open(
        data: &DataDir,
        runtime: Option<&Path>,
    ) -> Result<(UnixListener, ControlSocket), NoControlSocket> {
        let environment = |name: &str| match name {
            "XDG_RUNTIME_DIR" => runtime.map(|path| path.as_os_str().to_owned()),
            _ => None,
        };
        ControlSocket::open(data, HUB, environment, listen::unix)
    }

    fn data(base: &TempDir, name: &str) -> DataDir {
        DataDir::create(&base.path().join(name)).unwrap()
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    /// A data directory whose socket has a path of so many bytes.
    fn of_length(base: &TempDir, bytes: usize) -> DataDir {
        let used = base.path().join("").as_os_str().len() + "/control".len();
        let data = data(base, &"d".repeat(bytes - used));
        assert_eq!(data.path().join(NAME).as_os_str().len(), bytes);
        data
    }

    #[test]
    fn the_socket_is_in_the_data_directory_for_its_user_alone_and_goes_away() {
        let base = tempfile::tempdir().unwrap();
        let data = data(&base, "hub");
        let (listener, socket) = open(&data, None).unwrap();
        assert_eq!(socket.path(), data.path().join("control"));
        assert_eq!((mode(socket.path()), mode(data.path())), (0o600, 0o700));
        drop(listener);
        socket.remove().unwrap();
        assert!(!socket.path().exists() && data.path().exists());
        socket.remove().unwrap();
    }

    #[test]
    fn where_a_hub_listens_is_found_wherever_that_is_and_only_while_it_does() {
        let (base, runtime) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let inside = data(&base, "inside");
        set_mode(inside.path(), 0o755);
        for data in [data(&base, "hub"), inside, of_length(&base, 104)] {
            let variable = |name: &str| (name == "XDG_RUNTIME_DIR").then(|| runtime.path().into());
            let (listener, socket) = open(&data, Some(runtime.path())).unwrap();
            let answered = || ControlSocket::answered(&data, HUB, variable);
            assert_eq!(answered().as_deref(), Some(socket.path()));
            drop(listener);
            assert_eq!(answered(), None);
        }
        // Where the variable said something else to that one, its endpoint file tells.
        let data = of_length(&base, 105);
        let (_listener, socket) = open(&data, Some(runtime.path())).unwrap();
        assert_eq!(ControlSocket::answered(&data, HUB, |_| None), None);
        let url = "ws://127.0.0.1:1/link".parse().unwrap();
        let control = Some(socket.path().to_owned());
        Endpoint { url, pid: 1, control: control.clone() }.write(&data).unwrap();
        assert_eq!(ControlSocket::answered(&data, HUB, |_| None), control);
        // What others can put there says nothing.
        set_mode(socket.path().parent().unwrap(), 0o777);
        assert_eq!(ControlSocket::answered(&data, HUB, |_| None), None);
    }

    #[test]
    fn a_path_of_103_bytes_is_used_and_one_of_104_is_not() {
        let base = tempfile::tempdir().unwrap();
        let runtime = tempfile::tempdir().unwrap();
        let fits = of_length(&base, 103);
        assert_eq!(open(&fits, Some(runtime.path())).unwrap().1.path(), fits.path().join(NAME));
        let long = of_length(&base, 104);
        let (listener, socket) = open(&long, Some(runtime.path())).unwrap();
        let own = runtime.path().join(format!("bowline-{HUB}"));
        assert_eq!(socket.path(), own.join("control"));
        assert_eq!((mode(socket.path()), mode(&own)), (0o600, 0o700));
        drop(listener);
        socket.remove().unwrap();
        assert_eq!(fs::read_dir(runtime.path()).unwrap().count(), 0);
    }

    #[test]
    fn in_a_data_directory_that_others_may_look_into_it_has_a_directory_of_its_own() {
        let (base, runtime) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let data = data(&base, "hub");
        set_mode(data.path(), 0o755);
        let (listener, socket) = open(&data, Some(runtime.path())).unwrap();
        let own = data.path().join("operator");
        assert_eq!(socket.path(), own.join("control"));
        assert_eq!((mode(socket.path()), mode(&own)), (0o600, 0o700));
        drop(listener);
        socket.remove().unwrap();
        assert!(!own.exists());
        // What others may replace is no place for it.
        set_mode(data.path(), 0o777);
        let (_, socket) = open(&data, Some(runtime.path())).unwrap();
        assert!(socket.path().starts_with(runtime.path()), "{socket:?}");
    }

    #[test]
    fn a_directory_of_the_same_name_is_used_only_if_it_is_closed() {
        let (base, runtime) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let long = of_length(&base, 104);
        let own = runtime.path().join(format!("bowline-{HUB}"));
        let elsewhere = base.path().join("elsewhere");
        for prepare in [
            |own: &Path, _: &Path| {
                fs::create_dir(own).unwrap();
                set_mode(own, 0o755);
            },
            |own: &Path, _: &Path| fs::write(own, "").unwrap(),
            |own: &Path, elsewhere: &Path| {
                fs::create_dir(elsewhere).unwrap();
                set_mode(elsewhere, 0o700);
                std::os::unix::fs::symlink(elsewhere, own).unwrap();
            },
        ] {
            prepare(&own, &elsewhere);
            let listen = |path: &Path| match path.starts_with(&own) {
                true => panic!("{} was used", path.display()),
                false => Err::<(), _>(io::Error::other("not here")),
            };
            let environment =
                |name: &str| (name == "XDG_RUNTIME_DIR").then(|| runtime.path().into());
            let refused = ControlSocket::open(&long, HUB, environment, listen).unwrap_err();
            let said = refused.to_string();
            assert!(said.contains(&own.display().to_string()), "{said}");
            if own.is_symlink() || own.is_file() {
                fs::remove_file(&own).unwrap();
            } else {
                fs::remove_dir(&own).unwrap();
            }
        }
        // One that a hub left behind is.
        fs::create_dir(&own).unwrap();
        set_mode(&own, 0o700);
        assert!(open(&long, Some(runtime.path())).is_ok());
    }

    #[test]
    fn a_directory_that_others_may_rearrange_is_not_used() {
        let above = tempfile::tempdir().unwrap();
        let own = above.path().join("own");
        set_mode(above.path(), 0o777);
        assert!(private(&own).is_err() && !own.exists());
        set_mode(above.path(), 0o1777);
        private(&own).unwrap();
        assert_eq!(mode(&own), 0o700);
    }
}
