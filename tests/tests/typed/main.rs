//! What the pages and the help show is typed as it stands: each command runs in a shell with
//! umask 022, in the order of its page, on machines of its own, and says what the page claims.
//!
//! How a page tells what is to be done is in `page.rs`; the words of a page that stand for another
//! here are in `words.rs`. A command that cannot be run is excused there, with the reason.

mod claim;
mod machine;
mod page;
mod words;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use machine::World;
use page::{Doing, steps};
use words::EXCUSED;

/// Where the examples of the help are run, and what has to be there for them.
const HELP: &str = "tests/tests/typed/help.md";

#[test]
fn what_the_readme_types_does_what_it_says() {
    play("README.md");
}

#[test]
fn what_the_pages_type_does_what_they_say() {
    pages().iter().for_each(|page| play(page));
}

#[test]
fn the_examples_of_the_help_are_typed_and_do_what_they_say() {
    play(HELP);
}

#[test]
fn every_example_of_the_help_is_typed_or_excused() {
    let typed: BTreeSet<_> = commands(HELP).collect();
    let examples = every_example();
    assert!(examples.len() > 60, "{}", examples.len());
    for example in examples {
        let excused = EXCUSED.iter().any(|(excused, _)| example.starts_with(excused));
        assert!(
            excused != typed.contains(&example),
            "help.md is to type, or words.rs to excuse\n{example}"
        );
    }
}

#[test]
fn no_excuse_is_left_over() {
    let mut shown = every_example();
    let pages = pages();
    for page in pages.iter().map(String::as_str).chain(["README.md"]) {
        shown.extend(commands(page));
    }
    for (command, why) in EXCUSED {
        let is_shown = shown.iter().any(|shown| shown.starts_with(command));
        assert!(is_shown, "nothing shows '{command}' ({why})");
    }
}

/// Does what a page says, in its order.
#[track_caller]
fn play(page: &str) {
    let mut world = World::new();
    for step in steps(&text(page)).unwrap_or_else(|wrong| panic!("{page}: {wrong}")) {
        let done = match step.doing {
            Doing::Write { on, text } => world.write(&on, &text),
            Doing::Copy { from, to } => world.copy(&from, &to),
            Doing::Stop { machine } => world.stop(&machine),
            Doing::Type(typed) => world.type_in(&typed),
        };
        if let Err(wrong) = done {
            panic!("{page}, line {}: {wrong}", step.line);
        }
    }
}

/// The commands that a page types.
fn commands(page: &str) -> impl Iterator<Item = String> {
    let steps = steps(&text(page)).unwrap();
    steps.into_iter().filter_map(|step| match step.doing {
        Doing::Type(typed) => Some(typed.command),
        Doing::Write { .. } | Doing::Copy { .. } | Doing::Stop { .. } => None,
    })
}

/// The examples of the help of every command.
fn every_example() -> Vec<String> {
    let world = World::new();
    let (mut examples, mut asked) = (Vec::new(), vec!["bowline help".to_owned()]);
    while let Some(help) = asked.pop() {
        let text = world.ask(&help);
        let below = |heading: &str| {
            let lines = text.lines().skip_while(move |line| *line != heading).skip(1);
            lines.map_while(|line| line.strip_prefix("  ").map(str::to_owned)).collect::<Vec<_>>()
        };
        let own = [below("Example:"), below("Examples:")].concat();
        assert!(!own.is_empty(), "{help} shows no example");
        examples.extend(own);
        let names = below("Commands:");
        let names = names.iter().filter(|line| line.starts_with(char::is_lowercase));
        let names = names.filter_map(|line| line.split_whitespace().next());
        asked.extend(names.filter(|name| *name != "help").map(|name| format!("{help} {name}")));
    }
    examples
}

/// The pages of `docs/` and of the folders below it.
fn pages() -> Vec<String> {
    let (mut pages, mut folders) = (Vec::new(), vec!["docs".to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{folder}/{}", entry.file_name().display());
            if entry.file_type().unwrap().is_dir() {
                folders.push(name);
            } else if name.ends_with(".md") {
                pages.push(name);
            }
        }
    }
    pages.sort();
    assert!(pages.len() >= 7, "{pages:?}");
    pages
}

/// A page of the tree.
fn text(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
