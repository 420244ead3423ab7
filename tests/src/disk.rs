//! Disks without room: a small file system where this user may mount one, and a limit on the size
//! of files everywhere. A process meets ENOSPC on the one and EFBIG on the other.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

/// A file system of its own in memory, unmounted when dropped.
#[derive(Debug)]
pub struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// One of so many KiB, mounted on the directory `at`, which is made; `None` where this user may
    /// not mount.
    ///
    /// # Panics
    /// When the directory cannot be made.
    #[must_use]
    pub fn mount(at: &Path, kib: usize) -> Option<Self> {
        fs::create_dir_all(at).expect("a directory");
        let options = format!("size={kib}k,mode=700");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(at)
            .stderr(Stdio::null())
            .status();
        mounted.is_ok_and(|status| status.success()).then(|| Self { at: at.to_owned() })
    }

    /// Writes until nothing more fits.
    ///
    /// # Panics
    /// When writing fails for another reason.
    pub fn fill(&self) {
        let path = self.at.join("filler");
        let mut filler = OpenOptions::new().create(true).append(true).open(path).expect("a file");
        // Smaller and smaller, so that not one byte is left.
        for size in [64 << 10, 4096, 512, 1] {
            loop {
                match filler.write_all(&vec![0; size]) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    /// Makes room again.
    ///
    /// # Panics
    /// When it was not filled.
    pub fn free(&self) {
        fs::remove_file(self.at.join("filler")).expect("a filler");
    }

    /// Takes no more writes of any kind.
    ///
    /// # Panics
    /// When it cannot be mounted again.
    pub fn make_read_only(&self) {
        self.remount("ro");
    }

    /// Has room for so many KiB, and keeps what is there.
    ///
    /// # Panics
    /// When it cannot be mounted again.
    pub fn grow(&self, kib: usize) {
        self.remount(&format!("size={kib}k"));
    }

    fn remount(&self, how: &str) {
        let options = format!("remount,{how}");
        let remounted = Command::new("mount").args(["-o", &options]).arg(&self.at).status();
        assert!(remounted.is_ok_and(|status| status.success()), "not {options}");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A process that is still ending may hold it: it goes when that does.
        let _ = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}

/// What `sh` runs before a program that is to meet EFBIG instead of dying of SIGXFSZ.
pub const NO_SIGNAL: &str = "trap '' XFSZ";

/// From here on the process can make no file longer, or can again.
///
/// # Panics
/// When it is not ours.
pub fn limit_files(pid: Pid, limit: Option<u64>) {
    let (resource, hard) = (Resource::Fsize, rustix::process::getrlimit(Resource::Fsize).maximum);
    let limits = Rlimit { current: limit.or(hard), maximum: hard };
    prlimit(Some(pid), resource, limits).expect("our own process");
}
