//! What a refusal says and ends with, held to `docs/refusals.md`: a message that is asserted here
//! stands there, with its exit code, so that a stranger can look it up.
//!
//! A message is written with the names that the page uses for what differs (`FILE`, `HUB`, `PIN`);
//! a test says what they stand for.

use crate::bowline::Outcome;

/// The page.
const PAGE: &str = include_str!("../../docs/refusals.md");

/// What stands for a name of the page in one test.
pub type Names<'a> = &'a [(&'a str, &'a str)];

/// Holds what a program came to up to a refusal: exactly this
/// exit code, exactly this message, no result, and a line on the page that says the same.
///
/// # Panics
/// When anything of that is not so.
#[track_caller]
pub fn refused(outcome: &Outcome, exit: i32, says: &str, names: Names<'_>) {
    told(outcome, exit, says, names);
    documented(exit, says);
}

/// The same of `bowline run`, whose every failure of ours ends with 255.
///
/// # Panics
/// When anything of that is not so.
#[track_caller]
pub fn run_refused(outcome: &Outcome, exit: i32, says: &str, names: Names<'_>) {
    told(outcome, 255, says, names);
    documented(exit, says);
}

/// The same of what is typed wrongly, which the reader of the command line refuses in its own form.
///
/// # Panics
/// When anything of that is not so.
#[track_caller]
pub fn usage_refused(outcome: &Outcome, says: &str, names: Names<'_>) {
    let (code, out, err) = outcome;
    let more = "For more information, try '--help'.";
    assert_eq!(*err, format!("error: {}\n\n{more}\n", filled(says, names)));
    assert_eq!((*code, out.as_str()), (Some(2), ""), "{err}");
    documented(2, says);
}

#[track_caller]
fn told((code, out, err): &Outcome, exit: i32, says: &str, names: Names<'_>) {
    assert_eq!(*err, format!("bowline: {}\n", indented(&filled(says, names))));
    assert_eq!((*code, out.as_str()), (Some(exit), ""), "{err}");
}

/// A message as the program prints it: lines after the first never begin at the left.
#[must_use]
pub fn indented(message: &str) -> String {
    let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
    let rest = rest
        .lines()
        .map(|line| if line.starts_with("  ") { line.to_owned() } else { format!("  {line}") });
    std::iter::once(first.to_owned()).chain(rest).collect::<Vec<_>>().join("\n")
}

/// The message, with what its names stand for; a name is a whole word.
#[must_use]
pub fn filled(says: &str, names: Names<'_>) -> String {
    let is_of_a_word = |c: char| c.is_ascii_alphanumeric();
    let mut text = String::new();
    let mut rest = says;
    while !rest.is_empty() {
        let word = rest.find(|c| !is_of_a_word(c)).unwrap_or(rest.len());
        let end = if word > 0 { word } else { rest.find(is_of_a_word).unwrap_or(rest.len()) };
        let (piece, after) = rest.split_at(end);
        let value = names.iter().find(|(name, _)| *name == piece).map(|(_, value)| *value);
        text.push_str(value.unwrap_or(piece));
        rest = after;
    }
    text
}

/// Whether the page has this message with this exit code: in a row of a table, or in a block.
///
/// # Panics
/// When it has not.
#[track_caller]
pub fn documented(exit: i32, says: &str) {
    let (page, says) = (squeezed(PAGE), squeezed(says));
    let row = format!("| {exit} | `{says}` |");
    let block = format!("```text exit={exit} {says} ```");
    assert!(
        page.contains(&row) || page.contains(&block),
        "docs/refusals.md has neither\n{row}\nnor\n{block}"
    );
}

/// White space of any kind and length as one space.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
