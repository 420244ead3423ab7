//! Whether a step of a path may be trusted, by what the system says of it. No file is touched here.

/// What other users may do with a file that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// Nothing: keys and secrets.
    Nothing,
    /// Read it: what is no secret, but must not be changed by others.
    Readable,
}

/// What a step of a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    Directory,
    Link,
    Regular,
    Pipe,
    Socket,
    Device,
}

/// What the system says of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) kind: FileKind,
    /// Its owner.
    pub(super) uid: u32,
    /// Its group.
    pub(super) gid: u32,
    /// Permission bits, with those for setuid, setgid and sticky.
    pub(super) mode: u32,
}

/// Why a step is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It belongs to somebody else.
    Owner,
    /// Others may write to it.
    Change,
    /// Others may read it.
    Read,
    /// It is not a regular file.
    Kind(&'static str),
}

/// Who runs this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Who {
    /// The effective user.
    pub(super) uid: u32,
    /// The group that is trusted like this user.
    pub(super) group: Option<u32>,
    /// Whether the file is one that systemd set up for this unit: its access list shows as group
    /// bits.
    pub(super) credential: bool,
}

impl Who {
    /// A directory or link on the way, or the directory that is asked for.
    ///
    /// Where others may write, they may put something else in the place of any entry; but for a
    /// sticky directory of root's, in which each entry is its owner's alone.
    pub(super) fn passes(self, seen: Seen) -> Result<(), Flaw> {
        self.owns(seen)?;
        let kept_apart = seen.mode & 0o1000 != 0 && seen.uid == 0;
        // A link's own bits mean nothing: nobody can change where it points to.
        match seen.kind {
            FileKind::Directory if self.is_shared(seen) && !kept_apart => Err(Flaw::Change),
            _ => Ok(()),
        }
    }

    /// The file that is opened.
    pub(super) fn takes(self, seen: Seen, exposure: Exposure) -> Result<(), Flaw> {
        match seen.kind {
            FileKind::Regular => {}
            FileKind::Directory | FileKind::Link => return Err(Flaw::Kind("no file")),
            FileKind::Pipe => return Err(Flaw::Kind("a pipe")),
            FileKind::Socket => return Err(Flaw::Kind("a socket")),
            FileKind::Device => return Err(Flaw::Kind("a device")),
        }
        self.owns(seen)?;
        let read_by_list = if self.credential { 0o040 } else { 0 };
        match exposure {
            Exposure::Nothing if self.others(seen) & !read_by_list != 0 => Err(Flaw::Read),
            Exposure::Readable if self.is_shared(seen) => Err(Flaw::Change),
            Exposure::Nothing | Exposure::Readable => Ok(()),
        }
    }

    /// What is written: it is ours, and a regular file.
    pub(super) fn writes(self, seen: Seen) -> Result<(), Flaw> {
        self.takes(seen, Exposure::Readable)
    }

    /// Whether others may write to it.
    pub(super) fn is_shared(self, seen: Seen) -> bool {
        self.others(seen) & 0o022 != 0
    }

    /// Whether the trusted group may do anything with it.
    pub(super) fn lets_in(self, seen: Seen) -> bool {
        self.group == Some(seen.gid) && seen.mode & 0o070 != 0
    }

    /// The permission bits of those who are not trusted.
    fn others(self, seen: Seen) -> u32 {
        let trusted = if self.group == Some(seen.gid) { 0o070 } else { 0 };
        seen.mode & 0o077 & !trusted
    }

