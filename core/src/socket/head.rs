//! An HTTP/1.1 head (RFC 9112): found in the bytes that have come, and its header lines.
//!
//! This file finds where a head ends, within its limit, and reads header lines by name. It knows
//! neither requests nor answers: `accept.rs` and `connect.rs` do. httparse does the parsing.

use super::error::SocketError;

/// How many header lines are read; more are refused.
pub(super) const HEADER_LINES: usize = 64;

/// Looks for the blank line that ends a head, without looking at a byte twice however the bytes
/// are cut.
#[derive(Debug)]
pub(super) struct Collector {
    limit: usize,
    /// No line end before this place is followed by a blank line.
    seen: usize,
}

/// No blank line within the limit.
#[derive(Debug)]
pub(super) struct TooLong;

impl Collector {
    /// For a head of at most `limit` bytes, its blank line included.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, seen: 0 }
    }

    /// The most bytes that a head may have.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// The head at the front of `held`, its blank line included; none until more bytes come.
    /// `held` must begin with what it held at the last call.
    ///
    /// A blank line of a bare line feed is found too, so that such a head is refused as malformed
    /// at once and not by a deadline.
    pub(super) fn head<'a>(&mut self, held: &'a [u8]) -> Result<Option<&'a [u8]>, TooLong> {
        let within = held.get(..self.limit).unwrap_or(held);
        for at in self.seen..within.len() {
            let end = match within.get(at..).unwrap_or_default() {
                [b'\n', b'\n', ..] => at + 2,
                [b'\n', b'\r', b'\n', ..] => at + 3,
                _ => continue,
            };
            return Ok(within.get(..end));
        }
        self.seen = within.len().saturating_sub(2);
        if within.len() == self.limit { Err(TooLong) } else { Ok(None) }
    }
}

/// Whether a line ends in a bare line feed.
pub(super) fn has_bare_line_feed(head: &[u8]) -> bool {
    head.split(|&byte| byte == b'\n')
        .rev()
        .skip(1) // what follows the last line feed is no line
        .any(|line| !line.ends_with(b"\r"))
}

/// The header lines of a parsed head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Headers<'a>(pub(super) &'a [httparse::Header<'a>]);

impl<'a> Headers<'a> {
    /// Each value of `name`, in order.
    pub(super) fn all(self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value.trim_ascii())
    }

    /// The value of `name`, where it stands at most once.
    ///
    /// # Errors
    /// [`SocketError::Duplicate`] where it stands more than once.
    pub(super) fn one(self, name: &'static str) -> Result<Option<&'a [u8]>, SocketError> {
        let mut all = self.all(name);
        let first = all.next();
        match all.next() {
            Some(_) => Err(SocketError::Duplicate { header: name }),
            None => Ok(first),
        }
    }

    /// The value of `name`, where it stands exactly once.
    pub(super) fn only(self, name: &'static str) -> Option<&'a [u8]> {
        self.one(name).ok().flatten()
    }

    /// Each member of the comma-separated list `name`, which may stand on several lines
    /// (RFC 9110 §5.6.1).
    pub(super) fn list(self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.all(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|member| !member.is_empty())
    }

    /// What an error shows of `name`: its first two values in quotes, or `nothing`.
    pub(super) fn came(self, name: &'static str) -> String {
        let values: Vec<_> = self.all(name).take(2).map(quoted).collect();
        if values.is_empty() { "nothing".to_owned() } else { values.join(" and ") }
    }
}

/// Text from the other end, in quotes, cut to what an error may show.
pub(super) fn quoted(text: &[u8]) -> String {
    format!("'{}'", excerpt(text))
}

/// The first 80 characters of text from the other end; what is not printable ASCII is a `?`.
pub(super) fn excerpt(text: &[u8]) -> String {
    text.iter()
        .take(80)
        .map(|&byte| if matches!(byte, b' '..=b'~') { char::from(byte) } else { '?' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_at_its_blank_line_however_it_is_cut() {
        let bytes = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nrest\r\n\r\n";
        let whole = Collector::new(100).head(bytes).unwrap().unwrap();
        assert_eq!(whole, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut collector = Collector::new(100);
        for upto in 0..whole.len() {
            assert_eq!(collector.head(&bytes[..upto]).unwrap(), None, "{upto}");
        }
        assert_eq!(collector.head(&bytes[..whole.len()]).unwrap(), Some(whole));
    }

    #[test]
    fn a_blank_line_of_bare_line_feeds_is_found_and_told() {
        for head in [&b"A\n\n"[..], b"A\n\r\n", b"A\r\nB\n\r\n"] {
            assert_eq!(Collector::new(9).head(head).unwrap(), Some(head));
            assert!(has_bare_line_feed(head), "{head:?}");
        }
        assert!(!has_bare_line_feed(b"A\r\nB\r\n\r\n"));
    }

    #[test]
    fn a_head_of_the_limit_is_taken_and_one_byte_more_is_refused() {
        assert!(Collector::new(6).head(b"AB\r\n\r\n").unwrap().is_some());
        assert!(Collector::new(5).head(b"AB\r\n\r\n").is_err());
        // Who holds no more than the limit must hear it too.
        assert!(Collector::new(4).head(b"AB\r\n").is_err());
        assert!(Collector::new(5).head(b"AB\r\n").unwrap().is_none());
    }

    #[test]
    fn a_list_is_read_over_several_lines() {
        let lines = [
            httparse::Header { name: "connection", value: b"keep-alive , Upgrade" },
            httparse::Header { name: "Connection", value: b",x" },
        ];
        let headers = Headers(&lines);
        let members: Vec<_> = headers.list("Connection").collect();
        assert_eq!(members, [&b"keep-alive"[..], b"Upgrade", b"x"]);
        assert_eq!(headers.one("Connection"), Err(SocketError::Duplicate { header: "Connection" }));
        assert_eq!(headers.one("Host"), Ok(None));
    }

    #[test]
    fn an_excerpt_is_short_and_printable() {
        assert_eq!(excerpt(b"a\r\n\x1b[31m\xff"), "a???[31m?");
        assert_eq!(excerpt(&[b'x'; 200]).len(), 80);
    }
}
