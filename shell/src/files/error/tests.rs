//! Commands that messages show do what they say when they are pasted, whatever a file is called.

use std::ffi::OsStr;
use std::process::Command;

use super::*;

/// What files may be called, and a shell could take for something else.
const NAMES: &[&[u8]] = &[
    b"/srv/plain-1.key",
    b"-rf",
    b"- x",
    b"=x",
    b"a b",
    b"it's \"here\"",
    b"$HOME `id` $(id) \\",
    b"~root/*?[a]{b,c}!!#%^&;|<>()",
    b"one\ntwo",
    b"tab\t\r\x1b[2J",
    b"\xff\xfe%s\\n",
    "größe 語 a\u{a0}b\u{200b}c\u{202e}".as_bytes(),
];

/// The words that a POSIX shell makes of a command line.
fn words(command: &str) -> Vec<Vec<u8>> {
    let script = format!("printf '%s\\0' {command}");
    let out = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(out.status.success(), "{script}: {out:?}");
    let mut words: Vec<_> = out.stdout.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    assert_eq!(words.pop().as_deref(), Some(&b""[..]));
    words
}

/// The command that stands between single quotes in a message; one behind a backslash ends none.
fn command(message: &str) -> &str {
    let (_, command) = message.split_once("run '").unwrap();
    let mut is_escaped = false;
    let end = command.find(|c| {
        let ends = c == '\'' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    });
    &command[..end.unwrap()]
}

/// As a command gets the path: never as an option.
fn named(name: &[u8]) -> Vec<u8> {
    if name.starts_with(b"-") { [b"./", name].concat() } else { name.to_vec() }
}

#[test]
fn a_path_is_one_word_and_no_option_whatever_it_is_called() {
    for name in NAMES {
        let word = word(Path::new(OsStr::from_bytes(name)));
        assert!(!word.contains(bowline_core::text::is_unsafe), "{word:?}");
        assert_eq!(words(&word), [named(name)], "{word}");
    }
}

#[test]
fn every_hint_about_a_file_is_a_command_for_that_file() {
    for name in NAMES {
        let path = || PathBuf::from(OsStr::from_bytes(name));
        let (mode, what) = (0o644, "read");
        let exposed = |remedy| FileError::Exposed { path: path(), mode, what, remedy };
        for (error, expected) in [
            (exposed(Remedy::Chmod("600")), &["chmod", "600"][..]),
            (exposed(Remedy::AsRoot("go-w")), &["chmod", "go-w"]),
            (FileError::Foreign { path: path(), owner: 65_533, own: 0 }, &["chown", "-h", "0"]),
            (FileError::Encrypted { path: path() }, &["openssl", "pkey", "-in"]),
        ] {
            let message = error.to_string();
            let mut shown = words(command(&message));
            shown.truncate(expected.len() + 1);
            let mut expected: Vec<_> =
                expected.iter().map(|word| word.as_bytes().to_vec()).collect();
            expected.push(named(name));
            assert_eq!(shown, expected, "{message}");
        }
    }
}
