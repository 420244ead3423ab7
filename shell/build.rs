//! `BOWLINE_PORTABLE=1 cargo test` builds on Linux what stands in for its own guards elsewhere.

fn main() {
    println!("cargo:rerun-if-env-changed=BOWLINE_PORTABLE");
    if std::env::var_os("BOWLINE_PORTABLE").is_some() {
        println!("cargo:rustc-cfg=bowline_portable");
    }
}
