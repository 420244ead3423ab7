//! Both shells have the same names at their top, and all that a program needs to name.

use std::collections::BTreeSet;

use super::text;

/// The names that the `pub use` of a file bring, `*` among them with its path.
fn used(source: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for statement in source.split("pub use ").skip(1) {
        let statement = statement.split(';').next().unwrap_or_default();
        let (_, list) = match statement.split_once('{') {
            Some((path, list)) => (path, list.trim_end_matches('}').to_owned()),
            None => {
                let (path, name) = statement.rsplit_once("::").unwrap_or(("", statement));
                (path, if name == "*" { format!("{path}::*") } else { name.to_owned() })
            }
        };
        names.extend(list.split(',').map(|name| name.trim().to_owned()));
    }
    names.remove("");
    names
}

/// What a shell has at its top, without what names its runtime.
fn names(shell: &str, runtime: &str) -> BTreeSet<String> {
    let names = used(&text(&format!("{shell}/src/lib.rs")));
    let own = |name: &String| !name.contains(runtime) && !name.ends_with("_on");
    names.into_iter().filter(own).collect()
}

#[test]
fn both_shells_have_the_same_names_and_none_hides_another() {
    let (tokio, smol) = (names("shell-tokio", "Tokio"), names("shell-smol", "Smol"));
    assert_eq!(tokio, smol);
    assert!(tokio.contains("bowline_shell::embed::*"), "{tokio:?}");
    let shared = used(&text("shell/src/embed.rs"));
    assert!(shared.len() > 60, "{}", shared.len());
    assert_eq!(tokio.intersection(&shared).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// What the issue of a program's first day named, by either shell.
macro_rules! named {
    ($($shell:ident),*) => {
        $(mod $shell {
            #[allow(unused_imports)] // That they are there is the test.
            use $shell::{
                Argument, Call, CallBuilder, CallError, CommandName, Failure, Gone, Hub, HubUrl,
                LabelTests, NoSession, ShellEvent, Subscriber, Output, Peer, PeerBuilder, PeerId,
                PeerState, Reply, Session, States, Status, ValueBuf, enrolled, hub, join, peer,
            };
        })*
    };
}

named!(bowline_tokio, bowline_smol);

#[test]
fn the_two_examples_are_one_program_and_depend_on_nothing_else_of_ours() {
    for (shell, runtime) in [("shell-tokio", "tokio"), ("shell-smol", "smol")] {
        let example = text(&format!("{shell}/examples/embed.rs"));
        let paths = example.split("bowline_").skip(1);
        for path in paths {
            assert!(path.starts_with(runtime), "{shell}: bowline_{path:.20}");
        }
    }
}
