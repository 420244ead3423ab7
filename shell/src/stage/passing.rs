//! Descriptors over a Unix socket (`SCM_RIGHTS`): they reach another program although all of ours
//! are close-on-exec, and arrive as owned ones.

use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::cmsg_space;
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use super::DESCRIPTORS;

/// Standard input, and those that are handed on.
const MOST: usize = DESCRIPTORS + 1;

/// Sends `bytes`, at least one, with at most 17 descriptors. Nothing is sent in part, where the
/// bytes find room in the socket.
///
/// # Errors
/// The system's; `InvalidInput` for too many descriptors, `WriteZero` for too many bytes.
pub fn send(socket: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MOST))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if descriptors.len() > MOST {
        return Err(ErrorKind::InvalidInput.into());
    }
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(ErrorKind::InvalidInput.into());
    }
    let flags = SendFlags::DONTWAIT;
    let sent = sendmsg(socket, &[IoSlice::new(bytes)], &mut control, flags)?;
    if sent == bytes.len() { Ok(()) } else { Err(ErrorKind::WriteZero.into()) }
}

/// Receives into `buffer`, and says how many bytes came; none at the end of the stream. The
/// descriptors that came with them are close-on-exec.
///
/// # Errors
/// The system's; `InvalidData` where more than 17 descriptors came.
pub fn receive(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MOST))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    #[cfg(target_os = "linux")]
    let flags = RecvFlags::CMSG_CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    let flags = RecvFlags::empty();
    let received = rustix::io::retry_on_intr(|| {
        recvmsg(&socket, &mut [IoSliceMut::new(buffer)], &mut control, flags)
    })?;
    let mut descriptors = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(came) = message {
            descriptors.extend(came);
        }
    }
    if received.flags.contains(ReturnFlags::CTRUNC) || descriptors.len() > MOST {
        return Err(ErrorKind::InvalidData.into());
    }
    for descriptor in &descriptors {
        fcntl_setfd(descriptor, FdFlags::CLOEXEC)?;
    }
    Ok((received.bytes, descriptors))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write, pipe};
    use std::os::unix::net::UnixStream;

    use rustix::io::fcntl_getfd;

    use super::*;

    #[test]
    fn descriptors_arrive_with_the_bytes_and_close_on_exec() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (reader, mut writer) = pipe().unwrap();
        send(&ours, b"hello", &[reader.as_fd()]).unwrap();
        let mut buffer = [0; 16];
        let (n, mut came) = receive(&theirs, &mut buffer).unwrap();
        assert_eq!((&buffer[..n], came.len()), (&b"hello"[..], 1));
        assert!(fcntl_getfd(&came[0]).unwrap().contains(FdFlags::CLOEXEC));
        writer.write_all(b"x").unwrap();
        let mut byte = [0];
        io::PipeReader::from(came.remove(0)).read_exact(&mut byte).unwrap();
        assert_eq!(byte, *b"x");
        drop(ours);
        assert_eq!(receive(&theirs, &mut buffer).unwrap().0, 0);
    }

    #[test]
    fn one_descriptor_too_many_is_refused() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (reader, _writer) = pipe().unwrap();
        let error = send(&ours, b"x", &[reader.as_fd(); MOST + 1]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        send(&ours, b"x", &[reader.as_fd(); MOST]).unwrap();
        assert_eq!(receive(&theirs, &mut [0; 1]).unwrap().1.len(), MOST);
    }
}
