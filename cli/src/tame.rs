//! Output of a command as it may stand on a terminal that others' lines share.
//!
//! ```text
//! text ── ESC ──► escape ── '[' ──► parameters ── 'm' ──► looks: passed on
//!   ▲               │ other             │ other than 0-9 ; :, too many, or none of the looks
//!   └───────────────┴── shown escaped ──┘
//! ```
//!
//! Of all control sequences only SGR (ECMA-48 §8.3.117, the look of characters) is passed on, of
//! that only colours, bold, faint, italic and underline, and it is reset where the line ends.
//! Everything else that moves the cursor, erases, retitles or hides is shown escaped, and so is
//! what is no UTF-8. It works on one line, which the caller holds until its end or its bound; a
//! sequence that a bound has cut is none, and both of its halves are shown.

use bowline_core::text::{Escaped, is_unsafe};

/// Parameters of one sequence, at most: 16 of three digits, with what separates them.
const PARAMETERS: usize = 64;

/// Puts `line`, which has no line feed, behind `shown`.
pub(crate) fn line(line: &[u8], shown: &mut Vec<u8>) {
    // The end of a line as some systems write it.
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut is_coloured = false;
    for chunk in line.utf8_chunks() {
        is_coloured |= text(chunk.valid(), shown);
        for byte in chunk.invalid() {
            shown.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        }
    }
    if is_coloured {
        shown.extend_from_slice(b"\x1b[0m");
    }
}

/// Bytes at the end of `line` that more of it may make a control sequence, or the end of a line,
/// of.
pub(crate) fn unfinished(line: &[u8]) -> usize {
    let ends = line.iter().rev().take_while(|&&byte| byte == b'\r').count();
    if ends > 0 {
        return ends;
    }
    let last = &line[line.len().saturating_sub("\x1b[".len() + PARAMETERS)..];
    let Some(at) = last.iter().rposition(|&byte| byte == b'\x1b') else { return 0 };
    match &last[at..] {
        [_] => 1,
        [_, b'[', parameters @ ..] if parameters.iter().all(is_parameter) => last.len() - at,
        _ => 0,
    }
}

/// Whether there was colour in it.
fn text(text: &str, shown: &mut Vec<u8>) -> bool {
    let (mut rest, mut is_coloured) = (text, false);
    while let Some(at) = rest.find(|c| is_unsafe(c) && c != '\t') {
        let (plain, from) = rest.split_at(at);
        shown.extend_from_slice(plain.as_bytes());
        let length = match colour(from) {
            Some(length) => {
                is_coloured = true;
                shown.extend_from_slice(&from.as_bytes()[..length]);
                length
            }
            None => {
                let length = from.chars().next().map_or(from.len(), char::len_utf8);
                shown.extend_from_slice(Escaped(&from[..length]).to_string().as_bytes());
                length
            }
        };
        rest = &from[length..];
    }
    shown.extend_from_slice(rest.as_bytes());
    is_coloured
}

/// The length of the SGR sequence that `text` begins with.
fn colour(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\x1b[")?;
    let length = parameters.bytes().take(PARAMETERS + 1).take_while(is_parameter).count();
    let is_sequence = length <= PARAMETERS && parameters.as_bytes().get(length) == Some(&b'm');
    let is_shown = is_sequence && has_only_looks(&parameters[..length]);
    is_shown.then_some("\x1b[".len() + length + 1)
}

fn is_parameter(byte: &u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b';' | b':')
}

