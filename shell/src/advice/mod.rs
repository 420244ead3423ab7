//! What to do next, in words: one sentence for each [`Remedy`] and each [`Audience`].
//!
//! The core says what is to be done as data. Who reads it decides the words: an operator has the
//! commands and flags of the program, whoever embeds Bowline has the builders of this crate. All
//! sentences stand here because both read them, the program by its messages and an embedding
//! program by [`ConnectError`](crate::peer::ConnectError). `docs/refusals.md` shows those of the
//! program.

mod code;
mod hub;
#[cfg(test)]
mod tests;
mod trust;

use std::borrow::Cow;

use bowline_core::remedy::Remedy;
use bowline_core::session::Side;

/// Who reads a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Who types the program's commands: commands, flags and files are named.
    CommandLine,
    /// Who embeds the library: methods are named, and never a command or a flag.
    Library,
}

/// What to do, a sentence or several; `None` where there is nothing, or the error itself says it.
///
/// Lines below the first are indented: commands or values to be copied.
#[must_use]
pub fn advice(remedy: Remedy<'_>, audience: Audience) -> Option<Cow<'static, str>> {
    let words = match remedy {
        Remedy::Trust(error) => return Some(trust::advice(error, audience)),
        Remedy::Code { code, method, at: Side::Peer } => code::words(code, method)?,
        Remedy::Code { code, method, at: Side::Hub } => hub::words(code, method)?,
        Remedy::FindImpostor => alike(
            "A hub with another secret would have refused this peer: what answered may be posing as \
             the hub. Stop and find out what it is.",
        ),
        Remedy::CompareVersions => each(
            "Compare 'bowline --version' here and at the hub, and look at its log: a hub that works \
             does not do that.",
            "Compare the versions here and at the hub, and look at its log: a hub that works does \
             not do that.",
        ),
        Remedy::AcceptRestored => each(
            "Ask its operator: 'bowline hub --accept-restored' there takes tokens again that are \
             made after that.",
            "Ask its operator to accept that: the hub takes tokens again that are made after that.",
        ),
        Remedy::CheckDisk => alike(
            "Look at the disk of this peer's data directory: it may be full, read-only or failing.",
        ),
        Remedy::CheckPort => alike(
            "What listens there closed without a word: check the port, and whether it is a proxy \
             with no hub behind it, or a hub with too many connections.",
        ),
        Remedy::CheckHub => alike("Check that the hub still runs, and try again."),
        Remedy::CheckResolver => alike("Check this machine's DNS, or give the hub by its address."),
        Remedy::GiveSecret => each(
            "Give it this hub's: 'bowline secret show' prints it.",
            "Give it this hub's secret.",
        ),
        Remedy::FindPretender => {
            alike("Find out what comes from there with the credential of another machine.")
        }
        Remedy::IssueToken => each(
            "Where it is a machine of yours, 'bowline token issue' makes a token for it to join by.",
            "Where it is a machine of yours, make a token for it to join by.",
        ),
        Remedy::NameProxy => alike(
            "Find out what ends TLS in front of this hub; a proxy of yours belongs into \
             external-pins.",
        ),
        Remedy::ListMethods => {
            alike("auth.secret, auth.join and auth.required say what this hub offers.")
        }
        Remedy::CheckAuthority => alike("Look at ca.key and ca.crt in the hub's data directory."),
        Remedy::FindSilent => alike("Find out what connects there and says nothing."),
        // A remedy that this version has no words for is none.
        _ => return None,
    };
    Some(Cow::Borrowed(words.to(audience)))
}

/// What happened, and behind it what to do.
#[must_use]
pub fn told(mut fact: String, remedy: Option<Remedy<'_>>, audience: Audience) -> String {
    if let Some(sentence) = remedy.and_then(|remedy| advice(remedy, audience)) {
        append(&mut fact, &sentence);
    }
    fact
}

/// Puts a sentence behind another, which may lack its full stop, or below lines.
pub fn append(said: &mut String, sentence: &str) {
    said.push_str(match said {
        _ if said.contains('\n') || sentence.contains('\n') => "\n",
        _ if said.ends_with(['.', '!', '?']) => " ",
        _ => ". ",
    });
    said.push_str(sentence);
}

/// One piece of advice, in the words of each audience.
#[derive(Clone, Copy)]
struct Words {
    command_line: &'static str,
    library: &'static str,
}

impl Words {
    fn to(self, audience: Audience) -> &'static str {
        match audience {
            Audience::CommandLine => self.command_line,
            Audience::Library => self.library,
        }
    }
}

/// The same for everybody.
fn alike(words: &'static str) -> Words {
    each(words, words)
}

fn each(command_line: &'static str, library: &'static str) -> Words {
    Words { command_line, library }
}
