//! Where a value comes from, and how bytes are spelled in it.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use bowline_shell::files::{read_shown, text, unmarked};
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};

use crate::args::Encoding;
use crate::exit::Failure;
use crate::stdio;

/// The largest value that is read, in bytes. The largest message has 1 MiB, which hexadecimal with
/// spaces makes three times longer.
const MOST: u64 = 4 << 20;

/// The value, what is in the file after an @, or standard input for a dash.
///
/// # Errors
/// Nothing can be read there, or more than [`MOST`].
pub(super) fn read(value: &OsStr) -> Result<Vec<u8>, Failure> {
    if value == "-" {
        return bounded(stdio::input());
    }
    let Some(path) = value.as_bytes().strip_prefix(b"@") else {
        return Ok(value.as_bytes().to_vec());
    };
    let path = OsString::from_vec(path.to_vec());
    read_shown(Path::new(&path)).map_err(Failure::usage)
}

/// As [`read`], of text: without the white space around it.
///
/// # Errors
/// As [`read`].
pub(super) fn read_text(value: &OsStr) -> Result<Result<String, String>, Failure> {
    let bytes = read(value)?;
    let read = text(&bytes).map(|text| text.trim().to_owned());
    Ok(read.map_err(|fault| fault.to_string()))
}

fn bounded(source: impl Read) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = source.take(MOST + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::usage(format!("cannot read standard input: {error}")))?;
    if bytes.len() as u64 > MOST {
        return Err(Failure::usage(format!("standard input holds more than {MOST} bytes")));
    }
    Ok(bytes)
}

/// The bytes that are spelled by `given`, and how they are spelled.
///
/// # Errors
/// Why they are not spelled like that.
pub(super) fn decode(
    given: &[u8],
    encoding: Option<Encoding>,
) -> Result<(Vec<u8>, Encoding), String> {
    let given = match (encoding, given) {
        (Some(Encoding::Raw), _) => given,
        // Bytes as they are may look like UTF-16 without its mark, but no frame begins as a mark.
        (None, [first, ..]) if !matches!(first, 0xEF | 0xFE | 0xFF) => given,
        _ => unmarked(given).map_err(|fault| fault.to_string())?,
    };
    let encoding = encoding.unwrap_or_else(|| guess(given));
    let bytes = match encoding {
        Encoding::Raw => given.to_vec(),
        Encoding::Hex => hex(given)?,
        Encoding::Base64 => base64(given, "base64", "+/", |text| BASE64_NOPAD.decode(text).ok())?,
        Encoding::Base64url => {
            base64(given, "URL-safe base64", "-_", |text| BASE64URL_NOPAD.decode(text).ok())?
        }
    };
    Ok((bytes, encoding))
}

/// What is not text is taken as it is; digits of hexadecimal alone are hexadecimal, although base64
/// could look like that; else the two signs of the URL-safe alphabet tell.
fn guess(given: &[u8]) -> Encoding {
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    if !given.iter().all(is_text) {
        return Encoding::Raw;
    }
    if digits(given).iter().all(u8::is_ascii_hexdigit) {
        return Encoding::Hex;
    }
    if given.iter().any(|byte| matches!(byte, b'-' | b'_')) {
        return Encoding::Base64url;
    }
    Encoding::Base64
}

/// What is left of hexadecimal without what separates its bytes.
fn digits(given: &[u8]) -> Vec<u8> {
    given
        .split(|byte| byte.is_ascii_whitespace() || matches!(byte, b':' | b','))
        .flat_map(|word| word.strip_prefix(b"0x").or(word.strip_prefix(b"0X")).unwrap_or(word))
        .copied()
        .collect()
}

fn hex(given: &[u8]) -> Result<Vec<u8>, String> {
    let digits = digits(given);
    if let Some(at) = digits.iter().position(|byte| !byte.is_ascii_hexdigit()) {
        return Err(format!("character {} is no digit of hexadecimal", at + 1));
    }
    HEXLOWER_PERMISSIVE
        .decode(&digits)
        .map_err(|_| format!("{} digits of hexadecimal are no whole bytes", digits.len()))
}

