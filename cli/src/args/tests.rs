//! What holds for every command, whatever it does.

use clap::{Command, CommandFactory, Parser};

use super::Arguments;

/// Commands that print something other than a result, and why `--json` would say nothing.
const NO_JSON: &[(&str, &str)] =
    &[("bowline completions", "a script for a shell"), ("bowline man", "pages for man(1)")];

/// Every command, with the words that it is typed with.
fn every_command() -> Vec<(String, Command)> {
    fn walk(command: &Command, typed: &str, all: &mut Vec<(String, Command)>) {
        all.push((typed.to_owned(), command.clone()));
        for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
            walk(inner, &format!("{typed} {}", inner.get_name()), all);
        }
    }
    let mut command = Arguments::command();
    command.build();
    let mut all = Vec::new();
    walk(&command, "bowline", &mut all);
    all
}

/// The lines below a command's options that are typed as they stand.
fn examples(command: &Command) -> Vec<String> {
    let below = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    below.lines().filter_map(|line| line.strip_prefix("  ")).map(str::to_owned).collect()
}

#[test]
fn the_tree_of_commands_is_well_formed() {
    Arguments::command().debug_assert();
    assert!(every_command().len() > 12);
}

#[test]
fn every_command_has_an_example_of_itself_in_its_help() {
    for (typed, command) in every_command() {
        let own = |line: &String| *line == typed || line.starts_with(&format!("{typed} "));
        assert!(examples(&command).iter().any(own), "'{typed}' has no line '  {typed} …'");
        assert!(command.get_about().is_some(), "'{typed}' does not say what it does");
    }
}

#[test]
fn every_example_is_understood() {
    let mut seen = 0;
    for (typed, command) in every_command() {
        for example in examples(&command) {
            if !example.starts_with("bowline ") {
                continue;
            }
            // What a shell does with input and output, and ids that are cut short for reading.
            let line = example.split(['<', '>', '|']).next().unwrap();
            let line = line
                .replace("JTI", "AAAAAAAAAAAAAAAAAAAAAA")
                .replace("hub_…", "hub_aaaaaaaaaaaaaaaaaaaaaaaaaa")
                .replace("sha256/…", "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
            match Arguments::try_parse_from(line.split_whitespace()) {
                Ok(_) => {}
                Err(error) if !error.use_stderr() => {}
                Err(error) => panic!("'{typed}' shows '{example}': {error}"),
            }
            seen += 1;
        }
    }
    assert!(seen > 12, "{seen}");
}

#[test]
fn every_command_that_prints_a_result_has_json() {
    for (typed, command) in every_command() {
        // Alone, such a command prints its help.
        if command.has_subcommands() {
            continue;
        }
        let json = command.get_arguments().any(|argument| argument.get_long() == Some("json"));
        let excused = NO_JSON.iter().any(|(excused, _)| *excused == typed);
        assert_ne!(json, excused, "'{typed}' has no --json, or has one and stands in NO_JSON");
    }
}

#[test]
fn every_option_says_what_it_is_for() {
    for (typed, command) in every_command() {
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "'{typed}': {}", argument.get_id());
        }
    }
}

#[test]
fn every_option_that_takes_a_value_says_what_it_expects_in_its_place() {
    let mut tried = 0;
    for (typed, command) in every_command() {
        for option in command.get_arguments().filter(|option| option.get_action().takes_values()) {
            let Some(long) = option.get_long() else { continue };
            for value in ["¤", "-1"] {
                let line = typed.split(' ').map(str::to_owned).chain([format!("--{long}={value}")]);
                let Err(error) = Arguments::try_parse_from(line) else { continue };
                let said = error.render().to_string();
                // What the standard library says of text that is no number, and so on.
                for bare in ["invalid digit", "invalid float", "provided string", "empty string"] {
                    assert!(!said.contains(bare), "{typed} --{long}: {said}");
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 20, "{tried}");
}
