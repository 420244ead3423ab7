//! Words of a POSIX shell: a command that a message shows can be pasted as it stands.
//!
//! Messages set commands between single quotes (`run 'chmod 600 FILE'`), so a word is quoted by
//! backslashes, which need none of their own. What cannot be seen, or is not UTF-8, is spelled out
//! for `printf`, so that a message stays one line and says what is there.

use crate::text::is_unsafe;

/// `word` as one word of a POSIX shell.
///
/// A word that begins with a dash is still an option to the command that gets it; see [`file()`].
#[must_use]
pub fn word(word: &[u8]) -> String {
    match core::str::from_utf8(word) {
        Ok("") => "''".to_owned(),
        Ok(text) if text.chars().all(is_seen) => escaped(text),
        _ => spelled(word),
    }
}

/// The path of a file as one word of a POSIX shell, which no command takes for an option.
#[must_use]
pub fn file(path: &[u8]) -> String {
    match path.starts_with(b"-") {
        true => word(&[b"./", path].concat()),
        false => word(path),
    }
}

fn is_seen(c: char) -> bool {
    c == ' ' || !(is_unsafe(c) || c.is_whitespace() || matches!(c, '\u{200C}' | '\u{200D}'))
}

/// A backslash before each character that a shell might take for its own.
fn escaped(text: &str) -> String {
    let mut word = String::with_capacity(text.len() + 8);
    for (n, c) in text.chars().enumerate() {
        // zsh looks for a program behind a '=' that begins a word.
        let is_plain = !c.is_ascii() || is_plain(c) && !(c == '=' && n == 0);
        if !is_plain {
            word.push('\\');
        }
        word.push(c);
    }
    word
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c)
}

/// Bytes in octal, which a shell's `printf` makes of them again.
fn spelled(bytes: &[u8]) -> String {
    // What ends in line feeds would lose them to "$(…)".
    let (open, escape, close) = match bytes.ends_with(b"\n") {
        true => ("$'", "\\", "'"),
        false => ("\"$(printf ", "\\\\", ")\""),
    };
    let mut word = open.to_owned();
    for (n, &byte) in bytes.iter().enumerate() {
        let c = char::from(byte);
        let is_literal = is_plain(c) && c != '%' && !(n == 0 && matches!(c, '-' | '='));
        match is_literal {
            true => word.push(c),
            false => word.push_str(&format!("{escape}{byte:03o}")),
        }
    }
    word.push_str(close);
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_plain_escaped_or_spelled_out() {
        for (text, shown) in [
            ("/srv/web-1/secret.key", "/srv/web-1/secret.key"),
            ("", "''"),
            ("/my data/it's \"here\"", "/my\\ data/it\\'s\\ \\\"here\\\""),
            (
                "~/$HOME;`id`&(a|b)<c>*?[d]{e}!#^\\",
                "\\~/\\$HOME\\;\\`id\\`\\&\\(a\\|b\\)\\<c\\>\\*\\?\\[d\\]\\{e\\}\\!\\#\\^\\\\",
            ),
            ("=ls", "\\=ls"),
            ("/größe/語", "/größe/語"),
            ("a\nb", "\"$(printf a\\\\012b)\""),
            ("/a\u{a0}\u{200b}", "\"$(printf /a\\\\302\\\\240\\\\342\\\\200\\\\213)\""),
            ("%d\t", "\"$(printf \\\\045d\\\\011)\""),
            ("a\n", "$'a\\012'"),
        ] {
            assert_eq!(word(text.as_bytes()), shown, "{text:?}");
        }
        assert_eq!(word(b"/\xff"), "\"$(printf /\\\\377)\"");
    }

    #[test]
    fn the_path_of_a_file_is_no_option() {
        assert_eq!(file(b"-rf"), "./-rf");
        assert_eq!(file(b"-\n-"), "\"$(printf ./-\\\\012-)\"");
        assert_eq!(file(b"a-b"), "a-b");
        assert_eq!(word(b"-\x01"), "\"$(printf \\\\055\\\\001)\"");
    }
}
