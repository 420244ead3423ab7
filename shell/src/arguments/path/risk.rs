//! Roots that are not there, and those that are no bound: so wide that everything is below them, or
//! open to be changed by others.

use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

/// Whether there is a directory `root`.
pub(crate) fn is_there(root: &Path) -> bool {
    root.is_dir()
}

/// Whether everything, or everything that a person has, is below `root`: it is `/`, or a home.
pub(crate) fn is_wide(root: &Path) -> bool {
    let resolved = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    [Path::new("/"), Path::new("/home"), Path::new("/root"), Path::new("/Users")]
        .contains(&resolved.as_path())
        || resolved.parent() == Some(Path::new("/home"))
        || homes().iter().any(|home| is_the_same(home, root, &resolved))
}

fn is_the_same(home: &Path, root: &Path, resolved: &Path) -> bool {
    [root, resolved].contains(&home) || home.canonicalize().is_ok_and(|home| home == resolved)
}

/// The homes of `/etc/passwd`.
fn homes() -> Vec<PathBuf> {
    let mut text = String::new();
    let read = fs::File::open("/etc/passwd").map(|file| file.take(MOST_PASSWD));
    // Without it there are those that everybody knows.
    let _ = read.and_then(|mut file| file.read_to_string(&mut text));
    let fields = text.lines().filter_map(|line| line.split(':').nth(5));
    fields.filter(|home| !home.is_empty()).map(PathBuf::from).collect()
}

/// The first directory, the root or one below it, that others than root and this user may change;
/// of so many that were looked at.
pub(crate) fn open_to_others(root: &Path) -> Option<PathBuf> {
    let user = geteuid().as_raw();
    let mut ahead = vec![root.to_owned()];
    let mut looked_at = 0;
    while let Some(directory) = ahead.pop() {
        looked_at += 1;
        let Ok(found) = fs::metadata(&directory) else { continue };
        if found.mode() & 0o022 != 0 || ![0, user].contains(&found.uid()) {
            return Some(directory);
        }
        let below = fs::read_dir(&directory).into_iter().flatten().flatten();
        for entry in below.take(MOST_DIRECTORIES) {
            // A link's own target is not below it, or is met elsewhere.
            if looked_at + ahead.len() < MOST_DIRECTORIES
                && entry.file_type().is_ok_and(|kind| kind.is_dir())
            {
                ahead.push(entry.path());
            }
        }
    }
    None
}

/// More than any `passwd` that is a file.
const MOST_PASSWD: u64 = 1 << 20;
/// Directories, and entries of one, that are looked at when the peer starts.
const MOST_DIRECTORIES: usize = 1000;

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn the_root_of_all_and_a_home_are_wide_however_they_are_spelled() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        symlink("/", &link).unwrap();
        for wide in
            ["/", "//", "/home", "/root", "/home/anybody", "/etc/..", link.to_str().unwrap()]
        {
            assert!(is_wide(wide.as_ref()), "{wide}");
        }
        let homes = homes();
        assert!(homes.iter().all(|home| is_wide(home)) && !homes.is_empty(), "{homes:?}");
        assert!(!is_wide(dir.path()) && !is_wide("/home/anybody/public".as_ref()));
    }

    #[test]
    fn a_directory_that_others_may_change_is_found_below_the_root_too() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b/c");
        fs::create_dir_all(&deep).unwrap();
        let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode));
        for path in [dir.path(), &dir.path().join("a"), &dir.path().join("a/b"), &deep] {
            mode(path, 0o755).unwrap();
        }
        assert_eq!(open_to_others(dir.path()), None);
        for open in [0o775, 0o757, 0o1777] {
            mode(&deep, open).unwrap();
            assert_eq!(open_to_others(dir.path()), Some(deep.clone()), "{open:o}");
        }
        mode(&deep, 0o755).unwrap();
        symlink("/tmp", dir.path().join("link")).unwrap();
        assert_eq!(open_to_others(dir.path()), None);
    }
}
