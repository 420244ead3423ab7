//! Programs that embed Bowline: the README's own, the names that they use, the errors that they
//! meet.

mod errors;
mod examples;
mod names;
mod readme;

use std::path::Path;

/// The tree.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tree")
}

/// A file of the tree.
fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
