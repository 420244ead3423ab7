//! Paths that stay below a root, whatever stands on the disk.
//!
//! What exists of the path is resolved through its links, and must still be below the resolved
//! root; what does not exist yet is added as it was written, and holds no `..`. This is checked when
//! the call starts. Whoever can write below the root can swap a directory for a link afterwards:
//! a root is no prison for those who may change it.

use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use crate::arguments::ArgumentError;

/// The absolute path of `text` below `root`, links resolved.
///
/// `text` is relative to the root, or absolute and below it as written.
pub(crate) fn below_root(name: &str, root: &Path, text: &str) -> Result<PathBuf, ArgumentError> {
    let outside = || ArgumentError::Outside { name: name.to_owned() };
    let unchecked = |error: std::io::Error| ArgumentError::Unchecked {
        name: name.to_owned(),
        reason: error.to_string(),
    };
    let written = Path::new(text);
    let below = if written.is_absolute() {
        written.strip_prefix(root).map_err(|_| outside())?
    } else {
        written
    };
    if text.is_empty() {
        return Err(outside());
    }
    let root = root.canonicalize().map_err(unchecked)?;
    let mut path = root.clone();
    let mut exists = true;
    for component in below.components() {
        let step = match component {
            Component::Normal(step) => step,
            Component::CurDir => continue,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(outside());
            }
        };
        path.push(step);
        if !exists {
            continue;
        }
        // Asked of the link itself: one that points nowhere exists, and could point outside.
        match path.symlink_metadata() {
            Ok(found) if found.is_symlink() => {
                path = path.canonicalize().map_err(unchecked)?;
                if !path.starts_with(&root) {
                    return Err(outside());
                }
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => exists = false,
            Err(error) => return Err(unchecked(error)),
        }
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// `BASE/root/{dir/file, in -> dir, out -> BASE/other, up -> .., nowhere -> BASE/none}`.
    fn tree() -> (tempfile::TempDir, PathBuf) {
        let base = tempfile::tempdir().unwrap();
        let root = base.path().canonicalize().unwrap().join("root");
        fs::create_dir_all(root.join("dir")).unwrap();
        fs::create_dir(base.path().join("other")).unwrap();
        fs::write(root.join("dir/file"), "").unwrap();
        symlink("dir", root.join("in")).unwrap();
        symlink(base.path().join("other"), root.join("out")).unwrap();
        symlink("..", root.join("up")).unwrap();
        symlink(base.path().join("none"), root.join("nowhere")).unwrap();
        (base, root)
    }

    #[test]
    fn a_path_below_the_root_becomes_absolute() {
        let (_base, root) = tree();
        for (text, below) in [
            ("dir/file", "dir/file"),
            ("./dir//file", "dir/file"),
            ("dir/new/newer", "dir/new/newer"),
            ("in/file", "dir/file"),
            ("in/new", "dir/new"),
        ] {
            assert_eq!(below_root("a", &root, text), Ok(root.join(below)), "{text}");
        }
        let absolute = root.join("dir");
        assert_eq!(below_root("a", &root, absolute.to_str().unwrap()), Ok(absolute));
    }

    #[test]
    fn a_path_that_leaves_the_root_is_refused() {
        let (base, root) = tree();
        let outside = Err(ArgumentError::Outside { name: "a".into() });
        for text in ["", "..", "../root/dir", "dir/../dir", "new/../../x", "/etc/passwd", "out"] {
            assert_eq!(below_root("a", &root, text), outside, "{text}");
        }
        for text in ["out/file", "up", "up/other", "in/../.."] {
            assert_eq!(below_root("a", &root, text), outside, "{text}");
        }
        // Below as text, not as a path.
        let sibling = format!("{}-other", root.display());
        assert_eq!(below_root("a", &root, &sibling), outside);
        drop(base);
    }

    #[test]
    fn what_cannot_be_looked_at_is_refused() {
        let (_base, root) = tree();
        for (root, text) in [(&root, "nowhere"), (&root, "dir/file/x"), (&root.join("no"), "x")] {
            let error = below_root("a", root, text).unwrap_err();
            assert!(matches!(error, ArgumentError::Unchecked { .. }), "{text}: {error}");
        }
    }
}
