//! `BOWLINE_PORTABLE=1 cargo test` builds on Linux what stands in for its own guards elsewhere.

// Cargo reads what a build script prints.
#![allow(clippy::disallowed_macros)]

fn main() {
    println!("cargo:rerun-if-env-changed=BOWLINE_PORTABLE");
    if std::env::var_os("BOWLINE_PORTABLE").is_some() {
        println!("cargo:rustc-cfg=bowline_portable");
    }
}
