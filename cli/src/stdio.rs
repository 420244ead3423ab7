//! Standard input, output and error where the descriptor behind them does not block: some parents
//! leave a pipe that way. It is waited for, as a blocking one waits; every other error is the
//! caller's.
//!
//! Where the descriptor is open for the other direction alone (`0>FILE`, `1<FILE`), the standard
//! library passes for an end, and for written, what the system refuses with EBADF. That is looked
//! for before, and is an error as well. A device that is no terminal is let be: `nohup` leaves
//! `/dev/null`, open for writing only, as standard input. For a descriptor that is closed (`>&-`)
//! the standard library itself opens `/dev/null` at the start.

use std::io::{self, ErrorKind, IsTerminal, Read, Stderr, Stdin, StdoutLock, Write};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat};
use rustix::io::Errno;

/// A stream that waits where it would block.
#[derive(Debug)]
pub(crate) struct Waiting<T> {
    stream: T,
    /// What it is open for alone, where that is not what it is for.
    only_for: Option<&'static str>,
}

/// Standard input.
pub(crate) fn input() -> Waiting<Stdin> {
    Waiting::new(io::stdin(), OFlags::WRONLY, "writing")
}

/// Standard output, as nobody else's until it is dropped.
pub(crate) fn output() -> Waiting<StdoutLock<'static>> {
    Waiting::new(io::stdout().lock(), OFlags::RDONLY, "reading")
}

/// Standard error.
pub(crate) fn errors() -> Waiting<Stderr> {
    Waiting::new(io::stderr(), OFlags::RDONLY, "reading")
}

/// Whether standard output and standard error are one file, such as a log that takes both.
pub(crate) fn is_one_file() -> bool {
    match (fstat(io::stdout()), fstat(io::stderr())) {
        (Ok(out), Ok(err)) => (out.st_dev, out.st_ino) == (err.st_dev, err.st_ino),
        _ => false,
    }
}

impl<T: AsFd> Waiting<T> {
    /// Of a stream that `wrong` is no mode for, which is called `named`.
    fn new(stream: T, wrong: OFlags, named: &'static str) -> Self {
        let mode = fcntl_getfl(&stream).map(|flags| flags & OFlags::RWMODE);
        let is_wrong = mode == Ok(wrong) && !is_device(&stream);
        Self { stream, only_for: is_wrong.then_some(named) }
    }

    /// What `work` gives once it does not ask to be called again.
    fn until_done<D>(
        &mut self,
        for_what: PollFlags,
        mut work: impl FnMut(&mut T) -> io::Result<D>,
    ) -> io::Result<D> {
        if let Some(named) = self.only_for {
            let reason = format!("it is open for {named} only");
            return Err(io::Error::new(ErrorKind::Unsupported, reason));
        }
        loop {
            match work(&mut self.stream) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                done => return done,
            }
            match poll(&mut [PollFd::new(&self.stream, for_what)], None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Whether this is a device, and no terminal.
fn is_device(stream: &impl AsFd) -> bool {
    let kind = fstat(stream).map(|stat| FileType::from_raw_mode(stat.st_mode));
    kind == Ok(FileType::CharacterDevice) && !stream.as_fd().is_terminal()
}

impl<T: Read + AsFd> Read for Waiting<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.until_done(PollFlags::IN, |stream| stream.read(buffer))
    }
}

// A write that would block has taken nothing, so nothing is written twice; `write_all` of the
// stream itself would not say how much it had taken.
impl<T: Write + AsFd> Write for Waiting<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.until_done(PollFlags::OUT, |stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.until_done(PollFlags::OUT, T::flush)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;
    use std::thread;

    use super::*;

    #[test]
    fn a_stream_that_does_not_block_is_waited_for_and_nothing_is_lost_or_doubled() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        theirs.set_nonblocking(true).unwrap();
        let sent: Vec<u8> = (0..=250).cycle().take(2_000_000).collect();
        let expected = sent.clone();
        let writer = thread::spawn(move || {
            let mut lines = io::LineWriter::new(ours);
            // It blocks on the socket's buffer many times, in lines and between them.
            struct SocketLines<'a>(&'a mut io::LineWriter<UnixStream>);
            impl AsFd for SocketLines<'_> {
                fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                    self.0.get_ref().as_fd()
                }
            }
            impl Write for SocketLines<'_> {
                fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                    self.0.write(bytes)
                }
                fn flush(&mut self) -> io::Result<()> {
                    self.0.flush()
                }
            }
            let mut out = Waiting::new(SocketLines(&mut lines), OFlags::RDONLY, "reading");
            out.write_all(&sent).unwrap();
            out.flush().unwrap();
        });
        let mut got = Vec::new();
        let mut theirs = Waiting::new(theirs, OFlags::WRONLY, "writing");
        theirs.read_to_end(&mut got).unwrap();
        writer.join().unwrap();
        assert_eq!(got.len(), expected.len());
        assert!(got == expected);
    }

    #[test]
    fn an_error_is_no_end() {
        let folder = std::fs::File::open("/").unwrap();
        let mut folder = Waiting::new(folder, OFlags::WRONLY, "writing");
        assert!(folder.read(&mut [0; 8]).is_err());
    }
}
