//! What can be wrong with a command's declaration, and with a call's arguments.

use core::time::Duration;
use std::path::PathBuf;

/// A command or argument that is declared wrongly; told when the configuration is loaded.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// `run` is absent, empty, or starts with nothing.
    #[error("'run' must name a program: run = [\"PROGRAM\", \"ARGUMENT\", …]")]
    NoProgram,
    /// A placeholder in the program.
    #[error(
        "the program '{0}' holds a placeholder; a caller may fill arguments, never choose the program"
    )]
    ProgramFromArgument(String),
    /// A NUL in an element of `run`.
    #[error("an element of 'run' holds a NUL character")]
    Nul,
    /// A brace that opens or closes nothing.
    #[error("'{0}' in 'run': write a placeholder as {{name}}, and a brace itself as {{{{ or }}}}")]
    Brace(String),
    /// A name that no call could say.
    #[error(
        "'{0}' between braces is not an argument's name: 1 to 64 of a-z A-Z 0-9 _ -, starting with a \
         letter or _; write a brace itself as {{{{ or }}}}"
    )]
    Name(String),
    /// A declared argument that `run` never uses.
    #[error("argument '{name}' is declared but never used; put {{{name}}} into 'run'")]
    Unused {
        /// Which one.
        name: String,
    },
    /// More arguments, commands' text or choices than the protocol carries.
    #[error("{what} is above its limit of {most}")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// `min` above `max`.
    #[error("'min' is above 'max'")]
    Range,
    /// `choices` is absent, empty, or names one twice.
    #[error("type 'choice' needs 'choices': one or more different texts, none of them empty")]
    Choices,
    /// A choice that the dash rule would refuse.
    #[error("choice '{0}' starts with '-': say allow-dash = true, or leave it out")]
    DashChoice(String),
    /// A path without a root.
    #[error("type 'path' needs 'root': the directory that paths are kept under")]
    NoRoot,
    /// A root that depends on where the peer is started.
    #[error("root '{}' is not absolute", .0.display())]
    RelativeRoot(PathBuf),
    /// A pattern that is no regular expression.
    #[error("not a pattern: {0}")]
    Pattern(String),
    /// A time limit of nothing, or longer than any call may run.
    #[error("'timeout' must be above 0 and at most {} hours", .most.as_secs() / 3600)]
    Timeout {
        /// The longest.
        most: Duration,
    },
    /// A wait for those who hold a command's outputs of nothing, or longer than any call may run.
    #[error("'linger' must be above 0 and at most {} hours", .most.as_secs() / 3600)]
    Linger {
        /// The longest.
        most: Duration,
    },
}

bowline_core::debug_as_display!(SpecError);

/// A call whose arguments do not fit. Names the argument, and says what was expected.
///
/// The remote gets it as text beside the code `bad-argument`. Values are not repeated: they may be
/// long, or secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentError {
    /// A required argument was left out.
    #[error("argument '{name}' is missing: expected {expected}")]
    Missing {
        /// Which one.
        name: String,
        /// Its type, in words.
        expected: String,
    },
    /// A name that the command does not take.
    #[error("unknown argument '{name}': {takes}")]
    Unknown {
        /// What the caller called it, cut after 64 characters.
        name: String,
        /// What the command takes.
        takes: String,
    },
    /// The same argument twice: by name, or by name and by position.
    #[error("argument '{name}' is given twice")]
    Duplicate {
        /// Which one.
        name: String,
    },
    /// More values than arguments.
    #[error("{given} value{s} by position: {takes}", s = if *given == 1 { "" } else { "s" })]
    TooMany {
        /// How many came by position.
        given: usize,
        /// What the command takes.
        takes: String,
    },
    /// A value of another type, or out of its range.
    #[error("argument '{name}': expected {expected}")]
    Expected {
        /// Which one.
        name: String,
        /// Its type and bounds, in words.
        expected: String,
    },
    /// A value that a program could take for an option.
    #[error("argument '{name}': a value that starts with '-' is refused here")]
    Dash {
        /// Which one.
        name: String,
    },
    /// A value with a NUL, which no argument vector can hold.
    #[error("argument '{name}': a NUL character is refused")]
    Nul {
        /// Which one.
        name: String,
    },
    /// A path that leaves its root, by `..`, by being absolute or by a link.
    #[error("argument '{name}': expected a path that stays below its root")]
    Outside {
        /// Which one.
        name: String,
    },
    /// A path that is to be opened and names a pipe, a device or a socket, or a directory to write.
    #[error("argument '{name}': expected a file, or a directory where it is read")]
    Kind {
        /// Which one.
        name: String,
    },
    /// A path that could not be looked at, so that it is not known to stay below its root.
    #[error("argument '{name}': the path cannot be checked: {reason}")]
    Unchecked {
        /// Which one.
        name: String,
        /// What the system said.
        reason: String,
    },
}
