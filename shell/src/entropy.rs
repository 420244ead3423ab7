//! Randomness from the operating system: the seeds that the core's machines are born with.
//!
//! On Linux the system call is asked, not `/dev/urandom`: early after boot the file gives bytes
//! before the pool has been filled, where the call waits, and a chroot may lack the file. macOS
//! has no such call in rustix, fills its pool before the first program runs, and always has the
//! file.

use std::io;

use bowline_core::random::Seed;

/// A fresh seed. Each machine gets one of its own.
///
/// # Errors
///
/// What the operating system said; there is no second source to fall back to.
pub fn seed() -> io::Result<Seed> {
    let mut seed = Seed([0; 32]);
    fill(&mut seed.0)?;
    Ok(seed)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn fill(mut bytes: &mut [u8]) -> io::Result<()> {
    use rustix::rand::{GetRandomFlags, getrandom};

    while !bytes.is_empty() {
        let n = rustix::io::retry_on_intr(|| getrandom(&mut *bytes, GetRandomFlags::empty()))?;
        bytes = bytes.get_mut(n..).unwrap_or_default();
    }
    Ok(())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn fill(bytes: &mut [u8]) -> io::Result<()> {
    io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_seeds_differ_and_each_is_filled_to_its_end() {
        let (a, b) = (seed().unwrap(), seed().unwrap());
        assert_ne!(a.0, b.0);
        assert_ne!(a.0[24..], [0; 8]);
    }
}
