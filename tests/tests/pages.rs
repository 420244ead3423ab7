//! What the pages promise a test for has that test, and what is not built they say alike.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bowline_core::capability::Role;
use bowline_core::control::TABLE;

/// The packages of the tree.
const PACKAGES: [&str; 7] =
    ["core", "shell", "shell-tokio", "shell-smol", "testkit", "cli", "tests"];

/// All files below a folder of the tree whose names end so, with their texts.
fn files(folder: &Path, extension: &str, all: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the tree") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, extension, all);
        } else if path.extension().is_some_and(|found| found == extension) {
            let text = std::fs::read_to_string(&path).expect("text");
            all.push((path, text));
        }
    }
}

/// All files of the packages whose names end so, with their texts.
fn sources(extension: &str) -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    PACKAGES.iter().for_each(|package| files(&root().join(package), extension, &mut all));
    all
}

/// The names of all functions of the packages, in Rust and Python.
fn functions() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (extension, word) in [("rs", "fn "), ("py", "def ")] {
        for (_, text) in sources(extension) {
            for (_, rest) in text.lines().filter_map(|line| line.split_once(word)) {
                names.extend(rest.split(['(', '<']).next().map(str::to_owned));
            }
        }
    }
    names
}

#[test]
fn no_comment_of_a_source_is_over_100_columns() {
    for (path, text) in sources("rs") {
        for (number, line) in text.lines().enumerate() {
            let is_comment = line.trim_start().starts_with("//");
            let columns = line.chars().count();
            assert!(!is_comment || columns <= 100, "{}:{}", path.display(), number + 1);
        }
    }
}

/// `./test others` names the binaries whose ignored tests it runs.
#[test]
fn every_test_for_programs_of_others_is_in_a_binary_that_the_script_names() {
    let script = page("test");
    let folder = root().join("tests/tests");
    let mark = concat!("#[ignore = \"needs", " ");
    let ignored = sources("rs").into_iter().filter(|(_, text)| text.contains(mark));
    let ignored =
        ignored.filter_map(|(path, _)| path.strip_prefix(&folder).ok().map(Path::to_owned));
    let binaries: BTreeSet<_> = ignored
        .filter_map(|path| {
            Path::new(path.components().next()?.as_os_str()).file_stem().map(|stem| stem.to_owned())
        })
        .collect();
    assert!(binaries.len() >= 4, "{binaries:?}");
    for binary in binaries {
        let binary = binary.to_string_lossy();
        assert!(
            script.contains(&format!("--test {binary} ")),
            "./test others does not run {binary}"
        );
    }
}

#[test]
fn every_defence_of_the_security_page_names_tests_that_are_there() {
    let names = functions();
    let page = page("SECURITY.md");
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let rows: Vec<_> = rows.filter(|row| !row.starts_with("| attack |")).collect();
    assert!(rows.len() >= 50, "{} rows", rows.len());
    for row in rows {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        let named: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test in the row {row}");
        for name in named {
            assert!(names.contains(name), "no test {name}, of the row {row}");
        }
    }
}

/// The tree.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tree")
}

/// A page of the tree.
fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).expect("the page")
}

#[test]
fn a_capability_is_asked_for_or_awaits_a_part_that_is_not_there() {
    let mut sources = String::new();
    texts(&root().join("core/src/hub"), &mut sources);
    for capability in Role::Admin.capabilities().iter() {
        let is_asked_for = sources.contains(&format!("Capability::{capability:?}"))
            || TABLE.iter().any(|row| row.required == capability);
        assert_eq!(is_asked_for, capability.awaits().is_none(), "{capability}");
    }
}

/// The sources below a folder, without tests.
fn texts(folder: &Path, all: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder of the tree") {
        let path = entry.expect("an entry").path();
        match path.file_name().and_then(|name| name.to_str()) {
            Some("tests" | "tests.rs") => {}
            _ if path.is_dir() => texts(&path, all),
            _ => all.push_str(&std::fs::read_to_string(&path).expect("text")),
        }
    }
}

#[test]
fn the_security_page_lists_what_the_readme_says_is_coming() {
    let readme = page("README.md");
    let coming: String = readme
        .lines()
        .filter_map(|row| row.strip_prefix("| ")?.strip_suffix(" | coming |"))
        .map(|what| format!("* {what}\n"))
        .collect();
    assert!(coming.lines().count() >= 3, "{coming}");
    let security = page("SECURITY.md");
    let section = format!("## Not in this version\n\n{coming}\n## ");
    assert!(security.contains(&section), "SECURITY.md is to have\n{section}");
}
