//! What to do next, in the words of who types commands. `bowline_shell::advice` has the sentences,
//! and `docs/refusals.md` shows them.

use std::borrow::Cow;

use bowline_core::code::Code;
use bowline_core::link::Ended;
use bowline_core::remedy::Remedy;
use bowline_core::session::Side;
use bowline_shell::advice::{Audience, advice};

#[cfg(test)]
pub(crate) mod tests;

/// What to do at the peer about a link's end; `None` where nothing is to be done.
pub(crate) fn of_ended(ended: &Ended) -> Option<Cow<'static, str>> {
    words(ended.remedy(Side::Peer)?)
}

/// What to do at the hub about a link's end there; `None` where nothing is, or the reason says it.
pub(crate) fn at_hub(ended: &Ended) -> Option<Cow<'static, str>> {
    words(ended.remedy(Side::Hub)?)
}

/// What to do about a code alone; `None` where there is nothing.
pub(crate) fn of_code(code: Code) -> Option<Cow<'static, str>> {
    words(Remedy::of(code))
}

pub(crate) fn words(remedy: Remedy<'_>) -> Option<Cow<'static, str>> {
    advice(remedy, Audience::CommandLine)
}
