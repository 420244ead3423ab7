//! What stands for a word of the pages here, and what is not run.

/// Words of a command and of what it is claimed to say, and what is typed in their place: the two
/// machines of a page are homes on this one, and other programs run beside. `PORT` is a free port.
pub(crate) const WORDS: &[(&str, &str)] = &[
    ("hub.example", "localhost"),
    ("0.0.0.0", "127.0.0.1"),
    ("7777", "PORT"),
    // A token that names no other machine's address is not made unless that is meant.
    ("bowline token issue", "bowline token issue --local"),
];

/// Commands in which a word is missing, and what is typed in their place: 7777 may be taken.
pub(crate) const WHOLE: &[(&str, &str)] = &[("bowline hub", "bowline hub --bind 127.0.0.1:PORT")];

/// What no page can know beforehand, and who said it.
pub(crate) const SAID: &[(&str, &str)] = &[
    // The token that was made last.
    ("JTI", "bowline: token "),
    // The hub that was started last.
    ("hub_…", "hub       "),
    ("sha256/…", "pin       "),
];

/// Commands that are shown and not run, by how they begin, and why.
pub(crate) const EXCUSED: &[(&str, &str)] = &[
    ("./demo", "builds the program; cli/tests/demo.rs plays it"),
    ("./test", "runs this test, among all others"),
    ("bowline man | man -l -", "needs man-db; 'bowline man' itself is run"),
];
