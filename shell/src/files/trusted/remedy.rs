//! What puts a file right that others may read or change: advice that can be followed where it is.

use std::path::Path;

use rustix::fs::{StatVfsMountFlags, statvfs};
use rustix::process::geteuid;

use super::verdict::{FileKind, Seen};
use crate::files::error::word;

/// What is to be done about a file's mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Its owner, who this is, changes it, to this for `chmod`.
    Chmod(&'static str),
    /// It is root's, who alone can change it.
    AsRoot(&'static str),
    /// It is not ours to change, and only this group is in the way.
    TrustGroup(u32),
    /// It cannot be changed where it is.
    AtItsSource,
}

impl Remedy {
    /// For `path`, of which the system says this.
    pub(super) fn of(path: &Path, seen: Seen) -> Self {
        let is_fixed =
            statvfs(path).is_ok_and(|system| system.f_flag.contains(StatVfsMountFlags::RDONLY));
        let mode = match seen.kind {
            FileKind::Directory => "go-w",
            _ => "600",
        };
        Self::choose(seen, geteuid().as_raw(), is_fixed, mode)
    }

    fn choose(seen: Seen, own: u32, is_fixed: bool, mode: &'static str) -> Self {
        let others = match seen.kind {
            FileKind::Directory => 0o002,
            _ => 0o007,
        };
        let is_ours = seen.uid == own && !is_fixed;
        match (is_ours, seen.mode & others) {
            (true, _) => Self::Chmod(mode),
            (false, 0) => Self::TrustGroup(seen.gid),
            (false, _) if is_fixed => Self::AtItsSource,
            (false, _) => Self::AsRoot(mode),
        }
    }

    /// The end of the sentence that says what is wrong with `path`.
    pub(crate) fn advice(self, path: &Path) -> String {
        let replace = "and replace what it holds if they may have used that";
        match self {
            Self::Chmod(mode) => format!("run 'chmod {mode} {}', {replace}", word(path)),
            Self::AsRoot(mode) => format!("as root run 'chmod {mode} {}', {replace}", word(path)),
            Self::TrustGroup(group) => format!(
                "if its group {group} is to be trusted, say so with --trusted-group {group}, or \
                 trusted-group in the configuration"
            ),
            Self::AtItsSource => format!(
                "its file system is read-only, so set the mode where it comes from (defaultMode of \
                 a Kubernetes volume), {replace}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_what_this_user_can_do_about_this_file() {
        let seen = |kind, uid, mode| Seen { kind, uid, gid: 2000, mode };
        for (seen, is_fixed, remedy) in [
            (seen(FileKind::Regular, 1000, 0o640), false, Remedy::Chmod("600")),
            (seen(FileKind::Regular, 1000, 0o440), true, Remedy::TrustGroup(2000)),
            (seen(FileKind::Regular, 0, 0o440), false, Remedy::TrustGroup(2000)),
            (seen(FileKind::Regular, 0, 0o444), false, Remedy::AsRoot("600")),
            (seen(FileKind::Regular, 0, 0o444), true, Remedy::AtItsSource),
            (seen(FileKind::Regular, 1000, 0o444), true, Remedy::AtItsSource),
            (seen(FileKind::Directory, 0, 0o2775), false, Remedy::TrustGroup(2000)),
        ] {
            assert_eq!(Remedy::choose(seen, 1000, is_fixed, "600"), remedy, "{seen:?} {is_fixed}");
        }
    }
}