    /// Root could change it anyway; where this is root, nobody else's passes.
    fn owns(self, seen: Seen) -> Result<(), Flaw> {
        if seen.uid == 0 || seen.uid == self.uid { Ok(()) } else { Err(Flaw::Owner) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: Who = Who { uid: 0, group: None, credential: false };
    const ALICE: Who = Who { uid: 1000, group: None, credential: false };
    const TRUSTED: u32 = 2000;

    fn seen(kind: FileKind, uid: u32, mode: u32) -> Seen {
        Seen { kind, uid, gid: 100, mode }
    }

    #[test]
    fn the_bits_of_the_trusted_group_pass_and_no_others() {
        use Exposure::{Nothing, Readable};
        use FileKind::{Directory, Regular};
        let alice = Who { group: Some(TRUSTED), ..ALICE };
        let of = |gid, kind, uid, mode| Seen { kind, uid, gid, mode };
        for (gid, uid, mode, verdict) in [
            (TRUSTED, 0, 0o2770, Ok(())),
            (TRUSTED, 1000, 0o2770, Ok(())),
            (TRUSTED, 0, 0o2775, Ok(())),
            (TRUSTED, 0, 0o2777, Err(Flaw::Change)),
            (TRUSTED, 1001, 0o2770, Err(Flaw::Owner)),
            (TRUSTED + 1, 0, 0o2770, Err(Flaw::Change)),
        ] {
            let step = of(gid, Directory, uid, mode);
            assert_eq!(alice.passes(step), verdict, "{step:?}");
        }
        for (gid, uid, mode, exposure, verdict) in [
            (TRUSTED, 0, 0o440, Nothing, Ok(())),
            (TRUSTED, 1000, 0o660, Nothing, Ok(())),
            (TRUSTED, 0, 0o664, Readable, Ok(())),
            (TRUSTED, 0, 0o444, Nothing, Err(Flaw::Read)),
            (TRUSTED, 0, 0o666, Readable, Err(Flaw::Change)),
            (TRUSTED, 1001, 0o440, Nothing, Err(Flaw::Owner)),
            (TRUSTED + 1, 0, 0o440, Nothing, Err(Flaw::Read)),
            (TRUSTED + 1, 0, 0o664, Readable, Err(Flaw::Change)),
        ] {
            let file = of(gid, Regular, uid, mode);
            assert_eq!(alice.takes(file, exposure), verdict, "{file:?} {exposure:?}");
        }
        // Nobody said so.
        assert_eq!(ALICE.takes(of(TRUSTED, Regular, 0, 0o440), Nothing), Err(Flaw::Read));
    }

    #[test]
    fn a_directory_or_link_is_roots_or_ours_and_nobody_else_may_change_it() {
        use FileKind::{Directory, Link};
        for (who, step, verdict) in [
            (ROOT, seen(Directory, 0, 0o755), Ok(())),
            (ALICE, seen(Directory, 0, 0o755), Ok(())),
            (ALICE, seen(Directory, 1000, 0o700), Ok(())),
            (ALICE, seen(Directory, 1001, 0o700), Err(Flaw::Owner)),
            (ROOT, seen(Directory, 1000, 0o700), Err(Flaw::Owner)),
            (ALICE, seen(Directory, 1000, 0o775), Err(Flaw::Change)),
            (ALICE, seen(Directory, 0, 0o757), Err(Flaw::Change)),
            (ALICE, seen(Directory, 0, 0o2770), Err(Flaw::Change)),
            // /tmp, and a sticky directory whose owner may exchange what is in it.
            (ALICE, seen(Directory, 0, 0o1777), Ok(())),
            (ROOT, seen(Directory, 0, 0o1777), Ok(())),
            (ALICE, seen(Directory, 1000, 0o1777), Err(Flaw::Change)),
            (ALICE, seen(Directory, 1001, 0o1777), Err(Flaw::Owner)),
            // In /tmp a link of a stranger's stands for what that stranger wants.
            (ROOT, seen(Link, 0, 0o777), Ok(())),
            (ALICE, seen(Link, 1000, 0o777), Ok(())),
            (ALICE, seen(Link, 1001, 0o777), Err(Flaw::Owner)),
            (ROOT, seen(Link, 1000, 0o777), Err(Flaw::Owner)),
        ] {
            assert_eq!(who.passes(step), verdict, "{who:?} {step:?}");
        }
    }

    #[test]
    fn a_file_is_regular_roots_or_ours_and_no_more_exposed_than_it_may_be() {
        use Exposure::{Nothing, Readable};
        let unit = Who { credential: true, ..ALICE };
        for (who, uid, mode, exposure, verdict) in [
            (ALICE, 1000, 0o600, Nothing, Ok(())),
            (ALICE, 0, 0o600, Nothing, Ok(())),
            (ALICE, 1001, 0o600, Nothing, Err(Flaw::Owner)),
            (ROOT, 1000, 0o600, Nothing, Err(Flaw::Owner)),
            (ROOT, 1000, 0o644, Readable, Err(Flaw::Owner)),
            (ALICE, 1000, 0o640, Nothing, Err(Flaw::Read)),
            (ALICE, 1000, 0o601, Nothing, Err(Flaw::Read)),
            (ALICE, 1000, 0o644, Nothing, Err(Flaw::Read)),
            (ALICE, 1000, 0o644, Readable, Ok(())),
            (ALICE, 1000, 0o664, Readable, Err(Flaw::Change)),
            (ROOT, 0, 0o666, Readable, Err(Flaw::Change)),
            (unit, 0, 0o440, Nothing, Ok(())),
            (unit, 1000, 0o400, Nothing, Ok(())),
            (unit, 0, 0o460, Nothing, Err(Flaw::Read)),
            (unit, 0, 0o444, Nothing, Err(Flaw::Read)),
            (unit, 1001, 0o440, Nothing, Err(Flaw::Owner)),
        ] {
            let found = who.takes(seen(FileKind::Regular, uid, mode), exposure);
            assert_eq!(found, verdict, "{who:?} {uid} {mode:o} {exposure:?}");
        }
        for kind in [
            FileKind::Pipe,
            FileKind::Socket,
            FileKind::Device,
            FileKind::Directory,
            FileKind::Link,
        ] {
            let found = ALICE.takes(seen(kind, 1000, 0o600), Nothing);
            assert!(matches!(found, Err(Flaw::Kind(_))), "{kind:?}");
        }
    }
}
