//! A token as a person hands it on: by a mail, a chat or a file, whose lines are not the token's.
//!
//! A token holds no white space, so what a mail wrapped is put together again. What a mail has
//! changed is named: nobody can tell what it was before.
//!
//! spec: tokens §8.

use std::borrow::Cow;

use crate::text::unseen;

/// What has been done to a token on its way. Nothing of the token is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Wrapped {
    /// Lines begin as those of a quoted mail do.
    #[error(
        "its lines begin with '>', as a mail that is quoted has them: copy it from the mail that \
         brought it, or take the '>' out"
    )]
    Quoted,
    /// Lines end as those of quoted-printable do (RFC 2045 §6.7).
    #[error(
        "its lines end in '=', as the source of a mail has them (quoted-printable): copy it from the \
         mail as it is shown, or save it as an attachment"
    )]
    SoftBreaks,
    /// A character that nobody sees.
    #[error("its character {at} is {name} (U+{code:04X}), which cannot be seen: take it out")]
    Unseen {
        /// Its place, from 1.
        at: usize,
        /// What it is called.
        name: &'static str,
        /// Its number.
        code: u32,
    },
    /// Quotation marks around it.
    #[error("it stands in quotation marks: leave them out")]
    InQuotes,
    /// The shared secret.
    #[error("it is a shared secret and no token")]
    Secret,
}

/// The token without white space, around it and inside.
///
/// # Errors
/// [`Wrapped`]: white space is not all that came to it.
pub fn unwrapped(text: &str) -> Result<Cow<'_, str>, Wrapped> {
    let text = text.trim_start_matches('\u{FEFF}').trim();
    for (c, at) in text.chars().zip(1..) {
        if let Some(name) = unseen(c) {
            return Err(Wrapped::Unseen { at, name, code: c.into() });
        }
    }
    if text.starts_with(['"', '\'', '\u{201C}', '\u{2018}', '\u{201E}']) {
        return Err(Wrapped::InQuotes);
    }
    let lines = || text.lines().map(str::trim);
    if lines().any(|line| line.starts_with('>')) {
        return Err(Wrapped::Quoted);
    }
    // The last line's would be padding.
    if lines().rev().skip(1).any(|line| line.ends_with('=')) {
        return Err(Wrapped::SoftBreaks);
    }
    let is_secret = text.len() == SECRET && !text.contains(['.', ' ', '\n']);
    if is_secret {
        return Err(Wrapped::Secret);
    }
    if !text.contains(char::is_whitespace) {
        return Ok(Cow::Borrowed(text));
    }
    // Room for all of it, so that growing leaves no copy of the token behind.
    let mut token = String::with_capacity(text.len());
    token.extend(text.split_whitespace());
    Ok(Cow::Owned(token))
}

/// Characters of a shared secret (spec: admission §3).
const SECRET: usize = 43;

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJodWIifQ.AAAA_-BB";

    /// The token in lines of `width` with `before` and `after` each.
    fn lines(width: usize, before: &str, after: &str) -> String {
        let line = |piece: &[u8]| format!("{before}{}{after}", String::from_utf8_lossy(piece));
        TOKEN.as_bytes().chunks(width).map(line).collect()
    }

    #[test]
    fn a_token_that_a_mail_wrapped_is_put_together() {
        for wrapped in [
            TOKEN.to_owned(),
            format!("\u{feff} {TOKEN} \r\n"),
            lines(10, "", "\n"),
            lines(10, "  ", " \r\n"),
            lines(7, "\t", " "),
        ] {
            assert_eq!(unwrapped(&wrapped).as_deref(), Ok(TOKEN), "{wrapped:?}");
        }
        assert_eq!(unwrapped(" \n").as_deref(), Ok(""));
    }

    #[test]
    fn what_a_mail_changed_is_named() {
        for (wrapped, fault) in [
            (lines(10, "> ", "\n"), Wrapped::Quoted),
            (lines(10, ">", "\r\n"), Wrapped::Quoted),
            (lines(10, "", "=\n"), Wrapped::SoftBreaks),
            (lines(10, "", "=\r\n"), Wrapped::SoftBreaks),
            (format!("\"{TOKEN}\""), Wrapped::InQuotes),
            ("A".repeat(43), Wrapped::Secret),
            (
                TOKEN.replace("fQ.", "fQ\u{200b}."),
                Wrapped::Unseen { at: 40, name: "a zero-width space", code: 0x200B },
            ),
        ] {
            assert_eq!(unwrapped(&wrapped), Err(fault), "{wrapped:?}");
            assert!(!fault.to_string().contains("eyJ"));
        }
        // Padding is told as it is everywhere.
        let padded = format!("{TOKEN}=");
        assert_eq!(unwrapped(&padded).as_deref(), Ok(padded.as_str()));
    }
}
