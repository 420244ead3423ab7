//! One function opens the files that are trusted: nothing else in the shell or the program opens a
//! file, or looks at one by its path, but for what is written down here with the reason.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What opens, changes or looks at files by a path.
const CALLS: &[&str] = &[
    "File::open",
    "File::create",
    "File::options",
    "OpenOptions",
    "DirBuilder",
    "use std::fs",
    "std::fs::read",
    "std::fs::write",
    "std::fs::copy",
    "std::fs::rename",
    "std::fs::remove",
    "std::fs::hard_link",
    "std::fs::create_dir",
    "std::fs::set_permissions",
    "std::fs::metadata",
    "std::fs::symlink_metadata",
    "std::fs::canonicalize",
    "std::fs::exists",
    "std::os::unix::fs::symlink",
    "rustix::fs",
    ".metadata()",
    ".symlink_metadata()",
    ".exists()",
    ".try_exists()",
    ".is_file()",
    ".is_dir()",
    ".is_symlink()",
    ".canonicalize()",
    ".read_dir()",
    ".read_link()",
];

/// What opens files by another way, and why nothing is trusted that way.
const OTHERS: &[(&str, &str)] = &[
    ("shell/src/files/trusted/", "it is the opener"),
    ("shell/src/files/private.rs", "files that the opener has opened"),
    ("shell/src/files/lock.rs", "locks a file that the opener has opened"),
    ("shell/src/files/enrolment.rs", "locks a file that the opener has opened"),
    ("shell/src/files/trust.rs", "locks a file that the opener has opened"),
    ("shell/src/files/volume.rs", "which role's data this is; the opener opens it then"),
    ("shell/src/ledger/look.rs", "the length of a file that was looked at by the opener"),
    (
        "shell/src/arguments/path/",
        "arguments of commands: the walk below a root has rules of its own",
    ),
    ("shell/src/runtime/listen.rs", "a socket, in a directory that the opener has found closed"),
    ("shell/src/entropy.rs", "/dev/urandom"),
    ("shell/src/stage/", "descriptors and the program of this very process"),
    ("cli/src/stdio.rs", "the standard streams of this very process"),
    ("cli/src/demo/", "a directory of its own, made and taken away by it"),
    ("cli/src/man.rs", "the directory that was asked for; its pages are written by the opener"),
    ("cli/src/handover.rs", "the program of this very process"),
];

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        match path.is_dir() {
            true if name != "tests" => sources(&path, found),
            false if name.ends_with(".rs") && name != "tests.rs" => found.push(path),
            _ => {}
        }
    }
}

/// The calls in a source, without its comments and what is for tests.
fn calls(source: &str) -> BTreeSet<&'static str> {
    let own = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = own.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code: String = lines.flat_map(|line| [line, "\n"]).collect();
    CALLS.iter().copied().filter(|call| code.contains(call)).collect()
}

#[test]
fn nothing_but_the_opener_opens_files_that_are_trusted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    for part in ["shell/src", "cli/src"] {
        sources(&root.join(part), &mut found);
    }
    assert!(found.len() > 100, "{found:?}");
    let mut needed = BTreeSet::new();
    let mut strangers = Vec::new();
    for path in found {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let calls = calls(&fs::read_to_string(&path).unwrap());
        if calls.is_empty() {
            continue;
        }
        match OTHERS.iter().find(|(known, _)| name.starts_with(known)) {
            Some((known, _)) => {
                needed.insert(*known);
            }
            None => strangers.push(format!("{name}: {calls:?}")),
        }
    }
    assert!(
        strangers.is_empty(),
        "open through shell/src/files/trusted:\n{}",
        strangers.join("\n")
    );
    let idle: Vec<_> = OTHERS.iter().filter(|(known, _)| !needed.contains(known)).collect();
    assert!(idle.is_empty(), "open nothing, and need no exception: {idle:?}");
}

#[test]
fn a_call_is_found_wherever_it_stands_but_in_comments_and_tests() {
    assert_eq!(calls("let a = std::fs::read(path);\n"), ["std::fs::read"].into());
    assert_eq!(calls("use std::fs::{self, File};\n"), ["use std::fs"].into());
    assert_eq!(calls("if path\n    .exists()\n{\n"), [".exists()"].into());
    let quiet = "// File::open\nfn a() {}\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
    assert_eq!(calls(quiet), [].into());
}
