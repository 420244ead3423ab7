//! Standard input, output and error where the descriptor behind them does not block: some parents
//! leave a pipe that way. It is waited for, as a blocking one waits; every other error is the
//! caller's.

use std::io::{self, ErrorKind, Read, Stderr, Stdin, StdoutLock, Write};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::fstat;
use rustix::io::Errno;

/// A stream that waits where it would block.
#[derive(Debug)]
pub(crate) struct Waiting<T>(T);

/// Standard input.
pub(crate) fn input() -> Waiting<Stdin> {
    Waiting(io::stdin())
}

/// Standard output, as nobody else's until it is dropped.
pub(crate) fn output() -> Waiting<StdoutLock<'static>> {
    Waiting(io::stdout().lock())
}

/// Standard error.
pub(crate) fn errors() -> Waiting<Stderr> {
    Waiting(io::stderr())
}

/// Whether standard output and standard error are one file, such as a log that takes both.
pub(crate) fn is_one_file() -> bool {
    match (fstat(io::stdout()), fstat(io::stderr())) {
        (Ok(out), Ok(err)) => (out.st_dev, out.st_ino) == (err.st_dev, err.st_ino),
        _ => false,
    }
}

impl<T: AsFd> Waiting<T> {
    /// What `work` gives once it does not ask to be called again.
    fn until_done<D>(
        &mut self,
        for_what: PollFlags,
        mut work: impl FnMut(&mut T) -> io::Result<D>,
    ) -> io::Result<D> {
        loop {
            match work(&mut self.0) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                done => return done,
            }
            match poll(&mut [PollFd::new(&self.0, for_what)], None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
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
            struct Lines<'a>(&'a mut io::LineWriter<UnixStream>);
            impl AsFd for Lines<'_> {
                fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                    self.0.get_ref().as_fd()
                }
            }
            impl Write for Lines<'_> {
                fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                    self.0.write(bytes)
                }
                fn flush(&mut self) -> io::Result<()> {
                    self.0.flush()
                }
            }
            let mut out = Waiting(Lines(&mut lines));
            out.write_all(&sent).unwrap();
            out.flush().unwrap();
        });
        let mut got = Vec::new();
        Waiting(theirs).read_to_end(&mut got).unwrap();
        writer.join().unwrap();
        assert_eq!(got.len(), expected.len());
        assert!(got == expected);
    }

    #[test]
    fn an_error_is_no_end() {
        let folder = std::fs::File::open("/").unwrap();
        assert!(Waiting(folder).read(&mut [0; 8]).is_err());
    }
}
