//! Register, Registered: the commands that a peer serves, with typed arguments.

use std::borrow::Cow;

use crate::id::CommandName;
use crate::wire::bounds;
use crate::wire::frame::codec::{List, Name, Nested, Sentence};
use crate::wire::frame::table::*;

record! {
    /// The commands that the sender serves. A peer's first one means "ready"; each replaces the one
    /// before.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Register {
        /// Commands in the order of their names, each name once.
        0 required "commands" commands: Vec<Command> as Commands,
    }
}

record! {
    /// One command.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Command named "command" {
        /// Name.
        0 required "name" name: CommandName,
        /// Description; may be empty.
        1 required "description" description: String,
        /// Arguments in positional order, each name once.
        2 required "arguments" arguments: Vec<Argument> as List<Nested, 0, { bounds::ARGUMENTS }>,
    }
    where Command::declares_each_argument_once
}

/// One declared argument.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// Name, 1 to 64 bytes.
    pub name: String,
    /// Kind of its value.
    pub kind: ArgumentKind,
    /// Whether the argument may be left out.
    pub optional: bool,
}

record! {
    /// An [`Argument`] on the wire.
    struct ArgumentRecord<'a> named "argument" {
        0 required "name" name: &'a str as Name,
        1 required "type" kind: u64 as KindNumber,
        2 optional "choices" choices: Option<Cow<'a, [String]>> as Choices,
        3 optional "optional" optional: bool,
    }
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

record! {
    /// The commands are known.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Registered {
        /// Number of commands that are known.
        0 required "commands" count: u64,
    }
}

impl ArgumentKind {
    /// The type as a person writes it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        kind_name(self.number()).unwrap_or_default()
    }

    fn number(&self) -> u64 {
        match self {
            Self::String => 0,
            Self::Integer => 1,
            Self::Number => 2,
            Self::Boolean => 3,
            Self::Choice(_) => 4,
            Self::Path => 5,
        }
    }
}

impl Command {
    fn declares_each_argument_once(&self) -> bool {
        let mut rest = self.arguments.as_slice();
        while let [argument, later @ ..] = rest {
            if later.iter().any(|other| other.name == argument.name) {
                return false;
            }
            rest = later;
        }
        true
    }
}

/// The names of the kinds by their numbers.
fn kind_name(number: u64) -> Option<&'static str> {
    let names = ["string", "integer", "number", "boolean", "choice", "path"];
    names.get(usize::try_from(number).ok()?).copied()
}

/// The number of an [`ArgumentKind`].
enum KindNumber {}
/// The choices of [`ArgumentKind::Choice`].
enum Choices {}
/// The commands of a [`Register`].
enum Commands {}

codec!(
    KindNumber: u64, FieldKind::Choice(kind_name), Grammar::Rule("0..3 / 5 / 4"),
    |r| r.uint(), |number, w| w.uint(*number),
);

type ChoiceList = List<Sentence, 1, { bounds::CHOICES }>;

codec!(
    Choices: Cow<'a, [String]>,
    <ChoiceList as Codec<'a, Vec<String>>>::KIND, <ChoiceList as Codec<'a, Vec<String>>>::GRAMMAR,
    |r| ChoiceList::read(r).map(Cow::Owned),
    |choices, w| {
        w.array(choices.len());
        choices.iter().for_each(|choice| w.text(choice));
    },
);

// Rising by their names; written in order, whatever order they are in.
codec!(
    Commands: Vec<Command>, FieldKind::List(&FieldKind::Map(Command::FIELDS)),
    Grammar::List(0, bounds::COMMANDS, &<Nested as Codec<'a, Command>>::GRAMMAR),
    |r| {
        let commands: Vec<Command> = r.list(bounds::COMMANDS, Nested::read)?;
        let rise = commands.is_sorted_by(|a, b| a.name < b.name);
        if rise { Ok(commands) } else { Err(WireError::ListOrder) }
    },
    |commands, w| {
        let mut commands: Vec<&Command> = commands.iter().collect();
        commands.sort_by_key(|command| command.name);
        w.array(commands.len());
        commands.iter().for_each(|command| command.write_map(w));
    },
);

impl<'a> Record<'a> for Argument {
    const FIELDS: &'static [FieldSchema] = ArgumentRecord::FIELDS;
    const RULE: Option<&'static str> = ArgumentRecord::RULE;

    fn read_keys(map: &mut Map<'_, 'a>) -> Result<Self, WireError> {
        let record = ArgumentRecord::read_keys(map)?;
        let kind = match (record.kind, record.choices) {
            (0, None) => ArgumentKind::String,
            (1, None) => ArgumentKind::Integer,
            (2, None) => ArgumentKind::Number,
            (3, None) => ArgumentKind::Boolean,
            (4, None) => return Err(WireError::MissingKey(2)),
            (4, Some(choices)) => ArgumentKind::Choice(choices.into_owned()),
            (5, None) => ArgumentKind::Path,
            (0..=3 | 5, Some(_)) => return Err(WireError::MisplacedKey(2)),
            _ => return Err(WireError::Range),
        };
        Ok(Self { name: record.name.to_owned(), kind, optional: record.optional })
    }

    fn write_map<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        let choices = match &self.kind {
            ArgumentKind::Choice(choices) => Some(Cow::Borrowed(choices.as_slice())),
            ArgumentKind::String
            | ArgumentKind::Integer
            | ArgumentKind::Number
            | ArgumentKind::Boolean
            | ArgumentKind::Path => None,
        };
        let (name, kind, optional) = (self.name.as_str(), self.kind.number(), self.optional);
        ArgumentRecord { name, kind, choices, optional }.write_map(writer);
    }
}
