//! Register, Registered: the commands that a peer serves, with typed arguments.

use crate::id::CommandName;

/// 0x12 `[0x12, {0: commands}]`. A peer's first one means "ready"; each replaces the one before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Register {
    /// 0: in the order of their names, each name once.
    pub commands: Vec<Command>,
}

/// One command: `{0: name, 1: description, 2: arguments}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// 0.
    pub name: CommandName,
    /// 1: may be empty.
    pub description: String,
    /// 2: in positional order.
    pub arguments: Vec<Argument>,
}

/// One declared argument: `{0: name, 1: kind, ? 2: choices, ? 3: optional}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// 0: 1 to 64 bytes.
    pub name: String,
    /// 1, and for `choice` 2: the choices, at least one.
    pub kind: ArgumentKind,
    /// 3: present, and `true`, where the argument may be left out.
    pub optional: bool,
}

/// What an argument's value may be; the number is its spelling on the wire.
#[derive(Clone, Debug, PartialEq)]
pub enum ArgumentKind {
    /// 0: text.
    String,
    /// 1: a whole number.
    Integer,
    /// 2: a number.
    Number,
    /// 3: true or false.
    Boolean,
    /// 4: one of these.
    Choice(Vec<String>),
    /// 5: a path below a root that the peer knows.
    Path,
}

/// 0x13 `[0x13, {0: count}]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// 0: how many commands are known.
    pub count: u64,
}
