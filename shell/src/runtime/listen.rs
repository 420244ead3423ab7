//! Sockets that listen, made the same way under every runtime.
//!
//! They are handed over non-blocking; a runtime only watches them.

use std::fs::{self, Permissions};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

/// A TCP socket that listens on `local` (port 0: one that the system chooses).
///
/// `SO_REUSEADDR` lets a restarted hub have its port back at once. The unspecified IPv6 address
/// serves IPv4 too, on every system.
///
/// # Errors
///
/// The system's: the address is taken, is not this machine's, or needs a privilege.
pub fn tcp(local: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(local), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if local.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&local.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// A Unix socket at `path` that only this user may connect to. A socket file that a dead process
/// left behind is replaced.
///
/// Its directory must be closed to other users already: between the socket's birth and the
/// narrowing of its mode, the directory is what keeps them out.
///
/// # Errors
///
/// `AddrInUse` where a process listens there or the file is no socket; else the system's.
pub fn unix(path: &Path) -> io::Result<UnixListener> {
    let listener = match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_abandoned(path) => {
            fs::remove_file(path)?;
            UnixListener::bind(path)?
        }
        bound => bound?,
    };
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn is_abandoned(path: &Path) -> bool {
    is_socket(path) && connect(path).is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused)
}

/// Whether a process listens at this Unix socket. Never waits: one whose queue is full listens too.
pub(crate) fn is_answered(path: &Path) -> bool {
    is_socket(path)
        && connect(path).map_or_else(|e| e.kind() == io::ErrorKind::WouldBlock, |()| true)
}

fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket())
}

fn connect(path: &Path) -> io::Result<()> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.connect(&SockAddr::unix(path)?)
}

/// Connections that wait to be accepted: enough for every peer of a large site that comes back in
/// the same second. The system lowers it to its own bound (`net.core.somaxconn`).
const BACKLOG: i32 = 1024;

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn the_unspecified_ipv6_address_serves_ipv4_too() {
        // A machine without IPv6 has nothing to serve.
        let Ok(listener) = tcp("[::]:0".parse().unwrap()) else { return };
        let port = listener.local_addr().unwrap().port();
        assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    }

    #[test]
    fn a_port_is_free_again_right_after_a_connection_was_closed_by_us() {
        let listener = tcp("127.0.0.1:0".parse().unwrap()).unwrap();
        let local = listener.local_addr().unwrap();
        listener.set_nonblocking(false).unwrap();
        let client = TcpStream::connect(local).unwrap();
        drop(listener.accept().unwrap());
        drop((listener, client));
        assert_eq!(tcp(local).unwrap().local_addr().unwrap(), local);
    }

    #[test]
    fn a_listening_socket_does_not_block() {
        let listener = tcp("127.0.0.1:0".parse().unwrap()).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn a_unix_socket_is_for_its_user_alone_and_an_abandoned_one_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control");
        let first = unix(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(unix(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        assert!(is_answered(&path));
        drop(first);
        assert!(!is_answered(&path));
        assert_eq!(unix(&path).unwrap().accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn a_file_in_the_place_of_a_unix_socket_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control");
        fs::write(&path, "precious").unwrap();
        assert_eq!(unix(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }
}
