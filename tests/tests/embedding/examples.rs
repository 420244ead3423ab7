//! The examples of the two shells: one program on two runtimes, which says what it is to say.

use std::process::Command;

use super::text;

fn said(example: &str) -> String {
    let tests = std::env::current_exe().unwrap();
    let path = tests.ancestors().nth(2).unwrap().join("examples").join(example);
    assert!(path.exists(), "{} is missing: run cargo build --examples", path.display());
    let output = Command::new(path).output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && err.is_empty(), "{err}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_examples_show_states_arguments_and_output() {
    // Both are there under one name, whichever was built last: what they say is the same.
    let out = said("embed");
    for line in
        ["web-1 is up, as 'web-1'", "hello, world", "it failed: the argument 'name' is missing"]
    {
        assert!(out.lines().any(|said| said == line), "{line}: {out}");
    }
    assert_eq!(out.lines().last(), Some("web-1 is stopped"));
    let [tokio, smol] = ["tokio", "smol"].map(|shell| {
        let example = text(&format!("shell-{shell}/examples/embed.rs"));
        let (_, rest) = example.split_once("let data = ").unwrap();
        rest.replace(&format!("{shell}::spawn"), "spawn")
            .replace("watching.await?", "watching.await")
    });
    assert_eq!(tokio, smol);
}
