//! Whether what a command said is what its page claims.

/// Whether all of `said` is what was claimed, line by line: `…` in a line is any text, a line `…`
/// any lines.
pub(crate) fn holds(claims: &[String], said: &[&str]) -> bool {
    let Some((claim, claims)) = claims.split_first() else { return said.is_empty() };
    if claim.trim() == "…" {
        return (0..=said.len()).any(|passed| holds(claims, &said[passed..]));
    }
    match said.split_first() {
        Some((line, rest)) => is_like(claim, line) && holds(claims, rest),
        None => false,
    }
}

/// Whether a line is a pattern's.
fn is_like(pattern: &str, line: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('…') else { return pattern.trim_end() == line };
    let Some(line) = line.strip_prefix(start) else { return false };
    let ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
    ends.into_iter().any(|at| is_like(rest, &line[at..]))
}

#[test]
fn a_claim_is_the_whole_of_what_was_said() {
    let claims = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    for (claimed, said, holds_true) in [
        ("a", "a", true),
        ("a", "a\nb", false),
        ("a\nb", "a", false),
        ("hub_…", "hub_x", true),
        ("hub_…=", "hub_x", false),
        ("a … c … e", "a b c d e", true),
        ("a\n…", "a", true),
        ("a\n…\nd", "a\nb\nc\nd", true),
        ("…\nb", "a\nc", false),
    ] {
        let said: Vec<_> = said.lines().collect();
        assert_eq!(holds(&claims(claimed), &said), holds_true, "{claimed:?} {said:?}");
    }
}
