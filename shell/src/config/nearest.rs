//! The known name that a mistyped one most likely meant.

/// The nearest of `known` to `typed`, if it is near enough to have been meant.
///
/// Near is at most a third of the known name's letters changed, and at least one change is always
/// allowed. Of two that are equally near, the first.
pub(crate) fn nearest<'a>(typed: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|name| (distance(typed, name), *name))
        .filter(|(changes, name)| *changes <= (name.len() / 3).max(1))
        .min_by_key(|(changes, _)| *changes)
        .map(|(_, name)| name)
}

/// How many insertions, deletions, substitutions and swaps of neighbours turn `a` into `b`
/// (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    // A key of unbounded length would cost its length times the name's; nothing long is near.
    let a: Vec<char> = a.chars().take(64).collect();
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let substituted = last[j] + usize::from(x != y);
            let mut best = substituted.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = core::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swap_of_neighbours_is_one_change() {
        assert_eq!(distance("bnid", "bind"), 1);
        assert_eq!(distance("", "bind"), 4);
        assert_eq!(distance("hostname", "hostnames"), 1);
        assert_eq!(distance("mode", "mode"), 0);
    }

    #[test]
    fn a_name_that_is_far_from_all_suggests_nothing() {
        assert_eq!(nearest("bnid", &["name", "bind"]), Some("bind"));
        assert_eq!(nearest("colour", &["name", "bind"]), None);
        assert_eq!(nearest(&"x".repeat(100_000), &["name"]), None);
    }
}
