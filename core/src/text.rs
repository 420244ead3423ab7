//! Text of another party, as one line that drives nothing.
//!
//! A hub's refusal, the result of a runner, a display name: whoever wrote them may be hostile, and
//! a person reads them beside lines of our own. [`Line`] holds such a text and shows it only with
//! everything escaped that would begin a line, move a cursor or hide or turn around what stands
//! beside it. What a program is to work on, JSON and tests, comes from [`Line::raw`].

use core::fmt;

/// A text that another party wrote. Its `Display` is one line without control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line(String);

impl Line {
    /// The text as it was written. It is not to be shown to a person.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Escaped(&self.0), f)
    }
}

/// Gives an error a `Debug` that is its sentence. `fn main() -> Result<(), Box<dyn Error>>` shows
/// an error by `Debug`, and what it shows is read by people. What the sentence quotes drives
/// nothing there; it has the lines that it has.
#[macro_export]
macro_rules! debug_as_display {
    ($($error:ty),+ $(,)?) => {
        $(impl ::core::fmt::Debug for $error {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Write::write_fmt(&mut $crate::text::Tame(f), format_args!("{self}"))
            }
        })+
    };
}

/// Passes text on with what [`is_unsafe`] names escaped, and keeps its lines.
#[derive(Debug)]
pub struct Tame<W>(pub W);

impl<W: fmt::Write> fmt::Write for Tame<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.split_inclusive('\n').try_for_each(|line| {
            let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
            write!(self.0, "{}{end}", Escaped(line))
        })
    }
}

/// Shows a borrowed text as [`Line`] does.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(is_unsafe) {
            let (plain, from) = rest.split_at(at);
            f.write_str(plain)?;
            let mut from = from.chars();
            if let Some(found) = from.next() {
                write!(f, "{}", found.escape_default())?;
            }
            rest = from.as_str();
        }
        f.write_str(rest)
    }
}

/// Whether a character could drive a terminal or mislead about what stands beside it.
///
/// These are the control characters (C0, DEL and C1, line feed and tab among them), what separates
/// lines and paragraphs, what turns the direction of writing around (UAX #9), and what is
/// invisible: zero-width spaces, word joiners and tags. U+200C and U+200D stay, as several scripts
/// and emoji are not written without them.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{00AD}'
                | '\u{061C}'
                | '\u{180E}'
                | '\u{200B}'
                | '\u{200E}'
                | '\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E007F}'
        )
}

/// What a character is called that cannot be seen, or not be told from a space; `None` for any that
/// can, and for the space, the tab and the line feed themselves.
#[must_use]
pub fn unseen(c: char) -> Option<&'static str> {
    Some(match c {
        ' ' | '\t' | '\n' | '\r' => return None,
        '\u{FEFF}' => "a byte order mark",
        '\u{200B}' => "a zero-width space",
        '\u{200C}' => "a zero-width non-joiner",
        '\u{200D}' => "a zero-width joiner",
        '\u{2060}' => "a word joiner",
        '\u{00AD}' => "a soft hyphen",
        '\u{00A0}' | '\u{202F}' => "a no-break space",
        '\u{2028}' | '\u{2029}' => "a separator of lines",
        '\u{061C}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}' => "a mark of the direction of writing",
        '\0' => "a NUL",
        '\u{1B}' => "an escape",
        c if c.is_control() => "a control character",
        c if c.is_whitespace() => "a space that is not the usual one",
        c if is_unsafe(c) => "a character that cannot be seen",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hostile_text_is_one_line_that_says_what_it_held() {
        for (text, shown) in [
            ("plain ä 語 👩‍🔧 \\n", "plain ä 語 👩‍🔧 \\n"),
            ("no\nbowline: warning: all is well", "no\\nbowline: warning: all is well"),
            ("a\rb\tc\u{0}\u{7f}", "a\\rb\\tc\\u{0}\\u{7f}"),
            ("\u{1b}[2J\u{9b}1A", "\\u{1b}[2J\\u{9b}1A"),
            ("\u{2028}\u{2029}\u{85}", "\\u{2028}\\u{2029}\\u{85}"),
            ("\u{202e}\u{2066}\u{200f}", "\\u{202e}\\u{2066}\\u{200f}"),
            ("\u{200b}\u{feff}\u{e0041}", "\\u{200b}\\u{feff}\\u{e0041}"),
            ("", ""),
        ] {
            assert_eq!(Line::from(text).to_string(), shown);
            assert_eq!(Line::from(text).raw(), text);
        }
    }

    #[test]
    fn the_debug_of_an_error_is_its_sentence_and_drives_nothing() {
        struct Error(&'static str);
        impl fmt::Display for Error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)
            }
        }
        crate::debug_as_display!(Error);
        assert_eq!(format!("{:?}", Error("a\u{1b}[2K\r'ö'\n  b\n")), "a\\u{1b}[2K\\r'ö'\n  b\n");
        assert_eq!(format!("{:?}", Error("")), "");
    }

    #[test]
    fn what_cannot_be_seen_has_a_name() {
        for (c, name) in [
            ('\u{feff}', Some("a byte order mark")),
            ('\u{200b}', Some("a zero-width space")),
            ('\u{a0}', Some("a no-break space")),
            ('\u{3000}', Some("a space that is not the usual one")),
            ('\u{202e}', Some("a mark of the direction of writing")),
            ('\u{1}', Some("a control character")),
            ('\u{e0041}', Some("a character that cannot be seen")),
            (' ', None),
            ('\n', None),
            ('ä', None),
        ] {
            assert_eq!(unseen(c), name, "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_shown_with_anything_unsafe_in_it(text in any::<String>()) {
            let shown = Line::from(text.as_str()).to_string();
            prop_assert!(!shown.contains(is_unsafe), "{shown:?}");
            if !text.contains(is_unsafe) {
                prop_assert_eq!(shown, text);
            }
        }
    }
}