fn base64(
    given: &[u8],
    name: &str,
    signs: &str,
    decode: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, String> {
    let text: Vec<u8> = given.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let text = &text[..text.len() - padding.min(2)];
    let is_known = |byte: &u8| byte.is_ascii_alphanumeric() || signs.as_bytes().contains(byte);
    if let Some(at) = text.iter().position(|byte| !is_known(byte)) {
        return Err(format!("character {} is not of {name} (A-Z a-z 0-9 {signs})", at + 1));
    }
    if text.len() % 4 == 1 {
        return Err(format!("{} characters of {name} are no whole bytes", text.len()));
    }
    decode(text).ok_or_else(|| format!("the last character of the {name} has stray bits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: [u8; 5] = [0x82, 0x10, 0xA1, 0x00, 0x01];

    #[test]
    fn the_encoding_is_told_by_looking_at_it() {
        for (given, encoding) in [
            ("8210a10001", Encoding::Hex),
            ("0x82, 0x10, 0xA1,0x00 0x01", Encoding::Hex),
            ("82:10:A1:00:01\n", Encoding::Hex),
            ("ghChAAE=", Encoding::Base64),
            ("ghCh\nAAE", Encoding::Base64),
        ] {
            assert_eq!(decode(given.as_bytes(), None), Ok((BYTES.to_vec(), encoding)), "{given}");
        }
        assert_eq!(decode(&BYTES, None), Ok((BYTES.to_vec(), Encoding::Raw)));
        assert_eq!(decode(b"-_8", None), Ok((vec![0xFB, 0xFF], Encoding::Base64url)));
        // Of hexadecimal digits alone, and base64 all the same where one says so.
        assert_eq!(decode(b"8210", None).unwrap().1, Encoding::Hex);
        assert_eq!(decode(b"8210", Some(Encoding::Base64)).unwrap().0, [0xF3, 0x6D, 0x74]);
        assert_eq!(decode(b"8210", Some(Encoding::Raw)).unwrap().0, b"8210");
    }

    #[test]
    fn a_byte_order_mark_is_passed_over_and_utf_16_is_named() {
        for encoding in [None, Some(Encoding::Hex)] {
            let read = decode("\u{feff}8210a10001".as_bytes(), encoding);
            assert_eq!(read, Ok((BYTES.to_vec(), Encoding::Hex)));
            let utf16: Vec<u8> =
                "\u{feff}8210a1".encode_utf16().flat_map(u16::to_le_bytes).collect();
            let reason = decode(&utf16, encoding).unwrap_err();
            assert!(reason.starts_with("it is UTF-16 (little-endian)"), "{reason}");
        }
        // As it is, whatever it looks like.
        for (bytes, encoding) in
            [(&b"\x82\0\x81\0"[..], None), (b"\xEF\xBB\xBF8", Some(Encoding::Raw))]
        {
            assert_eq!(decode(bytes, encoding), Ok((bytes.to_vec(), Encoding::Raw)));
        }
    }

    #[test]
    fn what_is_wrong_with_a_spelling_is_told() {
        for (given, encoding, reason) in [
            ("821", None, "3 digits of hexadecimal are no whole bytes"),
            ("82 1g", Some(Encoding::Hex), "character 4 is no digit of hexadecimal"),
            ("gh!h", None, "character 3 is not of base64 (A-Z a-z 0-9 +/)"),
            ("gh-+", None, "character 4 is not of URL-safe base64 (A-Z a-z 0-9 -_)"),
            ("ghChg", None, "5 characters of base64 are no whole bytes"),
            ("ghChAAF=", None, "the last character of the base64 has stray bits"),
        ] {
            assert_eq!(decode(given.as_bytes(), encoding), Err(reason.to_owned()), "{given}");
        }
    }
}
