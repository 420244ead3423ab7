use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

/// `BASE/root/{dir/file, in -> dir, out -> BASE/other, up -> .., nowhere -> BASE/none, climbs ->
/// none/../../.., circle -> circle, absolute -> BASE/root/dir}` and `dir/back -> ../dir/file`.
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
    symlink("none/../../..", root.join("climbs")).unwrap();
    symlink("circle", root.join("circle")).unwrap();
    symlink("../dir/file", root.join("dir/back")).unwrap();
    symlink(root.join("dir"), root.join("absolute")).unwrap();
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
        ("in/back", "dir/file"),
        ("absolute/file", "dir/file"),
        (".", ""),
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
    for text in ["out/file", "up", "up/other", "in/../..", "nowhere", "climbs", "circle/../.."] {
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
    for (root, text) in [(&root, "circle"), (&root, "dir/file/x"), (&root.join("no"), "x")] {
        let error = below_root("a", root, text).unwrap_err();
        assert!(matches!(error, ArgumentError::Unchecked { .. }), "{text}: {error}");
    }
}

fn read(mut opened: impl Read) -> String {
    let mut text = String::new();
    opened.read_to_string(&mut text).unwrap();
    text
}

/// Both ways: by the system where it can, and by steps.
fn opened(root: &Path, text: &str, access: Access) -> [Result<fs::File, Refused>; 2] {
    let open = |open: fn(&Root, &Path, Access) -> Result<OwnedFd, Refused>| {
        let below = relative(root, text)?;
        Ok(fs::File::from(open(&Root::open(root)?, below, access)?))
    };
    [open(open::open), open(open::by_steps)]
}

#[test]
fn what_is_opened_is_what_stands_below_the_root() {
    let (base, root) = tree();
    fs::write(root.join("dir/file"), "inside").unwrap();
    fs::write(base.path().join("other/file"), "outside").unwrap();
    for text in ["dir/file", "in/file", "in/back", "absolute/file", "./dir//file"] {
        for file in opened(&root, text, Access::Read) {
            assert_eq!(read(file.unwrap()), "inside", "{text}");
        }
    }
    for text in ["out/file", "up", "../other/file", "nowhere"] {
        for refused in opened(&root, text, Access::Read) {
            assert!(matches!(refused, Err(Refused::Outside)), "{text}: {refused:?}");
        }
    }
    for text in ["circle", "none", "none/file", "dir/file/x"] {
        for refused in opened(&root, text, Access::Read) {
            assert!(matches!(refused, Err(Refused::System(_))), "{text}: {refused:?}");
        }
    }
    for directory in opened(&root, "in", Access::Read) {
        assert!(directory.unwrap().metadata().unwrap().is_dir());
    }
}

#[test]
fn a_file_is_made_below_the_root_and_nowhere_else() {
    let (base, root) = tree();
    for (n, file) in opened(&root, "in/new", Access::Write).into_iter().enumerate() {
        file.unwrap().write_all(format!("{n}").as_bytes()).unwrap();
    }
    assert_eq!(fs::read_to_string(root.join("dir/new")).unwrap(), "1");
    for file in opened(&root, "in/new", Access::Append) {
        file.unwrap().write_all(b"+").unwrap();
    }
    assert_eq!(fs::read_to_string(root.join("dir/new")).unwrap(), "1++");
    for refused in opened(&root, "nowhere", Access::Write) {
        assert!(matches!(refused, Err(Refused::Outside)), "{refused:?}");
    }
    assert!(!base.path().join("none").exists());
    for refused in opened(&root, "dir", Access::Write) {
        assert!(matches!(refused, Err(Refused::System(_))), "{refused:?}");
    }
}

#[test]
fn a_pipe_holds_nobody_up_and_is_no_file() {
    let (_base, root) = tree();
    let made = std::process::Command::new("mkfifo").arg(root.join("pipe")).status().unwrap();
    assert!(made.success());
    let refused = open_below_root("a", &root, "pipe", Access::Read);
    assert_eq!(refused.unwrap_err(), ArgumentError::Kind { name: "a".into() });
}

#[test]
fn a_directory_that_is_swapped_for_a_link_leads_nobody_outside() {
    let (base, root) = tree();
    fs::write(root.join("dir/file"), "inside").unwrap();
    fs::write(base.path().join("other/file"), "outside").unwrap();
    fs::create_dir(root.join("swapped")).unwrap();
    fs::write(root.join("swapped/file"), "inside").unwrap();
    let over = AtomicBool::new(false);
    /// Ends the swapping where a check fails, too.
    struct End<'a>(&'a AtomicBool);
    impl Drop for End<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    std::thread::scope(|scope| {
        let _end = End(&over);
        scope.spawn(|| {
            symlink("../other", root.join("link")).unwrap();
            while !over.load(Ordering::Relaxed) {
                let [swapped, aside, link] = ["swapped", "aside", "link"].map(|n| root.join(n));
                fs::rename(&swapped, &aside).unwrap();
                fs::rename(&link, &swapped).unwrap();
                fs::rename(&swapped, &link).unwrap();
                fs::rename(&aside, &swapped).unwrap();
            }
        });
        let mut came = 0;
        for _ in 0..2000 {
            for file in opened(&root, "swapped/file", Access::Read).into_iter().flatten() {
                assert_eq!(read(file), "inside");
                came += 1;
            }
            if let Ok(path) = below_root("a", &root, "swapped/file") {
                assert_eq!(path, root.join("swapped/file"));
            }
        }
        assert!(came > 0, "none was there when it was looked for");
    });
}
