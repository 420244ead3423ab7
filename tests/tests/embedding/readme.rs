//! The program that the README shows builds as it stands, with the `Cargo.toml` that it shows, as a
//! project of its own beside a checkout, and does what the page says.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{root, text};

/// The fenced block of a kind behind this heading.
fn block(readme: &str, heading: &str, kind: &str) -> String {
    let (_, section) = readme.split_once(heading).expect("the heading");
    let (_, rest) = section.split_once(&format!("```{kind}\n")).expect("the block");
    rest.split_once("```").expect("its end").0.to_owned()
}

/// The folder that this build writes to.
fn target() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    test.ancestors().nth(3).expect("a folder").to_owned()
}

/// The folder `greeter` beside a checkout `bowline`, as the page has them. It stays, so that the
/// next build has little to do.
fn project() -> PathBuf {
    let parent = target().join("embedding");
    let project = parent.join("greeter");
    fs::create_dir_all(project.join("src")).unwrap();
    let _ = fs::remove_file(parent.join("bowline"));
    symlink(root(), parent.join("bowline")).unwrap();
    let readme = text("README.md");
    fs::write(project.join("Cargo.toml"), block(&readme, "## Embedding", "toml")).unwrap();
    fs::write(project.join("src/main.rs"), block(&readme, "## Embedding", "rust,no_run")).unwrap();
    fs::copy(root().join("Cargo.lock"), project.join("Cargo.lock")).unwrap();
    project
}

/// Builds the project; where its program is.
fn build(project: &Path) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
    let mut command = Command::new(cargo);
    command.args(["build", "--offline", "--quiet"]).current_dir(project);
    // What others publish is built already, in this way; ours is built for the program.
    for setting in [
        "profile.dev.debug='line-tables-only'",
        "profile.dev.package.'*'.opt-level=2",
        "profile.dev.package.'*'.debug=false",
        "profile.dev.package.bowline-core.opt-level=0",
        "profile.dev.package.bowline-shell.opt-level=0",
        "profile.dev.package.bowline-tokio.opt-level=0",
    ] {
        command.args(["--config", setting]);
    }
    command.env("CARGO_TARGET_DIR", target());
    let output = command.output().expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    target().join("debug/greeter")
}

#[test]
fn the_program_of_the_readme_builds_as_it_stands_and_runs_twice() {
    let program = build(&project());
    let dir = tempfile::tempdir().unwrap();
    // The second time it finds what it kept.
    for _ in 0..2 {
        let output = Command::new(&program).current_dir(dir.path()).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{err}");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "hello, world\nhello, world\n",
            "{err}"
        );
        assert!(dir.path().join("data/hub").is_dir());
    }
}
