//! Register, Registered: the commands that a peer serves, with typed arguments.

use crate::id::CommandName;
use crate::wire::bounds;
use crate::wire::error::WireError;
use crate::wire::read::Reader;
use crate::wire::write::{Sink, Writer};

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
    /// 2: in positional order, each name once.
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

impl ArgumentKind {
    /// The type as a person writes it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Choice(_) => "choice",
            Self::Path => "path",
        }
    }
}

/// 0x13 `[0x13, {0: count}]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// 0: how many commands are known.
    pub count: u64,
}

impl Register {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.map(|body| {
            let commands =
                body.required(0, |reader| reader.list(bounds::COMMANDS, Command::read))?;
            if !commands.is_sorted_by(|a, b| a.name < b.name) {
                return Err(WireError::ListOrder);
            }
            Ok(Self { commands })
        })
    }

    /// Commands in order, whatever order they are in.
    pub(super) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        let mut commands: Vec<&Command> = self.commands.iter().collect();
        commands.sort_by_key(|command| command.name);
        writer.map(1);
        writer.uint(0);
        writer.array(commands.len());
        commands.iter().for_each(|command| command.write(writer));
    }
}

impl Command {
    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.map(|map| {
            let name = map.required(0, Reader::parsed)?;
            let description = map.required(1, |reader| reader.text(bounds::TEXT))?.to_owned();
            let arguments =
                map.required(2, |reader| reader.list(bounds::ARGUMENTS, Argument::read))?;
            let stands_twice = |(at, argument): (usize, &Argument)| {
                arguments.iter().take(at).any(|earlier| earlier.name == argument.name)
            };
            if arguments.iter().enumerate().any(stands_twice) {
                return Err(WireError::Range);
            }
            Ok(Self { name, description, arguments })
        })
    }

    fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.map(3);
        writer.uint(0);
        writer.text(self.name.as_str());
        writer.uint(1);
        writer.sentence(&self.description);
        writer.uint(2);
        writer.array(self.arguments.len());
        self.arguments.iter().for_each(|argument| argument.write(writer));
    }
}

impl Argument {
    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.map(|map| {
            let name = map.required(0, Reader::name)?.to_owned();
            let kind = map.required(1, Reader::uint)?;
            let choices = map.optional(2, |reader| {
                reader.list(bounds::CHOICES, |choice| choice.text(bounds::TEXT).map(str::to_owned))
            })?;
            let optional = map.optional(3, Reader::flag)?.unwrap_or(false);
            let kind = match (kind, choices) {
                (0, None) => ArgumentKind::String,
                (1, None) => ArgumentKind::Integer,
                (2, None) => ArgumentKind::Number,
                (3, None) => ArgumentKind::Boolean,
                (4, None) => return Err(WireError::MissingKey(2)),
                (4, Some(choices)) if !choices.is_empty() => ArgumentKind::Choice(choices),
                (5, None) => ArgumentKind::Path,
                (0..=3 | 5, Some(_)) => return Err(WireError::MisplacedKey(2)),
                _ => return Err(WireError::Range),
            };
            Ok(Self { name, kind, optional })
        })
    }

    fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        let (number, choices) = match &self.kind {
            ArgumentKind::String => (0, None),
            ArgumentKind::Integer => (1, None),
            ArgumentKind::Number => (2, None),
            ArgumentKind::Boolean => (3, None),
            ArgumentKind::Choice(choices) => (4, Some(choices)),
            ArgumentKind::Path => (5, None),
        };
        writer.map(2 + usize::from(choices.is_some()) + usize::from(self.optional));
        writer.uint(0);
        writer.text(&self.name);
        writer.uint(1);
        writer.uint(number);
        if let Some(choices) = choices {
            writer.uint(2);
            writer.array(choices.len());
            choices.iter().for_each(|choice| writer.text(choice));
        }
        if self.optional {
            writer.uint(3);
            writer.boolean(true);
        }
    }
}

impl Registered {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.map(|body| Ok(Self { count: body.required(0, Reader::uint)? }))
    }

    pub(super) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.map(1);
        writer.uint(0);
        writer.uint(self.count);
    }
}
