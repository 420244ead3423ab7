//! The name of a call at a hub.

use core::fmt;
use core::str::FromStr;

/// The name of a call, printed as `GENERATION-NUMBER`: a hub never gives one twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallName {
    /// How often the hub had started.
    pub generation: u64,
    /// The call's number since that start.
    pub number: u64,
}

impl fmt::Display for CallName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.generation, self.number)
    }
}

/// Text that is no name of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a call: two numbers, as 1-7")]
pub struct NoCallName;

impl FromStr for CallName {
    type Err = NoCallName;

    /// The name that `text` spells, in its one spelling.
    fn from_str(text: &str) -> Result<Self, NoCallName> {
        let whole = |digits: &str| digits.parse().map_err(|_| NoCallName);
        let (generation, number) = text.split_once('-').ok_or(NoCallName)?;
        let name = Self { generation: whole(generation)?, number: whole(number)? };
        if name.to_string() == text { Ok(name) } else { Err(NoCallName) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_has_one_spelling() {
        let name = CallName { generation: 7, number: 12 };
        assert_eq!(name.to_string(), "7-12");
        assert_eq!("7-12".parse(), Ok(name));
        for bad in ["", "7", "7-", "-12", "7-12-3", "07-12", "7-+12", "7 -12", "x-1"] {
            assert_eq!(bad.parse::<CallName>(), Err(NoCallName), "{bad:?}");
        }
    }
}
