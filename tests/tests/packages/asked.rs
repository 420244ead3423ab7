//! What the project was asked to use is used: a package of ours names it in its manifest and in its
//! sources.

use std::fs;
use std::path::Path;

use super::metadata::packages;
use super::root;

const ASKED: &[&str] =
    &["rustls", "hmac", "sha2", "subtle", "zeroize", "proptest", "tokio", "smol", "tungstenite"];

/// Whether a source below this folder, comments aside, names something of this crate.
fn names(folder: &Path, path: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let entry = entry.unwrap().path();
        if entry.is_dir() {
            return names(&entry, path);
        }
        let is_rust = entry.extension().is_some_and(|extension| extension == "rs");
        let is_use = |line: &str| {
            let mut before = line.match_indices(path).map(|(at, _)| line[..at].chars().last());
            !line.trim_start().starts_with("//")
                && before.any(|c| c.is_none_or(|c| !c.is_alphanumeric() && !"_:\"/".contains(c)))
        };
        is_rust && fs::read_to_string(entry).unwrap().lines().any(is_use)
    })
}

#[test]
fn what_the_project_was_asked_to_use_is_a_direct_dependency_and_used() {
    let packages = packages();
    for asked in ASKED {
        let mut direct = packages.iter().filter(|package| {
            package.needs.iter().any(|need| need.name == *asked && !need.optional)
        });
        let path = format!("{asked}::");
        assert!(
            direct.any(|package| names(&root().join(&package.folder), &path)),
            "no package of ours depends on {asked} itself and names it"
        );
    }
}
