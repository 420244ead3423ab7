//! Secrets of the environment are taken out of it.
//!
//! What stood in the environment when a program was started can be read in `/proc/PID/environ` to
//! its end, whatever the program does. So where `BOWLINE_SECRET` or `BOWLINE_TOKEN` is set, the
//! program executes itself again without it, in the same process, and reads the value from a
//! socket:
//!
//! ```text
//! first    socket pair ─ real standard input and the values go into it ─ the other end becomes
//!          standard input ─ exec of this program, without the variables
//! second   takes values and real standard input out of it, which closes it ─ goes on as ever
//! ```
//!
//! Descriptors that are sent are owned by whoever receives them, so nothing is inherited but
//! standard input, and no program in between can hold the socket. The second run knows that it is
//! one by a variable with its process id, which exec does not change; where somebody made that up,
//! standard input is no socket of this process and the variable means nothing. The second run has
//! no secret in its environment, so there is no third.

use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use bowline_shell::stage::{receive, send};
use rustix::stdio::{dup2_stdin, stdin};
use zeroize::Zeroizing;

use crate::exit::Failure;

/// The variables that are taken out.
const SECRETS: [&str; 2] = ["BOWLINE_SECRET", "BOWLINE_TOKEN"];

/// Says that values wait on standard input, and in which process.
const MARK: &str = "BOWLINE_HANDED_OVER";

/// One byte more than any of them may have, so that too long a value is still seen to be that.
const MOST: usize = (64 << 10) + 1;

/// What was taken out.
static TAKEN: OnceLock<[Option<Zeroizing<Vec<u8>>>; 2]> = OnceLock::new();

/// Takes the secrets out of the environment. To be called before a thread is started or standard
/// input is looked at; it may not return, and the program begins again.
///
/// # Errors
/// Where the program cannot be executed again: with a secret in the environment it does not go on.
pub(crate) fn take() -> Result<(), Failure> {
    if SECRETS.iter().any(|name| std::env::var_os(name).is_some()) {
        let Err(error) = again();
        return Err(Failure::usage(format!(
            "cannot take the secret out of the environment, where other programs of this user can \
             read it: {error}; give --secret-file FILE or --token-file FILE instead"
        )));
    }
    let mark = std::env::var(MARK).ok().and_then(|mark| mark.parse().ok());
    if mark == Some(std::process::id())
        && let Some(values) = handed_over()
    {
        // It was empty: this is the only place that fills it, and it is called once.
        let _ = TAKEN.set(values);
    }
    Ok(())
}

/// The value that the secret variable `name` had.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    let at = SECRETS.iter().position(|secret| *secret == name)?;
    let value = TAKEN.get()?[at].as_ref()?;
    Some(OsStr::from_bytes(value).to_owned())
}

fn again() -> io::Result<Infallible> {
    let (ours, theirs) = UnixStream::pair()?;
    rustix::net::sockopt::set_socket_send_buffer_size(&ours, 4 * MOST)?;
    send(&ours, &values(), &[stdin().as_fd()])?;
    let mut arguments = std::env::args_os();
    let name = arguments.next();
    let mut command = Command::new(this_program()?);
    command.args(arguments).arg0(name.unwrap_or_else(|| "bowline".into()));
    SECRETS.iter().for_each(|secret| {
        command.env_remove(secret);
    });
    command.env(MARK, std::process::id().to_string());
    // Kept for the case that exec fails: standard input is then as it was.
    let before = stdin().try_clone_to_owned()?;
    dup2_stdin(&theirs)?;
    let error = command.exec();
    dup2_stdin(&before)?;
    Err(error)
}

/// The file of this program, by its own name where that still leads to it: the name is what `ps`
/// shows.
fn this_program() -> io::Result<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let running = Path::new("/proc/self/exe");
    let named = std::env::current_exe()?;
    let file = |path: &Path| path.metadata().map(|found| (found.dev(), found.ino()));
    match (file(running), file(&named)) {
        (Ok(running), Ok(named)) if running != named => {}
        (Ok(_), Err(_)) => {}
        _ => return Ok(named),
    }
    Ok(running.to_owned())
}

/// For each variable: whether it is set (1), its length (4, big-endian) and it.
fn values() -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(SECRETS.len() * (MOST + 5)));
    for name in SECRETS {
        let value = std::env::var_os(name).map(OsString::into_vec).map(Zeroizing::new);
        let is_set = u8::from(value.is_some());
        let value = value.unwrap_or_default();
        let value = &value[..value.len().min(MOST)];
        bytes.push(is_set);
        bytes.extend_from_slice(&(value.len() as u32).to_be_bytes());
        bytes.extend_from_slice(value);
    }
    bytes
}

/// What [`values`] made of it; none where it is not that.
fn read(mut bytes: &[u8]) -> Option<[Option<Zeroizing<Vec<u8>>>; 2]> {
    let mut read = [None, None];
    for value in &mut read {
        let (head, rest) = bytes.split_first_chunk::<5>()?;
        let &[is_set, a, b, c, d] = head;
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()?;
        let (found, rest) = rest.split_at_checked(length).filter(|_| length <= MOST)?;
        *value = (is_set == 1).then(|| Zeroizing::new(found.to_vec()));
        bytes = rest;
    }
    bytes.is_empty().then_some(read)
}

/// What waits on standard input, which is the real one after that; none where nothing does.
fn handed_over() -> Option<[Option<Zeroizing<Vec<u8>>>; 2]> {
    if !is_of_this_process() {
        return None;
    }
    let mut bytes = Zeroizing::new(vec![0; SECRETS.len() * (MOST + 5)]);
    let (mut filled, mut input) = (0, None);
    loop {
        let (n, came) = receive(stdin(), &mut bytes[filled..]).ok()?;
        input = input.or_else(|| came.into_iter().next());
        filled += n;
        if n == 0 || filled == bytes.len() {
            break;
        }
    }
    dup2_stdin(input?).ok()?;
    read(&bytes[..filled])
}

/// Whether standard input is a socket that this very process made.
#[cfg(all(target_os = "linux", not(bowline_portable)))]
fn is_of_this_process() -> bool {
    let made_by = rustix::net::sockopt::socket_peercred(stdin());
    made_by.is_ok_and(|made_by| made_by.pid == rustix::process::getpid())
}

/// Whether standard input is a socket: the system does not say who made it.
#[cfg(not(all(target_os = "linux", not(bowline_portable))))]
fn is_of_this_process() -> bool {
    rustix::net::sockopt::socket_type(stdin()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_handover_is_read_as_none() {
        let good = [&[1, 0, 0, 0, 2][..], b"ab", &[0; 5]].concat();
        let [secret, token] = read(&good).unwrap();
        assert_eq!((secret.unwrap().as_slice(), token), (&b"ab"[..], None));
        for n in 0..good.len() {
            assert!(read(&good[..n]).is_none(), "{n}");
        }
        assert!(read(&[&good[..], &[0]].concat()).is_none());
        assert!(read(&[1, 255, 255, 255, 255]).is_none());
    }
}
