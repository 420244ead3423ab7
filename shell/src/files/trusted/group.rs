//! The one group whose members may do to our files what this user may.
//!
//! It is a fact about the whole process, like the user that it runs as: who starts it says so, and
//! from then on each step of each path is judged with it.

use core::fmt;
use core::str::FromStr;
use std::sync::OnceLock;

use super::account;
use crate::files::FileError;

/// A group as a person names it: by its name, or by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedGroup(String);

impl TrustedGroup {
    /// Trusts this group's permission bits from here on, everywhere in this process.
    ///
    /// # Errors
    /// [`FileError::Group`] where there is no group of that name, or another is trusted already.
    pub fn trust(&self) -> Result<(), FileError> {
        let refused = |reason| FileError::Group { group: self.0.clone(), reason };
        let number = self.0.parse().ok().or_else(|| account::group(&self.0));
        let number = number.ok_or_else(|| {
            refused("/etc/group has no such group: name one that it has, or give its number")
        })?;
        match *TRUSTED.get_or_init(|| number) == number {
            true => Ok(()),
            false => Err(refused("another group is trusted already: start anew to change it")),
        }
    }
}

/// The number of the group that is trusted.
pub(super) fn trusted() -> Option<u32> {
    TRUSTED.get().copied()
}

static TRUSTED: OnceLock<u32> = OnceLock::new();

impl FromStr for TrustedGroup {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            let shown = text.escape_debug();
            format!("'{shown}' is no group: expected its name, or its number, such as 2000")
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-@+ \\$".contains(c);
        let is_name = !text.is_empty() && text.len() <= 256 && text.chars().all(is_plain);
        // The highest number stands for none.
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let exists = !is_number || text.parse::<u32>().is_ok_and(|number| number != u32::MAX);
        match is_name && exists && !text.starts_with('-') {
            true => Ok(Self(text.to_owned())),
            false => Err(expected()),
        }
    }
}

impl fmt::Display for TrustedGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_a_name_or_a_number_and_nothing_else() {
        for text in ["ops", "2000", "0", "domain users", "CORP\\ops", "4294967294"] {
            assert_eq!(text.parse::<TrustedGroup>().unwrap().to_string(), text);
        }
        for text in ["", "-1", "4294967295", "99999999999", "a:b", "a\nb", "ops,wheel", "é"] {
            assert!(text.parse::<TrustedGroup>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_group_that_does_not_exist_is_not_trusted() {
        let error = TrustedGroup("no-such-group".into()).trust().unwrap_err().to_string();
        assert!(error.contains("no-such-group") && error.contains("or give its number"), "{error}");
    }
}
