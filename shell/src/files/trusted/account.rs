//! The names of users and groups, from the system's own lists.

use std::io::Read;
use std::path::Path;

use super::{Exposure, read};

/// The largest list that is read, in bytes.
const MOST_LIST: u64 = 4 << 20;

/// The number of a group; none where `/etc/group` does not have it, or nobody may believe it.
pub(super) fn group(name: &str) -> Option<u32> {
    find(&list("/etc/group")?, 0, name, 2)?.parse().ok()
}

/// The name of a user, if `/etc/passwd` has one.
pub(crate) fn user(uid: u32) -> Option<String> {
    find(&list("/etc/passwd")?, 2, &uid.to_string(), 0).map(str::to_owned)
}

fn list(path: &str) -> Option<String> {
    let file = read(Path::new(path), Exposure::Readable).ok()?;
    let mut text = String::new();
    file.take(MOST_LIST).read_to_string(&mut text).ok()?;
    Some(text)
}

/// The field `wanted` of the first line whose field `key` is this.
fn find<'t>(list: &'t str, key: usize, is: &str, wanted: usize) -> Option<&'t str> {
    let line = list.lines().find(|line| line.split(':').nth(key) == Some(is))?;
    line.split(':').nth(wanted).filter(|field| !field.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_or_a_number_is_found_whole_and_in_its_own_field() {
        let groups = "root:x:0:\nbroken\nops:x:2000:alice,2001\nopsy:x:2001:\n:x:7:\n";
        assert_eq!(find(groups, 0, "ops", 2), Some("2000"));
        assert_eq!(find(groups, 2, "2001", 0), Some("opsy"));
        for (key, is, wanted) in [(0, "op", 2), (0, "broken", 2), (0, "2000", 2), (2, "7", 0)] {
            assert_eq!(find(groups, key, is, wanted), None, "{is}");
        }
    }
}
