//! Files that a person writes are UTF-8 text. A byte order mark at the start means nothing and is
//! passed over; what some systems write in the place of UTF-8 is named.

/// Why bytes are not text that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotText {
    /// UTF-16, the lower byte first: with a byte order mark, or every other byte zero.
    #[error("it is UTF-16 (little-endian), as PowerShell and Notepad write it: save it as UTF-8")]
    Utf16Le,
    /// UTF-16, the higher byte first.
    #[error("it is UTF-16 (big-endian): save it as UTF-8")]
    Utf16Be,
    /// UTF-32, with a byte order mark.
    #[error("it is UTF-32: save it as UTF-8")]
    Utf32,
    /// Another encoding, or no text.
    #[error("it is not UTF-8 text: see its byte {at}")]
    Other {
        /// The first byte that is wrong, counted from 1.
        at: usize,
    },
}

/// The text, without a byte order mark.
///
/// # Errors
/// [`NotText`]
pub fn text(bytes: &[u8]) -> Result<&str, NotText> {
    let bytes = unmarked(bytes)?;
    core::str::from_utf8(bytes).map_err(|error| NotText::Other { at: error.valid_up_to() + 1 })
}

/// The bytes, without a byte order mark: PEM may have anything beside its blocks.
///
/// # Errors
/// [`NotText`] of UTF-16 and UTF-32.
pub fn unmarked(bytes: &[u8]) -> Result<&[u8], NotText> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => return Ok(rest),
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => return Err(NotText::Utf32),
        [0xFF, 0xFE, ..] => return Err(NotText::Utf16Le),
        [0xFE, 0xFF, ..] => return Err(NotText::Utf16Be),
        _ => {}
    }
    let start = &bytes[..bytes.len().min(LOOKED_AT)];
    let every_other = |first: usize| {
        let mut zeros = start.iter().skip(first).step_by(2);
        let mut others = start.iter().skip(1 - first).step_by(2);
        start.len() >= 4 && zeros.all(|byte| *byte == 0) && others.all(|byte| *byte != 0)
    };
    match (every_other(1), every_other(0)) {
        (true, _) => Err(NotText::Utf16Le),
        (_, true) => Err(NotText::Utf16Be),
        _ => Ok(bytes),
    }
}

/// Bytes that show an encoding without a byte order mark.
const LOOKED_AT: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn a_mark_is_passed_over_and_another_encoding_is_named() {
        assert_eq!(text("\u{feff}a ä\n".as_bytes()), Ok("a ä\n"));
        assert_eq!(text(b""), Ok(""));
        // Only the first one is a mark.
        assert_eq!(text("\u{feff}\u{feff}".as_bytes()), Ok("\u{feff}"));
        for mark in ["", "\u{feff}"] {
            let written = format!("{mark}id = \"web-1\"");
            assert_eq!(text(&utf16(&written, u16::to_le_bytes)), Err(NotText::Utf16Le), "{mark:?}");
            assert_eq!(text(&utf16(&written, u16::to_be_bytes)), Err(NotText::Utf16Be), "{mark:?}");
        }
        assert_eq!(text(b"\xFF\xFE\0\0a\0\0\0"), Err(NotText::Utf32));
        assert_eq!(text(b"gr\xFC\xDFe"), Err(NotText::Other { at: 3 }));
        assert_eq!(unmarked(b"\xEF\xBB\xBFgr\xFC\xDFe"), Ok(&b"gr\xFC\xDFe"[..]));
        // A zero byte is no sign by itself.
        assert_eq!(text(b"a\0bc"), Ok("a\0bc"));
    }
}
