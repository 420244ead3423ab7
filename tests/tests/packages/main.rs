//! The packages of the tree: which may name which, what each is built with, and what the project
//! was asked to use.

mod asked;
mod layers;
mod metadata;
mod trees;

use std::path::Path;

/// The tree.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tree")
}