/// Whether every parameter is one that neither hides text nor makes it blink.
fn has_only_looks(parameters: &str) -> bool {
    let mut parameters = parameters.split(';');
    while let Some(parameter) = parameters.next() {
        let (name, details) = parameter
            .split_once(':')
            .map_or((parameter, None), |(name, details)| (name, Some(details)));
        // One that is left out is 0.
        let number = if name.is_empty() { Ok(0) } else { name.parse::<u8>() };
        let is_look = match (number, details) {
            (Ok(4 | 38 | 48), Some(_)) => true,
            // The colour itself stands in the parameters behind.
            (Ok(38 | 48), None) => match parameters.next() {
                Some("5") => parameters.next().is_some(),
                Some("2") => parameters.by_ref().take(3).count() == 3,
                _ => false,
            },
            (Ok(0..=4 | 21..=24 | 30..=37 | 39..=47 | 49 | 90..=107), None) => true,
            _ => false,
        };
        if !is_look {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        let mut shown = Vec::new();
        line(bytes, &mut shown);
        String::from_utf8(shown).unwrap()
    }

    #[test]
    fn colour_stays_and_ends_with_its_line() {
        assert_eq!(shown(b"plain\ttext"), "plain\ttext");
        assert_eq!(shown(b"\x1b[1;31mred\x1b[m."), "\x1b[1;31mred\x1b[m.\x1b[0m");
        assert_eq!(shown(b"\x1b[38:2::1:2:3mx"), "\x1b[38:2::1:2:3mx\x1b[0m");
        let most = format!("\x1b[{}m", "1;".repeat(PARAMETERS / 2));
        assert_eq!(shown(most.as_bytes()), format!("{most}\x1b[0m"));
    }

    #[test]
    fn looks_that_hide_text_or_blink_are_shown_and_not_done() {
        for hidden in [
            "5",
            "6",
            "7",
            "8",
            "25",
            "58;5;1",
            "1;8",
            "31;5",
            "38;5;1;8",
            "38;2;1;2;3;5",
            "8:1",
            "38;5",
            "38;2;1;2",
            "38;8",
            "38;5:5",
            "0:8",
            "08",
            "256",
            "10",
            "108",
        ] {
            let sequence = format!("\x1b[{hidden}mx");
            assert_eq!(shown(sequence.as_bytes()), format!("\\u{{1b}}[{hidden}mx"));
        }
        for look in ["38;5;8", "48;2;5;6;8", "38;5;8;1", "38:5:8", "4:3", "01;34", "97;107", ";1"] {
            let sequence = format!("\x1b[{look}mx");
            assert_eq!(shown(sequence.as_bytes()), format!("{sequence}\x1b[0m"));
        }
    }

    #[test]
    fn whatever_else_drives_a_terminal_is_shown_and_not_done() {
        for (bytes, text) in [
            (&b"\x1b[2K\x1b[1A"[..], "\\u{1b}[2K\\u{1b}[1A"),
            (b"10%\r20%\r", "10%\\r20%"),
            (b"\x1b]0;title\x07", "\\u{1b}]0;title\\u{7}"),
            (b"\x1b]8;;https://h\x1b\\x", "\\u{1b}]8;;https://h\\u{1b}\\x"),
            (b"\x1bc\x08\x0e", "\\u{1b}c\\u{8}\\u{e}"),
            (b"\x1b[>4m\x1b[?25l\x1b[ m", "\\u{1b}[>4m\\u{1b}[?25l\\u{1b}[ m"),
            (b"\x1b[31", "\\u{1b}[31"),
            (b"\x1b", "\\u{1b}"),
            (b"\xc2\x9b1A\x9b1A\xff", "\\u{9b}1A\\x9b1A\\xff"),
            ("\u{202e}\u{2028}".as_bytes(), "\\u{202e}\\u{2028}"),
        ] {
            assert_eq!(shown(bytes), text, "{bytes:?}");
        }
        let long = format!("\x1b[{}1m", "1;".repeat(PARAMETERS / 2));
        assert_eq!(shown(long.as_bytes()), format!("\\u{{1b}}{}", &long[1..]));
    }
    #[test]
    fn what_may_become_a_sequence_or_the_end_of_a_line_is_told_from_text() {
        for (bytes, rest) in [
            (&b""[..], 0),
            (b"text", 0),
            (b"10%\r", 1),
            (b"10%\r\r", 2),
            (b"red \x1b", 1),
            (b"red \x1b[", 2),
            (b"red \x1b[1;31", 6),
            (b"red \x1b[1;31m", 0),
            (b"\x1b]0;title", 0),
        ] {
            assert_eq!(unfinished(bytes), rest, "{bytes:?}");
        }
        let most = format!("\x1b[{}", "1;".repeat(PARAMETERS / 2));
        assert_eq!(unfinished(most.as_bytes()), most.len());
        assert_eq!(unfinished(format!("{most};").as_bytes()), 0);
    }
}
