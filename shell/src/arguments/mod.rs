//! Typed command arguments: from what a caller sent to the argument vector of a process.
//!
//! A [`CommandSpec`] is one command of a peer's configuration. It says what the command takes
//! ([`CommandSpec::declared`], for Register) and turns a call's values into arguments
//! ([`CommandSpec::prepare`]). No shell ever sees a value: each placeholder fills its place inside
//! one element of the vector, and a value can neither add an element nor choose the program.
//!
//! Values come from whoever may call; the configuration comes from the machine's owner. So the one
//! is checked at each call and the other once, when it is loaded.

mod check;
mod command;
mod error;
pub(crate) mod path;
mod script;
mod spec;
mod template;
mod wrapper;

pub use command::{CommandSpec, Prepared};
pub use error::{ArgumentError, SpecError};
pub use path::Access;
pub use script::ScriptHole;
pub use spec::{ArgumentSpec, Handed, Pattern, ValueKind};

use bowline_core::wire::value::Scalar;

/// One value as it arrived: text, as a command line sends everything, or a native scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ArgValue<'a> {
    /// Text, which is read as whatever the argument is.
    Text(&'a str),
    /// A whole number.
    Integer(i128),
    /// A number.
    Float(f64),
    /// True or false.
    Boolean(bool),
}

impl<'a> ArgValue<'a> {
    /// A scalar from the wire; `None` for bytes, which no argument takes.
    #[must_use]
    pub fn from_scalar(scalar: Scalar<'a>) -> Option<Self> {
        match scalar {
            Scalar::Text(text) => Some(Self::Text(text)),
            Scalar::Integer(number) => Some(Self::Integer(number)),
            Scalar::Float(number) => Some(Self::Float(number)),
            Scalar::Boolean(value) => Some(Self::Boolean(value)),
            _ => None,
        }
    }
}
